"""Watches the page that holds a tool: where it goes, what opens, what it still answers."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

from playwright.async_api import BrowserContext, Dialog, Frame, Page, Request
from playwright.async_api import Error as BrowserError

from sandbox.prove.canaries import Ear
from sandbox.prove.cases import OUTSIDE, Canary
from tests.sandbox.places import HOST_SECRET

MOST_DIALOGS = 3
MOST_DOWNLOADS = 3
MOST_ENTRIES = 5
MOST_LOADS = 10
FROZEN_SECONDS = 2.0
_ONLY_OWN = frozenset({Canary.FOCUS, Canary.TRAPPED, Canary.SCROLLED})

# What a host could have: put where only a document of the host's own origin may find it.
PLANTED = f"""if (window === top) {{
  window.fooled = undefined;
  const channel = new BroadcastChannel("host");
  channel.onmessage = () => channel.postMessage("{HOST_SECRET}");
  localStorage.setItem("secret", "{HOST_SECRET}");
  sessionStorage.setItem("secret", "{HOST_SECRET}");
  indexedDB.open("host-secret");
  caches.open("host-secret");
  addEventListener("DOMContentLoaded", () => document.querySelector("#change")?.focus());
}}"""


_SCROLLED = """(() => {
  let moved = 0;
  for (let at = document.querySelector("iframe"); at; at = at.parentElement) moved += at.scrollTop;
  return moved + document.scrollingElement.scrollTop;
})()"""


class Watch:
    """One page, its context and its ear."""

    def __init__(
        self, context: BrowserContext, page: Page, ear: Ear, *, shared: bool = False
    ) -> None:
        self._context = context
        self._page = page
        self._ear = ear
        self._url = ""
        self._dialogs = self._downloads = self._loads = 0
        self._asked_to_stay = False
        self._opened: list[str] = []
        page.on("dialog", self._on_dialog)
        page.on("download", self._on_download)
        page.on("framenavigated", self._on_navigated)
        page.on("request", self._on_request)
        if not shared:  # other runs open tabs there too
            context.on("page", self._on_page)

    async def go(self, url: str) -> None:
        self._url = url
        with contextlib.suppress(BrowserError):
            await self._page.goto(url, wait_until="commit")

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

    async def _navigated_sign(self) -> str:
        if self._asked_to_stay:
            return ""
        if self._page.is_closed():
            return "the host page was closed"
        now = self._page.url.partition("#")[0]
        return "" if now == self._url else f"the host page went to {now}"

    async def _opened_sign(self) -> str:
        return ", ".join(self._opened)

    async def _dialogs_sign(self) -> str:
        return f"{self._dialogs} dialogs" if self._dialogs > MOST_DIALOGS else ""

    async def _downloads_sign(self) -> str:
        return f"{self._downloads} downloads" if self._downloads > MOST_DOWNLOADS else ""

    async def _loads_sign(self) -> str:
        return f"{self._loads} loads" if self._loads > MOST_LOADS else ""

    async def _history_sign(self) -> str:
        grown = (await self._ask("history.length") or 0) - 2  # the empty page and this one
        return f"{grown} entries" if grown > MOST_ENTRIES else ""

    async def _focus_sign(self) -> str:
        script = "document.querySelector('#change') ? document.activeElement?.id ?? '' : 'change'"
        now = await self._ask(script)
        return f"the box lost it to {now!r}" if now not in (None, "change") else ""

    async def _frozen_sign(self) -> str:
        began = time.monotonic()
        answer = await self._ask("1", FROZEN_SECONDS)
        silent = time.monotonic() - began
        return f"silent for {silent:.1f} s" if answer is None and silent >= FROZEN_SECONDS else ""

    async def _proof_sign(self) -> str:
        for frame in self._page.frames:
            with contextlib.suppress(BrowserError, TimeoutError):
                async with asyncio.timeout(1):
                    proof = await frame.evaluate("window.proof")
                if proof is True or HOST_SECRET in str(proof):
                    return f"the tool has {str(proof)[:80]}"
        return ""

    async def _trapped_sign(self) -> str:
        with contextlib.suppress(BrowserError):
            await self._page.close(run_before_unload=True)
        return "asked whether to leave" if self._asked_to_stay else ""

    async def _scrolled_sign(self) -> str:
        moved = await self._ask(_SCROLLED)
        return f"the page was scrolled by {moved}" if moved else ""

    async def _fooled_sign(self) -> str:
        return str(await self._ask("window.fooled ?? ''") or "")

    async def _ask(self, script: str, seconds: float = 2) -> Any:
        try:
            async with asyncio.timeout(seconds):
                return await self._page.evaluate(script)
        except (BrowserError, TimeoutError):
            return None

    async def _on_dialog(self, dialog: Dialog) -> None:
        self._asked_to_stay |= dialog.type == "beforeunload"
        self._dialogs += 1
        with contextlib.suppress(BrowserError):
            await dialog.accept()

    def _on_download(self, _download: Any) -> None:
        self._downloads += 1

    def _on_request(self, request: Request) -> None:
        if request.is_navigation_request() and request.frame is not self._page.main_frame:
            self._loads += 1

    def _on_navigated(self, frame: Frame) -> None:
        if frame.url == "about:srcdoc":  # loaded without a request
            self._loads += 1

    def _on_page(self, page: Page) -> None:
        if page is not self._page:
            self._opened.append(f"a tab {page.url}".strip())
