"""`SmokeTester`: an HTML document in, a report out."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from sandbox.grants import NO_GRANTS, Grants
from sandbox.policy import frame_headers
from sandbox.report import Finding, Report, Verdict
from sandbox.smoke import findings, starving
from sandbox.smoke.browsers import ADVICE, BrowserChoice, NoBrowser
from sandbox.smoke.confinement import own_folder
from sandbox.smoke.grammar import Doubt, read_doubts
from sandbox.smoke.leftovers import read_leftovers
from sandbox.smoke.libraries import read_asked, read_notes
from sandbox.smoke.run import (
    BrowserLostError,
    BrowserUnavailableError,
    Progress,
    Run,
    TabCrashedError,
    waiting,
)
from sandbox.smoke.source import read_findings
from sandbox.smoke.stage import Play, Stage, play_from_disk
from sandbox.smoke.turns import Turns
from sandbox.smoke.verdict import conclude

if TYPE_CHECKING:
    import tempfile
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from types import TracebackType

    from sandbox.smoke.confinement import Isolation
    from sandbox.smoke.pool import BrowserPool

MOST_SECONDS = 15.0
_LATE_SECONDS = 0.5  # of those, by which a timer of a busy machine is late
_ENDING_SECONDS = 4.0  # of those, for the last look and for a hang to be noticed
_RETRY_SECONDS = 4.0  # with less than that left, a second attempt is not begun
AT_ONCE = 2
# Fatal findings that a page may earn by being slow alone.
_BY_TIME = frozenset({"blank", "covered", "hang"})
BUSY = "This machine was too busy to tell."


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run in one browser.

    `lost`: why the browser could not tell (`cut`: for time); `crashed`: the tool's tab did;
    `starved`: the machine kept the browser waiting for much longer than it let it run;
    `slow`: the browser did not start in all the time that it has for that.
    """

    run: Run
    seconds: float = 0.0
    lost: str | None = None
    asked: tuple[str, ...] = ()
    cut: bool = False
    crashed: bool = False
    starved: bool = False
    slow: bool = False

    @property
    def ended_badly(self) -> bool:
        return self.crashed or self.lost is not None

    @property
    def fatal_by_time(self) -> bool:
        """Whether all that speaks against the tool is that it was slow."""
        kinds = {finding.kind for finding in self.run.findings if finding.severity == "fatal"}
        return bool(kinds) and kinds <= _BY_TIME and not self.run.hang_proved

    @property
    def doubtful(self) -> bool:
        """Whether more of the processor might have made it end in another way."""
        in_time = not (self.ended_badly or self.run.out_of_time or self.fatal_by_time)
        return self.starved and not in_time


class SmokeTester:
    """Tests documents in one warm browser, `at_once` at a time. An async context manager.

    With no browser every report is "not tested" and says why. For one event loop.
    """

    def __init__(
        self, browser: BrowserChoice | NoBrowser | None, *, at_once: int = AT_ONCE
    ) -> None:
        self._browser = browser
        self._pool: BrowserPool | None = None
        self._warming: asyncio.Task[None] | None = None
        self._stage = Stage()
        self._turns = Turns(at_once)
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    async def __aenter__(self) -> Self:
        if isinstance(self._browser, BrowserChoice):
            self._folder = own_folder()
            await self._stage.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.wait((self._warming,))
        if self._pool is not None:
            await self._pool.aclose()
        await self._stage.aclose()
        if self._folder is not None:
            self._folder.cleanup()

    def warm(self) -> None:
        """Start the browser ahead of the first test, in the background."""
        if self._warming is None and isinstance(self._browser, BrowserChoice):
            self._warming = asyncio.create_task(self._warm(self._browser))

    async def _warm(self, browser: BrowserChoice) -> None:
        pool = await self._ready(browser)
        await pool.warm()

    async def _ready(self, browser: BrowserChoice) -> BrowserPool:
        """Load what drives a browser, which a server does not wait for when it starts."""
        # In a thread: it takes longer than an event loop may be held up.
        await asyncio.to_thread(importlib.import_module, "sandbox.smoke.driver")
        from sandbox.smoke.pool import BrowserPool  # noqa: PLC0415

        if self._pool is None:
            self._pool = BrowserPool(browser, self._stage, self._files)
        return self._pool

    @property
    def isolation(self) -> Isolation | None:
        """What keeps the browser apart from this machine, `None` until one was started."""
        return self._pool.isolation if self._pool is not None else None

    @property
    def _files(self) -> Path:
        assert self._folder is not None, "entered first"
        return Path(self._folder.name) / "files"

    async def test(
        self,
        html: str,
        *,
        grants: Grants = NO_GRANTS,
        on_progress: Callable[[Progress], None] | None = None,
        from_disk: bool = False,
    ) -> Report:
        """Test a document. Never raises for what a tool does.

        `from_disk`: it is opened as a file, alone, with no network and no walls but its own.

        Never longer than 15 s of the tool's own, two attempts together; another 15 s where the
        machine was so busy that the first say nothing. Waiting for a turn, for a browser to start
        and to open or close a page is not the tool's time.
        """
        async with self.turn(on_progress):
            return await self.test_now(
                html, grants=grants, on_progress=on_progress, from_disk=from_disk
            )

    @contextlib.asynccontextmanager
    async def turn(self, on_progress: Callable[[Progress], None] | None) -> AsyncIterator[None]:
        """Wait for a turn, in the order in which they are asked for; `test_now` is for who has one.

        So that of many that wait none need hold its document meanwhile.
        """

        def tell(before: int) -> None:
            if on_progress is not None:
                on_progress(Progress(waiting(before), 0, 0))

        async with self._turns.turn(tell):
            yield

    async def test_now(
        self,
        html: str,
        *,
        grants: Grants = NO_GRANTS,
        on_progress: Callable[[Progress], None] | None = None,
        from_disk: bool = False,
    ) -> Report:
        """As `test`, within a `turn`."""
        # In a thread: reading twenty megabytes would hold up every open stream.
        read = await asyncio.to_thread(_read, html)
        if not from_disk:
            read += await asyncio.to_thread(read_notes, html)
        doubts = await asyncio.to_thread(read_doubts, html)
        if not isinstance(self._browser, BrowserChoice):
            return _not_tested([*read, *(one.finding() for one in doubts)], _reason(self._browser))
        pool = await self._ready(self._browser)
        path = None
        if from_disk:
            path = self._files / f"{secrets.token_hex(10)}.html"
            await asyncio.to_thread(_put, path, html)

        async def attempt(most: float) -> Attempt:
            play = play_from_disk(path, html) if path else self._stage.put(html, grants)
            return await self._attempt(pool, play, doubts, on_progress, most)

        try:
            first, last, seconds = await _tried(attempt)
        finally:
            if path is not None:
                path.unlink(missing_ok=True)
        read += await asyncio.to_thread(read_asked, last.asked, html)
        if last.run.loaded_ms is None:  # else the browser has read it, and its own word counts
            read += [one.finding() for one in doubts]
        told = report(read, first, last, round(seconds * 1000))
        version, headers = last.run.browser, dict(frame_headers(grants, ()))
        return replace(
            told,
            browser=f"{self._browser.name} {version}" if version else None,
            policy=headers["content-security-policy"] if version and not from_disk else None,
        )

    async def _attempt(
        self,
        pool: BrowserPool,
        play: Play,
        doubts: Sequence[Doubt],
        on_progress: Callable[[Progress], None] | None,
        most: float,
    ) -> Attempt:
        from sandbox.smoke.driver import Driver  # noqa: PLC0415 - loaded by `_ready`

        try:
            context = await pool.open_context()
        except BrowserUnavailableError as error:
            self._stage.remove(play)
            return Attempt(Run(), lost=str(error), slow=error.slow)
        except asyncio.CancelledError:
            self._stage.remove(play)
            raise
        before = await asyncio.to_thread(starving.turns, pool.pid)
        driver = Driver(context, play, folder=self._files, on_progress=on_progress, doubts=doubts)
        lost, cut, crashed, starved = None, False, False, False
        time = asyncio.get_running_loop().time
        begun: float | None = None
        try:
            await driver.open()
            begun = time()
            end = begun + most - _LATE_SECONDS
            async with asyncio.timeout_at(end):
                await driver.drive(end - _ENDING_SECONDS)
        except TimeoutError:
            lost, cut = f"The test was not done after {MOST_SECONDS:.0f} s.", True
        except TabCrashedError:
            crashed = True
        except BrowserLostError as error:
            lost = str(error)
        finally:
            seconds = 0.0 if begun is None else time() - begun
            driver.stop_watching()
            # Before its processes are gone, and what they counted with them.
            now = await asyncio.to_thread(starving.turns, pool.pid)
            starved = now.starved_since(before)
            self._stage.remove(play)
            if driver.run.finished and not driver.run.stuck:
                pool.close_context_later(context)
            else:
                await pool.close_context(context)
        return Attempt(driver.run, seconds, lost, tuple(play.asked), cut, crashed, starved)


async def _tried(attempt: Callable[[float], Awaitable[Attempt]]) -> tuple[Attempt, Attempt, float]:
    """Try until an attempt tells; return the first that counts, the last, and all their seconds."""
    first = last = await attempt(MOST_SECONDS)
    seconds = first.seconds
    if first.ended_badly and not first.slow and MOST_SECONDS - seconds > _RETRY_SECONDS:
        last = await attempt(MOST_SECONDS - seconds)
        seconds += last.seconds
    if last.doubtful:
        first = last = await attempt(MOST_SECONDS)
        seconds += last.seconds
    return first, last, seconds


def _read(html: str) -> list[Finding]:
    found = read_findings(html)
    # What is swallowed nobody sees, and it is read in another way once it is closed.
    is_swallowed = any(one.kind == "unclosed" for one in found)
    return found if is_swallowed else [*found, *read_leftovers(html)]


def _put(path: Path, html: str) -> None:
    path.write_text(html, encoding="utf-8", errors="replace", newline="")
    path.chmod(0o644)  # the browser may be another user


def report(read: list[Finding], first: Attempt, last: Attempt, duration_ms: int) -> Report:
    """Judge. A crash that comes twice is the tool's own; a lost browser proves nothing."""
    run = last.run
    seen = [*read, *run.findings]
    crashed_twice = last is not first and first.crashed and last.crashed
    if crashed_twice:
        seen.append(findings.crash(run.moment))
    is_broken = any(finding.severity == "fatal" for finding in run.findings)
    reason = last.lost or run.reason
    if last.crashed and not crashed_twice:
        reason = "The browser's tab crashed, and not in a way that came again."
    told_by_time = last.starved and last.fatal_by_time
    conclusion = conclude(
        seen,
        ran=not told_by_time
        and (crashed_twice or not last.ended_badly or (last.cut and is_broken)),
        unused=run.out_of_time and run.controls_found > 0 and run.controls_used == 0,
        reason=reason,
    )
    if conclusion.verdict is Verdict.NOT_TESTED and last.doubtful:
        conclusion = replace(conclusion, reason=" ".join(filter(None, (BUSY, reason))))
    return Report(
        verdict=conclusion.verdict,
        findings=conclusion.findings,
        duration_ms=duration_ms,
        screenshots=tuple(run.screenshots),
        controls_found=run.controls_found,
        controls_used=run.controls_used,
        reason=conclusion.reason,
        asked=last.asked,
        steps=tuple(run.steps),
        film=tuple(run.film),
        loaded_ms=run.loaded_ms,
    )


def _reason(missing: NoBrowser | None) -> str:
    missing = missing or NoBrowser("There is no browser to test with.", ADVICE)
    return f"{missing.reason} {missing.advice}"


def _not_tested(read: list[Finding], reason: str) -> Report:
    conclusion = conclude(read, ran=False, reason=reason)
    return Report(conclusion.verdict, conclusion.findings, reason=conclusion.reason)
