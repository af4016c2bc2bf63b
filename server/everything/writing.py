"""Everything as a zip, made while it is read: no more than a few records are held at once."""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import IO

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from server.everything import lines
from server.everything.page import Listed, page
from server.everything.reading import FORMAT, MANIFEST, VERSION
from server.export import export_filename
from server.exporting import exported
from server.store import artifacts, overview, versions, whole
from server.store.database import Database
from server.store.records import Artifact

_LARGE_OLDER = 2_000_000
"""Bytes: of versions that are not live, larger files are left out; their documents are in data."""


class _Sink:
    """A file for `zipfile` that keeps what was written until it is taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, part: bytes) -> int:
        self._parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def archive_name() -> str:
    return f"sandwright-{datetime.now(UTC):%Y-%m-%d}.zip"


async def pack(database: Database) -> AsyncIterator[bytes]:
    """Yield the archive. Each artifact is as it was at one moment."""
    sink = _Sink()
    written = datetime.now(UTC)
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        # First and unpacked, so that the first bytes of the file say what it is.
        manifest = {"format": FORMAT, "version": VERSION, "written": written.isoformat()}
        archive.writestr(MANIFEST, json.dumps(manifest) + "\n", zipfile.ZIP_STORED)
        yield sink.take()
        packing = _Packing(archive, sink)
        async with database.read() as connection:
            ids = await whole.ids(connection)
        for artifact_id in ids:
            async with database.read() as connection:
                async for part in packing.artifact(connection, artifact_id):
                    yield part
        text = page(packing.listed, written=written, binned=packing.binned)
        await asyncio.to_thread(archive.writestr, "index.html", text)
    yield sink.take()


class _Packing:
    def __init__(self, archive: zipfile.ZipFile, sink: _Sink) -> None:
        self._archive = archive
        self._sink = sink
        self.listed: list[Listed] = []
        self.binned = 0

    async def artifact(self, connection: AsyncConnection, artifact_id: str) -> AsyncIterator[bytes]:
        """Pack its records, and its versions as standalone files unless it is in the bin."""
        found = await artifacts.get(connection, artifact_id, deleted=True)
        if found is None:
            return  # the bin was emptied meanwhile
        path = f"data/{artifact_id}.jsonl"
        with self._archive.open(path, "w", force_zip64=True) as file:
            async for table, rows in whole.rows(connection, artifact_id):
                await asyncio.to_thread(_write, file, table, rows)
                yield self._sink.take()
        yield self._sink.take()
        if found.deleted is not None:
            self.binned += 1
            return
        async for part in self._files(connection, found):
            yield part

    async def _files(self, connection: AsyncConnection, found: Artifact) -> AsyncIterator[bytes]:
        live = (await overview.of(connection, [found]))[found.id].live
        name = export_filename(found.title).removesuffix(".html")
        files: list[tuple[int, str]] = []
        for version in reversed(await versions.listed(connection, found.id)):
            made = await exported(connection, found, version.n)
            if made is None or (version.n != live and made.size > _LARGE_OLDER):
                continue
            path = f"tools/{found.id}/{name}-v{version.n}.html"
            files.append((version.n, path))
            await asyncio.to_thread(self._archive.writestr, path, made.html)
            yield self._sink.take()
        self.listed.append(Listed(found.title, found.prompt, found.updated, live, files))


def _write(file: IO[bytes], table: Table, rows: Sequence[whole.Row]) -> None:
    for row in rows:
        file.write(lines.write(table, row))
