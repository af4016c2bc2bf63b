"""`sandwright test`: smoke-test files, folders and pages of the web, in any project's CI too."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.report import Finding, Report, Verdict
from sandbox.smoke import SmokeTester
from sandbox.smoke.browsers import find_browser
from server.commands.exit_codes import COULD_NOT, GOOD, NO
from server.commands.junit import junit
from server.commands.smoke_sources import Source, sources
from server.commands.terminal import as_json, shown
from server.errors import Problem
from server.libraries import put_on_the_shelf
from server.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_JOBS = 16


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "given",
        nargs="+",
        metavar="FILE|URL|DIR",
        help="HTML; of a folder every .html file in it, but for hidden folders and node_modules; "
        "of an address its document alone",
    )
    parser.add_argument("--json", action="store_true", help="a JSON object a line, one a document")
    parser.add_argument("--junit", metavar="FILE", type=Path, help="write JUnit XML there")
    parser.add_argument("--screenshot", metavar="DIR", type=Path, help="save screenshots there")
    parser.add_argument(
        "--jobs", metavar="N", type=_jobs, default=1, help="how many are tested at a time (1)"
    )


def _jobs(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_JOBS:
        return int(text)
    raise argparse.ArgumentTypeError(f"it must be a number from 1 to {MOST_JOBS}")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 when every document passed, 1 when one failed, 2 when one could not be tested."""
    found = sources(arguments.given)
    folder, file = arguments.screenshot, arguments.junit
    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        if file is not None:
            file.write_text("", encoding="utf-8")  # before minutes of tests
    except OSError as error:
        print(f"{error.filename} cannot be written: {error.strerror}", file=sys.stderr)
        return COULD_NOT
    telling = _Telling(found, as_json=arguments.json)
    reports = asyncio.run(_test_all(found, telling, jobs=arguments.jobs, folder=folder))
    if file is not None:
        names = [source.name for source in found]
        file.write_text(junit(list(zip(names, reports, strict=True))), encoding="utf-8")
    verdicts = [report.verdict for report in reports]
    if Verdict.FAILED in verdicts:
        return NO
    return GOOD if all(verdict is Verdict.PASSED for verdict in verdicts) else COULD_NOT


class _Telling:
    """What is said meanwhile: results on stdout in the order asked for, progress on stderr."""

    def __init__(self, found: Sequence[Source], *, as_json: bool) -> None:
        self._found = found
        self._as_json = as_json
        self._waiting: dict[int, str] = {}
        self._told = 0

    def begun(self, index: int) -> None:
        if len(self._found) > 1:
            name = shown(self._found[index].name)
            print(f"{index + 1} of {len(self._found)}: {name}", file=sys.stderr, flush=True)

    def done(self, index: int, report: Report, pictures: Sequence[str]) -> None:
        name = self._found[index].name
        line = _json_line(name, report, pictures) if self._as_json else _lines(name, report)
        self._waiting[index] = line
        while self._told in self._waiting:
            print(self._waiting.pop(self._told), flush=True)
            self._told += 1


async def _test_all(
    found: Sequence[Source], telling: _Telling, *, jobs: int, folder: Path | None
) -> list[Report]:
    """Return the reports in the order asked for, without their pictures, which are many."""
    settings = load_settings(os.environ)
    await asyncio.to_thread(put_on_the_shelf, settings)
    browser = find_browser(settings.browser, settings.browser_environment)
    reports: dict[int, Report] = {}
    waiting = iter(range(len(found)))

    async def work(tester: SmokeTester) -> None:
        for index in waiting:
            source = found[index]
            telling.begun(index)
            read = await source.read()
            report = read if isinstance(read, Report) else source.judged(await tester.test(read))
            names = await asyncio.to_thread(_save, report, source, index + 1, folder)
            telling.done(index, report, names)
            reports[index] = replace(report, screenshots=(), film=())

    async with SmokeTester(browser, at_once=jobs) as tester:
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(jobs, len(found))):
                    group.create_task(work(tester))
        except* Problem as problems:
            # The first is the one to tell; the others were ended by it.
            raise problems.exceptions[0] from None
    return [reports[index] for index in range(len(found))]


def _save(report: Report, source: Source, number: int, folder: Path | None) -> list[str]:
    """The number keeps two documents of one name apart."""
    if folder is None:
        return []
    paths = []
    for screenshot in report.screenshots:
        name = re.sub(r"[^\w.-]+", "-", f"{number:02}-{source.stem}-{screenshot.name}")
        path = folder / f"{name.removesuffix('.png')}.png"
        try:
            path.write_bytes(screenshot.png)
        except OSError as error:
            raise Problem(500, f"{path} cannot be written: {error.strerror}.") from error
        paths.append(str(path))
    return paths


def _json_line(name: str, report: Report, screenshots: Sequence[str]) -> str:
    return as_json(
        {
            "file": name,
            "verdict": report.verdict.value,
            "findings": [_finding(finding) for finding in report.findings],
            "duration_ms": report.duration_ms,
            "screenshots": list(screenshots),
            "controls_found": report.controls_found,
            "controls_used": report.controls_used,
            "reason": report.reason,
        }
    )


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "severity": finding.severity,
        "phase": finding.phase,
        "message": finding.message,
        "line": finding.line,
        "column": finding.column,
        "control": finding.control,
        "signature": finding.signature,
        "adds": finding.adds,
        "steps": list(finding.steps),
    }


def _lines(name: str, report: Report) -> str:
    """Say it for a person: the verdict, then each finding where an editor can jump to it."""
    name = shown(name)
    if report.verdict is Verdict.NOT_TESTED:
        return f"{name}: not tested: {shown(report.reason or '')}"
    used = f"{report.controls_used} of {report.controls_found} controls used"
    lines = [f"{name}: {report.verdict.value} ({used}, {report.duration_ms / 1000:.1f} s)"]
    for finding in report.findings:
        place = f"{name}:{finding.line}" if finding.line else name
        after = f", using {finding.control}" if finding.control else ""
        lines.append(f"  {place}: {finding.severity}: {shown(finding.message + after)}")
    return "\n".join(lines)
