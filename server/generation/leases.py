"""Who runs which generation, and what becomes of those whose owner is gone.

Each process that runs generations is an owner: it holds a lock file as long as it lives (the
operating system lets go of it even after `kill -9`) and renews a lease in the database. A
generation is interrupted when its owner's lock is free or its lease has run out, so a restart
knows at once, and commands beside a running server leave that server's work alone.
"""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.ext.asyncio import AsyncConnection

from server import shapes
from server.generation.hub import Hub
from server.identifiers import new_id
from server.store import generations, journal
from server.store.database import Database
from server.store.records import Generation, JournalEntry, Json, State

HEARTBEAT_SECONDS = 2.0

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

    def _path(self, owner: str) -> Path:
        return self._folder / f"{owner}.lock"

    async def start(self) -> None:
        await asyncio.to_thread(self._take)
        await self.recover()
        self._heart = asyncio.create_task(self._beat())

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
        gone = await asyncio.to_thread(lambda: [one for one in active if self._is_gone(one)])
        if not gone:
            return []
        async with self._database.write() as connection:
            for one in gone:
                error = await generations.interrupt(connection, one.id)
                await self._tell(connection, one, error)
        for one in gone:
            self._hub.ring(one.artifact_id)
        return [one.id for one in gone]

    async def _tell(self, connection: AsyncConnection, gone: Generation, error: Json) -> None:
        """Write into the journal what the generation could not say itself."""
        said = await journal.end(connection, gone.id)
        state = str(State.INTERRUPTED)
        told = shapes.state_event(gone, state=state, version=gone.version, error=error)
        end = {"generation": gone.id, "state": state, "version": gone.version}
        entries = [
            JournalEntry(said + 1, "state", json.dumps(told, ensure_ascii=False)),
            JournalEntry(said + 2, "end", json.dumps(end)),
        ]
        await journal.append(connection, gone.id, entries)

    def _is_gone(self, generation: Generation) -> bool:
        if generation.owner == self.owner:
            return False
        if generation.owner is None or generation.lease_expires is None:
            return True
        if generation.lease_expires < datetime.now(UTC):
            return True
        path = self._path(generation.owner)
        if not path.exists():
            return True
        lock = FileLock(path, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        lock.release()
        path.unlink(missing_ok=True)
        return True

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            try:
                async with self._database.write() as connection:
                    await generations.renew(connection, self.owner)
                await self.recover()
            except Exception:  # noqa: BLE001 a full disk passes; the next beat tries again
                _log.exception("could not renew the lease")
