"""`make bench`: the promised ratios, measured through the front door. Exits 1 when one is missed.

A real browser types a wish and presses Create; the scripted model answers with its 12 kB tool
at 200 and at 2,000 tokens a second. The model's own time (request received to last byte sent,
by its own log) stands beside ours, and each promise is a ratio of the two. Ours begins when the
mouse goes down on Create, by the browser's own clock: what Playwright looks at before it presses
is nobody's wait.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from bench_bare import Bare, bare_pages
from bench_freezing import Freezing, measure_freezing, table
from bench_verdicts import measure_verdicts, report_of
from playwright.async_api import Browser, Page, async_playwright

from sandbox.libraries.shelf import shipped_shelf
from sandbox.smoke.browsers import BrowserChoice, find_browser
from sandbox.smoke.switches import NOT_PLAYWRIGHTS, SWITCHES
from server.providers.scripted_answers import default_answers

BIN = Path(sys.executable).parent
# The watch runs in every frame before the page's own scripts; wall-clock milliseconds.
WATCH = """
(() => {
  if (window === window.top) {
    const press = (event) => { window.__pressed = performance.timeOrigin + event.timeStamp; };
    addEventListener("pointerdown", press, { capture: true, once: true });
    return;
  }
  const now = () => performance.timeOrigin + performance.now();
  const seen = { heading: null, ready: null, loads: 1 };
  Object.defineProperty(window, "__bench", { value: seen });
  const look = () => {
    const heading = document.querySelector("h1");
    if (seen.heading === null && heading && heading.getBoundingClientRect().height > 0) {
      seen.heading = now();
      observer.disconnect();
    }
  };
  const observer = new MutationObserver(look);
  observer.observe(document, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", () => { look(); seen.ready = now(); });
})();
"""


LIBRARY = "https://cdn.jsdelivr.net/npm/d3@7/dist/d3.min.js"


def answer(library: str = "") -> str:
    """The scripted model's tool, without the words after it: the last byte is the document's.

    `library` is the address of a script that it loads, too.
    """
    whole = default_answers()[0].text
    whole = whole[: whole.rindex("```") + 3] + "\n"
    tag = f'</title>\n<script src="{library}"></script>'
    return whole.replace("</title>", tag, 1) if library else whole


@dataclass(frozen=True, slots=True)
class Sample:
    """One run; seconds, but for `ready_ms`, and `heading` as a share of the model's stream."""

    total: float
    model: float
    heading: float
    ready_ms: float
    verdict: float  # seconds from the last byte until the page says it
    loads: int

    @property
    def ratio(self) -> float:
        return self.total / self.model


@dataclass(frozen=True, slots=True)
class Promise:
    name: str
    value: float
    limit: float

    @property
    def kept(self) -> bool:
        return self.value <= self.limit


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs for each speed (5)")
    arguments = parser.parse_args()
    promises: list[Promise] = []
    for rate, limit in ((200, 1.015), (2000, 1.06)):
        samples = asyncio.run(measure(rate, arguments.runs))
        promises += report(rate, limit, samples)
        bare = asyncio.run(bare_page(rate, arguments.runs))
        heading = statistics.median(one.heading for one in bare)
        ready_ms = statistics.median(one.ready_ms for one in bare)
        print(
            "            the same stream in a bare page: "
            f"heading at {heading:.1%}, last byte → ready {ready_ms:.1f} ms"
        )
    promises.append(asyncio.run(with_library(2000, arguments.runs)))
    costs = asyncio.run(measure_verdicts(chromium(), arguments.runs))
    print(f"\n{report_of(costs)}")
    freezing = asyncio.run(freezing_tools())
    print(f"\n{table(freezing)}\n")
    for promise in promises:
        word = "kept" if promise.kept else "MISSED"
        print(f"{promise.name:<58} {promise.value:>8.3f}  ≤ {promise.limit:<6} {word}")
    kept = all(one.kept for one in promises) and all(one.kept for one in freezing)
    return 0 if kept else 1


def report(rate: int, limit: float, samples: Sequence[Sample]) -> list[Promise]:
    """Print the runs of one speed and return what was promised of them (medians)."""
    print(f"\n{rate} tokens/s    model s    total s    ratio    heading at    last byte → ready")
    for one in samples:
        print(
            f"            {one.model:>12.3f} {one.total:>10.3f} {one.ratio:>8.4f} "
            f"{one.heading:>12.1%} {one.ready_ms:>14.1f} ms   loads {one.loads}"
            f"   verdict after {one.verdict:.2f} s"
        )
    return [
        Promise(f"{rate} tokens/s: total ÷ model", median(samples, "ratio"), limit),
        Promise(f"{rate} tokens/s: heading, share of the stream", median(samples, "heading"), 0.1),
        Promise(f"{rate} tokens/s: last byte → ready, ms", median(samples, "ready_ms"), 30),
        # Exactly one: none is as wrong as two.
        Promise(f"{rate} tokens/s: loads off by", max(abs(one.loads - 1) for one in samples), 0),
    ]


async def freezing_tools() -> list[Freezing]:
    async with serving("http://127.0.0.1:9/v1") as url, browsing() as browser:
        return await measure_freezing(browser, url)


async def bare_page(rate: int, runs: int) -> list[Bare]:
    async with browsing() as browser:
        return await bare_pages(browser, document(), rate, runs)


def document(library: str = "") -> str:
    return answer(library).partition("```html\n")[2].rpartition("```")[0]


async def with_library(rate: int, runs: int) -> Promise:
    """Measure what it costs that a library's address is a CDN's, run by run in turns.

    Beside it stands the same document with the address of our own file, in the same frame, where
    nothing has to be resolved; and in a bare page, whose server has the file.
    """
    found = shipped_shelf().catalogue.resolve(LIBRARY)
    served = shipped_shelf().answer(found.address) if found else None
    if found is None or served is None:
        raise SystemExit("d3 is not here: make vendor")
    own = f"/libraries/{found.address}"
    seen: dict[str, list[float]] = {"a CDN's": [], "our own": [], "in a bare page": []}
    async with (
        ScriptedProcess(rate, LIBRARY) as one,
        ScriptedProcess(rate, own) as other,
        serving(one.url) as by_cdn,
        serving(other.url) as plainly,
        browsing() as browser,
    ):
        for _ in range(runs + 1):
            seen["a CDN's"].append((await once(browser, by_cdn, one)).ready_ms)
            seen["our own"].append((await once(browser, plainly, other)).ready_ms)
            bare = await bare_pages(browser, document(own), rate, 1, {own: served.body})
            seen["in a bare page"].append(bare[0].ready_ms)
    for name, values in seen.items():
        shown = "  ".join(f"{value:.1f}" for value in values[1:])  # the first warmed up
        print(f"            a library by its address, {name}: last byte → ready {shown} ms")
    cost = statistics.median(seen["a CDN's"][1:]) - statistics.median(seen["our own"][1:])
    return Promise(f"{rate} tokens/s: a library's resolution, ms", cost, 5)


def median(samples: Sequence[Sample], name: str) -> float:
    values: list[float] = [getattr(sample, name) for sample in samples]
    return statistics.median(values)


async def measure(rate: int, runs: int) -> list[Sample]:
    """Run the main job `runs` times at `rate` tokens a second, after one to warm up."""
    async with ScriptedProcess(rate) as model, serving(model.url) as url, browsing() as browser:
        samples = [await once(browser, url, model) for _ in range(runs + 1)]
    return samples[1:]


class ScriptedProcess:
    """`sandwright scripted` in a process of its own, so that it keeps its pace."""

    def __init__(self, rate: int, library: str = "") -> None:
        self._rate = rate
        self._answer = answer(library)
        self.url = ""
        self._process: subprocess.Popen[str] | None = None
        self._folder = tempfile.TemporaryDirectory()

    async def __aenter__(self) -> Self:
        answers = Path(self._folder.name) / "answers.json"
        await asyncio.to_thread(answers.write_text, json.dumps([{"text": self._answer}]))
        arguments = ["scripted", "--port", "0", "--tokens-per-second", str(self._rate)]
        arguments += ["--answers", str(answers)]
        self._process, self.url = await asyncio.to_thread(start, arguments, {})
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        await asyncio.to_thread(stop, self._process)
        self._folder.cleanup()

    def last_call(self) -> dict[str, Any]:
        address = self.url.removesuffix("/v1") + "/_scripted/log"
        with urllib.request.urlopen(address) as response:  # noqa: S310 our own loopback address
            calls: list[dict[str, Any]] = json.load(response)["calls"]
        return [call for call in calls if "completions" in call["path"]][-1]


@asynccontextmanager
async def serving(model: str) -> AsyncIterator[str]:
    """Yield the address of a server of its own on free ports, on an empty folder."""
    with tempfile.TemporaryDirectory() as data:
        arguments = ["serve", "--no-open", "--data-dir", data]
        ports = {"SANDWRIGHT_PORT": "0", "SANDWRIGHT_FRAME_PORT": "0"}
        process, url = await asyncio.to_thread(
            start, arguments, {"OPENAI_BASE_URL": model, **ports}
        )
        try:
            yield url
        finally:
            await asyncio.to_thread(stop, process)


def start(arguments: Sequence[str], more: dict[str, str]) -> tuple[subprocess.Popen[str], str]:
    """Start a command and wait for the address that it prints alone on a line."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    process = subprocess.Popen(
        [str(BIN / "sandwright"), *arguments], env=kept | more, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("http://"):
            return process, line.strip()
    raise SystemExit(f"sandwright {arguments[0]} did not start.")


def stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.wait(timeout=30)
    assert process.stdout is not None
    process.stdout.close()


def chromium() -> BrowserChoice:
    choice = find_browser(os.environ.get("SANDWRIGHT_BROWSER"), os.environ)
    if not isinstance(choice, BrowserChoice):
        raise SystemExit(f"{choice.reason} {choice.advice}")
    return choice


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    choice = chromium()
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(choice.path),
            args=[*SWITCHES, "--no-sandbox"] if as_root else [*SWITCHES],
            ignore_default_args=[*NOT_PLAYWRIGHTS],
        )
        try:
            yield browser
        finally:
            await browser.close()


async def once(browser: Browser, url: str, model: ScriptedProcess) -> Sample:
    """Type a wish, press Create, and wait until the tool has been tested."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    try:
        await context.add_init_script(WATCH)
        page = await context.new_page()
        documents: list[str] = []
        page.on(
            "request",
            lambda request: (
                documents.append(request.url)
                if request.resource_type == "document"
                and request.frame != page.main_frame
                # Home opens the tool's site ahead, at its empty root: no document of a tool.
                and urlsplit(request.url).path != "/"
                else None
            ),
        )
        await page.goto(url)
        await page.wait_for_load_state("networkidle")  # nobody types before the page is there
        await page.get_by_label("Describe a tool").fill("a table of books that I lent to friends")
        await page.get_by_role("button", name="Create").click()
        await page.wait_for_url("**/artifacts/*")
        await page.get_by_role("status").filter(has_text="passed").wait_for(timeout=90_000)
        told = time.time()
        seen = await _seen(page)
        pressed = await page.evaluate("() => window.__pressed") / 1000
    finally:
        await context.close()
    call = await asyncio.to_thread(model.last_call)
    began, ended = call["received"]["wall"], call["last_byte"]["wall"]
    ready = seen["ready"] / 1000
    return Sample(
        total=ready - pressed,
        model=ended - began,
        heading=(seen["heading"] / 1000 - call["first_token"]["wall"]) / (ended - began),
        ready_ms=(ready - call["last_text"]["wall"]) * 1000,
        verdict=told - call["last_text"]["wall"],
        loads=len(documents),
    )


async def _seen(page: Page) -> dict[str, float]:
    frame = page.frame_locator("iframe[title=Preview]")
    seen: dict[str, float] = await frame.locator("html").evaluate("() => window.__bench")
    return seen


if __name__ == "__main__":
    sys.exit(main())
