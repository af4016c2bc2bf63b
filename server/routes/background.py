"""Work that goes on after an answer was sent; the application waits for it when it stops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from fastapi import Request

_log = logging.getLogger(__name__)


class Background:
    """Holds tasks, so that none is lost to garbage collection and each failure is logged."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.error("background work failed", exc_info=task.exception())

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks))


def in_background(request: Request, work: Coroutine[Any, Any, Any]) -> None:
    """Start work that the answer does not wait for."""
    background: Background = request.app.state.background
    background.start(work)
