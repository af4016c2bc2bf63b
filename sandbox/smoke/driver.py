"""One run of one document in one context: open it, look at it, use it, look again."""

from __future__ import annotations

import asyncio
import functools
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from playwright.async_api import Error as PlaywrightError

from sandbox.report import Screenshot
from sandbox.runtime.assembly import FRAME_PREFIX_LINES
from sandbox.smoke import findings
from sandbox.smoke.camera import Camera
from sandbox.smoke.controls import DESTROYS, LEADS, Control, read_control
from sandbox.smoke.devtools import FrameSession
from sandbox.smoke.downloads import Downloads
from sandbox.smoke.effects import Effects
from sandbox.smoke.film import Film, doing
from sandbox.smoke.findings import Document, Moment
from sandbox.smoke.hands import Hands
from sandbox.smoke.listeners import Listeners
from sandbox.smoke.looking import Looking
from sandbox.smoke.patience import Patience, drop, in_background, read
from sandbox.smoke.pictures import is_one_colour
from sandbox.smoke.pool import VIEWPORT_HEIGHT, VIEWPORT_WIDTH
from sandbox.smoke.run import (
    BrowserLostError,
    EndlessError,
    Progress,
    Run,
    SilentError,
    TabCrashedError,
)
from sandbox.smoke.shortcuts import shortcuts
from sandbox.smoke.tour import Tour

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from playwright.async_api import (
        Browser,
        BrowserContext,
        CDPSession,
        Dialog,
        Frame,
        Page,
    )

    from sandbox.report import Finding
    from sandbox.smoke.grammar import Doubt
    from sandbox.smoke.stage import Play

MOST_ACTIONS = 40
_MOST_CONTROLS = 400  # looked at, at one time
_LATE_MS = 3_000  # of the tool's own time, for what it does late
OPEN_SECONDS = 15.0  # a browser of a busy machine takes most of them; the tool's begin after


class Driver:
    """Drives one page: `open` it first."""

    def __init__(
        self,
        context: BrowserContext,
        play: Play,
        *,
        folder: Path,
        on_progress: Callable[[Progress], None] | None,
        doubts: Sequence[Doubt] = (),
    ) -> None:
        """`doubts`: the handlers among them are given to the browser's engine to read."""
        self.run = Run()
        self._doubts = doubts
        self._context = context
        self._play = play
        self._folder = folder
        self._on_progress = on_progress
        before = 0 if play.from_disk else FRAME_PREFIX_LINES
        url = play.url if play.from_disk else f"{play.url}/"
        self._document = Document(url, play.html, before)
        self._tour = Tour(MOST_ACTIONS)
        self._film = Film(VIEWPORT_WIDTH, VIEWPORT_HEIGHT)
        self._begun = 0.0
        self._patience = Patience()
        self._page: Page | None = None
        self._tool: FrameSession | None = None
        self._looking: Looking | None = None
        self._effects: Effects | None = None
        self._downloads: Downloads | None = None
        self._listeners: Listeners | None = None
        self._used_by: Hands | None = None
        self._has_typed = False
        self._unpainted = False  # nothing but a canvas of one colour, so far
        self._windows = 0
        self._dialogs = 0
        self._declines = False  # what asks a person something again is answered with no
        self._took: dict[int, float] = {}  # seconds, by control
        self._time_passes = False
        self._camera: Camera | None = None
        self._filmed = 0  # the control of the picture that is taken
        self._places: Mapping[int, Sequence[float] | None] = {}  # of what is in sight now
        self._processes: CDPSession | None = None

    async def open(self) -> None:
        """Make the page that will hold the tool, of which nothing is sent yet.

        Raises `TabCrashedError` and `BrowserLostError`.
        """
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                await self._open()
        except TimeoutError as error:
            self._patience.raise_if_ended()
            raise BrowserLostError("The browser did not open the page.") from error
        except PlaywrightError as error:
            self._patience.raise_if_ended()
            raise BrowserLostError(str(error).splitlines()[0]) from error

    async def drive(self, until: float) -> None:
        """Fill `run`; `until` is the loop time at which no new control is begun.

        Raises `TabCrashedError` and `BrowserLostError`.
        """
        self._patience.until = until
        try:
            await self._go_through()
        except SilentError:
            self.run.stuck = True
            await self._report_hang()
        except EndlessError as error:
            self.run.stuck = True
            self._session.add(findings.endless(str(error), self._session.moment))
        finally:
            self._keep()
        self.run.finished = True

    async def _go_through(self) -> None:
        try:
            await self._load()
            await self._read_handlers()
            await self._looked.begin()
            await self._use_controls()
            await self._press_once_more()
            await self._finish()
        except PlaywrightError as error:
            self._patience.raise_if_ended()
            raise BrowserLostError(str(error).splitlines()[0]) from error

    # Opening

    async def _open(self) -> None:
        page, _ = await asyncio.gather(self._context.new_page(), self._watch_browser())
        self._page = page
        page.on("crash", lambda _page: self._patience.end(TabCrashedError()))
        page.on("dialog", lambda dialog: in_background(self._answer(dialog)))
        page.on("filechooser", lambda chooser: in_background(self._hands.give_asked(chooser)))
        framed: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()

        def on_navigation(frame: Frame) -> None:
            if frame.parent_frame is not None and not framed.done():
                framed.set_result(frame)

        page.on("framenavigated", on_navigation)
        self._context.on("page", self._on_window)
        self._tell("opening")
        on_crash = functools.partial(self._patience.end, TabCrashedError())
        if self._play.from_disk:
            self._tool = await FrameSession.attach_alone(
                self._context, page, self._document, on_crash
            )
        else:
            await page.goto(self._play.url, wait_until="commit")
            self._tool = await FrameSession.attach(
                self._context, await framed, self._document, on_crash
            )
        self._tool.on_load = self._on_load
        self._looking = Looking(
            page,
            self._document.html,
            self._tool,
            answered=self._patience.answered,
            settle=self._settle,
        )
        self._patience.begin(self._tool, self._processes)
        self._tool.told = self._film.led_to
        self._used_by = Hands(
            self._tool, page, self._film, self._patience.answered, folder=self._folder
        )
        self._effects = Effects(
            self._tool, page, self._document, self._patience.answered, show=self._show
        )
        self._listeners = Listeners(self._tool)
        self._downloads = Downloads(self._tool, page)
        if self._play.from_disk:
            await self._set_up_camera(page)
        else:
            await asyncio.gather(self._set_up_camera(page), self._downloads.measure())

    async def _watch_browser(self) -> None:
        browser = self._context.browser
        if browser is not None:
            browser.on("disconnected", self._on_disconnected)
            self.run.browser = browser.version
            self._processes = await browser.new_browser_cdp_session()

    async def _set_up_camera(self, page: Page) -> None:
        self._camera = Camera(await self._context.new_cdp_session(page))

    def _on_load(self) -> None:
        """A press may load the page anew, once."""
        if self._session.loads > _MOST_LOADS + self._tour.acts:
            self._patience.end(EndlessError("loads itself again"))

    def _on_window(self, opened: Page) -> None:
        """A file opened from disk has no sandbox of ours that forbids windows."""
        in_background(opened.close())
        self._windows += 1
        if self._windows > _MOST_WINDOWS + self._tour.acts:
            self._patience.end(EndlessError("opens windows"))

    def _on_disconnected(self, _browser: Browser) -> None:
        self._patience.end(BrowserLostError(_GONE))

    def stop_watching(self) -> None:
        """Forget the browser, whatever came of the page."""
        if self._context.browser is not None:
            self._context.browser.remove_listener("disconnected", self._on_disconnected)
        if self._processes is not None:
            in_background(self._processes.detach())
        self._patience.stop()

    async def _answer(self, dialog: Dialog) -> None:
        if self._time_passes:
            in_background(self._session.clock("stop()"))
        else:
            self._dialogs += 1
        if self._dialogs > _MOST_DIALOGS:
            self._patience.end(EndlessError("opens dialogs"))
        if self._declines and dialog.type in ("confirm", "prompt"):
            # Many tools count on an answer in words, and nobody is harmed.
            unsure = self._session.moment.unsure or dialog.type == "prompt"
            self._session.moment = replace(self._session.moment, unsure=unsure)
            await dialog.dismiss()
        elif dialog.type == "prompt":
            await dialog.accept(dialog.default_value or "Tea")
        else:
            await dialog.accept()

    # Loading

    async def _load(self) -> None:
        await self._begin()
        await self._settle(still=100, most=1_500)
        seen = await self._first_seen()
        self.run.loaded_ms = self._now_ms()
        shot = await self._screenshot("load")
        if shot is not None and not is_one_colour(shot.png):
            return
        if _is_bare(seen):
            if seen["canvases"] == 0:
                self._session.add(findings.blank())
            self._unpainted = seen["canvases"] > 0 and shot is not None
        elif shot is not None and seen["pictures"] == 0 and not await self._appears():
            self._session.add(findings.invisible())

    async def _read_handlers(self) -> None:
        """Tell of inline handlers that cannot be read, whether or not a person comes to them."""
        for doubt in self._doubts:
            if not doubt.handler:
                continue
            details = await self._patience.answered(self._session.unreadable(doubt.handler))
            if details is not None:
                self._session.add(doubt.finding(findings.message_of(details)))

    async def _appears(self) -> bool:
        """Wait for what fades in; text below what is in sight is seen too."""
        time = asyncio.get_running_loop().time
        until = time() + _APPEAR_SECONDS
        while time() < until:
            if await self._looked.begin():
                return True
            if not is_one_colour(await self._patience.answered(self._capture())):
                return True
            await self._patience.sleep(0.2)
        return False

    async def _first_seen(self) -> Mapping[str, int]:
        """Look until something is there: what a timer brings or a request may take a while."""
        time = asyncio.get_running_loop().time
        until = time() + _APPEAR_SECONDS
        seen: Mapping[str, int] = await self._patience.answered(self._session.ask("look"))
        is_late = not any(seen.values())
        if is_late:
            painted = await self._painted()
            if painted is not None and not is_one_colour(painted):
                return seen
        while not any(seen.values()) and time() < until:
            await self._patience.sleep(0.1)
            seen = await self._patience.answered(self._session.ask("look"))
        if is_late and any(seen.values()):
            await self._settle(still=100, most=1_500)
        return seen

    async def _begin(self) -> None:
        if self._play.from_disk and self._page is not None:
            await self._page.goto(self._play.url, wait_until="commit")
        self._begun = asyncio.get_running_loop().time()
        self._play.begin()

    def _now_ms(self) -> int:
        return round((asyncio.get_running_loop().time() - self._begun) * 1000)

    @property
    def _noted(self) -> Effects:
        assert self._effects is not None, "opened first"
        return self._effects

    @property
    def _session(self) -> FrameSession:
        assert self._tool is not None, "opened first"
        return self._tool

    @property
    def _hands(self) -> Hands:
        assert self._used_by is not None, "opened first"
        return self._used_by

    @property
    def _looked(self) -> Looking:
        assert self._looking is not None, "opened first"
        return self._looking

    async def _settle(self, still: int, most: int) -> None:
        """Wait until the document has been still for so many ms, or for the most."""
        await self._patience.answered(self._session.ask("quiet", still, most))

    async def _report_hang(self) -> None:
        line, column, function = self._patience.spot or (None, None, "")
        self._session.add(findings.hang(line, column, function, self._session.moment))
        self._film.end(self._now_ms())
        if self._camera is not None:
            self._filmed = 0
            self._camera.begin()
            await self._develop()

    # Using

    async def _use_controls(self) -> None:
        self._session.moment = Moment("interact")
        self._film.broken = self._session.faults
        await self._look_for_controls()
        changes = await self._changes()
        if not await self._go_round():
            return
        self._give_reason()
        found = self._tour.found
        covered = len(self._tour.refused & self._hands.covered.keys())
        used = self._tour.used
        # A question that hides the rest until it is answered covers it too, but it answers.
        if covered and (not used or (2 * covered > found and await self._changes() == changes)):
            self._session.add(findings.covered(covered, found))
        elif covered:
            await self._try_to_get_out(covered, found)

    async def _try_to_get_out(self, covered: int, found: int) -> None:
        """Press what is to close the layer that lies over the rest, and see whether it goes."""
        hands = self._hands
        hidden = [one for one in self._tour.refused if one in hands.covered]
        for control in self._tour.closers():
            where = [control.id, *hands.covered[hidden[0]]]
            if not await self._patience.answered(self._session.ask("isCovering", *where)):
                continue
            self._session.moment = Moment("interact", control.label)
            self._film.begin(f"{doing(control)} again", control.label)
            await hands.use(control, sends=False)
            await self._settle(still=50, most=500)
            if not await hands.reaches_one(hidden):
                self._session.add(findings.trapped(control.label, covered, found))
            self._film.end(self._now_ms())
            return

    async def _go_round(self) -> bool:
        """Use what there is to use; say whether there was time for each first use."""
        time = asyncio.get_running_loop().time
        uncovered, gently = 0, True
        while True:
            control = self._tour.next(gently=gently)
            if control is None:
                if await self._listen():
                    continue
                uncovered += 1
                if uncovered <= _MOST_UNCOVERED and await self._uncover():
                    continue
                # Before what may stop a timer, and after what may have begun one.
                await self._let_time_pass()
                if not gently:
                    return True
                gently = False
                continue
            # A second press that takes as long as the first must not look like one without end.
            most = max(_AGAIN_SECONDS, 2 * self._took.get(control.id, 0.0))
            is_late = time() >= self._patience.until - most
            if is_late and self._tour.is_used(control) and self._tour.used == self._tour.found:
                self.run.reason = "Time ran out: not every button was pressed a second time."
                return True
            if time() >= self._patience.until or (is_late and self._tour.is_used(control)):
                self.run.out_of_time = True
                self.run.reason = (
                    f"Time ran out: {self._tour.used} of {self._tour.found} controls were used."
                )
                return False
            # What is in sight now may not be at the end: what a press brought goes with another.
            # And when much is left to use, there may be no time at the end.
            is_half = self._tour.acts == MOST_ACTIONS // 2
            if control.rank >= LEADS or is_half or self._tour.came_later(self._noted.in_doubt):
                await self._press_once_more()
            await self._try(control)
            if self._tour.has_opened(control):
                await self._looked.glance()
            await self._develop()

    async def _listen(self) -> bool:
        """Look for what hears a person without looking so; say whether there is something new."""
        assert self._listeners is not None, "opened first"
        if self._tour.acts >= MOST_ACTIONS:
            return False
        taken = await self._patience.answered(self._listeners.adopt())
        if self._listeners.hears_keys and not self._has_typed:
            self._has_typed = True
            await self._type_nowhere()
            taken += 1
        if taken:
            await self._look_for_controls()
        return bool(taken)

    async def _type_nowhere(self) -> None:
        self._session.moment = Moment("interact", "the keyboard")
        self._film.begin("pressed keys", "the keyboard")
        self._noted.forget()
        await self._hands.type_nowhere(shortcuts(self._play.html))
        await self._settle(still=25, most=250)
        self._film.end(self._now_ms())

    def _give_reason(self) -> None:
        used, found, more = self._tour.used, self._tour.found, self._tour.left_out
        if self._tour.acts >= MOST_ACTIONS and found > used:
            self.run.reason = f"The first {used} of {found} controls were used."
        elif found > used:
            self.run.reason = f"{found - used} of {found} controls could not be reached."
        elif more and not self.run.reason:
            self.run.reason = f"{more} more that look like those were not used."

    @property
    def _is_late(self) -> bool:
        return asyncio.get_running_loop().time() >= self._patience.until - _AGAIN_SECONDS

    async def _let_time_pass(self) -> None:
        """Let an hour and a half pass where something waits for longer than a test can."""
        if self._is_late:
            return
        if not await self._patience.answered(self._session.clock(f"waits({_LEAP_MS})")):
            return
        # Nobody knows by which control it was begun.
        self._session.moment = Moment("interact" if self._tour.used else "load")
        self._film.begin("let an hour and a half pass")
        self._time_passes = True
        for way in (
            f"leap({_LEAP_MS}, {_MOST_LEAP_MS})",
            f"pass({_PASS_MS}, {_MOST_TICKS}, {_MOST_PASS_MS})",
        ):
            await self._patience.answered(self._session.clock(way))
            await self._settle(still=25, most=500)
        self._time_passes = False
        self._film.end(self._now_ms())
        self._noted.forget()
        await self._look_for_controls()

    async def _press_once_more(self) -> None:
        """Have what seemed to do nothing judged, as far as there is time for it."""
        await self._noted.judge(self._patience.until - _AGAIN_SECONDS)
        self._film.broken = self._session.faults  # not by the step that comes next

    async def _show(self, control: Control, found: Finding) -> None:
        """Add what a press has shown to be broken, with a step and a picture of its own."""
        self._film.begin(f"{doing(control)} again", control.label)
        self._session.add(found)
        point = await self._patience.answered(self._session.ask("reach", control.id))
        if point and not point["covered"]:
            self._places = {**self._places, control.id: point.get("box")}
        self._shoot(control, f"{doing(control)} again")
        await self._develop()

    async def _come_again(self) -> None:
        """Load the page anew, as at a second visit: what it keeps is there, and all is in sight."""
        if self._session.fatal or self._is_late:
            return
        if _STORES.search(self._play.html):
            await self._patience.sleep(_KEEP_SECONDS)
        if not (any(self._play.kept.values()) or self._play.from_disk or self._tour.hidden):
            return
        self._session.moment = Moment("load", "the second visit")
        self._film.begin("opened it again, as at a second visit", "the second visit")
        await self._patience.answered(self._session.load_again())
        await self._settle(still=100, most=1_500)
        self._film.end(self._now_ms())
        self._session.moment = Moment("interact")
        self._tour.begin_anew()
        self.run.reason = None
        await self._look_for_controls()
        if await self._go_round():
            self._give_reason()

    async def _changes(self) -> int:
        return int(await self._patience.answered(self._session.ask("changes")))

    async def _uncover(self) -> bool:
        """Do what makes an introduction go, and say whether a control under it is free now."""
        hands = self._hands
        hidden = [one for one in self._tour.refused if one in hands.covered]
        time = asyncio.get_running_loop().time
        if not hidden or self._tour.acts >= MOST_ACTIONS:
            return False
        self._session.moment = Moment("interact", "what covers the page")
        await hands.leave()
        for key in (None, "Escape", "Space", "Enter"):
            if time() >= self._patience.until:
                break
            told = f"pressed {key}" if key else "clicked what covers the page"
            self._film.begin(told, self._session.moment.control)
            await hands.press_away(key, hidden[0])
            await self._settle(still=25, most=500)
            self._film.end(self._now_ms())
            if await hands.reaches_one(hidden):
                self._tour.retry()
                await self._look_for_controls()
                return True
        return False

    async def _look_for_controls(self) -> None:
        self._see(await self._patience.answered(self._session.ask("collect", _MOST_CONTROLS)))

    def _see(self, items: Sequence[Mapping[str, Any]]) -> None:
        self._tour.see([read_control(item) for item in items])
        self._places = {item["id"]: item["box"] for item in items}

    async def _try(self, control: Control) -> None:
        time = asyncio.get_running_loop().time
        begun, is_first = time(), not self._tour.is_used(control)
        before = self._session.moment
        self._session.moment = Moment("interact", control.label)
        self._declines = not is_first
        if control.kind == "press" and control.rank < DESTROYS:
            await self._refill(control)
        self._film.begin(doing(control), control.label)
        ends_form = control.form == 0 or self._tour.is_last_of_form(control)
        told = await self._hands.use(control, sends=ends_form)
        if told is None:
            self._session.moment = before
            self._film.drop()
            self._tour.mark_blocked(control)
            await self._look_for_controls()
            return
        seen = await self._patience.answered(self._session.ask("after", 25, 250, _MOST_CONTROLS))
        self._declines = False
        await self._patience.answered(self._session.excuse())
        await self._noted.acted(control, seen["changes"])
        self._tour.mark_used(control)
        self._took[control.id] = time() - begun
        self._shoot(control, told if is_first else f"{told} again")
        self._keep()
        if is_first:
            self._tell(told)
        self._see(seen["controls"])

    async def _refill(self, control: Control) -> None:
        """Fill what the last use emptied, so that this one has something to work on."""
        emptied = self._tour.emptied(control)
        for empty in emptied:
            self._tour.mark_refilled(empty)
            self._film.begin(f"{doing(empty)} again", empty.label)
            if await self._hands.fill(empty):
                self._film.end(self._now_ms())
            self._film.drop()
        if emptied:
            await self._settle(still=25, most=250)
            await self._noted.begin()

    # Ending

    async def _finish(self) -> None:
        shot = await self._screenshot("end")
        if shot is not None:
            self._film.end(self._now_ms(), "looked at the page", "end")
        if self._unpainted and shot is not None and is_one_colour(shot.png):
            seen = await self._patience.answered(self._session.ask("look"))
            if _is_bare(seen):  # whoever was to draw has drawn by now
                self._session.add(findings.blank())
        has_time = asyncio.get_running_loop().time() < self._patience.until
        for found in await self._looked.end(all_of_it=has_time and not self._session.fatal):
            self._session.add(found)
        await self._come_again()
        if not self._session.fatal:
            # Last, for the frame's clock does not run by itself again. What happens now was
            # started before, nobody knows by which control.
            self._session.moment = Moment("interact" if self._tour.used else "load")
            await self._patience.answered(self._session.skip_time(_LATE_MS))
        if self._downloads is not None:
            for found in await self._patience.answered(self._downloads.findings()):
                self._session.add(found)

    async def _screenshot(self, name: str) -> Screenshot | None:
        painted = await self._painted()
        if painted is None:
            return None
        shot = Screenshot(name, painted)
        self.run.screenshots.append(shot)
        return shot

    def _shoot(self, control: Control, told: str) -> None:
        """Add what was done to the film, and begin a picture if there is room for one."""
        self._film.end(self._now_ms(), told)
        if self._film.wants(self._session.faults) and self._camera is not None:
            self._filmed = control.id
            self._camera.begin()

    async def _develop(self) -> None:
        """Take the picture that was begun, before anything else is done."""
        if self._camera is not None and self._camera.is_on:
            begun = asyncio.get_running_loop().time()
            self._film.place(self._places.get(self._filmed))
            self._film.show(await self._camera.take(_FILMED_SECONDS))
            self._film.seconds += asyncio.get_running_loop().time() - begun

    async def _painted(self) -> bytes | None:
        """Take a picture; a compositor that is too busy for one only costs the picture."""
        capture = asyncio.ensure_future(self._capture())
        # Whoever ends this test while the picture is taken waits for neither.
        capture.add_done_callback(read)
        await self._patience.wait(capture, 2)
        if not capture.done():
            drop(capture)
            self._patience.raise_if_ended()
            return None
        if capture.exception() is not None:
            self._patience.raise_if_ended()
            return None
        return capture.result()

    async def _capture(self) -> bytes:
        assert self._camera is not None, "opened first"
        return await self._camera.png()

    def _keep(self) -> None:
        self.run.hang_proved = self._patience.proved
        self.run.steps, self.run.film = self._film.steps, self._film.pictures
        if self._tool is not None:
            taken = [shot.name for shot in self.run.screenshots]
            self.run.findings = self._film.shown(self._tool.findings, taken)
            self.run.moment = self._tool.moment
        self.run.controls_found = self._tour.found
        self.run.controls_used = self._tour.used

    def _tell(self, message: str) -> None:
        if self._on_progress is not None:
            self._on_progress(Progress(message, self._tour.used, self._tour.total))


_FILMED_SECONDS = 0.2  # that a picture of the film may take
_MOST_LOADS = 5  # more than one for each control
_MOST_WINDOWS = 3
_MOST_DIALOGS = 60  # the same
_APPEAR_SECONDS = 4.0  # that a page may take until something is on it
_MOST_UNCOVERED = 3
_AGAIN_SECONDS = 2.0  # before the end: what hangs later at a second press could not be told
_LEAP_MS = 30 * 60_000  # at once
_PASS_MS = 60 * 60_000  # tick by tick
_MOST_TICKS = 4_000
_MOST_LEAP_MS, _MOST_PASS_MS = 700, 1_500  # real ones
_STORES = re.compile(r"storage|indexeddb|localforage|dexie|\bidb\b|persist|pouch", re.IGNORECASE)
_KEEP_SECONDS = 0.3  # until what was stored last is kept
_GONE = "The browser stopped while it tested the page."


def _is_bare(seen: Mapping[str, int]) -> bool:
    return seen["text"] == 0 and seen["pictures"] == 0
