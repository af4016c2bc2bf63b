"""How long a record may be, told before it is read: JSON of brackets alone grows manyfold. Pure."""

from __future__ import annotations

import re

MOST = 128 * 1024**2
MOST_OF_TOOL = 512 * 1024**2
"""Bytes of one tool's records: while these are stored, every other change waits."""
_MOST_PLAIN = 4 * 1024**2
_LONG = (b"generations", b"journal", b"versions", b"messages", b"screenshots", b"stored_data")
_IS_LONG = re.compile(rb'\s*+\{\s*+"table"\s*+:\s*+"(?:' + b"|".join(_LONG) + rb')"')
_MOST_STRUCTURE = 500_000
"""Bytes beside the texts of a long record, which has a few long ones."""


def fits(line: bytes) -> bool:
    """Whether a record is no longer than those of its table may be."""
    return len(line) <= _MOST_PLAIN or (len(line) <= MOST and _IS_LONG.match(line) is not None)


def is_crowded(text: bytes) -> bool:
    """Whether long JSON holds much beside its texts, or many of them."""
    if len(text) <= _MOST_PLAIN:
        return False
    # What is left of a text has no quotation mark, so that every other part is a text.
    plain = text.replace(rb"\\", b"").replace(rb"\"", b"")
    if plain.count(b'"') > _MOST_STRUCTURE:
        return True
    return sum(map(len, plain.split(b'"')[::2])) > _MOST_STRUCTURE
