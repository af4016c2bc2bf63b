"""Documents that no test should be asked to bear: a report comes, and the next test is unharmed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sandbox.report import Verdict
from sandbox.smoke import BrowserChoice, SmokeTester
from tests.browser.asking import told_in_time
from tests.browser.smoke_documents import SPLIT, page

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.sandbox,  # each takes many seconds
    pytest.mark.timeout(300),
]

MOST_MS = 31_000  # of the tool's own time, where the machine was busy
SPAWN = """const u = URL.createObjectURL(new Blob(['%s']));
for (let i = 0; i < 1000; i++) new Worker(u);"""
BAD = {
    "a thousand busy workers": (page("<h1>Many</h1>", SPAWN % "for (;;);"), None),
    "a thousand idle workers": (page("<h1>Many</h1>", SPAWN % "onmessage = () => {}"), None),
    "a page that is never done": (
        page("<h1>Wait</h1>").replace(
            "<script>", "<script type=module>await new Promise(() => {});"
        ),
        Verdict.PASSED,
    ),
    "a page that loads for ever": (
        page(
            "<h1>Wait</h1>",
            "const load = () => document.body.append(new Image());\n"
            "setInterval(() => { load(); document.images[0].src = 'data:,' + Math.random(); }, 5);",
        ),
        Verdict.PASSED,
    ),
    "a page that writes itself for ever": (
        page("<h1>Wait</h1>", "document.open();\nsetInterval(() => document.write('<p>x'), 1);"),
        Verdict.PASSED,
    ),
    "20 MB of text": (page("<pre>" + "0123456789abcde\n" * 1_300_000), None),
    "20 MB of a string": (page("<h1>Hi</h1>", f"const a = '{'0123456789' * 2_000_000}';"), None),
    "NUL bytes": (
        page("<h1>N\0ul</h1><button id='b'>G\0o</button>", "b.onclick = () => {\n  gone();\0\n};"),
        Verdict.FAILED,
    ),
    "halves of surrogate pairs": (
        page(
            "<h1>S\udfff</h1><button id='b'>G\ud800o</button>", "b.onclick = () => gone('\ud800');"
        ),
        Verdict.FAILED,
    ),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tester(choice: BrowserChoice) -> AsyncIterator[SmokeTester]:
    async with SmokeTester(choice) as tester:
        yield tester


@pytest.mark.parametrize("name", BAD)
async def test_a_report_comes_within_its_bound_and_the_next_test_is_unharmed(
    tester: SmokeTester, name: str
) -> None:
    html, verdict = BAD[name]
    report = await tester.test(html)
    assert report.duration_ms < MOST_MS
    assert verdict in (None, report.verdict) or report.verdict is Verdict.NOT_TESTED
    assert report.verdict is not Verdict.NOT_TESTED or report.reason
    assert (await told_in_time(tester, SPLIT)).verdict is Verdict.PASSED
