"""The generator: starts, queues, cancels, retries and continues generations.

Generations of one artifact run one after the other, so that each stands on what the one
before it made; eight run at once in all.
"""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from server import shapes
from server.errors import Problem
from server.generation import titles
from server.generation.execution import Execution, whole
from server.generation.hub import Hub
from server.generation.leases import Leases
from server.generation.ledger import Budget
from server.generation.money import Money
from server.generation.prompts import fix_prompt, system_prompt
from server.generation.repairing import Next, Repairing, Series, opened
from server.generation.run import Run
from server.generation.testing import VersionTester
from server.identifiers import new_id, new_secret
from server.providers.registry import Choice
from server.store import artifacts, generations, messages, reports, versions
from server.store.database import Database
from server.store.generations import LEASE
from server.store.records import (
    REPAIRS,
    Artifact,
    Generation,
    Json,
    Message,
    State,
    StoredReport,
)

_log = logging.getLogger(__name__)

AT_ONCE = 8
CANCEL_SECONDS = 5.0


class NothingToFixError(ValueError):
    """The version's report has no finding that a repair could be asked for."""


class AlreadyRunningError(RuntimeError):
    """The same wish is run by another generation; running it twice would be paid twice."""


class Created(NamedTuple):
    """A new artifact, its first generation, and the message that asks for it."""

    artifact: Artifact
    generation: Generation
    message: Message


class Generator:
    """One for a process; `aclose` interrupts what still runs and keeps what came."""

    def __init__(
        self,
        database: Database,
        tester: VersionTester,
        hub: Hub,
        leases: Leases,
        budget: Budget = Budget(),  # noqa: B008 it is frozen
        *,
        money: Money,
    ) -> None:
        self._database = database
        self._repairing = Repairing(database, budget)
        self._closed = False
        self._tester = tester
        self._hub = hub
        self._leases = leases
        self._money = money
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._turns: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._again = asyncio.Lock()

    async def create(
        self,
        prompt: str,
        choice: Choice,
        attachments: Sequence[Json] = (),
        *,
        label: str | None = None,
        secret: str | None = None,
    ) -> Created:
        """Make an artifact and start its first generation; `label` as in `artifacts.create`.

        A `secret` that was not given ahead is not used: no two documents share one. Raises a
        402 `Problem` where a budget has no room, as all do that ask a model.
        """
        await self._afford(choice, None, len(prompt))
        async with self._database.write() as connection:
            title = titles.from_prompt(prompt)
            artifact = await artifacts.create(connection, title=title, prompt=prompt, label=label)
            generation = unrecorded(
                artifact.id, "create", prompt, choice, attachments=list(attachments)
            )
            if secret is not None and self._hub.ahead.take(secret):
                generation = replace(generation, secret=secret)
            generation, message = await self._record(connection, generation, kind="prompt")
        self._begin(artifact, generation, choice)
        return Created(artifact, generation, message)

    async def change(
        self,
        artifact: Artifact,
        prompt: str,
        choice: Choice,
        *,
        base_version: int | None = None,
        attachments: Sequence[Json] = (),
    ) -> Generation:
        """Ask for a change of `base_version`, or of the newest version when none is named.

        While another generation of the artifact runs, the newest is the one that it makes.
        """
        await self._afford(choice, artifact.id, len(prompt))
        async with self._database.write() as connection:
            base = base_version
            if base is None and not self._hub.busy(artifact.id):
                base = await versions.newest(connection, artifact.id)
            generation = unrecorded(
                artifact.id, "change", prompt, choice, attachments=list(attachments)
            )
            generation = replace(generation, base_version=base)
            generation, _ = await self._record(connection, generation, kind="change")
            await artifacts.touch(connection, generation.artifact_id)
        self._begin(artifact, generation, choice)
        return generation

    async def fix(
        self,
        artifact: Artifact,
        report: StoredReport,
        choice: Choice,
        signatures: Sequence[str] | None = None,
    ) -> Generation:
        """Send the report's findings (or those named) to the model as a repair.

        Raises `NothingToFixError`.
        """
        findings = [
            finding
            for finding in report.findings
            if (
                finding["severity"] == "fatal"
                if signatures is None
                else finding["signature"] in signatures
            )
        ]
        if not findings:
            raise NothingToFixError
        series = opened(report, choice)
        is_plain = series is not None and signatures is None
        mechanic = await self._repairing.mechanic(report) if is_plain else None
        count = self._repairing.count(1) if series and not mechanic else None
        wanted = Next(report.n, findings, mechanic or choice, count)
        await self._afford(wanted.choice, artifact.id)
        generation = await self._repair(artifact, wanted, series, said="fix")
        assert generation is not None  # a person asked for it
        return generation

    async def _repair(
        self,
        artifact: Artifact,
        wanted: Next,
        series: Series | None,
        *,
        said: str = "repair",
        after: Run | None = None,
    ) -> Generation | None:
        """Begin a repair; `after` a run, by itself, only if nothing else was wished meanwhile."""
        kind = "mechanical" if wanted.choice.is_mechanical else said
        async with self._database.write() as connection:
            if after is not None and not await self._is_last_wish(connection, after):
                return None
            version = await versions.get(connection, artifact.id, wanted.base)
            generation = unrecorded(artifact.id, kind, fix_prompt(wanted.findings), wanted.choice)
            generation = replace(
                generation,
                base_version=wanted.base,
                repairs=version.generation_id if version else None,
                signatures=sorted({finding["signature"] for finding in wanted.findings}),
            )
            generation, _ = await self._record(connection, generation, kind=said)
            await artifacts.touch(connection, generation.artifact_id)
        self._begin(artifact, generation, wanted.choice, series=series, attempt=wanted.attempt)
        return generation

    async def _is_last_wish(self, connection: AsyncConnection, run: Run) -> bool:
        """Whether nothing else runs, nobody pressed Stop, and its series made what is newest."""
        artifact_id = run.generation.artifact_id
        is_alone = self._hub.of(artifact_id) == [run] and not any(
            one.artifact_id == artifact_id and one.id != run.generation.id
            for one in await generations.active(connection)
        )
        made = {one.version for one in run.series.attempts} if run.series else set()
        is_newest = await versions.newest(connection, artifact_id) in made
        is_on = not self._closed and run.stopping is not State.CANCELLED
        return is_alone and is_newest and is_on

    async def again(
        self, artifact: Artifact, earlier: Generation, choice: Choice, *, resume: bool
    ) -> Generation:
        """Run an ended generation again, from its start or (`resume`) from where it stopped.

        Raises `AlreadyRunningError` while another generation runs the same wish.
        """
        await self._afford(choice, artifact.id)
        async with self._again:
            running = {run.generation.message_id for run in self._hub.of(artifact.id)}
            if earlier.message_id in running:
                raise AlreadyRunningError
            return await self._run_again(artifact, earlier, choice, resume=resume)

    async def _run_again(
        self, artifact: Artifact, earlier: Generation, choice: Choice, *, resume: bool
    ) -> Generation:
        now = datetime.now(UTC)
        generation = replace(
            earlier,
            id=new_id(),
            secret=new_secret(),
            kind="repair" if earlier.kind == "mechanical" else earlier.kind,
            state=State.QUEUED,
            version=None,
            continues=earlier.id if resume else None,
            provider=choice.provider.name,
            model=choice.model,
            usage=None,
            cost=None,
            seconds=None,
            characters=0,
            error=None,
            created=now,
            ended=None,
            owner=self._leases.owner,
            lease_expires=now + LEASE,
        )
        series = None
        async with self._database.write() as connection:
            if earlier.kind in REPAIRS:
                tested = await reports.latest(connection, artifact.id)
                report = tested.get(earlier.base_version or 0)
                series = opened(report, choice) if report else None
            generation = await generations.add(connection, generation)
            await artifacts.touch(connection, artifact.id)
        count = self._repairing.count(1) if series else None
        self._begin(artifact, generation, choice, series=series, attempt=count)
        return generation

    async def _afford(self, choice: Choice, artifact_id: str | None, characters: int = 0) -> None:
        """Refuse at once what would only be refused when its turn comes."""
        sent = len(system_prompt()) + characters
        await self._money.check(choice.provider.name, choice.model, artifact_id, characters=sent)

    async def elsewhere(
        self, connection: AsyncConnection, artifact_ids: Sequence[str]
    ) -> list[str]:
        """List those of the artifacts that another process generates, which only it can stop."""
        return await self._leases.elsewhere(connection, artifact_ids)

    async def cancel(self, generation_id: str) -> None:
        """Stop a generation that this process runs, and wait until it has ended."""
        run, task = self._hub.get(generation_id), self._tasks.get(generation_id)
        if run is not None and task is not None:
            # Once: another cancellation would cut short what the first one has it write.
            if run.stopping is not State.CANCELLED:
                run.stopping = State.CANCELLED
                task.cancel()
            await asyncio.wait([task], timeout=CANCEL_SECONDS)

    async def cancel_all(self, artifact_id: str) -> None:
        """Stop whatever runs or waits for an artifact, and a repair that just began of it."""
        for _ in range(2):
            for run in self._hub.of(artifact_id):
                await self.cancel(run.generation.id)

    async def ended(self, generation_id: str) -> None:
        """Wait for the end of a generation that this process runs."""
        task = self._tasks.get(generation_id)
        if task is not None:
            await asyncio.wait([task])

    async def aclose(self) -> None:
        """Interrupt whatever runs; what came is in the journal afterwards."""
        self._closed = True
        tasks = dict(self._tasks)
        for generation_id, task in tasks.items():
            run = self._hub.get(generation_id)
            if run is not None:
                run.stopping = State.INTERRUPTED
            task.cancel()
        if tasks:
            await asyncio.wait(tasks.values(), timeout=CANCEL_SECONDS)

    async def _record(
        self, connection: AsyncConnection, generation: Generation, *, kind: str
    ) -> tuple[Generation, Message]:
        message = await messages.add(
            connection,
            generation.artifact_id,
            role="user",
            kind=kind,
            text=generation.prompt,
            attachments=generation.attachments,
            generation_id=generation.id,
        )
        generation = replace(
            generation,
            message_id=message.id,
            owner=self._leases.owner,
            lease_expires=datetime.now(UTC) + LEASE,
        )
        return await generations.add(connection, generation), message

    def _begin(
        self,
        artifact: Artifact,
        generation: Generation,
        choice: Choice,
        *,
        series: Series | None = None,
        attempt: tuple[int, int] | None = None,
    ) -> None:
        run = Run(generation, artifact, series=series, attempt=attempt)
        self._hub.add(run)
        task = asyncio.create_task(self._perform(run, choice))
        self._tasks[generation.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(generation.id, None))

    async def _perform(self, run: Run, choice: Choice) -> None:
        execution = Execution(
            self._database,
            self._tester,
            run,
            choice.provider,
            self._repairing,
            money=self._money,
        )
        turn = self._turns.setdefault(run.generation.artifact_id, asyncio.Lock())
        try:
            if turn.locked():
                told = shapes.state_event(
                    run.generation,
                    state=str(State.QUEUED),
                    version=None,
                    error=None,
                    attempt=run.attempt,
                )
                run.emit("state", **told)
            async with turn, self._slots:
                await execution.perform()
            await whole(self._go_on(run, choice))
        except asyncio.CancelledError:
            await whole(execution.stopped())  # while it waited for its turn
        finally:
            run.end()
            self._hub.remove(run)
            self._hub.ring(run.generation.artifact_id)

    async def _go_on(self, run: Run, choice: Choice) -> None:
        """Start the repair that follows, unless the person wished for something else meanwhile."""
        try:
            if not await self._has_gone_on(run, choice):
                await self._repairing.given_up(run)
        except Exception:  # noqa: BLE001 logged in full; the version stands, and Fix is offered
            _log.exception("no repair of %s could be started", run.generation.id)

    async def _has_gone_on(self, run: Run, choice: Choice) -> bool:
        artifact_id = run.generation.artifact_id
        if self._closed or self._hub.of(artifact_id) != [run]:
            return False
        wanted = await self._repairing.following(run, choice)
        if wanted is None:
            return False
        async with self._database.read() as connection:
            artifact = await artifacts.get(connection, artifact_id)
        if artifact is None:
            return False
        try:
            await self._afford(wanted.choice, artifact_id)
        except Problem as problem:
            await self._repairing.given_up(run, problem.detail)
            return True
        return await self._repair(artifact, wanted, run.series, after=run) is not None


def unrecorded(
    artifact_id: str,
    kind: str,
    prompt: str,
    choice: Choice,
    *,
    attachments: list[Json] | None = None,
) -> Generation:
    """Return a generation that the store knows nothing of yet."""
    return Generation(
        id=new_id(),
        artifact_id=artifact_id,
        secret=new_secret(),
        kind=kind,
        state=State.QUEUED,
        base_version=None,
        version=None,
        repairs=None,
        continues=None,
        message_id=None,
        provider=choice.provider.name,
        model=choice.model,
        prompt=prompt,
        attachments=attachments or [],
        signatures=[],
        usage=None,
        cost=None,
        seconds=None,
        characters=0,
        error=None,
        created=datetime.now(UTC),
        ended=None,
        owner=None,
        lease_expires=None,
    )
