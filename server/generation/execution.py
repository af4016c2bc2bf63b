"""One generation from its first byte to its verdict."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox.report import Report, Verdict
from sandbox.smoke import Progress
from sandbox.text import without_lone_surrogates
from server import shapes
from server.generation import conversation, titles
from server.generation.money import Money
from server.generation.prompts import build_request, continue_request
from server.generation.repairing import Ended, Repairing
from server.generation.run import JOURNAL_SECONDS, Run
from server.generation.testing import VersionTester
from server.generation.turn import Outcome, Turn
from server.granting import in_force
from server.providers.prices import Tariff
from server.providers.protocol import Error, ModelRequest, Provider, Usage
from server.store import artifacts, generations, journal, messages, reports, versions
from server.store.database import Database
from server.store.records import Json, State, StoredReport, Version

T = TypeVar("T")

_log = logging.getLogger(__name__)

# What a browser needs from a tool's last byte until its scripts have run, about. On a machine
# that is both, storing at once would take the core that the tool is about to run on, and so would
# the page around it, which draws what it is told. A server that dies in this moment leaves what
# any other moment of the stream would: an interrupted generation, journaled up to 250 ms ago.
_BROWSER_SECONDS = 0.04

_INTERNAL = Error(
    "internal",
    "Something went wrong on this server; its log has the details. What had arrived is kept.",
    "Try again.",
)


@dataclass(frozen=True, slots=True)
class Resumed:
    """What an earlier generation had when it stopped."""

    prose: str
    document: str | None


class Execution:
    """Plays a run: streaming, the version, its test; the journal follows at most 250 ms behind."""

    def __init__(
        self,
        database: Database,
        tester: VersionTester,
        run: Run,
        provider: Provider,
        repairing: Repairing,
        *,
        money: Money,
    ) -> None:
        self._database = database
        self._repairing = repairing
        self._money = money
        self._spent: dict[str, Any] = {}
        self._report: StoredReport | None = None
        self._tester = tester
        self._run = run
        self._provider = provider
        self._generation = run.generation
        self._unsaved: dict[str, Any] = {}
        self._ended = False
        self._entered = False
        self._gone = False  # another process deleted the tool for good

    async def perform(self) -> None:
        """Run to an end state. Cancelling the task ends as `cancelled` or `interrupted`."""
        async with self._journaling():
            try:
                await self._perform()
            except asyncio.CancelledError:
                await whole(self.stopped())
            except Exception:  # noqa: BLE001 the last wall: told to the user, logged in full
                if await self._is_gone():
                    await whole(self.stopped())
                else:
                    _log.exception("generation %s failed", self._generation.id)
                    await whole(self._crashed())

    async def _is_gone(self) -> bool:
        with suppress(SQLAlchemyError):
            async with self._database.read() as connection:
                self._gone = await generations.get(connection, self._generation.id) is None
        return self._gone

    async def _crashed(self) -> None:
        if self._run.version is not None:
            await self._end_untested("Something went wrong on this server during the test.")
        else:
            await self._fail(_INTERNAL)

    async def _perform(self) -> None:
        self._state(State.STREAMING)
        request, resumed = await self._request()
        self._run.asked = len(request.system) + sum(len(turn.text) for turn in request.turns)
        refused = await self._money.refusal(self._run, request, Usage())
        if refused is not None:
            await whole(self._fail(refused))
            return
        turn = Turn(self._run, self._provider, request, self._money.refusal)
        if resumed is not None:
            turn.resume(resumed.prose, resumed.document)
        asking = asyncio.create_task(self._tariff())  # while the model writes
        try:
            outcome = await turn.play()
            tariff = await asking
        finally:
            asking.cancel()
        self._run.counted = outcome.usage
        usage, cost = _usage(outcome.usage), _cost(tariff, outcome.usage)
        spent = {
            **(usage or {}),
            "estimated": usage is None,
            "seconds": round(outcome.seconds, 2),
            "tokens_per_second": _rounded(turn.tokens_per_second),
            "cost": cost,
        }
        values = {"usage": usage, "cost": cost, "seconds": round(outcome.seconds, 3)}
        self._spent = values
        if outcome.error is not None:
            self._run.emit("usage", **spent)
            await whole(self._fail(outcome.error, **values))
            return
        document = None if outcome.stop and outcome.stop.reason == "refusal" else outcome.document
        if document is None:
            self._run.emit("usage", **spent)
            await whole(self._answer_in_words(outcome, values))
            return
        version = await whole(self._keep(document, outcome, values, spent))
        await self._test(version)

    async def _request(self) -> tuple[ModelRequest, Resumed | None]:
        if self._generation.kind == "create" and self._generation.continues is None:
            generation, before = self._generation, conversation.OPENING
            return build_request(
                generation.model, before, generation.prompt, generation.attachments
            ), None
        resumed = None
        async with self._database.read() as connection:
            if self._generation.kind == "change" and self._generation.base_version is None:
                await self._settle_base(connection)
            generation = self._generation
            before = await conversation.read(connection, generation)
            if generation.continues is not None:
                prose, texts = await journal.texts(connection, generation.continues)
                resumed = Resumed(prose, texts[-1] if texts else None)
        request = build_request(generation.model, before, generation.prompt, generation.attachments)
        if resumed is not None and (resumed.prose or resumed.document):
            so_far = resumed.prose
            if resumed.document is not None:
                so_far += f"\n```html\n{resumed.document}"
            request = continue_request(request, so_far)
        return request, resumed

    async def _settle_base(self, connection: AsyncConnection) -> None:
        """A change that waited for another stands on what that one made."""
        base = await versions.newest(connection, self._generation.artifact_id)
        self._generation = replace(self._generation, base_version=base)
        self._run.generation = self._generation
        self._unsaved["base_version"] = base

    async def _tariff(self) -> Tariff | None:
        tariff = await self._money.tariff(self._generation.provider, self._generation.model)
        self._run.tariff = tariff
        return tariff

    async def _keep(
        self, document: str, outcome: Outcome, values: dict[str, Any], spent: dict[str, Any]
    ) -> Version:
        """Store the version, the answer's words and the state in one transaction."""
        if self._run.document.watched:
            await asyncio.sleep(_BROWSER_SECONDS)
        self._run.emit("usage", **spent)
        generation = self._generation
        title = titles.from_document(document)
        async with self._database.read() as connection:
            granted = await in_force(connection, generation.artifact_id, None, document)
        new = versions.NewVersion(
            artifact_id=generation.artifact_id,
            html=document,
            title=title or self._run.artifact.title,
            secret=generation.secret,
            origin=generation.kind,
            grants=shapes.grants_shape(granted),
            parent=generation.base_version,
            prompt=generation.prompt,
            provider=generation.provider,
            model=generation.model,
            generation_id=generation.id,
            **values,
        )
        async with self._database.write() as connection:
            version = await versions.add(connection, new)
            await messages.add(
                connection,
                generation.artifact_id,
                role="assistant",
                kind="answer",
                text=outcome.prose,
                generation_id=generation.id,
                version=version.n,
            )
            if title:
                await artifacts.rename(connection, generation.artifact_id, title, "document")
            await artifacts.touch(connection, generation.artifact_id)
            await generations.change(
                connection, generation.id, state=State.TESTING, version=version.n, **values
            )
        self._state(State.TESTING, version=version.n)
        return version

    async def _test(self, version: Version) -> None:
        def on_progress(progress: Progress) -> None:
            self._run.emit("progress", **asdict(progress))

        stored = await self._tester.test(version.artifact_id, version.n, on_progress=on_progress)
        assert stored is not None, "the bin is not emptied of what still runs"
        await whole(self._conclude(stored))

    async def _conclude(self, stored: StoredReport) -> None:
        self._report = stored
        self._run.emit("report", version=stored.n, report=shapes.report(stored))
        await self._end(State.DONE)

    async def _end_untested(self, reason: str) -> None:
        """End as done: the version is there, only its test was cut short."""
        report = Report(Verdict.NOT_TESTED, reason=reason)
        n = self._run.version
        assert n is not None
        async with self._database.write() as connection:
            stored = await reports.add(connection, self._generation.artifact_id, n, report)
        await self._conclude(stored)

    async def _answer_in_words(self, outcome: Outcome, values: dict[str, Any]) -> None:
        """Keep an answer without a document: a question back, a refusal, a recipe declined."""
        generation = self._generation
        async with self._database.write() as connection:
            await messages.add(
                connection,
                generation.artifact_id,
                role="assistant",
                kind="declined" if _declined(outcome) else "answer",
                text=outcome.prose or "The model answered with nothing.",
                generation_id=generation.id,
            )
            await artifacts.touch(connection, generation.artifact_id)
        await self._end(State.DONE, **values)

    async def _fail(self, error: Error, **values: Any) -> None:
        detail = {
            "code": error.code,
            "message": without_lone_surrogates(error.message),  # a host's words may hold any
            "action": without_lone_surrogates(error.action),
        }
        await self._end(State.FAILED, error=detail, **values)

    async def stopped(self) -> None:
        """End a generation whose task was cancelled, as the run's `stopping` says."""
        if self._ended:
            return
        self._run.stopped = True
        if self._gone:
            await self._end(State.CANCELLED)
        elif self._run.version is not None:
            await self._end_untested("The test was stopped before it had ended.")
        elif self._run.stopping is State.INTERRUPTED:
            await self._end(State.INTERRUPTED, error=generations.INTERRUPTED)
        else:
            await self._end(State.CANCELLED)

    def _state(
        self, state: State, *, version: int | None = None, error: Json | None = None
    ) -> None:
        self._run.state, self._run.version = state, version or self._run.version
        self._unsaved["state"] = state
        told = shapes.state_event(
            self._generation,
            state=str(state),
            version=self._run.version,
            error=error,
            attempt=self._run.attempt,
        )
        self._run.emit("state", **told)

    async def _end(self, state: State, *, error: Json | None = None, **values: Any) -> None:
        self._ended = True
        version = self._run.version
        self._run.withhold()
        await self._enter(state, error)
        self._state(state, version=version, error=error)
        self._run.emit("end", state=str(state), version=version)
        self._unsaved.update(
            values,
            error=error,
            version=version,
            ended=datetime.now(UTC),
            owner=None,
            lease_expires=None,
        )
        try:
            await self._save()
        finally:
            self._run.show()

    async def _enter(self, state: State, error: Json | None) -> None:
        """Write the ledger; whoever hears of the end finds there what it led to."""
        if self._gone or self._entered:  # its end may have to be told twice, if a disk was full
            return
        self._entered = True
        ended = Ended(state, report=self._report, error=error, **self._spent)
        try:
            await self._repairing.ended(self._run, ended)
        except Exception:  # noqa: BLE001 logged in full; what was made stands, and no repair starts
            self._run.series = None
            _log.exception("the ledger of %s could not be written", self._generation.id)

    @asynccontextmanager
    async def _journaling(self) -> AsyncIterator[None]:
        performing = asyncio.current_task()
        assert performing is not None
        writer = asyncio.create_task(self._write_journal(performing))
        try:
            yield
        finally:
            self._run.end()
            writer.cancel()
            await asyncio.wait([writer])

    async def _write_journal(self, performing: asyncio.Task[None]) -> None:
        while True:
            if not self._run.unwritten():
                await self._run.changed()
            await asyncio.sleep(JOURNAL_SECONDS)
            try:
                await whole(self._save())
            except Exception:  # noqa: BLE001 a full disk may pass; the batch is tried again
                _log.exception("could not write the journal of %s", self._generation.id)
            if self._gone:
                performing.cancel()  # nobody would read what the model says, and somebody pays
                return

    async def _save(self) -> None:
        """Write what the journal and the record lack, in one transaction."""
        async with self._database.write() as connection:
            batch = self._run.unwritten()
            changes = {**self._unsaved, "characters": self._run.characters}
            # First, for an entry needs its generation.
            self._gone = not await generations.change(connection, self._generation.id, **changes)
            if not self._gone:
                await journal.append(connection, self._generation.id, batch)
        # The lock is let go after the commit, and from there to here nothing else can run.
        self._run.written(batch)
        for name, value in changes.items():
            if self._unsaved.get(name) is value:
                del self._unsaved[name]


async def whole(work: Coroutine[Any, Any, T]) -> T:
    """Await work that a cancellation must not cut in two: it ends first, then we are cancelled."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _declined(outcome: Outcome) -> bool:
    return outcome.stop is not None and outcome.stop.reason == "declined"


def _usage(usage: Usage) -> Json | None:
    values = asdict(usage)
    return None if all(value is None for value in values.values()) else values


def _cost(tariff: Tariff | None, usage: Usage) -> Json | None:
    cost = tariff.cost(usage) if tariff else None
    return None if cost is None else dict(cost)


def _rounded(value: float | None) -> int | None:
    return None if value is None else round(value)
