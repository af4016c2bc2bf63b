"""Who runs which generation, and what becomes of those whose owner is gone.

Each process that runs generations is an owner: it holds a lock file as long as it lives (the
operating system lets go of it even after `kill -9`) and renews a lease in the database. A
generation is interrupted when its owner's lock is free, or, where no lock file is to be
seen, when its lease has run out; so a restart
knows at once, and commands beside a running server leave that server's work alone. A held
lock outweighs a lease that ran out: a laptop that slept has not died.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.ext.asyncio import AsyncConnection

from server import shapes
from server.generation.hub import Hub
from server.identifiers import new_id
from server.store import generations, journal, ledger, reports
from server.store.database import Database
from server.store.records import REPAIRS, Generation, JournalEntry, State

HEARTBEAT_SECONDS = 2.0
_AHEAD = 1000
_SECOND_LOOK = 30  # beats

_log = logging.getLogger(__name__)


class Leases:
    """One process as an owner; `start` takes the lock and recovers what others left."""

    def __init__(self, database: Database, hub: Hub, folder: Path) -> None:
        self.owner = new_id()
        self._database = database
        self._hub = hub
        self._folder = folder
        self._lock = FileLock(self._path(self.owner), thread_local=False)
        self._heart: asyncio.Task[None] | None = None
        self._idle: set[str] = set()

    def _path(self, owner: str) -> Path:
        return self._folder / f"{owner}.lock"

    async def start(self) -> None:
        await asyncio.to_thread(self._take)
        await self.recover()
        await self._judge_lost_tests()
        self._heart = asyncio.create_task(self._beat())

    async def _judge_lost_tests(self) -> None:
        async with self._database.write() as connection:
            await reports.add_missing(connection, "The server stopped before the test had ended.")

    def _take(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock.acquire()

    async def aclose(self) -> None:
        if self._heart is not None:
            self._heart.cancel()
            await asyncio.wait([self._heart])
        await asyncio.to_thread(self._let_go)

    def _let_go(self) -> None:
        self._lock.release()
        self._path(self.owner).unlink(missing_ok=True)

    async def recover(self) -> list[str]:
        """Mark what no owner runs any more as interrupted; returns the generations' ids."""
        async with self._database.read() as connection:
            active = await generations.active(connection)
        lost = self._lost([one for one in active if one.owner == self.owner])
        others = [one for one in active if one.owner != self.owner]
        gone = await asyncio.to_thread(lambda: [one for one in others if self._is_gone(one)])
        gone += lost
        if not gone:
            return []
        async with self._database.write() as connection:
            for one in gone:
                await self._tell(connection, one, await generations.interrupt(connection, one))
                if one.kind in REPAIRS:
                    await ledger.add_lost(connection, one)
        for one in gone:
            self._hub.ring(one.artifact_id)
        return [one.id for one in gone]

    async def elsewhere(
        self, connection: AsyncConnection, artifact_ids: Iterable[str]
    ) -> list[str]:
        """List those of the artifacts that another living owner generates."""
        asked = set(artifact_ids)
        active = await generations.active(connection)
        others = [one for one in active if one.artifact_id in asked and one.owner != self.owner]
        if not others:
            return []
        living = await asyncio.to_thread(
            lambda: [one for one in others if not self._is_gone(one, tidy=False)]
        )
        return sorted({one.artifact_id for one in living})

    async def _tell(self, connection: AsyncConnection, gone: Generation, state: State) -> None:
        """Write into the journal what the generation could not say itself."""
        # Readers may be ahead of the journal, by what was not written when the server died.
        said = await journal.end(connection, gone.id) + _AHEAD
        error = generations.INTERRUPTED if state is State.INTERRUPTED else None
        told = shapes.state_event(gone, state=str(state), version=gone.version, error=error)
        end = {"generation": gone.id, "state": str(state), "version": gone.version}
        entries = [
            JournalEntry(said + 1, "state", json.dumps(told, ensure_ascii=False)),
            JournalEntry(said + 2, "end", json.dumps(end)),
        ]
        await journal.append(connection, gone.id, entries)

    def _lost(self, own: list[Generation]) -> list[Generation]:
        """Find our own that nothing runs any more: their end could not be stored.

        Only at the second look, for one is in the store a moment before it runs.
        """
        idle = {one.id for one in own if self._hub.get(one.id) is None}
        lost = [one for one in own if one.id in idle & self._idle]
        self._idle = idle
        return lost

    def _is_gone(self, generation: Generation, *, tidy: bool = True) -> bool:
        if generation.owner is None or generation.lease_expires is None:
            return True
        path = self._path(generation.owner)
        if not path.exists():
            return generation.lease_expires < datetime.now(UTC)
        lock = FileLock(path, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        lock.release()
        if tidy:
            path.unlink(missing_ok=True)
        return True

    async def _beat(self) -> None:
        for beat in itertools.count():
            await asyncio.sleep(HEARTBEAT_SECONDS)
            try:
                async with self._database.write() as connection:
                    await generations.renew(connection, self.owner)
                await self.recover()
                if beat == _SECOND_LOOK:
                    await self._judge_lost_tests()  # those too young when the server started
            except Exception:  # noqa: BLE001 a full disk passes; the next beat tries again
                _log.exception("could not renew the lease")
