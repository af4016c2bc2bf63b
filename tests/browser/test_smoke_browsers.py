"""The browser that tests tools: it is slow, it dies, it is not there; and nothing of it is left."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable
from collections.abc import Set as AbstractSet
from pathlib import Path

import pytest
import pytest_asyncio

from sandbox.report import Report, Verdict
from sandbox.smoke import BrowserChoice, Progress, SmokeTester, pool
from sandbox.smoke.browsers import NoBrowser
from sandbox.smoke.tester import BUSY
from tests.browser.asking import told_in_time
from tests.browser.smoke_documents import SPLIT, page

pytestmark = pytest.mark.asyncio(loop_scope="module")


# First, while no browser of this file's own stays: its processes come and go.
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_closing_leaves_no_process_behind(choice: BrowserChoice) -> None:
    before = descendants()
    async with SmokeTester(choice) as tester:
        assert (await told_in_time(tester, SPLIT)).verdict is Verdict.PASSED
        assert descendants(before), "there was something to leave behind"
    await until(lambda: not descendants(before), told=lambda: named(descendants(before)))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_closing_leaves_no_process_behind_when_the_browser_had_died(
    choice: BrowserChoice,
) -> None:
    before = descendants()
    async with SmokeTester(choice) as tester:
        assert (await told_in_time(tester, SPLIT)).verdict is Verdict.PASSED
        kill_browser(tester)
    await until(lambda: not descendants(before), told=lambda: named(descendants(before)))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_a_browser_whose_owner_is_killed_ends_by_itself() -> None:
    program = textwrap.dedent("""
        import asyncio, os
        from sandbox.smoke import SmokeTester, find_browser
        async def main():
            async with SmokeTester(find_browser(None, os.environ)) as tester:
                await tester.test("<p>Hi</p>")
                print(tester._pool.pid, flush=True)
                await asyncio.sleep(60)
        asyncio.run(main())
    """)
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdout is not None
    browser = int(await owner.stdout.readline())
    assert alive(browser)
    owner.kill()
    await owner.wait()
    await until(lambda: not alive(browser))


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def descendants(but: AbstractSet[int] = frozenset()) -> set[int]:
    """Our own living processes, children and their children.

    `but`: without these and what comes of them: another test's browser starts some of its processes
    long after itself.
    """
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and alive(int(entry.name)):
            try:
                stat = (entry / "stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    found: set[int] = set()
    wanted = {os.getpid()}
    while wanted:
        wanted = {pid for pid, parent in parents.items() if parent in wanted} - found - but
        found |= wanted
    return found


def named(processes: set[int]) -> list[str]:
    """What runs in them, for whoever reads of a failure."""
    lines = [Path(f"/proc/{pid}/cmdline") for pid in sorted(processes)]
    return [line.read_text().replace("\0", " ")[:200] for line in lines if line.exists()]


async def until(
    holds: Callable[[], object],
    seconds: float = 60,
    told: Callable[[], object] = lambda: "it did not come to hold in time",
) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, told()
        await asyncio.sleep(0.05)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tester(choice: BrowserChoice) -> AsyncIterator[SmokeTester]:
    async with SmokeTester(choice) as tester:
        yield tester


def told(report: Report) -> list[str]:
    return [f"{one.kind}: {one.message} ({one.line}, {one.control})" for one in report.fatal]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.sandbox
async def test_what_a_browser_takes_to_open_a_page_is_not_the_tool_s_time(
    tester: SmokeTester,
) -> None:
    """It stands still for seconds before the page is opened, as on a machine with much to do."""
    assert (await tester.test(SPLIT)).verdict is Verdict.PASSED
    openings: list[str] = []

    def stand_still(progress: Progress) -> None:
        if progress.message == "opening":
            openings.append(progress.message)
            pages = helpers_of_browser(tester)
            signal_all(pages, signal.SIGSTOP)
            asyncio.get_running_loop().call_later(6, signal_all, pages, signal.SIGCONT)

    report = await tester.test(SPLIT, on_progress=stand_still)
    assert report.verdict is Verdict.PASSED, report
    assert openings == ["opening"], "no second browser was asked"
    assert report.duration_ms < 6_000


def helpers_of_browser(tester: SmokeTester) -> list[int]:
    """The processes that a browser starts for its pages; it answers by itself without them."""
    group = tester._pool.pid if tester._pool else None
    assert group is not None
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            stat = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(stat[2]) == group and b"--type=" in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    assert found
    return found


def signal_all(processes: list[int], number: int) -> None:
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


@pytest.mark.sandbox
async def test_a_tool_that_kills_its_tab_twice_fails_and_the_next_is_unharmed(
    tester: SmokeTester,
) -> None:
    script = "const all = [];\nfor (;;) all.push(new Array(1e7).fill(1.5));"
    crashing, fine = await asyncio.gather(
        told_in_time(tester, page("<p>Hi</p>", script)), told_in_time(tester, SPLIT)
    )
    assert crashing.verdict is Verdict.FAILED
    assert {one.kind for one in crashing.fatal} <= {"crash", "hang"}
    assert fine.verdict is Verdict.PASSED, told(fine)
    assert (await tester.test(SPLIT)).verdict is Verdict.PASSED


async def test_a_browser_that_dies_once_is_started_again_and_the_verdict_stands(
    tester: SmokeTester,
) -> None:
    for _ in range(3):
        killed: list[int] = []

        def kill_once(_progress: Progress, killed: list[int] = killed) -> None:
            if not killed:
                killed.append(kill_browser(tester))

        report = await tester.test(SPLIT, on_progress=kill_once)
        assert killed
        if BUSY not in (report.reason or ""):
            break
    assert report.verdict is Verdict.PASSED, report


@pytest.mark.sandbox
async def test_a_browser_that_dies_twice_leaves_the_tool_not_tested(tester: SmokeTester) -> None:
    report = await tester.test(SPLIT, on_progress=lambda _progress: kill_browser(tester))
    assert report.verdict is Verdict.NOT_TESTED
    assert report.reason
    next_one = await told_in_time(tester, SPLIT)
    assert next_one.verdict is Verdict.PASSED, "the next test is unharmed"


def kill_browser(tester: SmokeTester) -> int:
    pid = tester._pool.pid if tester._pool else None
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
    return pid or 0


async def test_without_a_browser_nothing_is_tested_and_the_reason_is_told() -> None:
    async with SmokeTester(NoBrowser("No browser was found on this machine.")) as tester:
        report = await tester.test(SPLIT)
    assert report.verdict is Verdict.NOT_TESTED
    assert "No browser was found" in (report.reason or "")
    assert "SANDWRIGHT_BROWSER" in (report.reason or "")
    async with SmokeTester(None) as tester:
        assert (await tester.test(SPLIT)).reason


async def test_without_a_browser_code_that_cannot_be_read_is_told_all_the_same() -> None:
    pytest.importorskip("tree_sitter_javascript")  # not to be had for every Python
    async with SmokeTester(None) as tester:
        report = await tester.test("<p>A\n<script>\nlet a = ;\n</script>")
    assert report.verdict is Verdict.NOT_TESTED
    (found,) = report.findings
    assert (found.kind, found.severity, found.line) == ("syntax", "advisory", 3)
    assert found.message == "SyntaxError: this cannot be read: = ;"


async def test_a_program_that_is_no_browser_leaves_the_tool_not_tested() -> None:
    fake = BrowserChoice(Path("/bin/false"), "False", "named")
    async with SmokeTester(fake) as tester:
        report = await tester.test(SPLIT)
    assert report.verdict is Verdict.NOT_TESTED
    assert "/bin/false does not start" in (report.reason or "")


async def test_a_browser_that_hangs_at_its_start_is_waited_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "browser"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    started: list[None] = []
    monkeypatch.setattr(pool, "LAUNCH_SECONDS", 1.0)
    monkeypatch.setattr(pool, "prepare", lambda *_: started.append(None))
    async with SmokeTester(BrowserChoice(program, "Sleeper", "named")) as tester:
        report = await tester.test(SPLIT)
    assert report.verdict is Verdict.NOT_TESTED
    assert "does not start" in (report.reason or "")
    assert len(started) == 1
