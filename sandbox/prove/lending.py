"""What a page that tries attacks cannot do by itself, lent to it by a program that drives it.

A hand (real input), a tab of its own for what runs with no walls, eyes in the tool, and an ear
for names that are looked up.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from playwright.async_api import BrowserContext, Frame, Page
from playwright.async_api import Error as BrowserError

from sandbox.prove.canaries import Ear, NameServer
from sandbox.prove.cases import Attack, Canary
from sandbox.prove.gestures import perform


class Lending:
    """`lend` is what the page calls: `{part, ...}` with one case's fields beside the part."""

    def __init__(
        self,
        context: BrowserContext,
        page: Page,
        attacks: Mapping[str, Attack],
        names: NameServer | None,
    ) -> None:
        self._context = context
        self._page = page
        self._attacks = attacks
        self._names = names
        self._tab: Page | None = None
        self._case: Mapping[str, Any] = {}
        self._part = ""
        self._ear: Ear | None = None
        self._opened = 0
        context.on("page", self._on_page)

    def _on_page(self, _page: Page) -> None:
        self._opened += 1

    async def lend(self, wish: Mapping[str, Any]) -> dict[str, Any]:
        if wish["part"] == "control":
            return {"acted": await self._control(wish)}
        if wish["part"] == "attack":
            return {"acted": await self._attack(wish)}
        if wish["part"] == "look":
            return await self._look()
        await self._end()
        return {}

    async def _control(self, case: Mapping[str, Any]) -> bool:
        self._begin("control", case)
        self._tab = await self._context.new_page()
        self._opened = 0
        with contextlib.suppress(BrowserError):
            await self._tab.goto(case["tab"], wait_until="commit")
        tab = self._tab

        async def find() -> Page:
            return tab

        return await perform(self._attacks[case["name"]], tab, find)

    async def _attack(self, case: Mapping[str, Any]) -> bool:
        self._begin("attack", case)
        await self._page.bring_to_front()

        async def find() -> Frame:
            frame = await self._held()
            if frame is None:
                raise BrowserError("it is gone")
            return frame

        return await perform(self._attacks[case["name"]], self._page, find)

    def _begin(self, part: str, case: Mapping[str, Any]) -> None:
        self._part, self._case, self._opened = part, case, 0
        if self._names is not None:
            label = case["names"][part]
            self._ear = self._names.ears[label] = Ear(label)

    async def _look(self) -> dict[str, Any]:
        return {
            # With no walls a tab that opens is no sign yet: what it asks for is.
            "opened": self._opened if self._part == "attack" else 0,
            "gained": await self._has_gained(),
            "looked_up": self._ear is not None and Canary.DNS in self._ear.heard,
        }

    async def _has_gained(self) -> bool:
        place = self._tab.main_frame if self._tab else await self._held()
        frames = [place, *place.child_frames] if place else []
        for frame in frames:
            with contextlib.suppress(BrowserError):
                if await frame.evaluate("window.proof") is True:
                    return True
        return False

    async def _held(self) -> Frame | None:
        handle = await self._page.query_selector(f'iframe[data-attack="{self._case["name"]}"]')
        return await handle.content_frame() if handle else None

    async def _end(self) -> None:
        """Close whatever opened; a tab that hangs is not waited for."""
        self._tab = None
        for page in self._context.pages:
            if page is not self._page:
                with contextlib.suppress(BrowserError):
                    await page.close()
        if self._names is not None and self._ear is not None:
            self._names.ears.pop(self._ear.label, None)
        self._ear = None
