"""Runs attacks: each unconfined first, then in the workbench and alone; returns what was heard."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field

from playwright.async_api import Browser, BrowserContext, Frame, Page
from playwright.async_api import Error as BrowserError

from sandbox.prove.canaries import NameServer, open_ear
from sandbox.prove.cases import OUTSIDE, Attack, Canary, Kind
from sandbox.prove.gestures import perform
from tests.sandbox.places import Application, Unconfined
from tests.sandbox.watch import PLANTED, Watch

CONTROL_SECONDS = 8.0
"""How long an unconfined attack may take to be heard, on a busy machine."""
QUIET_SECONDS = 1.6
"""How long a confined attack is listened to after the person's act."""
AT_ONCE = 4
ONE_SECONDS = 60.0  # for one run of one attack: one that hangs must not take the others with it
MORE_SECONDS = {Canary.LOADS: 2.0, Canary.DOWNLOADS: 1.0, Canary.FROZEN: 1.0}
POWERS = ("camera", "clipboard-read", "clipboard-write", "geolocation", "local-fonts")
POWERS += ("microphone", "midi", "notifications", "screen-wake-lock")
TAKE_HINTS = frozenset({Kind.LINKS, Kind.DNS})


Launch = Callable[[], contextlib.AbstractAsyncContextManager[Browser]]


@dataclass
class Outcome:
    """What came of one attack. `heard` has one line for each sign of success, by place."""

    attack: Attack
    control: bool = False
    heard: dict[str, list[str]] = field(default_factory=dict)

    @property
    def succeeded(self) -> list[str]:
        return [f"{place}: {what}" for place, all_ in self.heard.items() for what in all_]


@dataclass
class Campaign:
    browser: Browser
    daily: BrowserContext  # a profile like a person's: private windows take no hints
    launch: Launch  # what takes the whole browser down has one of its own
    plain: Unconfined
    plain_url: str
    application: Application
    names: NameServer | None
    places: tuple[str, ...] = ("workbench", "alone")
    controls: bool = True
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    async def run(self, attacks: Iterable[Attack], at_once: int = AT_ONCE) -> None:
        slots = asyncio.Semaphore(at_once)

        async def one(attack: Attack) -> None:
            outcome = self.outcomes[attack.name] = Outcome(attack)
            async with slots:
                if self.controls:
                    try:
                        async with asyncio.timeout(ONE_SECONDS):
                            outcome.control = await self._control(attack)
                    except (BrowserError, TimeoutError) as error:
                        outcome.heard["unconfined"] = [f"could not be run: {str(error)[:200]}"]
                for place in self.places:
                    try:
                        async with asyncio.timeout(ONE_SECONDS):
                            outcome.heard[place] = await self._confined(attack, place)
                    except (BrowserError, TimeoutError) as error:
                        outcome.heard[place] = [f"could not be run: {str(error)[:200]}"]

        async with asyncio.TaskGroup() as group:
            for attack in attacks:
                group.create_task(one(attack))

    async def _control(self, attack: Attack) -> bool:
        async with open_ear(self.names) as ear, self._context(attack) as context:
            self.plain.documents[ear.label] = attack.document(ear.addresses(self.plain_url))
            page = await context.new_page()
            framed = attack.canary not in OUTSIDE or attack.kind is Kind.MESSAGES
            path = f"framed/{ear.label}" if framed else ear.label
            watch = Watch(context, page, ear, shared=context is self.daily)
            await watch.go(f"{self.plain_url}/{path}")
            await perform(attack, page, lambda: frame_in(page) if framed else _itself(page))
            seen = await watch.sees(attack.canary, CONTROL_SECONDS)
            await _close(page)
            return seen

    async def _confined(self, attack: Attack, place: str) -> list[str]:
        async with open_ear(self.names) as ear, self._context(attack) as context:
            document = attack.document(ear.addresses(self.application.url))
            tool = await self.application.put(document)
            page = await context.new_page()
            watch = Watch(context, page, ear, shared=context is self.daily)
            await watch.go(tool.workbench if place == "workbench" else tool.frame)
            await perform(attack, page, lambda: frame_in(page))
            await watch.sees(attack.canary, QUIET_SECONDS + MORE_SECONDS.get(attack.canary, 0))
            await asyncio.sleep(0.2)
            signs = await watch.signs(attack.canary)
            await _close(page)
            return signs

    @contextlib.asynccontextmanager
    async def _context(self, attack: Attack) -> AsyncIterator[BrowserContext]:
        if attack.kind in TAKE_HINTS:
            yield self.daily
            return
        async with contextlib.AsyncExitStack() as stack:
            browser = self.browser
            if attack.kind is Kind.DENIAL or attack.canary is Canary.FROZEN:
                browser = await stack.enter_async_context(self.launch())
            yield await stack.enter_async_context(_private_window(browser, attack))


@contextlib.asynccontextmanager
async def _private_window(browser: Browser, attack: Attack) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(
        viewport={"width": 1000, "height": 700}, geolocation={"latitude": 1, "longitude": 1}
    )
    context.set_default_timeout(10_000)
    await context.add_init_script(PLANTED)
    if attack.kind is Kind.PERMISSIONS:
        await context.grant_permissions(list(POWERS))
    try:
        yield context
    finally:
        with contextlib.suppress(BrowserError, TimeoutError):
            async with asyncio.timeout(5):
                await context.close()


async def _itself(page: Page) -> Page:
    return page


async def _close(page: Page) -> None:
    with contextlib.suppress(BrowserError, TimeoutError):
        async with asyncio.timeout(5):
            await page.close()


async def frame_in(page: Page) -> Frame:
    handle = await page.wait_for_selector('iframe[title]:not([title=""])', state="attached")
    frame = await handle.content_frame()
    assert frame is not None
    return frame
