"""`sandwright test`: smoke-test HTML files; one JSON object a line with `--json`."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.report import Finding, Report, Verdict
from sandbox.smoke import SmokeTester
from sandbox.smoke.browsers import find_browser
from server.commands.exit_codes import COULD_NOT, GOOD, NO
from server.commands.terminal import shown
from server.errors import Problem
from server.libraries import put_on_the_shelf
from server.settings import load_settings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

LARGEST = 20_000_000  # bytes, as for an import


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE.html", type=Path)
    parser.add_argument("--json", action="store_true", help="one JSON object a line, one a file")
    parser.add_argument("--screenshot", metavar="DIR", type=Path, help="save screenshots there")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 when every file passed, 1 when one failed, 2 when one could not be tested."""
    if arguments.screenshot is not None:
        try:
            arguments.screenshot.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            print(f"{arguments.screenshot} cannot be written: {error.strerror}", file=sys.stderr)
            return COULD_NOT
    verdicts = asyncio.run(
        _test_all(arguments.files, as_json=arguments.json, folder=arguments.screenshot)
    )
    if Verdict.FAILED in verdicts:
        return NO
    return GOOD if all(verdict is Verdict.PASSED for verdict in verdicts) else COULD_NOT


async def _test_all(files: Sequence[Path], *, as_json: bool, folder: Path | None) -> list[Verdict]:
    settings = load_settings(os.environ)
    await asyncio.to_thread(put_on_the_shelf, settings)
    browser = find_browser(settings.browser, settings.browser_environment)
    verdicts = []
    async with SmokeTester(browser) as tester:
        for number, file in enumerate(files, start=1):
            source = await asyncio.to_thread(_read, file)
            report = source if isinstance(source, Report) else await tester.test(source)
            names = await asyncio.to_thread(_save, report, file, number, folder)
            print(_json_line(file, report, names) if as_json else _lines(file, report), flush=True)
            verdicts.append(report.verdict)
    return verdicts


def _read(file: Path) -> str | Report:
    try:
        if file.stat().st_size > LARGEST:
            return _not_tested(f"larger than {LARGEST // 1_000_000} MB")
        return file.read_bytes().decode("utf-8-sig", errors="replace")
    except OSError as error:
        return _not_tested(f"cannot be read: {error.strerror}")


def _not_tested(reason: str) -> Report:
    return Report(Verdict.NOT_TESTED, reason=reason)


def _save(report: Report, file: Path, number: int, folder: Path | None) -> list[str]:
    """The number keeps two files of one name apart."""
    if folder is None:
        return []
    paths = []
    for screenshot in report.screenshots:
        name = re.sub(r"[^\w.-]+", "-", f"{number:02}-{file.stem}-{screenshot.name}")
        path = folder / f"{name.removesuffix('.png')}.png"
        try:
            path.write_bytes(screenshot.png)
        except OSError as error:
            raise Problem(500, f"{path} cannot be written: {error.strerror}.") from error
        paths.append(str(path))
    return paths


def _json_line(file: Path, report: Report, screenshots: Sequence[str]) -> str:
    return json.dumps(
        {
            "file": str(file),
            "verdict": report.verdict.value,
            "findings": [_finding(finding) for finding in report.findings],
            "duration_ms": report.duration_ms,
            "screenshots": list(screenshots),
            "controls_found": report.controls_found,
            "controls_used": report.controls_used,
            "reason": report.reason,
        },
        ensure_ascii=False,
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
    }


def _lines(file: Path, report: Report) -> str:
    """Say it for a person: the verdict, then each finding where an editor can jump to it."""
    name = shown(str(file))
    if report.verdict is Verdict.NOT_TESTED:
        return f"{name}: not tested: {report.reason}"
    used = f"{report.controls_used} of {report.controls_found} controls used"
    lines = [f"{name}: {report.verdict.value} ({used}, {report.duration_ms / 1000:.1f} s)"]
    for finding in report.findings:
        place = f"{name}:{finding.line}" if finding.line else name
        after = f", using {finding.control}" if finding.control else ""
        lines.append(f"  {place}: {finding.severity}: {shown(finding.message + after)}")
    return "\n".join(lines)
