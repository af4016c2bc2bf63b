"""What model calls came to: tokens and money, summed up as whole numbers by the database.

A generation is one call, with what it went on to. What recipes and mechanical repairs made is left
out: no model was asked. What was deleted for good is no longer there to be counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, case, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store import tables

_RAN = tables.generations.c
_TOKENS = ("input", "output", "reasoning", "cached", "written")
# An archive is a stranger's, and a sum beyond 64 bits is none.
_MOST_TOKENS = 2**40
_MOST_DOLLARS = 1_000_000


class By(StrEnum):
    """What is summed up together."""

    DAY = "day"
    MODEL = "model"
    ARTIFACT = "artifact"
    VERSION = "version"


@dataclass(frozen=True, slots=True)
class Spent:
    """A sum. `calls` were made, and of `unknown` of them nobody knows the cost.

    `key` is a day in UTC, a `provider/model`, an artifact's id or a version's number; none for
    calls that led to no version. `title` is the artifact's, if it is not in the bin.
    """

    key: str | None
    title: str | None
    calls: int
    unknown: int
    input: int
    output: int
    reasoning: int
    cached: int
    written: int
    micros: int


def _number(column: ColumnElement[object], name: str, most: int) -> ColumnElement[float | None]:
    value = func.json_extract(column, f"$.{name}")
    return case((and_(func.typeof(value) != "text", value >= 0, value <= most), value))


def _micros() -> ColumnElement[int | None]:
    """Read a cost, which is stored to six decimals, as the whole number that it is."""
    is_known = func.json_extract(_RAN.cost, "$.currency") == "USD"
    dollars = _number(_RAN.cost, "amount", _MOST_DOLLARS)
    return case((is_known, cast(func.round(dollars * 1_000_000), Integer)))


def _groups(by: By | None) -> ColumnElement[str | None] | None:
    match by:
        case By.DAY:
            return func.date(_RAN.created)
        case By.MODEL:
            return _RAN.provider + "/" + _RAN.model
        case By.ARTIFACT:
            return _RAN.artifact_id
        case By.VERSION:
            return _RAN.version
    return None


async def sums(
    connection: AsyncConnection,
    by: By | None = None,
    *,
    artifact_id: str | None = None,
    since: datetime | None = None,
    most: int | None = None,
) -> list[Spent]:
    """Sum up calls, in groups: days and versions newest first, the rest with the dearest first."""
    key, micros = _groups(by), _micros()
    tokens = [func.total(_number(_RAN.usage, name, _MOST_TOKENS)) for name in _TOKENS]
    total = func.coalesce(func.sum(micros), 0)
    columns = (func.count(), func.count() - func.count(micros), *tokens, total)
    query = select(*(() if key is None else (key,)), *columns)
    came = or_(_RAN.characters > 0, func.json_extract(_RAN.usage, "$.output").is_not(None))
    query = query.where(_RAN.provider.not_in(("recipes", "mechanical")), _RAN.ended.is_not(None))
    query = query.where(or_(came, micros.is_not(None)))
    if artifact_id is not None:
        query = query.where(_RAN.artifact_id == artifact_id)
    if since is not None:
        query = query.where(_RAN.created >= since)
    if key is not None:
        order = key.desc() if by in {By.DAY, By.VERSION} else total.desc()
        query = query.group_by(key).order_by(order, key).limit(most)
    rows = [tuple(row) for row in (await connection.execute(query)).all()]
    found = [row if key is not None else (None, *row) for row in rows]
    ids = [row[0] for row in found] if by is By.ARTIFACT else []
    titles = await _titles(connection, ids)
    return [_spent(row, titles.get(row[0])) for row in found]


def _spent(row: tuple[Any, ...], title: str | None) -> Spent:
    key, calls, unknown, *tokens, micros = row
    counts = dict(zip(_TOKENS, map(int, tokens), strict=True))
    name = None if key is None else str(key)
    return Spent(key=name, title=title, calls=calls, unknown=unknown, **counts, micros=micros)


async def total(
    connection: AsyncConnection, *, artifact_id: str | None = None, since: datetime | None = None
) -> Spent:
    """Sum up all calls."""
    return (await sums(connection, artifact_id=artifact_id, since=since))[0]


async def _titles(connection: AsyncConnection, ids: list[str]) -> dict[str, str]:
    table = tables.artifacts.c
    query = select(table.id, table.title).where(table.id.in_(ids), table.deleted.is_(None))
    return {row.id: row.title for row in (await connection.execute(query)).all()}
