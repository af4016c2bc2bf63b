"""What comes through a tool's port is measured and checked, even if the tool had the real one.

A tool cannot have it. Here a script that is there before the bridge keeps it for the test, as a
flaw in a browser could.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import ConsoleMessage, Frame, Page, Route, expect

from tests.browser.tools import until
from tests.conftest import Process

pytestmark = pytest.mark.timeout(120)

Open = Callable[[str], Any]

KEEP = """if (window !== top) {
  const post = MessagePort.prototype.postMessage;
  MessagePort.prototype.postMessage = function (...given) {
    if (typeof given[0] === "object") window.bridge ??= this;
    return post.apply(this, given);
  };
}"""


@pytest.fixture
async def open_tool(page: Page, server: Process, api: Callable[..., Any]) -> Open:
    """A function that opens a document in the workbench; returns its frame, once it answers."""

    async def open_it(html: str) -> Frame:
        made = api(server.url)("POST", "/api/artifacts/import", status=201, html=html)
        await page.goto(server.url + made["artifact"]["url"])
        handle = await page.wait_for_selector('iframe[title="Preview"]')
        frame = await handle.content_frame()
        assert frame is not None
        await frame.wait_for_selector("h1")
        return frame

    return open_it


@pytest.fixture
async def told(page: Page) -> list[str]:
    """What a developer reads in the browser's own console, whoever wrote it."""
    lines: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        lines.append(message.text)

    page.on("console", hear)
    return lines


def console(page: Page) -> Any:
    return page.get_by_role("list", name="Console")


# What is lost is told each half a second, so that a busy page tells of it in parts.
async def shown(page: Page, pattern: str) -> int:
    """Add up the numbers in such lines of the page's console."""
    lines = await console(page).locator("li").all_inner_texts()
    found = [re.search(pattern, line) for line in lines]
    return sum(int(one[1].replace(",", "")) for one in found if one)


def said(lines: list[str], words: str) -> int:
    """Add up the numbers before these words in lines of the browser's console."""
    return sum(int(line.split()[0]) for line in lines if words in line)


TOO_MANY = "messages were too many at once and were dropped"
NOT_UNDERSTOOD = "messages were not understood and were dropped"
MORE = r"and ([\d,]+) more, not shown"
STRANGE = r"The tool said ([\d,]+) things that this page does not understand"


@pytest.mark.sandbox
async def test_ten_thousand_lines_a_second_are_dropped_and_counted_and_the_tool_is_told(
    page: Page, open_tool: Open, told: list[str]
) -> None:
    frame = await open_tool(
        "<h1>Loud</h1><script>function shout() { for (let i = 0; i < 10000; i += 1)"
        " console.info('line', i); setTimeout(() => console.info('after'), 300) }</script>"
    )
    await frame.evaluate("shout()")
    await page.get_by_role("tab", name="Console").click()
    await expect(console(page)).to_contain_text("after")
    items = console(page).locator("li")

    async def all_are_accounted_for() -> bool:
        lines = sum("line" in line for line in await items.all_inner_texts())
        missed = await shown(page, MORE)
        return missed > 0 and lines + missed == 10000 and said(told, TOO_MANY) == missed

    await until(all_are_accounted_for, lambda: told[-5:])
    assert await items.count() <= 500
    await expect(page.locator(".halted")).to_have_count(0)


async def test_a_module_that_cannot_be_loaded_is_named_as_far_as_it_is_known(
    page: Page, open_tool: Open
) -> None:
    await open_tool(
        "<h1>Lost</h1><script type=module>import './lost.js'</script>"
        "<script type=module src='./named.js'></script>"
    )
    await page.get_by_role("tab", name="Console").click()
    await expect(console(page)).to_contain_text("named.js")
    await expect(console(page)).to_contain_text("Could not load what a <script> imports.")


async def test_what_is_too_much_for_the_page_is_dropped_there_too_and_each_kind_by_itself(
    page: Page, open_tool: Open, told: list[str]
) -> None:
    """Past the frame's own bounds: the page's are 200 of a kind, then 100 a second."""
    await page.add_init_script(KEEP)
    frame = await open_tool("<h1>Loud</h1>")
    begun = time.monotonic()
    await frame.evaluate("""() => {
      for (let i = 0; i < 900; i += 1) bridge.postMessage({type: "console", level: "log", text: `word ${i}`});
      bridge.postMessage({type: "open", url: 7});
    }""")  # noqa: E501
    await page.get_by_role("tab", name="Console").click()
    words = console(page).locator("li", has_text="word")

    async def all_are_accounted_for() -> bool:
        missed = await shown(page, MORE)
        return await words.count() + missed == 900 and said(told, TOO_MANY) == missed

    await until(all_are_accounted_for, lambda: told[-5:])
    took = time.monotonic() - begun
    assert 200 <= await words.count() <= 200 + 100 * took
    # A flood of one kind has no part in what another may say.

    async def one_is_odd() -> bool:
        return said(told, NOT_UNDERSTOOD) == 1

    await until(one_is_odd, lambda: told[-5:])


async def test_ten_thousand_through_the_real_port_end_the_tool_and_not_the_page(
    page: Page, open_tool: Open
) -> None:
    await page.add_init_script(KEEP)
    frame = await open_tool("<h1>Loud</h1>")
    await frame.evaluate("""() => {
      setInterval(() => { for (let i = 0; i < 500; i += 1) bridge.postMessage({type: "console", text: "x"}) }, 50);
    }""")  # noqa: E501
    await expect(page.locator(".halted")).to_contain_text("This tool flooded the page.")
    assert await page.locator("iframe").count() == 0
    assert await page.evaluate("performance.now()") > 0


async def test_what_is_heavy_to_read_ends_the_tool_at_once_and_megabytes_of_text_do_not(
    page: Page, open_tool: Open
) -> None:
    await page.add_init_script(KEEP)
    frame = await open_tool("<h1>Heavy</h1>")
    await page.get_by_role("tab", name="Console").click()
    await frame.evaluate("""() => {
      const say = (changes) => bridge.postMessage({type: "stored", area: "session", n: 1, changes});
      for (let i = 0; i < 20; i += 1) say([["key", "x".repeat(5e6)]]);
      for (let i = 0; i < 20; i += 1) say(Array.from({length: 2000}, (_, n) => [`key ${n}`, "x".repeat(2000)]));
      bridge.postMessage({type: "console", level: "log", text: "all heard"});
    }""")  # noqa: E501
    await expect(console(page)).to_contain_text("all heard")
    await expect(page.locator(".halted")).to_have_count(0)
    await frame.evaluate(
        "bridge.postMessage({type: 'stored', area: 'session', n: 2, changes: [['key',"
        " Array(10000).fill(0).map(() => ({}))]]})"
    )
    await expect(page.locator(".halted")).to_contain_text("This tool flooded the page.")


PORTS = "Array.from({ length: 9 }, () => new MessageChannel().port1)"
MANY_PORTS = {
    "to the window": f"parent.postMessage(0, '*', {PORTS})",
    "by a port": "const { port1, port2 } = new MessageChannel();"
    f" parent.postMessage(0, '*', [port2]); port1.postMessage(0, {PORTS})",
}


@pytest.mark.parametrize("way", MANY_PORTS)
async def test_many_ports_in_one_message_end_the_tool(
    way: str, page: Page, open_tool: Open
) -> None:
    """Each is made before anybody can look at the message: thousands would take a reader long."""
    frame = await open_tool("<h1>Ports</h1>")
    await frame.evaluate(MANY_PORTS[way])
    await expect(page.locator(".halted")).to_contain_text("This tool flooded the page.")


async def test_a_tool_that_leaves_and_never_comes_back_is_told_of(
    page: Page, open_tool: Open
) -> None:
    """Its last word was that it leaves; what comes after it says nothing."""
    frame = await open_tool("<h1>Gone</h1>")
    await page.route(frame.url, lambda route: route.fulfill(body="<h1>Nothing of ours</h1>"))
    await frame.evaluate("void setTimeout(() => location.reload())")
    await expect(page.get_by_text("This tool does not answer")).to_be_visible()


NO_WORKER = (
    "if (window === top) window.Worker = class { constructor() { throw new DOMException() } }"
)


@pytest.mark.parametrize(
    ("refused", "alone"),
    [
        ("by a policy", False),
        pytest.param("by the browser", False, marks=pytest.mark.sandbox),
        ("by the browser", True),
    ],
)
async def test_where_no_worker_begins_the_tool_runs_and_the_person_is_told_what_to_allow(
    refused: str, alone: bool, page: Page, open_tool: Open
) -> None:
    """As behind a proxy that sets a policy of its own."""

    async def tighten(route: Route) -> None:
        response = await route.fetch()
        headers = dict(response.headers)
        policy = headers.get("content-security-policy", "")
        headers["content-security-policy"] = policy.replace("worker-src blob:", "worker-src 'none'")
        await route.fulfill(response=response, headers=headers)

    await open_tool("<h1>Runs</h1>")
    if alone:
        link = page.get_by_role("link", name="Open alone")
        await page.goto(str(await link.get_attribute("href")))
    if refused == "by a policy":
        await page.route(page.url, tighten)
    else:
        await page.add_init_script(NO_WORKER)
    await page.reload()
    told = page.get_by_role("alert").filter(has_text="does not hear the tool")
    await expect(told).to_contain_text("Allow “worker-src blob:”")
    await expect(page.frame_locator("iframe").locator("h1")).to_have_text("Runs")
    await told.get_by_role("button", name="Hide this").click()
    await expect(told).to_have_count(0)


# Each is a line of JavaScript; none of them is what a bridge says.
ODD = [
    "null",
    "undefined",
    "7",
    "'console'",
    "[]",
    "[{type: 'console', text: 'odd'}]",
    "new Map([['type', 'console']])",
    "new Date()",
    "/x/",
    "new Error('odd')",
    "{}",
    "{text: 'odd'}",
    "{type: null, text: 'odd'}",
    "{type: ['console'], text: 'odd'}",
    "{type: {toString: 'console'}, text: 'odd'}",
    "{type: new String('console'), text: 'odd'}",
    "{type: 'Console', text: 'odd'}",
    "{type: '__proto__', text: 'odd'}",
    "{type: 'constructor', text: 'odd'}",
    "{type: 'toString', text: 'odd'}",
    "{type: 'hasOwnProperty', text: 'odd'}",
    "{type: 'hello', key: 'odd'}",
    "{type: 'pong'.repeat(1e6)}",
    'JSON.parse(\'{"__proto__": {"type": "console", "text": "odd"}}\')',
    "{type: 'console'}",
    "{type: 'console', text: 7}",
    "{type: 'console', text: {length: 3, slice: 'odd'}}",
    "{type: 'console', level: 'log', text: ['odd']}",
    "{type: 'error', message: null}",
    "{type: 'rejection', message: ['odd']}",
    "{type: 'violation', directive: {}, uri: 'https://odd.example'}",
    "{type: 'resource', tag: 'img', uri: 9}",
    "{type: 'dropped', count: '9'}",
    "{type: 'dropped', count: -9}",
    "{type: 'dropped', count: 1e300}",
    "{type: 'act'}",
    "{type: 'act', pressed: 'yes'}",
    "{type: 'act', pressed: true, late: -1}",
    "{type: 'act', pressed: true, late: 'odd'}",
    "{type: 'dialog'}",
    "{type: 'dialog', open: 1, refused: true}",
    "{type: 'download', name: 'odd.txt'}",
    "{type: 'download', name: 'odd.txt', blob: 'odd'}",
    "{type: 'download', name: 'odd.txt', blob: {size: 1, type: 'text/plain'}}",
    "{type: 'open'}",
    "{type: 'open', url: ['https://odd.example']}",
    "{type: 'open', url: 'javascript:document.title=9'}",
    "{type: 'open', url: 'file:///etc/passwd'}",
    "{type: 'open', url: 'data:text/html,odd'}",
    "{type: 'open', url: 'blob:' + location.origin + '/odd'}",
    "{type: 'open', url: '/api/artifacts'}",
    "{type: 'open', url: 'https://odd.example/' + 'x'.repeat(1e5)}",
    "{type: 'asked', capability: 'everything'}",
    "{type: 'asked', capability: ['camera']}",
    "{type: 'stored'}",
    "{type: 'stored', area: 'other', n: 1, changes: []}",
    "{type: 'stored', area: '__proto__', n: 1, changes: []}",
    "{type: 'stored', area: 'local', n: '1', changes: []}",
    "{type: 'stored', area: 'local', n: 1, changes: {a: 'b'}}",
    "{type: 'stored', area: 'local', n: 1, changes: [['a']]}",
    "{type: 'stored', area: 'local', n: 1, changes: [['a', 7]]}",
    "{type: 'stored', area: 'local', n: 1, changes: [['a', 'b', 'c']]}",
    "{type: 'stored', area: 'local', n: 1, changes: [[{toString: 'a'}, 'b']]}",
    "{type: 'stored', area: 'local', n: 1, changes: Array(2001).fill(['odd', 'b'])}",
]
# The last is in order, and says that all before it were heard.
ALL_ODD = f"""() => {{
  const deep = () => {{ let at = {{}}; for (let i = 0; i < 2000; i += 1) at = {{type: at}}; return at }};
  for (const odd of [{", ".join(ODD)}, deep()]) bridge.postMessage(odd);
  const more = JSON.parse('{{"__proto__": {{"line": 9}}, "constructor": 1, "html": "<b>", "extra": {{"deep": [1]}}}}');
  bridge.postMessage({{...more, type: "console", level: "<b>", text: "<b>in order".padEnd(3000, "-"), line: "9"}});
}}"""  # noqa: E501


async def test_what_is_of_no_known_shape_is_dropped_and_counted_and_does_nothing(
    page: Page, open_tool: Open, told: list[str]
) -> None:
    await page.add_init_script(KEEP)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    frame = await open_tool("<h1>Odd</h1><button onclick='go()'>Go</button>")
    saved: list[str] = []
    page.on("download", lambda one: saved.append(one.suggested_filename))
    url = page.url
    requests: list[str] = []
    page.on("request", lambda r: requests.append(r.method) if r.method != "GET" else None)
    # Within a press of the person's, when most is allowed.
    await frame.evaluate(f"void (window.go = {ALL_ODD})")
    await frame.click("button")

    await page.get_by_role("tab", name="Console").click()
    await expect(console(page)).to_contain_text("in order")

    async def each_is_counted() -> bool:
        counts = {await shown(page, STRANGE), said(told, NOT_UNDERSTOOD)}
        return counts == {len(ODD) + 1}

    await until(each_is_counted, lambda: told[-5:])
    entries = await console(page).locator("li").all_inner_texts()
    [in_order] = [entry for entry in entries if "in order" in entry]
    assert "<b>in order" in in_order
    assert len(in_order) < 2100
    assert not any("odd" in entry for entry in entries)
    assert errors == []
    assert saved == []
    assert requests == []
    assert await page.locator("dialog[open]").count() == 0
    assert page.url == url
    assert await page.title() != "9"
    assert await page.evaluate("[{}.line, {}.type, typeof {}.extra]") == [None, None, "undefined"]
    assert page.context.pages == [page]


async def test_hellos_without_the_key_open_nothing(page: Page, open_tool: Open) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    frame = await open_tool("<h1>Hello</h1>")
    await frame.evaluate("""() => {
      for (const key of [undefined, null, "", "{bridge-key}", true, {}, ["a"], "x".repeat(1e6)]) {
        for (const count of [0, 1, 2]) {
          const made = Array.from({length: count}, () => new MessageChannel());
          const own = new MessageChannel();
          parent.postMessage(key, "*", made.map((one) => one.port2));
          made[0]?.port1.postMessage(key, [own.port2]);
          for (const {port1} of [own, ...made]) port1.postMessage({type: "console", level: "log", text: "forged"});
        }
      }
      for (const odd of [null, 1, "hello", [], new Map()]) parent.postMessage(odd, "*", [new MessageChannel().port2]);
      setTimeout(() => console.log("all was said"), 100);
    }""")  # noqa: E501
    await page.get_by_role("tab", name="Console").click()
    await expect(console(page)).to_contain_text("all was said")
    await expect(console(page)).not_to_contain_text("forged")
    assert errors == []


async def test_a_hello_counts_from_the_frame_itself_and_with_one_port_even_with_the_key(
    page: Page, open_tool: Open
) -> None:
    """The key is the first wall; this is the next."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    frame = await open_tool("<h1>Hello</h1><iframe srcdoc='<p>nested'></iframe>")
    key = await page.get_attribute("[data-key]", "data-key")
    assert key
    hello = """([key, count, inner]) => {
      const make = (many) => Array.from({length: many}, () => new MessageChannel());
      const [made, own] = [make(count), make(inner)];
      top.postMessage(key, "*", made.map((one) => one.port2));
      made[0]?.port1.postMessage(key, own.map((one) => one.port2));
      for (const {port1} of [...made, ...own]) port1.postMessage({type: "console", text: "forged"});
    }"""
    await frame.child_frames[0].evaluate(hello, [key, 1, 1])
    for count, inner in ((0, 1), (2, 1), (1, 0), (1, 2)):
        await frame.evaluate(hello, [key, count, inner])
    await frame.evaluate("setTimeout(() => console.log('all was said'), 100)")
    await page.get_by_role("tab", name="Console").click()
    await expect(console(page)).to_contain_text("all was said")
    await expect(console(page)).not_to_contain_text("forged")
    assert errors == []


OUT = "https://example.org/path?q=1"


async def test_one_press_asks_about_one_address(page: Page, open_tool: Open) -> None:
    frame = await open_tool(
        f"<h1>Links</h1><button onclick=\"for (const n of [1, 2, 3]) window.open('{OUT}' + n)\">Go"
    )
    await frame.click("button")
    dialog = page.get_by_role("dialog", name="Open this address?")
    await expect(dialog.locator("code")).to_have_text([f"{OUT}1"])
    await dialog.get_by_role("button", name="Stay here").click()
    await expect(dialog).to_have_count(0)


async def test_no_address_is_asked_about_without_a_press(
    page: Page, server: Process, api: Callable[..., Any]
) -> None:
    """Nothing is evaluated here before the end: to a browser that would be a press."""
    await page.add_init_script(KEEP)
    script = (
        "addEventListener('load', () => setTimeout(() => {"
        f"  bridge.postMessage({{type: 'open', url: '{OUT}'}});"
        "  setTimeout(() => console.log('said'), 100) }))"
    )
    html = f"<h1>Links</h1><script>{script}</script>"
    made = api(server.url)("POST", "/api/artifacts/import", status=201, html=html)
    async with page.expect_console_message(lambda message: message.text == "said"):
        await page.goto(server.url + made["artifact"]["url"], wait_until="commit")
    await page.wait_for_timeout(1500)  # until the page has read all of it
    assert await page.locator("dialog[open]").count() == 0
    await page.get_by_role("tab", name="Console").click()
    await expect(console(page)).to_contain_text("said")


SAVING = """<h1>Files</h1><a id=a>save</a><script>
let wishes = [];
a.onclick = () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["<script>"], {type: "text/html"}));
  link.download = wishes.shift();
  link.click();
};
a.href = "#"</script>"""


async def test_a_person_gets_a_file_under_a_clean_name_of_no_kind_that_opens(
    page: Page, open_tool: Open
) -> None:
    kinds: list[str] = []
    await page.expose_function("kind", lambda kind: kinds.append(kind or "none"))
    await page.add_init_script("""if (window === top) {
      const make = URL.createObjectURL;
      URL.createObjectURL = (blob) => { window.kind(blob.type); return make.call(URL, blob) };
    }""")
    frame = await open_tool(SAVING)
    names = {
        "../../etc/passwd": "_.._etc_passwd",
        "photo\u202egpj.exe": "photogpj.exe",
        ".bashrc": "bashrc",
        "con.txt": "_con.txt",
        "x" * 300 + ".json": "x" * 115 + ".json",
    }
    await frame.evaluate("(all) => { wishes = all }", [*names])
    for name in names.values():
        async with page.expect_download() as saved:
            await frame.click("#a")
        download = await saved.value
        assert download.suggested_filename == name
        assert (await download.path()).read_text() == "<script>"
    # The first is the doorman's.
    assert set(kinds) == {"text/javascript", "application/octet-stream"}
