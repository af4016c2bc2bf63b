"""Queries on messages, the turns of a conversation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.identifiers import new_id
from server.store import tables
from server.store.records import Json, Message


async def add(
    connection: AsyncConnection,
    artifact_id: str,
    *,
    role: str,
    kind: str,
    text: str,
    attachments: list[Json] | None = None,
    generation_id: str | None = None,
    version: int | None = None,
) -> Message:
    """Append a message to the artifact's conversation (inside a write transaction)."""
    table = tables.messages
    last = select(func.max(table.c.position)).where(table.c.artifact_id == artifact_id)
    message = Message(
        id=new_id(),
        artifact_id=artifact_id,
        position=0,  # the database's own count, below
        role=role,
        kind=kind,
        text=text,
        attachments=attachments or [],
        generation_id=generation_id,
        version=version,
        created=datetime.now(UTC),
    )
    values = {name: getattr(message, name) for name in Message.__dataclass_fields__}
    values["position"] = func.coalesce(last.scalar_subquery(), 0) + 1
    adding = insert(table).values(**values).returning(table.c.position)
    position: int = (await connection.execute(adding)).scalar_one()
    return replace(message, position=position)


async def listed(connection: AsyncConnection, artifact_id: str) -> list[Message]:
    """List the conversation in order."""
    table = tables.messages
    query = select(table).where(table.c.artifact_id == artifact_id).order_by(table.c.position)
    return [Message(**row) for row in (await connection.execute(query)).mappings().all()]
