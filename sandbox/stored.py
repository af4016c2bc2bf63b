"""Stored data: what a tool keeps, by area, and the changes that it asks for. Pure.

Keys and values are JavaScript strings, which may hold half a surrogate pair; they travel as JSON
in ASCII, where such a half is an escape like any other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Area(StrEnum):
    """Where a tool keeps things."""

    LOCAL = "local"  # localStorage
    INDEXED = "indexed"  # IndexedDB: databases, stores and records, encoded by runtime/indexed.js


QUOTA: Mapping[Area, int] = {Area.LOCAL: 5 * 1024 * 1024, Area.INDEXED: 20 * 1024 * 1024}
"""UTF-16 units of all keys and values of an area, as browsers count; storage.js has the first."""

MOST_KEYS: Mapping[Area, int] = {Area.LOCAL: 20_000}
"""Keys of an area, for each costs more than its letters; storage.js has it, too."""

Changes = Mapping[Area, Mapping[str, str | None]]
"""New values by key, `None` for a key that is gone. What is not named stays as it is."""


@dataclass(frozen=True, slots=True)
class BadChanges:
    """Why a request for changes cannot be read, in one sentence."""

    reason: str


def parse_changes(body: bytes) -> Changes | BadChanges:
    """Read `{"local": {"key": "value", "gone": null}}`; both areas may be there, or one."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return BadChanges("The body is not JSON.")
    if not isinstance(told, dict) or not told:
        return BadChanges('The body is an object by area: {"local": {"key": "value"}}.')
    changes: dict[Area, dict[str, str | None]] = {}
    for name, values in told.items():
        if name not in tuple(Area):
            return BadChanges(f"{name[:40]!r} is no area; there are {', '.join(Area)}.")
        if not _are_values(values):
            return BadChanges(f"{name} is an object of texts by key, or null for one that is gone.")
        changes[Area(name)] = values
    return changes


def _are_values(values: Any) -> bool:
    return isinstance(values, dict) and all(
        value is None or isinstance(value, str) for value in values.values()
    )


def units(text: str) -> int:
    """Count UTF-16 units, as `length` of JavaScript does."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def to_json(data: Any) -> str:
    """JSON in ASCII that cannot end the script element it is put into, nor open a comment there."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
