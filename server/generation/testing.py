"""Testing a version: the smoke test, its report in the store, and word of it to open pages."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from sandbox.grants import Grants
from sandbox.report import Report, Verdict
from sandbox.smoke import Progress
from server import shapes
from server.generation.hub import Hub
from server.granting import in_force
from server.store import reports, versions
from server.store.database import Database
from server.store.records import StoredReport

_log = logging.getLogger(__name__)


class SmokeTest(Protocol):
    """What runs a document in a real browser; `sandbox.smoke.SmokeTester` is the one."""

    def turn(
        self, on_progress: Callable[[Progress], None] | None
    ) -> AbstractAsyncContextManager[None]: ...

    async def test_now(
        self,
        html: str,
        *,
        grants: Grants = ...,
        on_progress: Callable[[Progress], None] | None = ...,
    ) -> Report: ...


class VersionTester:
    """Tests stored versions."""

    def __init__(self, database: Database, smoke: SmokeTest, hub: Hub) -> None:
        self._database = database
        self._smoke = smoke
        self._hub = hub

    async def test(
        self,
        artifact_id: str,
        n: int,
        *,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> StoredReport | None:
        """Run the smoke test on version `n` and store what it saw as the newest report.

        None: the version is gone, with the bin that it was in.
        """
        async with self._smoke.turn(on_progress):
            async with self._database.read() as connection:
                html = await versions.source(connection, artifact_id, n)
                if html is None:
                    return None
                grants = await in_force(connection, artifact_id, n, html)
            try:
                report = await self._smoke.test_now(html, grants=grants, on_progress=on_progress)
            except Exception as error:  # noqa: BLE001 logged in full; the version stands all the same
                _log.exception("A version could not be tested.")
                reason = f"The test could not be run: {type(error).__name__}: {error}"
                report = Report(Verdict.NOT_TESTED, reason=reason)
        async with self._database.write() as connection:
            if await versions.source(connection, artifact_id, n) is None:
                return None
            return await reports.add(connection, artifact_id, n, report)

    async def test_and_notify(self, artifact_id: str, n: int) -> None:
        """As `test`, for a version that no running generation announces."""
        stored = await self.test(artifact_id, n)
        if stored is None:
            return
        data = {"generation": None, "version": n, "report": shapes.report(stored)}
        self._hub.notify(artifact_id, "report", json.dumps(data, ensure_ascii=False))
