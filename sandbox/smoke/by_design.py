"""An error that a tool throws itself, and tells the person of, is none of its faults. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.report import Finding
from sandbox.smoke.places import line_at

# What an engine throws by itself is no tool's own words, wherever they are shown.
_OF_AN_ENGINE = re.compile(
    r"(?:Type|Reference|Syntax|Range|Internal|URI|Eval|Aggregate|QuotaExceeded)Error\b"
    r"|\w+: Failed to \w+ '"
)
_THROWN = re.compile(r"(?:\w*Error: )?(.{1,200})$")
# Nobody means to say this to a person.
_LEFT_OUT = re.compile(
    r"not (?:yet )?implemented|unimplemented|\bto ?do\b|coming soon|unreachable", re.IGNORECASE
)
_MOST_BLOCK = 600  # characters before a `throw`, in its block
_TEXT = re.compile(r"([\"'`])((?:(?!\1)[^\\\n]|\\.){2,200})\1")
_CASE = re.compile(r"\b(?:if|for|while|switch|catch)\s*$")
_NAME = re.compile(r"[A-Za-z_$][\w$]*")


@dataclass(frozen=True, slots=True)
class _Block:
    """What is done before a `throw`; `given` are the names of what a function is called with."""

    text: str
    given: frozenset[str] = frozenset()


def own_words(found: Finding, html: str) -> str | None:
    """Return what a tool's own `throw` said, of an error that a control brought about."""
    if found.severity != "fatal" or found.phase != "interact":
        return None
    said = _THROWN.match(found.message)
    if found.kind not in ("error", "rejection") or said is None or _LEFT_OUT.search(said[1]):
        return None
    is_own = not _OF_AN_ENGINE.match(found.message)
    return said[1] if is_own or next(_throws(said[1], html), None) is not None else None


def is_told(said: str, answer: Mapping[str, Any], html: str, line: int | None) -> bool:
    """Whether the page says so too, in what has come since the control was used.

    In the same words; or in those that the code shows right before it throws, in a case of its own:
    `if (!name) { why.textContent = "Type a name"; throw new Error("empty"); }`.
    """
    if answer["same"]:
        return True
    for block in _blocks(said, html, line):
        if block.given:
            used = set(_NAME.findall(block.text))
            if answer["said"] and not block.given.isdisjoint(used):
                return True
        elif any(
            text in words for _, text in _TEXT.findall(block.text) for words in answer["said"]
        ):
            return True
    return False


def _throws(said: str, html: str) -> Iterator[int]:
    """Find where a `throw` says so."""
    pattern = rf"\bthrow\s++(?:new\s++)?[\w$.]*+\s*+\(?+\s*+([\"'`]){re.escape(said)}\1"
    return (match.start() for match in re.finditer(pattern, html))


def _blocks(said: str, html: str, line: int | None) -> Iterator[_Block]:
    for at in _throws(said, html):
        is_it = line is None or line_at(html, at) == line
        if is_it and (block := _block(html, at)):
            yield block


def _block(html: str, at: int) -> _Block | None:
    """Read the block in which a `throw` stands; `None` where nothing decides whether it is run."""
    depth = 0
    for place in range(at - 1, max(0, at - _MOST_BLOCK), -1):
        depth += (html[place] == "}") - (html[place] == "{")
        if depth < 0:
            head = html[max(0, place - _MOST_BLOCK) : place].rstrip()
            text = html[place + 1 : at]
            if re.search(r"\b(?:else|catch)$", head):
                return _Block(text)
            opened = _opening(head.removesuffix("=>").rstrip())
            if opened is None:
                return None
            if _CASE.search(head[:opened]):
                return _Block(text)
            given = frozenset(_NAME.findall(head[opened:]))
            return _Block(text, given) if given else None
    return None


def _opening(head: str) -> int | None:
    """Return where the parenthesis opens that closes at the end, or the only name begins."""
    if name := re.search(r"(?<![\w$.])[A-Za-z_$][\w$]*$", head):
        return name.start()
    depth = 0
    for place in range(len(head) - 1, -1, -1):
        depth += (head[place] == ")") - (head[place] == "(")
        if depth == 0:
            return place if head[place] == "(" else None
    return None
