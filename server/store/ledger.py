"""Queries on the ledger: one entry for each attempt, written when it has ended."""

from __future__ import annotations

from sqlalchemy import RowMapping, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store import tables
from server.store.records import LedgerEntry


def _record(row: RowMapping) -> LedgerEntry:
    return LedgerEntry(**row)


async def add(connection: AsyncConnection, entry: LedgerEntry) -> None:
    """Store an attempt (inside a write transaction)."""
    values = {name: getattr(entry, name) for name in LedgerEntry.__dataclass_fields__}
    await connection.execute(insert(tables.ledger).values(**values))


async def listed(connection: AsyncConnection, artifact_id: str) -> list[LedgerEntry]:
    """List what was tried on an artifact, ledger by ledger, oldest first."""
    table = tables.ledger
    query = select(table).where(table.c.artifact_id == artifact_id)
    query = query.order_by(table.c.created, table.c.attempt)
    return [_record(row) for row in (await connection.execute(query)).mappings().all()]
