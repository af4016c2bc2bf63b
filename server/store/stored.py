"""Stored data: queries on what a tool keeps for its person. No version ever carries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox.stored import QUOTA, Area, Changes, units
from server.store import tables

_TABLE = tables.stored_data
_AT_ONCE = 500  # keys in one statement: SQLite takes 999 parameters at the least


@dataclass(frozen=True, slots=True)
class Full:
    """An area's quota would be exceeded, so nothing was saved."""

    area: Area
    used: int

    @property
    def reason(self) -> str:
        return f"{self.used:,} characters would be kept; at most {QUOTA[self.area]:,} fit."


async def read(connection: AsyncConnection, artifact_id: str, area: Area) -> dict[str, str]:
    """Read all of an area, ordered by key."""
    query = select(_TABLE.c.key, _TABLE.c.value).where(
        _TABLE.c.artifact_id == artifact_id, _TABLE.c.area == area
    )
    rows = await connection.execute(query.order_by(_TABLE.c.key))
    return {row.key: row.value for row in rows}


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
    query = (
        select(_TABLE.c.area, func.sum(_TABLE.c.units))
        .where(_TABLE.c.artifact_id == artifact_id)
        .group_by(_TABLE.c.area)
    )
    sums = {row[0]: row[1] for row in await connection.execute(query)}
    return {area: sums.get(area, 0) for area in Area}


async def change(connection: AsyncConnection, artifact_id: str, changes: Changes) -> Full | None:
    """Save the changes (inside a write transaction); what they do not name stays.

    On `Full` the caller rolls back.
    """
    for area, values in changes.items():
        keys = list(values)
        for start in range(0, len(keys), _AT_ONCE):
            await _forget(connection, artifact_id, area, keys[start : start + _AT_ONCE])
        await _add(connection, artifact_id, area, values)
    sums = await used(connection, artifact_id)
    return next((Full(area, sums[area]) for area in changes if sums[area] > QUOTA[area]), None)


async def _forget(
    connection: AsyncConnection, artifact_id: str, area: Area, keys: list[str]
) -> None:
    named = delete(_TABLE).where(_TABLE.c.artifact_id == artifact_id, _TABLE.c.area == area)
    await connection.execute(named.where(_TABLE.c.key.in_(keys)))


async def _add(
    connection: AsyncConnection, artifact_id: str, area: Area, values: Mapping[str, str | None]
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
        if value is not None
    ]
    if rows:
        await connection.execute(insert(_TABLE), rows)


async def clear(
    connection: AsyncConnection, artifact_id: str, areas: tuple[Area, ...] = tuple(Area)
) -> None:
    """Delete all that is kept in these areas."""
    kept = delete(_TABLE).where(_TABLE.c.artifact_id == artifact_id, _TABLE.c.area.in_(areas))
    await connection.execute(kept)
