"""What a tool that freezes costs the page around it: the longest task, and how soon Stop works.

Each attack is imported and opened in the workbench. While it runs the page's own long tasks are
watched and a timer says how late it is; then it is asked whether the attack has held the tool at
all, or nothing was proven; then Stop is pressed, unless the page has ended the tool by itself, and
the time until the frame is gone is taken. Playwright may lose the frame's process: but for that
one question everything is asked of our page alone.
"""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from playwright.async_api import Browser, Frame, Page
from playwright.async_api import Error as BrowserError

from sandbox.prove.cases import Canary
from sandbox.prove.catalogue import attacks

LONGEST_MS = 200
STOP_MS = 1000
WATCHED_MS = 3000
PATIENCE_SECONDS = 10.0
HELD_SECONDS = 2.0
"""A tool that answers no question for so long is held."""
# A tool that is asked says for how long of these it was busy, and whether it has done all it would.
ASKED_MS, BUSY_MS = 400, 150
ASK = f"""new Promise((done) => {{
  let busy = 0;
  const heard = (list) => list.getEntries().forEach((one) => {{ busy += one.duration }});
  new PerformanceObserver(heard).observe({{ type: "longtask" }});
  setTimeout(() => done([window.ran === true, busy >= {BUSY_MS}]), {ASKED_MS});
}})"""
ALSO = frozenset({"reloads"})
"""Attacks of the catalogue that are counted there by another sign than a frozen page's."""

HEAVY = (
    "const all = []; for (let i = 0; i < 1e6; i++) all.push({});"
    " const { port1, port2 } = new MessageChannel();"
)
RAN = "; window.ran = true;"


def nested(code: str) -> str:
    code += RAN
    frame = "document.body.append(Object.assign(document.createElement('iframe'), { srcdoc"
    return f"{frame}: `<script>{code}<` + '/script>' }}));"


# Beside those of the catalogue that a frozen page would tell of.
ATTACKS = {
    "eight workers in loops": (
        "for (let i = 0; i < 8; i++) new Worker(URL.createObjectURL(new Blob(['for (;;);'])));"
    ),
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
  if (!document.querySelector(".stage > iframe")) return null;
  const begun = performance.now();
  document.querySelector("[data-halt]").click();
  while (document.querySelector(".stage > iframe")) await new Promise((done) => setTimeout(done));
  return performance.now() - begun;
}"""


@dataclass(frozen=True, slots=True)
class Freezing:
    """One attack, in milliseconds.

    `late` is how late a timer of the page's was. It counts the machine's other work too, and the
    time that a dialog was open, so nothing is promised of it. `stop` is nothing where the page has
    ended the tool by itself; `proof` is how the attack was seen to run, or nothing.
    """

    attack: str
    longest: float
    late: float
    stop: float | None
    proof: str

    @property
    def kept(self) -> bool:
        in_time = self.stop is None or self.stop <= STOP_MS
        return bool(self.proof) and self.longest <= LONGEST_MS and in_time

    @property
    def verdict(self) -> str:
        if not self.proof:
            return "NOT SEEN TO RUN"
        return self.proof if self.kept else f"{self.proof}  MISSED"


async def measure_freezing(browser: Browser, url: str) -> list[Freezing]:
    """Run every attack against the server at `url`."""
    measured = [
        await _one(browser, url, name, _document(name, code)) for name, code in ATTACKS.items()
    ]
    frozen = (one for one in attacks() if one.canary is Canary.FROZEN or one.name in ALSO)
    for one in frozen:
        watched = WATCHED_MS + one.takes * 1000
        measured.append(await _one(browser, url, one.name, one.document({}), watched))
    return measured


def _document(name: str, code: str) -> str:
    """Let what does not say itself that it has run say so at its end."""
    code = code if RAN in code else code + RAN
    return f"<h1>{name}</h1><script>setTimeout(() => {{ {code} }}, 700)</script>"


async def _one(
    browser: Browser, url: str, name: str, html: str, watched: float = WATCHED_MS
) -> Freezing:
    address = await asyncio.to_thread(_imported, url, html)
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    try:
        page = await context.new_page()
        page.on("dialog", _answer)
        await page.goto(address, wait_until="domcontentloaded")
        await page.evaluate(WATCH)
        await page.wait_for_timeout(watched)
        proof = await _proof(page)
        stop = await page.evaluate(STOP)
        longest, late = await page.evaluate("[window.__longest, window.__late]")
    finally:
        await context.close()
    return Freezing(name, longest, late, stop, proof)


async def _proof(page: Page) -> str:
    """Say how the attack is seen to have run: a page at rest proves nothing of one that has not."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    proof = ""
    while not proof and time.monotonic() < deadline:
        said = [await _state(frame) for frame in page.frames[1:]]
        if await page.locator(".halted").count():
            return "ended"
        proof = next((word for word in ("held", "busy", "ran") if word in said), "")
    return proof


async def _state(frame: Frame) -> str:
    try:
        async with asyncio.timeout(HELD_SECONDS):
            ran, busy = await frame.evaluate(ASK)
    except TimeoutError:
        return "held"
    except BrowserError:
        return ""  # another document is on its way, or none
    return "ran" if ran else "busy" if busy else ""


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
    head = f"{'attack':<34}{'longest task':>14}{'latest timer':>14}{'Stop':>17}  the tool"
    lines = [
        f"{one.attack:<34}{one.longest:>11.0f} ms{one.late:>11.0f} ms"
        f"{'ended by itself' if one.stop is None else f'{one.stop:.0f} ms':>17}  {one.verdict}"
        for one in measured
    ]
    return "\n".join([head, *lines])
