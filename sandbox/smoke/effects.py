"""Buttons that do nothing, found by what runs when they are pressed.

V8 counts which functions run, and no tool can tell it otherwise. A button is dead when all that
runs could have no effect in any state (`idle`). What merely had no effect this time ("Clear" on an
empty form) is not. Where nothing runs at all, and nothing else answers a press, that is noted; it
is a fault where the code means the button, or where one that looks like it did something.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from typing import TYPE_CHECKING, Any

from sandbox.smoke import findings
from sandbox.smoke.devtools import OWN_SCRIPTS
from sandbox.smoke.findings import SENT, Document, Moment
from sandbox.smoke.idle import Ran, does_nothing
from sandbox.smoke.places import line_at

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from playwright.async_api import Page

    from sandbox.report import Finding
    from sandbox.smoke.controls import Control
    from sandbox.smoke.devtools import FrameSession
    from sandbox.smoke.run import Answered

    Show = Callable[[Control, Finding], Awaitable[None]]


_MOST_PRESSED = 12  # of those that seemed to do nothing
_MOST_RAN = 40  # functions; what runs more does something
_MOST_TEXT = 3_000_000  # characters of a document
_HANDLED = re.compile(r"\s(?:@click|v-on:click|x-on:click|onClick=\{)")
_MOST_SAID = 20
_LONGEST_TAG = 400
# What answers no click of a mouse.
_OTHER_ACTS = re.compile(r"touch(?:start|end|move)|dblclick|contextmenu|longpress|\bondrag|dragst")
# On a button that shows what buttons look like.
_SPECIMEN = re.compile(
    r"(?:(?:my|your|the|a)\s)?button(?:\s\w+)?|(?:click|press|hover|tap|try)(?:\s\w+)?!?"
    r"|(?:primary|secondary|default|outlined?|ghost|success|danger|warning|info|link|text|small"
    r"|medium|large|normal|hover|active|focus)(?:\sbutton)?",
    re.IGNORECASE,
)


class Effects:
    """`acted` after every use of a control; `judge` before a view is left, and at the end.

    `show` tells of a fault that was found by a press, while the page still shows it.
    """

    def __init__(
        self,
        session: FrameSession,
        page: Page,
        document: Document,
        answered: Answered,
        *,
        show: Show,
    ) -> None:
        self._session = session
        self._page = page
        self._document = document
        self._answered = answered
        self._show = show
        self._changes: int | None = None  # so far, unknown before the first use
        self._loads = session.loads
        self._had_failed = False
        self._judged = 0
        self._quiet: dict[int, Control] = {}
        self._moved: dict[int, Control] = {}

    async def acted(self, control: Control, changes: int) -> None:
        """Note whether the document, changed so often by now, was since the last time."""
        before, self._changes = self._changes, changes
        if self._loads != self._session.loads:  # other elements have these numbers now
            self._loads = self._session.loads
            self._quiet.clear()
            self._moved.clear()
            before = None
        if before is not None and before != self._changes:
            self._moved[control.id] = control
            self._quiet.pop(control.id, None)
        elif control.kind == "press" and control.id not in self._moved:
            self._quiet[control.id] = control

    async def begin(self) -> None:
        """Take what changed until now for nobody's doing."""
        self._changes = await self._ask("changes")

    def forget(self) -> None:
        """Do not take what changed meanwhile for the doing of the control that is used next."""
        self._changes = None

    @property
    def in_doubt(self) -> set[int]:
        """The controls that seemed to do nothing, and were not judged."""
        is_over = self._judged >= _MOST_PRESSED or len(self._document.html) > _MOST_TEXT
        return set() if is_over else set(self._quiet)

    async def judge(self, until: float) -> None:
        """Press once more what seemed to do nothing, and see what runs.

        No press begins that could end after `until`, for this takes the time of the tool itself:
        it must not have been made to stand still before.
        """
        most = _MOST_PRESSED - self._judged
        if not self.in_doubt:
            return
        asked: dict[int, Mapping[str, Any]] = {}
        for control in list(self._quiet.values()):
            standing = await self._ask("standing", control.id)
            if standing and standing["button"] and len(asked) < most:
                asked[control.id] = standing
        if not asked:
            return
        await self._command("Profiler.enable")
        await self._command("Profiler.startPreciseCoverage", callCount=True, detailed=False)
        time = asyncio.get_running_loop().time
        self._had_failed = self._session.fatal
        took, pressed = 0.0, 0
        for number, standing in asked.items():
            begun = time()
            if begun + took >= until:  # the verdict comes before this
                break
            if await self._judge(self._quiet[number], standing):
                del self._quiet[number]
                pressed += 1
            took = max(took, time() - begun)
        await self._command("Profiler.stopPreciseCoverage")
        await self._command("Profiler.disable")
        self._judged += pressed
        self._changes = await self._ask("changes")

    async def _judge(self, control: Control, standing: Mapping[str, Any]) -> bool:
        """Say whether it could be pressed."""
        moment = self._session.moment
        self._session.moment = Moment("interact", control.label)
        loads = self._session.loads
        pressed = await self._press(control)
        if pressed is None or self._session.loads != loads:
            self._session.moment = moment
            return False
        await self._answered(self._session.excuse())
        ran, is_same, is_still = pressed
        # A library that hands the press on is no doing of the tool's.
        own = [one for one in ran if one.text is not None]
        if not own and self._session.has_noted(SENT):
            self._session.blame(SENT)  # no code has taken it
        elif does_nothing(ran) or (is_still and does_nothing(own)):
            line = await self._line(own)
            await self._show(control, findings.dead(control.label, line, self._session.moment))
        elif not own and is_same and (is_still or not ran) and self._must_answer(control, standing):
            is_meant = self._is_meant(control, standing["marks"], by_library=bool(ran))
            found = findings.deaf(control.label, self._session.moment, is_meant=is_meant)
            if is_meant:
                await self._show(control, found)
            elif not ran:
                self._session.add(found)
        return True

    def _is_meant(self, control: Control, marks: Sequence[str], *, by_library: bool) -> bool:
        """Whether the tool's code was to hear it, as far as that can be told.

        The code looks it up, or names a handler where it stands; or one that looks like it did
        something, as the rows of a list do.
        A library hears every press: there it is meant when it stands among some that did.
        """
        html = self._document.html
        if is_given_a_handler(control.name, html) or (not by_library and is_looked_up(marks, html)):
            return True
        moved = [one for one in self._moved.values() if one.id != control.id]
        beside = [one for one in moved if (one.group, one.tag) == (control.group, control.tag)]
        return any(one.key == control.key for one in moved) or (by_library and len(beside) > 1)

    def _must_answer(self, control: Control, standing: Mapping[str, Any]) -> bool:
        """Whether a button that no code hears is to do something, and not to be looked at."""
        return (
            bool(self._moved)  # the tool does something, elsewhere
            and not self._had_failed  # what ran into an error may hear nothing more
            and not (standing["shown"] or standing["restyled"] or standing["submits"])
            and control.name != ""
            and not _SPECIMEN.fullmatch(control.name)
            and not _OTHER_ACTS.search(self._document.html)
        )

    async def _press(self, control: Control) -> tuple[list[Ran], bool, bool] | None:
        """Return what runs, less what runs all the time.

        And whether as much is in sight after, and whether the document is the same.
        """
        mouse = self._page.mouse
        await self._ask("leave")
        await self._answered(mouse.move(0, 0))
        sight = await self._ask("sight")
        point = await self._ask("reach", control.id)
        if point is None or point["covered"] or (point["x"], point["y"]) == (0, 0):
            return None
        await self._answered(mouse.move(point["x"], point["y"]))
        await self._ran()
        await self._ask("quiet", 40, 120)
        idle = await self._ran()
        before = await self._ask("changes")
        await self._answered(mouse.down())
        await self._answered(mouse.up())
        await self._ask("quiet", 25, 250)
        ran = await self._ran()
        if idle is None or ran is None:
            return None
        always = {(one.script, one.start) for one in idle}
        new = [one for one in ran if (one.script, one.start) not in always]
        is_same = sight == await self._ask("sight")
        return new, is_same, is_same and before == await self._ask("changes")

    async def _ran(self) -> list[Ran] | None:
        """Take what ran since the last time, `None` where it was much."""
        taken = await self._command("Profiler.takePreciseCoverage")
        found: list[Ran] = []
        for script in taken["result"]:
            url, number = script["url"], script["scriptId"]
            functions = [one for one in script["functions"] if one["ranges"][0]["count"]]
            # What only shares its process is the page around the tool.
            if not functions or url == OWN_SCRIPTS or f"{url}/" == self._document.url:
                continue
            is_own = url in ("", self._document.url) or url.startswith(("blob:", "data:"))
            if is_own and len(found) + len(functions) <= _MOST_RAN:
                if await self._answered(self._session.is_bridge(number)):
                    continue
                source = await self._answered(self._session.source(number))
            else:
                source = None
            for one in functions:
                start, end = one["ranges"][0]["startOffset"], one["ranges"][0]["endOffset"]
                text = None if source is None else _units(source, start, end)
                found.append(Ran(one["functionName"], text, number, start))
            if len(found) > _MOST_RAN:
                return None
        return found

    async def _line(self, ran: list[Ran]) -> int | None:
        """Return where the last of them that the document holds begins: what was called."""
        html = self._document.html.replace("\r\n", "\n")
        for one in sorted(ran, key=lambda one: one.start, reverse=True):
            source = await self._answered(self._session.source(one.script))
            at = html.find(source) if source else -1
            if at >= 0:
                return line_at(html, at + len(_units(source, 0, one.start)))
        return None

    async def _ask(self, function: str, *given: object) -> Any:
        return await self._answered(self._session.ask(function, *given))

    async def _command(self, method: str, **given: object) -> Any:
        return await self._answered(self._session.command(method, given))


def is_given_a_handler(name: str, html: str) -> bool:
    """Whether an element that says this has a handler by the document, as frameworks write it."""
    said = re.compile(rf">\s*{re.escape(name)}\s*</")
    for match in itertools.islice(said.finditer(html), _MOST_SAID):
        # An arrow or a comparison in the handler is no end of the tag.
        tag = html[max(0, match.start() - _LONGEST_TAG) : match.start()]
        tag = tag[tag.rfind("<") :]
        if _HANDLED.search(tag):
            return True
    return False


def is_looked_up(marks: Sequence[str], html: str) -> bool:
    """Whether a script looks for one of these marks, each an id (`#save`) or a class (`.save`)."""
    quote = "[\"'`]"
    for mark in marks:
        name, is_id = re.escape(mark[1:]), mark[0] == "#"
        by = "ById" if is_id else "sByClassName"
        own = rf"|(?<![\w$.]){name}\.(?:addEventListener\(|onclick\s*=)" if is_id else ""
        pattern = (
            rf"\bgetElement{by}\(\s*{quote}{name}{quote}"
            rf"|(?:\bquerySelector(?:All)?|(?<![\w.])\$\$?)\(\s*{quote}[^\"'`\n]{{0,80}}"
            rf"{re.escape(mark)}(?![\w-]){own}"
        )
        if re.search(pattern, html):
            return True
    return False


def _units(text: str, start: int, end: int) -> str:
    """Cut as JavaScript counts, in UTF-16."""
    if text.isascii():
        return text[start:end]
    cut = text.encode("utf-16-le", "surrogatepass")[2 * start : 2 * end]
    return cut.decode("utf-16-le", "surrogatepass")
