"""All the records of an artifact, as they are: what "Export everything" carries."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store import tables

TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        tables.artifacts,
        tables.generations,
        tables.journal,
        tables.versions,
        tables.ledger,
        tables.messages,
        tables.reports,
        tables.screenshots,
        tables.grants,
        tables.stored_data,
    )
}
"""By name, each after those that it refers to."""

Row = Mapping[Any, Any]

# Rows read at once: some tables hold documents, files and pictures, which are large.
_AT_ONCE = {"journal": 200, "ledger": 200, "stored_data": 20, "grants": 200}


async def ids(connection: AsyncConnection) -> list[str]:
    """List every artifact, the oldest first, those in the bin too."""
    table = tables.artifacts
    found = await connection.execute(select(table.c.id).order_by(table.c.created, table.c.id))
    return list(found.scalars())


async def exists(connection: AsyncConnection, artifact_id: str) -> bool:
    table = tables.artifacts
    return (
        await connection.execute(select(table.c.id).where(table.c.id == artifact_id))
    ).first() is not None


async def rows(
    connection: AsyncConnection, artifact_id: str
) -> AsyncGenerator[tuple[Table, Sequence[Row]]]:
    """Read all of an artifact a few rows at a time, table by table."""
    for table in TABLES.values():
        query = select(table).where(_of(table, artifact_id)).order_by(*table.primary_key.columns)
        at_once = _AT_ONCE.get(table.name, 1)
        options = {"yield_per": at_once}
        async with connection.stream(query, execution_options=options) as result:
            async for part in result.mappings().partitions(at_once):
                yield table, part


def _of(table: Table, artifact_id: str) -> Any:
    if table is tables.artifacts:
        return table.c.id == artifact_id
    if "artifact_id" in table.c:
        return table.c.artifact_id == artifact_id
    (key,) = (one for one in table.foreign_keys)
    owner = key.column.table
    return key.parent.in_(select(key.column).where(owner.c.artifact_id == artifact_id))


async def add(connection: AsyncConnection, table: Table, found: Sequence[Row]) -> None:
    """Write rows as they are (inside a write transaction)."""
    await connection.execute(insert(table), [dict(row) for row in found])
