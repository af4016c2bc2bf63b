"""What `sandwright test` says of reports: as JUnit XML, and of pages that need their own site."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from sandbox.report import Finding, Report, Verdict
from server.commands.junit import junit
from server.commands.smoke_sources import Address

FAULT = Finding("error", "fatal", "interact", "tally\x1b is not <defined>", "s", line=4)
NOTE = Finding("console", "advisory", "load", "noted", "s")
MISSING = Finding("resource", "fatal", "load", "missing file: app.js", "s")
FAILED = Report(Verdict.FAILED, (FAULT, NOTE), duration_ms=1500)


def test_a_suite_has_a_case_for_each_document_and_nothing_that_xml_cannot_hold() -> None:
    passed = Report(Verdict.PASSED, (NOTE,), duration_ms=250)
    lost = Report(Verdict.NOT_TESTED, reason="no browser")
    told = junit([("a.html", FAILED), ("b<.html", passed), ("c\x00.html", lost)])
    whole = ET.fromstring(told.encode())
    (suite,) = whole
    for one in (whole, suite):
        counts = {name: one.get(name) for name in ("tests", "failures", "errors", "skipped")}
        assert counts == {"tests": "3", "failures": "1", "errors": "0", "skipped": "1"}
        assert one.get("time") == "1.750"
    first, second, third = suite
    assert [one.get("name") for one in suite] == ["a.html", "b<.html", "c\\x00.html"]
    failure = first.find("failure")
    assert failure is not None
    assert failure.attrib == {"message": "tally\\x1b is not <defined>", "type": "error"}
    assert failure.text == "a.html:4: tally\\x1b is not <defined>"
    assert [part.tag for part in second] == ["system-out"]
    assert second[0].text == "b<.html: noted"
    assert (third[0].tag, third[0].get("message")) == ("skipped", "no browser")


@pytest.mark.parametrize(
    ("findings", "verdict"),
    [
        ((FAULT, NOTE), Verdict.FAILED),
        ((FAULT, MISSING), Verdict.NOT_TESTED),
        ((MISSING,), Verdict.NOT_TESTED),
    ],
)
def test_a_page_that_lacks_its_own_site_is_not_called_failed(
    findings: tuple[Finding, ...], verdict: Verdict
) -> None:
    page = Address("https://me:secret@example.com/tool/?a=1")
    judged = page.judged(Report(Verdict.FAILED, findings))
    assert judged.verdict is verdict
    assert judged.findings == findings
    if verdict is Verdict.NOT_TESTED:
        assert judged.reason == "it needs its own site: missing file: app.js"
    assert page.name == "https://example.com/tool/?a=1"
    assert page.stem == "example.com/tool"
