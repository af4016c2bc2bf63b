"""`sandwright export`: write a stored tool as one standalone file, or everything as a zip."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import tempfile
from contextlib import aclosing
from pathlib import Path

from sandbox.smoke import SmokeTester, find_browser
from server.commands.exit_codes import GOOD
from server.commands.terminal import shown
from server.errors import Problem
from server.everything.writing import pack
from server.exporting import Options, as_tested, exported, verified
from server.libraries import put_on_the_shelf
from server.settings import load_settings
from server.store import artifacts, overview
from server.store.database import Database


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "artifact",
        metavar="ARTIFACT[@VERSION]",
        nargs="?",
        help="the id in the tool's address; @3 for v3",
    )
    parser.add_argument("-o", "--output", metavar="FILE.html", type=Path)
    parser.add_argument(
        "--all", metavar="FILE.zip", type=Path, help="everything, for `sandwright import`"
    )
    parser.add_argument("--no-check", action="store_true", help="do not open the file offline")
    parser.add_argument(
        "--libraries",
        choices=("inline", "cdn"),
        default="inline",
        help="cdn: from the network, checked by hash; smaller, and no longer offline",
    )
    parser.add_argument(
        "--data", choices=("none", "include"), default="none", help="what the tool has stored, too"
    )
    parser.add_argument("--no-prompt", action="store_true", help="leave the prompt out")
    parser.add_argument(
        "--no-policy", action="store_true", help="leave out what keeps the file from the network"
    )


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 when it is written."""
    if arguments.all is not None:
        if arguments.artifact or arguments.output:
            raise Problem(422, "Export one tool to a file, or everything with --all FILE.zip.")
        asyncio.run(_export_all(arguments.all))
        print(arguments.all)
        return GOOD
    if not (arguments.artifact and arguments.output):
        raise Problem(422, "Write ARTIFACT -o FILE.html for one tool, or --all FILE.zip.")
    options = Options(
        prompt=not arguments.no_prompt,
        policy=not arguments.no_policy,
        by_cdn=arguments.libraries == "cdn",
        data=arguments.data == "include",
    )
    checks = not arguments.no_check
    said = asyncio.run(_export(arguments.artifact, arguments.output, options, checks=checks))
    for sentence in said:
        print(shown(sentence), file=sys.stderr)
    print(arguments.output)
    return GOOD


async def _export(name: str, output: Path, options: Options, *, checks: bool) -> list[str]:
    artifact_id, _, number = name.partition("@")
    if number and not re.fullmatch(r"v?[0-9]{1,9}", number):
        raise Problem(422, f"{number!r} is no version number; write ARTIFACT@3.")
    settings = load_settings(os.environ)
    await asyncio.to_thread(put_on_the_shelf, settings)
    database = Database(settings.database_url)
    try:
        await database.migrate()
        async with database.read() as connection:
            artifact = await artifacts.get(connection, artifact_id)
            if artifact is None:
                raise Problem(404, f"There is no tool with the id {artifact_id!r}.")
            seen = await overview.of(connection, [artifact])
            n = int(number.removeprefix("v")) if number else seen[artifact.id].live
            made = await exported(connection, artifact, n, options) if n else None
            tested = await as_tested(connection, artifact, n, options) if n else None
    finally:
        await database.aclose()
    if made is None:
        raise Problem(404, f"This tool has no version {n}." if n else "It has no version yet.")
    await asyncio.to_thread(_write, output, made.html)
    if not checks:
        return made.words()
    browser = find_browser(settings.browser, settings.browser_environment)
    async with SmokeTester(browser) as smoke:
        _, words = await verified(smoke, made, tested)
    return words


async def _export_all(path: Path) -> None:
    """Write beside the file first: what is there stays until the new one is whole.

    Only its owner may read it, for it has what the tools keep.
    """
    database = Database(load_settings(os.environ).database_url)
    part: Path | None = None
    try:
        await database.migrate()
        number, name = tempfile.mkstemp(prefix=".sandwright-", suffix=".part", dir=path.parent)
        part = Path(name)
        with os.fdopen(number, "wb") as file:
            async with aclosing(pack(database, path.parent)) as parts:
                async for some in parts:
                    await asyncio.to_thread(file.write, some)
        part.replace(path)
    except OSError as error:
        raise Problem(500, f"{path} cannot be written: {error.strerror}.") from error
    finally:
        await database.aclose()
        if part is not None:
            part.unlink(missing_ok=True)


def _write(path: Path, html: str) -> None:
    try:
        path.write_text(html, encoding="utf-8", errors="replace", newline="")
    except OSError as error:
        raise Problem(500, f"{path} cannot be written: {error.strerror}.") from error
