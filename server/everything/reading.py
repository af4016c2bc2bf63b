"""An archive of everything, looked through before anything of it is stored."""

from __future__ import annotations

import io
import itertools
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from sqlalchemy import Table

from server import unpacking
from server.errors import Problem
from server.everything import lengths, libraries, lines
from server.everything.checking import Checking
from server.everything.libraries import Needed
from server.everything.lines import DamagedError

MANIFEST = "sandwright.json"
FORMAT = "sandwright everything"
VERSION = 1
_DATA = re.compile(rf"data/({lines.ID.pattern})\.jsonl")
_MOST_FILES = 200_000
_MOST_DIRECTORY = 32 * 1024**2
_MOST_UNPACKED = 16 * 1024**3
_MOST_MANIFEST = 10_000
_HEAD = 30 + len(MANIFEST)  # bytes up to the end of the first name
_BATCH_RECORDS, _BATCH_BYTES = 200, 2 * 1024**2
_AGAIN = "Export everything once more where it came from. Nothing was imported."

Batch = tuple[Table, list[dict[str, Any]]]


@dataclass
class Archive:
    """What was found good: files of records by the artifact's id."""

    name: str
    archive: zipfile.ZipFile
    files: Mapping[str, zipfile.ZipInfo]
    libraries: Sequence[Needed] = ()
    """Those that its tools use and that a person had fetched where it comes from."""
    giving: set[str] = field(default_factory=set)
    """Artifacts that permissions were given to."""
    origins: set[str] = field(default_factory=set)
    """Servers that were given to any."""
    newest: dict[str, int] = field(default_factory=dict)
    """The number of each artifact's last version."""

    def batches(self, artifact_id: str) -> Iterator[Batch]:
        """Read an artifact's records, a few of one table at a time."""
        for table, some in itertools.groupby(self._records(artifact_id), lambda one: one[0]):
            batch: list[dict[str, Any]] = []
            size = 0
            for _, row, length in some:
                batch.append(row)
                size += length
                if len(batch) >= _BATCH_RECORDS or size >= _BATCH_BYTES:
                    yield table, batch
                    batch, size = [], 0
            if batch:
                yield table, batch

    def _records(self, artifact_id: str) -> Iterator[tuple[Table, dict[str, Any], int]]:
        checking = Checking(artifact_id, again=artifact_id in self.newest)
        for at, line in enumerate(self._lines(artifact_id), start=1):
            try:
                table, row = lines.read(line)
                checking.see(table, row)
            except DamagedError as error:
                raise self._damaged(artifact_id, f"line {at}: {error}") from error
            yield table, row, len(line)
        try:
            checking.end()
        except DamagedError as error:
            raise self._damaged(artifact_id, str(error)) from error
        self.origins |= checking.origins
        self.newest[artifact_id] = checking.newest
        if checking.gives:
            self.giving.add(artifact_id)

    def _lines(self, artifact_id: str) -> Iterator[bytes]:
        try:
            with self.archive.open(self.files[artifact_id]) as packed:
                file = io.BufferedReader(packed)  # type: ignore[type-var] # it reads like a raw one
                while line := file.readline(lengths.MOST + 1):
                    yield line
        except unpacking.DAMAGED as error:
            raise self._damaged(artifact_id, str(error)) from error

    def _damaged(self, artifact_id: str, reason: str) -> Problem:
        path = self.files[artifact_id].filename
        return Problem(422, f"{path} in {self.name} is damaged: {reason}.", action=_AGAIN)

    def check(self) -> None:
        """Look at every record. Raises a `Problem` for the first that cannot be stored."""
        for artifact_id in self.files:
            for _ in self._records(artifact_id):
                pass


def is_everything(archive: zipfile.ZipFile) -> bool:
    """Whether Export everything wrote an archive, by whatever version of Sandwright."""
    folder = _folder(archive.namelist())
    return folder is not None and _manifest(archive, folder) is not None


def _folder(names: Sequence[str]) -> str | None:
    for name in names:
        folder, slash, last = name.rpartition("/")
        if last == MANIFEST and "/" not in folder:
            return folder + slash
    return None


def open_archive(name: str, file: BinaryIO) -> Archive | None:
    """Open an archive and look at its names; `None` for something else. Raises a `Problem`."""
    file.seek(0)
    begins = MANIFEST.encode() in file.read(_HEAD)
    try:
        if unpacking.directory_bytes(file) > _MOST_DIRECTORY:
            raise Problem(413, f"{name} lists more files than fit.")
        archive = zipfile.ZipFile(file)
        folder = _folder(archive.namelist())
        if folder is None or not _knows(name, archive, folder):
            return None
        files = unpacking.entries(name, archive, most=_MOST_FILES)
    except unpacking.DAMAGED as error:
        if not begins:
            return None
        raise Problem(422, f"{name} cannot be unpacked: {error}.", action=_AGAIN) from error
    found = {
        match[1]: entry
        for path, entry in files.items()
        if path.startswith(folder) and (match := _DATA.fullmatch(path.removeprefix(folder)))
    }
    # Nothing is read beyond the size that an entry says it has.
    for entry in found.values():
        if entry.file_size > lengths.MOST_OF_TOOL:
            raise Problem(
                422,
                f"{entry.filename} in {name} unpacks to {entry.file_size:,} bytes; "
                f"at most {lengths.MOST_OF_TOOL:,} of one tool fit. Nothing was imported.",
                action="Take that file out of the archive to import the other tools.",
            )
    if sum(entry.file_size for entry in found.values()) > _MOST_UNPACKED:
        raise Problem(413, f"{name} unpacks to more than {_MOST_UNPACKED:,} bytes.")
    listed = files.get(f"{folder}{libraries.FILE}")
    needed = () if listed is None else _libraries(name, archive, listed)
    return Archive(name, archive, found, needed)


def _libraries(name: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> tuple[Needed, ...]:
    try:
        with archive.open(entry) as file:
            return libraries.read(file.read(libraries.MOST_BYTES + 1))
    except unpacking.DAMAGED as error:
        reason = f"{entry.filename} in {name} is damaged: {error}."
        raise Problem(422, reason, action=_AGAIN) from error


def _knows(name: str, archive: zipfile.ZipFile, folder: str) -> bool:
    """Whether the manifest is ours. Raises a `Problem` for one from the future."""
    manifest = _manifest(archive, folder)
    if manifest is None:
        return False
    if manifest.get("version") != VERSION:
        raise Problem(
            422,
            f"{name} was written by a newer Sandwright.",
            action="Update this one, then import it again.",
        )
    return True


def _manifest(archive: zipfile.ZipFile, folder: str) -> dict[str, Any] | None:
    """Read what an archive says that it is; `None` where it is another's, by the same name."""
    entry = archive.getinfo(folder + MANIFEST)
    if entry.compress_type not in unpacking.PACKED:
        return None  # nor of ours; of the others the first byte may cost gigabytes
    with archive.open(entry) as file:
        text = file.read(_MOST_MANIFEST)
    try:
        manifest = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_ours = isinstance(manifest, dict) and manifest.get("format") == FORMAT
    return manifest if is_ours else None
