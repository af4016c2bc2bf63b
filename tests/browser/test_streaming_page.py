"""While a model writes, in a real browser: what is in sight, and what stopping it leaves."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.tools import wide_context
from tests.browser.wishes import ask, create, preview, tool, verdict
from tests.conftest import NO_BROWSER, Connected, Process, Start, clean_environment, free_port

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    async with wide_context(browser) as context:
        yield context


async def test_nothing_moves_and_nothing_reloads(page: Page, testing_connected: Connected) -> None:
    """The first document is loaded exactly once, and no box shifts when the generation ends."""
    loads: list[str] = []
    page.on("request", lambda request: loads.append(request.url) if _framed(request) else None)
    await create(page, testing_connected, "wish-half")
    await expect(page.get_by_role("button", name="Stop")).to_be_visible()
    await expect(preview(page).get_by_role("heading", name="Half")).to_be_visible()
    await page.evaluate(
        """() => { new PerformanceObserver(list => {
          for (const entry of list.getEntries())
            document.body.dataset.shift = Number(document.body.dataset.shift ?? 0) + entry.value;
        }).observe({type: "layout-shift"}); }"""
    )
    testing_connected.go_on()
    await expect(verdict(page)).to_contain_text("passed")
    await expect(page.get_by_role("button", name="Send")).to_be_visible()
    assert len(loads) == 1
    assert await page.evaluate("document.body.dataset.shift ?? '0'") == "0"


def _framed(request: Any) -> bool:
    # Home opens the tool's site ahead, at its empty root; that is no document of a tool.
    if not request.is_navigation_request() or request.frame.parent_frame is None:
        return False
    return urlsplit(request.url).path != "/"


async def test_a_reload_and_a_second_tab_see_the_same(
    context: BrowserContext, testing_connected: Connected
) -> None:
    """A page that comes in mid-stream shows all of the document, and ends with the same verdict."""
    page = await context.new_page()
    await create(page, testing_connected, "wish-half")
    await expect(preview(page).get_by_role("heading", name="Half")).to_be_visible()
    await page.reload(wait_until="commit")
    second = await context.new_page()
    await second.goto(page.url, wait_until="commit")
    for one in (page, second):
        await expect(one.get_by_role("button", name="Stop")).to_be_visible()
        await expect(preview(one).get_by_role("heading", name="Half")).to_be_visible()
    testing_connected.go_on()
    for one in (page, second):
        await expect(verdict(one)).to_contain_text("passed")
        await one.get_by_role("tab", name="Code").click()
        await expect(one.get_by_role("tabpanel", name="Code")).to_contain_text("</html>")


async def test_a_change_is_swapped_in_behind_the_old(page: Page, connected: Connected) -> None:
    """While a change comes the old tool stays; exactly one frame is ever titled Preview."""
    await create(page, connected, "wish-old")
    await expect(verdict(page)).to_contain_text("not tested")
    await page.get_by_role("textbox", name="Ask for a change").fill("wish-half")
    expected = page.locator("#estimate")
    await expect(expected).to_have_text(re.compile("^From v1: about .* in, .* out, price unknown$"))
    await expect(page.get_by_text("The next change starts from v1")).to_be_hidden()
    await ask(page, "wish-half")
    await expect(expected).to_be_hidden()
    await expect(page.locator('iframe[title="Loading next version"]')).to_have_count(1)
    await expect(preview(page).get_by_role("heading", name="Old")).to_be_visible()
    await expect(page.locator('iframe[title="Preview"]')).to_have_count(1)
    connected.go_on()
    await expect(preview(page).get_by_role("heading", name="Half")).to_be_visible()
    await expect(verdict(page)).to_contain_text("not tested")
    await expect(page.locator("iframe")).to_have_count(1)


async def test_the_last_of_two_documents_counts(page: Page, connected: str) -> None:
    """Two documents in one answer: the last is what stands in the preview."""
    await create(page, connected, "wish-two")
    await expect(verdict(page)).to_contain_text("not tested")
    await expect(preview(page).get_by_role("heading", name="Second")).to_be_visible()


async def test_one_run_after_another_is_followed(
    page: Page, connected: Connected, api: Callable[..., Any]
) -> None:
    """A run that begins while the page still brings the former to its end is shown as it comes."""
    await create(page, connected, "wish-old")
    await expect(verdict(page)).to_contain_text("not tested")
    await expect(page.get_by_role("button", name="Send")).to_be_visible()
    go_on = asyncio.Event()

    async def held(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    await page.route(re.compile(re.escape(page.url) + r"\?shown="), held)
    client = api(connected)
    path = page.url.removeprefix(connected).replace("/artifacts", "/api/artifacts", 1)
    made = await asyncio.to_thread(
        client, "POST", f"{path}/messages", status=202, prompt="wish-first"
    )
    await asyncio.to_thread(client.ended, made["generation"])
    await expect(preview(page).get_by_role("heading", name="First")).to_be_visible()
    await asyncio.to_thread(client, "POST", f"{path}/messages", status=202, prompt="wish-half")
    await expect(page.locator('iframe[title="Loading next version"]')).to_have_count(1)
    go_on.set()
    await expect(page.get_by_role("button", name="Stop")).to_be_visible()
    connected.go_on()
    await expect(preview(page).get_by_role("heading", name="Half")).to_be_visible()
    await expect(page.get_by_role("button", name="Send")).to_be_visible()
    await expect(verdict(page)).to_contain_text("not tested")


async def test_a_renewal_that_cannot_be_read_stops_no_other(page: Page, connected: str) -> None:
    """When the page's own renewal comes back broken once, the next one still shows the end."""
    await create(page, connected, "wish-old")
    await expect(verdict(page)).to_contain_text("not tested")
    await expect(page.get_by_role("button", name="Send")).to_be_visible()
    broken = '<script type="application/json" id="page-data">{</script>'
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.route(
        re.compile(re.escape(page.url) + r"\?shown="),
        lambda route: route.fulfill(body=broken, content_type="text/html"),
        times=1,
    )
    await ask(page, "wish-new")
    await expect(page.get_by_role("list", name="Versions").get_by_role("link")).to_have_count(2)
    await expect(verdict(page)).to_contain_text("not tested")
    await expect(page.get_by_role("button", name="Send")).to_be_visible()
    assert len(errors) == 1


async def test_a_tool_deleted_elsewhere_while_it_is_written_says_so(
    context: BrowserContext, connected: str
) -> None:
    """No word of writing stays, and both ways back are there."""
    page, second = await context.new_page(), await context.new_page()
    await create(page, connected, "wish-keys")
    await expect(preview(page).get_by_role("heading", name="Keys")).to_be_visible()
    await second.goto(page.url, wait_until="commit")
    await second.locator("summary[aria-label=More]").click()
    await second.get_by_role("button", name="Delete").click()
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("This tool was deleted.")
    await expect(alert.get_by_role("link", name="Open the bin")).to_have_attribute("href", "/bin")
    await expect(verdict(page)).to_have_text("Deleted")
    await expect(page.get_by_role("list", name="Versions")).not_to_contain_text("writing")
    await expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    await alert.get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("Stopped.")).to_be_visible()
    await expect(alert).to_have_count(0)


async def test_stop_then_try_again(page: Page, connected: str) -> None:
    """Stop ends it and says what is kept; Try again makes the tool."""
    await create(page, connected, "a tool")
    await page.get_by_role("button", name="Stop").click()
    await expect(page.get_by_text("Stopped.")).to_be_visible()
    await page.get_by_role("button", name="Try again").click()
    await expect(verdict(page)).to_contain_text("not tested")
    await expect(preview(page).get_by_role("heading", name="Quick")).to_be_visible()


async def test_stop_try_again_and_continue_keep_the_keyboard(page: Page, connected: str) -> None:
    """After each of them the focus is on what comes next, on a phone too."""
    await create(page, connected, "wish-keys")
    stop = page.get_by_role("button", name="Stop")
    again = page.get_by_role("button", name="Try again")
    await expect(preview(page).get_by_role("heading", name="Keys")).to_be_visible()
    await stop.focus()
    for width in (1280, 360):
        await page.set_viewport_size({"width": width, "height": 720})
        await page.keyboard.press("Enter")
        await expect(again).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(stop).to_be_focused()
        await expect(preview(page).get_by_role("heading", name="Keys")).to_be_visible()
        await page.keyboard.press("Enter")
        await expect(again).to_be_focused()
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="Continue")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(stop).to_be_focused()


async def test_nothing_written_is_nothing_to_continue(page: Page, connected: str) -> None:
    """A run that failed before its first word can be tried again, but not continued.

    The model that is chosen meanwhile is the one that tries.
    """
    await create(page, connected, "wish-refused")
    again = page.get_by_role("button", name="Try again")
    first = str(await again.get_attribute("data-retry"))
    await expect(page.get_by_role("button", name="Continue")).to_have_count(0)
    await page.get_by_label("Model").select_option("openai/scripted")
    await again.click()
    await expect(again).not_to_have_attribute("data-retry", first)
    second = str(await again.get_attribute("data-retry"))
    tried = [
        (await page.request.get(f"{connected}/api/generations/{one}")) for one in (first, second)
    ]
    assert [(await one.json())["model"] for one in tried] == ["quill", "scripted"]


async def test_kill_nine_and_the_tab_goes_on(page: Page, scripted: Start, tmp_path: Path) -> None:
    """With the tab left open, a killed server that is back says Interrupted; Continue finishes."""
    whole = tool("Lasting", lines=200)
    script = [
        {"match": "cut off", "text": whole[whole.index("<p>", 3000) :]},
        {"text": whole, "tokens_per_second": 400, "stall_at": 3200, "stall_seconds": 3600},
    ]
    model = scripted(json.dumps(script))
    ports = ["--port", str(free_port()), "--frame-port", str(free_port())]
    arguments = ["serve", "--no-open", "--data-dir", str(tmp_path / "kept"), *ports]
    connection = {"OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "none"}
    environment = clean_environment(**NO_BROWSER, **connection)
    first = Process(arguments, environment).start()
    await create(page, first.url, "a tool")
    await expect(preview(page).get_by_role("heading", name="Lasting")).to_be_visible()
    some = re.compile(r"^Writing, ([3-9]|\d,?\d)\d\d tokens, \d+ s, \d+/s, scripted$")
    line = page.locator("[data-activity]")
    await page.set_viewport_size({"width": 360, "height": 720})
    await expect(line).to_have_text(some)
    assert await line.evaluate("line => line.scrollWidth <= line.clientWidth")
    await page.set_viewport_size({"width": 1280, "height": 800})
    first.kill()
    await expect(page.get_by_text("The server is away.")).to_be_visible()
    second = await asyncio.to_thread(Process(arguments, environment).start)
    try:
        await expect(page.get_by_text("Interrupted.")).to_be_visible()
        await expect(page.get_by_role("button", name="Send")).to_be_visible()
        await expect(page.get_by_role("button", name="Try again")).to_be_visible()
        await page.get_by_role("button", name="Continue").click()
        await expect(verdict(page)).to_contain_text("not tested")
        await expect(preview(page).get_by_role("heading", name="Lasting")).to_be_visible()
        await expect(page.get_by_role("button", name="Send")).to_be_visible()
    finally:
        second.stop()
