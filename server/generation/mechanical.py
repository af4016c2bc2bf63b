"""Repairs that need no model: what is around the document, what is unclosed, a library. Pure.

Each is made only where there is one way to make it, and says in a sentence what it did.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sandbox.libraries.manifest import Library
from sandbox.smoke.libraries import at_cdn
from sandbox.smoke.source import read_findings
from server.generation.script_end import script_end, style_end
from server.store.records import Json

_MOST_UNCLOSED = 20
_RAW = frozenset({"script", "style", "textarea", "title", "iframe", "xmp", "noscript"})
_OPENING = re.compile(r"<!doctype\s+html|<html(?=[\s>])", re.IGNORECASE)
_BEGUN = re.compile(r"<!--|<(?P<name>/?[a-zA-Z][^\s/>]*+)")
_REST_OF_TAG = re.compile(r"""(?>[^"'>]++|"[^"]*+"|'[^']*+')*+>""")
_FENCE_FIRST = re.compile(r"\s*+(?:`{3,}|~{3,})[a-zA-Z0-9]*+[ \t]*+\r?\n")
_FENCE = re.compile(r"^[ \t]*+(?:`{3,}|~{3,})", re.MULTILINE)
_NO_TEXT = "\ufeff \t\r\n\f"
_MARKUP = re.compile(r"</?[a-zA-Z]|<!--")
_COMMENT_END = re.compile(r"--!?>")
_COMMENT_LINE = re.compile(r"<!--(?P<said>[^<>\n]*+)(?P<end>\r?\n)\s*+<")
_CODE_TYPE = re.compile(r"\stype\s*+=\s*+[\"']?(?!module|text/javascript)[^\s\"'>]", re.IGNORECASE)
_UNDEFINED = re.compile(r"ReferenceError: ([A-Za-z_$][\w$]*+) is not defined")


@dataclass(frozen=True, slots=True)
class Repaired:
    """A document mended, and one sentence for each thing that was done."""

    html: str
    did: tuple[str, ...]


class _Tag(NamedTuple):
    name: str  # of an end tag with "/" in front
    start: int
    end: int


def repair(
    html: str, findings: Sequence[Json] = (), libraries: Iterable[Library] = ()
) -> Repaired | None:
    """Mend what can be mended in one way only; `None` where nothing can.

    `findings` are a report's, `libraries` those whose files are here.
    """
    did: list[str] = []
    bare = _without_leftovers(html)
    closed, names = _closed(bare)
    mended = _without_leftovers(closed) if names else bare  # what was swallowed is seen now
    if bare != html or mended != closed:
        did.append("Took away what stood around the document.")
    if names:
        did.append(f"Closed what was never closed: {', '.join(names)}.")
    for library, name in _missing(mended, findings, libraries):
        mended = _with_library(mended, library)
        did.append(f"Added {library.name} {library.version}, since {name} was not defined.")
    return Repaired(mended, tuple(did)) if did else None


def _without_leftovers(html: str) -> str:
    """Take away words and fences of an answer around the document."""
    opening = _OPENING.search(html)
    before = html[: opening.start()] if opening else ""
    if opening and before.strip(_NO_TEXT) and "<" not in before:
        html = html[opening.start() :]
    elif fence := _FENCE_FIRST.match(html):
        html = html[fence.end() :]
    end = 0
    for tag in _tags(html):
        end = tag.end
        if tag.name == "/html":
            break
    else:
        fence_after = _FENCE.search(html, end) if end and _is_closed(html) else None
        return html[: fence_after.start()].rstrip() + "\n" if fence_after else html
    after = html[end:]
    is_fenced = _FENCE.match(after.lstrip(_NO_TEXT)) is not None
    if after.strip(_NO_TEXT) and (is_fenced or "<" not in after):
        return html[:end] + "\n"
    return html


def _closed(html: str) -> tuple[str, list[str]]:
    """Close what swallows the rest of the document; nothing unless all of it can be closed."""
    names: list[str] = []
    mended = html
    for _ in range(_MOST_UNCLOSED):
        at = _unclosed_at(mended)
        if at is None:
            return (mended, names)
        found = _with_end(mended, at)
        if found is None:
            break
        mended, name = found
        names.append(name)
    return (html, [])


def _is_closed(html: str) -> bool:
    return _unclosed_at(html) is None


def _unclosed_at(html: str) -> int | None:
    """Return where what is not closed begins, as the smoke test reads it."""
    found = next((one for one in read_findings(html) if one.kind == "unclosed"), None)
    if found is None or found.line is None or found.column is None:
        return None
    start = 0
    for _ in range(found.line - 1):
        start = html.index("\n", start) + 1
    return start + found.column - 1


def _with_end(html: str, at: int) -> tuple[str, str] | None:
    """Close what begins at `at`; returns the document and the name of what was closed."""
    if html.startswith("<!--", at):
        comment = _COMMENT_LINE.match(html, at)
        if comment is None:
            return None
        said = comment["said"].rstrip("- ")
        return f"{html[:at]}<!--{said} -->{html[comment.start('end') :]}", "a comment"
    tag = next(_tags(html, at), None)
    if tag is None or tag.start != at:
        return None
    name, start = tag.name, tag.end
    end = _end_of(html, name, html[at:start], start)
    if end is None:
        return None
    # Its line break stays behind the code, where it was.
    while end > start and html[end - 1] in " \t":
        end -= 1
    return f"{html[:end]}</{name}>\n{html[end:]}", f"`<{name}>`"


def _end_of(html: str, name: str, tag: str, start: int) -> int | None:
    if name == "script":
        return None if _CODE_TYPE.search(tag) else script_end(html, start)
    if name == "style":
        return style_end(html, start)
    if name in {"title", "textarea"}:
        markup = _MARKUP.search(html, start)
        return max(start, len(html[: markup.start()].rstrip())) if markup else None
    return None


def _missing(
    html: str, findings: Sequence[Json], libraries: Iterable[Library]
) -> list[tuple[Library, str]]:
    """Find each library of which alone a script can have meant a name that is not defined."""
    undefined = [
        match[1]
        for one in findings
        if one["severity"] == "fatal" and (match := _UNDEFINED.search(one["message"]))
    ]
    here = [one for one in libraries if one.main is not None] if undefined else []
    found: list[tuple[Library, str]] = []
    for name in dict.fromkeys(undefined):
        fitting = [one for one in here if name in one.globals]
        if len({one.name for one in fitting}) != 1:
            continue
        library = max(fitting, key=lambda one: one.numbers)
        if not _asks_for(html, library):
            found.append((library, name))
    return found


def _asks_for(html: str, library: Library) -> bool:
    """Whether the document has it by a CDN already: then something else is wrong."""
    named = rf"(?:/npm|/libs|unpkg\.com|esm\.sh)/{re.escape(library.name)}(?=[@/\"'\s>])"
    return re.search(named, html, re.IGNORECASE) is not None


def _with_library(html: str, library: Library) -> str:
    """Put the script before the first one of the document, else at its beginning."""
    tags = list(_tags(html))
    first = next((tag for tag in tags if tag.name == "script"), None)
    head = next((tag for tag in tags if tag.name in {"head", "html"}), None)
    at = first.start if first else head.end if head else 0
    return f'{html[:at]}<script src="{at_cdn(library)}"></script>\n{html[at:]}'


def _tags(html: str, at: int = 0) -> Iterator[_Tag]:
    """Yield the tags from `at` that are markup; behind what is never closed there is none."""
    while (begun := _BEGUN.search(html, at)) is not None:
        is_comment = begun["name"] is None
        end = (
            _COMMENT_END.search(html, begun.start() + 2)
            if is_comment
            else _REST_OF_TAG.match(html, begun.end())
        )
        if end is None:
            return
        at = end.end()
        if is_comment:
            continue
        name = begun["name"].lower()
        yield _Tag(name, begun.start(), at)
        if name in _RAW:
            closing = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(html, at)
            if closing is None:
                return
            at = closing.start()
