"""The smoke test: a real browser opens a document, uses it, and says whether it works.

Three lines, in any async function:

    async with SmokeTester(find_browser(None, os.environ)) as tester:
        report = await tester.test("<!doctype html><button onclick='missing()'>Go</button>")
        print(report.verdict, [finding.message for finding in report.findings])
"""

from sandbox.smoke.browsers import BrowserChoice, NoBrowser, find_browser
from sandbox.smoke.run import Progress
from sandbox.smoke.tester import SmokeTester

__all__ = ["BrowserChoice", "NoBrowser", "Progress", "SmokeTester", "find_browser"]
