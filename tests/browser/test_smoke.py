"""The smoke test against real documents in a real browser."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import struct
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from sandbox.grants import Grants
from sandbox.report import Report, Verdict
from sandbox.smoke import BrowserChoice, Progress, SmokeTester, find_browser
from sandbox.smoke.browsers import NoBrowser
from sandbox.smoke.tester import BUSY
from tests.browser.smoke_documents import BROKEN, GOOD, HANGS, SPLIT, Broken, page

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def choice() -> BrowserChoice:
    found = find_browser(os.environ.get("SANDWRIGHT_BROWSER"), os.environ)
    assert isinstance(found, BrowserChoice), found
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tester(choice: BrowserChoice) -> AsyncIterator[SmokeTester]:
    async with SmokeTester(choice) as tester:
        yield tester


def told(report: Report) -> list[str]:
    return [f"{one.kind}: {one.message} ({one.line}, {one.control})" for one in report.fatal]


@pytest.mark.parametrize("name", GOOD)
async def test_a_tool_that_works_passes(tester: SmokeTester, name: str) -> None:
    report = await tester.test(GOOD[name])
    assert report.verdict is Verdict.PASSED, told(report)
    assert report.controls_used == report.controls_found
    assert report.reason is None


@pytest.mark.parametrize("name", [*BROKEN, *HANGS])
async def test_a_tool_that_is_broken_fails_with_its_real_message_and_line(
    tester: SmokeTester, name: str
) -> None:
    broken = {**BROKEN, **HANGS}[name]
    report = await tester.test(broken.html)
    assert report.verdict is Verdict.FAILED, report
    assert matching(report, broken), told(report)


def matching(report: Report, broken: Broken) -> bool:
    return any(
        (one.kind, one.message, one.line) == (broken.kind, broken.message, broken.line)
        and (broken.control is None or one.control == broken.control)
        for one in report.fatal
    )


async def test_every_kind_of_control_is_used_with_a_value_that_fits(tester: SmokeTester) -> None:
    html = (
        GOOD["one of every control"]
        .replace(
            "addEventListener('hashchange'",
            "save.onclick = () => { throw new Error(log.textContent); };"
            "addEventListener('hashchange'",
        )
        .replace('<p id="log">', '<button id="save">Reset</button><p id="log">')
    )
    report = await tester.test(html)
    (finding,) = report.fatal
    seen = set(finding.message.removeprefix("Error: ").split())
    wanted = {
        "day:2030-01-01",
        "code:true",
        "size:8",
        "box",
        "unit:mi",
        "inner",
        "fake",
        "hash",
        "note:Tea",
        "table:name",
    }
    assert wanted - seen == set()


async def test_what_only_needs_the_network_is_a_note_with_its_origin(tester: SmokeTester) -> None:
    report = await tester.test(GOOD["one with noise"])
    assert "needs network: https://api.example.org" in [one.message for one in report.findings]
    assert report.fatal == ()


async def test_a_granted_origin_that_cannot_be_reached_is_not_the_tool_s_fault(
    tester: SmokeTester,
) -> None:
    html = page("<p>Rates</p>", "fetch('https://api.example.org/rates').then(r => r.json());")
    report = await tester.test(html, grants=Grants(network=("https://api.example.org",)))
    assert report.verdict is Verdict.PASSED, told(report)


async def test_a_console_error_is_a_note(tester: SmokeTester) -> None:
    report = await tester.test(page("<p>Hi</p>", "\nconsole.error('odd', 3);"))
    assert report.verdict is Verdict.PASSED
    assert [(one.kind, one.message, one.line) for one in report.findings] == [
        ("console", "odd 3", 8)
    ]


async def test_a_rejection_that_is_handled_later_is_no_finding(tester: SmokeTester) -> None:
    script = "const p = Promise.reject(new Error('x'));\nsetTimeout(() => p.catch(() => {}), 50);"
    report = await tester.test(page("<p>Hi</p>", script))
    assert report.findings == ()


async def test_the_tool_sees_no_other_frame_than_a_user_s(tester: SmokeTester) -> None:
    """Same policy as the user's: no same-origin access, no top navigation, storage by bridge."""
    script = """try { parent.document; throw new Error('reached the page around'); }
catch (error) { if (error.name !== 'SecurityError') throw error; }
if (origin !== 'null') throw new Error('has an origin: ' + origin);"""
    report = await tester.test(page("<p>Hi</p>", script))
    assert report.verdict is Verdict.PASSED, told(report)


async def test_pictures_show_the_tool_at_rest_and_at_the_end(tester: SmokeTester) -> None:
    report = await tester.test(SPLIT)
    assert [shot.name for shot in report.screenshots] == ["load", "end"]
    for shot in report.screenshots:
        assert shot.png.startswith(b"\x89PNG")
        assert struct.unpack(">II", shot.png[16:24]) == (1280, 800)
    assert report.screenshots[0].png != report.screenshots[1].png


async def test_progress_says_what_was_done_in_a_person_s_words(tester: SmokeTester) -> None:
    progress: list[Progress] = []
    await tester.test(SPLIT, on_progress=progress.append)
    assert progress[1:] == [
        Progress("filled ‘Bill’", 1, 3),
        Progress("filled ‘People’", 2, 3),
        Progress("pressed ‘Split’", 3, 3),
    ]


async def test_destructive_buttons_come_last(tester: SmokeTester) -> None:
    progress: list[Progress] = []
    html = page("<button>Clear</button><button>Reset</button><button>Save</button>")
    await tester.test(html, on_progress=progress.append)
    assert [one.message for one in progress[1:]] == [
        "pressed ‘Save’",
        "pressed ‘Clear’",
        "pressed ‘Reset’",
    ]


async def test_a_button_under_a_modal_is_reached_once_it_is_closed(tester: SmokeTester) -> None:
    html = page(
        '<div id="veil" style="position:fixed;inset:0;background:#fff">Welcome'
        ' <button id="x">Close</button></div><button id="go">Go</button>',
        "x.onclick = () => veil.remove();\ngo.onclick = () => { gone(); };",
    )
    report = await tester.test(html)
    assert [(one.message, one.control) for one in report.fatal] == [
        ("ReferenceError: gone is not defined", "button ‘Go’")
    ]


async def test_a_tool_that_grows_without_end_stays_within_its_bounds(tester: SmokeTester) -> None:
    script = """let n = 0;
function more() {
  for (let i = 0; i < 3; i++) {
    const button = document.createElement('button');
    button.textContent = 'Word ' + String.fromCharCode(97 + n / 26, 97 + n++ % 26);
    button.onclick = more;
    document.body.append(button);
  }
}
more();"""
    report = await tester.test(page("<h1>Grow</h1>", script))
    assert report.verdict is Verdict.PASSED
    assert report.controls_used == 40
    assert report.reason is not None
    assert report.duration_ms < 15_000


async def test_a_slow_tool_is_cut_at_the_cap_and_told(tester: SmokeTester) -> None:
    """Each use takes a second and a half, so the budget ends before the controls do."""
    buttons = "".join(f"<button>Word {chr(97 + n)}</button>" for n in range(20))
    script = "onclick = () => { const t = Date.now(); while (Date.now() - t < 1500); };"
    report = await tester.test(page(buttons, script))
    assert report.duration_ms <= 15_000
    assert report.verdict is Verdict.PASSED
    assert report.controls_used < 20
    assert "Time ran out" in (report.reason or "")


async def test_the_same_tool_gets_the_same_findings_every_time(tester: SmokeTester) -> None:
    documents = [GOOD["game"], BROKEN["a second control that fails"].html]
    for html in documents:
        reports = await asyncio.gather(*(told_in_time(tester, html) for _ in range(5)))
        assert len({report.verdict for report in reports}) == 1
        assert len({tuple(one.signature for one in report.fatal) for report in reports}) == 1


async def told_in_time(tester: SmokeTester, html: str) -> Report:
    """A report that says that the machine was too busy says nothing of the tool: ask again."""
    for _ in range(3):
        report = await tester.test(html)
        if BUSY not in (report.reason or ""):
            break
    return report


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_what_a_browser_takes_to_open_a_page_is_not_the_tool_s_time(
    choice: BrowserChoice,
) -> None:
    """It stands still for seconds before the page is opened, as on a machine with much to do."""
    async with SmokeTester(choice) as tester:
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


async def test_a_signature_stays_when_lines_move(tester: SmokeTester) -> None:
    html = BROKEN["a second control that fails"].html
    reports = [await tester.test(one) for one in (html, html.replace("<p>", "\n\n\n<p>"))]
    (one,), (two,) = (report.fatal for report in reports)
    assert one.signature == two.signature
    assert (one.line or 0) + 3 == two.line


async def test_a_tool_that_kills_its_tab_twice_fails_and_the_next_is_unharmed(
    tester: SmokeTester,
) -> None:
    script = "const all = [];\nfor (;;) all.push(new Array(1e7).fill(1.5));"
    crashing, fine = await asyncio.gather(
        tester.test(page("<p>Hi</p>", script)), tester.test(SPLIT)
    )
    assert crashing.verdict is Verdict.FAILED
    assert {one.kind for one in crashing.fatal} <= {"crash", "hang"}
    assert fine.verdict is Verdict.PASSED, told(fine)
    assert (await tester.test(SPLIT)).verdict is Verdict.PASSED


async def test_a_browser_that_dies_once_is_started_again_and_the_verdict_stands(
    choice: BrowserChoice,
) -> None:
    async with SmokeTester(choice) as tester:
        killed: list[int] = []

        def kill_once(_progress: Progress) -> None:
            if not killed:
                killed.append(kill_browser(tester))

        report = await tester.test(SPLIT, on_progress=kill_once)
        assert killed
        assert report.verdict is Verdict.PASSED, report


async def test_a_browser_that_dies_twice_leaves_the_tool_not_tested(choice: BrowserChoice) -> None:
    async with SmokeTester(choice) as tester:
        report = await tester.test(SPLIT, on_progress=lambda _progress: kill_browser(tester))
        assert report.verdict is Verdict.NOT_TESTED
        assert report.reason
        assert (await tester.test(SPLIT)).verdict is Verdict.PASSED, "the next test is unharmed"


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


async def test_a_program_that_is_no_browser_leaves_the_tool_not_tested() -> None:
    fake = BrowserChoice(Path("/bin/false"), "False", "named")
    async with SmokeTester(fake) as tester:
        report = await tester.test(SPLIT)
    assert report.verdict is Verdict.NOT_TESTED
    assert "/bin/false does not start" in (report.reason or "")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_closing_leaves_no_process_behind(choice: BrowserChoice) -> None:
    before = descendants()
    async with SmokeTester(choice) as tester:
        assert (await tester.test(SPLIT)).verdict is Verdict.PASSED
        assert descendants() - before, "there was something to leave behind"
    await until(lambda: not descendants() - before)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_closing_leaves_no_process_behind_when_the_browser_had_died(
    choice: BrowserChoice,
) -> None:
    before = descendants()
    async with SmokeTester(choice) as tester:
        assert (await tester.test(SPLIT)).verdict is Verdict.PASSED
        kill_browser(tester)
    await until(lambda: not descendants() - before)


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


def descendants() -> set[int]:
    """Our own living processes, children and their children."""
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
        wanted = {pid for pid, parent in parents.items() if parent in wanted} - found
        found |= wanted
    return found


async def until(holds: object, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not come to hold in time"
        await asyncio.sleep(0.05)
