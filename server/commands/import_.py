"""`sandwright import`: make tools of files and folders and test them, or bring back everything."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from sandbox.network_origins import OriginRules
from sandbox.report import Verdict
from sandbox.smoke import SmokeTester, find_browser
from server import importing, shapes, unpacking
from server.commands.exit_codes import COULD_NOT, GOOD, NO
from server.commands.terminal import finding_line, shown
from server.errors import Problem
from server.everything.reading import open_archive
from server.everything.storing import Stored, store
from server.generation.hub import Hub
from server.generation.testing import VersionTester
from server.granting import origin_rules
from server.libraries import put_on_the_shelf
from server.routes.artifacts import bring
from server.settings import load_settings
from server.store.database import Database
from server.store.records import Artifact, StoredReport

_MOST_NAMED = 50


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        type=Path,
        help="HTML, a folder or a zip with a page, .jsx, .tsx, .svg or .md; or what "
        "`export --all` wrote",
    )
    parser.add_argument(
        "--grants", action="store_true", help="of everything: take the tools' permissions too"
    )
    parser.add_argument("--no-test", action="store_true", help="do not test what is brought")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, one a path")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 when every path was imported, 1 when one failed its test, 2 when one was not."""
    return asyncio.run(_import(arguments))


async def _import(arguments: argparse.Namespace) -> int:
    settings = load_settings(os.environ)
    await asyncio.to_thread(put_on_the_shelf, settings)
    rules = origin_rules(settings, "") if arguments.grants else None
    code = GOOD
    async with AsyncExitStack() as stack:
        database = Database(settings.database_url)
        stack.push_async_callback(database.aclose)
        await database.migrate()
        tester = None
        if not arguments.no_test:
            browser = find_browser(settings.browser, settings.browser_environment)
            smoke = await stack.enter_async_context(SmokeTester(browser))
            tester = VersionTester(database, smoke, Hub())
        for path in arguments.paths:
            try:
                stored = await _everything(database, path, rules)
                if stored is not None:
                    _tell_everything(path, stored, as_json=arguments.json)
                    continue
                brought = await asyncio.to_thread(_read, path)
            except Problem as problem:
                print(shown(f"{problem.detail} {problem.action or ''}".strip()), file=sys.stderr)
                code = COULD_NOT
                continue
            async with database.write() as connection:
                artifact = await bring(connection, brought)
            report = await tester.test(artifact.id, 1) if tester is not None else None
            if report is not None and report.verdict == Verdict.FAILED:
                code = max(code, NO)
            _tell(path, _Made(artifact, brought, report), as_json=arguments.json)
    return code


@dataclass(frozen=True, slots=True)
class _Made:
    """`report` is `None` where no test was asked for."""

    artifact: Artifact
    brought: importing.Brought
    report: StoredReport | None


async def _everything(database: Database, path: Path, rules: OriginRules | None) -> Stored | None:
    """Bring back what `export --all` wrote; `None` for a path that is something else."""
    if not await asyncio.to_thread(_is_zip, path):
        return None
    with path.open("rb") as file:
        archive = await asyncio.to_thread(open_archive, path.name, file)
        return None if archive is None else await store(database, archive, rules=rules)


def _is_zip(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(unpacking.BEGINS)) == unpacking.BEGINS


def _tell_everything(path: Path, stored: Stored, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"path": str(path), **asdict(stored)}))
    else:
        print(f"{shown(str(path))}: {stored.words()}")
        for library in stored.libraries:
            if library.add is not None:
                print(f"  {library.name} {library.version}: {library.add}")


def _tell(path: Path, made: _Made, *, as_json: bool) -> None:
    artifact, missing, report = made.artifact, made.brought.missing, made.report
    if as_json:
        told = {
            "path": str(path),
            "artifact": artifact.id,
            "title": artifact.title,
            "missing": list(missing),
            "notes": list(made.brought.notes),
            "verdict": report.verdict if report else "not tested",
            "report": shapes.report(report) if report else None,
        }
        print(json.dumps(told))
        return
    verdict = f"  {report.verdict}" if report else ""
    print(f"{artifact.id}  {shown(artifact.title)}{verdict}")
    if report and report.reason:
        print(f"  {shown(report.reason)}", file=sys.stderr)
    for finding in report.findings if report else []:
        print(finding_line(finding), file=sys.stderr)
    for name in missing[:_MOST_NAMED]:
        print(f"  missing: {shown(name)}", file=sys.stderr)
    if len(missing) > _MOST_NAMED:
        print(f"  and {len(missing) - _MOST_NAMED} more", file=sys.stderr)
    for note in made.brought.notes:
        print(f"  {shown(note)}", file=sys.stderr)


def _read(path: Path) -> importing.Brought:
    try:
        if not path.is_dir():
            return importing.read(path.name, path.read_bytes())
        found = [one for one in sorted(path.rglob("*")) if _belongs(one, path)]
        most_files, most = importing.MOST_FILES, importing.MOST_UNPACKED
        if len(found) > most_files:
            raise Problem(422, f"{path} holds {len(found):,} files; at most {most_files:,} fit.")
        if sum(one.stat().st_size for one in found) > most:
            raise Problem(413, f"{path} holds more than {most:,} bytes.")
        files = {one.relative_to(path).as_posix(): one.read_bytes() for one in found}
    except OSError as error:
        raise Problem(422, f"{path} cannot be read: {error.strerror}.") from error
    return importing.read_folder(path.resolve().name, files)


def _belongs(file: Path, folder: Path) -> bool:
    """Whether a file is the tool's; not a link, and not what builders and version control keep."""
    parts = file.relative_to(folder).parts
    if any(part.startswith(".") or part == "node_modules" for part in parts):
        return False
    return file.is_file() and not file.is_symlink()
