"""What a bare page takes for the same stream: the part of the figures that is the tool's own.

One server without store, test or policy writes the same document at the same pace into a page
of its own. What the tool's script needs to start on this machine is in this figure too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from playwright.async_api import Browser

TICK_SECONDS = 0.004
CHARACTERS = 4  # a token, about
# Wall-clock milliseconds, as the bench sees them in a tool's frame.
WATCH = """
const look = () => {
  const heading = document.querySelector("h1");
  if (!heading || heading.getBoundingClientRect().height === 0) return;
  window.__heading = performance.timeOrigin + performance.now();
  observer.disconnect();
};
const observer = new MutationObserver(look);
observer.observe(document, { childList: true, subtree: true });
"""


@dataclass(frozen=True, slots=True)
class Bare:
    """One run: ms from last byte to ready, and the heading as a share of the stream."""

    ready_ms: float
    heading: float


@dataclass(slots=True)
class _Stream:
    document: str
    rate: int
    files: Mapping[str, bytes] = field(default_factory=dict)
    began: float = 0.0
    ended: float = 0.0
    address: str = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        path = request.split(b" ", 2)[1].decode()
        if path in self.files:
            kind = "HTTP/1.1 200 OK\r\ncontent-type: text/javascript\r\nconnection: close\r\n"
            length = f"content-length: {len(self.files[path])}\r\n\r\n"
            writer.write(f"{kind}{length}".encode() + self.files[path])
            writer.close()
            return
        if path != "/":  # the browser looks for an icon too
            writer.write(b"HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n")
            writer.close()
            return
        head = ("HTTP/1.1 200 OK", "content-type: text/html; charset=utf-8", "connection: close")
        writer.write("\r\n".join((*head, "", "")).encode())
        began, sent = time.monotonic(), 0
        self.began = time.time()
        while sent < len(self.document):
            due = int((time.monotonic() - began) * self.rate + 1) * CHARACTERS
            writer.write(self.document[sent:due].encode())
            sent = max(sent, due)
            self.ended = time.time()
            await writer.drain()
            if sent < len(self.document):
                await asyncio.sleep(TICK_SECONDS)
        writer.close()


@asynccontextmanager
async def _streaming(
    document: str, rate: int, files: Mapping[str, bytes]
) -> AsyncIterator[_Stream]:
    stream = _Stream(document, rate, files)
    server = await asyncio.start_server(stream.answer, "127.0.0.1", 0)
    async with server:
        stream.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        yield stream


async def bare_pages(
    browser: Browser, document: str, rate: int, runs: int, files: Mapping[str, bytes] | None = None
) -> list[Bare]:
    """Return what was seen in each run after one to warm up; `files` are served beside it."""
    seen: list[Bare] = []
    async with _streaming(document, rate, files or {}) as stream:
        for _ in range(runs + 1):
            context = await browser.new_context(viewport={"width": 1280, "height": 800})
            await context.add_init_script(WATCH)
            page = await context.new_page()
            await page.goto(stream.address)
            ready: float = await page.evaluate(
                "() => { const [entry] = performance.getEntriesByType('navigation');"
                " return performance.timeOrigin + entry.domContentLoadedEventStart; }"
            )
            heading: float = await page.evaluate("() => window.__heading")
            share = (heading / 1000 - stream.began) / (stream.ended - stream.began)
            seen.append(Bare(ready - stream.ended * 1000, share))
            await context.close()
    return seen[1:]
