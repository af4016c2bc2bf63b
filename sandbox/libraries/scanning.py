"""Finds addresses of CDNs in the text of a script or a style, however it is cut. Pure.

An address counts where a load could have it: behind a quote, a bracket or "=". Held back is only
what may still become one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.libraries.addresses import hosts

_LONGEST = 2048
_LOOK_BACK = 120
_LOOK_AHEAD = 64

_SLASHES = re.compile(r"//|\\/\\/")
_BEGUN = re.compile(r"(?:h|ht|htt|http|https|(?:https?:)?(?:/|\\|\\/|\\/\\)?)\Z")
_SCHEME = re.compile(r"https?:\Z")
_NAMES = sorted(hosts(), key=len, reverse=True)
_HOST = re.compile(rf"(?:{'|'.join(map(re.escape, _NAMES))})(?=[/?#\"'`)\\\s$]|\Z)")
_LONGEST_HOST = len(_NAMES[0])
_PARTS_OF_HOSTS = frozenset(name[:end] for name in _NAMES for end in range(len(name) + 1))
_REST = re.compile(r"(?:[^\s\"'`<>\\(){}$]|\\/|\$(?!\{))*+")
# What a load's address stands behind: a quote, an attribute without quotes, a function of CSS.
_LOADED = re.compile(r"(?:[\"'`]|\b(?:src|href)=|\burl\()\Z", re.IGNORECASE)
_IMPORTED = re.compile(
    r"\b(?:from|import)\s*(?P<call>\()?\s*(?:/\*(?:(?!\*/).)*\*/\s*)?[\"'`]\Z", re.DOTALL
)
_ADDED = re.compile(r"\+\s*[\"'`]\Z")
_QUOTES = ('"', "'", "`")
_JOINS = frozenset("${")
_ENDS = frozenset({*_QUOTES, *_JOINS, "\\", ")", ""})
_ENDS_WITHOUT_QUOTES = frozenset({">", " "})
_NO_SPACE = re.compile(r"\S")


@dataclass(frozen=True, slots=True)
class Address:
    """`url` is with its scheme and plain slashes.

    `imported`: a module is asked for by this very address. `joined`: more of it is made at run
    time. `follows`: its scheme is put before it then. `before` is the end of what stands before it.
    """

    url: str
    host: str
    imported: bool = False
    joined: bool = False
    before: str = ""
    follows: bool = False


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    address: Address


class Scanner:
    """One script's or style's text. `change` gives what stands for an address, `None` as it was."""

    def __init__(self, change: Callable[[Address], str | None]) -> None:
        self._change = change
        self._before = ""  # the end of what is gone
        self._text = ""
        self._final = False

    def feed(self, text: str) -> str:
        """Return what may go on now."""
        self._text += text
        return self._go()

    def finish(self) -> str:
        """Return the rest."""
        self._final = True
        return self._go()

    def _go(self) -> str:
        out: list[str] = []
        text, done, look = self._text, 0, 0
        held = None
        while held is None:
            slashes = _SLASHES.search(text, look)
            if slashes is None:
                held = len(text) if self._final else _begun(text, done)
                break
            look = slashes.end()
            found = self._found(slashes, done)
            if isinstance(found, int):
                held = found
            elif found is not None:
                new = self._change(found.address)
                if new is not None:
                    out += (text[done : found.start], new)
                    done = found.end
                look = found.end
        out.append(text[done:held])
        self._before = self._last(held)
        self._text = text[held:]
        return "".join(out)

    def _found(self, slashes: re.Match[str], done: int) -> _Found | int | None:
        """Return the address around these slashes, or from where to wait for the rest of it."""
        text, at = self._text, slashes.end()
        host = _HOST.match(text, at)
        waits = not self._final and len(text) - at <= _LONGEST_HOST
        if host is None and not waits:
            return None
        scheme = _SCHEME.search(text, max(done, slashes.start() - 6), slashes.start())
        start = scheme.start() if scheme else slashes.start()
        if waits and text[at:] in _PARTS_OF_HOSTS:
            return start
        before = self._last(start)
        if host is None or _LOADED.search(before, len(before) - 5) is None:
            return None
        end = _rest(text, host.end())
        is_long = end - start > _LONGEST
        imported = False if is_long else self._imported(before, end)
        if imported is None:
            return start
        next_one = text[end : end + 1]
        ends = _ENDS_WITHOUT_QUOTES if before.endswith("=") else _ENDS
        if is_long or next_one not in ends:
            return None
        url = "https:" + text[slashes.start() : end].replace("\\/", "/")
        follows = scheme is None and _ADDED.search(before) is not None
        address = Address(url, host[0], imported, next_one in _JOINS, before, follows)
        return _Found(start, end, address)

    def _last(self, until: int) -> str:
        """Return the end of what stands before."""
        if until >= _LOOK_BACK:
            return self._text[until - _LOOK_BACK : until]
        return (self._before + self._text[:until])[-_LOOK_BACK:]

    def _imported(self, before: str, end: int) -> bool | None:
        """Whether it is the whole name of a module; `None` while more has to come to tell."""
        if not self._final and self._text[end:] in {"", "\\", "$"}:
            return None
        found = _IMPORTED.search(before)
        if found is None or self._text[end : end + 1] not in _QUOTES:
            return False
        if not found["call"]:
            return True
        ahead = self._text[end + 1 : end + 1 + _LOOK_AHEAD]
        following = _NO_SPACE.search(ahead)
        if following is None and len(ahead) < _LOOK_AHEAD and not self._final:
            return None
        return following is not None and following[0] in {")", ","}


def _rest(text: str, at: int) -> int:
    found = _REST.match(text, at)
    return at if found is None else found.end()


def _begun(text: str, done: int) -> int:
    """Return where something begins that may become an address with what comes."""
    found = _BEGUN.search(text, max(done, len(text) - 16))
    return len(text) if found is None else found.start()
