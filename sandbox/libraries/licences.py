"""The licence that a library comes with, as text."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path, PurePosixPath

from sandbox.libraries.manifest import Library
from sandbox.libraries.shelf import Shelf

_LICENCE = re.compile(r"(?!.*\.m?js$).*(?:licen[cs]e|copying|notice|^ofl)", re.IGNORECASE)
_STATES_IT = re.compile(r"readme|package\.json|.*\.(?:md|txt)$", re.IGNORECASE)
_SCRIPT = re.compile(r".*\.[cm]?js$", re.IGNORECASE)
_COMMENT = re.compile(r"/\*.*?\*/|(?://[^\n]*+\n)++", re.DOTALL)
_SPEAKS_OF_IT = re.compile(r"licen[cs]e|copyright", re.IGNORECASE)
_MARKS = re.compile(r"^[ \t]*+(?:/\*++!?|\*{1,2}(?!/)|//++)[ \t]?|\*++/\s*\Z", re.MULTILINE)
_LONGEST = 20_000
_LONGEST_COMMENT = 8_000
_MOST_SCRIPTS = 50
_KNOWN = Path(__file__).with_name("texts")
"""Licences that packages state and do not bring, by their SPDX names."""


def licence_text(shelf: Shelf, library: Library) -> str:
    """Return the text of its licence; empty if nothing of the library is here.

    Where it comes with none: what its scripts say of it at their start, and the text that is
    everywhere that of the licence which it states, or else the file that states it.
    """
    if not any(shelf.answer(f"{library.id}/{file}") for file in library.files):
        return ""
    if text := _told(_texts(shelf, library, _LICENCE)):
        return text
    stated = set(re.findall(r"[\w.-]+", library.licence)) - {"AND", "OR"}
    known = {name: _known_texts()[name] for name in sorted(stated & _known_texts().keys())}
    parts = [_told(_comments(shelf, library))]
    if known.keys() != stated:
        parts.append(_told(_texts(shelf, library, _STATES_IT)))
    for name, text in known.items():
        said = f"It comes with no text of the licence that it states, {name}. This is the text:"
        parts.append(f"{said}\n\n{text}")
    return "\n\n".join(filter(None, parts))


def _texts(shelf: Shelf, library: Library, named: re.Pattern[str]) -> Iterator[str]:
    for file in library.files:
        if named.match(PurePosixPath(file).name):
            served = shelf.answer(f"{library.id}/{file}")
            if served is not None:
                yield served.body.decode("utf-8", "replace").strip()


def _comments(shelf: Shelf, library: Library) -> Iterator[str]:
    """Yield what stands at the start of its scripts, if it speaks of a licence."""
    for text in islice(_texts(shelf, library, _SCRIPT), _MOST_SCRIPTS):
        found = _COMMENT.match(text[:_LONGEST_COMMENT])
        if found is not None and _SPEAKS_OF_IT.search(found[0]):
            yield _MARKS.sub("", found[0]).strip()


@functools.cache
def _known_texts() -> dict[str, str]:
    return {file.stem: file.read_text("utf-8").strip("\n") for file in _KNOWN.glob("*.txt")}


def _told(texts: Iterable[str]) -> str:
    return "\n".join(dict.fromkeys(texts))[:_LONGEST].replace("\r\n", "\n")
