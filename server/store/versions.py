"""Queries on versions, which are written once and only read after that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.identifiers import new_secret
from server.store import tables
from server.store.records import ACTIVE, Json, Version

_COLUMNS = [column for column in tables.versions.c if column.name in Version.__dataclass_fields__]


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What is known when a version is made; its number is given by the database."""

    artifact_id: str
    html: str
    title: str
    secret: str
    origin: str
    grants: Json
    parent: int | None = None
    prompt: str | None = None
    provider: str | None = None
    model: str | None = None
    usage: Json | None = None
    cost: Json | None = None
    seconds: float | None = None
    generation_id: str | None = None


async def add(connection: AsyncConnection, new: NewVersion) -> Version:
    """Store the next version of the artifact (inside a write transaction)."""
    n = (await newest(connection, new.artifact_id) or 0) + 1
    values = {name: getattr(new, name) for name in NewVersion.__dataclass_fields__}
    html = values.pop("html")
    version = Version(**values, n=n, created=datetime.now(UTC))
    row = {name: getattr(version, name) for name in Version.__dataclass_fields__}
    await connection.execute(insert(tables.versions).values(**row, html=html))
    return version


async def renew_secrets(connection: AsyncConnection, artifact_id: str) -> None:
    """Give all documents of the artifact new addresses; what is being written keeps its own.

    No grant holds for that, so it has told it nobody.
    """
    made, ran = tables.versions, tables.generations
    secrets: dict[str | None, str] = {}
    query = select(made.c.n, made.c.generation_id).where(made.c.artifact_id == artifact_id)
    for n, generation_id in (await connection.execute(query)).all():
        secret = secrets[generation_id] = new_secret()
        own = update(made).where(made.c.artifact_id == artifact_id, made.c.n == n)
        await connection.execute(own.values(secret=secret))
    query = select(ran.c.id, ran.c.state).where(ran.c.artifact_id == artifact_id)
    for generation_id, state in (await connection.execute(query)).all():
        if state in ACTIVE and generation_id not in secrets:
            continue
        secret = secrets.get(generation_id) or new_secret()
        await connection.execute(update(ran).where(ran.c.id == generation_id).values(secret=secret))


async def newest(connection: AsyncConnection, artifact_id: str) -> int | None:
    """Find the highest version number; None when there is no version yet."""
    table = tables.versions
    query = select(func.max(table.c.n)).where(table.c.artifact_id == artifact_id)
    found: int | None = (await connection.execute(query)).scalar()
    return found


async def get(connection: AsyncConnection, artifact_id: str, n: int) -> Version | None:
    table = tables.versions
    query = select(*_COLUMNS).where(table.c.artifact_id == artifact_id, table.c.n == n)
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else Version(**row)


async def listed(connection: AsyncConnection, artifact_id: str) -> list[Version]:
    """List all of them, oldest first."""
    table = tables.versions
    query = select(*_COLUMNS).where(table.c.artifact_id == artifact_id).order_by(table.c.n)
    return [Version(**row) for row in (await connection.execute(query)).mappings().all()]


async def numbers(connection: AsyncConnection, artifact_id: str) -> list[int]:
    """List the numbers alone, which can be read whatever else cannot."""
    table = tables.versions
    query = select(table.c.n).where(table.c.artifact_id == artifact_id).order_by(table.c.n)
    return list((await connection.execute(query)).scalars())


async def source(connection: AsyncConnection, artifact_id: str, n: int) -> str | None:
    """Read the document itself."""
    table = tables.versions
    query = select(table.c.html).where(table.c.artifact_id == artifact_id, table.c.n == n)
    return (await connection.execute(query)).scalar()


async def by_secret(connection: AsyncConnection, secret: str) -> tuple[Version, str] | None:
    """Find the version that this frame secret opens, with its document."""
    table = tables.versions
    query = select(*_COLUMNS, table.c.html).where(table.c.secret == secret)
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        return None
    values = dict(row)
    html = values.pop("html")
    return Version(**values), html


def lineage(versions: Iterable[Version], n: int | None) -> list[Version]:
    """Walk from the first ancestor to version `n`, by parent."""
    by_n = {version.n: version for version in versions}
    found: list[Version] = []
    at = n
    while at is not None and at in by_n:
        found.append(by_n[at])
        at = by_n[at].parent
    return found[::-1]
