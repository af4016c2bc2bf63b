"""One warm browser, a new context a test; a browser that is gone is started again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from playwright.async_api import Browser, BrowserContext, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

if TYPE_CHECKING:
    from sandbox.smoke.browsers import BrowserChoice

LAUNCH_SECONDS = 10.0
CLOSE_SECONDS = 3.0
VIEWPORT_WIDTH, VIEWPORT_HEIGHT = 1280, 800

# Quiet and offline: nothing but this machine's own frame app can be reached, by name, by address
# or through a proxy (https://peter.sh/experiments/chromium-command-line-switches/).
_ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--metrics-recording-only",
    "--no-pings",
    "--no-proxy-server",
    (
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE *.localhost, EXCLUDE localhost,"
        " EXCLUDE 127.0.0.1"
    ),
    # A tool that allocates without end ends its own tab, not the machine.
    "--js-flags=--max-old-space-size=1024",
)


class BrowserUnavailableError(Exception):
    """The browser cannot be started or does not answer; the message is for a person."""


class BrowserPool:
    """For one event loop. `warm` starts the browser ahead of need; `aclose` leaves no process."""

    def __init__(self, choice: BrowserChoice) -> None:
        self._choice = choice
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self._pid: int | None = None
        self._starting = asyncio.Lock()
        self._warming: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The browser's process, `None` while there is none."""
        return self._pid

    def warm(self) -> None:
        """Start the browser in the background; a failure shows at the first test."""
        if self._warming is None:
            self._warming = asyncio.create_task(self._warm())

    async def _warm(self) -> None:
        with suppress(BrowserUnavailableError):
            await self._ready()

    async def open_context(self) -> BrowserContext:
        """Open a fresh context, starting the browser (again) if need be.

        Raises `BrowserUnavailableError`.
        """
        for attempt in (1, 2):
            browser = await self._ready()
            try:
                async with asyncio.timeout(CLOSE_SECONDS):
                    return await browser.new_context(
                        viewport={"width": VIEWPORT_WIDTH, "height": VIEWPORT_HEIGHT},
                        accept_downloads=False,
                        locale="en-US",
                        color_scheme="light",
                    )
            except (PlaywrightError, TimeoutError) as error:
                await self.discard(browser)
                if attempt == 2:  # noqa: PLR2004 - the last one
                    raise BrowserUnavailableError(_first_line(error)) from error
        raise AssertionError("the loop returns or raises")

    async def close_context(self, context: BrowserContext) -> None:
        """Close a context; if that does not work, the browser goes with it."""
        browser = context.browser
        try:
            async with asyncio.timeout(CLOSE_SECONDS / 2):
                await context.close()
        except (PlaywrightError, TimeoutError):
            if browser is not None:
                await self.discard(browser)

    async def discard(self, browser: Browser) -> None:
        """End a browser that is gone or does not answer, and the driver with it."""
        async with self._starting:
            if browser is self._browser:
                await self._end()

    async def aclose(self) -> None:
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.wait((self._warming,))
        async with self._starting:
            await self._end()

    async def _ready(self) -> Browser:
        async with self._starting:
            if self._browser is not None and self._browser.is_connected():
                return self._browser
            await self._end()
            try:
                async with asyncio.timeout(LAUNCH_SECONDS + CLOSE_SECONDS):
                    return await self._launch()
            except (PlaywrightError, TimeoutError, OSError) as error:
                await self._end()
                message = f"{self._choice.name} at {self._choice.path} does not start"
                raise BrowserUnavailableError(f"{message}: {_first_line(error)}") from error

    async def _launch(self) -> Browser:
        self._playwright = await async_playwright().start()
        self._browser = await self._playwright.chromium.launch(
            executable_path=self._choice.path,
            headless=True,
            args=list(_ARGUMENTS),
            # Chromium's own sandbox refuses to run as root; for anyone else it stays on.
            chromium_sandbox=not _is_root(),
            timeout=LAUNCH_SECONDS * 1000,
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )
        session = await self._browser.new_browser_cdp_session()
        processes = await session.send("SystemInfo.getProcessInfo")
        self._pid = next(
            (item["id"] for item in processes["processInfo"] if item["type"] == "browser"), None
        )
        await session.detach()
        return self._browser

    async def _end(self) -> None:
        browser, self._browser = self._browser, None
        playwright, self._playwright = self._playwright, None
        pid, self._pid = self._pid, None
        closed = browser is None or await _within(CLOSE_SECONDS, browser.close())
        if not closed and pid is not None:
            _kill(pid)
        if playwright is not None:
            await _within(CLOSE_SECONDS, playwright.stop())


async def _within(seconds: float, work: object) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await work  # type: ignore[misc]
    except (PlaywrightError, TimeoutError):
        return False
    return True


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or "it does not answer").splitlines()[0]
