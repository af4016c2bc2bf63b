"""What a verdict costs: a browser kept warm against one launched a test, and eight in the queue.

Each recipe's own tool is tested in turns by a tester that has its browser, and by one that has
none yet. A test is the time from the document to its report, with all that a person's hands do
in between; beside it stands an empty page, in which they have nothing to do, so that what is paid
for the browser alone is seen.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.report import Report
from sandbox.smoke import BrowserChoice, SmokeTester
from server.recipes import RECIPES, respond

QUEUED = 8
EMPTY = "<!doctype html><html lang=en><title>Empty</title><h1>An empty page</h1></html>"


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds of each test, in the order of the tools, and of each that waited in the queue."""

    warm: Sequence[float]
    launched: Sequence[float]
    empty_warm: float
    empty_launched: float
    waited: Sequence[float]
    whole: float

    @property
    def times_less(self) -> float:
        """How many times less the tools' tests take with a warm browser, all together."""
        return sum(self.launched) / sum(self.warm)

    @property
    def empty_times_less(self) -> float:
        return self.empty_launched / self.empty_warm


async def measure_verdicts(browser: BrowserChoice, runs: int) -> Costs:
    """Test all in turns. Raises `SystemExit` where a tool does not pass: then nothing is shown."""
    tools = [html for one in RECIPES if (html := respond([one.example]).html)]
    warm, launched = [], []
    empty: dict[str, list[float]] = {"warm": [], "launched": []}
    async with SmokeTester(browser) as tester:
        await passed(tester, EMPTY)  # the first starts the browser
        for html in tools:
            warm.append(await passed(tester, html))
            launched.append(await launching(browser, html))
        for _ in range(runs):
            empty["warm"].append(await passed(tester, EMPTY))
            empty["launched"].append(await launching(browser, EMPTY))
        queue = [tools[number % len(tools)] for number in range(QUEUED)]
        begun = time.monotonic()
        waited = await asyncio.gather(*(passed(tester, html) for html in queue))
        whole = time.monotonic() - begun
    return Costs(
        warm,
        launched,
        statistics.median(empty["warm"]),
        statistics.median(empty["launched"]),
        waited,
        whole,
    )


async def launching(browser: BrowserChoice, html: str) -> float:
    """Test with a browser of its own, from its launch to its end."""
    begun = time.monotonic()
    async with SmokeTester(browser) as tester:
        await passed(tester, html)
    return time.monotonic() - begun


async def passed(tester: SmokeTester, html: str) -> float:
    begun = time.monotonic()
    report: Report = await tester.test(html)
    if report.verdict != "passed":
        raise SystemExit(f"A tool that works was {report.verdict}: {report.reason}")
    return time.monotonic() - begun


def report_of(costs: Costs) -> str:
    """Return what is to be printed."""
    some = sorted(costs.waited)
    p95 = some[-(-len(some) * 95 // 100) - 1]
    number = len(costs.warm)
    with_launch, warm = (sum(seconds) / number for seconds in (costs.launched, costs.warm))
    told = statistics.median(some)
    rows = {
        f"a verdict of {number} tools, s each": f"{warm:.2f} warm, {with_launch:.2f} with a launch:"
        f" {costs.times_less:.2f} times less",
        "of an empty page": f"{costs.empty_warm:.2f} warm,"
        f" {costs.empty_launched:.2f} with a launch: {costs.empty_times_less:.2f} times less",
        f"of {QUEUED} queued at once": f"{QUEUED / costs.whole * 60:.0f} a minute;"
        f" told after {told:.1f} s (median), {p95:.1f} s (p95)",
    }
    return "\n".join(f"{name:<34} {said}" for name, said in rows.items())
