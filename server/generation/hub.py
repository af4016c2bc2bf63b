"""Where readers find the generations that this process runs."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass

from server.generation.ahead import Ahead
from server.generation.run import Run
from server.store.records import JournalEntry

_KEPT_NOTICES = 200


@dataclass(frozen=True, slots=True)
class Notice:
    """An event of an artifact that belongs to no running generation: a re-test's report."""

    serial: int
    artifact_id: str
    entry: JournalEntry


class Hub:
    """Runs by id and by frame secret, and a bell for each artifact."""

    def __init__(self) -> None:
        self.ahead = Ahead()
        self._by_id: dict[str, Run] = {}
        self._by_secret: dict[str, Run] = {}
        self._bells: dict[str, asyncio.Event] = {}
        self._rings: Counter[str] = Counter()
        self._notices: deque[Notice] = deque(maxlen=_KEPT_NOTICES)
        self._serial = 0

    def add(self, run: Run) -> None:
        self._by_id[run.generation.id] = run
        self._by_secret[run.generation.secret] = run
        self.ahead.begin(run.generation.secret)
        self.ring(run.generation.artifact_id)

    def remove(self, run: Run) -> None:
        self._by_id.pop(run.generation.id, None)
        self._by_secret.pop(run.generation.secret, None)

    def get(self, generation_id: str) -> Run | None:
        return self._by_id.get(generation_id)

    def by_secret(self, secret: str) -> Run | None:
        return self._by_secret.get(secret)

    def busy(self, artifact_id: str) -> bool:
        """Whether a generation of the artifact runs or waits here."""
        return bool(self.of(artifact_id))

    def of(self, artifact_id: str) -> list[Run]:
        """List the artifact's runs here, the one that runs and those that wait."""
        return [run for run in self._by_id.values() if run.generation.artifact_id == artifact_id]

    def artifacts(self) -> list[str]:
        """List the artifacts that something runs or waits for here."""
        return list(dict.fromkeys(run.generation.artifact_id for run in self._by_id.values()))

    def notify(self, artifact_id: str, kind: str, data: str) -> None:
        """Tell the artifact's open pages something, once; it is not journaled."""
        self._serial += 1
        self._notices.append(Notice(self._serial, artifact_id, JournalEntry(0, kind, data)))
        self.ring(artifact_id)

    @property
    def serial(self) -> int:
        """The number of the last notice: what a new reader need not see again."""
        return self._serial

    def notices(self, artifact_id: str, after: int) -> list[Notice]:
        return [
            notice
            for notice in self._notices
            if notice.artifact_id == artifact_id and notice.serial > after
        ]

    def ring(self, artifact_id: str) -> None:
        """Wake every reader of the artifact, and those that were about to wait."""
        self._rings[artifact_id] += 1
        bell = self._bells.pop(artifact_id, None)
        if bell is not None:
            bell.set()

    def rings(self, artifact_id: str) -> int:
        """How often the artifact's bell rang; ask before looking, and give it to `heard`."""
        return self._rings[artifact_id]

    async def heard(self, artifact_id: str, rings: int, timeout: float) -> None:  # noqa: ASYNC109 a bound, not an error
        """Wait until the bell has rung more often than `rings`, or `timeout` seconds."""
        if self._rings[artifact_id] != rings:
            return
        bell = self._bells.setdefault(artifact_id, asyncio.Event())
        try:
            async with asyncio.timeout(timeout):
                await bell.wait()
        except TimeoutError:
            return
