"""Runs probes in the real application: in the workbench, opened alone, and while it is written."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Dialog, Page
from playwright.async_api import Error as BrowserError

from sandbox.prove.cases import Expects, Probe
from sandbox.prove.gestures import perform
from tests.conftest import Process, clean_environment
from tests.sandbox.campaign import frame_in
from tests.sandbox.places import Application, open_application

PLACES = ("workbench", "alone", "streaming")
AT_ONCE = 4
SECONDS = 12.0
ONE_SECONDS = 40.0  # for all of one probe: a page that hangs must not take the others with it
FILLER_LINES = 700  # what the model goes on writing while the probe must already work
DEFERRED_LINES = 40


@dataclass
class Probing:
    """Collects how each probe went, by name and place: `True`, or what went wrong."""

    browser: Browser
    application: Application
    went: dict[tuple[str, str], Any] = field(default_factory=dict)

    async def run(self, cases: Iterable[tuple[Probe, str]]) -> None:
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(probe: Probe, place: str) -> None:
            async with slots:
                try:
                    async with asyncio.timeout(ONE_SECONDS):
                        self.went[probe.name, place] = await self._one(probe, place)
                except (BrowserError, TimeoutError) as error:
                    self.went[probe.name, place] = f"could not be run: {str(error)[:300]}"

        async with asyncio.TaskGroup() as group:
            for probe, place in cases:
                group.create_task(one(probe, place))

    async def _one(self, probe: Probe, place: str) -> Any:
        async with _window(self.browser) as context:
            page = await context.new_page()
            seen = Seen(page)
            if place == "streaming":
                made = await self._generate(probe)
                url = self.application.url + made["artifact"]["url"]
            else:
                tool = await self.application.put(probe.document())
                url = tool.workbench if place == "workbench" else tool.frame
            await page.goto(url, wait_until="commit")
            frame = await frame_in(page)
            if probe.act.value != "nothing":
                await frame.wait_for_selector(probe.on, state="attached")
                await perform(probe, page, lambda: frame_in(page))
            went = await _outcome(page)
            if went is True:
                went = await seen.expected(probe.expects)
            if place == "streaming":
                went = await self._still_open(made, went, deferred=probe.deferred)
            return went

    async def _generate(self, probe: Probe) -> Any:
        body = {"prompt": f"probe-{probe.name}-"}
        response = await self.application.client.post("/api/artifacts", json=body)
        assert response.status_code == 201, response.text
        return response.json()

    async def _still_open(self, made: Any, went: Any, *, deferred: bool) -> Any:
        """A probe proves something about streaming only while its document is being written."""
        path = f"/api/generations/{made['generation']['id']}"
        state = (await self.application.client.get(path)).json()["state"]
        await self.application.client.post(f"{path}/cancel")
        if went is True and not deferred and state not in ("queued", "streaming"):
            return f"the document was already {state}"
        return went


class Seen:
    """What a person saw besides: downloads, questions; answers as a person would."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._downloads = asyncio.Event()
        page.on("dialog", self._answer)
        page.on("download", lambda _download: self._downloads.set())

    async def expected(self, expects: Expects) -> Any:
        if expects is Expects.DOWNLOAD:
            try:
                async with asyncio.timeout(5):
                    await self._downloads.wait()
            except TimeoutError:
                return "nothing was saved"
        if expects is Expects.QUESTION:
            question = self._page.get_by_role("dialog").filter(has_text="https://example.org/a")
            await question.wait_for(timeout=5000)
        return True

    async def _answer(self, dialog: Dialog) -> None:
        with contextlib.suppress(BrowserError):
            await dialog.accept(*(["typed"] if dialog.type == "prompt" else []))


@contextlib.asynccontextmanager
async def _window(browser: Browser) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(viewport={"width": 1000, "height": 700})
    context.set_default_timeout(10_000)
    try:
        yield context
    finally:
        with contextlib.suppress(BrowserError, TimeoutError):
            async with asyncio.timeout(5):
                await context.close()


async def _outcome(page: Page) -> Any:
    """Wait for what the document says, however often it loads itself again meanwhile."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SECONDS):
            while True:
                with contextlib.suppress(BrowserError):
                    said = await (await frame_in(page)).evaluate("window.worked")
                    if said is not None:
                        return said
                await asyncio.sleep(0.05)
    return "nothing happened"


@contextlib.asynccontextmanager
async def open_writing_application(
    folder: Path, probes: Iterable[Probe]
) -> AsyncIterator[Application]:
    """The application with a model that writes each probe at once, and then goes on and on."""
    answers = [
        {"match": f"probe-{probe.name}-", "text": _answer(probe), "tokens_per_second": 400}
        for probe in probes
    ]
    path = folder / "answers.json"
    path.write_text(json.dumps(answers), encoding="utf-8")
    arguments = ["scripted", "--port", "0", "--answers", str(path)]
    model = Process(arguments, clean_environment())
    await asyncio.to_thread(model.start)
    try:
        async with open_application(
            folder / "writing", OPENAI_BASE_URL=model.url, OPENAI_API_KEY="none"
        ) as application:
            yield application
    finally:
        await asyncio.to_thread(model.stop)


def _answer(probe: Probe) -> str:
    filler = "<!-- and on it goes, line after line, until the model has said all -->\n" * (
        DEFERRED_LINES if probe.deferred else FILLER_LINES
    )
    return f"Here it is.\n\n```html\n{probe.document()}\n{filler}</body></html>\n```\n"
