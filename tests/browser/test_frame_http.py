"""The frame origin as a network peer sees it: every answer is confined, nothing else exists."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import httpx
import pytest
from frames import Host, Shelf, frame_app, frame_in, plain_pages, show
from playwright.async_api import Page

from sandbox.live import LiveDocument
from sandbox.runtime.assembly import FRAME_PREFIX_LINES, frame_prefix


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


async def ask(
    port: int, path: str = "/tool", method: str = "GET", host: str = "", dest: str = ""
) -> Reply:
    """One request in bytes of our own, so that any header can be sent."""
    return await (await begin(port, path, method, host, dest)).rest()


@dataclass(slots=True)
class Answering:
    """A reply that still comes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    raw: bytes = b""

    async def until(self, text: str) -> None:
        """Wait for the text to have arrived."""
        async with asyncio.timeout(60):
            self.raw += await self.reader.readuntil(text.encode())

    async def rest(self) -> Reply:
        self.raw += await self.reader.read()
        self.writer.close()
        return parsed(self.raw)


async def begin(
    port: int, path: str, method: str = "GET", host: str = "", dest: str = ""
) -> Answering:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    lines = [f"{method} {path} HTTP/1.1", f"host: {host or f'k7.localhost:{port}'}"]
    lines += [f"sec-fetch-dest: {dest}"] if dest else []
    writer.write("\r\n".join([*lines, "connection: close", "", ""]).encode("latin-1"))
    return Answering(reader, writer)


def parsed(raw: bytes) -> Reply:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in rest)}
    if headers.get("transfer-encoding") == "chunked":
        body = unchunked(body)
    return Reply(int(first.split()[1]), headers, body)


def unchunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        whole, body = whole + body[:length], body[length + 2 :]
    return whole


@pytest.fixture
def shelf() -> Shelf:
    shelf = Shelf()
    shelf.put("tool", "<h1>Tool</h1>")
    return shelf


@pytest.fixture
async def port(serve: Any, shelf: Shelf) -> int:
    return await serve(frame_app(shelf, "http://127.0.0.1:8000"))


async def test_every_answer_is_confined(port: int) -> None:
    answers = [
        await ask(port),
        await ask(port, "/unknown"),
        await ask(port, "/"),
        await ask(port, "/tool/more"),
        await ask(port, method="POST"),
        await ask(port, host="rebound.example"),
        await ask(port, dest="document"),
    ]
    assert [reply.status for reply in answers] == [200, 404, 200, 404, 405, 421, 200]
    for reply in answers:
        assert reply.headers["content-security-policy"].startswith("default-src 'none'; ")
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["referrer-policy"] == "no-referrer"
        # Our page around a tool opens what the person agrees to open.
        expected = None if reply is answers[-1] else "(response-origin)"
        assert reply.headers.get("connection-allowlist") == expected
        assert reply.headers["content-type"] == "text/html; charset=utf-8"


async def test_only_our_page_and_the_frames_own_origin_may_embed(port: int) -> None:
    csp = (await ask(port)).headers["content-security-policy"]
    ancestors = "frame-ancestors http://127.0.0.1:8000 'self'"
    assert csp.endswith(ancestors)
    refused = await ask(port, host="rebound.example")
    assert refused.headers["content-security-policy"].endswith("frame-ancestors 'none'")


async def test_the_doctype_and_the_bridge_come_first_in_the_counted_lines(port: int) -> None:
    body = (await ask(port)).body.decode()
    prefix = frame_prefix(shown_key(body), folder=f"http://k7.localhost:{port}/libraries/")
    assert body == prefix + "<h1>Tool</h1>"
    assert body.startswith("<!doctype html><script>")
    assert prefix.count("\n") == FRAME_PREFIX_LINES
    assert len(prefix) < 71_000  # it precedes every tool


def shown_key(body: str) -> str:
    """The key that this app's bridges show to the page around them."""
    found = re.search(r'key = "([0-9a-f]{32})"', body)
    assert found
    return found[1]


async def test_what_a_parser_alone_would_make_is_renamed_on_its_way(
    port: int, shelf: Shelf
) -> None:
    shelf.put("ahead", "<link rel=preconnect href=//a.example><template shadowrootmode=open>")
    kept = "<link data-rel=preconnect href=//a.example><template data-shadowrootmode=open>"
    assert (await ask(port, "/ahead")).body.decode().endswith(f"\n{kept}")


async def test_what_is_looked_at_runs_no_script_and_leads_nowhere(port: int, shelf: Shelf) -> None:
    shelf.put("looked", "<a href=//a.example>a</a>")
    still = await ask(port, "/looked?still")
    # A browser keeps to both policies; here is the last.
    assert still.headers["content-security-policy"] == "sandbox; script-src 'none'"
    assert still.body == b"<a data-href=//a.example>a</a>"


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://127.0.0.1:8000", 200), ("https://evil.example", 403), ("null", 403)],
)
async def test_only_our_pages_hear_which_server_this_is(
    origin: str, status: int, port: int
) -> None:
    async with httpx.AsyncClient() as client:
        asked = await client.get(f"http://127.0.0.1:{port}/probe", headers={"origin": origin})
    assert asked.status_code == status


async def test_head_gives_the_headers_alone(port: int) -> None:
    head, got = await ask(port, method="HEAD"), await ask(port)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-security-policy"] == got.headers["content-security-policy"]


async def test_a_host_with_characters_of_a_header_is_refused(port: int) -> None:
    for host in ("a;script-src *", "a b.localhost", "localhost, evil.example"):
        assert (await ask(port, host=host)).status == 421


async def test_an_ipv6_host_is_ours(port: int) -> None:
    assert (await ask(port, host=f"[::1]:{port}")).status == 200


async def test_a_document_without_text_says_so(port: int, shelf: Shelf) -> None:
    shelf.put("empty", "")
    shelf.put("blank", " \n")
    for secret in ("empty", "blank"):
        assert b"There is no document here" in (await ask(port, f"/{secret}")).body


async def test_our_own_words_are_readable_in_light_and_dark(port: int, shelf: Shelf) -> None:
    shelf.put("empty", "")
    for reply in (
        await ask(port, "/empty"),
        await ask(port, "/nowhere"),
        await ask(port, "/"),
        await ask(port, method="POST"),
        await ask(port, host="evil.example"),
    ):
        assert b"color-scheme:light dark" in reply.body
        assert b"system-ui" in reply.body
        assert b"<p>" in reply.body
        assert "style-src 'unsafe-inline'" in reply.headers["content-security-policy"]


async def test_surrogates_nul_and_a_byte_order_mark_do_no_harm(port: int, shelf: Shelf) -> None:
    shelf.put("odd", "\ufeff<p>a\ud83d|\x00|\ude00b")
    body = (await ask(port, "/odd")).body.decode()
    assert body.endswith("\n<p>a\ufffd|\x00|\ufffdb")


async def test_a_surrogate_pair_split_between_two_flushes_is_one_character(
    port: int, shelf: Shelf
) -> None:
    live = shelf.documents["split"] = LiveDocument("<p>half:\ud83d")
    asking = await begin(port, "/split")
    await asking.until("<p>half:")
    live.append("\ude00")
    live.finish()
    assert (await asking.rest()).body.decode().endswith("<p>half:\U0001f600")


async def test_many_readers_each_get_the_document_from_its_start(port: int, shelf: Shelf) -> None:
    live = shelf.documents["live"] = LiveDocument()
    asking = [await begin(port, "/live")]
    for number in range(20):
        live.append(f"<i>{number}</i>")
        if number % 5 == 0:
            asking.append(await begin(port, "/live"))
            for one in asking:
                await one.until(f"<i>{number}</i>")
    live.finish()
    bodies = [(await one.rest()).body.decode() for one in asking]
    folder = f"http://k7.localhost:{port}/libraries/"
    assert set(bodies) == {frame_prefix(shown_key(bodies[0]), folder=folder) + live.text}


async def test_a_reader_who_leaves_is_let_go_and_the_document_goes_on(
    port: int, shelf: Shelf
) -> None:
    live = shelf.documents["live"] = LiveDocument("<p>one")
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /live HTTP/1.1\r\nhost: localhost:{port}\r\n\r\n".encode())
    await shelf.asked.wait()
    serving = [task for task in asyncio.all_tasks() if "_Request" in repr(task.get_coro())]
    assert serving
    writer.close()
    await asyncio.wait(serving, timeout=60)
    assert all(task.done() for task in serving)
    live.append("two")
    live.finish()
    assert (await ask(port, "/live")).body.decode().endswith("<p>onetwo")


@pytest.mark.alone
async def test_flushes_are_at_once_then_coalesced_then_at_once() -> None:
    late = [await flushed()]
    while late[-1] >= 0.014 and len(late) < 5:  # the machine may have stood still
        late.append(await flushed())
    assert min(late) < 0.014, late


async def flushed() -> float:
    """Write, and return how long after its end the last of it was read."""
    live = LiveDocument()
    loop = asyncio.get_running_loop()
    seen: list[tuple[str, float]] = []

    async def read() -> None:
        seen.extend([(text, loop.time()) async for text in live.chunks()])

    reading = asyncio.create_task(read())
    await asyncio.sleep(0)
    for letter in "abcdefghij":
        live.append(letter)
        await asyncio.sleep(0.002)
    live.append("z")
    live.finish()
    ended = loop.time()
    await reading
    assert "".join(text for text, _ in seen) == "abcdefghijz"
    assert seen[0][0] == "a"
    gaps = [after - before for (_, before), (_, after) in pairwise(seen[:-1])]
    assert all(gap >= 0.014 for gap in gaps)
    return seen[-1][1] - ended


async def test_a_finished_document_does_not_grow() -> None:
    live = LiveDocument("x", finished=True)
    with pytest.raises(ValueError, match="does not grow"):
        live.append("y")


async def test_opened_alone_the_tool_is_in_a_frame_under_its_own_walls(
    page: Page, port: int, shelf: Shelf
) -> None:
    shelf.put("tool", "<h1>Tool</h1><script>localStorage.a = 1; parent.x</script>")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    await page.goto(f"http://k7.localhost:{port}/tool")
    frame = await frame_in(page)
    assert await frame.inner_text("h1") == "Tool"
    assert await page.title() == "Tool tool"
    assert await page.get_attribute("iframe", "title") == "Tool tool"
    assert await frame.evaluate("origin") == "null"
    assert await page.evaluate("document.scripts.length") == 1
    blocked = "try { parent.document.title } catch (e) { e.name }"
    assert await frame.evaluate(blocked) == "SecurityError"
    assert said == []


async def test_opened_alone_reports_are_told_to_the_page_and_only_by_the_first_bridge(
    page: Page, port: int, shelf: Shelf
) -> None:
    forged = (
        "const c = new MessageChannel;"
        "const own = new MessageChannel;"
        "parent.postMessage('hello', '*', [c.port2]);"
        "c.port1.postMessage('a key', [own.port2]);"
        "for (const { port1 } of [c, own]) port1.postMessage({type: 'error', message: 'forged'});"
    )
    shelf.put("tool", f"<script>{forged} real()</script>")
    listen = "window.told = []; addEventListener('sandwright', (e) => told.push(e.detail))"
    await page.add_init_script(f"if (top === window) {{ {listen} }}")
    await page.goto(f"http://k7.localhost:{port}/tool")
    await page.wait_for_function("() => told.some((m) => m.type === 'loaded')")
    errors = await page.evaluate("told.filter((m) => m.type === 'error').map((m) => m.message)")
    assert errors == ["Uncaught ReferenceError: real is not defined"]


async def test_a_title_cannot_break_out_of_the_page_around_the_tool(
    port: int, shelf: Shelf
) -> None:
    name = "'><script>x()<"
    shelf.documents[name] = LiveDocument("x", finished=True)
    path = "/'%3E%3Cscript%3Ex()%3C"
    reply = await ask(port, path, dest="document")
    assert reply.status == 200
    assert b"<script>x()" not in reply.body


async def test_a_page_of_another_origin_cannot_hold_the_frame(
    page: Page, serve: Any, shelf: Shelf
) -> None:
    port = await serve(frame_app(shelf, "http://127.0.0.1:8000"))
    foreign = f'<iframe src="http://k7.localhost:{port}/tool"></iframe>'
    foreign_port = await serve(plain_pages({"": foreign}))
    async with page.expect_event("console", lambda m: "frame-ancestors" in m.text):
        await page.goto(f"http://127.0.0.1:{foreign_port}/")
    assert "Tool" not in await (await frame_in(page)).inner_text("body")


async def test_the_headers_and_the_bridge_cause_no_console_message(
    page: Page, serve: Any, shelf: Shelf
) -> None:
    host = Host()
    host.port = await serve(host)
    host.frame_port = await serve(frame_app(shelf, f"http://127.0.0.1:{host.port}"))
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    frame = await show(page, host)
    await frame.wait_for_selector("h1")
    await page.wait_for_function("() => messages.some((m) => m.type === 'loaded')")
    assert said == []
