"""What the bridge in the frame refuses: natives, events and addresses of a hostile tool's making.

Each test tries several means in one document; the page around it hears of them, or must not.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from frames import Host, Shelf, messages, show
from playwright.async_api import Dialog, Page, expect

DONE = "setTimeout(() => console.log('done'), 50)"


async def said(page: Page, host: Host, shelf: Shelf, script: str) -> list[dict[str, Any]]:
    """Run a tool's script; return all that the page around it has heard once it says "done"."""
    shelf.put("tool", f"<body><p>x<script>{script}</script>")
    await show(page, host)
    await page.wait_for_function("() => messages.some((m) => m.text === 'done')")
    heard: list[dict[str, Any]] = await page.evaluate("messages")
    return heard


def kinds(heard: list[dict[str, Any]]) -> list[str]:
    return [message["type"] for message in heard if message["type"] != "console"]


MADE_UP = """
for (const [target, event] of [
  [window, new PointerEvent("pointerdown")], [window, new PointerEvent("pointerup")],
  [window, new KeyboardEvent("keydown", { key: "k" })],
  [window, new PageTransitionEvent("pagehide")], [document, new Event("load")],
  [window, new Event("DOMContentLoaded")],
  [window, new PromiseRejectionEvent("unhandledrejection", { promise: Promise.resolve(), reason: 1 })],
  [window, new SecurityPolicyViolationEvent("securitypolicyviolation", { effectiveDirective: "connect-src", blockedURI: "https://made.up" })],
]) target.dispatchEvent(event);
console.log("done");
"""  # noqa: E501


async def test_events_that_a_tool_makes_up_are_no_persons_and_no_browsers(
    page: Page, host: Host, shelf: Shelf
) -> None:
    heard = await said(page, host, shelf, MADE_UP)
    done = next(at for at, one in enumerate(heard) if one.get("text") == "done")
    assert kinds(heard[:done]) == []


async def test_a_press_that_began_elsewhere_is_no_act_when_it_ends_here(
    page: Page, host: Host, shelf: Shelf
) -> None:
    shelf.put("tool", "<body style='margin: 0'><p id=p style='height: 90px'>x<script>"
              "p.onpointerup = () => console.log('done')</script>")  # fmt: skip
    frame = await show(page, host)
    await messages(page, "loaded")
    handle = await frame.frame_element()
    box = await handle.bounding_box()
    assert box
    await page.mouse.move(box["x"] + 400, box["y"] + box["height"] + 100)
    await page.mouse.down()
    await page.mouse.move(box["x"] + 20, box["y"] + 20)
    await page.mouse.up()
    # A whole one, so that there is one that counts.
    await page.mouse.down()
    await page.mouse.up()
    await messages(page, "console", 2)
    assert len(await messages(page, "act", 2)) == 2


async def test_what_is_told_is_cut_to_a_length_of_ours(
    page: Page, host: Host, shelf: Shelf
) -> None:
    script = "console.log('x'.repeat(1500), 'y'.repeat(1500)); console.log('done')"
    heard = await said(page, host, shelf, script)
    assert len(heard[0]["text"]) == 2000


async def test_a_document_that_is_its_own_parent_gives_its_port_to_nobody(
    page: Page, host: Host, shelf: Shelf
) -> None:
    """A browser that does not say what a document is for gets the tool's own."""
    shelf.put("tool", "<script>window.got = []; onmessage = ({ ports }) => got.push(ports.length);"
              "</script>")  # fmt: skip

    here = f"http://127.0.0.1:{host.frame_port}/tool"
    async with httpx.AsyncClient() as client:
        bare = await client.get(here, headers={"host": f"label.localhost:{host.frame_port}"})
    headers = {"content-type": bare.headers["content-type"]}
    await page.route(host.frame_url, lambda route: route.fulfill(body=bare.text, headers=headers))
    await page.goto(host.frame_url)
    await page.evaluate("postMessage('last', '*')")
    await page.wait_for_function("() => got.length > 0")
    assert await page.evaluate("got") == [0]


REPLACED = {
    "forEach": "Map.prototype.forEach = (f) => f({ n: 0, value: [1] }, 'k')",
    "set": "const { set } = Map.prototype; Map.prototype.set = function (key, value) {"
    " if (value?.n === 0) value.value = [1]; return set.call(this, key, value) }",
    "setter": "Object.defineProperty(Array.prototype, 0, { configurable: true, set(value) {"
    " Object.defineProperty(this, 0, { value: [1], enumerable: true }) } })",
    "a store's own": "Storage.prototype.setItem = null; String = () => ({})",
}


@pytest.mark.parametrize("name", REPLACED)
async def test_what_is_stored_passes_nothing_that_the_tool_replaced(
    name: str, page: Page, host: Host, shelf: Shelf
) -> None:
    script = (
        f"{REPLACED[name]}; localStorage.a = 'b';"
        f"setTimeout(() => {{ delete Array.prototype[0]; {DONE} }}, 100)"
    )
    heard = await said(page, host, shelf, script)
    [stored] = [one for one in heard if one["type"] == "stored"]
    assert stored["changes"] == [["a", "b"]]


async def test_a_store_has_so_many_keys(page: Page, host: Host, shelf: Shelf) -> None:
    script = (
        "try { for (let n = 0; n < 20001; n += 1) localStorage[`k${n}`] = '' }"
        " catch (error) { console.log(error.name, localStorage.length) } console.log('done')"
    )
    heard = await said(page, host, shelf, script)
    assert [one["text"] for one in heard if one["type"] == "console"] == [
        "QuotaExceededError 20000",
        "done",
    ]


async def dialogs(page: Page) -> list[str]:
    """What is shown from now on; each is accepted."""
    shown: list[str] = []

    async def accept(dialog: Dialog) -> None:
        shown.append(dialog.message or dialog.type)
        await dialog.accept()

    page.on("dialog", accept)
    return shown


ASKING = """
const nested = document.createElement("iframe");
nested.srcdoc = "<script>alert('nested'); parent.postMessage('nested', '*')<" + "/script>";
onmessage = ({ data }) => {
  if (data !== "nested") return;
  alert({ toString() { console.log("its words"); return "0" } });
  for (let n = 1; n < 6; n += 1) alert(n);
  console.log("done");
};
document.body.append(nested);
"""


async def test_three_dialogs_are_shown_and_a_tools_code_runs_before_they_are_said_to_be(
    page: Page, host: Host, shelf: Shelf
) -> None:
    shown = await dialogs(page)
    heard = await said(page, host, shelf, ASKING)
    assert shown == ["0", "1", "2"]
    told = [
        one.get("text", one.get("open")) for one in heard if one["type"] in ("console", "dialog")
    ]
    assert told == ["its words", *[True, False] * 3, None, "done"]


TAMPERED = """
const count = Number(sessionStorage.count ?? 0);
for (let n = 0; n < 2; n += 1) alert(`${count} ${n}`);
sessionStorage.count = count + 1;
if (count === 2) console.log("done");
else {
  Object.prototype.toJSON = function () {
    return "dialogs" in this ? { ...this, dialogs: 0 } : this;
  };
  setTimeout(() => location.reload(), 50);
}
"""


async def test_dialogs_are_counted_over_documents_whatever_the_tool_says_of_them(
    page: Page, host: Host, shelf: Shelf
) -> None:
    shown = await dialogs(page)
    await said(page, host, shelf, TAMPERED)
    assert shown == ["0 0", "0 1", "1 0"]


PRINTING = """let printed = 0;
window.print = () => { printed += 1; };
const native = Document.prototype.execCommand;
Document.prototype.execCommand = function (name, ...rest) {
  if (/print/i.test(name)) printed += 1;
  return native.call(this, name, ...rest);
};
addEventListener("message", ({ data }) => {
  if (data === "tell") console.log(`printed ${printed}`);
});"""


async def test_to_print_is_a_dialog_by_whatever_name(page: Page, host: Host, shelf: Shelf) -> None:
    """A browser without a window shows none for it."""
    await page.add_init_script(f"if (window !== top) {{ {PRINTING} }}")
    script = (
        "for (let i = 0; i < 4; i++) { print(); document.execCommand('Print') }"
        f"postMessage('tell'); {DONE}"
    )
    heard = await said(page, host, shelf, script)
    assert "printed 3" in [one.get("text") for one in heard]


async def test_a_person_is_not_asked_whether_to_leave(page: Page, host: Host, shelf: Shelf) -> None:
    shown = await dialogs(page)
    shelf.put("tool", "<p>x<script>addEventListener('beforeunload', (event) => {"
              "event.preventDefault(); event.returnValue = 'stay' })</script>")  # fmt: skip
    frame = await show(page, host)
    await messages(page, "loaded")
    await frame.click("p")
    await page.goto("about:blank")
    assert shown == []


HISTORY = """
let own = 0;
history.pushState({ get n() { if (own++ < 9) history.pushState(0, "") } }, "");
for (let n = 0; n < 9; n += 1) history.pushState(n, "");
console.log(`pushed ${history.length}`);
const nested = document.createElement("iframe");
nested.srcdoc = "<script>for (let n = 0; n < 3; n++) history.pushState(n, ''); parent.postMessage(history.length, '*')<" + "/script>";
onmessage = ({ data }) => { console.log(`nested ${data}`); console.log("done") };
document.body.append(nested);
"""  # noqa: E501


async def test_five_entries_are_pushed_and_none_by_a_nested_document(
    page: Page, host: Host, shelf: Shelf
) -> None:
    heard = await said(page, host, shelf, HISTORY)
    length = await page.evaluate("history.length")
    assert [one["text"] for one in heard if one["type"] == "console"] == [
        f"pushed {length}",
        f"nested {length}",
        "done",
    ]
    # The blank page, the host's own, and five.
    assert length == 7


HASHES = (
    "let n = 0; const go = () => { location.hash = ++n;"
    f" if (n < 8) setTimeout(go, 20); else {DONE} }}; onload = () => setTimeout(go, 50)"
)


async def test_more_hashes_than_five_are_told_also_in_a_full_history(
    page: Page, host: Host, shelf: Shelf
) -> None:
    assert kinds(await said(page, host, shelf, HASHES)).count("history") == 1
    await page.evaluate("for (let i = 0; i < 60; i += 1) history.pushState(i, '')")
    assert kinds(await said(page, host, shelf, HASHES)).count("history") == 1


async def test_a_nested_document_that_loads_itself_again_and_again_is_told_of(
    page: Page, host: Host, shelf: Shelf
) -> None:
    nested = "onload = () => setTimeout(() => location.reload(), 10)"
    hears = "onmessage = ({ data }) => console.log('hears')"
    shelf.put("tool", f"<script>{hears}</script><iframe srcdoc='<script>{nested}</script>'>")
    await show(page, host)
    await messages(page, "loads")
    assert await page.evaluate("messages.filter((m) => m.text === 'hears')") == []


CLOCK = """if (window !== top) {
  const now = performance.now.bind(performance);
  let skipped = 0;
  performance.now = () => now() + skipped;
  addEventListener("message", ({ data }) => { if (data === "later") skipped += 2500 });
}"""
KEYS = """<input id=a><button id=b onmousedown="event.preventDefault()">b</button><script>
let heard = "";
for (const type of ["keydown", "keypress", "beforeinput", "input", "keyup"]) addEventListener(type, (e) => { heard += e.key ?? e.data }, true);
const press = () => { for (const type of ["pointerdown", "pointerup"]) a.dispatchEvent(new PointerEvent(type, { bubbles: true })) };
</script>"""  # noqa: E501
AWAY = "document.body.tabIndex = -1; document.body.focus()"


async def test_keys_are_heard_by_a_tool_after_a_press_alone_where_a_box_of_ours_is_in_use(
    page: Page, host: Host, shelf: Shelf
) -> None:
    await page.add_init_script(CLOCK)
    shelf.put("tool", KEYS)
    frame = await show(page, host)
    await messages(page, "loaded")
    heard: dict[str, str] = {}

    async def typed(when: str) -> None:
        await page.keyboard.type("k")
        heard[when] = await frame.evaluate("[heard, heard = ''][0]")

    async def free(yes: bool) -> None:
        pongs = len(await page.evaluate("messages.filter((m) => m.type === 'pong')"))
        await page.evaluate("(yes) => port.postMessage({ type: 'free', yes })", yes)
        await page.evaluate("port.postMessage({ type: 'ping', n: 1 })")
        await messages(page, "pong", pongs + 1)

    await free(yes=False)
    await frame.evaluate("press(), a.focus(), press()")
    await typed("after a press of its own making")
    await page.evaluate(AWAY)
    await frame.click("#b")
    await frame.evaluate("dispatchEvent(new MessageEvent('message', { data: 'later' }))")
    await frame.evaluate("a.focus()")
    await typed("long after a press that moved no focus")
    await page.evaluate(AWAY)
    await frame.click("#a")
    await typed("after a press")
    await page.evaluate(AWAY)
    await frame.evaluate("a.focus()")
    await typed("after the focus has gone and come again")
    await frame.click("#a")
    await free(yes=False)
    await typed("when the box is used again")
    assert heard == {
        "after a press of its own making": "",
        "long after a press that moved no focus": "",
        "after a press": "k" * 5,
        "after the focus has gone and come again": "",
        "when the box is used again": "",
    }


# What the page around a tool opened alone counts passes faster for it.
SOONER = """if (window === top) {
  const { now } = Performance.prototype;
  const every = setInterval;
  Performance.prototype.now = function () { return now.call(this) * 8 };
  window.setInterval = (run, ms) => every(run, ms / 8);
}"""


async def test_opened_alone_a_tool_that_floods_its_page_is_taken_off_it(
    page: Page, host: Host, shelf: Shelf
) -> None:
    posts = "for (let n = 0; n < 500; n += 1) parent.postMessage(n, '*')"
    shelf.put("tool", f"<script>setInterval(() => {{ {posts} }})</script>")
    await page.goto(f"http://k7.localhost:{host.frame_port}/tool")
    await expect(page.get_by_role("alert")).to_contain_text("This tool flooded the page.")
    await expect(page.locator("iframe")).to_have_count(0)


async def test_opened_alone_a_tool_that_does_not_answer_is_told_of_and_can_be_halted(
    page: Page, host: Host, shelf: Shelf
) -> None:
    await page.add_init_script(SOONER)
    shelf.put("tool", "<script>setTimeout(() => { for (;;); }, 500)</script>")
    await page.goto(f"http://k7.localhost:{host.frame_port}/tool")
    await page.get_by_role("button", name="Halt it").click()
    await expect(page.get_by_role("alert")).to_contain_text("This tool froze.")
    await expect(page.locator("iframe")).to_have_count(0)
