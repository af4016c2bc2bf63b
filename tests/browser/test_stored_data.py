"""What a tool stores is kept for its person: through reloads, versions, restarts and devices."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Frame, Page, expect

from tests.browser.tools import Imported, wide_context
from tests.browser.tools import until as eventually
from tests.conftest import Api, Process, Start, until

pytestmark = pytest.mark.timeout(120)

# What it stores, it shows; it reads before anything else runs, and writes while it is left.
COUNTER = """<!doctype html>
<html lang="en"><head><title>Counter</title>
<script>
const first = localStorage.getItem("n");
const visits = Number(sessionStorage.visits || 0) + 1;
sessionStorage.visits = visits;
</script></head><body>
<output id="n"></output> <output id="visits"></output> <output id="heard"></output>
<button id="add" onclick="add()">Add</button>
<button id="reload" onclick="add(); location.reload()">Add and reload</button>
<script>
const show = () => {
  document.getElementById("n").value = localStorage.n ?? "nothing";
  document.getElementById("visits").value = visits;
};
function add() {
  localStorage.n = Number(localStorage.n ?? 0) + 1;
  show();
}
addEventListener("storage", (event) => {
  document.getElementById("heard").value = `${event.key}: ${event.oldValue} to ${event.newValue}`;
});
show();
</script></body></html>"""


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    async with wide_context(browser) as context:
        yield context


@pytest.fixture
def made(server: Process, api: Any) -> Made:
    return Made(api(server.url))


class Made(Imported):
    """A tool that was imported, and what the server keeps of it."""

    def __init__(self, api: Api, html: str = COUNTER) -> None:
        super().__init__(api, html)

    @property
    def kept(self) -> dict[str, str]:
        local: dict[str, str] = self.data["local"]
        return local

    async def keeps(self, wanted: dict[str, str]) -> None:
        await asyncio.to_thread(until, lambda: self.kept == wanted)


async def opened(page: Page, url: str) -> Frame:
    await page.goto(url)
    return await framed(page)


async def framed(page: Page) -> Frame:
    handle = await page.wait_for_selector("iframe")
    frame = await handle.content_frame()
    assert frame is not None
    await frame.wait_for_selector("#add")
    return frame


async def shows(frame: Frame, name: str, text: str) -> None:
    await expect(frame.locator(f"#{name}")).to_have_text(text)


async def test_it_is_there_from_the_first_line_after_a_reload(page: Page, made: Made) -> None:
    """A script that runs before anything else reads what an earlier document of the tool wrote."""
    frame = await opened(page, made.url)
    assert await frame.evaluate("first") is None
    await frame.click("#add")
    await made.keeps({"n": "1"})
    await page.reload()
    frame = await framed(page)
    assert await frame.evaluate("first") == "1"
    await shows(frame, "n", "1")


async def test_a_reload_in_the_same_breath_loses_nothing(page: Page, made: Made) -> None:
    """The document after `location.reload()` has the change before it, and its session."""
    frame = await opened(page, made.url)
    await frame.evaluate("name = 'mine'")
    for count in ("1", "2", "3"):
        await frame.click("#reload")
        await shows(frame, "n", count)
        await shows(frame, "visits", str(int(count) + 1))
        assert await frame.evaluate("[first, name]") == [count, "mine"]
    await made.keeps({"n": "3"})


async def test_another_browser_a_killed_server_and_a_new_version(
    browser: Browser, page: Page, tmp_path: Path, serve_app: Start, api: Any
) -> None:
    """The data belong to the person and the tool, not to a browser, a process or a version."""
    server = serve_app(data_dir=tmp_path / "kept")
    made = Made(api(server.url))
    frame = await opened(page, made.url)
    await frame.click("#add")
    await made.keeps({"n": "1"})

    elsewhere = await browser.new_context()
    frame = await opened(await elsewhere.new_page(), made.url)
    await shows(frame, "n", "1")
    await frame.click("#add")
    await made.keeps({"n": "2"})
    await elsewhere.close()

    server.stop(signal.SIGKILL)
    again = serve_app(data_dir=tmp_path / "kept")
    client = api(again.url)
    assert client("GET", f"/api/artifacts/{made.id}/data")["local"] == {"n": "2"}
    client("POST", f"/api/artifacts/{made.id}/versions/1/restore", status=201)
    frame = await opened(page, f"{again.url.rstrip('/')}/artifacts/{made.id}/versions/2")
    await shows(frame, "n", "2")


async def test_opened_alone_it_saves_too(page: Page, made: Made) -> None:
    """The page around a tool opened alone saves, and the workbench shows it."""
    frame = await opened(page, made.frame_url)
    await frame.click("#add")
    await made.keeps({"n": "1"})
    await frame.click("#reload")
    await shows(frame, "n", "2")
    await page.reload()
    frame = await framed(page)
    await shows(frame, "n", "2")
    frame = await opened(page, made.url)
    await shows(frame, "n", "2")


async def test_what_was_stored_last_arrives_when_the_tab_closes(page: Page, made: Made) -> None:
    """A click, and the tab is closed: the change is saved."""
    frame = await opened(page, made.url)
    await frame.click("#add")
    await page.close(run_before_unload=True)
    await made.keeps({"n": "1"})


async def test_two_windows_keep_each_others_keys_and_hear_of_them(
    context: BrowserContext, made: Made
) -> None:
    """Each key's last value is kept, and the other window gets a `storage` event."""
    one, two = await context.new_page(), await context.new_page()
    first, second = await opened(one, made.url), await opened(two, made.url)
    await first.evaluate("localStorage.a = 'of one'")
    await shows(second, "heard", "a: null to of one")
    await second.evaluate("localStorage.b = 'of two'")
    await shows(first, "heard", "b: null to of two")
    await made.keeps({"a": "of one", "b": "of two"})
    assert await first.evaluate("localStorage.b") == "of two"
    assert await second.evaluate("localStorage.length") == 2
    await first.evaluate("localStorage.clear()")
    await made.keeps({})
    await second.wait_for_function("localStorage.length === 0", polling=100)


# The page hears of no document before `letIn()`, and counts what other windows tell.
LATE = """if (window === top) {
  const { postMessage } = Worker.prototype;
  const held = [];
  let isFree = false;
  Worker.prototype.postMessage = function (...given) {
    if (isFree) postMessage.apply(this, given);
    else held.push(() => postMessage.apply(this, given));
  };
  window.letIn = () => { isFree = true; for (const send of held) send() };
  window.others = 0;
  BroadcastChannel.prototype.addEventListener = function (type, hear) {
    EventTarget.prototype.addEventListener.call(this, type, (event) => {
      hear(event);
      window.others += 1;
    });
  };
}"""


async def test_what_another_window_stores_before_a_document_is_heard_reaches_it(
    context: BrowserContext, made: Made
) -> None:
    """Unless this window has changed the same since."""
    one, two = await context.new_page(), await context.new_page()
    await two.add_init_script(LATE)
    first, second = await opened(one, made.url), await opened(two, made.url)
    await first.evaluate("localStorage.a = 'of one'")
    # Its policy lets a predicate that is text run once only.
    await eventually(lambda: two.evaluate("others > 0"))
    await two.evaluate("letIn()")
    await second.wait_for_function("localStorage.a === 'of one'", polling=50)
    # Until its own is saved, that is the newest where it was made.
    await made.keeps({"a": "of one"})
    await second.evaluate("localStorage.a = 'of two'")
    await shows(first, "heard", "a: of one to of two")
    async with second.expect_navigation():
        await second.evaluate("void setTimeout(() => location.reload())")
    await first.evaluate("localStorage.b = 'of one'")
    await second.wait_for_function("localStorage.b === 'of one'", polling=50)
    assert await second.evaluate("localStorage.a") == "of two"


STRANGE = {
    "__proto__": "a",
    "</script><!--": "</script><script>alert(1)</script>",
    "line\nbreak\u2028": "\x00\u2029\ufeff",
    "length": "x",
    "1": "one",
    "😀": "家",
    "": "empty",
}


async def test_any_text_is_kept_as_it_is(page: Page, made: Made) -> None:
    """Markup, line ends, halves of surrogate pairs and names of the language come back the same."""
    frame = await opened(page, made.url)
    write = "(all) => { for (const [k, v] of JSON.parse(all)) localStorage.setItem(k, v); }"
    await frame.evaluate(write, json.dumps(list(STRANGE.items())))
    await frame.evaluate("localStorage.setItem('half', '\\ud83d')")
    await made.keeps({**STRANGE, "half": "\ud83d"})
    await page.reload()
    frame = await framed(page)
    read = "() => Object.keys(localStorage).length"
    assert await frame.evaluate(read) >= len(STRANGE) - 1
    for key, value in STRANGE.items():
        assert await frame.evaluate("(key) => localStorage.getItem(key)", key) == value
    assert await frame.evaluate("localStorage.half === '\\ud83d'")
    assert await frame.evaluate("document.head.querySelectorAll('[type]').length") == 0


async def test_a_full_store_throws_as_a_browser_does_and_stays(page: Page, made: Made) -> None:
    """5 MB fit, are kept and come back; one character more is a QuotaExceededError."""
    frame = await opened(page, made.url)
    fill = "localStorage.setItem('big', 'x'.repeat(5 * 1024 * 1024 - 3))"
    await frame.evaluate(fill)
    refused = "(() => { try { localStorage.y = 1; } catch (error) { return error.name; } })()"
    assert await frame.evaluate(refused) == "QuotaExceededError"
    await made.keeps({"big": "x" * (5 * 1024 * 1024 - 3)})
    await page.reload()
    frame = await framed(page)
    assert await frame.evaluate("localStorage.big.length") == 5 * 1024 * 1024 - 3


MANY = """<!doctype html><title>Many</title><p id="add">Many</p><output></output><script>
let round = 0;
function fill() {
  round += 1;
  try {
    for (let i = 0; i < 3e5; i += 1) localStorage.setItem(i.toString(36), `${round}`);
  } catch (error) {
    document.querySelector("output").value = `${error.name} ${localStorage.length}`;
  }
  setTimeout(fill, 60);
}
if (localStorage.length === 0) fill();
</script>"""


@pytest.mark.sandbox
async def test_many_small_keys_hold_up_neither_the_page_nor_the_server(
    page: Page, server: Process, api: Any
) -> None:
    made = Made(api(server.url), MANY)
    frame = await opened(page, made.url)
    await expect(frame.locator("output")).to_have_text("QuotaExceededError 20000")
    await asyncio.to_thread(until, lambda: len(made.kept) == 20_000)
    async with httpx.AsyncClient(base_url=server.url, timeout=30) as other:
        for _ in range(3):
            answer = await other.post("/api/artifacts/import", json={"html": COUNTER})
            assert answer.status_code == 201
            assert await page.evaluate("1") == 1
    await page.reload()
    frame = await framed(page)
    assert await frame.evaluate("localStorage.length") == 20_000


HOSTILE = """<!doctype html><title>Hostile</title><button id="add">x</button><script>
const tries = %s;
async function attack() {
  for (const [method, url] of tries) {
    const body = JSON.stringify({ local: { taken: "yes" } });
    for (const type of ["application/json", "text/plain"]) {
      await fetch(url, { method, body, headers: { "content-type": type } }).catch(() => {});
      await fetch(url, { method, body, mode: "no-cors", keepalive: true }).catch(() => {});
    }
    navigator.sendBeacon(url, body);
  }
  document.title = "done";
}
function send(url) {
  const form = document.createElement("form");
  form.method = "post"; form.enctype = "text/plain"; form.action = url;
  const field = document.createElement("input");
  field.name = '{"local": {"taken": "'; field.value = '"}}';
  form.append(field); document.body.append(form); form.submit();
}
attack();
</script>"""


async def test_a_hostile_tool_cannot_write_what_another_stores(
    page: Page, server: Process, api: Any, made: Made
) -> None:
    """Neither through our API nor at the other tool's address, even if it knew both."""
    data = f"{server.url.rstrip('/')}/api/artifacts/{made.id}/data"
    tries = [["POST", made.frame_url], ["POST", f"{made.frame_url}/"]]
    tries += [[method, data] for method in ("PATCH", "PUT", "DELETE", "POST")]
    made.api("PATCH", f"/api/artifacts/{made.id}/data", status=204, local={"n": "1"})
    hostile = Made(api(server.url), HOSTILE % json.dumps(tries))
    for place in (hostile.url, hostile.frame_url):
        for _, url in tries[:3]:
            frame = await opened(page, place)
            await frame.wait_for_function("document.title === 'done'")
            await frame.evaluate("(url) => void setTimeout(send, 0, url)", url)
            await page.evaluate("new Promise((done) => setTimeout(done, 100))")
    assert made.kept == {"n": "1"}
    # Positive control: the same request is heard when our own page around the tool sends it.
    await opened(page, made.frame_url)
    sent = "(body) => fetch(location.pathname, { method: 'POST', body }).then((r) => r.status)"
    assert await page.evaluate(sent, json.dumps({"local": {"taken": "no"}})) == 200
    assert made.kept == {"n": "1", "taken": "no"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://other.localhost", "Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
def test_only_the_page_around_a_tool_saves_at_its_address(
    made: Made, headers: dict[str, str], status: int
) -> None:
    """The browser's word on who asks decides, not the address alone."""
    url = httpx.URL(made.frame_url)
    local = url.copy_with(host="127.0.0.1")
    sent = httpx.post(
        local, json={"local": {"a": "b"}}, headers={"Host": url.netloc.decode(), **headers}
    )
    assert sent.status_code == status, sent.text
    assert made.kept == ({"a": "b"} if status == 200 else {})
