"""`sandwright doctor`: what works, what does not, and what to do about it."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import sys
import tempfile
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import make_url, text
from sqlalchemy.exc import SQLAlchemyError

import frontend
import sandbox
from sandbox.report import Verdict
from sandbox.smoke import NoBrowser, SmokeTester, find_browser
from server.providers.registry import Registry
from server.settings import SettingsError, load_settings, unknown_variables
from server.store.database import Database, revisions

if TYPE_CHECKING:
    import argparse

    from server.settings import Settings

MANIFEST = Path(sandbox.__file__).parent / "libraries" / "manifest.toml"
VENDORED = frontend.STATIC / "vendor"
PROBE = "<!doctype html><title>Probe</title><h1>Hello</h1><button type=button>Press</button>"


@dataclass(frozen=True, slots=True)
class Check:
    """`advice` is what to do, `None` where there is nothing to do."""

    name: str
    works: bool
    detail: str
    advice: str | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 when everything works, 1 when something does not."""
    checks = asyncio.run(_examine(load_settings(os.environ)))
    good = all(check.works for check in checks)
    if arguments.json:
        found = {"ok": good, "checks": [asdict(check) for check in checks]}
        print(json.dumps(found, ensure_ascii=False))
    else:
        print("\n".join(_line(check) for check in checks))
    return 0 if good else 1


def _line(check: Check) -> str:
    advice = f"\n    To do: {check.advice}" if check.advice else ""
    return f"{'works' if check.works else 'BROKEN':<7}{check.name}: {check.detail}{advice}"


async def _examine(settings: Settings) -> list[Check]:
    return [
        _python(),
        _names(),
        await _browser(settings),
        await asyncio.to_thread(_data_directory, settings),
        await _database(settings),
        *await _providers(settings),
        await asyncio.to_thread(_front_end_files),
    ]


def _python() -> Check:
    return Check("Python", works=True, detail=f"{platform.python_version()}, {sys.executable}")


def _names() -> Check:
    odd = unknown_variables()
    if odd:
        return Check("Settings", works=False, detail="; ".join(odd), advice="Correct the names.")
    return Check("Settings", works=True, detail="every SANDWRIGHT_ variable is known")


async def _browser(settings: Settings) -> Check:
    """Really start it, under the policy that tools are tested with."""
    browser = find_browser(settings.browser, settings.browser_environment)
    if isinstance(browser, NoBrowser):
        return Check("Browser", works=False, detail=browser.reason, advice=browser.advice)
    async with SmokeTester(browser) as tester:
        report = await tester.test(PROBE)
    version = await _version_of(browser.path)
    where = f"{version or browser.name}, {browser.path}"
    if report.verdict is Verdict.PASSED:
        seconds = report.duration_ms / 1000
        return Check("Browser", works=True, detail=f"{where}, tested a page in {seconds:.1f} s")
    said = report.reason or "; ".join(finding.message for finding in report.findings)
    advice = "Start it by hand to see what it lacks, or set SANDWRIGHT_BROWSER to another one."
    return Check("Browser", works=False, detail=f"{where}: {said}", advice=advice)


async def _version_of(path: Path) -> str | None:
    if sys.platform == "win32":  # there the question opens a window
        return None
    process = await asyncio.create_subprocess_exec(
        path, "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), timeout=10)
    except TimeoutError:
        process.kill()
        await process.wait()
        return None
    return output.decode(errors="replace").strip() or None


def _data_directory(settings: Settings) -> Check:
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"x")
    except OSError as error:
        return Check(
            "Data",
            works=False,
            detail=f"{folder} cannot be written: {error.strerror}",
            advice="Make it writable, or set SANDWRIGHT_DATA_DIR to another folder.",
        )
    return Check("Data", works=True, detail=f"{folder} can be written")


async def _database(settings: Settings) -> Check:
    """Look without changing: migrating is for `serve`."""
    where = make_url(settings.database_url).database or "memory"
    try:
        if not await asyncio.to_thread(Path(where).is_file):
            return Check("Database", works=True, detail=f"{where} will be made at the first start")
        revision = await _revision(settings.database_url)
    except (SQLAlchemyError, OSError) as error:
        return Check(
            "Database",
            works=False,
            detail=f"{where}: {str(error).partition(chr(10))[0]}",
            advice="Restore a copy, or set SANDWRIGHT_DATA_DIR to another folder.",
        )
    if revision == revisions()[-1]:
        return Check("Database", works=True, detail=f"{where}, up to date")
    return Check(
        "Database",
        works=True,
        detail=f"{where} is at revision {revision}, this version's is {revisions()[-1]}",
        advice="The next start brings it forward, unless a newer Sandwright wrote it.",
    )


async def _revision(url: str) -> str | None:
    database = Database(url)
    try:
        async with database.read() as connection:
            found = await connection.execute(text("SELECT version_num FROM alembic_version"))
            revision: str | None = found.scalar()
            return revision
    finally:
        await database.aclose()


async def _providers(settings: Settings) -> list[Check]:
    try:
        registry = Registry.from_settings(settings)
    except SettingsError as error:
        return [Check("Model", works=False, detail=str(error), advice="Correct SANDWRIGHT_MODEL.")]
    try:
        listed = await registry.models()
        default = await registry.default()
        errors = {error.provider: error.message for error in listed.errors}
        checks = []
        for name, provider in registry.providers.items():
            count = sum(model.provider == name for model in listed.items)
            checks.append(
                Check(
                    f"Provider {name}",
                    works=name not in errors,
                    detail=errors.get(name) or f"{provider.label}, {count} listed",
                    advice="Check its key and address." if name in errors else None,
                )
            )
        connected = set(registry.providers) != {"recipes"}
        advice = None if connected else "Set OPENAI_API_KEY or OPENAI_BASE_URL to make anything."
        answer = Check("Model", works=True, detail=f"{default.id}. {default.why}", advice=advice)
        return [*checks, answer]
    finally:
        await registry.aclose()


def _front_end_files() -> Check:
    packages = tomllib.loads(MANIFEST.read_text(encoding="utf-8"))["package"]
    missing = [
        package["name"]
        for package in packages
        for name in package["files"]
        if not (VENDORED / package["directory"] / Path(name).name).is_file()
    ]
    if missing:
        return Check(
            "Fonts and icons",
            works=False,
            detail=f"files of {', '.join(sorted(set(missing)))} are not here",
            advice="Run 'make vendor'; until then pages use the system's own.",
        )
    named = ", ".join(f"{package['name']} {package['version']}" for package in packages)
    return Check("Fonts and icons", works=True, detail=named)
