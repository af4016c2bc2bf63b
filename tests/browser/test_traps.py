"""Nothing that a tool does freezes, floods or traps the page around it: in the real workbench."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from canaries import open_canary
from playwright.async_api import Dialog, Locator, Page, expect

from tests.browser.tools import press, until
from tests.conftest import Process
from tests.sampling import sampled

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


LOOP = (
    "<h1>Tool</h1><button onclick='setTimeout(() => { for (;;); })'>Go</button>"
    "<a href='http://127.0.0.1:9/told'>away</a><p style='height: 300vh'><b>The end</b>"
)


async def test_a_frozen_tool_is_told_stopped_at_once_and_not_run_again_unasked(
    page: Page, open_tool: Open
) -> None:
    await open_tool(LOOP)
    await press(tool(page).get_by_role("button", name="Go"))
    await expect(page.get_by_text("This tool does not answer")).to_be_visible()
    took = await page.evaluate(STOPPING, "Halt it")
    assert took < 1000
    await expect(halted(page)).to_contain_text("This tool froze.")
    # At once, while its process still loops.
    await page.get_by_role("button", name="Open without running").click()
    await expect(tool(page).get_by_role("heading", name="Tool")).to_be_visible()
    await page.reload()
    await expect(halted(page)).to_contain_text("froze last time")
    assert await page.locator("iframe").count() == 0
    await page.get_by_role("button", name="Open without running").click()
    await expect(tool(page).get_by_role("heading", name="Tool")).to_be_visible()
    await tool(page).get_by_role("button", name="Go").click()
    # Nor leads a link away, to which a click with a key held would open a window.
    await tool(page).get_by_text("away").click(modifiers=["Shift"])
    await expect(tool(page).get_by_role("link")).to_have_count(0)
    await page.get_by_role("button", name="Reload the preview").click()
    await expect(tool(page).get_by_text("away")).to_be_visible()
    await expect(tool(page).get_by_role("link")).to_have_count(0)
    await tool(page).get_by_text("away").hover()
    await page.mouse.wheel(0, 5000)
    await expect(tool(page).get_by_text("away")).not_to_be_in_viewport()
    assert page.context.pages == [page]
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
    # Each is made in our page before anybody can refuse it.
    "one message with ports": (
        "const all = Array.from({ length: 300 }, () => new MessageChannel().port1);"
        "parent.postMessage(0, '*', all)"
    ),
}


@pytest.mark.parametrize("name", FLOODS)
async def test_a_flood_of_messages_ends_the_tool_and_it_is_remembered(
    name: str, page: Page, open_tool: Open
) -> None:
    await open_tool(
        "<body><button onclick='go()'>Go</button>"
        f"<script>function go() {{ {FLOODS[name]} }}</script>"
    )
    await press(tool(page).get_by_role("button", name="Go"))
    await expect(halted(page)).to_contain_text("This tool flooded the page.")
    assert await page.locator("iframe").count() == 0
    await page.reload()
    await expect(halted(page)).to_contain_text("flooded the page last time")


# Each message costs the page ten milliseconds.
SLOWED = """if (window === top) addEventListener("message", () => {
  const end = performance.now() + 10;
  while (performance.now() < end);
});"""


async def test_a_flood_that_slows_the_page_down_is_one_all_the_same(
    page: Page, open_tool: Open
) -> None:
    await page.add_init_script(SLOWED)
    # Not for ever: what waits already is heard after the tool has gone, too.
    some = "if (n++ < 20) for (let i = 0; i < 20; i++) parent.postMessage(i, '*')"
    await open_tool(
        "<button onclick='setInterval(some, 20)'>Go</button>"
        f"<script>let n = 0; const some = () => {{ {some} }}</script>"
    )
    await press(tool(page).get_by_role("button", name="Go"))
    await expect(halted(page)).to_contain_text("This tool flooded the page.", timeout=30_000)


@pytest.mark.sandbox
async def test_a_tool_that_tells_the_page_of_each_of_its_frames_goes_on(
    page: Page, open_tool: Open
) -> None:
    await open_tool(
        "<h1>0</h1><script>const h = document.querySelector('h1'); const draw = () => {"
        " parent.postMessage({ at: ++h.textContent }, '*');"
        " if (h.textContent < 500) requestAnimationFrame(draw) }; draw()</script>"
    )
    await expect(tool(page).locator("h1")).to_have_text("500", timeout=60_000)
    await expect(halted(page)).to_have_count(0)


async def test_a_tool_that_loads_itself_again_and_again_is_ended(
    page: Page, open_tool: Open
) -> None:
    await open_tool("<h1>Again</h1><script>onload = () => location.reload()</script>")
    await expect(halted(page)).to_contain_text("loaded itself again and again", timeout=30_000)


HASHES = "setInterval(() => { location.hash = Math.random(); }, 20)"


async def history_of(page: Page, back: int = 0) -> int:
    """Where the browser is in this tab's history, after so many presses of Back.

    No page is told of such a place, nor of going there inside a frame.
    """
    session = await page.context.new_cdp_session(page)
    history = await session.send("Page.getNavigationHistory")
    if back:
        entry = history["entries"][history["currentIndex"] - back]
        await session.send("Page.navigateToHistoryEntry", {"entryId": entry["id"]})
    await session.detach()
    return int(history["currentIndex"]) - back


async def test_entries_that_a_tool_pushed_are_five_however_many_it_wanted(
    page: Page, server: Process, open_tool: Open
) -> None:
    await page.goto(server.url)
    home = await history_of(page)
    await open_tool(
        "<h1>T</h1><script>onload = () => {"
        " let n = 0; const push = () => history.pushState({ get n() { if (n++ < 9) push() } }, '');"
        " push(); for (let i = 0; i < 30; i++) history.pushState(i, '');"
        " document.querySelector('h1').textContent = 'Pushed' }</script>"
    )
    await expect(tool(page).get_by_role("heading")).to_have_text("Pushed")
    # The browser hears of them a moment later; were there more, six back would not lead home.

    async def five_are_there() -> bool:
        return await history_of(page) >= home + 1 + 5

    await until(five_are_there)
    assert await history_of(page) == home + 1 + 5
    await history_of(page, back=6)
    await page.wait_for_url(re.compile(r"/$"))


@pytest.mark.sandbox
async def test_back_leaves_with_one_press_after_a_flood_of_hashes(
    page: Page, server: Process, open_tool: Open
) -> None:
    await page.goto(server.url)
    home = await history_of(page)
    await open_tool(f"<h1>T</h1><script>setTimeout(() => {{ {HASHES} }}, 200)</script>")
    await expect(halted(page)).to_contain_text("filled the history", timeout=15_000)
    for _ in range(100):
        if await history_of(page) == home + 1:
            break
        await asyncio.sleep(0.05)
    await history_of(page, back=1)
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
        # The tool's own iterator, which may not end, runs while no dialog is said to be there.
        "<script>const own = Array.prototype[Symbol.iterator]; Array.prototype[Symbol.iterator] ="
        " function () { if (this[0] === 'so') throw 0; return own.call(this) }</script>"
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


# A browser without a window shows no dialog for it.
PRINTING = """let printed = 0;
window.print = () => { printed += 1; };
const native = Document.prototype.execCommand;
Document.prototype.execCommand = function (name, ...rest) {
  if (/print/i.test(name)) printed += 1;
  return native.call(this, name, ...rest);
};
addEventListener("message", ({ data }) => {
  if (data === "tell") document.body.dataset.printed = printed;
});"""
PRINT = "for (let i = 0; i < 4; i++) { print(); document.execCommand('Print') } postMessage('tell')"


async def test_the_browsers_print_dialog_is_one_of_three_by_whatever_name(
    page: Page, open_tool: Open
) -> None:
    await page.add_init_script(PRINTING)
    inner = f"<script>{PRINT}</script>"
    await open_tool(f'<h1>T</h1><script>{PRINT}</script><iframe srcdoc="<p>x{inner}"></iframe>')
    await expect(tool(page).locator("body")).to_have_attribute("data-printed", "3")
    nested = tool(page).frame_locator("iframe").locator("body")
    await expect(nested).to_have_attribute("data-printed", "0")


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
    await open_tool(f"<h1>T</h1><script>setTimeout(() => {{ {HASHES} }}, 200)</script>")
    await expect(halted(page)).to_contain_text("filled the history", timeout=15_000)


async def test_a_tool_that_takes_the_keyboard_again_and_again_is_ended(
    page: Page, open_tool: Open
) -> None:
    await open_tool("<input id=a><script>let go = () => setInterval(() => a.focus(), 1)</script>")
    await expect(tool(page).locator("#a")).to_be_visible()
    await page.get_by_role("textbox", name="Ask for a change").click()
    await tool(page).locator("#a").evaluate("() => { go() }")
    await expect(halted(page)).to_contain_text("kept taking the keyboard")


GO_ON = "document.querySelector('iframe').contentWindow.postMessage('go', '*')"
THEN_BUSY = (
    f"setTimeout(() => {{ {GO_ON}; const end = Date.now() + 1000; while (Date.now() < end); }})"
)
# `go()` takes the focus every moment from then on, and leaves its process little rest.
GO = (
    "go = () => { const end = Date.now() + REST;"
    " do { take() } while (Date.now() < end); setTimeout(go) }"
)
HEARS = (
    "for (const type of [`keydown`, `keyup`, `input`])"
    " addEventListener(type, (e) => hears(e.key ?? e.data), true);"
)
NESTED_TAKER = (
    "<iframe srcdoc='<input id=i><script>const hears = (key) => parent.postMessage(key, `*`);"
    f" {HEARS} const take = () => {{ TAKE }}; onmessage = {GO}</script>'></iframe>"
)
TAKERS = {
    "functions": ("<input id=a>", "window.focus(); a.focus(); a.select()"),
    "rarely at rest": ("<input id=a>", "a.focus()"),
    "a dialog": ("<dialog id=d><input autofocus></dialog>", "d.close(); d.showModal()"),
    # Not oftener, or Chromium's guard against floods of navigations holds it back for seconds.
    "the hash": (
        "<input id=a>",
        (
            "if (Date.now() > (window.next ?? 0)) { window.next = Date.now() + 150;"
            " location.replace('#a'); location.replace('#') }"
        ),
    ),
    "a label": ("<label id=a>a<input></label>", "a.click()"),
    "a nested document": (NESTED_TAKER.replace("TAKE", "window.focus(); i.focus()"), ""),
    "a nested window": (NESTED_TAKER.replace("TAKE", ""), "frames[0].focus()"),
    "the window around": (NESTED_TAKER.replace("TAKE", "parent.focus()"), ""),
    "a port that tells of a press": (
        (
            "<iframe srcdoc='<script>const { port1, port2 } = new MessageChannel();"
            "top.postMessage(0, `*`, [port2]);"
            "setInterval(() => port1.postMessage(0), 10)</script>'></iframe><input id=a>"
        ),
        "a.focus()",
    ),
    # The page sends one for each wish; where it is sent the first listener is not the tool's.
    "a port that the page sends": (
        (
            "<iframe srcdoc='<script>const use = ({ ports }) => ports.forEach((port) =>"
            " setInterval(() => port.postMessage(0), 10));"
            "onmessage = use; for (const target of [window, document])"
            " target.addEventListener(`message`, use, true);"
            "setInterval(() => top.postMessage(0, `*`, [new MessageChannel().port1]), 100)"
            "</script>'></iframe><input id=a>"
        ),
        "a.focus()",
    ),
    "a document opened anew": ("<input id=a>", "a.focus()"),
    # The guard of a nested document takes the page's word for it, and no other's.
    "a port that says the keyboard is free": (
        (
            "<iframe srcdoc='<input id=i><script>"
            f"const hears = (key) => parent.postMessage(key, `*`); {HEARS} const says ="
            " () => { const { port1, port2 } = new MessageChannel();"
            " port1.postMessage(true); return [port2] };"
            " const take = () => { window.focus(); i.focus() };"
            " onmessage = ({ data }) => { if (data !== 0) return; postMessage(1, `*`, says());"
            " parent.postMessage(`free`, `*`);"
            " dispatchEvent(new MessageEvent(`message`, { source: top, ports: says() }));"
            " setInterval(take, 100) }"
            "</script>'></iframe><script>addEventListener('message', (e) => {"
            " if (e.data !== 'free') return; e.stopImmediatePropagation();"
            " const { port1, port2 } = new MessageChannel(); port1.postMessage(true);"
            " e.source.postMessage(1, '*', [port2]) }, true)</script>"
        ),
        "",
    ),
}


def taker(markup: str, take: str, rest: int = 20) -> str:
    """A tool that takes the keyboard once it is told to, and tells what it hears."""
    return (
        f"<h1>T</h1><input id=mine>{markup}<script>"
        f"const hears = (key) => console.log('got ' + key); const take = () => {{ {take} }};"
        f" let {GO}; onmessage = ({{ data }}) => {{"
        " if (data !== 'go') hears(data); else { go(); frames[0]?.postMessage(0, '*') } };"
        f"{HEARS}</script>"
    ).replace("REST", str(rest))


def anew(document: str) -> str:
    """Writes it in place of itself, once no array can be walked by `forEach`."""
    written = json.dumps(document).replace("</", "<\\/")
    return (
        "<script>Array.prototype.forEach = () => {}; onload = () => setTimeout(() => {"
        f"document.open(); document.write({written}); document.close() }})</script>"
    )


def heard(page: Page) -> Any:
    return page.locator("[data-console] .text", has_text="got")


# The rest in `make sandbox`.
OFTEN = ("functions", "a nested document", "a port that tells of a press", "a document opened anew")


@pytest.mark.parametrize("name", sampled(TAKERS, OFTEN))
async def test_no_document_of_a_tool_hears_what_is_typed_in_a_box_of_ours(
    name: str, page: Page, open_tool: Open
) -> None:
    it = taker(*TAKERS[name], rest=700 if name == "rarely at rest" else 20)
    await open_tool(anew(it) if "anew" in name else it)
    await tool(page).locator("#mine").click()
    await page.keyboard.type("m")
    await expect(heard(page)).to_have_text(["got m"] * 3)
    await page.get_by_role("textbox", name="Ask for a change").click()
    # Where the page cannot take the keyboard back at once, the guard in the tool stands alone.
    if "free" in name:
        await page.evaluate(THEN_BUSY)
        await asyncio.sleep(0.3)  # what is typed before the tool has it waits for the page
    else:
        await page.evaluate(GO_ON)
    await page.keyboard.type(TYPED[:40], delay=25)
    # What was heard is told before the page hears of its end.
    await expect(halted(page)).to_contain_text("kept taking the keyboard", timeout=20_000)
    await expect(heard(page)).to_have_text(["got m"] * 3)


@asynccontextmanager
async def finger(page: Page, on: Any) -> AsyncIterator[None]:
    """A finger that moves up, and stays down within."""
    place = await on.bounding_box()
    x, y = place["x"] + 50, place["y"] + 150
    session = await page.context.new_cdp_session(page)
    for step in range(6):
        kind = "touchMove" if step else "touchStart"
        points = [{"x": x, "y": y - 15 * step}]
        await session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    yield
    await session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    await session.detach()


WITHOUT_FOCUS = {
    "prevented": '<button id=b onmousedown="event.preventDefault()">B</button>',
    "prevented in a nested document": (
        "<iframe srcdoc='<button id=b onmousedown=event.preventDefault()>B</button>'></iframe>"
    ),
    "a finger that scrolls": "<p id=b style='height: 3000px'>B</p>",
}


@pytest.mark.parametrize("typed", [True, pytest.param(False, marks=pytest.mark.sandbox)])
@pytest.mark.parametrize("name", sampled(WITHOUT_FOCUS, {"prevented"}))
async def test_a_press_that_moves_no_focus_hands_over_no_keyboard(
    name: str, typed: bool, page: Page, open_tool: Open
) -> None:
    """The person types on in the box, or waits for more than two seconds."""
    markup = WITHOUT_FOCUS[name]
    await open_tool(taker(f"<input id=a>{markup}", "a.focus()"))
    box = page.get_by_role("textbox", name="Ask for a change")
    await box.click()
    inside = tool(page).frame_locator("iframe") if "nested" in name else tool(page)
    b = inside.locator("#b")
    await b.evaluate("(b) => { b.onpointerdown = () => { b.title = 'pressed' } }")
    if "finger" in name:
        async with finger(page, b):
            pass
    else:
        await b.click()
    await expect(b).to_have_attribute("title", "pressed")
    await expect(box).to_be_focused()
    if typed:
        await page.keyboard.type("typed on", delay=60)
        await expect(box).to_have_value("typed on")
    else:
        await asyncio.sleep(2.1)
    await page.evaluate(GO_ON)
    await page.keyboard.type(TYPED[:40], delay=25)
    await expect(halted(page)).to_contain_text("kept taking the keyboard", timeout=20_000)
    await expect(heard(page)).to_have_count(0)


@pytest.mark.sandbox
async def test_a_press_in_a_nested_document_leads_away_from_a_box_each_time(
    page: Page, open_tool: Open
) -> None:
    await open_tool(
        "<iframe id=f srcdoc='<input id=i>'></iframe>"
        "<iframe id=g srcdoc='<iframe id=h srcdoc=\"<input id=i>\"></iframe>'></iframe>"
        "<div id=many></div>"
    )
    box = page.get_by_role("textbox", name="Ask for a change")
    shown = tool(page)
    inner = shown.frame_locator("#f").locator("#i")

    async def by_turns(field: Any) -> None:
        """To the box and at once to the field, as fast as it goes."""
        was, mine = await box.input_value(), await field.input_value()
        await box.click()
        await page.keyboard.type("b")
        await field.click()
        await page.keyboard.type("f")
        await expect(field).to_have_value(f"{mine}f")
        await expect(box).to_have_value(f"{was}b")
        await expect(field).to_be_focused()

    for _ in range(10):
        await by_turns(inner)
    await by_turns(shown.frame_locator("#g").frame_locator("#h").locator("#i"))
    # Another document in the same window, pressed as soon as it is there.
    for number in range(2):
        await box.click()
        await shown.locator("#f").evaluate(f"(f) => {{ f.srcdoc = '<input id=i{number}>' }}")
        await by_turns(shown.frame_locator("#f").locator(f"#i{number}"))
    await shown.locator("#f").evaluate(
        "(f) => { f.srcdoc = '<script>onload = () => {"
        " document.open(); document.write(`<input id=w>`); document.close() }<' + '/script>' }"
    )
    await by_turns(shown.frame_locator("#f").locator("#w"))
    # More than the page keeps: the latest is known.
    await shown.locator("#many").evaluate(
        "(many) => { many.innerHTML = '<iframe srcdoc=\"<p>\"></iframe>'.repeat(110) }"
    )
    await expect(shown.locator("#many iframe")).to_have_count(110)
    await shown.locator("#f").evaluate("(f) => { f.srcdoc = '<input id=last>' }")
    await by_turns(shown.frame_locator("#f").locator("#last"))
    await expect(halted(page)).to_have_count(0)


async def test_a_tools_own_focus_works_where_no_box_of_ours_has_it(
    page: Page, open_tool: Open
) -> None:
    inner = "<input id=i><script>onmessage = () => i.focus()</script>"
    await open_tool(
        f'<input id=a autofocus><iframe srcdoc="{inner}"></iframe>'
        "<button onclick='frames[0].postMessage(0, `*`)'>Run</button>"
    )
    first = tool(page).locator("#a")
    await first.focus()
    # Keys that come with the focus itself, before the page has let go, are nobody's.
    async with asyncio.timeout(20):
        while not (await first.input_value()).endswith("first"):
            await page.keyboard.type("first")
    # From a box of ours by a press in a button, and in a nested document.
    box = page.get_by_role("textbox", name="Ask for a change")
    nested = tool(page).frame_locator("iframe").locator("#i")
    await box.click()
    await page.keyboard.type("ours")
    await tool(page).get_by_role("button", name="Run").click()
    await expect(nested).to_be_focused()
    await page.keyboard.type("by run")
    await expect(nested).to_have_value("by run")
    await box.click()
    await page.keyboard.type(" too")
    await nested.click()
    await page.keyboard.type("; by a press")
    await expect(nested).to_have_value("by run; by a press")
    await expect(box).to_have_value("ours too")


async def test_a_box_that_is_disabled_meanwhile_ends_no_tool(page: Page, open_tool: Open) -> None:
    await open_tool("<input id=a>")
    box = page.get_by_role("textbox", name="Ask for a change")
    await box.click()
    await box.evaluate("(box) => { box.disabled = true }")
    await tool(page).locator("#a").focus()
    await page.keyboard.type("a", delay=20)
    await expect(tool(page).locator("#a")).to_have_value(re.compile("a?"))
    await page.keyboard.type("mine", delay=20)
    await expect(tool(page).locator("#a")).to_have_value(re.compile("mine$"))
    await expect(halted(page)).to_have_count(0)


TYPED = "the words that a person types " * 3


async def typed_while_taken(page: Page) -> Any:
    """Types in our box, before and while the tool takes the focus on its "go"; returns the box."""
    box = page.get_by_role("textbox", name="Ask for a change")
    await expect(tool(page).locator("#a")).to_be_visible()
    await box.click()
    await page.keyboard.type("before ")
    await expect(box).to_have_value("before ")
    await box.evaluate("(box) => { box.onfocus = () => { box.title = 'back' } }")
    await page.evaluate(GO_ON)
    await page.keyboard.type(TYPED, delay=30)
    return box


async def takes_the_rest(page: Page, box: Any) -> None:
    """The box came back; all of it is there, but for keys pressed in the moment of a taking."""
    await expect(box).to_have_attribute("title", "back")
    await expect(box).to_be_focused()
    await page.keyboard.type("after")
    await expect(box).to_have_value(re.compile("^before .*after$"))
    keys = iter(f"before {TYPED}after")
    assert all(key in keys for key in await box.input_value())


@pytest.mark.sandbox
async def test_a_box_of_ours_is_given_back_until_the_tool_is_ended(
    page: Page, open_tool: Open
) -> None:
    await open_tool(
        "<input id=a><script>addEventListener('keydown', (e) => console.log('got ' + e.key));"
        "onmessage = () => setInterval(() => { window.focus(); a.focus(); }, 1)</script>"
    )
    box = await typed_while_taken(page)
    await expect(halted(page)).to_contain_text("kept taking the keyboard")
    await takes_the_rest(page, box)
    await expect(heard(page)).to_have_count(0)


async def test_a_tool_that_takes_the_focus_once_does_not_get_it_from_a_box_but_by_a_press(
    page: Page, open_tool: Open
) -> None:
    await open_tool(
        "<input id=a><output id=o></output><script>let n = ''; onmessage = () => a.focus();"
        "addEventListener('keydown', (e) => { o.value = n += e.key; })</script>"
    )
    box = await typed_while_taken(page)
    await takes_the_rest(page, box)
    assert await tool(page).locator("#o").evaluate("(o) => o.value") == ""
    await tool(page).locator("#a").click()
    await page.keyboard.type("mine", delay=20)
    await expect(tool(page).locator("#o")).to_have_text("mine")


async def test_what_is_held_for_long_may_give_the_focus_at_its_end(
    page: Page, open_tool: Open
) -> None:
    """A finger that draws for more than two seconds, and then the field for a name."""
    await open_tool(
        "<p id=b style='height: 300px; touch-action: none'>B</p><input id=a>"
        "<script>b.onpointerup = () => { a.focus(); b.title = 'drawn' }</script>"
    )
    box = page.get_by_role("textbox", name="Ask for a change")
    await box.click()
    async with finger(page, tool(page).locator("#b")):
        await asyncio.sleep(2.5)
    await expect(tool(page).locator("#b")).to_have_attribute("title", "drawn")
    await expect(tool(page).locator("#a")).to_be_focused()
    await expect(box).not_to_be_focused()
    await page.keyboard.type("name", delay=20)
    await expect(tool(page).locator("#a")).to_have_value("name")
    await expect(box).to_have_value("")


# A list of objects that takes a reader long. Again and again, since a quick machine may read one in
# no time that counts.
HEAVY = (
    "const all = []; for (let i = 0; i < 2e6; i += 1) all.push({});"
    " setInterval(() => { SEND }, 400);"
)
CHANNEL = "const { port1, port2 } = new MessageChannel();"
OWN_PORT = HEAVY.replace("SEND", f"{CHANNEL} WHERE; port1.postMessage(all)")
POSTED = HEAVY.replace("SEND", "WHERE")
NESTED_IN = "f.srcdoc = `<script>CODE<` + '/script>'"
PORTS = "[new MessageChannel().port1]"
COSTLY = {
    "by a port": OWN_PORT.replace("WHERE", "parent.postMessage(0, '*', [port2])"),
    "posted": POSTED.replace("WHERE", "parent.postMessage(all, '*')"),
    "posted with a port": POSTED.replace("WHERE", f"parent.postMessage(all, '*', {PORTS})"),
    "posted by a nested document": NESTED_IN.replace(
        "CODE", POSTED.replace("WHERE", f"top.postMessage(all, '*', {PORTS})")
    ),
    "by a port of a nested document": NESTED_IN.replace(
        "CODE", OWN_PORT.replace("WHERE", "top.postMessage(0, '*', [port2])")
    ),
}
# What comes to the page's window, and what the page reads of it, or of a port if it is heavy.
COUNT = """if (window === top) {
  Object.assign(window, { posted: 0, read: 0 });
  const { get } = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "data");
  const isHeavy = (value, depth = 0) => typeof value === "object" && value !== null &&
    (value.length > 1e5 || (depth < 4 && Object.values(value).some((one) => isHeavy(one, depth + 1))));
  Object.defineProperty(MessageEvent.prototype, "data", {
    get() {
      const data = get.call(this);
      if (this.source !== null || isHeavy(data)) window.read += 1;
      return data;
    },
  });
  addEventListener("message", () => { window.posted += 1 });
}"""  # noqa: E501


@pytest.mark.parametrize("at_once", [False, pytest.param(True, marks=pytest.mark.sandbox)])
async def test_a_tool_whose_messages_take_long_to_read_is_ended_and_the_page_goes_on(
    at_once: bool, page: Page, open_tool: Open
) -> None:
    """Also before the page's modules are there, and when it is opened again."""
    await page.add_init_script(COUNT)
    go = COSTLY["by a port"]
    go = go if at_once else f"onmessage = () => {{ {go} }}"
    # The heading comes last: once it is there, the tool listens.
    await open_tool(f"<script>{go}</script><h1>T</h1>", wait="commit")
    if not at_once:
        await expect(tool(page).locator("h1")).to_be_visible()
        await page.evaluate(GO_ON)
    await expect(halted(page)).to_contain_text("flooded the page", timeout=60_000)
    assert await page.evaluate("read") == 0
    await page.reload()
    await expect(halted(page)).to_contain_text("flooded the page last time")
    assert await page.locator("iframe").count() == 0


@pytest.mark.parametrize(
    "name", sampled((one for one in COSTLY if one != "by a port"), {"posted with a port"})
)
async def test_what_a_tool_posts_to_the_window_of_our_page_is_read_by_nobody(
    name: str, page: Page, open_tool: Open
) -> None:
    await page.add_init_script(COUNT)
    await open_tool(f"<iframe id=f></iframe><script>{COSTLY[name]}</script><h1>T</h1>")
    await page.wait_for_function("() => posted > 4", timeout=60_000)
    await expect(tool(page).locator("h1")).to_be_visible()
    assert await page.evaluate("read") == 0
    await expect(halted(page)).to_have_count(0)


# Each of them stands where the bridge gets what it sends.
REPLACED = {
    "forEach": "Map.prototype.forEach = (f) => f({ n: 0, value: all }, 'k')",
    "set": "const { set } = Map.prototype; Map.prototype.set = function (key, value) {"
    " if (value.n === 0) value.value = all; return set.call(this, key, value) }",
    "setter": "Object.defineProperty(Array.prototype, 0, { configurable: true, set(value) {"
    " Object.defineProperty(this, 0, { value: all, enumerable: true }) } })",
    "then": "const link = document.createElement('a'); link.download = 'f';"
    " link.href = 'data:,x'; link.click();"
    " Object.defineProperty(Object.prototype, 'then', { configurable: true, get() {"
    " return this instanceof Blob ? (done) => { delete Object.prototype.then; done(all) }"
    " : undefined } })",
}


@pytest.mark.parametrize("name", REPLACED)
async def test_a_tool_that_replaces_what_lists_have_gets_nothing_heavy_into_the_bridge(
    name: str, page: Page, open_tool: Open
) -> None:
    await page.add_init_script(COUNT)
    await open_tool(
        "<h1>T</h1><script>const all = []; all.length = 2e5; all.fill(0);"
        f"{REPLACED[name]}; localStorage.setItem('a', 'b');"
        "setTimeout(() => { delete Array.prototype[0]; console.info('got all') }, 300)</script>"
    )
    await page.get_by_role("tab", name="Console").click()
    await expect(heard(page)).to_have_count(1)
    assert await page.evaluate("read") == 0


FREEZING = {
    "its words": "alert({ toString() { for (;;); } })",
    "its event": "onbeforeprint = () => { for (;;); }; print()",
}


@pytest.mark.parametrize("name", sampled(FREEZING, {"its event"}))
async def test_a_tool_that_freezes_while_its_dialog_is_made_is_told_of_too(
    name: str, page: Page, open_tool: Open
) -> None:
    busy = FREEZING[name]
    await open_tool(f'<button onclick="setTimeout(() => {{ {busy} }})">Go</button>')
    await press(tool(page).get_by_role("button", name="Go"))
    await expect(page.get_by_text("This tool does not answer")).to_be_visible()
    await page.get_by_role("button", name="Halt it").click()
    await expect(halted(page)).to_contain_text("This tool froze.")


async def test_a_tool_scrolls_nothing_of_the_page_around_it(page: Page, open_tool: Open) -> None:
    await open_tool(
        "<div style='height:5000px'></div><p id=end>end</p><script>"
        "setInterval(() => { end.scrollIntoView(); }, 20)</script>"
    )
    await expect(tool(page).locator("#end")).to_be_in_viewport()
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
    # The browser tells of a file when it begins, which may be after the page has said this; one
    # that is saved now comes after all of those.
    await page.get_by_role("tab", name="Preview").click()
    await press(tool(page).locator("#one"))

    async def the_last_has_begun() -> bool:
        return len(names) >= 4

    await until(the_last_has_begun)
    assert sorted(names) == ["0.txt", "1.txt", "2.txt", "report.html"]


DRAGGED = """<a id=link href="http://127.0.0.1:{port}/link">a link</a>
<p id=card draggable=true>a card<script>
card.ondragstart = ({{ dataTransfer }}) => dataTransfer.setData("text/plain", "a word");
addEventListener("dragstart", ({{ target }}) => {{ target.dataset.dragged = "" }});
</script>"""


async def drag(page: Page, start: Locator, end: Locator) -> None:
    """Drag as a person does: of what Playwright makes of a mouse, a browser opens nothing."""
    hand = await page.context.new_cdp_session(page)
    where = [await place.bounding_box() for place in (start, end)]
    (x, y), (to_x, to_y) = [(box["x"] + 9, box["y"] + 9) for box in where if box]

    async def do(kind: str, x: float, y: float) -> None:
        clicks = int(kind != "mouseMoved")
        button = {"button": "left", "buttons": 1, "clickCount": clicks}
        await hand.send("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, **button})

    async def has_begun() -> bool:
        for aside in (5, 9):
            await do("mouseMoved", x + aside, y)
        return await start.get_attribute("data-dragged") is not None

    async def is_over() -> bool:
        for aside in (0, 1):
            await do("mouseMoved", to_x + aside, to_y)
        return await end.get_attribute("data-over") is not None

    await end.evaluate("(on) => on.addEventListener('dragover', () => { on.dataset.over = '' })")
    await do("mouseMoved", x, y)
    await do("mousePressed", x, y)
    await until(has_begun)
    await until(is_over)
    await do("mouseReleased", to_x, to_y)


async def test_what_is_dragged_out_of_a_tool_onto_the_page_opens_nothing(
    page: Page, open_tool: Open
) -> None:
    async with open_canary() as canary:
        await open_tool(DRAGGED.format(port=canary.port))
        await press(tool(page).locator("#card"))
        await drag(page, tool(page).locator("#link"), page.get_by_label("Messages"))
        # A box takes what is dropped, as ever. By then the link would have been opened.
        await page.reload()
        await press(tool(page).locator("#card"))
        box = page.get_by_role("textbox", name="Ask for a change")
        await drag(page, tool(page).locator("#card"), box)
        await expect(box).to_have_value("a word")
        assert canary.paths == []
