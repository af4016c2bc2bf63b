"""Asks for a report until it says something of the tool."""

from __future__ import annotations

from typing import Any

from sandbox.report import Report, Verdict
from sandbox.smoke import SmokeTester


async def told_in_time(tester: SmokeTester, html: str, **options: Any) -> Report:
    """A report for which the machine was too busy says too little of the tool: ask again."""
    for _ in range(3):
        report = await tester.test(html, **options)
        ran_out = "Time ran out" in (report.reason or "")
        if report.verdict is not Verdict.NOT_TESTED and not ran_out:
            break
    return report
