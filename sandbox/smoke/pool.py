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
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from sandbox.smoke import memory
from sandbox.smoke.confinement import Confined, Isolation, Launch, prepare, unconfined
from sandbox.smoke.run import BrowserUnavailableError
from sandbox.smoke.switches import NOT_PLAYWRIGHTS, SWITCHES

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.smoke.browsers import BrowserChoice
    from sandbox.smoke.stage import Stage

LAUNCH_SECONDS = 30.0  # on a busy machine
CLOSE_SECONDS = 3.0
# Of a browser that serves another test meanwhile, which would go with it.
CONTEXT_SECONDS = 10.0
VIEWPORT_WIDTH, VIEWPORT_HEIGHT = 1280, 800

# Quiet, and nothing but the stage can be reached: by name, by address, on this machine or another,
# over TCP or UDP (https://peter.sh/experiments/chromium-command-line-switches/). Where the kernel
# keeps the browser's network apart, these are the second wall; elsewhere they are the only one.
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
    # Every request goes to the stage, loopback and link-local addresses too: left to itself,
    # Chromium goes past a proxy for these.
    "--proxy-server=http://127.0.0.1:{port}",
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    # No datagrams at all: no proxy of ours carries them. The second is the older name.
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    # A tool that allocates without end ends its own tab, not the machine.
    "--js-flags=--max-old-space-size=1024",
)


class BrowserPool:
    """For one event loop. `warm` starts the browser ahead of need; `aclose` leaves no process.

    The browser can reach the `stage` and nothing else, and can read what is in `files`.
    """

    def __init__(self, choice: BrowserChoice, stage: Stage, files: Path) -> None:
        self._choice = choice
        self._stage = stage
        self._files = files
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self._launch: Launch | None = None
        self._confined: Confined | None = None
        self._watching: asyncio.Task[None] | None = None
        self._pid: int | None = None
        self._isolation: Isolation | None = None
        self._starting = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def pid(self) -> int | None:
        """The process whose end is the browser's, `None` while there is none."""
        return self._pid

    @property
    def isolation(self) -> Isolation | None:
        """What keeps the last browser apart, `None` before the first."""
        return self._isolation

    async def warm(self) -> None:
        """Start the browser; a failure shows at the first test."""
        with suppress(BrowserUnavailableError):
            await self._ready()

    async def open_context(self) -> BrowserContext:
        """Open a fresh context, starting the browser (again) if need be.

        Raises `BrowserUnavailableError`.
        """
        for attempt in (1, 2):
            browser = await self._ready()
            try:
                async with asyncio.timeout(CONTEXT_SECONDS):
                    return await browser.new_context(
                        viewport={"width": VIEWPORT_WIDTH, "height": VIEWPORT_HEIGHT},
                        accept_downloads=False,
                        locale="en-US",
                        timezone_id="UTC",
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
            async with asyncio.timeout(CONTEXT_SECONDS):
                await context.close()
        except (PlaywrightError, TimeoutError):
            if browser is not None:
                await self.discard(browser)

    def close_context_later(self, context: BrowserContext) -> None:
        """As `close_context`, but nobody waits: for one in which all went well."""
        closing = asyncio.create_task(self.close_context(context))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def discard(self, browser: Browser) -> None:
        """End a browser that is gone or does not answer, and the driver with it."""
        async with self._starting:
            if browser is self._browser:
                await self._end()

    async def aclose(self) -> None:
        async with self._starting:
            await self._end()
        await asyncio.gather(*self._closing)

    async def _ready(self) -> Browser:
        async with self._starting:
            if self._browser is not None and self._browser.is_connected():
                return self._browser
            await self._end()
            try:
                async with asyncio.timeout(LAUNCH_SECONDS + CLOSE_SECONDS):
                    return await self._start()
            except (PlaywrightError, TimeoutError, OSError) as error:
                await self._end()
                message = f"{self._choice.name} at {self._choice.path} does not start"
                slow = isinstance(error, (TimeoutError, PlaywrightTimeoutError))
                raise BrowserUnavailableError(
                    f"{message}: {_first_line(error)}", slow=slow
                ) from error

    async def _start(self) -> Browser:
        self._launch = await asyncio.to_thread(prepare, self._choice, self._files, self._stage.port)
        self._playwright = await async_playwright().start()
        if self._launch is None:
            browser = await self._start_unconfined(self._playwright)
        else:
            browser = await self._start_confined(self._playwright, self._launch)
        self._browser = browser
        return browser

    async def _start_confined(self, playwright: Playwright, launch: Launch) -> Browser:
        receiving = asyncio.create_task(launch.confined())
        # Whether its own sandbox can really stay on is for the program to say.
        starting = asyncio.create_task(self._run(playwright, launch.program, own_sandbox=True))
        try:
            await asyncio.wait((receiving, starting), return_when=asyncio.FIRST_COMPLETED)
            if not receiving.done():
                await starting  # it failed: no browser starts before the program has reported
            self._confined = await receiving
            if self._confined.listener is not None:
                self._stage.serve_on(self._confined.listener)
            self._isolation = self._confined.isolation
            self._pid = self._confined.pid
            self._watching = asyncio.create_task(
                memory.watch(self._pid, memory.most_memory(), self._is_used)
            )
            return await starting
        finally:
            for task in (receiving, starting):
                task.cancel()
            await asyncio.gather(receiving, starting, return_exceptions=True)

    def _is_used(self) -> bool:
        return self._browser is not None and bool(self._browser.contexts)

    async def _start_unconfined(self, playwright: Playwright) -> Browser:
        self._isolation = unconfined()
        browser = await self._run(
            playwright, self._choice.path, own_sandbox=self._isolation.sandbox
        )
        session = await browser.new_browser_cdp_session()
        processes = await session.send("SystemInfo.getProcessInfo")
        self._pid = next(
            (item["id"] for item in processes["processInfo"] if item["type"] == "browser"), None
        )
        await session.detach()
        return browser

    async def _run(self, playwright: Playwright, program: Path, *, own_sandbox: bool) -> Browser:
        return await playwright.chromium.launch(
            executable_path=program,
            headless=True,
            args=[*SWITCHES, *(one.format(port=self._stage.port) for one in _ARGUMENTS)],
            ignore_default_args=[*NOT_PLAYWRIGHTS],
            chromium_sandbox=own_sandbox,
            timeout=LAUNCH_SECONDS * 1000,
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )

    async def _end(self) -> None:
        browser, self._browser = self._browser, None
        playwright, self._playwright = self._playwright, None
        pid, self._pid = self._pid, None
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None
        closed = browser is None or await _within(CLOSE_SECONDS, browser.close())
        if self._confined is not None:
            self._confined.close()  # the program beside the browser ends what is left of it
            self._confined = None
        elif not closed and pid is not None:
            _kill(pid)
        if playwright is not None:
            await _within(CLOSE_SECONDS, playwright.stop())
        await self._stage.leave_all_but_own()
        if self._launch is not None:
            await asyncio.to_thread(self._launch.discard)
            self._launch = None


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


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or "it does not answer").splitlines()[0]
