"""Chromium, driven by Playwright."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from playwright.async_api import (
    Browser,
    BrowserContext,
    Dialog,
    Frame,
    Request,
    async_playwright,
)
from playwright.async_api import Error as BrowserError
from playwright.async_api import Page as BrowserPage

from sandbox.prove.browser import POWERS, options
from sandbox.prove.canaries import NameServer
from sandbox.prove.cases import Attack, Canary, Kind, Probe
from sandbox.prove.gestures import perform
from sandbox.smoke.browsers import BrowserChoice, find_browser
from tests.sandbox.drivers.page import TOOL, DriverError, Page
from tests.sandbox.watch import PLANTED

TAKE_HINTS = frozenset({Kind.LINKS, Kind.DNS})
"""Private windows take no hints, so these run in a profile like a person's."""

ATTACK_SECONDS, PROBE_SECONDS = 10.0, 30.0
"""How long an element is waited for. An attack may have taken it away; a probe never does."""

Launch = Callable[[], contextlib.AbstractAsyncContextManager[Browser]]


@contextlib.asynccontextmanager
async def open_chromium(names: NameServer | None, folder: Path) -> AsyncIterator[Chromium]:
    """A browser with private windows and, once it is wanted, one like a person's."""
    launched = _options(names, folder)
    async with async_playwright() as playwright, contextlib.AsyncExitStack() as stack:

        @contextlib.asynccontextmanager
        async def launch() -> AsyncIterator[Browser]:
            browser = await playwright.chromium.launch(**launched)
            try:
                yield browser
            finally:
                await browser.close()

        @contextlib.asynccontextmanager
        async def profile() -> AsyncIterator[BrowserContext]:
            context = await playwright.chromium.launch_persistent_context(
                folder / "profile", **launched
            )
            try:
                yield context
            finally:
                await context.close()

        browser = await stack.enter_async_context(launch())
        idle = await browser.new_page()
        yield Chromium(browser, idle, launch, lambda: stack.enter_async_context(profile()))


def _options(names: NameServer | None, folder: Path) -> dict[str, Any]:
    choice = find_browser(os.environ.get("SANDWRIGHT_BROWSER"), os.environ)
    assert isinstance(choice, BrowserChoice), f"{choice.reason} {choice.advice}"
    return options(choice.path, names, folder)


class Chromium:
    name = "chromium"
    at_once = min(4, os.cpu_count() or 1)

    def __init__(
        self, browser: Browser, idle: BrowserPage, launch: Launch, profile: Callable[[], Any]
    ) -> None:
        self.version = browser.version
        self._browser = browser
        self._idle = idle
        self._launch = launch  # what takes the whole browser down has one of its own
        self._profile = profile
        self._daily: BrowserContext | None = None
        self._opening = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def page(self, case: Attack | Probe) -> AsyncIterator[Page]:
        try:
            async with self._context(case) as context:
                made = await context.new_page()
                try:
                    yield ChromiumPage(context, made, self._idle, shared=context is self._daily)
                finally:
                    with contextlib.suppress(BrowserError, TimeoutError):
                        async with asyncio.timeout(5):
                            await made.close()
        except BrowserError as error:
            raise DriverError(str(error)) from error

    @contextlib.asynccontextmanager
    async def _context(self, case: Attack | Probe) -> AsyncIterator[BrowserContext]:
        kind = case.kind if isinstance(case, Attack) else None
        if kind in TAKE_HINTS:
            async with self._opening:
                self._daily = self._daily or await self._profile()
            yield self._daily
            return
        async with contextlib.AsyncExitStack() as stack:
            browser = self._browser
            if isinstance(case, Attack) and (kind is Kind.DENIAL or case.canary is Canary.FROZEN):
                browser = await stack.enter_async_context(self._launch())
            patience = ATTACK_SECONDS if kind is not None else PROBE_SECONDS
            context = await stack.enter_async_context(_window(browser, patience))
            if kind is not None:
                await context.add_init_script(PLANTED)
            if kind is Kind.PERMISSIONS:
                await context.grant_permissions(POWERS)
            yield context


@contextlib.asynccontextmanager
async def _window(browser: Browser, patience: float) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(
        viewport={"width": 1000, "height": 700}, geolocation={"latitude": 1, "longitude": 1}
    )
    context.set_default_timeout(patience * 1000)
    try:
        yield context
    finally:
        with contextlib.suppress(BrowserError, TimeoutError):
            async with asyncio.timeout(5):
                await context.close()


class ChromiumPage(Page):
    def __init__(
        self, context: BrowserContext, page: BrowserPage, idle: BrowserPage, *, shared: bool
    ) -> None:
        super().__init__()
        self._page = page
        self._idle = idle
        self._nested: set[tuple[int, float]] = set()
        page.on("dialog", self._on_dialog)
        page.on("download", lambda _download: self.saw_download())
        page.on("framenavigated", self._on_navigated)
        page.on("request", self._on_request)
        if not shared:  # other runs open tabs there too
            context.on("page", self._on_page)

    async def go(self, url: str) -> None:
        with contextlib.suppress(BrowserError):
            await self._page.goto(url, wait_until="commit")

    async def where(self) -> str | None:
        return None if self._page.is_closed() else self._page.url

    async def evaluate(self, script: str) -> Any:
        return await _evaluated(self._page, script)

    async def ask_beside(self) -> None:
        await _evaluated(self._idle, "1")

    async def in_tool(self, script: str) -> Any:
        return await _evaluated(await self._tool(), script)

    async def in_frames(self, script: str) -> list[Any]:
        found = []
        for frame in self._page.frames:
            with contextlib.suppress(DriverError, TimeoutError):
                async with asyncio.timeout(1):
                    found.append(await _evaluated(frame, script))
        return found

    async def act(self, case: Attack | Probe, *, framed: bool = True) -> bool:
        return await perform(case, self._page, self._tool if framed else self._itself)

    async def back(self) -> None:
        with contextlib.suppress(BrowserError):
            await self._page.go_back(wait_until="commit", timeout=2000)

    async def leave(self) -> None:
        with contextlib.suppress(BrowserError):
            await self._page.close(run_before_unload=True)

    async def _itself(self) -> BrowserPage:
        return self._page

    async def _tool(self) -> Frame:
        handle = await self._page.wait_for_selector(TOOL, state="attached")
        frame = await handle.content_frame()
        assert frame is not None
        return frame

    async def _on_dialog(self, dialog: Dialog) -> None:
        self.asked_to_stay |= dialog.type == "beforeunload"
        self.dialogs += 1
        with contextlib.suppress(BrowserError):
            await dialog.accept(*(["typed"] if dialog.type == "prompt" else []))

    def _on_request(self, request: Request) -> None:
        if request.is_navigation_request() and request.frame is not self._page.main_frame:
            self.loads += 1

    async def _on_navigated(self, frame: Frame) -> None:
        """A nested document is loaded without a request, and this is told of new entries too."""
        if frame.url != "about:srcdoc":
            return
        with contextlib.suppress(DriverError, TimeoutError):
            async with asyncio.timeout(2):
                document = id(frame), await _evaluated(frame, "performance.timeOrigin")
            self.loads += document not in self._nested
            self._nested.add(document)

    def _on_page(self, page: BrowserPage) -> None:
        if page is not self._page:
            self.opened.append(f"a tab {page.url}".strip())


async def _evaluated(where: BrowserPage | Frame, script: str) -> Any:
    try:
        return await where.evaluate(script)
    except BrowserError as error:
        raise DriverError(str(error)) from error
