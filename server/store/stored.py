"""Stored data: queries on what a tool keeps for its person. No version ever carries it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox.stored import MOST_KEYS, QUOTA, Area, Changes, units
from server.store import tables

_TABLE = tables.stored_data
_AT_ONCE = 500  # keys in one statement, of 999 parameters at the least; others' turn comes between
_READ_AT_ONCE = 2_000
_ADD = insert(_TABLE)
_PUT = _ADD.on_conflict_do_update(
    index_elements=["artifact_id", "area", "key"],
    set_={name: _ADD.excluded[name] for name in ("value", "units", "updated")},
)


@dataclass(frozen=True, slots=True)
class Full:
    """An area's quota would be exceeded, so nothing was saved."""

    area: Area
    used: int
    keys: int | None = None  # where there would be too many of them

    @property
    def reason(self) -> str:
        if self.keys is not None:
            return f"{self.keys:,} keys would be kept; at most {MOST_KEYS[self.area]:,} fit."
        return f"{self.used:,} characters would be kept; at most {QUOTA[self.area]:,} fit."


async def read(connection: AsyncConnection, artifact_id: str, area: Area) -> dict[str, str]:
    """Read all of an area, ordered by key."""
    query = select(_TABLE.c.key, _TABLE.c.value).where(
        _TABLE.c.artifact_id == artifact_id, _TABLE.c.area == area
    )
    rows = await connection.execute(query.order_by(_TABLE.c.key))
    kept: dict[str, str] = {}
    for some in rows.partitions(_READ_AT_ONCE):
        kept.update((row.key, row.value) for row in some)
        await asyncio.sleep(0)  # a tool may keep a million, and others wait
    return kept


async def owner(connection: AsyncConnection, secret: str) -> str | None:
    """Find the artifact that this frame secret opens a document of; None when it is in the bin."""
    for table in (tables.versions, tables.generations):
        query = (
            select(table.c.artifact_id)
            .join(tables.artifacts, tables.artifacts.c.id == table.c.artifact_id)
            .where(table.c.secret == secret, tables.artifacts.c.deleted.is_(None))
        )
        found: str | None = (await connection.execute(query)).scalar()
        if found is not None:
            return found
    return None


async def used(connection: AsyncConnection, artifact_id: str) -> dict[Area, int]:
    """Count the UTF-16 units of each area."""
    return {area: size for area, (_, size) in (await _totals(connection, artifact_id)).items()}


async def _totals(connection: AsyncConnection, artifact_id: str) -> dict[Area, tuple[int, int]]:
    """Count the keys of each area, and their units."""
    query = (
        select(_TABLE.c.area, func.count(), func.sum(_TABLE.c.units))
        .where(_TABLE.c.artifact_id == artifact_id)
        .group_by(_TABLE.c.area)
    )
    totals = {row[0]: (row[1], row[2]) for row in await connection.execute(query)}
    return {area: totals.get(area, (0, 0)) for area in Area}


async def change(
    connection: AsyncConnection, artifact_id: str, changes: Changes, *, any_keys: bool = False
) -> Full | None:
    """Save the changes (inside a write transaction); what they do not name stays.

    On `Full` the caller rolls back. An area with too many keys from before takes no more;
    `any_keys`: a person puts back what was there.
    """
    most = {} if any_keys else MOST_KEYS
    before = {area: keys for area, (keys, _) in (await _totals(connection, artifact_id)).items()}
    for area, values in changes.items():
        gone = [key for key, value in values.items() if value is None]
        kept = {key: value for key, value in values.items() if value is not None}
        # So many there will be at the least: none of them need be written to know.
        if len(kept) > max(before[area], most.get(area, len(kept))):
            return Full(area, 0, len(kept))
        for start in range(0, len(gone), _AT_ONCE):
            await _forget(connection, artifact_id, area, gone[start : start + _AT_ONCE])
        await _put(connection, artifact_id, area, kept)
    after = await _totals(connection, artifact_id)
    for area in changes:
        keys, size = after[area]
        if size > QUOTA[area]:
            return Full(area, size)
        if keys > max(before[area], most.get(area, keys)):
            return Full(area, size, keys)
    return None


async def _forget(
    connection: AsyncConnection, artifact_id: str, area: Area, keys: list[str]
) -> None:
    named = delete(_TABLE).where(_TABLE.c.artifact_id == artifact_id, _TABLE.c.area == area)
    await connection.execute(named.where(_TABLE.c.key.in_(keys)))


async def _put(
    connection: AsyncConnection, artifact_id: str, area: Area, values: Mapping[str, str]
) -> None:
    now = datetime.now(UTC)
    rows = [
        {
            "artifact_id": artifact_id,
            "area": area,
            "key": key,
            "value": value,
            "units": units(key) + units(value),
            "updated": now,
        }
        for key, value in values.items()
    ]
    for start in range(0, len(rows), _AT_ONCE):
        await connection.execute(_PUT, rows[start : start + _AT_ONCE])


async def clear(
    connection: AsyncConnection, artifact_id: str, areas: tuple[Area, ...] = tuple(Area)
) -> None:
    """Delete all that is kept in these areas."""
    kept = delete(_TABLE).where(_TABLE.c.artifact_id == artifact_id, _TABLE.c.area.in_(areas))
    await connection.execute(kept)
