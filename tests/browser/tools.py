"""An imported tool, and the pages of a person who uses it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Locator

from sandbox.policy import host_headers
from tests.conftest import Api

PATIENCE = 30_000  # milliseconds: the bound of a wait on a busy machine, not a promise

# Presses the page's button of that name when it comes, before any time has passed.
PRESSES_AT_ONCE = """window === top && addEventListener("DOMContentLoaded", () => {
  new MutationObserver((_, watching) => {
    const all = [...document.querySelectorAll("button")];
    const button = all.find((one) => one.textContent === NAME);
    if (!button) return;
    watching.disconnect();
    button.click();
    window.pressedAtOnce = true;
  }).observe(document.body, { childList: true, subtree: true });
})"""


@contextlib.asynccontextmanager
async def wide_context(browser: Browser, **options: Any) -> AsyncIterator[BrowserContext]:
    """Pages of a desktop."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, **options)
    context.set_default_timeout(PATIENCE)
    yield context
    await context.close()


def module_page(find: Callable[[str], Path]) -> Callable[..., Awaitable[None]]:
    """An application: an empty page of ours, and beside it the modules that are found."""

    async def answer(scope: Any, _receive: Any, send: Any) -> None:
        path = scope["path"][1:]
        is_script = path.endswith(".js")
        body = find(path).read_bytes() if is_script else b"<!doctype html><p>"
        kind = b"text/javascript" if is_script else b"text/html; charset=utf-8"
        headers = [(name.encode(), value.encode()) for name, value in host_headers(("'self'",))]
        headers.append((b"content-type", kind))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return answer


async def until(holds: Callable[[], Awaitable[bool]], told: Callable[[], Any] = str) -> None:
    """Wait for what no event tells of; `told` says what there was instead."""
    deadline = time.monotonic() + 60
    while not await holds():
        assert time.monotonic() < deadline, told()
        await asyncio.sleep(0.05)


async def press(button: Locator) -> None:
    """Press what is in a frame that has only just come into sight; wait for nothing that follows.

    Until a frame of another site can be hit, Chromium loses a press now and then and tells nobody.
    """
    await button.evaluate("(on) => on.addEventListener('mousemove', () => { on.dataset.hit = '' })")
    await until(functools.partial(_is_hit, button))
    await button.click(no_wait_after=True)


async def _is_hit(button: Locator) -> bool:
    for x in (4, 5):
        await button.hover(position={"x": x, "y": 4})
    return await button.get_attribute("data-hit") is not None


class Imported:
    """A tool that was imported, and what the server keeps of it."""

    def __init__(self, api: Api, html: str) -> None:
        self.api = api
        told = api("POST", "/api/artifacts/import", status=201, html=html)
        self.id: str = told["artifact"]["id"]
        self.url = f"{str(api.client.base_url).rstrip('/')}{told['artifact']['url']}"
        self.frame_url: str = told["version"]["frame_url"]

    @property
    def data(self) -> dict[str, Any]:
        kept: dict[str, Any] = self.api("GET", f"/api/artifacts/{self.id}/data")
        return kept
