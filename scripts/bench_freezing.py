"""What a tool that freezes costs the page around it: the longest task, and how soon Stop works.

Each attack is imported and opened in the workbench. While it runs the page's own long tasks are
watched and a timer says how late it is; then Stop is pressed, unless the page has ended the tool
by itself, and the time until the frame is gone is taken. Playwright may lose the frame's process:
everything is asked of our page alone.
"""

from __future__ import annotations

import asyncio
import json
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from playwright.async_api import Browser

LONGEST_MS = 200
STOP_MS = 1000
WATCHED_MS = 3000

HEAVY = (
    "const all = []; for (let i = 0; i < 1e6; i++) all.push({});"
    " const { port1, port2 } = new MessageChannel();"
)


def nested(code: str) -> str:
    frame = "document.body.append(Object.assign(document.createElement('iframe'), { srcdoc"
    return f"{frame}: `<script>{code}<` + '/script>' }}));"


ATTACKS = {
    "endless loop": "for (;;);",
    "microtasks without end": "const again = () => Promise.resolve().then(again); again();",
    "eight workers in loops": (
        "for (let i = 0; i < 8; i++) new Worker(URL.createObjectURL(new Blob(['for (;;);'])));"
    ),
    "a regular expression": "/(a+)+$/.test('a'.repeat(40) + 'b');",
    "memory": (
        "const all = []; for (let i = 0; i < 150; i++) all.push(new Uint8Array(8e6).fill(1));"
    ),
    "a million elements": (
        "const make = () => { for (let i = 0; i < 2000; i++)"
        " document.body.append(document.createElement('div')); setTimeout(make); }; make();"
    ),
    "a message flood": (
        "setInterval(() => { for (let i = 0; i < 999; i++) parent.postMessage(i, '*'); });"
    ),
    "a heavy message": f"{HEAVY} parent.postMessage(all, '*', [port2]);",
    "a heavy message by a port": (
        f"{HEAVY} parent.postMessage(0, '*', [port2]); port1.postMessage(all);"
    ),
    "a nested heavy message": nested(f"{HEAVY} top.postMessage(all, '*', [port2]);"),
    "a nested one by a port": nested(
        f"{HEAVY} top.postMessage(0, '*', [port2]); port1.postMessage(all);"
    ),
    "a console flood": (
        "setInterval(() => { for (let i = 0; i < 500; i++) console.log('x'.repeat(2000)); });"
    ),
    "a history flood": "setInterval(() => { location.hash = Math.random(); }, 5);",
    "a reload loop": "location.reload();",
    "a dialog loop": "for (;;) alert(1);",
}

WATCH = """() => {
  window.__longest = 0;
  window.__late = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((one) => {
    window.__longest = Math.max(window.__longest, one.duration);
  })).observe({ type: "longtask" });
  let last = performance.now();
  setInterval(() => {
    window.__late = Math.max(window.__late, performance.now() - last - 10);
    last = performance.now();
  }, 10);
}"""

STOP = """async () => {
  const begun = performance.now();
  if (document.querySelector(".stage > iframe")) document.querySelector("[data-halt]").click();
  while (document.querySelector(".stage > iframe")) await new Promise((done) => setTimeout(done));
  return performance.now() - begun;
}"""


@dataclass(frozen=True, slots=True)
class Freezing:
    """One attack, in milliseconds.

    `late` is how late a timer of the page's was. It counts the machine's other work too, and the
    time that a dialog was open, so nothing is promised of it.
    """

    attack: str
    longest: float
    late: float
    stop: float

    @property
    def kept(self) -> bool:
        return self.longest <= LONGEST_MS and self.stop <= STOP_MS


async def measure_freezing(browser: Browser, url: str) -> list[Freezing]:
    """Run every attack against the server at `url`."""
    return [await _one(browser, url, name, code) for name, code in ATTACKS.items()]


async def _one(browser: Browser, url: str, name: str, code: str) -> Freezing:
    html = f"<h1>{name}</h1><script>setTimeout(() => {{ {code} }}, 700)</script>"
    address = await asyncio.to_thread(_imported, url, html)
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    try:
        page = await context.new_page()
        page.on("dialog", _answer)
        await page.goto(address, wait_until="domcontentloaded")
        await page.evaluate(WATCH)
        await page.wait_for_timeout(WATCHED_MS)
        stop = await page.evaluate(STOP)
        longest, late = await page.evaluate("[window.__longest, window.__late]")
    finally:
        await context.close()
    return Freezing(name, longest, late, stop)


def _imported(url: str, html: str) -> str:
    """Return the address of a workbench that holds this document."""
    request = urllib.request.Request(  # noqa: S310 our own loopback address
        f"{url}/api/artifacts/import",
        json.dumps({"html": html}).encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:  # noqa: S310
        address: str = json.load(response)["artifact"]["url"]
    return urljoin(url, address)


async def _answer(dialog: Any) -> None:
    await dialog.accept()


def table(measured: list[Freezing]) -> str:
    """Return the lines to print."""
    head = f"{'attack':<26}{'longest task':>14}{'latest timer':>14}{'Stop':>10}"
    lines = [
        f"{one.attack:<26}{one.longest:>11.0f} ms{one.late:>11.0f} ms{one.stop:>7.0f} ms"
        + ("" if one.kept else "  MISSED")
        for one in measured
    ]
    return "\n".join([head, *lines])
