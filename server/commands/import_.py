"""`sandwright import`: make tools of files and folders."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

from server import importing
from server.commands.exit_codes import COULD_NOT, GOOD
from server.errors import Problem
from server.routes.artifacts import bring
from server.settings import load_settings
from server.store.database import Database

_MOST_FILES = 2_000
_MOST_READ = 60_000_000  # bytes of a folder
_MOST_NAMED = 50


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        type=Path,
        help="HTML, a folder or a zip with a page, .jsx, .tsx, .svg or .md",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line, one a path")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 when every path was imported, 2 when one was not."""
    return asyncio.run(_import(arguments.paths, as_json=arguments.json))


async def _import(paths: list[Path], *, as_json: bool) -> int:
    code = GOOD
    database = Database(load_settings(os.environ).database_url)
    try:
        await database.migrate()
        for path in paths:
            try:
                brought = await asyncio.to_thread(_read, path)
            except Problem as problem:
                print(f"{problem.detail} {problem.action or ''}".strip(), file=sys.stderr)
                code = COULD_NOT
                continue
            async with database.write() as connection:
                artifact = await bring(connection, brought)
            _tell(path, artifact.id, artifact.title, brought.missing, as_json=as_json)
    finally:
        await database.aclose()
    return code


def _tell(
    path: Path, artifact: str, title: str, missing: tuple[str, ...], *, as_json: bool
) -> None:
    if as_json:
        told = {"path": str(path), "artifact": artifact, "title": title, "missing": list(missing)}
        print(json.dumps(told, ensure_ascii=False))
        return
    print(f"{artifact}  {title}")
    for name in missing[:_MOST_NAMED]:
        print(f"  missing: {_shown(name)}", file=sys.stderr)
    if len(missing) > _MOST_NAMED:
        print(f"  and {len(missing) - _MOST_NAMED} more", file=sys.stderr)


def _shown(name: str) -> str:
    """A name is a stranger's: what a terminal would obey is written out."""
    return name if name.isprintable() else name.encode("unicode_escape").decode()


def _read(path: Path) -> importing.Brought:
    try:
        if not path.is_dir():
            return importing.read(path.name, path.read_bytes())
        found = [one for one in sorted(path.rglob("*")) if _belongs(one, path)]
        if len(found) > _MOST_FILES:
            raise Problem(422, f"{path} holds {len(found):,} files; at most {_MOST_FILES:,} fit.")
        if sum(one.stat().st_size for one in found) > _MOST_READ:
            raise Problem(413, f"{path} holds more than {_MOST_READ:,} bytes.")
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
