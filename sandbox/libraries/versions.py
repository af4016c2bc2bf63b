"""Which of our versions stands for the one that was asked for.

The version itself if we have it, else the newest of its major version; another major version only
where the manifest says that one of ours covers it. What differs from what was asked for is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sandbox.libraries.manifest import Library, numbers_of

_EXACT = re.compile(r"=?v?(\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?)")
_PART = re.compile(r"(?:\^|~|>=|=)?v?(\d+(?:\.\d+){0,2})(?:\.[x*])*(?:-[0-9A-Za-z.-]+)?")
_ANY = frozenset(
    {"", "latest", "next", "stable", "current", "*", "x", "main", "master", "gh-pages"}
)


def in_order(libraries: Iterable[Library], asked: str) -> list[Library]:
    """Return those of one package's versions that may stand for the one asked for, best first."""
    newest_first = sorted(libraries, key=lambda library: library.numbers, reverse=True)
    if asked in _ANY:
        # What a person added for one tool is not what every other one meant.
        return sorted(newest_first, key=lambda library: library.added)
    exact = _EXACT.fullmatch(asked)
    same = [library for library in newest_first if exact and library.version == exact[1]]
    part = _PART.fullmatch(asked)
    wanted = numbers_of(part[1]) if part else ()
    if not wanted:
        return same
    covering = [library for library in newest_first if _covers(library, wanted)]
    major = [
        library
        for library in newest_first
        if library.numbers[0] == wanted[0] and library.covers is None
    ]
    return list(dict.fromkeys((*same, *covering, *major)))


def is_as_asked(library: Library, asked: str) -> bool:
    """Whether nothing has to be said: the version, or the part or range of one, that was asked for.

    A range of 0.x versions ends before the next minor one, as npm has it.
    """
    if asked in _ANY:
        return True
    exact = _EXACT.fullmatch(asked)
    if exact:
        return library.version == exact[1]
    part = _PART.fullmatch(asked)
    wanted = numbers_of(part[1]) if part else ()
    if not wanted:
        return False
    if asked.startswith(("^", "~", ">=")):
        fixed = 2 if asked.startswith("~") or wanted[0] == 0 else 1
        fixed = 1 if asked.startswith(">=") else fixed
        return library.numbers[:fixed] == wanted[:fixed] and library.numbers >= wanted
    return library.numbers[: len(wanted)] == wanted


def _covers(library: Library, wanted: tuple[int, ...]) -> bool:
    if library.covers is None:
        return False
    first, last = (numbers_of(bound) for bound in library.covers)
    return wanted >= first[: len(wanted)] and wanted[: len(last)] <= last
