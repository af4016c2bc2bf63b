"""Whether the records of an artifact belong together, seen one after another. Pure."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table

from sandbox.stored import QUOTA, Area, units
from server.everything.lines import DamagedError, loaded

_MOST_RECORDS = 200_000  # of one artifact, its journal and its stored data apart
_MOST_ENTRIES = 1_000_000  # of the journals of one artifact
_MOST_SAID = 128 * 1024**2  # bytes: an answer of 12 MB, escaped, in many small entries
_ENTRY = 100  # bytes that an entry takes beside what it says
_MOST_STORED = 2_000_000  # its quota is in units, and a tool may keep many small things
_GAP = 1_000
"""How far numbers may run ahead of what they number: what comes next is numbered too."""
GIVES = frozenset({"network", "geolocation", "clipboard_read"})
"""Grants that open something; the others only remember what a person said."""
_MOST_ORIGINS = 50  # of one tool, as in routes/schemas.py
_REFERENCES: Mapping[str, Mapping[str, str]] = {
    "generations": {
        "repairs": "generation",
        "continues": "generation",
        "message_id": "message",
        "base_version": "version",
        "version": "version",
    },
    "versions": {"parent": "version", "generation_id": "generation"},
    "ledger": {
        "generation_id": "generation",
        "series": "generation",
        "base": "version",
        "version": "version",
    },
    "messages": {"generation_id": "generation", "version": "version"},
}
"""What a record names of its tool's others; these may come before or after it."""

Row = dict[str, Any]


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise DamagedError(otherwise)


@dataclass
class Checking:
    """`see` each record, then `end`; both raise `DamagedError`."""

    artifact_id: str
    again: bool = False
    """Whether all of it was found right already: then it is not read as closely."""
    gives: bool = False
    """Whether permissions were given to it."""
    origins: set[str] = field(default_factory=set)
    """What servers it was given."""
    newest: int = 0
    """The number of its last version."""
    _last: int = 0
    _pinned: int | None = None
    _given_on: int = 0
    _counts: Counter[bool] = field(default_factory=Counter)
    _keys: set[tuple[Any, ...]] = field(default_factory=set)
    _versions: set[int] = field(default_factory=set)
    _generations: set[str] = field(default_factory=set)
    _reports: set[str] = field(default_factory=set)
    _tested: set[int] = field(default_factory=set)
    _messages: set[str] = field(default_factory=set)
    _named: dict[str, set[Any]] = field(default_factory=lambda: defaultdict(set))
    """What records refer to, by what it is."""
    _at: dict[str, int] = field(default_factory=dict)
    _said: Counter[str] = field(default_factory=Counter)
    _entries: int = 0
    _kept: dict[str, int] = field(default_factory=dict)

    def see(self, table: Table, row: Row) -> None:
        first = not self._keys
        _expect(first == (table.name == "artifacts"), "its records are not in their order")
        looks: dict[str, Callable[[Row], None]] = {
            "artifacts": self._artifact,
            "generations": self._generation,
            "journal": self._entry,
            "versions": self._version,
            "messages": self._message,
            "reports": self._report,
            "screenshots": self._screenshot,
            "grants": self._grant,
            "stored_data": self._stored,
        }
        if table.name in looks:
            looks[table.name](row)
        for name, of in _REFERENCES.get(table.name, {}).items():
            if row[name] is not None:
                self._named[of].add(row[name])
        if table.name == "journal":
            return
        keys = [tuple(row.get(column.name) for column in table.primary_key.columns)]
        if table.name == "messages":
            keys.append((row["position"],))
        if table.name == "ledger":
            keys.append((row["series"], row["attempt"]))
        for key in keys:
            named = (table.name, *key)
            _expect(named not in self._keys, f"{table.name} has a record twice")
            self._keys.add(named)
        stored = table.name == "stored_data"
        self._counts[stored] += 1
        most = _MOST_STORED if stored else _MOST_RECORDS
        _expect(self._counts[stored] <= most, "it holds too many records")

    def end(self) -> None:
        _expect(bool(self._keys), "it is empty")
        _expect(self._pinned in {None, *self._versions}, "the pinned version is missing")
        numbers = ((self.newest, self._versions), (self._last, self._messages))
        for last, found in numbers:
            _expect(last <= len(found) + _GAP, "it has numbers that nothing could follow")
        # A dangling name could come to mean another tool's record.
        there = (
            ("generation", self._generations),
            ("message", self._messages),
            ("version", self._versions),
        )
        for kind, found in there:
            _expect(self._named[kind] <= found, f"a {kind} that it names is missing")
        _expect(self._given_on <= self.newest, "permissions name a version that is missing")

    def _artifact(self, row: Row) -> None:
        _expect(row["id"] == self.artifact_id, "it is another tool's than its name says")
        self._pinned = row["pinned_version"]

    def _generation(self, row: Row) -> None:
        self._generations.add(row["id"])

    def _entry(self, row: Row) -> None:
        generation, offset = row["generation_id"], row["offset"]
        _expect(generation in self._generations, "a journal's generation is missing")
        _expect(offset > self._at.get(generation, -1), "a journal is not in its order")
        self._at[generation] = offset
        _expect(self.again or _is_event(row), "an event of a journal cannot be used")
        self._entries += 1
        _expect(self._entries <= _MOST_ENTRIES, "it holds too many records")
        self._said[generation] += len(row["data"].encode()) + _ENTRY
        most = f"a generation said more than {_MOST_SAID:,} bytes"
        _expect(self._said[generation] <= _MOST_SAID, most)

    def _version(self, row: Row) -> None:
        _expect(row["n"] > (row["parent"] or 0), "a version is older than its parent")
        self._versions.add(row["n"])
        self.newest = max(self.newest, row["n"])

    def _message(self, row: Row) -> None:
        self._messages.add(row["id"])
        self._last = max(self._last, row["position"])

    def _report(self, row: Row) -> None:
        _expect(row["n"] in self._versions, "a report's version is missing")
        self._reports.add(row["id"])
        if row["latest"]:
            _expect(row["n"] not in self._tested, "a version has two newest reports")
            self._tested.add(row["n"])

    def _screenshot(self, row: Row) -> None:
        _expect(row["report_id"] in self._reports, "a screenshot's report is missing")
        is_picture = row["png"].startswith((b"\x89PNG", b"\xff\xd8\xff"))
        _expect(is_picture, "a screenshot is neither PNG nor JPEG")

    def _grant(self, row: Row) -> None:
        capability, value = row["capability"], row["value"]
        if capability == "given_on":
            _expect(value.isascii() and value.isdecimal(), "a permission cannot be used")
            self._given_on = max(self._given_on, int(value))
        if capability == "network":
            self.origins.add(value)
            _expect(len(self.origins) <= _MOST_ORIGINS, "it has too many permissions")
        self.gives |= capability in GIVES

    def _stored(self, row: Row) -> None:
        area = row["area"]
        row["units"] = units(row["key"]) + units(row["value"])
        self._kept[area] = self._kept.get(area, 0) + row["units"]
        _expect(self._kept[area] <= QUOTA[Area(area)], f"its {area} data are more than fit")


def _is_event(row: Row) -> bool:
    """Whether an event of the journal is one that pages and the store can read."""
    text = row["data"]
    if "\n" in text or "\r" in text:
        return False  # it would be more than one on an event stream
    try:
        data = loaded(text.encode())
        json.dumps(data, ensure_ascii=False).encode()  # no half of a surrogate pair
    except (ValueError, RecursionError):
        return False
    if not isinstance(data, dict):
        return False
    is_text = isinstance(data.get("text"), str)
    if row["kind"] == "document":
        return is_text and isinstance(data.get("index"), int)
    return is_text or row["kind"] != "prose"
