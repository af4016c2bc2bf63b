"""Reports as JUnit XML, which CI systems read: a test case for each document."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from sandbox.report import Finding, Report, Verdict
from server.commands.terminal import shown

_SUITE = "sandwright test"


def junit(tested: Sequence[tuple[str, Report]]) -> str:
    """Write one suite. What was not tested is skipped, with its reason."""
    verdicts = [report.verdict for _, report in tested]
    counts = {
        "tests": str(len(tested)),
        "failures": str(verdicts.count(Verdict.FAILED)),
        "errors": "0",
        "skipped": str(verdicts.count(Verdict.NOT_TESTED)),
        "time": _seconds(sum(report.duration_ms for _, report in tested)),
    }
    whole = ET.Element("testsuites", {"name": _SUITE, **counts})
    suite = ET.SubElement(whole, "testsuite", {"name": _SUITE, **counts})
    for name, report in tested:
        _case(suite, shown(name), report)
    ET.indent(whole)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(whole, encoding="unicode")}\n'


def _case(suite: ET.Element, name: str, report: Report) -> None:
    facts = {"classname": "sandwright", "name": name, "file": name}
    case = ET.SubElement(suite, "testcase", {**facts, "time": _seconds(report.duration_ms)})
    if report.verdict is Verdict.FAILED:
        first = report.fatal[0] if report.fatal else None
        what = {"message": shown(first.message), "type": first.kind} if first else {}
        failure = ET.SubElement(case, "failure", what)
        failure.text = "\n".join(_line(name, one) for one in report.fatal)
    elif report.verdict is Verdict.NOT_TESTED:
        ET.SubElement(case, "skipped", {"message": shown(report.reason or "")})
    notes = [_line(name, one) for one in report.findings if one.severity != "fatal"]
    if notes:
        ET.SubElement(case, "system-out").text = "\n".join(notes)


def _line(name: str, finding: Finding) -> str:
    """Say where an editor can jump to it; nothing in it is what XML cannot hold."""
    place = f"{name}:{finding.line}" if finding.line else name
    after = f", using {finding.control}" if finding.control else ""
    return f"{place}: {shown(finding.message + after)}"


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.3f}"
