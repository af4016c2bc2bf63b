"""The bridge tells the page what the tool does, in the tool's own lines, and gives nothing away."""

from __future__ import annotations

import asyncio

import pytest
from frames import Host, Shelf, messages, show
from playwright.async_api import Page

FAULTS = """<!doctype html>
<title>Faults</title>
<button id=go
  onclick="missing()">go</button>
<script>
console.error("said", {a: 1, b: [2]});
setTimeout(() => {
  throw new TypeError("late");
});
Promise.reject(new RangeError("refused"));
</script>
<script>
nowhere();
</script>
<script type=module>

import.meta.nothing.here;
</script>
<img src="http://192.0.2.1/x.png">
<img src="data:image/png,broken">"""


async def test_faults_are_told_with_their_line_in_the_tools_own_document(
    page: Page, host: Host, shelf: Shelf
) -> None:
    shelf.put("tool", FAULTS)
    frame = await show(page, host)
    await messages(page, "loaded")
    await frame.click("#go")
    errors = await messages(page, "error", 4)
    assert {(e["message"], e["line"]) for e in errors} == {
        ("Uncaught ReferenceError: nowhere is not defined", 13),
        ("Uncaught TypeError: late", 8),
        ("Uncaught TypeError: Cannot read properties of undefined (reading 'here')", 17),
        ("Uncaught ReferenceError: missing is not defined", 4),
    }
    assert [e["column"] for e in errors if "nowhere" in e["message"]] == [1]
    [console] = await messages(page, "console")
    assert (console["level"], console["text"], console["line"]) == (
        "error",
        "said {a: 1, b: […]}",
        6,
    )
    [rejection] = await messages(page, "rejection")
    assert (rejection["message"], rejection["line"]) == ("RangeError: refused", 10)
    [violation] = await messages(page, "violation")
    assert violation["directive"] == "img-src"
    assert violation["uri"].startswith("http://192.0.2.1")
    resources = await messages(page, "resource", 2)
    assert {r["uri"] for r in resources} == {"http://192.0.2.1/x.png", "data:image/png,broken"}


async def test_a_ping_is_answered_until_the_main_thread_is_silent(
    page: Page, host: Host, shelf: Shelf
) -> None:
    shelf.put("tool", "<p>x")
    frame = await show(page, host)
    await messages(page, "ready")
    await page.evaluate("port.postMessage({type: 'ping', n: 7})")
    assert await messages(page, "pong") == [{"type": "pong", "n": 7}]
    await frame.evaluate("void setTimeout(() => { console.log('from here on'); for (;;) {} })")
    await messages(page, "console")
    await page.evaluate("port.postMessage({type: 'ping', n: 8})")
    # The page itself lives on, in a process of its own, and can count its seconds.
    await page.evaluate("new Promise((done) => setTimeout(done, 700))")
    assert len(await messages(page, "pong")) == 1


TAKER = """<script>
window.taken = [];
const take = (what) => taken.push(what);
MessagePort.prototype.postMessage = function () { take(["postMessage", this]); };
Function.prototype.call = function () { take(["call", this]); };
Function.prototype.bind = function () { take(["bind", this]); };
Function.prototype.apply = function () { take(["apply", this]); };
for (const name of ["slice", "split"]) {
  String.prototype[name] = function () { take([name, this]); return [""]; };
}
Array.prototype.join = function () { take(["join", this]); return ""; };
RegExp.prototype.exec = function () { take(["exec", this]); return null; };
Object.defineProperty(MessageEvent.prototype, "data", { get() { take(["data", this]); } });
Object.defineProperty(ErrorEvent.prototype, "message", { get() { take(["message", this]); } });
Reflect.apply = (...all) => take(["Reflect.apply", all]);
addEventListener("message", (event) => take(["message", event]));
</script>
<script>console.error("still told"); gone();</script>
<script>setInterval(() => console.error(`taken ${taken.length}`), 250)</script>"""


async def test_a_tool_that_replaces_natives_gets_neither_the_port_nor_a_word(
    page: Page, host: Host, shelf: Shelf
) -> None:
    shelf.put("tool", TAKER)
    await show(page, host)
    await messages(page, "loaded")
    [error] = await messages(page, "error")
    assert error["message"] == "Uncaught ReferenceError: gone is not defined"
    await page.evaluate("port.postMessage({type: 'ping', n: 1})")
    await messages(page, "pong")
    said = len(await messages(page, "console"))
    texts = {m["text"] for m in await messages(page, "console", said + 1)}
    assert texts == {"still told", "taken 0"}


async def test_a_flood_is_dropped_and_counted(page: Page, host: Host, shelf: Shelf) -> None:
    flood = "for (let i = 0; i < 5000; i += 1) console.log(i)"
    again = "setTimeout(() => console.log('after'), 200)"
    shelf.put("tool", f"<script>{flood}; {again}</script>")
    await show(page, host)
    await page.wait_for_function("() => messages.some((m) => m.text === 'after')")
    heard = await messages(page, "console")
    assert sum(m["count"] for m in await messages(page, "dropped")) == 5001 - len(heard)
    assert len(heard) < 1000


async def test_a_flood_does_not_fill_the_browsers_own_console(
    page: Page, host: Host, shelf: Shelf
) -> None:
    """A thousand lines at once are all there; a flood is cut, but no error, and it is said."""
    seen: list[str] = []
    page.on("console", lambda line: seen.append(line.text))
    shelf.put(
        "tool",
        """<script>
        const begun = performance.now();
        for (let i = 0; i < 1000; i++) console.log("row " + i);
        for (let i = 0; i < 30000; i++) console.assert(true, "holds");
        for (let i = 0; i < 9000; i++) console.log("flood" + "x".repeat(2000));
        for (let i = 0; i < 9000; i++) { console.log(); console.table([["flood"]]); }
        console.assert(false, "does not hold");
        console.error("large" + "x".repeat(3e6));
        window.took = performance.now() - begun;
        const again = setInterval(() => console.log("again"), 100);
        </script>""",
    )
    async with page.expect_console_message(lambda line: line.text == "again"):
        frame = await show(page, host)
    seconds = await frame.evaluate("took") / 1000
    assert [line for line in seen if line.startswith("row ")] == [f"row {i}" for i in range(1000)]
    # Of 200,000 characters a second more may be there, and it is said once for 100,000.
    assert sum(line.startswith("flood") for line in seen) < 600 + 100 * seconds
    assert sum(line in ("", "Array(1)") for line in seen) < 600 + 400 * seconds
    assert sum("does not hold" in line for line in seen) == 1
    assert sum(line.startswith("large") for line in seen) == 1
    assert 1 <= sum("are not in this console" in line for line in seen) < 20 + 2 * seconds


async def test_what_is_told_is_bounded_and_nothing_of_the_tool_runs_to_tell_it(
    page: Page, host: Host, shelf: Shelf
) -> None:
    shelf.put(
        "tool",
        "<script>window.ran = 0; const o = {get a() { ran += 1; }, toJSON() { ran += 1; }};"
        "console.log('x'.repeat(1e6)); console.log(o);"
        "console.log(document.documentElement, null, 1n);"
        "const trap = new Proxy({}, {ownKeys() { console.log('again'); throw 1; }});"
        "console.log(trap); console.assert(true, 'no'); console.assert(1 > 2, 'sum');</script>",
    )
    frame = await show(page, host)
    heard = await messages(page, "console", 5)
    texts = [m["text"] for m in heard]
    assert len(texts[0]) == 2000
    assert texts[1] == "{a: …, toJSON: ƒ}"
    assert texts[2] == "<html> null 1"
    assert texts[3] == "[unreadable]"
    assert texts[4].startswith("Assertion failed:")
    assert texts[4].endswith("sum")
    assert await frame.evaluate("ran") == 0


async def test_errors_that_a_tool_makes_up_as_events_are_not_the_browsers(
    page: Page, host: Host, shelf: Shelf
) -> None:
    fake = "dispatchEvent(new ErrorEvent('error', {message: 'fake'}))"
    shelf.put("tool", f"<script>{fake}</script><script>real()</script>")
    await show(page, host)
    await messages(page, "loaded")
    errors = await messages(page, "error")
    assert [e["message"] for e in errors] == ["Uncaught ReferenceError: real is not defined"]


# Each line is run on the real localStorage of an ordinary page and in the frame.
STORAGE = [
    "[localStorage.length, localStorage.getItem('a'), localStorage.a, 'a' in localStorage]",
    "(localStorage.a = 1, [localStorage.a, localStorage.getItem('a'), localStorage.length])",
    "(localStorage.setItem('b', {}), localStorage.b)",
    "(localStorage['c'] = undefined, localStorage.getItem('c'))",
    "Object.keys(localStorage).sort()",
    "JSON.stringify(Object.entries(localStorage).sort())",
    "(() => { const k = []; for (const x in localStorage) k.push(x); return k.sort(); })()",
    "[localStorage.key(99), localStorage.key(-1), typeof localStorage.key(0)]",
    "[localStorage.key('x'), localStorage.key(NaN)].map((k) => typeof k)",
    "(delete localStorage.a, ['a' in localStorage, localStorage.a, localStorage.length])",
    "[delete localStorage.nothing, localStorage.removeItem('nothing')]",
    "(localStorage.setItem('length', 'x'), [localStorage.length, localStorage.getItem('length')])",
    "(localStorage.setItem('getItem', 'x'), typeof localStorage.getItem)",
    "localStorage.hasOwnProperty('b')",
    "JSON.stringify(Object.getOwnPropertyDescriptor(localStorage, 'b'))",
    "[localStorage instanceof Storage, String(localStorage), localStorage === localStorage]",
    "(() => { try { localStorage.getItem(); } catch (e) { return [e.name, e.message]; } })()",
    "(() => { try { localStorage.setItem('x'); } catch (e) { return [e.name, e.message]; } })()",
    "(() => { try { localStorage.setItem('x', Symbol()); } catch (e) { return e.name; } })()",
    "(() => { try { Storage.prototype.getItem.call({}, 'x'); } catch (e) { return e.name; } })()",
    "(Storage.prototype.setItem.call(localStorage, 'd', 4), localStorage.d)",
    "(Object.assign(localStorage, {e: 5, f: null}), [localStorage.e, localStorage.f])",
    "(Object.defineProperty(localStorage, 'g', {value: 7}), localStorage.g)",
    "(localStorage[9] = 'nine', [localStorage[9], localStorage.getItem('9')])",
    "(localStorage.setItem('', 'empty'), localStorage.getItem(''))",
    "({...localStorage}).b",
    "localStorage.toString === Object.prototype.toString",
    "[Storage.length, Storage.prototype.setItem.length, Storage.prototype.setItem.name]",
    "Object.keys(Storage.prototype).sort()",
    "try { localStorage.big = 'x'.repeat(6e6) } catch (e) { [e.name, e.code] }",
    "try { localStorage.setItem('big', 'x'.repeat(6e6)) } catch (e) { e + '' }",
    "'big' in localStorage",
    "(localStorage.big = 'x'.repeat(5 * 1024 * 1024 - 200), localStorage.big.length)",
    "(() => { try { localStorage.rest = 'y'.repeat(300); } catch (e) { return e.name; } })()",
    "(localStorage.big = 'small', localStorage.rest = 'y'.repeat(300), localStorage.rest.length)",
    "[sessionStorage.length, (sessionStorage.s = 1, sessionStorage.s), localStorage.s]",
    "(localStorage.clear(), [localStorage.length, Object.keys(localStorage)])",
    "(() => { try { Object.freeze(localStorage); } catch (e) { return e.name; } })()",
]


async def test_storage_in_the_frame_behaves_as_the_browsers_own(
    page: Page, host: Host, shelf: Shelf
) -> None:
    shelf.put("tool", "<p>x")
    frame = await show(page, host)
    await frame.wait_for_selector("p")
    for line in STORAGE:
        assert (line, await frame.evaluate(line)) == (line, await page.evaluate(line))


async def test_cookies_and_service_workers_do_not_throw(
    page: Page, host: Host, shelf: Shelf
) -> None:
    shelf.put("tool", "<p>x")
    frame = await show(page, host)
    await frame.wait_for_selector("p")
    assert await frame.evaluate("document.cookie") == ""
    setting = "document.cookie = 'a=1; path=/'; document.cookie = 'b=2; max-age=60'"
    await frame.evaluate(setting)
    assert await frame.evaluate("document.cookie") == "a=1; b=2"
    await frame.evaluate("document.cookie = 'a=; max-age=0'")
    assert await frame.evaluate("document.cookie") == "b=2"
    assert await frame.evaluate("'serviceWorker' in navigator") is False
    assert await frame.evaluate("navigator.serviceWorker === undefined") is True


# The page's way to a nested document: one port more in whose mouth the keyboard is free or not.
SAY_FREE = """(free) => {
  const { port1, port2 } = new MessageChannel();
  frames[0].frames[0].postMessage(0, "*", [port2]);
  port1.postMessage(free);
}"""


# A tool that would say by a port of its own that the keyboard is free, and take one that is ours.
FORGE = """const say = (post) => {
  const { port1, port2 } = new MessageChannel();
  post(port2);
  port1.postMessage(true);
};"""
FORGED = {
    "by its parent": f"""<script>{FORGE}</script>
      <iframe onload="say((port) => frames[0].postMessage(0, '*', [port]))" srcdoc='<input>'></iframe>""",  # noqa: E501
    "in itself": f"""<iframe srcdoc='<input><script>{FORGE}
      say((port) => dispatchEvent(new MessageEvent("message", {{ source: top, ports: [port] }})));
      addEventListener("message", ({{ ports: [port] }}) => {{ port.onmessage = () => top.frames[0].postMessage("taken", "*") }}, true);
      </script>'></iframe><script>onmessage = ({{ data }}) => data === "taken" && console.log(data)</script>""",  # noqa: E501
}


@pytest.mark.parametrize("how", FORGED)
async def test_a_nested_document_believes_no_port_but_the_pages(
    how: str, page: Page, host: Host, shelf: Shelf
) -> None:
    """And nothing of the tool's has that one."""
    shelf.put("tool", FORGED[how])
    frame = await show(page, host)
    await messages(page, "loaded")
    field = frame.frame_locator("iframe").locator("input")
    await field.wait_for()
    await page.evaluate(SAY_FREE, False)
    await field.focus()
    await page.keyboard.type("keys", delay=20)
    assert await field.input_value() == ""
    assert await page.evaluate("messages.filter((m) => m.text === 'taken')") == []


@pytest.mark.parametrize("free", [[True], [True, False], [False, True]])
async def test_a_nested_document_believes_the_first_port_that_the_page_sends(
    free: list[bool], page: Page, host: Host, shelf: Shelf
) -> None:
    """A tool can ask for more. A newer one would silence the first in the middle of a word."""
    shelf.put("tool", "<iframe srcdoc='<input>'></iframe>")
    frame = await show(page, host)
    await messages(page, "loaded")
    field = frame.frame_locator("iframe").locator("input")
    await field.wait_for()
    for one in free:
        await page.evaluate(SAY_FREE, one)
    await field.focus()
    # What comes with the focus itself may be nobody's.
    async with asyncio.timeout(20):
        while free[0] and not await field.input_value():
            await page.keyboard.type("k")
    await page.keyboard.type("keys", delay=20)
    assert (await field.input_value()).endswith("keys") is free[0]
