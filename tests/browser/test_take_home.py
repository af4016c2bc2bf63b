"""The whole river in a real browser: a sentence, a tool, a change, a file that works offline."""

from __future__ import annotations

import asyncio
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, FrameLocator, Page, expect

from tests.browser.tools import PATIENCE
from tests.conftest import Process, Start, until
from tests.integration.tools import answers, fenced, journal, long_document

pytestmark = pytest.mark.timeout(240)


async def share(tool: FrameLocator | Page) -> str:
    """Split 84 with 20 % tip among four, as a person would, and read what each pays."""
    await tool.get_by_label("Bill", exact=False).first.fill("84")
    await tool.get_by_label("People", exact=False).first.fill("4")
    tip = tool.get_by_role("radio", name=re.compile(r"^20"))
    if await tip.count():
        await tip.first.check(force=True)
    else:
        await tool.get_by_label("Tip", exact=False).first.fill("20")
    body = tool.locator("body")
    await expect(body).to_contain_text("25.20")
    return await body.inner_text()


async def test_from_a_sentence_to_a_file_that_works_offline(
    browser: Browser, testing_server: Process, tmp_path: Path
) -> None:
    """Keyless: the right share in the preview, in both versions, and from disk offline."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)
    page = await context.new_page()
    await page.goto(testing_server.url)
    await page.get_by_role("textbox", name="Describe a tool").fill(
        "split a restaurant bill with tip"
    )
    await page.get_by_role("button", name="Create").click()
    preview = page.frame_locator('iframe[title="Preview"]')
    await share(preview)
    status = page.get_by_role("status")
    await expect(status).to_contain_text("passed")

    await page.get_by_role("textbox", name="Ask for a change").fill("in euros")
    await page.get_by_role("button", name="Send").click()
    versions = page.get_by_role("list", name="Versions").get_by_role("link")
    await expect(versions).to_have_count(2)
    await expect(preview.locator("body")).to_contain_text("€")
    assert "€" in await share(preview)
    await expect(status).to_contain_text("passed")
    async with page.expect_download() as saved:
        await page.get_by_role("link", name="Export").click()
    told = page.get_by_role("note", name="Export")
    await expect(told).to_contain_text("Verified offline")
    file = tmp_path / "tool.html"
    await (await saved.value).save_as(file)

    await versions.first.click()
    first = page.frame_locator('iframe[title="Preview"]')
    await expect(first.locator("body")).not_to_contain_text("€")
    await share(first)
    await context.close()
    await check_offline(browser, file)


async def check_offline(browser: Browser, file: Path) -> None:
    context = await browser.new_context(offline=True)
    page = await context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(file.as_uri())
    assert "€" in await share(page)
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    await context.close()


async def test_a_killed_server_leaves_a_page_that_can_go_on(
    page: Page, serve_app: Start, scripted: Start, tmp_path: Path, api: Any
) -> None:
    """`kill -9` mid-stream: after the restart the page says interrupted, and Continue finishes."""
    document = long_document()
    model = scripted(answers({"text": fenced(document), "tokens_per_second": 400}))
    data = tmp_path / "kept"
    app = serve_app(data, tests=True, OPENAI_BASE_URL=model.url)
    await page.goto(app.url)
    await page.get_by_role("textbox", name="Describe a tool").fill("a long table")
    await page.get_by_role("button", name="Create").click()
    preview = page.frame_locator('iframe[title="Preview"]')
    await expect(preview.get_by_text("Row number 60")).to_be_attached()
    # On a busy machine a model's words may all come at once, before their first batch is due.
    await asyncio.to_thread(until, lambda: "Row number 60" in journal(data))
    app.stop(signal.SIGKILL)

    path = re.sub(r"^https?://[^/]+", "", page.url)
    artifact = path.rsplit("/", 1)[-1]
    # As a model does, the continuation begins a little before the place where it was cut off;
    # the disk is up to 250 ms behind what was seen.
    on_disk = journal(data)
    rest = document[len(on_disk) - 200 :]
    model = scripted(answers({"match": "cut off", "text": rest, "tokens_per_second": 5000}))
    again = serve_app(data, tests=True, OPENAI_BASE_URL=model.url)
    await page.goto(again.url + path)
    await expect(page.locator("body")).to_contain_text("kept")
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("status")).to_contain_text("passed")
    source = api(again.url).client.get(f"/api/artifacts/{artifact}/versions/1/source").text
    assert source == document


CLIPBOARD = """<!doctype html><title>Copy</title><button>Copy</button><output></output><script>
document.querySelector("button").onclick = async () => {
  try { await navigator.clipboard.writeText("hello"); said("copied"); }
  catch (error) { said(error.name); }
};
const said = (text) => { document.querySelector("output").textContent = text; };
</script>"""


async def test_a_tool_may_copy_after_a_click(page: Page, server: Process, api: Any) -> None:
    """In the workbench and opened alone: the frame is allowed to write to the clipboard."""
    made = api(server.url)("POST", "/api/artifacts/import", status=201, html=CLIPBOARD)
    await page.goto(server.url + made["artifact"]["url"])
    preview = page.frame_locator('iframe[title="Preview"]')
    await preview.get_by_role("button", name="Copy").click()
    await expect(preview.locator("output")).to_have_text("copied")
    await page.goto(made["version"]["frame_url"])
    alone = page.frame_locator("iframe")
    await alone.get_by_role("button", name="Copy").click()
    await expect(alone.locator("output")).to_have_text("copied")


async def test_the_next_tools_site_is_opened_ahead(page: Page, server: Process) -> None:
    """Home opens an empty frame of the very site that the tool made from it will have."""
    await page.goto(server.url)
    ahead = page.locator("iframe[hidden]")
    await expect(ahead).to_have_count(1)
    origin = await ahead.get_attribute("src")
    await page.get_by_role("textbox", name="Describe a tool").fill("a to-do list")
    await page.get_by_role("button", name="Create").click()
    await page.wait_for_url("**/artifacts/*", wait_until="commit")
    preview = page.locator('iframe[title="Preview"]')
    assert (await preview.get_attribute("src") or "").startswith(str(origin))
