"""Browsers that are slow to start: each serves page after page until it no longer answers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from sandbox.prove.cases import Attack, Canary, Probe
from tests.sandbox.drivers.page import DriverError

CLOSE_SECONDS = 5.0
MOST_PAGES = 40
"""After so many a browser is replaced: it grows."""


class Running(Protocol):
    async def kill(self) -> None:
        """End it and all that it started."""


class Closing(Protocol):
    async def close(self) -> None:
        """Give it up. Raises `DriverError`."""


B = TypeVar("B", bound=Running)
P = TypeVar("P", bound=Closing)


@dataclass
class Seat(Generic[B]):
    """Room for one browser."""

    browser: B | None = None
    pages: int = 0
    spent: bool = False  # it must serve no other page

    async def clear(self) -> None:
        if self.browser is not None:
            await self.browser.kill()
        self.browser, self.pages, self.spent = None, 0, False


class Pool(Generic[B]):
    """At most `size` browsers, each lent to one page at a time."""

    def __init__(self, size: int, launch: Callable[[], Awaitable[B]]) -> None:
        self._launch = launch
        self._seats = [Seat[B]() for _ in range(size)]
        self._free: asyncio.LifoQueue[Seat[B]] = asyncio.LifoQueue()
        for seat in self._seats:
            self._free.put_nowait(seat)

    @contextlib.asynccontextmanager
    async def seat(self) -> AsyncIterator[tuple[Seat[B], B]]:
        """Lend a browser for one page; what went wrong with it goes wrong with no other page."""
        seat = await self._free.get()
        try:
            if seat.spent or seat.pages >= MOST_PAGES:
                await seat.clear()
            if seat.browser is None:
                seat.browser = await self._launch()
            seat.pages += 1
            yield seat, seat.browser
        except BaseException:
            seat.spent = True
            raise
        finally:
            self._free.put_nowait(seat)

    @contextlib.asynccontextmanager
    async def page(
        self, open_page: Callable[[B], Awaitable[P]], case: Attack | Probe | None
    ) -> AsyncIterator[P]:
        """Lend a page of a browser; one that may have been frozen serves no other."""
        async with self.seat() as (seat, browser):
            page = await open_page(browser)
            try:
                yield page
            finally:
                if isinstance(case, Attack) and case.canary is Canary.FROZEN:
                    seat.spent = True
                try:
                    async with asyncio.timeout(CLOSE_SECONDS):
                        await page.close()
                except (DriverError, TimeoutError):
                    seat.spent = True

    async def close(self) -> None:
        for seat in self._seats:
            await seat.clear()


async def start(command: list[str], home: Path, **environment: str) -> asyncio.subprocess.Process:
    """Start a program with a home of its own, in a process group that ends as one."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)  # noqa: ASYNC240 a temporary folder
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return await asyncio.create_subprocess_exec(
        *command,
        env={**kept, "HOME": str(home), "XDG_RUNTIME_DIR": str(home), **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )


async def end(process: asyncio.subprocess.Process, home: Path) -> None:
    """End a program with all that it started, and remove its home."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    shutil.rmtree(home, ignore_errors=True)


async def drain(process: asyncio.subprocess.Process) -> None:
    """Read what it says to the end, so that it never waits for a reader."""
    assert process.stdout is not None
    while await process.stdout.read(65536):
        pass
