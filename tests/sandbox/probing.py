"""Runs probes in the real application: in the workbench, opened alone, and while it is written."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.prove.cases import Act, Expects, Probe
from tests.conftest import Process, clean_environment
from tests.sandbox.drivers.page import Driver, DriverError, Page
from tests.sandbox.places import Application, open_application

PLACES = ("workbench", "alone", "streaming")
SECONDS = 30.0  # patience on a busy machine, not a promise
WRITTEN_SECONDS = 10.0  # then the person acts all the same
ONE_SECONDS = 120.0  # for all of one probe: a page that hangs must not take the others with it
TOKENS_PER_SECOND = 200
FILLER_LINES = 1400  # what the model goes on writing while the probe must already work
DEFERRED_LINES = 20


@dataclass
class Probing:
    """Collects how each probe went, by name and place: `True`, or what went wrong."""

    driver: Driver
    application: Application
    done: Callable[[str, str, Any], None] = lambda _name, _place, _went: None
    went: dict[tuple[str, str], Any] = field(default_factory=dict)

    async def run(self, cases: Iterable[tuple[Probe, str]]) -> None:
        slots = asyncio.Semaphore(self.driver.at_once)

        async def one(probe: Probe, place: str) -> None:
            async with slots:
                try:
                    async with asyncio.timeout(ONE_SECONDS):
                        self.went[probe.name, place] = await self._one(probe, place)
                except (DriverError, TimeoutError) as error:
                    self.went[probe.name, place] = f"could not be run: {repr(error)[:300]}"
                self.done(probe.name, place, self.went[probe.name, place])

        async with asyncio.TaskGroup() as group:
            for probe, place in cases:
                group.create_task(one(probe, place))

    async def _one(self, probe: Probe, place: str) -> Any:
        async with self.driver.page(probe) as page:
            if place == "streaming":
                made = await self._generate(probe)
                url = self.application.url + made["artifact"]["url"]
            else:
                tool = await self.application.put(probe.document())
                url = tool.workbench if place == "workbench" else tool.frame
            await page.go(url)
            if probe.act is not Act.NOTHING:
                await _written(page)
            await page.act(probe)
            went = await _outcome(page)
            if went is True:
                went = await _expected(page, probe.expects)
            if place == "streaming":
                went = await self._still_open(made, went, deferred=probe.deferred)
            return went

    async def _generate(self, probe: Probe) -> Any:
        body = {"prompt": f"probe-{probe.name}!"}
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


QUESTION = """[...document.querySelectorAll("dialog[open]")].some((dialog) =>
  dialog.checkVisibility() && dialog.textContent.includes("https://example.org/a"))"""


async def _expected(page: Page, expects: Expects) -> Any:
    """What a person must see besides: a file that was saved, a question with the whole address."""
    try:
        async with asyncio.timeout(SECONDS):
            if expects is Expects.DOWNLOAD:
                await page.saved.wait()
            # No event tells of it.
            while expects is Expects.QUESTION and not await page.evaluate(QUESTION):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    except TimeoutError:
        return "nothing was saved" if expects is Expects.DOWNLOAD else "nobody was asked"
    return True


async def _written(page: Page) -> None:
    """Wait until the probe's lines are there: what it hears is not there as soon as its element."""
    until = time.monotonic() + WRITTEN_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(DriverError):
            if await page.in_tool("window.written"):
                return
        await asyncio.sleep(0.05)


async def _outcome(page: Page) -> Any:
    """Wait for what the document says, however often it loads itself again meanwhile."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(DriverError):
            said = await page.in_tool("window.worked")
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
        {
            "match": f"probe-{probe.name}!",
            "text": _answer(probe),
            "tokens_per_second": TOKENS_PER_SECOND,
        }
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
