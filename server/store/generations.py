"""Queries on generations: their states, owners and leases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store import tables
from server.store.records import ACTIVE, Generation, Json, State

LEASE = timedelta(seconds=10)
INTERRUPTED: Json = {
    "code": "interrupted",
    "message": "The server stopped while this was being made. What had arrived is kept.",
    "action": "Continue from there, or try again.",
}

# Attachments may be megabytes: lists leave them out.
_BRIEF = [column for column in tables.generations.c if column.name != "attachments"]


def _record(row: RowMapping) -> Generation:
    values = {"attachments": [], **row}
    return Generation(**{**values, "state": State(values["state"])})


async def add(connection: AsyncConnection, generation: Generation) -> Generation:
    """Store a new generation (inside a write transaction); returns it as it is stored.

    It is dated behind all others of its artifact, whose order the dates are: these may come
    from a clock that was ahead of this one.
    """
    table = tables.generations
    dates = select(func.max(table.c.created)).where(table.c.artifact_id == generation.artifact_id)
    last = (await connection.execute(dates)).scalar()
    if last is not None and last >= generation.created:
        generation = replace(generation, created=last + timedelta(milliseconds=1))
    values = {name: getattr(generation, name) for name in Generation.__dataclass_fields__}
    await connection.execute(insert(table).values(**values))
    return generation


async def get(connection: AsyncConnection, generation_id: str) -> Generation | None:
    query = select(tables.generations).where(tables.generations.c.id == generation_id)
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else _record(row)


async def by_secret(connection: AsyncConnection, secret: str) -> Generation | None:
    query = select(tables.generations).where(tables.generations.c.secret == secret)
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else _record(row)


async def newest(connection: AsyncConnection, artifact_id: str) -> Generation | None:
    """Find the artifact's latest generation."""
    found = await listed(connection, artifact_id)
    return found[-1] if found else None


async def listed(connection: AsyncConnection, artifact_id: str) -> list[Generation]:
    """List an artifact's generations without their attachments, oldest first."""
    table = tables.generations
    query = select(*_BRIEF).where(table.c.artifact_id == artifact_id)
    query = query.order_by(table.c.created, table.c.id)
    return [_record(row) for row in (await connection.execute(query)).mappings().all()]


async def change(connection: AsyncConnection, generation_id: str, **values: Any) -> bool:
    """Set columns of one generation; returns whether it is there."""
    table = tables.generations
    statement = update(table).where(table.c.id == generation_id)
    return (await connection.execute(statement.values(**values))).rowcount > 0


async def renew(connection: AsyncConnection, owner: str) -> None:
    """Push the lease of everything this owner runs forward."""
    table = tables.generations
    statement = update(table).where(table.c.owner == owner, table.c.state.in_(ACTIVE))
    await connection.execute(statement.values(lease_expires=datetime.now(UTC) + LEASE))


async def active(connection: AsyncConnection) -> list[Generation]:
    """List those that some owner runs, or ran when it died."""
    table = tables.generations
    query = select(*_BRIEF).where(table.c.state.in_(ACTIVE))
    return [_record(row) for row in (await connection.execute(query)).mappings().all()]


async def interrupt(connection: AsyncConnection, generation: Generation) -> State:
    """End a generation whose owner is gone; returns its state.

    One that was being tested has made its version, and is done.
    """
    state = State.DONE if generation.version is not None else State.INTERRUPTED
    await change(
        connection,
        generation.id,
        state=state,
        ended=datetime.now(UTC),
        error=None if state is State.DONE else INTERRUPTED,
        owner=None,
        lease_expires=None,
    )
    return state
