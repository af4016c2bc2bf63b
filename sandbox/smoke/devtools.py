"""The DevTools session of a tool's own frame: watch it, ask it, steer its time.

The frame's origin is opaque, so it runs in a process of its own and has a session of its own.
Everything asked here runs in an isolated world: what a tool does to its globals changes nothing.
Protocol: https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from playwright.async_api import Error as PlaywrightError

from sandbox.runtime.assembly import frame_prefix
from sandbox.smoke import by_design, findings
from sandbox.smoke.findings import Document, Event, Moment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from playwright.async_api import BrowserContext, CDPSession, Frame, Page

    from sandbox.report import Finding

    Reader = Callable[[Event, Document, Moment], Finding | None]

_DOMAINS = ("Runtime", "Log", "Audits", "Debugger", "Inspector", "Page")
_SCRIPTS = ("controls.js", "legible.js", "effects.js", "accessible.js")
_MOST_FINDINGS = 200
_MOST_EXCUSED = 5  # at one time
_MOST_WORLDS = 20  # a page that loads itself anew takes its worlds along
OWN_SCRIPTS = f"sandwright:{secrets.token_hex(8)}"
"""What the scripts of the test itself are called, in this process."""


class FrameSession:
    """Attached before the tool's first byte, so that nothing it does is missed."""

    def __init__(self, session: CDPSession, frame_id: str, document: Document) -> None:
        self.moment = Moment()
        self._session = session
        self._frame_id = frame_id
        self._document = document
        self._world: int | None = None
        self._worlds = 0
        self.own_world: int | None = None  # the tool's
        self._clock = f"_{secrets.token_hex(8)}"
        self._steering = ""
        self._sources: dict[str, str] = {}
        self._seen: dict[object, Finding] = {}
        self._paused: asyncio.Future[Mapping[str, Any]] | None = None
        self._time_is_up: asyncio.Event = asyncio.Event()
        self._loaded = asyncio.Event()
        self.loads = 0  # of the frame's own document, moves within it and other frames left out
        self.on_load: Callable[[], None] = lambda: None
        self.told: Callable[[Finding], Finding] = lambda finding: finding

    @classmethod
    async def attach(
        cls, context: BrowserContext, frame: Frame, document: Document, on_crash: Callable[[], None]
    ) -> FrameSession:
        try:
            session = await context.new_cdp_session(frame)
            tree = (await session.send("Page.getFrameTree"))["frameTree"]
        except PlaywrightError:
            # Without site isolation the frame shares its parent's process and session.
            session = await context.new_cdp_session(frame.page)
            tree = (await session.send("Page.getFrameTree"))["frameTree"]["childFrames"][0]
        return await cls._watching(session, tree, document, on_crash)

    @classmethod
    async def attach_alone(
        cls, context: BrowserContext, page: Page, document: Document, on_crash: Callable[[], None]
    ) -> FrameSession:
        """Attach to a page that is the tool itself, before it is opened."""
        session = await context.new_cdp_session(page)
        tree = (await session.send("Page.getFrameTree"))["frameTree"]
        return await cls._watching(session, tree, document, on_crash)

    @classmethod
    async def _watching(
        cls,
        session: CDPSession,
        tree: Mapping[str, Any],
        document: Document,
        on_crash: Callable[[], None],
    ) -> FrameSession:
        made = cls(session, tree["frame"]["id"], document)
        made._listen(on_crash)
        await asyncio.gather(*(session.send(f"{domain}.enable") for domain in _DOMAINS))
        await made._steer()
        return made

    @property
    def findings(self) -> tuple[Finding, ...]:
        return findings.settled(self._seen.values(), self._document)

    @property
    def fatal(self) -> bool:
        return self.faults > 0

    @property
    def faults(self) -> int:
        """How many findings are fatal so far."""
        return sum(finding.severity == "fatal" for finding in self.findings)

    def _listen(self, on_crash: Callable[[], None]) -> None:
        on = self._session.on
        on("Runtime.executionContextCreated", self._on_world)
        on("Runtime.exceptionThrown", self._on_exception)
        on("Runtime.exceptionRevoked", self._on_revoked)
        on("Runtime.consoleAPICalled", self._on_console)
        on("Log.entryAdded", self._on_log)
        on("Audits.issueAdded", self._on_issue)
        on("Debugger.paused", self._on_paused)
        on("Page.frameNavigated", self._on_navigated)
        on("Emulation.virtualTimeBudgetExpired", lambda _event: self._time_is_up.set())
        on("Inspector.targetCrashed", lambda _event: on_crash())

    def add(self, finding: Finding | None, key: object = None) -> None:
        if finding is not None and len(self._seen) < _MOST_FINDINGS:
            self._seen[object() if key is None else key] = self.told(finding)

    def _read(self, read: Reader, event: Event, key: object = None) -> None:
        # What none is kept of is not read either: a tool may throw as fast as it likes.
        if len(self._seen) < _MOST_FINDINGS:
            self.add(read(event, self._document, self.moment), key)

    def _on_exception(self, event: Mapping[str, Any]) -> None:
        details = event["exceptionDetails"]
        self._read(findings.from_exception, details, details["exceptionId"])

    def _on_revoked(self, event: Mapping[str, Any]) -> None:
        self._seen.pop(event["exceptionId"], None)  # a rejection that was handled after all

    def _on_console(self, event: Mapping[str, Any]) -> None:
        self._read(findings.from_console, event)

    def _on_log(self, event: Mapping[str, Any]) -> None:
        self._read(findings.from_log, event["entry"])

    def _on_issue(self, event: Mapping[str, Any]) -> None:
        self._read(findings.from_issue, event["issue"])

    def _on_navigated(self, event: Mapping[str, Any]) -> None:
        if event["frame"]["id"] == self._frame_id:
            self.loads += 1
            self._loaded.set()
            self.on_load()

    def _on_paused(self, event: Mapping[str, Any]) -> None:
        if self._paused is not None and not self._paused.done():
            self._paused.set_result(event)
        else:
            # A `debugger` statement of the tool's own.
            _forget(self._session.send("Debugger.resume"))

    def _on_world(self, event: Mapping[str, Any]) -> None:
        about = event["context"].get("auxData", {})
        if about.get("isDefault") and about.get("frameId") == self._frame_id:
            self.own_world = event["context"]["id"]

    async def _steer(self, seed: int = 1) -> None:
        """Put clock.js into the document that is to come, and into the one that has just begun."""
        if self._steering:
            old = {"identifier": self._steering}
            await self._session.send("Page.removeScriptToEvaluateOnNewDocument", old)
        call = f"{{ const given = ['{self._clock}', {seed}]; {_read_script('clock.js')} }}"
        adding = self._session.send("Page.addScriptToEvaluateOnNewDocument", {"source": call})
        if seed == 1 and self.own_world is not None:
            parameters = {"expression": call, "contextId": self.own_world}
            added, _ = await asyncio.gather(
                adding, self._session.send("Runtime.evaluate", parameters)
            )
        else:
            added = await adding
        self._steering = added["identifier"]

    async def clock(self, call: str) -> Any:
        """Call a function of clock.js; `None` where the tool's world has gone meanwhile."""
        parameters = {
            "expression": f"globalThis.{self._clock}?.{call}",
            "contextId": self.own_world,
            "awaitPromise": True,
            "returnByValue": True,
        }
        try:
            answer = await self._session.send("Runtime.evaluate", parameters)
        except PlaywrightError:
            return None
        return answer["result"].get("value")

    async def load_again(self) -> None:
        """Load the document anew, as at another visit, when chance is another one."""
        await self._steer(seed=2)
        self._loaded.clear()
        await self._evaluate("location.reload()", by_value=True)
        await self._loaded.wait()

    async def unreadable(self, handler: str) -> Mapping[str, Any] | None:
        """Let the engine read an inline handler, and run nothing of it; say what it stumbles at."""
        answer = await self._session.send(
            "Runtime.compileScript",
            {
                "expression": f"(function (event) {{\n{handler}\n}})",
                "sourceURL": OWN_SCRIPTS,
                "persistScript": False,
            },
        )
        details: Mapping[str, Any] | None = answer.get("exceptionDetails")
        return details

    async def ask(self, function: str, *arguments: object) -> Any:
        """Call a function of `_SCRIPTS`; its value is as JSON would carry it."""
        call = f"smoke.{function}({', '.join(json.dumps(one) for one in arguments)})"
        return (await self._evaluate(call, by_value=True)).get("value")

    async def include(self, script: str) -> None:
        """Run a library in the world of these scripts."""
        await self._evaluate(f"{script}\n;0", by_value=True)

    async def excuse(self) -> None:
        """Make notes of errors that the tool throws itself and tells of on the page.

        Asked after every use of a control: what the page said before is forgotten.
        """
        now = [one for one in self._seen.items() if one[1].control == self.moment.control]
        for key, found in now[-_MOST_EXCUSED:]:
            html = self._document.html
            said = by_design.own_words(found, html)
            if said and by_design.is_told(said, await self.ask("told", said), html, found.line):
                self._seen[key] = replace(found, severity="advisory")
        await self.ask("unsay")

    def blame(self, kind: str) -> None:
        """Take a note of this kind, of the control that was used last, for a fault."""
        for key, found in self._seen.items():
            if found.kind == kind and found.control == self.moment.control:
                self._seen[key] = replace(found, severity="fatal")

    def has_noted(self, kind: str) -> bool:
        """Whether there is a note of this kind of the control that was used last."""
        noted = (one for one in self._seen.values() if one.severity == "advisory")
        return any(one.kind == kind and one.control == self.moment.control for one in noted)

    async def command(self, method: str, given: Mapping[str, Any]) -> Any:
        return await self._session.send(method, dict(given))

    async def source(self, script: str) -> str:
        """Return the text of a script, by the number that V8 gave it."""
        if script not in self._sources:
            answer = await self._session.send("Debugger.getScriptSource", {"scriptId": script})
            self._sources[script] = answer["scriptSource"]
        return self._sources[script]

    async def is_bridge(self, script: str) -> bool:
        return (await self.source(script)).startswith(_bridge())

    async def world(self) -> int:
        """Return the number of the world in which `ask` asks."""
        return self._world or await self._make_world()

    async def set_files(self, control: int, paths: list[str]) -> None:
        element = await self._evaluate(f"smoke.elementOf({control})", by_value=False)
        if "objectId" in element:
            parameters = {"objectId": element["objectId"], "files": paths}
            await self._session.send("DOM.setFileInputFiles", parameters)

    async def _evaluate(self, expression: str, *, by_value: bool) -> Mapping[str, Any]:
        for attempt in range(_MOST_WORLDS):
            try:
                parameters = {
                    "expression": f"{expression}\n//# sourceURL={OWN_SCRIPTS}",
                    "contextId": await self.world(),
                    "awaitPromise": True,
                    "returnByValue": by_value,
                }
                answer = await self._session.send("Runtime.evaluate", parameters)
            except PlaywrightError:
                # The document was loaded anew, and the world went with the old one.
                self._world = None
                if attempt == _MOST_WORLDS - 1:
                    raise
                continue
            if "exceptionDetails" in answer:
                raise PlaywrightError(str(answer["exceptionDetails"].get("exception")))
            result: Mapping[str, Any] = answer["result"]
            return result
        raise AssertionError("the loop returns or raises")

    async def _make_world(self) -> int:
        made = await self._session.send(
            "Page.createIsolatedWorld", {"frameId": self._frame_id, "worldName": "sandwright"}
        )
        world: int = made["executionContextId"]
        self._worlds += 1  # so that an element of another document is never taken for one of these
        base = self._worlds * _MOST_ELEMENTS
        parts = ", ".join(_read_script(name) for name in _SCRIPTS)
        script = f"globalThis.smokeBase = {base}; globalThis.smoke = Object.assign({parts});0"
        script += f"\n//# sourceURL={OWN_SCRIPTS}"
        parameters = {"expression": script, "contextId": world}
        await self._session.send("Runtime.evaluate", parameters)
        self._world = world
        return world

    async def skip_time(self, milliseconds: int) -> None:
        """Let the frame's clock run ahead at once, every timer on the way firing in order.

        From then on the clock stands still between such leaps, and no animation frame comes.
        """
        self._time_is_up.clear()
        policy = {"policy": "advance", "budget": milliseconds}
        await self._session.send("Emulation.setVirtualTimePolicy", policy)
        await self._time_is_up.wait()

    async def interrupt(self) -> tuple[int | None, int | None, str] | None:
        """Stop the running script for a moment and say where it is; `None` when none runs."""
        self._paused = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(_PAUSE_SECONDS):
                await self._session.send("Debugger.pause")
                event = await self._paused
                await self._session.send("Debugger.resume")
        except TimeoutError:
            return None
        finally:
            self._paused = None
        for frame in event.get("callFrames", ()):
            at = frame["location"]
            # The address is left out for inline scripts, of which all are the document's own.
            url = frame.get("url") or self._document.url
            line, column = findings.place_in_document(
                url, at["lineNumber"], at.get("columnNumber"), self._document
            )
            if line is not None:
                return line, column, str(frame.get("functionName", ""))
        return None, None, ""


@cache
def _bridge() -> str:
    """Return how the script begins that precedes every tool."""
    prefix = frame_prefix("key")
    return prefix[prefix.index("<script>") + len("<script>") :][:_BEGINNING]


_BEGINNING = 2_000  # characters
_PAUSE_SECONDS = 1.0
_MOST_ELEMENTS = 1_000_000  # numbered in one document


@cache
def _read_script(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8").strip()


def _forget(work: Any) -> None:
    """Run without waiting; it fails only when the frame is gone, which is noticed elsewhere."""
    task = asyncio.ensure_future(work)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
