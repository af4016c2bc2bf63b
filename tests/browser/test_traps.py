"""Nothing that a tool does freezes, floods or traps the page around it: in the real workbench."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Dialog, Page, expect

from tests.conftest import Process

pytestmark = pytest.mark.timeout(120)

Open = Callable[..., Any]


@pytest.fixture
async def open_tool(page: Page, server: Process, api: Callable[..., Any]) -> Open:
    """A function that imports a document and opens it in the workbench; returns its address."""
    client = api(server.url)

    async def open_it(html: str, *, wait: str = "domcontentloaded") -> str:
        made = client("POST", "/api/artifacts/import", status=201, html=html)
        address = server.url + urlsplit(made["artifact"]["url"]).path
        await page.goto(address, wait_until=wait)
        return address

    return open_it


def tool(page: Page) -> Any:
    return page.frame_locator('iframe[title="Preview"]')


def halted(page: Page) -> Any:
    return page.locator(".halted")


LOOP = "<h1>Tool</h1><button onclick='setTimeout(() => { for (;;); })'>Go</button>"


async def test_a_frozen_tool_is_told_stopped_at_once_and_not_run_again_unasked(
    page: Page, open_tool: Open
) -> None:
    await open_tool(LOOP)
    await tool(page).get_by_role("button", name="Go").click(no_wait_after=True)
    await expect(page.get_by_text("This tool does not answer")).to_be_visible(timeout=15_000)
    took = await page.evaluate(STOPPING, "Halt it")
    assert took < 1000
    await expect(halted(page)).to_contain_text("This tool froze.")
    await page.reload()
    await expect(halted(page)).to_contain_text("froze last time")
    assert await page.locator("iframe").count() == 0
    await page.get_by_role("button", name="Open without running").click()
    await expect(tool(page).get_by_role("heading", name="Tool")).to_be_visible()
    await tool(page).get_by_role("button", name="Go").click()
    await page.get_by_role("button", name="Run anyway").click()
    await expect(tool(page).get_by_role("heading", name="Tool")).to_be_visible()
    await expect(halted(page)).to_have_count(0)


# Presses a button of the page and waits for the frame to be gone; milliseconds.
STOPPING = """async (name) => {
  const named = (one) => one.textContent === name || one.ariaLabel === name;
  const all = [...document.querySelectorAll("button")];
  const button = all.find((one) => named(one) && one.offsetParent);
  const begun = performance.now();
  button.click();
  while (document.querySelector("iframe")) await new Promise((done) => setTimeout(done));
  return performance.now() - begun;
}"""


async def test_stop_removes_a_running_tool_and_reload_runs_it_again(
    page: Page, open_tool: Open
) -> None:
    await open_tool("<h1>Tool</h1>")
    await expect(tool(page).get_by_role("heading")).to_be_visible()
    await page.get_by_role("button", name="Halt the tool").click()
    await expect(halted(page)).to_contain_text("was stopped")
    assert await page.locator("iframe").count() == 0
    await page.get_by_role("button", name="Reload the preview").click()
    await expect(tool(page).get_by_role("heading")).to_be_visible()


NESTED = """const f = document.createElement("iframe");
f.srcdoc = "<script>setInterval(() => { for (let i = 0; i < 500; i++)" +
  " top.postMessage(0, '*') })<" +
  "/script>";
document.body.append(f);"""
FLOODS = {
    "parent": "setInterval(() => { for (let i = 0; i < 500; i++) parent.postMessage(i, '*'); })",
    "nested": NESTED,
}


@pytest.mark.parametrize("name", FLOODS)
async def test_a_flood_of_messages_ends_the_tool_and_it_is_remembered(
    name: str, page: Page, open_tool: Open
) -> None:
    await open_tool(
        "<body><button onclick='go()'>Go</button>"
        f"<script>function go() {{ {FLOODS[name]} }}</script>"
    )
    await tool(page).get_by_role("button", name="Go").click(no_wait_after=True)
    await expect(halted(page)).to_contain_text("This tool flooded the page.", timeout=15_000)
    assert await page.locator("iframe").count() == 0
    await page.reload()
    await expect(halted(page)).to_contain_text("flooded the page last time")


async def test_a_tool_that_loads_itself_again_and_again_is_ended(
    page: Page, open_tool: Open
) -> None:
    await open_tool("<h1>Again</h1><script>onload = () => location.reload()</script>")
    await expect(halted(page)).to_contain_text("loaded itself again and again", timeout=30_000)


HISTORY = {
    "pushState": "for (let i = 0; i < 30; i++) history.pushState(i, '')",
    "hash": "setInterval(() => { location.hash = Math.random(); }, 20)",
}


# The hash flood is not always undone to the last entry yet (docs/security.md): `make sandbox`.
@pytest.mark.parametrize("name", ["pushState", pytest.param("hash", marks=pytest.mark.sandbox)])
async def test_back_leaves_with_one_press_whatever_a_tool_put_in_the_history(
    name: str, page: Page, server: Process, open_tool: Open
) -> None:
    await page.goto(server.url)
    await open_tool(f"<h1>T</h1><script>setTimeout(() => {{ {HISTORY[name]} }}, 200)</script>")
    if name == "hash":
        await expect(halted(page)).to_contain_text("filled the history", timeout=15_000)
    else:
        await expect(tool(page).get_by_role("heading")).to_be_visible()
        await page.wait_for_timeout(600)
    length = await page.evaluate("history.length")
    assert length <= 3 + 5 or name == "hash"
    if name == "hash":
        await page.wait_for_timeout(500)  # going back over the entries tells nobody
        await page.go_back()
        await page.wait_for_url(re.compile(r"/$"))


async def test_dialogs_in_a_row_end_after_three_and_work_with_real_results(
    page: Page, open_tool: Open
) -> None:
    shown: list[str] = []

    async def answer(dialog: Dialog) -> None:
        shown.append(dialog.message)
        await dialog.accept("seven" if dialog.type == "prompt" else None)

    page.on("dialog", answer)
    await open_tool(
        '<button onclick="out.textContent = '
        "[prompt('how many'), confirm('sure'), alert('so')].join()\">Ask</button>"
        '<button onclick="for (let i = 0; i < 50; i++) alert(i)">Loop</button><p id=out></p>'
    )
    await tool(page).get_by_role("button", name="Ask").click()
    await expect(tool(page).locator("#out")).to_have_text("seven,true,")
    await tool(page).get_by_role("button", name="Loop").click()
    await page.get_by_role("tab", name="Console").click()
    await expect(page.get_by_role("list", name="Console")).to_contain_text(
        "one dialog after another"
    )
    assert shown == ["how many", "sure", "so", "0", "1", "2"]


async def test_a_nested_document_shows_no_dialog_and_makes_no_history(
    page: Page, open_tool: Open
) -> None:
    shown: list[str] = []

    async def answer(dialog: Dialog) -> None:
        shown.append(dialog.message)
        await dialog.accept()

    page.on("dialog", answer)
    await open_tool(
        '<h1>x</h1><iframe srcdoc="<p>in</p><script>'
        "for (let i = 0; i < 9; i++) { alert(i); history.pushState(i, ''); }"
        "document.querySelector('p').textContent = 'over'</script>\"></iframe>"
    )
    await expect(tool(page).frame_locator("iframe").locator("p")).to_have_text("over")
    assert shown == []
    assert await page.evaluate("history.length") == 2


@pytest.mark.sandbox
async def test_in_a_full_history_hashes_are_counted_all_the_same(
    page: Page, server: Process, open_tool: Open
) -> None:
    """Its length does not grow any more, so that only the tool's own bridge can tell."""
    await page.goto(server.url)
    await page.evaluate("for (let i = 0; i < 60; i += 1) history.pushState(i, '')")
    await open_tool(f"<h1>T</h1><script>setTimeout(() => {{ {HISTORY['hash']} }}, 200)</script>")
    await expect(halted(page)).to_contain_text("filled the history", timeout=15_000)


async def test_a_tool_that_takes_the_keyboard_again_and_again_is_ended(
    page: Page, open_tool: Open
) -> None:
    await open_tool("<input id=a><script>let go = () => setInterval(() => a.focus(), 1)</script>")
    await expect(tool(page).locator("#a")).to_be_visible()
    await page.get_by_role("textbox", name="Ask for a change").click()
    await tool(page).locator("#a").evaluate("() => { go() }")
    await expect(halted(page)).to_contain_text("kept taking the keyboard")


TYPED = "the words that a person types " * 3


# On a busy machine a key is still lost now and then (docs/security.md): `make sandbox`.
@pytest.mark.sandbox
async def test_what_is_typed_in_a_box_of_ours_never_goes_to_the_tool(
    page: Page, open_tool: Open
) -> None:
    await open_tool(
        "<input id=a><output id=o></output><script>let n = '';"
        "setTimeout(() => setInterval(() => { window.focus(); a.focus(); }, 1), 1500);"
        "addEventListener('keydown', (e) => console.log('got ' + e.key))</script>"
    )
    box = page.get_by_role("textbox", name="Ask for a change")
    await expect(tool(page).locator("#a")).to_be_visible()
    await box.click()
    await page.keyboard.type(TYPED, delay=30)
    await expect(halted(page)).to_contain_text("kept taking the keyboard")
    assert await box.input_value() == TYPED
    assert await page.get_by_role("list", name="Console").locator("li").count() == 0


async def test_a_tool_that_takes_the_focus_once_does_not_get_it_from_a_box_but_by_a_press(
    page: Page, open_tool: Open
) -> None:
    await open_tool(
        "<input id=a><output id=o></output><script>let n = '';"
        "setTimeout(() => { a.focus(); }, 1500);"
        "addEventListener('keydown', (e) => { o.value = n += e.key; })</script>"
    )
    box = page.get_by_role("textbox", name="Ask for a change")
    await expect(tool(page).locator("#a")).to_be_visible()
    await box.click()
    await page.keyboard.type(TYPED, delay=30)
    assert await tool(page).locator("#o").evaluate("(o) => o.value") == ""
    assert await box.input_value() == TYPED
    await tool(page).locator("#a").click()
    await page.keyboard.type("mine", delay=20)
    await expect(tool(page).locator("#o")).to_have_text("mine")


async def test_a_tool_scrolls_nothing_of_the_page_around_it(page: Page, open_tool: Open) -> None:
    await open_tool(
        "<div style='height:5000px'></div><p id=end>end</p><script>"
        "setInterval(() => { end.scrollIntoView(); }, 20)</script>"
    )
    await page.wait_for_timeout(500)
    moved = await page.evaluate(
        "[...document.querySelectorAll('*')]"
        ".filter((e) => e.scrollTop && !e.matches('.thread')).map((e) => e.className)"
    )
    assert moved == []


DOWNLOADS = """<!doctype html><button id=one>one</button><button id=many>many</button>
<a id=data download="../../data.txt" href="data:text/plain,hello">data</a><script>
function save(name, text) {
  const a = document.createElement("a");
  a.href = URL.createObjectURL(new Blob([text], {type: "text/html"}));
  a.download = name;
  a.click();
  URL.revokeObjectURL(a.href);
}
one.onclick = () => save("report.html", "<p>one");
many.onclick = () => setTimeout(() => { for (let i = 0; i < 20; i++) save(i + ".txt", "x"); });
</script>"""


async def test_downloads_are_written_by_the_page_and_only_three_in_a_row(
    page: Page, open_tool: Open
) -> None:
    await open_tool(DOWNLOADS)
    async with page.expect_download() as saved:
        await tool(page).locator("#one").click()
    download = await saved.value
    assert download.suggested_filename == "report.html"
    assert (await download.path()).read_text() == "<p>one"
    async with page.expect_download() as saved:
        await tool(page).locator("#data").click()
    download = await saved.value
    assert download.suggested_filename == "_.._data.txt"
    assert (await download.path()).read_text() == "hello"
    names: list[str] = []
    page.on("download", lambda one: names.append(one.suggested_filename))
    await tool(page).locator("#many").click()
    await page.get_by_role("tab", name="Console").click()
    await expect(page.get_by_role("list", name="Console")).to_contain_text(
        "after three, nothing more"
    )
    assert names == ["0.txt", "1.txt", "2.txt"]
