"""Grants in a real browser: asked for by us, given by a person, and heard outside only then."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, FrameLocator, Locator, Page, expect

from tests.browser.tools import PRESSES_AT_ONCE, wide_context
from tests.conftest import Api, Process, until

pytestmark = pytest.mark.timeout(120)

GRANTED = "https://api.granted.example"
OTHER = "https://other.example"
CERTIFICATE = Path(__file__).parent / "canary.pem"  # self-signed, good for nothing else


@dataclass
class Listener:
    """An https server outside that answers anybody, and remembers the paths it was asked for."""

    port: int = 0
    connections: int = 0
    paths: list[str] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode("latin-1")
            self.paths.append(path)
            moved = f"location: {OTHER}/redirected\r\n" if path == "/redirect" else ""
            status = "302 Found" if moved else "200 OK"
            writer.write(
                f"HTTP/1.1 {status}\r\n{moved}content-length: 5\r\nconnection: close\r\n"
                "content-type: text/plain\r\naccess-control-allow-origin: *\r\n\r\nheard".encode()
            )
            await writer.drain()
        writer.close()


@pytest.fixture
async def outside() -> AsyncIterator[tuple[Listener, Listener]]:
    """Two servers; the browser is told that they are the granted origin and the other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    async with contextlib.AsyncExitStack() as stack:
        listeners = (Listener(), Listener())
        for listener in listeners:
            server = await asyncio.start_server(listener.answer, "127.0.0.1", 0, ssl=context)
            await stack.enter_async_context(server)
            listener.port = server.sockets[0].getsockname()[1]
        yield listeners


@pytest.fixture
def browser_args(browser_args: list[str], outside: tuple[Listener, Listener]) -> list[str]:
    granted, other = outside
    rules = f"MAP api.granted.example 127.0.0.1:{granted.port}"
    rules += f", MAP *.example 127.0.0.1:{other.port}"
    return [*browser_args, "--ignore-certificate-errors", f"--host-resolver-rules={rules}"]


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    place = {"latitude": 59.95, "longitude": 30.3}
    async with wide_context(browser, geolocation=place) as context:
        yield context


TOOL = """<!doctype html><title>Reaches out</title><p>words</p>
<button id=go>Go</button><output id=out></output>
<script>
const say = (text) => { out.textContent += text + " " };
const reach = (url) => fetch(url).then((r) => r.text()).catch(() => "blocked");
go.onclick = async () => { out.textContent = ""; %s };
</script>"""

REACHES = """
say(await reach("https://api.granted.example/fetch"));
say(await reach("https://other.example/fetch?<b>bold</b>"));
say(await reach("https://api.granted.example/redirect"));
say(await reach("https://api.granted.example:8443/port"));
say(await reach("https://sub.api.granted.example/sub"));
await new Promise((done) => { const i = new Image; i.onload = i.onerror = done;
  i.src = "https://other.example/image" });
navigator.sendBeacon("https://other.example/beacon", "x");
new WebSocket("wss://other.example/socket");
say("done");
"""


async def opened(page: Page, server: Process, api: type[Api], script: str) -> str:
    """Import a tool with this script on its button, open it, press the button."""
    html = TOOL % script
    made = api(server.url)("POST", "/api/artifacts/import", status=201, html=html)["artifact"]
    await page.goto(server.url + made["url"])
    await press(page)
    return str(made["id"])


def preview(page: Page) -> FrameLocator:
    return page.frame_locator('iframe[title="Preview"]')


async def press(page: Page) -> None:
    await preview(page).get_by_role("button", name="Go").click()


def out(page: Page) -> Locator:
    return preview(page).locator("#out")


def question(page: Page) -> Locator:
    return page.get_by_role("region", name="Permission asked for")


async def answer(page: Page, words: str) -> None:
    await question(page).get_by_role("button", name=words).click()


async def test_a_blocked_fetch_is_asked_about_and_only_what_is_allowed_is_heard(
    page: Page, server: Process, api: type[Api], outside: tuple[Listener, Listener]
) -> None:
    """Allowed: that origin alone. Kept blocked: not asked again. Revoked: walled off again."""
    granted, other = outside
    tool = await opened(page, server, api, REACHES)
    await expect(out(page)).to_have_text("blocked blocked blocked blocked blocked done")
    await expect(question(page)).to_contain_text(f"This tool tried to reach {GRANTED}.")
    assert (granted.connections, other.connections) == (0, 0)

    # It never takes the focus: what is typed stays where it was typed.
    box = page.get_by_role("textbox", name="Ask for a change")
    await box.fill("make it ")
    await answer(page, "Allow for this tool")
    await expect(question(page)).to_contain_text(f"This tool tried to reach {OTHER}.")
    assert "bold" not in await question(page).inner_text()
    await expect(out(page)).to_be_empty()  # the tool has loaded again
    await answer(page, "Keep blocked")
    await expect(box).to_have_value("make it ")

    await press(page)
    await expect(out(page)).to_have_text("heard blocked blocked blocked blocked done")
    assert granted.paths == ["/fetch", "/redirect"]
    assert (other.paths, other.connections) == ([], 0)
    client = api(server.url)
    told = f"/api/artifacts/{tool}/grants"
    await asyncio.to_thread(until, lambda: client("GET", told)["kept_blocked"] == [OTHER])
    assert client("GET", told)["network"] == [GRANTED]

    await page.reload()
    await press(page)
    await expect(out(page)).to_have_text("heard blocked blocked blocked blocked done")
    await expect(question(page)).not_to_contain_text(f"{OTHER}.")
    second = await page.context.new_page()
    await second.goto(page.url)
    await expect(second.locator(f'[aria-label="Revoke: {GRANTED}"]')).to_have_count(1)
    await out(second).evaluate("(out) => { out.textContent = 'the old' }")
    # Whose news do not get through at first.
    await second.route("**/versions/1", lambda route: route.abort(), times=1)
    await page.bring_to_front()
    await page.get_by_role("tab", name="Permissions").click()
    await page.get_by_role("button", name=f"Revoke: {GRANTED}").click()
    await expect(page.get_by_text("None. This tool reaches no server")).to_be_visible()
    await expect(out(page)).to_be_empty()  # it has loaded again
    said = page.get_by_role("tabpanel", name="Permissions").get_by_role("status")
    await expect(said).to_contain_text("it has a new address")
    address = client("GET", f"/api/artifacts/{tool}/versions/1")["frame_url"]
    await expect(page.get_by_role("link", name="Open alone")).to_have_attribute("href", address)
    await page.get_by_role("tab", name="Preview").click()
    await press(page)
    await expect(out(page)).to_have_text("blocked blocked blocked blocked blocked done")
    assert granted.paths.count("/fetch") == 2
    # Nor has another tab it any longer, and what it loads is at the new address.
    await expect(second.locator('iframe[title="Preview"]')).to_have_attribute("src", address)
    await expect(out(second)).to_be_empty()  # it has loaded again
    await press(second)
    await expect(out(second)).to_have_text("blocked blocked blocked blocked blocked done")
    assert granted.paths.count("/fetch") == 2
    assert other.connections == 0


async def test_questions_come_one_at_a_time_a_handful_at_most_and_only_of_what_can_be_granted(
    page: Page, server: Process, api: type[Api], outside: tuple[Listener, Listener]
) -> None:
    """No private name, no address, no other scheme, and no words of the tool's own."""
    script = """
    for (const url of ["http://plain.example/", "https://10.0.0.1/", "https://nas.local/",
      "https://localhost:9/", "https://127.0.0.1:9/", "wss://socket.example/"]) reach(url);
    for (let i = 0; i < 80; i++) reach(`https://n${i >> 1}.example/`);
    say("done");
    """
    await opened(page, server, api, script)
    await expect(out(page)).to_have_text("done")
    asked = []
    for left in range(5, 0, -1):
        words = question(page).locator(".question-words")
        await expect(words).to_have_count(1)
        asked.append(await words.inner_text())
        if left > 1:
            await expect(question(page)).to_contain_text(f"1 of {left}")
        await answer(page, "Keep blocked")
        await expect(words).not_to_have_text(asked[-1]) if left > 1 else None
    await expect(question(page)).to_be_empty()
    assert sorted(asked) == [f"This tool tried to reach https://n{i}.example." for i in range(5)]
    assert outside[1].connections == 0


async def test_a_double_click_meant_for_the_tool_answers_nothing(
    page: Page, server: Process, api: type[Api]
) -> None:
    """The answers wait a moment before they take a click."""
    await page.add_init_script(PRESSES_AT_ONCE.replace("NAME", "'Allow for this tool'"))
    tool = await opened(page, server, api, REACHES)
    allow = question(page).get_by_role("button", name="Allow for this tool")
    await expect(allow).to_be_enabled()
    assert await page.evaluate("pressedAtOnce")
    await expect(question(page)).to_contain_text(GRANTED)
    assert api(server.url)("GET", f"/api/artifacts/{tool}/grants")["network"] == []


@pytest.mark.parametrize("where", ["here", pytest.param("in the tool", marks=pytest.mark.sandbox)])
async def test_who_clicks_fast_grants_nothing_unawares(
    where: str, page: Page, server: Process, api: type[Api]
) -> None:
    """A tool that wants fast clicks, and asks meanwhile, where the button comes to be."""
    allow = question(page).get_by_role("button", name="Allow for this tool")
    words = page.frame_locator('iframe[title="Preview"]').locator("p")
    for _ in range(3):
        tool = await opened(page, server, api, REACHES)
        await expect(allow).to_be_visible()
        place = await (allow if where == "here" else words).bounding_box()
        assert place
        longest, last = 0.0, time.monotonic()
        for _ in range(12):
            await page.mouse.click(place["x"] + 10, place["y"] + 10)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
            await page.wait_for_timeout(100)
        disabled = await allow.is_disabled() if await allow.count() else None
        if max(longest, time.monotonic() - last) < 0.5:
            break
    else:
        pytest.skip("this machine is too busy to click fast")
    assert disabled
    assert api(server.url)("GET", f"/api/artifacts/{tool}/grants")["network"] == []
    asked = await question(page).locator("code").inner_text()
    place = await allow.bounding_box()
    assert place
    await page.mouse.move(place["x"] + 10, place["y"] + 10)
    await page.mouse.down()
    if await allow.is_disabled():
        # Pressed too soon, and let go once it counts.
        await expect(allow).to_be_enabled()
        await page.mouse.up()
        await expect(question(page)).to_contain_text(asked)
        await allow.click()
    await page.mouse.up()
    await expect(question(page)).not_to_contain_text(asked)


async def test_a_place_and_the_clipboard_are_had_when_granted_and_a_camera_never(
    context: BrowserContext, page: Page, server: Process, api: type[Api]
) -> None:
    """By keyboard."""
    await context.grant_permissions(["geolocation", "clipboard-read", "clipboard-write"])
    script = """
    say(await new Promise((done) => navigator.geolocation.getCurrentPosition(
      ({coords}) => done(coords.latitude), (error) => done("no-place"))));
    say(await navigator.clipboard.readText().catch(() => "no-paste"));
    const media = navigator.mediaDevices.getUserMedia({video: true});
    say(await media.then(() => "seen", () => "no-camera"));
    """
    await opened(page, server, api, script)
    await expect(out(page)).to_have_text("no-place no-paste no-camera")
    await page.evaluate("navigator.clipboard.writeText('pasted')")
    for words in ("where you are", "read your clipboard"):
        await expect(question(page)).to_contain_text(words)
        allow = question(page).get_by_role("button", name="Allow for this tool")
        await expect(allow).to_be_enabled()
        await allow.focus()
        await page.keyboard.press("Enter")
    await expect(question(page)).to_contain_text("browsers give no camera")
    await answer(page, "Understood")
    await expect(question(page)).to_be_empty()
    await press(page)
    await expect(out(page)).to_have_text("59.95 pasted no-camera")


POWERS = """
say(await new Promise((done) => navigator.geolocation.getCurrentPosition(
  ({coords}) => done(coords.latitude), (error) => done("no-place"))));
say(await navigator.clipboard.readText().catch(() => "no-paste"));
"""


async def test_what_is_granted_is_had_opened_alone_too_until_the_load_after_it_is_revoked(
    context: BrowserContext, page: Page, server: Process, api: type[Api]
) -> None:
    """Off before; a change counts from the next load, and the page says so."""
    await context.grant_permissions(["geolocation", "clipboard-read", "clipboard-write"])
    tool = await opened(page, server, api, POWERS)
    await expect(out(page)).to_have_text("no-place no-paste")
    await page.evaluate("navigator.clipboard.writeText('pasted')")
    client = api(server.url)
    alone = await context.new_page()
    await alone.goto(client("GET", f"/api/artifacts/{tool}/versions/1")["frame_url"])

    async def has(words: str) -> None:
        await alone.bring_to_front()
        frame = alone.frame_locator("iframe")
        await frame.get_by_role("button", name="Go").click()
        await expect(frame.locator("#out")).to_have_text(words)

    await has("no-place no-paste")
    client("PUT", f"/api/artifacts/{tool}/grants", geolocation=True, clipboard_read=True)
    await has("no-place no-paste")
    await alone.reload()
    await has("59.95 pasted")

    await page.bring_to_front()
    await page.reload()
    await press(page)
    await expect(out(page)).to_have_text("59.95 pasted")
    await page.get_by_role("tab", name="Permissions").click()
    await page.get_by_role("button", name="Revoke: Where you are").click()
    said = page.get_by_role("tabpanel", name="Permissions").get_by_role("status")
    await expect(said).to_contain_text("Revoked: Where you are.")
    await expect(said).to_contain_text("holds from its next load")
    await expect(out(page)).to_be_empty()
    await has("59.95 pasted")
    await alone.reload()
    await has("no-place pasted")
    await page.bring_to_front()
    await page.get_by_role("tab", name="Preview").click()
    await press(page)
    await expect(out(page)).to_have_text("no-place pasted")
