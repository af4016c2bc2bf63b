"""How long the tool's main thread is waited for, and what its silence means.

A script without end is told from a slow one, and both from a busy machine.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from sandbox.smoke import findings
from sandbox.smoke.run import BrowserLostError, SilentError

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from playwright.async_api import CDPSession

    from sandbox.smoke.devtools import FrameSession

T = TypeVar("T")

_SILENCE_SECONDS = 3.0
_DOUBT_SECONDS = 5.0  # of the processor's time, after the silence
_MOST_DOUBT_SECONDS = 8.0
_IDLE_DOUBT_SECONDS = 4.0  # where no script was seen to run
_SLOW_SECONDS = 1.0  # of the processor's time, after the silence: no longer a busy machine's
_LAST_DOUBT_SECONDS = 1.5  # after the last control was begun


class Patience:
    """With one page: `answered` waits for it, unless something ends the run before (`end`).

    `until` is the loop time at which no new control is begun. `proved`: a script had the processor
    for as long as it takes to call it endless; `spot` is where it, or a slow one, was seen.
    """

    def __init__(self) -> None:
        self.until = 0.0
        self.proved = False
        self.spot: tuple[int | None, int | None, str] | None = None
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._session: FrameSession | None = None
        self._processes: CDPSession | None = None

    def begin(self, session: FrameSession, processes: CDPSession | None) -> None:
        """Take in whom to ask, once the page is open: the tool, and the browser as a whole."""
        self._session, self._processes = session, processes

    def end(self, error: Exception) -> None:
        """End the run, whoever waits."""
        if not self._ended.done():
            self._ended.set_exception(error)

    def raise_if_ended(self) -> None:
        """Raise what ended the run."""
        if self._ended.done() and not self._ended.cancelled():
            self._ended.result()

    def stop(self) -> None:
        """Wait for nothing any more."""
        if not self._ended.cancel():
            self._ended.exception()  # read, so that asyncio does not report it as overlooked

    async def sleep(self, seconds: float) -> None:
        """Wait so long, or until the run has ended."""
        await asyncio.wait((self._ended,), timeout=seconds)

    async def wait(self, task: asyncio.Future[Any], seconds: float) -> None:
        """Wait for it so long, or until the run has ended."""
        await asyncio.wait(
            (task, self._ended), timeout=seconds, return_when=asyncio.FIRST_COMPLETED
        )

    async def answered(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for what needs the tool's main thread.

        Raises `SilentError` when nothing comes for 3 s, and what ended the run when it did.
        """
        task = asyncio.ensure_future(work)
        try:
            await self.wait(task, _SILENCE_SECONDS)
            if not task.done() and not self._ended.done() and self._session is not None:
                await self._wait_in_doubt(task, self._session)
            self.raise_if_ended()
            if task.done():
                return task.result()
            raise SilentError
        finally:
            drop(task)

    async def _wait_in_doubt(self, task: asyncio.Future[T], session: FrameSession) -> None:
        """Tell a script that never ends from a slow one, and both from a busy machine.

        Where the script runs is noted; then it gets more, of the processor's time: what draws a
        fractal takes a while and is done.
        """
        self.spot = await session.interrupt()
        loop = asyncio.get_running_loop()
        begun, before, used = loop.time(), await self._processor_seconds(), 0.0
        last = self.until + _LAST_DOUBT_SECONDS
        most = _MOST_DOUBT_SECONDS if self.spot else _IDLE_DOUBT_SECONDS
        wall = min(begun + most, max(begun, last) + 1)
        while not task.done() and not self._ended.done() and loop.time() < wall:
            await self.wait(task, 0.5)
            used = await self._processor_seconds() - before
            is_last = loop.time() > last and used > _SLOW_SECONDS
            if self.spot and not task.done() and (used > _DOUBT_SECONDS or is_last):
                self.proved = True
                return
        if task.done() and self.spot and used > _SLOW_SECONDS:
            session.add(findings.slow(*self.spot, session.moment))
        if not task.done() and not self._ended.done() and self.spot is None:
            raise BrowserLostError("The page did not answer, though none of its scripts ran.")

    async def _processor_seconds(self) -> float:
        """What the busiest page has used of the processor so far."""
        if self._processes is None:
            return 0.0
        processes = (await self._processes.send("SystemInfo.getProcessInfo"))["processInfo"]
        return max((one["cpuTime"] for one in processes if one["type"] == "renderer"), default=0.0)


def in_background(work: Coroutine[Any, Any, Any]) -> None:
    """Run without waiting; it fails only when the page is gone, which is noticed elsewhere."""
    asyncio.ensure_future(work).add_done_callback(read)


def drop(task: asyncio.Future[Any]) -> None:
    """Stop it, and wait for it no longer."""
    task.cancel()
    task.add_done_callback(read)


def read(task: asyncio.Future[Any]) -> None:
    """Read an outcome that nobody waits for, so that asyncio does not report it as overlooked."""
    if not task.cancelled():
        task.exception()
