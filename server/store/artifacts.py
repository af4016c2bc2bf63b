"""Queries on artifacts, and the bin."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.identifiers import new_id, new_secret
from server.store import tables
from server.store.records import Artifact

_LAST_MOMENT = datetime.max.replace(tzinfo=UTC) - timedelta(days=2)
_COLUMNS = [column for column in tables.artifacts.c if column.name in Artifact.__dataclass_fields__]


class BadCursorError(ValueError):
    """The cursor did not come from an earlier page of the same list."""


async def create(
    connection: AsyncConnection,
    *,
    title: str,
    prompt: str,
    titled_by: str = "prompt",
    label: str | None = None,
) -> Artifact:
    """Make an artifact without versions; its frame label differs from its id.

    A `label` that another artifact has already is not used: each has a site of its own.
    """
    if label is not None:
        taken = select(tables.artifacts.c.id).where(tables.artifacts.c.label == label)
        label = None if (await connection.execute(taken)).first() else label
    now = datetime.now(UTC)
    artifact = Artifact(
        id=new_id(),
        label=label or new_id(),
        title=title,
        titled_by=titled_by,
        prompt=prompt,
        pinned_version=None,
        created=now,
        updated=now,
        deleted=None,
        bridge_key=new_secret(),
    )
    values = {name: getattr(artifact, name) for name in Artifact.__dataclass_fields__}
    await connection.execute(insert(tables.artifacts).values(**values))
    return artifact


async def get(
    connection: AsyncConnection, artifact_id: str, *, deleted: bool = False
) -> Artifact | None:
    """Look one up; those in the bin only when `deleted` is set."""
    query = select(*_COLUMNS).where(tables.artifacts.c.id == artifact_id)
    if not deleted:
        query = query.where(tables.artifacts.c.deleted.is_(None))
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else Artifact(**row)


async def page(
    connection: AsyncConnection, *, cursor: str | None, limit: int, deleted: bool = False
) -> tuple[list[Artifact], str | None]:
    """List the last changed first, or those in the bin, the last deleted first.

    Returns them with the cursor of the next page. Raises `BadCursorError`.
    """
    table = tables.artifacts
    order = table.c.deleted if deleted else table.c.updated
    query = select(*_COLUMNS).order_by(order.desc(), table.c.id.desc())
    query = query.where(table.c.deleted.is_not(None) if deleted else table.c.deleted.is_(None))
    if cursor is not None:
        query = query.where(tuple_(order, table.c.id) < tuple_(*_read_cursor(cursor)))
    rows = (await connection.execute(query.limit(limit + 1))).mappings().all()
    found = [Artifact(**row) for row in rows[:limit]]
    return found, _write_cursor(found[-1]) if len(rows) > limit else None


def _write_cursor(artifact: Artifact) -> str:
    text = f"{(artifact.deleted or artifact.updated).isoformat()} {artifact.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        moment, last_id = text.split(" ")
        return datetime.fromisoformat(moment).astimezone(UTC), last_id
    except (binascii.Error, OverflowError, UnicodeError, ValueError) as error:
        raise BadCursorError(cursor) from error


async def rename(connection: AsyncConnection, artifact_id: str, title: str, by: str) -> None:
    """Set the title; a title that a person gave is never overwritten by another source."""
    table = tables.artifacts
    change = update(table).where(table.c.id == artifact_id)
    if by != "person":
        change = change.where(table.c.titled_by != "person")
    await connection.execute(change.values(title=title, titled_by=by))


async def touch(connection: AsyncConnection, artifact_id: str) -> None:
    """Move it to the top of the list."""
    table = tables.artifacts
    change = update(table).where(table.c.id == artifact_id)
    await connection.execute(change.values(updated=datetime.now(UTC)))


async def pin(connection: AsyncConnection, artifact_id: str, n: int | None) -> None:
    """Hold version `n` live, or let the newest that passed be live again (`None`)."""
    table = tables.artifacts
    change = update(table).where(table.c.id == artifact_id)
    await connection.execute(change.values(pinned_version=n))


async def bin_(connection: AsyncConnection, artifact_id: str) -> None:
    """Put it in the bin, where nothing of it is lost."""
    table = tables.artifacts
    change = update(table).where(table.c.id == artifact_id)
    await connection.execute(change.values(deleted=datetime.now(UTC)))


async def bin_several(connection: AsyncConnection, ids: Sequence[str]) -> list[str]:
    """Put those of them that are not there into the bin; return which."""
    table = tables.artifacts
    change = update(table).where(table.c.id.in_(ids), table.c.deleted.is_(None))
    moved = change.values(deleted=datetime.now(UTC)).returning(table.c.id)
    return list((await connection.execute(moved)).scalars())


async def take_out_several(connection: AsyncConnection, ids: Sequence[str]) -> list[str]:
    """Take those of them that are there out of the bin; return which."""
    table = tables.artifacts
    change = update(table).where(table.c.id.in_(ids), table.c.deleted.is_not(None))
    moved = change.values(deleted=None).returning(table.c.id)
    return list((await connection.execute(moved)).scalars())


async def take_out(connection: AsyncConnection, artifact_id: str) -> None:
    table = tables.artifacts
    change = update(table).where(table.c.id == artifact_id)
    await connection.execute(change.values(deleted=None))


async def binned(
    connection: AsyncConnection, *, only: str | None = None, until: datetime | None = None
) -> list[str]:
    """List the ids of what is in the bin: all, `only` one, or what was there `until` then.

    Moments are told to the millisecond, so the one that is named counts whole.
    """
    table = tables.artifacts
    query = select(table.c.id).where(table.c.deleted.is_not(None))
    if only is not None:
        query = query.where(table.c.id == only)
    if until is not None:
        last = min(until, _LAST_MOMENT) + timedelta(milliseconds=1)
        query = query.where(table.c.deleted < last)
    return list((await connection.execute(query)).scalars())


async def in_bin(connection: AsyncConnection) -> tuple[int, datetime | None]:
    """Return how many are in the bin, and when the last of them came there."""
    deleted = tables.artifacts.c.deleted
    query = select(func.count(deleted), func.max(deleted))
    count, last = (await connection.execute(query)).one()
    return count, last


async def delete_for_good(connection: AsyncConnection, ids: Sequence[str]) -> int:
    """Delete these, which are in the bin, for good: the one true deletion. Returns how many."""
    table = tables.artifacts
    for artifact_id in ids:
        emptied = update(table).where(table.c.id == artifact_id, table.c.deleted.is_not(None))
        await connection.execute(emptied.values(emptied=datetime.now(UTC)))
        await _delete_records(connection, artifact_id)
    return len(ids)


async def _delete_records(connection: AsyncConnection, artifact_id: str) -> None:
    reports = select(tables.reports.c.id).where(tables.reports.c.artifact_id == artifact_id)
    made = select(tables.generations.c.id).where(tables.generations.c.artifact_id == artifact_id)
    for statement in (
        delete(tables.screenshots).where(tables.screenshots.c.report_id.in_(reports)),
        delete(tables.reports).where(tables.reports.c.artifact_id == artifact_id),
        delete(tables.journal).where(tables.journal.c.generation_id.in_(made)),
        delete(tables.ledger).where(tables.ledger.c.artifact_id == artifact_id),
        delete(tables.messages).where(tables.messages.c.artifact_id == artifact_id),
        delete(tables.grants).where(tables.grants.c.artifact_id == artifact_id),
        delete(tables.stored_data).where(tables.stored_data.c.artifact_id == artifact_id),
        delete(tables.versions).where(tables.versions.c.artifact_id == artifact_id),
        delete(tables.generations).where(tables.generations.c.artifact_id == artifact_id),
        delete(tables.artifacts).where(tables.artifacts.c.id == artifact_id),
    ):
        await connection.execute(statement)
