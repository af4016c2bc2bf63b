"""Queries on the ledger: one entry for each attempt, written when it has ended."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store import tables
from server.store.records import Generation, LedgerEntry

LOST = "The server stopped before this attempt had ended."


def _record(row: RowMapping) -> LedgerEntry:
    return LedgerEntry(**row)


async def add(connection: AsyncConnection, entry: LedgerEntry) -> None:
    """Store an attempt (inside a write transaction)."""
    values = {name: getattr(entry, name) for name in LedgerEntry.__dataclass_fields__}
    await connection.execute(insert(tables.ledger).values(**values))


async def add_lost(connection: AsyncConnection, lost: Generation) -> None:
    """Store the attempt of a repair whose server died, if it is not there yet."""
    entries = await listed(connection, lost.artifact_id)
    if any(one.generation_id == lost.id for one in entries):
        await close(connection, lost.id, LOST)
        return
    before = next((one for one in entries[::-1] if one.outcome is None), None)
    series = before.series if before else lost.id
    entry = LedgerEntry(
        generation_id=lost.id,
        artifact_id=lost.artifact_id,
        series=series,
        attempt=1 + sum(one.series == series for one in entries),
        mechanical=lost.kind == "mechanical",
        base=lost.base_version,
        version=lost.version,
        before=lost.signatures,
        after=None,
        changed=None,
        tokens=None,
        cost=None,
        seconds=None,
        outcome=LOST,
        created=datetime.now(UTC),
    )
    await add(connection, entry)


async def close(connection: AsyncConnection, generation_id: str, outcome: str) -> None:
    """Say how the last attempt of a series ended, if no other follows it after all."""
    table = tables.ledger
    entry = (table.c.generation_id == generation_id, table.c.outcome.is_(None))
    await connection.execute(update(table).where(*entry).values(outcome=outcome))


async def listed(connection: AsyncConnection, artifact_id: str) -> list[LedgerEntry]:
    """List what was tried on an artifact, ledger by ledger, oldest first."""
    table = tables.ledger
    query = select(table).where(table.c.artifact_id == artifact_id)
    query = query.order_by(table.c.created, table.c.attempt)
    return [_record(row) for row in (await connection.execute(query)).mappings().all()]
