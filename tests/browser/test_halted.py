"""What a page remembers of tools that took it down, and what holds before its modules come."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from playwright.async_api import Error as BrowserError
from playwright.async_api import Page, Route, expect

from tests.browser.tools import Imported, until
from tests.conftest import Api, Process

pytestmark = pytest.mark.timeout(120)

RECORD = "JSON.parse(localStorage.getItem('sandwright.trouble') ?? '{}')"
LATER = "if (window === top) { const now = Date.now; Date.now = () => now() + 60_000 }"


async def test_a_tool_that_takes_the_page_with_it_while_it_starts_does_not_run_again_unasked(
    page: Page, server: Process, api: Api
) -> None:
    html = "<h1>Starts</h1><script>setTimeout(() => { for (;;); })</script>"
    tool = Imported(api(server.url), html)
    await page.goto(tool.url, wait_until="commit")

    async def is_on_record() -> bool:
        return [one["reason"] for one in (await page.evaluate(RECORD)).values()] == ["starting"]

    await until(is_on_record)
    [began] = [one["at"] for one in (await page.evaluate(RECORD)).values()]
    session = await page.context.new_cdp_session(page)
    async with page.expect_event("crash"):
        dying = asyncio.ensure_future(session.send("Page.crash"))
    dying.cancel()
    with contextlib.suppress(BrowserError, asyncio.CancelledError):
        await dying

    # Another tab, that opens it while it may still be starting in the first, runs it; that it
    # leaves alive says nothing of the first.
    young = await page.context.new_page()
    await young.goto(tool.url, wait_until="commit")
    await expect(young.locator("iframe[src]")).to_have_count(1)
    await expect(young.locator(".halted")).to_have_count(0)

    async def is_marked_anew() -> bool:
        return bool([one["at"] for one in (await young.evaluate(RECORD)).values()] > [began])

    await until(is_marked_anew)
    # To go elsewhere would wait for the frozen frame's consent.
    await young.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    await young.close()

    again = await page.context.new_page()
    await again.add_init_script(LATER)
    await again.goto(tool.url)
    halted = again.locator(".halted")
    await expect(halted).to_contain_text("This page ended last time while the tool was starting.")
    await expect(again.locator("iframe")).to_have_count(0)
    await again.get_by_role("button", name="Open without running").click()
    heading = again.frame_locator("iframe").get_by_role("heading", name="Starts")
    await expect(heading).to_be_visible()
    await expect(again.get_by_role("button", name="Run anyway")).to_be_visible()


async def test_a_flood_before_any_module_is_there_ends_the_tool_too(
    page: Page, server: Process, api: Api
) -> None:
    """Else it would keep them from coming."""
    ended = asyncio.Event()

    async def wait(route: Route) -> None:
        await ended.wait()
        await route.continue_()

    await page.route("**/js/joined.js", wait)
    flood = "for (let i = 0; i < 300; i += 1) parent.postMessage(i, '*')"
    tool = Imported(api(server.url), f"<h1>Floods</h1><script>{flood}</script>")
    await page.goto(tool.url, wait_until="commit")
    await expect(page.locator("iframe[title=Preview]:not([src])")).to_have_count(1)
    ended.set()
    halted = page.locator(".halted")
    await expect(halted).to_contain_text("This tool flooded the page.")
    await expect(halted).to_contain_text("It was taken off the page before it could do more.")
    await expect(page.locator("iframe")).to_have_count(0)
    ended.clear()
    await page.reload(wait_until="commit")
    await expect(page.locator("iframe[data-held]:not([src])")).to_have_count(1)
    ended.set()
    await expect(halted).to_contain_text("This tool flooded the page last time.")
    await expect(halted).to_contain_text("So it has not run now.")


# Own properties of these names keep it from ever being a number.
ODD = """if (window === top) {
  const until = { toString: 1, valueOf: 1 };
  const name = "sandwright.session." + location.pathname.split("/")[2];
  sessionStorage.setItem(name, "sandwright:" + JSON.stringify({ session: [["k", "kept"]], until }));
}"""


async def test_whatever_the_name_of_its_frame_says_a_tool_begins_behind_its_walls(
    page: Page, server: Process, api: Api
) -> None:
    """What it stored may come to it there, and keeps nothing of ours from standing."""
    tells = "document.body.textContent = typeof RTCPeerConnection + ' ' + sessionStorage.k"
    tool = Imported(api(server.url), f"<body><script>{tells}</script>")
    await page.add_init_script(ODD)
    await page.goto(tool.url)
    await expect(page.frame_locator("iframe").locator("body")).to_have_text("undefined kept")
