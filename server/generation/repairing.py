"""Repairs that start by themselves: from a version that failed until one passes or none helps."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sandbox.report import Verdict
from server.differing import unified
from server.generation.answer import AnswerParser, DocumentStart, DocumentText
from server.generation.ledger import (
    Attempt,
    Budget,
    Repair,
    Stop,
    decide,
    dollars_of,
    given_up,
    signatures,
)
from server.generation.mechanical import Repaired, repair
from server.generation.prompts import fenced
from server.generation.turn import MAX_DOCUMENT_BYTES
from server.providers.mechanical import MODEL, MechanicalProvider
from server.providers.registry import Choice
from server.store import ledger, messages, reports, versions
from server.store.database import Database
from server.store.records import Json, LedgerEntry, State, StoredReport

if TYPE_CHECKING:
    from server.generation.run import Run

_log = logging.getLogger(__name__)
_MOST_TOKENS = 2**31 - 1
_CHARACTERS_PER_TOKEN = 4


@dataclass(slots=True)
class Series:
    """The attempts on one failed version, kept as long as they are made."""

    attempts: list[Attempt]
    id: str | None = None
    """The generation of the first repair."""
    by: Choice | None = None
    """Who repairs, where no mechanical repair does."""
    decided: Repair | Stop | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """What a generation came to, told before its end is."""

    state: State
    report: StoredReport | None = None
    usage: Json | None = None
    cost: Json | None = None
    seconds: float | None = None
    error: Json | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """The repair to start: who makes it, of which version, and what is to be mended."""

    base: int
    findings: list[Json]
    choice: Choice
    attempt: tuple[int, int] | None = field(default=None)
    """The model's attempt, and of how many; none for a mechanical one."""


def opened(report: StoredReport, by: Choice) -> Series | None:
    """Begin a series by hand, on a version that failed."""
    if report.verdict != Verdict.FAILED:
        return None
    return Series([Attempt(None, report.n, report.verdict, _fatal(report))], by=by)


class Repairing:
    """Keeps the ledger: `ended` before each end of a generation is told, then `following`."""

    def __init__(self, database: Database, budget: Budget) -> None:
        self._database = database
        self.budget = budget

    async def ended(self, run: Run, ended: Ended) -> None:
        """Take a generation into its series and write down what comes of it."""
        attempt = _attempt(run, ended)
        series = run.series
        if series is None:
            if attempt.verdict == Verdict.FAILED and self.budget.repairs and _is_by_model(run):
                run.series = Series([attempt], decided=decide([attempt], self.budget))
            return
        series.attempts.append(attempt)
        series.id = series.id or run.generation.id
        series.decided = decide(series.attempts, self.budget)
        changed = await self._changed(run, attempt)
        outcome = series.decided.sentence if isinstance(series.decided, Stop) else None
        async with self._database.write() as connection:
            await ledger.add(connection, _entry(run, series, ended, changed, outcome))
            if self._is_told(series.decided):
                await messages.add(
                    connection,
                    run.generation.artifact_id,
                    role="assistant",
                    kind="outcome",
                    text=outcome or "",
                    generation_id=run.generation.id,
                )

    def _is_told(self, decided: Repair | Stop) -> bool:
        """Whether the conversation ends with the sentence: a pass and a stop are seen as it is."""
        if not isinstance(decided, Stop) or not self.budget.repairs:
            return False
        return decided.why not in {"passed", "stopped"}

    async def _changed(self, run: Run, attempt: Attempt) -> str | None:
        """Say how many lines a repair changed."""
        if attempt.version is None or attempt.base is None:
            return None
        artifact_id = run.generation.artifact_id
        async with self._database.read() as connection:
            old = await versions.source(connection, artifact_id, attempt.base) or ""
            new = await versions.source(connection, artifact_id, attempt.version) or ""
        diff = await asyncio.to_thread(unified, ("old", old), ("new", new))
        body = diff.splitlines()[2:]
        added = sum(line.startswith("+") for line in body)
        removed = sum(line.startswith("-") for line in body)
        lines = "line" if added == 1 else "lines"
        return f"{added:,} {lines} added, {removed:,} taken away"

    async def following(self, run: Run, choice: Choice) -> Next | None:
        """Return the repair that follows a generation that `choice` made, if one does."""
        series = run.series
        if series is None or not isinstance(series.decided, Repair):
            return None
        series.by = by = series.by or choice
        base, number = series.decided.base, series.decided.number
        async with self._database.read() as connection:
            report = (await reports.latest(connection, run.generation.artifact_id)).get(base)
        findings = [one for one in report.findings if one["severity"] == "fatal"] if report else []
        # It may have been tested again since: with a library added, say, or a grant.
        if report is None or report.verdict != Verdict.FAILED or not findings:
            return None
        mended = [one for one in series.attempts if one.mechanical]
        was_mended = any(base in {one.base, one.version} for one in mended)
        mechanic = None if was_mended else await self.mechanic(report)
        if mechanic is not None:
            return Next(base, findings, mechanic)
        return Next(base, findings, by, self.count(number))

    async def given_up(self, run: Run, told: str | None = None) -> None:
        """Close the ledger where another attempt was due and none was begun.

        A reason that is `told` ends the conversation too: the person is waiting for that attempt.
        """
        series = run.series
        if series is None or not isinstance(series.decided, Repair):
            return
        if series.id is None and told is None:
            return
        outcome = given_up(series.attempts, told)
        async with self._database.write() as connection:
            if series.id is not None:
                await ledger.close(connection, run.generation.id, outcome)
            if told is not None:
                await messages.add(
                    connection,
                    run.generation.artifact_id,
                    role="assistant",
                    kind="outcome",
                    text=outcome,
                    generation_id=run.generation.id,
                )

    def count(self, number: int) -> tuple[int, int] | None:
        """Say which attempt it is, and of how many; none where none starts by itself."""
        return (number, self.budget.repairs) if self.budget.repairs else None

    async def mechanic(self, report: StoredReport) -> Choice | None:
        """Return who mends a version without a model, if it can be done."""
        async with self._database.read() as connection:
            html = await versions.source(connection, report.artifact_id, report.n)
        mended = await _tried(html or "", report.findings)
        if mended is None:
            return None
        words = " ".join(("Mended without a model.", *mended.did))
        answer = f"{words}\n\n{fenced(mended.html)}\n"
        if not await asyncio.to_thread(is_read_as, answer, mended.html):
            return None
        provider = MechanicalProvider(answer)
        return Choice(provider, MODEL, "No model is needed.")


async def _tried(html: str, findings: Sequence[Json]) -> Repaired | None:
    """Mend a document; one that cannot be read is left to the model."""
    try:
        return await asyncio.to_thread(_mechanical, html, findings)
    except Exception:  # noqa: BLE001 logged in full; the model is asked instead
        _log.exception("a mechanical repair failed")
        return None


def _mechanical(html: str, findings: Sequence[Json]) -> Repaired | None:
    from sandbox.libraries.manifest import libraries  # noqa: PLC0415 - a start must be quick
    from sandbox.libraries.shelf import shipped_shelf  # noqa: PLC0415

    lacking = {one.id for one in shipped_shelf().unfetched(libraries())}
    return repair(html, findings, [one for one in libraries() if one.id not in lacking])


def is_read_as(answer: str, html: str) -> bool:
    """Whether a reader of the answer takes just this document from it, and all of it."""
    if len(html.encode(errors="replace")) > MAX_DOCUMENT_BYTES:
        return False
    parser = AnswerParser()
    parts = [*parser.feed(answer), *parser.end()]
    starts = sum(isinstance(one, DocumentStart) for one in parts)
    read = "".join(one.text for one in parts if isinstance(one, DocumentText))
    return starts == 1 and read.strip() == html.strip()


def _is_by_model(run: Run) -> bool:
    """Whether a model made it that can repair it: a recipe gives the same answer again."""
    return run.generation.provider not in {"recipes", MechanicalProvider.name}


def _fatal(report: StoredReport) -> dict[str, str]:
    return {
        one["signature"]: one["message"] for one in report.findings if one["severity"] == "fatal"
    }


def _attempt(run: Run, ended: Ended) -> Attempt:
    report, generation = ended.report, run.generation
    error = ended.error["message"] if ended.error and ended.state is State.FAILED else None
    return Attempt(
        base=generation.base_version,
        version=run.version,
        verdict=report.verdict if report else None,
        fatal=_fatal(report) if report else {},
        mechanical=generation.provider == MechanicalProvider.name,
        tokens=_tokens(run, ended.usage),
        dollars=dollars_of(ended.cost),
        seconds=ended.seconds or 0.0,
        error=error,
        stopped=run.stopped or ended.state in {State.CANCELLED, State.INTERRUPTED},
    )


def _tokens(run: Run, usage: Json | None) -> int:
    """Count what a host charges for; what it did not say is measured, once anything came."""
    told = usage or {}
    asked, came = told.get("input"), told.get("output")
    if asked is None:
        asked = run.asked // _CHARACTERS_PER_TOKEN if came or run.characters else 0
    if came is None:
        came = run.characters // _CHARACTERS_PER_TOKEN
    return min(int(asked + came), _MOST_TOKENS)


def _entry(
    run: Run, series: Series, ended: Ended, changed: str | None, outcome: str | None
) -> LedgerEntry:
    attempt = series.attempts[-1]
    base = next((one for one in series.attempts if one.version == attempt.base), None)
    return LedgerEntry(
        generation_id=run.generation.id,
        artifact_id=run.generation.artifact_id,
        series=series.id or run.generation.id,
        attempt=len(series.attempts) - 1,
        mechanical=attempt.mechanical,
        base=attempt.base,
        version=attempt.version,
        before=signatures(base) if base else None,
        after=signatures(attempt),
        changed=changed,
        tokens=attempt.tokens,
        cost=ended.cost,
        seconds=ended.seconds,
        outcome=outcome,
        created=datetime.now(UTC),
    )
