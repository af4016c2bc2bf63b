"""`sandwright export`: write a stored tool as one standalone file."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
from pathlib import Path

from sandbox.smoke import SmokeTester, find_browser
from server.commands.exit_codes import GOOD
from server.errors import Problem
from server.exporting import exported, verified
from server.settings import load_settings
from server.store import artifacts, overview
from server.store.database import Database


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "artifact", metavar="ARTIFACT[@VERSION]", help="the id in the tool's address; @3 for v3"
    )
    parser.add_argument("-o", "--output", metavar="FILE.html", type=Path, required=True)
    parser.add_argument("--no-check", action="store_true", help="do not open the file offline")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 when it is written."""
    checks = not arguments.no_check
    for sentence in asyncio.run(_export(arguments.artifact, arguments.output, checks=checks)):
        print(sentence, file=sys.stderr)
    print(arguments.output)
    return GOOD


async def _export(name: str, output: Path, *, checks: bool) -> list[str]:
    artifact_id, _, number = name.partition("@")
    if number and not re.fullmatch(r"v?[0-9]{1,9}", number):
        raise Problem(422, f"{number!r} is no version number; write ARTIFACT@3.")
    settings = load_settings(os.environ)
    database = Database(settings.database_url)
    try:
        await database.migrate()
        async with database.read() as connection:
            artifact = await artifacts.get(connection, artifact_id)
            if artifact is None:
                raise Problem(404, f"There is no tool with the id {artifact_id!r}.")
            seen = await overview.of(connection, [artifact])
            n = int(number.removeprefix("v")) if number else seen[artifact.id].live
            made = await exported(connection, artifact, n) if n else None
    finally:
        await database.aclose()
    if made is None:
        raise Problem(404, f"This tool has no version {n}." if n else "It has no version yet.")
    await asyncio.to_thread(_write, output, made.html)
    if not checks:
        return made.words()
    browser = find_browser(settings.browser, settings.browser_environment)
    async with SmokeTester(browser) as smoke:
        _, words = await verified(smoke, made)
    return words


def _write(path: Path, html: str) -> None:
    try:
        path.write_text(html, encoding="utf-8", errors="replace", newline="")
    except OSError as error:
        raise Problem(500, f"{path} cannot be written: {error.strerror}.") from error
