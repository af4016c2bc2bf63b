"""The journal: what a generation said, in order, so that nothing the user saw is lost."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store import tables
from server.store.records import JournalEntry


async def append(
    connection: AsyncConnection, generation_id: str, entries: Sequence[JournalEntry]
) -> None:
    """Write a batch (inside a write transaction)."""
    rows = [
        {
            "generation_id": generation_id,
            "offset": entry.offset,
            "kind": entry.kind,
            "data": entry.data,
        }
        for entry in entries
    ]
    if rows:
        await connection.execute(insert(tables.journal), rows)


async def after(connection: AsyncConnection, generation_id: str, offset: int) -> list[JournalEntry]:
    """Read the entries past `offset`, in order."""
    table = tables.journal
    query = select(table.c.offset, table.c.kind, table.c.data)
    query = query.where(table.c.generation_id == generation_id, table.c.offset > offset)
    rows = (await connection.execute(query.order_by(table.c.offset))).all()
    return [JournalEntry(row.offset, row.kind, row.data) for row in rows]


async def end(connection: AsyncConnection, generation_id: str) -> int:
    """Find the last offset written, 0 when there is none."""
    table = tables.journal
    query = select(func.max(table.c.offset)).where(table.c.generation_id == generation_id)
    return (await connection.execute(query)).scalar() or 0


async def texts(connection: AsyncConnection, generation_id: str) -> tuple[str, list[str]]:
    """Put together what arrived: the prose, and each document in order."""
    prose: list[str] = []
    documents: dict[int, list[str]] = {}
    for entry in await after(connection, generation_id, 0):
        if entry.kind == "prose":
            prose.append(json.loads(entry.data)["text"])
        elif entry.kind == "document":
            data = json.loads(entry.data)
            documents.setdefault(data["index"], []).append(data["text"])
    return "".join(prose), ["".join(parts) for _, parts in sorted(documents.items())]
