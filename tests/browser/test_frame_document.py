"""The frame's document: it streams, it is standards mode, the bridge is first."""

from __future__ import annotations

from frames import Host, Shelf, messages, show
from playwright.async_api import Page

from sandbox.live import LiveDocument


async def test_a_heading_is_seen_while_the_response_is_still_open(
    page: Page, host: Host, shelf: Shelf
) -> None:
    live = shelf.documents["tool"] = LiveDocument("<!doctype html><title>x</title><h1>Early</h1>")
    frame = await show(page, host)
    await frame.wait_for_selector("h1:text('Early')")
    assert await frame.evaluate("document.readyState") == "loading"
    live.append("<p id=late>Late</p>")
    await frame.wait_for_selector("#late")
    live.append("<script>window.done = 1</script>")
    live.finish()
    await frame.wait_for_function("window.done === 1 && document.readyState === 'complete'")
    assert shelf.opened == ["tool"]


async def test_a_document_without_a_doctype_is_in_standards_mode(
    page: Page, host: Host, shelf: Shelf
) -> None:
    shelf.put("tool", "<title>x</title><p>bare")
    frame = await show(page, host)
    await frame.wait_for_selector("p")
    assert await frame.evaluate("document.compatMode") == "CSS1Compat"


async def test_storage_works_from_the_first_line_of_the_tool(
    page: Page, host: Host, shelf: Shelf
) -> None:
    script = "localStorage.a = 1; document.title = localStorage.getItem('a')"
    shelf.put("tool", f"<script>{script}</script>")
    frame = await show(page, host)
    await frame.wait_for_function("document.title === '1'")


async def test_the_bridge_says_hello_once_and_leaves_no_trace(
    page: Page, host: Host, shelf: Shelf
) -> None:
    script = "window.first = document.scripts.length; window.names = Object.keys(window)"
    shelf.put("tool", f"<script>{script}</script>")
    frame = await show(page, host)
    await messages(page, "loaded")
    assert await page.evaluate("hellos") == 1
    assert await frame.evaluate("first") == 1
    assert await frame.evaluate("document.querySelectorAll('script').length") == 1
    known = set(await page.evaluate("Object.keys(window)"))
    assert set(await frame.evaluate("names")) - known == {"first"}


async def test_a_copy_button_copies_on_a_click(page: Page, host: Host, shelf: Shelf) -> None:
    copy = "navigator.clipboard.writeText('x').then(() => 'copied', (e) => e.name)"
    shelf.put("tool", f'<button onclick="{copy}.then((t) => this.textContent = t)">copy</button>')
    frame = await show(page, host)
    await frame.click("button")
    await frame.wait_for_function("document.querySelector('button').textContent !== 'copy'")
    assert await frame.inner_text("button") == "copied"


async def test_ordinary_means_of_tools_work_inside_the_walls(
    page: Page, host: Host, shelf: Shelf
) -> None:
    shelf.put("tool", PROBES)
    frame = await show(page, host)
    await frame.wait_for_function("window.results && Object.keys(results).length === 10")
    results = await frame.evaluate("results")
    assert results == dict.fromkeys(results, "yes")


PROBES = """<script>
window.results = {};
const probe = async (name, run) => {
  try { results[name] = (await run()) ? "yes" : "no"; } catch (e) { results[name] = `${e}`; }
};
const blobUrl = (text, type) => URL.createObjectURL(new Blob([text], { type }));
probe("eval", () => new Function("return 1")() === 1);
probe("worker", () => new Promise((done) => {
  new Worker(blobUrl("postMessage(1)", "text/javascript")).onmessage = () => done(true);
}));
probe("module", async () => (await import("data:text/javascript,export default 1")).default === 1);
probe("wasm", async () =>
  WebAssembly.instantiate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])).then(() => true));
probe("fetch-blob", async () => (await (await fetch(blobUrl("x"))).text()) === "x");
probe("canvas", () => document.createElement("canvas").toDataURL().startsWith("data:image/png"));
probe("hash", () => { location.hash = "a"; return location.hash === "#a"; });
probe("push-state", () => { history.pushState(1, ""); return history.state === 1; });
probe("nested-document", async () => {
  const nested = document.documentElement.appendChild(document.createElement("iframe"));
  const heard = (said) => new Promise((done) => {
    addEventListener("message", ({ data }) => data === said && done());
  });
  const written = nested.contentDocument;
  written.open();
  written.write("<p>Tea</p><script>parent.postMessage(document.body.innerText, '*')</scr" + "ipt>");
  written.close();
  await heard("Tea");
  const read = nested.contentDocument.querySelector("p").innerText;
  nested.srcdoc = "<p>Cake</p>";
  const changed = nested.contentDocument.body.innerHTML;
  const again = nested.contentDocument;
  again.open();
  again.write("<p>In two");
  await new Promise((done) => setTimeout(done));
  again.write(" parts</p>");
  again.close();
  return `${read} ${changed} ${again.body.innerHTML}` === "Tea <p>Cake</p> <p>In two parts</p>";
});
probe("socket-closes", () => new Promise((done) => {
  const said = [];
  const socket = new WebSocket("wss://example.org/");
  socket.onerror = socket.onclose = ({ type, code }) => said.push([type, code]);
  socket.addEventListener("close", () => setTimeout(
    () => done(`${said}` === "error,,close,1006" && socket.readyState === WebSocket.CLOSED), 50,
  ));
}));
</script>"""
