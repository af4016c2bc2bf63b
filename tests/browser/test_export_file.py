"""An exported file works from disk with the network off, and keeps its data to itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import BrowserContext, Page

from server.export import export_html

TOOL = """<!doctype html>
<html lang="en"><title>Counter</title>
<button onclick="count()">0</button>
<script>
const button = document.querySelector("button");
button.textContent = localStorage.getItem("n") ?? "0";
function count() {
  localStorage.n = Number(localStorage.n ?? 0) + 1;
  button.textContent = localStorage.n;
}
</script>"""


def write(folder: Path, name: str, prefix: str) -> str:
    path = folder / name
    path.write_text(export_html(TOOL, title=name, storage_prefix=prefix), "utf-8")
    return path.as_uri()


async def test_a_file_from_disk_counts_on_after_a_reload_and_beside_another(
    context: BrowserContext, tmp_path: Path
) -> None:
    await context.set_offline(True)
    page = await context.new_page()
    faults: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    first = write(tmp_path, "a.html", "a")
    await page.goto(first)
    assert await page.evaluate("document.compatMode") == "CSS1Compat"
    await page.click("button")
    await page.click("button")
    await shows(page, first, "2")
    assert await page.evaluate("[localStorage.length, localStorage.key(0)]") == [1, "n"]
    await page.evaluate("history.pushState(1, '', '/view?n=1#a')")
    assert await page.evaluate("history.state + location.search + location.hash") == "1?n=1#a"

    await page.goto(write(tmp_path, "b.html", "b"))
    assert await page.inner_text("button") == "0"
    await page.click("button")
    await page.evaluate("localStorage.clear()")
    await shows(page, first, "2")
    assert faults == []
    assert {url.split(":")[0] for url in asked} == {"file"}


async def test_a_socket_that_a_file_may_not_open_says_that_it_is_closed(
    context: BrowserContext, tmp_path: Path
) -> None:
    page = await context.new_page()
    await page.goto(write(tmp_path, "a.html", "a"))
    closed = (
        "new Promise((done) => { const socket = new WebSocket('wss://example.org/');"
        " socket.onclose = ({code}) => done([code, socket.readyState]); })"
    )
    assert await page.evaluate(closed) == [1006, 3]


async def shows(page: Page, url: str, text: str) -> None:
    """Open a file until it shows a text.

    Chromium hands what a file's page wrote to its next process only after a moment; a file
    without our shim shows the same.
    """
    async with asyncio.timeout(30):
        await page.goto(url)
        while await page.inner_text("button") != text:
            await page.goto(url)


async def test_a_file_in_a_place_that_refuses_storage_still_works(
    context: BrowserContext, tmp_path: Path
) -> None:
    page = await context.new_page()
    inner = write(tmp_path, "a.html", "a")
    outer = tmp_path / "outer.html"
    outer.write_text(f'<!doctype html><iframe sandbox="allow-scripts" src="{inner}"></iframe>')
    await page.goto(outer.as_uri())
    button = page.frame_locator("iframe").locator("button")
    await button.click()
    assert await button.inner_text() == "1"
