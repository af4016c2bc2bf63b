"""The smoke test against real documents in a real browser."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from sandbox.grants import Grants
from sandbox.report import Report, Verdict
from sandbox.smoke import BrowserChoice, Progress, SmokeTester
from sandbox.smoke.tester import BUSY
from tests.browser.asking import told_in_time
from tests.browser.smoke_documents import BROKEN, GOOD, HANGS, SPLIT, Broken, page
from tests.conftest import clean_environment
from tests.forks import run_sandwright
from tests.sampling import sampled

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tester(choice: BrowserChoice) -> AsyncIterator[SmokeTester]:
    async with SmokeTester(choice) as tester:
        yield tester


def told(report: Report) -> list[str]:
    return [f"{one.kind}: {one.message} ({one.line}, {one.control})" for one in report.fatal]


# Every second one; all are by `make sandbox`.
@pytest.mark.parametrize("name", sampled(GOOD, [*GOOD][::2]))
async def test_a_tool_that_works_passes(tester: SmokeTester, name: str) -> None:
    report = await told_in_time(tester, GOOD[name])
    assert report.verdict is Verdict.PASSED, told(report)
    assert report.controls_used == report.controls_found
    assert report.reason is None


# As above, and one of those that never end.
FAULTS = [*sampled(BROKEN, [*BROKEN][::2]), *sampled(HANGS, 1)]


@pytest.mark.parametrize("name", FAULTS)
async def test_a_tool_that_is_broken_fails_with_its_real_message_and_line(
    tester: SmokeTester, name: str
) -> None:
    broken = {**BROKEN, **HANGS}[name]
    report = await told_in_time(tester, broken.html)
    # What only shows by time fails no tool on a machine that is busy all along; it is told.
    assert report.verdict is Verdict.FAILED or BUSY in (report.reason or ""), report
    assert matching(report, broken), told(report)
    for one in report.fatal:
        _, quote, name = (one.control or "").partition("‘")
        assert quote + name in "".join(one.steps[-1:]), "the last step is the one that broke it"


@pytest.mark.sandbox  # ten in a row take many seconds
async def test_the_command_exits_1_for_ten_broken_files_in_one_call(tmp_path: Path) -> None:
    files = [tmp_path / f"{n:02}.html" for n in range(10)]
    for file, broken in zip(files, BROKEN.values(), strict=False):
        file.write_text(broken.html, encoding="utf-8")
    words = ["test", "--json", *map(str, files)]
    environment = clean_environment()
    done = await asyncio.to_thread(run_sandwright, *words, environment=environment)
    assert done.returncode == 1, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["file"] for one in told] == [str(file) for file in files]
    verdicts = {one["verdict"] for one in told if BUSY not in (one["reason"] or "")}
    assert verdicts == {"failed"}


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
    report = await told_in_time(tester, html)
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
    report = await told_in_time(tester, GOOD["one with noise"])
    assert "needs network: https://api.example.org" in [one.message for one in report.findings]
    assert report.fatal == ()


async def test_a_granted_origin_that_cannot_be_reached_is_not_the_tool_s_fault(
    tester: SmokeTester,
) -> None:
    html = page("<p>Rates</p>", "fetch('https://api.example.org/rates').then(r => r.json());")
    report = await told_in_time(tester, html, grants=Grants(network=("https://api.example.org",)))
    assert report.verdict is Verdict.PASSED, told(report)


async def test_a_console_error_is_a_note(tester: SmokeTester) -> None:
    report = await told_in_time(tester, page("<p>Hi</p>", "\nconsole.error('odd', 3);"))
    assert report.verdict is Verdict.PASSED
    assert [(one.kind, one.message, one.line) for one in report.findings] == [
        ("console", "odd 3", 8)
    ]


async def test_a_rejection_that_is_handled_later_is_no_finding(tester: SmokeTester) -> None:
    script = "const p = Promise.reject(new Error('x'));\nsetTimeout(() => p.catch(() => {}), 50);"
    report = await told_in_time(tester, page("<p>Hi</p>", script))
    assert report.findings == ()


async def test_the_tool_sees_no_other_frame_than_a_user_s(tester: SmokeTester) -> None:
    """Same policy as the user's: no same-origin access, no top navigation, storage by bridge."""
    script = """try { parent.document; throw new Error('reached the page around'); }
catch (error) { if (error.name !== 'SecurityError') throw error; }
if (origin !== 'null') throw new Error('has an origin: ' + origin);"""
    report = await told_in_time(tester, page("<p>Hi</p>", script))
    assert report.verdict is Verdict.PASSED, told(report)


async def test_pictures_show_the_tool_at_rest_and_at_the_end(tester: SmokeTester) -> None:
    for _ in range(3):
        report = await told_in_time(tester, SPLIT)
        if len(report.screenshots) > 1 and report.film:
            break  # a compositor that is too busy costs a picture
    assert [shot.name for shot in report.screenshots] == ["load", "end"]
    for shot in report.screenshots:
        assert shot.png.startswith(b"\x89PNG")
        assert struct.unpack(">II", shot.png[16:24]) == (1280, 800)
    assert report.screenshots[0].png != report.screenshots[1].png
    assert [step.told for step in report.steps[:3]] == [
        "filled ‘Bill’",
        "filled ‘People’",
        "pressed ‘Split’",
    ]
    taken = {one.name: one.jpeg for one in report.film}
    assert [step.picture for step in report.steps if step.picture] == [*taken, "end"]
    assert all(jpeg.startswith(b"\xff\xd8\xff") for jpeg in taken.values())
    assert all(step.box for step in report.steps if step.picture in taken)
    assert report.browser
    assert "default-src" in (report.policy or "")


def of_the_last_attempt(progress: list[Progress]) -> list[Progress]:
    """On a busy machine there may be more than one."""
    begun = max(at for at, one in enumerate(progress) if one.message == "opening")
    return progress[begun + 1 :]


async def test_progress_says_what_was_done_in_a_person_s_words(tester: SmokeTester) -> None:
    progress: list[Progress] = []
    await told_in_time(tester, SPLIT, on_progress=progress.append)
    assert of_the_last_attempt(progress) == [
        Progress("filled ‘Bill’", 1, 3),
        Progress("filled ‘People’", 2, 3),
        Progress("pressed ‘Split’", 3, 3),
    ]


async def test_destructive_buttons_come_last(tester: SmokeTester) -> None:
    progress: list[Progress] = []
    html = page("<button>Clear</button><button>Reset</button><button>Save</button>")
    await told_in_time(tester, html, on_progress=progress.append)
    assert [one.message for one in of_the_last_attempt(progress)] == [
        "pressed ‘Save’",
        "pressed ‘Clear’",
        "pressed ‘Reset’",
    ]


async def test_every_button_that_does_nothing_is_named_and_a_silent_one_is_a_note(
    tester: SmokeTester,
) -> None:
    """One without any code may be there to be looked at."""
    html = page(
        '<button id="one">One</button><button onclick="two()">Two</button>'
        '<button onclick="void 0">Three</button><form id="f"><input><button>Four</button></form>'
        '<a id="five" download="a.txt" href="data:,">Five</a><button>Six</button>'
        '<button id="seven">Seven</button><canvas id="c" width="9" height="9"></canvas>',
        """one.addEventListener('click', (function () {}).bind(null));
async function two() { console.log('two'); }
f.onsubmit = event => { event.preventDefault(); };
seven.onclick = () => { document.title += '7'; };
(function paint() { c.getContext('2d').fillRect(0, 0, 9, 9); requestAnimationFrame(paint); })();""",
    )
    report = await told_in_time(tester, html)
    # A file may come late, when the next button is pressed already.
    files = [one for one in report.findings if one.kind == "empty download"]
    found = {(one.severity, one.control) for one in report.findings if one not in files}
    assert [one.message for one in files] == [
        "the file that is offered for download, ‘a.txt’, is empty"
    ]
    assert {one.kind for one in report.findings} == {"dead", "empty download"}
    assert found == {
        ("fatal", "button ‘One’"),
        ("fatal", "button ‘Two’"),
        ("fatal", "button ‘Three’"),
        ("fatal", "button ‘Four’"),
        ("advisory", "button ‘Six’"),
    }
    # A step of its own, so that there is room for its picture.
    assert "pressed ‘One’ again" in [step.told for step in report.steps]


async def test_a_button_under_a_modal_is_reached_once_it_is_closed(tester: SmokeTester) -> None:
    html = page(
        '<div id="veil" style="position:fixed;inset:0;background:#fff">Welcome'
        ' <button id="x">Close</button></div><button id="go">Go</button>',
        "x.onclick = () => veil.remove();\ngo.onclick = () => { gone(); };",
    )
    report = await told_in_time(tester, html)
    assert [(one.message, one.control) for one in report.fatal] == [
        ("ReferenceError: gone is not defined", "button ‘Go’")
    ]


async def test_a_tool_that_grows_without_end_stays_within_its_bounds(tester: SmokeTester) -> None:
    """What seemed to do nothing is pressed once more after them all the same."""
    script = """let n = 0, clicks = 0;
addEventListener('click', () => { if (++clicks > 41) throw new Error('more than 41'); });
function more() {
  for (let i = 0; i < 3; i++) {
    const button = document.createElement('button');
    button.textContent = 'Word ' + String.fromCharCode(97 + n / 26, 97 + n++ % 26);
    button.onclick = more;
    document.body.append(button);
  }
}
more();"""
    report = await told_in_time(tester, page("<h1>Grow</h1><button>Still</button>", script))
    assert report.verdict is Verdict.PASSED, told(report)
    assert report.reason is not None
    # On a busy machine time is the bound that is met first.
    assert report.controls_used == 40 or "Time ran out" in report.reason
    assert report.controls_used <= 40


@pytest.mark.sandbox
async def test_a_slow_tool_is_cut_at_the_cap_and_told(tester: SmokeTester) -> None:
    """Each use takes a second and a half, so the budget ends before the controls do."""
    buttons = "".join(f"<button>Word {chr(97 + n)}</button>" for n in range(20))
    script = "onclick = () => { const t = Date.now(); while (Date.now() - t < 1500); };"
    report = await tester.test(page(buttons, script))
    assert report.duration_ms <= 15_000
    assert report.verdict is Verdict.PASSED
    assert report.controls_used < 20
    assert "Time ran out" in (report.reason or "")


@pytest.mark.sandbox
async def test_the_same_tool_gets_the_same_findings_every_time(tester: SmokeTester) -> None:
    documents = [GOOD["game"], BROKEN["a second control that fails"].html]
    for html in documents:
        reports = await asyncio.gather(*(told_in_time(tester, html) for _ in range(3)))
        assert len({report.verdict for report in reports}) == 1
        assert len({tuple(one.signature for one in report.fatal) for report in reports}) == 1


async def test_a_signature_stays_when_lines_move(tester: SmokeTester) -> None:
    html = BROKEN["a second control that fails"].html
    reports = [await told_in_time(tester, one) for one in (html, html.replace("<p>", "\n\n\n<p>"))]
    (one,), (two,) = (report.fatal for report in reports)
    assert one.signature == two.signature
    assert (one.line or 0) + 3 == two.line
