"""Archives that people bring, read in place: nothing is ever written by a name that is in one."""

from __future__ import annotations

import contextlib
import lzma
import re
import struct
import zipfile
import zlib
from typing import BinaryIO

from server.errors import Problem

DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(NotImplementedError, RuntimeError, EOFError, ValueError, OSError, OverflowError),
)
"""What reading a damaged archive raises."""

BEGINS = b"PK\x03\x04"
"""The first bytes of an archive with anything in it."""
_LINK = 0o120000
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others are unpacked whole, however large
_NAMED_IN_UTF8 = 0x800
_END, _END_BYTES = b"PK\x05\x06", 22
_END_64, _END_64_BYTES = b"PK\x06\x07", 56
_COMMENT = 65_535


def entries(name: str, archive: zipfile.ZipFile, *, most: int) -> dict[str, zipfile.ZipInfo]:
    """List the files of an archive by their paths. Raises a `Problem` for one that means harm."""
    found = [one for one in archive.infolist() if not one.is_dir()]
    if len(found) > most:
        raise Problem(422, f"{name} holds {len(found):,} files; at most {most:,} fit.")
    files: dict[str, zipfile.ZipInfo] = {}
    for entry in found:
        path = _path(entry)
        if path.startswith("/") or ".." in path.split("/"):
            raise Problem(422, f"{name} is refused: {path!r} leads out of it.")
        if (entry.external_attr >> 16) & 0o170000 == _LINK:
            raise Problem(422, f"{name} is refused: {path!r} is a link.")
        if path.startswith("__MACOSX/"):
            continue
        if entry.compress_type not in PACKED:
            raise Problem(
                422,
                f"{path} in {name} is packed by a method that is not read here.",
                action="Pack the files as an ordinary zip.",
            )
        files[path] = entry
    return files


def _path(entry: zipfile.ZipInfo) -> str:
    """Return a path as it was meant: some systems write UTF-8 unsaid, some backslashes."""
    name = entry.filename
    if not entry.flag_bits & _NAMED_IN_UTF8:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def directory_bytes(file: BinaryIO) -> int:
    """Return the size of an archive's list of files, which opening it reads whole."""
    size = file.seek(0, 2)
    start = max(0, size - _END_BYTES - _COMMENT - 20)
    file.seek(start)
    tail = file.read()
    # All that may be its end: readers differ in which they believe, and a field may look like one.
    ends = [one.start() for one in re.finditer(_END, tail[: len(tail) - _END_BYTES + len(_END)])]
    # With none it is no archive: opening it says so.
    return max((_told(file, tail, start, end) for end in ends), default=0)


def _told(file: BinaryIO, tail: bytes, start: int, end: int) -> int:
    """Return what the record at `end` of the file's last bytes, from `start` on, says."""
    size = start + len(tail)
    told: int = struct.unpack_from("<L", tail, end + 12)[0]
    if tail[max(0, end - 20) : end].startswith(_END_64):
        told_at: int = struct.unpack_from("<Q", tail, end - 12)[0]
        # Readers differ in which of the two they believe.
        for at in (start + end - 20 - _END_64_BYTES, told_at):
            file.seek(min(max(0, at), size))
            large = file.read(_END_64_BYTES).ljust(_END_64_BYTES, b"\0")
            told = max(told, struct.unpack_from("<Q", large, 40)[0])
    return told
