"""The smoke test while every core of the machine has other things to do, before it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from sandbox.report import Verdict
from sandbox.smoke import BrowserChoice, SmokeTester, find_browser
from tests.browser.smoke_documents import GOOD, HANGS, SPLIT

pytestmark = [
    pytest.mark.alone,
    pytest.mark.sandbox,
    pytest.mark.timeout(240),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]


@pytest.fixture
def burners() -> Iterator[None]:
    """Four for each core, which the browser that tests tools comes after."""
    count = 4 * len(os.sched_getaffinity(0))
    started = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    yield
    for one in started:
        one.kill()
        one.wait()


@pytest.mark.usefixtures("burners")
async def test_a_busy_machine_never_makes_a_wrong_verdict() -> None:
    """A tool that works passes or is not tested; one that hangs fails or is not tested."""
    choice = find_browser(os.environ.get("SANDWRIGHT_BROWSER"), os.environ)
    assert isinstance(choice, BrowserChoice)
    async with SmokeTester(choice) as tester:
        for html in (SPLIT, GOOD["game"], SPLIT):
            report = await tester.test(html)
            assert report.verdict in (Verdict.PASSED, Verdict.NOT_TESTED), report.fatal
            assert report.verdict is Verdict.PASSED or report.reason
        report = await tester.test(next(iter(HANGS.values())).html)
        assert report.verdict in (Verdict.FAILED, Verdict.NOT_TESTED)
