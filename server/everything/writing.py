"""Everything as a zip, made tool by tool: no more than a few records are in memory at once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import shutil
import tempfile
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from server.everything import lengths, libraries, lines
from server.everything.checking import Checking
from server.everything.page import Listed, page
from server.everything.reading import FORMAT, MANIFEST, VERSION
from server.everything.room import is_no_room
from server.export import export_filename
from server.exporting import exported, has_fetched
from server.store import artifacts, overview, versions, whole
from server.store.database import Database
from server.store.records import Artifact

_log = logging.getLogger(__name__)
_Made = TypeVar("_Made")
_PART = 256 * 1024
_IN_MEMORY = 8 * 1024**2  # bytes of a tool; more of it waits on disk
_LARGE_OLDER = 2_000_000
"""Bytes: of versions that are not live, larger files are left out; their documents are in data."""


class _Sink:
    """A file for `zipfile` that keeps what was written until it is taken, on disk if it is much."""

    def __init__(self, folder: Path) -> None:
        self._file = _spooled(folder)

    def write(self, part: bytes) -> int:
        return self._file.write(part)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self._file.close()

    async def taken(self) -> AsyncIterator[bytes]:
        self._file.seek(0)
        while part := await asyncio.to_thread(self._file.read, _PART):
            yield part
        self._file.seek(0)
        self._file.truncate()


def _spooled(folder: Path) -> IO[bytes]:
    return cast("IO[bytes]", tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(folder)))


def archive_name() -> str:
    return f"sandwright-{datetime.now(UTC):%Y-%m-%d}.zip"


async def pack(database: Database, folder: Path) -> AsyncGenerator[bytes]:
    """Yield the archive. Each artifact is as it was at one moment.

    What is read waits in `folder` for who takes it, so that a slow reader keeps no moment of the
    database for as long as it reads: the log of its writes would grow meanwhile.
    """
    sink = _Sink(folder)
    written = datetime.now(UTC)
    with (
        contextlib.closing(sink),
        zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        # First and unpacked, so that the first bytes of the file say what it is.
        manifest = {"format": FORMAT, "version": VERSION, "written": written.isoformat()}
        archive.writestr(MANIFEST, json.dumps(manifest) + "\n", zipfile.ZIP_STORED)
        async for part in sink.taken():
            yield part
        packing = _Packing(archive, folder)
        async with database.read() as connection:
            ids = await whole.ids(connection)
        for artifact_id in ids:
            async with database.read() as connection:
                await packing.artifact(connection, artifact_id)
            async for part in sink.taken():
                yield part
        needed = packing.used.needed()
        if needed:
            archive.writestr(libraries.FILE, libraries.write(needed))
        fetched = list(dict.fromkeys(f"{one.name} {one.version}" for one in needed))
        text = page(packing.listed, written=written, binned=packing.binned, fetched=fetched)
        await asyncio.to_thread(archive.writestr, "index.html", text)
        archive.close()
        async for part in sink.taken():
            yield part


class _Packing:
    def __init__(self, archive: zipfile.ZipFile, folder: Path) -> None:
        self._archive = archive
        self._folder = folder
        self.listed: list[Listed] = []
        self.used = libraries.Used()
        self.binned = 0

    async def artifact(self, connection: AsyncConnection, artifact_id: str) -> None:
        """Pack its records, and its versions as standalone files unless it is in the bin.

        What fails is named in the archive, and takes nothing else with it.
        """
        found = await artifacts.get(connection, artifact_id, deleted=True)
        if found is None:
            return  # the bin was emptied meanwhile
        with _spooled(self._folder) as file:
            is_whole = await _tried(_records(connection, artifact_id, file)) or False
            if is_whole:
                await asyncio.to_thread(self._add, f"data/{artifact_id}.jsonl", file)
        if found.deleted is not None:
            self.binned += 1
            if is_whole:
                await self._uses(connection, found)
                return
        await self._files(connection, found, is_whole=is_whole)

    async def _uses(self, connection: AsyncConnection, found: Artifact) -> None:
        """See what a tool uses of which no file is made."""
        if not await asyncio.to_thread(has_fetched):
            return
        for n in await versions.numbers(connection, found.id):
            made = await _tried(exported(connection, found, n))
            self.used.see(found.id, made.fetched if made else ())

    def _add(self, path: str, file: IO[bytes]) -> None:
        file.seek(0)
        with self._archive.open(path, "w", force_zip64=True) as packed:
            shutil.copyfileobj(file, packed, _PART)

    async def _files(self, connection: AsyncConnection, found: Artifact, *, is_whole: bool) -> None:
        seen = await _tried(overview.of(connection, [found]))
        live = seen[found.id].live if seen else None
        start = f"tools/{found.id}/{export_filename(found.title).removesuffix('.html')}"
        files: list[tuple[int, str]] = []
        failed: list[tuple[int, str]] = []
        for n in reversed(await versions.numbers(connection, found.id)):
            made = await _tried(exported(connection, found, n))
            self.used.see(found.id, made.fetched if made else ())
            if made is None:
                # Not as HTML: it has no policy of its own.
                path = f"{start}-v{n}.source.txt"
                text = await _tried(_source(connection, found.id, n)) or ""
                failed.append((n, path))
            elif n == live or made.size <= _LARGE_OLDER:
                path, text = f"{start}-v{n}.html", made.html
                files.append((n, path))
            else:
                continue
            await asyncio.to_thread(self._archive.writestr, path, text)
        self.listed.append(
            Listed(found.title, found.prompt, found.updated, live, files, failed, is_whole)
        )


async def _records(connection: AsyncConnection, artifact_id: str, file: IO[bytes]) -> bool:
    checking = Checking(artifact_id, again=True)
    async with aclosing(whole.rows(connection, artifact_id)) as parts:
        async for table, rows in parts:
            await asyncio.to_thread(_write, file, table, rows, checking)
    checking.end()
    return True


async def _source(connection: AsyncConnection, artifact_id: str, n: int) -> str:
    return await versions.source(connection, artifact_id, n) or ""


async def _tried(making: Coroutine[Any, Any, _Made]) -> _Made | None:
    """Return what comes of it; nothing, told to the log, where it fails: others are to come."""
    try:
        return await making
    except Exception as error:
        if isinstance(error, OSError) and is_no_room(error):
            raise
        _log.exception("A part of an archive could not be made.")
        return None


def _write(file: IO[bytes], table: Table, rows: Sequence[whole.Row], checking: Checking) -> None:
    """Raise a `ValueError` for what no import takes: it would keep every other tool out, too."""
    for row in rows:
        line = lines.write(table, row)
        checking.see(*lines.read(line))
        if file.tell() + len(line) > lengths.MOST_OF_TOOL:
            raise ValueError("a tool is too large")
        file.write(line)
