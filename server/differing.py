"""The unified diff of two documents, in time that grows with their length. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal

COARSE = "Some parts differ too much to be compared line by line: they are shown as replaced.\n"
"""Stands before a diff that could be shorter; what reads diffs passes over it."""
_MOST_PAIRS = 100_000  # lines of one times lines of the other, compared one by one
_MOST_WORK = 1_500_000  # of such pairs in one diff
_CONTEXT = 3  # lines around a change
_Kind = Literal["replace", "delete", "insert", "equal"]
_Opcode = tuple[_Kind, int, int, int, int]


def unified(old: tuple[str, str], new: tuple[str, str]) -> str:
    """Return what changed from one named document to another; empty if nothing did.

    Takes names and texts. Lines that are in both just once hold the documents together; only what
    lies between is compared line by line, and where that is long it is one change.
    """
    lines = _Lines(old[1].splitlines(), new[1].splitlines())
    matcher = _Known(list(lines.opcodes()))
    out: list[str] = []
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        (_, old_start, _, new_start, _), (_, _, old_end, _, new_end) = group[0], group[-1]
        spans = f"-{_span(old_start, old_end)} +{_span(new_start, new_end)}"
        out.append(f"@@ {spans} @@")
        for kind, a, b, c, d in group:
            if kind == "equal":
                out += [f" {line}" for line in lines.old[a:b]]
                continue
            out += [f"-{line}" for line in lines.old[a:b]]
            out += [f"+{line}" for line in lines.new[c:d]]
    if not out:
        return ""
    head = [f"--- {old[0]}", f"+++ {new[0]}"]
    return (COARSE if lines.is_coarse else "") + "".join(f"{line}\n" for line in head + out)


def _span(start: int, end: int) -> str:
    """Write a range of lines as diffs do: an empty one begins at the line before."""
    if end - start == 1:
        return str(start + 1)
    return f"{start + 1 if end > start else start},{end - start}"


class _Known(SequenceMatcher[str]):
    """For what difflib makes of a comparison that was done elsewhere."""

    def __init__(self, opcodes: list[_Opcode]) -> None:
        super().__init__(None, "", "")
        self._known = opcodes

    def get_opcodes(self) -> list[_Opcode]:
        return self._known


class _Lines:
    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        self.old = old
        self.new = new
        self.is_coarse = False
        self._left = _MOST_WORK

    def opcodes(self) -> Iterator[_Opcode]:
        """Yield what difflib's matcher would, without two equal stretches in a row."""
        equal: _Opcode | None = None
        for code in self._pieces():
            if code[0] == "equal":
                equal = code if equal is None else ("equal", equal[1], code[2], equal[3], code[4])
                continue
            if equal is not None:
                yield equal
            equal = None
            yield code
        if equal is not None:
            yield equal

    def _pieces(self) -> Iterator[_Opcode]:
        a, c = 0, 0
        for at, to in [*self._anchors(), (len(self.old), len(self.new))]:
            if at < a or to < c:
                continue  # reached from the anchor before
            b, d = at, to
            while b > a and d > c and self.old[b - 1] == self.new[d - 1]:
                b, d = b - 1, d - 1
            yield from self._between(a, b, c, d)
            a, c = at, to
            while a < len(self.old) and c < len(self.new) and self.old[a] == self.new[c]:
                a, c = a + 1, c + 1
            if (b, d) != (a, c):
                yield "equal", b, a, d, c

    def _anchors(self) -> list[tuple[int, int]]:
        """Return both ends and, in order, the places of lines that are in both just once."""
        in_old, in_new = Counter(self.old), Counter(self.new)
        places = {line: to for to, line in enumerate(self.new) if in_new[line] == 1}
        pairs = [
            (at, places[line])
            for at, line in enumerate(self.old)
            if in_old[line] == 1 and line in places
        ]
        # The longest row of them that rises in both (patience sorting).
        tops: list[int] = []
        ends: list[int] = []
        before: list[int] = []
        for index, (_, to) in enumerate(pairs):
            pile = bisect_left(tops, to)
            before.append(ends[pile - 1] if pile else -1)
            tops[pile : pile + 1] = [to]
            ends[pile : pile + 1] = [index]
        row: list[tuple[int, int]] = []
        index = ends[-1] if ends else -1
        while index >= 0:
            row.append(pairs[index])
            index = before[index]
        return [(0, 0), *reversed(row)]

    def _between(self, a: int, b: int, c: int, d: int) -> Iterator[_Opcode]:
        if a == b or c == d:
            if (a, c) != (b, d):
                yield ("insert" if a == b else "delete"), a, b, c, d
            return
        work = (b - a) * (d - c)
        if work > min(_MOST_PAIRS, self._left):
            self.is_coarse = True
            yield "replace", a, b, c, d
            return
        self._left -= work
        matcher = SequenceMatcher(None, self.old[a:b], self.new[c:d])
        for kind, old_start, old_end, new_start, new_end in matcher.get_opcodes():
            yield kind, a + old_start, a + old_end, c + new_start, c + new_end
