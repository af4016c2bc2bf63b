"""Watches the page that holds a tool: where it goes, what opens, what it still answers."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

from sandbox.prove.canaries import Ear
from sandbox.prove.cases import OUTSIDE, Canary
from tests.sandbox.drivers.page import DriverError, Page
from tests.sandbox.places import HOST_SECRET

MOST_DIALOGS = 3
MOST_DOWNLOADS = 3
MOST_ENTRIES = 5
MOST_LOADS = 10
FROZEN_SECONDS = 2.0
SHARED_SECONDS = 0.5  # an idle page that is silent for so long shares the silence
MOST_SILENCES = 8  # that an idle page shares, until it is no matter whose they are
BACK_SECONDS = 2.5  # our page goes back by itself meanwhile, on a busy machine too
AWAY_SECONDS = 0.4  # a box that has the focus again by then has not lost it
_ONLY_OWN = frozenset({Canary.FOCUS, Canary.FULLSCREEN, Canary.TRAPPED, Canary.SCROLLED})

# What a host could have: put where only a document of the host's own origin may find it.
PLANTED = f"""if (window === top) {{
  window.fooled = undefined;
  const channel = new BroadcastChannel("host");
  channel.onmessage = () => channel.postMessage("{HOST_SECRET}");
  localStorage.setItem("secret", "{HOST_SECRET}");
  sessionStorage.setItem("secret", "{HOST_SECRET}");
  indexedDB.open("host-secret");
  caches.open("host-secret");
  addEventListener("DOMContentLoaded", () => {{
    document.querySelector("#change")?.focus();
    window.boxHadFocus = document.activeElement?.id === "change";
  }});
}}"""


_LOST_FOCUS = """window.boxHadFocus && document.activeElement?.id !== "change"
  ? document.activeElement?.nodeName : ''"""
_SCROLLED = """(() => {
  let moved = 0;
  for (let at = document.querySelector("iframe"); at; at = at.parentElement) moved += at.scrollTop;
  return moved + document.scrollingElement.scrollTop;
})()"""


class Watch:
    """One page and its ear."""

    def __init__(self, page: Page, ear: Ear) -> None:
        self._page = page
        self._ear = ear
        self._url = ""
        self._left = False
        self._held_back: str | None = None

    async def go(self, url: str) -> None:
        self._url = url
        await self._page.go(url)

    async def sees(self, canary: Canary, seconds: float) -> bool:
        """Wait for this sign; `False` when it did not come in time."""
        if canary in OUTSIDE:
            return await self._ear.hears(canary, seconds)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if await self._sign(canary):
                return True
            await asyncio.sleep(0.1)
        return False

    async def signs(self, own: Canary) -> list[str]:
        """Return all signs that something got out, in words; a person's act moves the focus."""
        outside = [f"{canary.value}: {what[0]}" for canary, what in self._ear.heard.items()]
        looked_for = [canary for canary in Canary if canary is own or canary not in _ONLY_OWN]
        inside = [f"{c.value}: {said}" for c in looked_for if (said := await self._sign(c))]
        return outside + inside

    async def _sign(self, canary: Canary) -> str:
        if canary in OUTSIDE:
            return ""
        return str(await getattr(self, f"_{canary.value}_sign")())

    async def _fullscreen_sign(self) -> str:
        """To Chromium each question is a press in the page that is asked, and in no tool."""
        filled = await self._ask("document.fullscreenElement?.nodeName ?? ''")
        return f"{filled} fills the screen" if filled else ""

    async def _navigated_sign(self) -> str:
        if self._page.asked_to_stay or self._left:
            return ""
        now = await self._page.where()
        if now is None:
            return "the host page was closed"
        now = now.partition("#")[0]
        return "" if now == self._url else f"the host page went to {now}"

    async def _opened_sign(self) -> str:
        return ", ".join(self._page.opened)

    async def _dialogs_sign(self) -> str:
        shown = self._page.dialogs
        return f"{shown} dialogs" if shown > MOST_DIALOGS else ""

    async def _downloads_sign(self) -> str:
        saved = self._page.downloads
        return f"{saved} downloads" if saved > MOST_DOWNLOADS else ""

    async def _loads_sign(self) -> str:
        loads = self._page.loads
        return f"{loads} loads" if loads > MOST_LOADS else ""

    async def _history_sign(self) -> str:
        """Where there are more entries than there may be, Back must leave with one press."""
        grown = (await self._ask("history.length") or 0) - self._page.first_entries
        if self._held_back is None and grown > MOST_ENTRIES and not self._left:
            await asyncio.sleep(BACK_SECONDS)
            await self._page.back()
            now = await self._page.where()
            self._left = now is None or now.partition("#")[0] != self._url
            self._held_back = "" if self._left else f"Back stays here, after {grown} entries"
        return self._held_back or ""

    async def _focus_sign(self) -> str:
        if not await self._ask(_LOST_FOCUS):
            return ""
        await asyncio.sleep(AWAY_SECONDS)
        now = await self._ask(_LOST_FOCUS)
        return f"the box lost it to {now}" if now else ""

    async def _frozen_sign(self) -> str:
        """Where an idle page is silent at the same moment, nobody ran: ask again."""
        said = ""
        for _ in range(MOST_SILENCES):
            idle = asyncio.create_task(self._longest_silence_beside())
            began = time.monotonic()
            answer = await self._ask("1", FROZEN_SECONDS)
            silent = time.monotonic() - began
            idle.cancel()
            beside = await idle
            if answer is not None or silent < FROZEN_SECONDS:
                return ""
            said = f"silent for {silent:.1f} s, an idle page for {beside:.1f} s"
            if beside < SHARED_SECONDS:
                break
        return said

    async def _longest_silence_beside(self) -> float:
        """Ask a page that holds nothing, again and again until cancelled."""
        longest, began = 0.0, time.monotonic()
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                began = time.monotonic()
                await asyncio.sleep(0.05)
                await self._page.ask_beside()
                longest = max(longest, time.monotonic() - began)
        return max(longest, time.monotonic() - began)

    async def _proof_sign(self) -> str:
        for proof in await self._page.in_frames("window.proof"):
            if proof is True or HOST_SECRET in str(proof):
                return f"the tool has {str(proof)[:80]}"
        return ""

    async def _trapped_sign(self) -> str:
        self._left = True
        await self._page.leave()
        return "asked whether to leave" if self._page.asked_to_stay else ""

    async def _scrolled_sign(self) -> str:
        moved = await self._ask(_SCROLLED)
        return f"the page was scrolled by {moved}" if moved else ""

    async def _fooled_sign(self) -> str:
        return str(await self._ask("window.fooled ?? ''") or "")

    async def _ask(self, script: str, seconds: float = 2) -> Any:
        try:
            async with asyncio.timeout(seconds):
                return await self._page.evaluate(script)
        except (DriverError, TimeoutError):
            return None
