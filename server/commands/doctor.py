"""`sandwright doctor`: what works, what does not, and what to do about it."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import platform
import shutil
import sys
import tempfile
import textwrap
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import make_url, text
from sqlalchemy.exc import SQLAlchemyError

import frontend
import sandbox
from sandbox.libraries import fetch
from sandbox.libraries.manifest import libraries
from sandbox.origins import FrameAddress, Level, Opened, frame_base, levels
from sandbox.own_command import own_command
from sandbox.report import Verdict
from sandbox.smoke import NoBrowser, SmokeTester, find_browser
from server.commands.exit_codes import GOOD, NO
from server.commands.terminal import shown
from server.providers.registry import Registry
from server.settings import SettingsError, load_settings, unknown_variables
from server.store.database import Database, revisions
from server.wording import shortened

if TYPE_CHECKING:
    import argparse

    from sandbox.smoke.confinement import Isolation
    from server.settings import Settings

MANIFEST = Path(sandbox.__file__).parent / "libraries" / "manifest.toml"
VENDORED = frontend.STATIC / "vendor"
PROBE = "<!doctype html><title>Probe</title><h1>Hello</h1><button type=button>Press</button>"
_CONNECT = "Set a key, OPENAI_API_KEY for example, or OPENAI_BASE_URL to make anything."


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
    checks, isolation = asyncio.run(_examine(load_settings(os.environ)))
    good = all(check.works for check in checks)
    if arguments.json:
        found = {
            "ok": good,
            "checks": [asdict(check) for check in checks],
            "isolation": asdict(isolation) if isolation else None,
        }
        print(json.dumps(found))
    else:
        print("\n".join(_line(check) for check in checks))
    return GOOD if good else NO


def _line(check: Check) -> str:
    """As one line for programs, and as wide as the window for people."""
    mark = f"{'works' if check.works else 'BROKEN':<7}"
    lines = [shown(f"{mark}{check.name}: {check.detail}")]
    lines += [f"{'':<7}To do: {check.advice}"] if check.advice else []
    if not sys.stdout.isatty():
        return "\n".join(lines)
    width = max(60, min(shutil.get_terminal_size().columns, 110))
    return "\n".join(
        textwrap.fill(
            line,
            width,
            initial_indent="",
            subsequent_indent=f"{'':<9}",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in lines
    )


async def _examine(settings: Settings) -> tuple[list[Check], Isolation | None]:
    browser, isolation = await _browser(settings)
    checks = [
        _python(),
        _names(),
        browser,
        *([_walls(isolation)] if isolation else []),
        await asyncio.to_thread(_data_directory, settings),
        await _database(settings),
        *_levels(settings),
        *await _providers(settings),
        await asyncio.to_thread(_front_end_files),
        await asyncio.to_thread(_libraries),
    ]
    return checks, isolation


def _python() -> Check:
    return Check("Python", works=True, detail=f"{platform.python_version()}, {sys.executable}")


def _names() -> Check:
    odd = unknown_variables()
    if odd:
        return Check("Settings", works=False, detail="; ".join(odd), advice="Correct the names.")
    return Check("Settings", works=True, detail="every SANDWRIGHT_ variable is known")


async def _browser(settings: Settings) -> tuple[Check, Isolation | None]:
    """Really start it, under the policy that tools are tested with."""
    browser = find_browser(settings.browser, settings.browser_environment)
    if isinstance(browser, NoBrowser):
        return Check("Browser", works=False, detail=browser.reason, advice=browser.advice), None
    async with SmokeTester(browser) as tester:
        report = await tester.test(PROBE)
        isolation = tester.isolation
    version = await _version_of(browser.path)
    where = f"{version or browser.name}, {browser.path}"
    if report.verdict is Verdict.PASSED:
        seconds = report.duration_ms / 1000
        tested = f"{where}, tested a page in {seconds:.1f} s"
        return Check("Browser", works=True, detail=tested), isolation
    said = report.reason or "; ".join(finding.message for finding in report.findings)
    advice = "Start it by hand to see what it lacks, or set SANDWRIGHT_BROWSER to another one."
    return Check("Browser", works=False, detail=f"{where}: {said}", advice=advice), isolation


def _walls(isolation: Isolation) -> Check:
    """Say what keeps the browser apart from this machine. Fewer walls work too: they are fewer."""
    if isolation.as_root:
        user = "it runs as root"
    else:
        user = "it runs as you" if isolation.own_user else f"it runs as user {isolation.user}"
    sandbox = f"its own sandbox is {'on' if isolation.sandbox else 'off'}"
    if isolation.network == "kernel":
        network = "in a network with nothing in it but the page under test"
    else:
        network = "sends every request to the page under test, in this machine's network"
    ends = "all its processes end with it" if isolation.processes else "it sees other processes"
    why = f" ({'; '.join(isolation.reasons)})" if isolation.reasons else ""
    advice = None
    if isolation.as_root or not isolation.sandbox:
        advice = (
            "Start Sandwright as an ordinary user, or let it use user namespaces and a browser "
            "that other users can start too."
        )
    detail = f"{user}, {sandbox}, {network}, {ends}{why}"
    return Check("Browser's walls", works=True, detail=detail, advice=advice)


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


LOSSES = {
    Level.SITE: "a site of its own for each tool. Lost: nothing",
    Level.PORT: (
        "one origin for all tools. Lost: a process for each, so that one that never stops may "
        "freeze the others; and one wall, which a flaw in the browser need not break any more"
    ),
    Level.PATH: (
        "the pages' own address. Lost: an origin of its own, so that a header alone keeps a tool "
        "out of the pages'; a process for each; and silence, since a tool can send this server "
        "requests that change nothing"
    ),
}


def _levels(settings: Settings) -> list[Check]:
    """Say how tools are kept apart, by the address that a page is opened under."""
    address = FrameAddress(
        settings.port, settings.frame_port, settings.frame_url, settings.allowed_hosts
    )
    names = [*settings.allowed_hosts] or ([] if settings.loopback else ["other-machine.example"])
    opened = [("here", "127.0.0.1"), *(("from elsewhere", name) for name in names[:1])]
    return [
        check
        for where, name in opened
        for check in _offered(where, Opened(f"{name}:{settings.port}"), address)
    ]


def _offered(where: str, opened: Opened, address: FrameAddress) -> list[Check]:
    """The strongest level first; a page falls by itself to the next that its browser can reach."""
    found = [dataclasses.replace(opened, found=level) for level in levels(opened, address)]
    name = f"Tools, opened {where}"
    if not found:
        detail = "with SANDWRIGHT_FRAME_URL, a page needs a name that the frames know"
        advice = "Set SANDWRIGHT_ALLOWED_HOSTS to the names that pages are opened under."
        return [Check(name, works=False, detail=detail, advice=advice)]
    details = [
        f"{frame_base('{id}', one, address)}: {LOSSES[one.found]}" for one in found if one.found
    ]
    words = ("", *(", else" for _ in details[1:]))
    return [
        Check(name + word, works=True, detail=detail)
        for word, detail in zip(words, details, strict=True)
    ]


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
        advice = None if connected else _CONNECT
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


NAMED = 8


def _libraries() -> Check:
    """Optional ones are nobody's lack."""
    listed = libraries()
    missing = fetch.missing(listed)
    absent = [library.id for library in missing if not library.optional]
    if absent:
        return Check(
            "Libraries",
            works=False,
            detail=f"not here: {shortened(absent, NAMED)}",
            advice=f"Run '{own_command('libraries add')}'.",
        )
    return Check(
        "Libraries", works=True, detail=f"{len(listed) - len(missing)} of {len(listed)}, for tools"
    )
