"""What a list of artifacts shows of each: counts, the live version, its verdict and picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox.report import FILM
from server.store import tables
from server.store.records import Artifact, State


@dataclass(frozen=True, slots=True)
class Overview:
    """`live` is DESIGN's live version; `screenshot` is (report id, name) of it, as `verdict` is."""

    version_count: int = 0
    live: int | None = None
    verdict: str | None = None
    model: str | None = None
    screenshot: tuple[str, str] | None = None
    state: str | None = None
    newest_verdict: str | None = None
    declined: bool = False
    """There is no version, since no recipe fits: what is asked for waits for a model."""


@dataclass(frozen=True, slots=True)
class _Tested:
    n: int
    model: str | None
    report_id: str | None
    verdict: str | None


def live_version(pinned: int | None, verdicts: Sequence[tuple[int, str | None]]) -> int | None:
    """Choose the live version from (number, verdict) pairs, oldest first.

    The pinned one; else the last that passed; if none did, the newest not tested; if none,
    the newest. A version whose test has not ended counts as not tested.
    """
    if pinned is not None:
        return pinned
    for wanted in (("passed",), ("not tested", None)):
        fitting = [n for n, verdict in verdicts if verdict in wanted]
        if fitting:
            return fitting[-1]
    return verdicts[-1][0] if verdicts else None


async def of(connection: AsyncConnection, found: Sequence[Artifact]) -> dict[str, Overview]:
    """Gather the overview of each artifact, in four queries whatever their number."""
    ids = [artifact.id for artifact in found]
    tested = await _tested(connection, ids)
    last = await _last(connection, ids)
    shots = await _screenshots(
        connection, [row.report_id for rows in tested.values() for row in rows if row.report_id]
    )
    overviews: dict[str, Overview] = {}
    for artifact in found:
        rows = tested.get(artifact.id, [])
        live = live_version(artifact.pinned_version, [(row.n, row.verdict) for row in rows])
        shown = next((row for row in rows if row.n == live), None)
        state, provider = last.get(artifact.id, (None, None))
        overviews[artifact.id] = Overview(
            version_count=len(rows),
            live=live,
            verdict=shown.verdict if shown else None,
            model=shown.model if shown else None,
            screenshot=shots.get(shown.report_id or "") if shown else None,
            state=state,
            declined=not rows and state == State.DONE and provider == "recipes",
            newest_verdict=rows[-1].verdict if rows else None,
        )
    return overviews


async def _tested(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, list[_Tested]]:
    versions, reports = tables.versions, tables.reports
    joined = versions.outerjoin(
        reports,
        (reports.c.artifact_id == versions.c.artifact_id)
        & (reports.c.n == versions.c.n)
        & reports.c.latest.is_(True),
    )
    query = (
        select(
            versions.c.artifact_id,
            versions.c.n,
            versions.c.model,
            reports.c.id.label("report_id"),
            reports.c.verdict,
        )
        .select_from(joined)
        .where(versions.c.artifact_id.in_(ids))
        .order_by(versions.c.n)
    )
    found: dict[str, list[_Tested]] = {}
    for row in (await connection.execute(query)).all():
        tested = _Tested(row.n, row.model, row.report_id, row.verdict)
        found.setdefault(row.artifact_id, []).append(tested)
    return found


async def _last(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Find the state and the provider of each artifact's latest generation."""
    table = tables.generations
    newest = (
        select(table.c.artifact_id, func.max(table.c.created).label("created"))
        .where(table.c.artifact_id.in_(ids))
        .group_by(table.c.artifact_id)
        .subquery()
    )
    query = select(table.c.artifact_id, table.c.state, table.c.provider).join(
        newest,
        (newest.c.artifact_id == table.c.artifact_id) & (newest.c.created == table.c.created),
    )
    found = (await connection.execute(query)).all()
    return {row.artifact_id: (row.state, row.provider) for row in found}


async def _screenshots(
    connection: AsyncConnection, report_ids: Sequence[str]
) -> dict[str, tuple[str, str]]:
    table = tables.screenshots
    query = select(table.c.report_id, func.max(table.c.name).label("name"))
    query = query.where(table.c.report_id.in_(report_ids), table.c.name.not_like(f"{FILM}%"))
    query = query.group_by(table.c.report_id)
    rows = (await connection.execute(query)).all()
    return {row.report_id: (row.report_id, row.name) for row in rows}
