"""A machine that keeps a browser waiting makes no verdict of its own."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from sandbox.report import Verdict
from sandbox.smoke import findings
from sandbox.smoke.findings import Moment
from sandbox.smoke.run import Run
from sandbox.smoke.starving import Turns, turns
from sandbox.smoke.tester import Attempt, report

BEFORE = Turns({"1": (5.0, 1.0), "2": (3.0, 0.0)})


@pytest.mark.parametrize(
    ("now", "starved"),
    [
        ({"1": (6.0, 1.2), "2": (3.0, 0.0)}, False),  # it ran
        ({"1": (6.0, 3.5), "2": (3.0, 0.0)}, False),  # an ordinary busy machine
        ({"1": (6.0, 9.5), "2": (3.0, 0.0)}, True),  # it waited for much longer
        ({"1": (5.1, 3.0), "2": (3.0, 0.0)}, False),  # for much longer, and for too short to matter
        ({"2": (3.0, 0.0), "3": (1.0, 9.0)}, True),  # a thread that is new
        ({}, False),  # nothing is counted here
    ],
)
def test_starved_is_what_waited_for_much_longer_than_it_ran(
    now: dict[str, tuple[float, float]], starved: bool
) -> None:
    assert Turns(now).starved_since(BEFORE) is starved


def test_what_runs_is_counted_where_the_kernel_counts() -> None:
    before = turns(os.getpgid(0))
    until = time.thread_time() + 0.1
    while time.thread_time() < until:
        pass
    now = turns(os.getpgid(0))
    assert bool(now.by_thread) == Path("/proc/self/schedstat").exists()
    if now.by_thread:
        old = before.by_thread
        ran = sum(its - old.get(one, (0, 0))[0] for one, (its, _) in now.by_thread.items())
        assert ran > 0.09


LOST = "The browser did not open the page."
BLANK = Run(findings=(findings.blank(),), finished=True)
HANG = Run(findings=(findings.hang(3, 1, "go", Moment()),), finished=True)
PROVED = Run(findings=HANG.findings, finished=True, hang_proved=True)
BROKEN = Run(findings=(findings.endless("opens dialogs", Moment()), findings.blank()))
FINE = Run(finished=True, controls_found=2, controls_used=2)
CUT = Run(finished=True, controls_found=9, controls_used=2, out_of_time=True, reason="Time ran out")


@pytest.mark.parametrize(
    ("run", "lost", "doubtful"),
    [
        (FINE, None, False),
        (BROKEN, None, False),
        (PROVED, None, False),
        (BLANK, None, True),
        (HANG, None, True),
        (CUT, None, True),
        (FINE, LOST, True),
    ],
)
def test_what_rests_on_time_is_tried_once_more_where_the_machine_was_busy(
    run: Run, lost: str | None, doubtful: bool
) -> None:
    assert Attempt(run, 9.0, lost, starved=True).doubtful is doubtful
    assert not Attempt(run, 9.0, lost).doubtful


@pytest.mark.parametrize(
    ("run", "starved", "verdict"),
    [
        (BLANK, True, Verdict.NOT_TESTED),
        (HANG, True, Verdict.NOT_TESTED),
        (PROVED, True, Verdict.FAILED),
        (BROKEN, True, Verdict.FAILED),
        (FINE, True, Verdict.PASSED),
        (BLANK, False, Verdict.FAILED),
        (HANG, False, Verdict.FAILED),
    ],
)
def test_a_busy_machine_fails_no_tool(run: Run, starved: bool, verdict: Verdict) -> None:
    """And it says so; what it saw for certain stays."""
    attempt = Attempt(run, 9.0, starved=starved)
    made = report([], attempt, attempt, 9000)
    assert made.verdict is verdict
    assert ("too busy" in (made.reason or "")) is (verdict is Verdict.NOT_TESTED)


@pytest.mark.parametrize(
    ("run", "starved", "says"),
    [
        (Run(), True, "This machine was too busy to tell. The browser did not open the page."),
        (Run(), False, LOST),
    ],
)
def test_what_a_busy_machine_left_untested_says_so(run: Run, starved: bool, says: str) -> None:
    attempt = Attempt(run, 0.0, LOST, starved=starved)
    made = report([], attempt, attempt, 0)
    assert made.verdict is Verdict.NOT_TESTED
    assert made.reason == says
