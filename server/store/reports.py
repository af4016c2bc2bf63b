"""Queries on reports: what smoke tests saw, the newest of each version first."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox.report import FILM, Report, Verdict
from sandbox.text import without_lone_surrogates
from server.identifiers import new_id
from server.store import tables
from server.store.records import ACTIVE, StoredReport

# Twice 15 s, a browser that starts late, and a wait for its turn.
LONGEST_TEST = timedelta(seconds=90)

_COLUMNS = [
    column for column in tables.reports.c if column.name in StoredReport.__dataclass_fields__
]


async def add(
    connection: AsyncConnection, artifact_id: str, n: int, report: Report
) -> StoredReport:
    """Store a report as the version's newest; earlier ones stay.

    One that only says "not tested" (a busy browser, or none) takes the place of no pass. Only the
    newest is shown, so only its film has pictures.
    """
    table = tables.reports
    of_version = (table.c.artifact_id == artifact_id, table.c.n == n)
    passed = select(table.c.id).where(
        *of_version, table.c.latest.is_(True), table.c.verdict == Verdict.PASSED
    )
    latest = report.verdict != Verdict.NOT_TESTED or not (await connection.execute(passed)).first()
    if latest:
        await connection.execute(update(table).where(*of_version).values(latest=False))
        earlier = tables.screenshots.c.report_id.in_(select(table.c.id).where(*of_version))
        film = tables.screenshots.c.name.like(f"{FILM}%")
        await connection.execute(delete(tables.screenshots).where(earlier, film))
    stored = StoredReport(
        id=new_id(),
        artifact_id=artifact_id,
        n=n,
        verdict=str(report.verdict),
        findings=[asdict(finding) for finding in report.findings],
        duration_ms=report.duration_ms,
        controls_found=report.controls_found,
        controls_used=report.controls_used,
        reason=report.reason,
        created=datetime.now(UTC),
        screenshots=tuple(shot.name for shot in report.screenshots),
        asked=list(report.asked),
        steps=[asdict(step) for step in report.steps],
        browser=report.browser,
        policy=report.policy,
        loaded_ms=report.loaded_ms,
    )
    values = {column.name: getattr(stored, column.name) for column in _COLUMNS}
    await connection.execute(insert(table).values(**values, latest=latest))
    pictures = [(shot.name, shot.png) for shot in report.screenshots]
    pictures += [(one.name, one.jpeg) for one in report.film if latest]
    for name, data in pictures:
        row = {"report_id": stored.id, "name": name, "png": data}
        await connection.execute(insert(tables.screenshots).values(**row))
    return stored


async def add_missing(connection: AsyncConnection, reason: str) -> int:
    """Give every version whose test was lost a report that says "not tested"; returns how many.

    Those just made, or of a generation that still runs, are left to whoever tests them.
    """
    versions, table = tables.versions, tables.reports
    tested = select(table.c.id).where(
        table.c.artifact_id == versions.c.artifact_id, table.c.n == versions.c.n
    )
    running = select(tables.generations.c.id).where(
        tables.generations.c.id == versions.c.generation_id,
        tables.generations.c.state.in_(ACTIVE),
    )
    now = datetime.now(UTC)  # a version may come from a clock that was ahead of this one
    just_made = versions.c.created.between(now - LONGEST_TEST, now + LONGEST_TEST)
    query = select(versions.c.artifact_id, versions.c.n).where(
        ~tested.exists(), ~running.exists(), ~just_made
    )
    found = (await connection.execute(query)).all()
    for row in found:
        await add(connection, row.artifact_id, row.n, Report(Verdict.NOT_TESTED, reason=reason))
    return len(found)


def _record(row: RowMapping) -> StoredReport:
    """Read a report; older ones may hold half a surrogate pair, which no answer can carry."""
    text = json.dumps(row["findings"], ensure_ascii=False)
    findings = row["findings"] if text.isascii() else json.loads(without_lone_surrogates(text))
    return StoredReport(**{**row, "findings": findings})


async def latest(connection: AsyncConnection, artifact_id: str) -> dict[int, StoredReport]:
    """Find the newest report of each version of an artifact, by version number."""
    table = tables.reports
    query = select(*_COLUMNS).where(table.c.artifact_id == artifact_id, table.c.latest.is_(True))
    found = [_record(row) for row in (await connection.execute(query)).mappings().all()]
    shots = tables.screenshots
    names = select(shots.c.report_id, shots.c.name)
    names = names.where(
        shots.c.report_id.in_([report.id for report in found]), shots.c.name.not_like(f"{FILM}%")
    )
    of: dict[str, list[str]] = {}
    for row in (await connection.execute(names)).all():
        of.setdefault(row.report_id, []).append(row.name)
    return {
        report.n: replace(report, screenshots=tuple(sorted(of.get(report.id, []), reverse=True)))
        for report in found
    }


async def screenshot(
    connection: AsyncConnection, artifact_id: str, report_id: str, name: str
) -> bytes | None:
    """Read the bytes of one screenshot, or of one picture of the film."""
    shots, table = tables.screenshots, tables.reports
    query = (
        select(shots.c.png)
        .join(table, table.c.id == shots.c.report_id)
        .where(table.c.artifact_id == artifact_id, table.c.id == report_id, shots.c.name == name)
    )
    return (await connection.execute(query)).scalar()


async def pictures(connection: AsyncConnection, report_id: str) -> dict[str, bytes]:
    """Read all that was seen, by name: the screenshots and the pictures of the film."""
    shots = tables.screenshots
    query = select(shots.c.name, shots.c.png).where(shots.c.report_id == report_id)
    return {row.name: row.png for row in (await connection.execute(query)).all()}
