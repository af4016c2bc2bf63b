"""A file that a person brings, as a document. Raises a `Problem` that says what it is instead.

HTML, a zip of a page with its files, a React component (.jsx, .tsx), SVG, Markdown.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from sandbox.own_command import own_command
from server import folders, unpacking, wrapping
from server.errors import Problem
from server.everything.reading import is_everything

MOST_BYTES = 20_000_000
MOST_FILES = 2_000  # of a folder or zip
MOST_UNPACKED = 60_000_000  # bytes of them together
_ACCEPTED = "Choose HTML, a zip of a page with its files, .jsx, .tsx, .svg or .md."
# Python has codecs besides that are no character sets, or slow.
_CHARSET = re.compile(
    rb"charset=[\"']?(windows-125[0-8]|iso-8859-(?:[1-9]|1[013-6])|shift_jis|euc-jp|euc-kr|gbk"
    rb"|gb2312|gb18030|big5|koi8-[ru]|utf-8)\b",
    re.IGNORECASE,
)
_KINDS = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"\x1f\x8b": "a gzip archive",
    b"\x7fELF": "a program",
    b"MZ": "a program",
}


@dataclass(frozen=True, slots=True)
class Brought:
    """`missing`: files that the page refers to and that did not come with it."""

    html: str
    title: str
    missing: tuple[str, ...] = ()


def read(name: str, data: bytes) -> Brought:
    title = _title(name)
    if not data.strip():
        raise Problem(422, f"{name} is empty.", action=_ACCEPTED)
    if len(data) > MOST_BYTES:
        raise Problem(413, f"{name} has {len(data):,} bytes; at most {MOST_BYTES:,} fit.")
    if data.startswith(unpacking.BEGINS):
        return read_folder(name, _unpacked(name, data))
    for start, kind in _KINDS.items():
        if data.startswith(start):
            raise Problem(422, f"{name} is {kind}.", action=_ACCEPTED)
    text = _text(name, data)
    suffix = PurePosixPath(name.lower()).suffix
    if suffix in {".jsx", ".tsx"}:
        return _component(name, text, title)
    made, lacks = _document(suffix, text, title)
    if made is None:
        raise Problem(422, f"There is {lacks} in {name}.", action=_ACCEPTED)
    return Brought(made, title)


def _component(name: str, text: str, title: str) -> Brought:
    made = wrapping.from_react(text, title)
    if made is None:
        lacks = "no component: nothing is exported, and nothing begins with a capital letter,"
        raise Problem(422, f"There is {lacks} in {name}.", action=_ACCEPTED)
    return Brought(made.html, title, made.missing)


def _document(suffix: str, text: str, title: str) -> tuple[str | None, str]:
    """Return the document, or what the text lacks for one."""
    if suffix == ".svg":
        return wrapping.from_svg(text, title), "no <svg> element"
    if suffix in {".md", ".markdown"}:
        return wrapping.from_markdown(text, title), ""
    return (text if "<" in text else None), "no markup"


def read_folder(name: str, files: Mapping[str, bytes]) -> Brought:
    page = folders.page_of(files)
    if page is None:
        raise Problem(
            422,
            f"There is no index.html in {name}, and not just one page.",
            action="Name the page index.html.",
        )
    try:
        joined = folders.join(files, page, most=MOST_BYTES)
    except folders.TooDeepError as error:
        raise Problem(
            422,
            f"{error} in {name} is the end of a row of more than {folders.DEEPEST} files "
            "that import each other.",
            action="Put the files together into fewer, then import again.",
        ) from error
    except folders.TooLargeError:
        joined = None
    if joined is None or len(joined.html.encode("utf-8", "replace")) > MOST_BYTES:
        raise Problem(413, f"{name} as one document is larger than {MOST_BYTES:,} bytes.")
    return Brought(joined.html, _title(name), joined.missing)


def _text(name: str, data: bytes) -> str:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if b"\0" in data:
        raise Problem(422, f"{name} is a binary file.", action=_ACCEPTED)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        told = _CHARSET.search(data[:2048])
        return data.decode(told[1].decode() if told else "windows-1252", "replace")


def _unpacked(name: str, data: bytes) -> dict[str, bytes]:
    """Read an archive in memory; nothing is written anywhere."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _files(name, archive)
    except unpacking.DAMAGED as error:
        raise Problem(422, f"{name} cannot be unpacked: {error}.", action=_ACCEPTED) from error


def _files(name: str, archive: zipfile.ZipFile) -> dict[str, bytes]:
    if is_everything(archive):
        raise Problem(
            422,
            f"{name} is what Export everything wrote.",
            action=f"Send it to /api/import, or use `{own_command('import')}`.",
        )
    files: dict[str, bytes] = {}
    left = MOST_UNPACKED
    for path, entry in unpacking.entries(name, archive, most=MOST_FILES).items():
        with archive.open(entry) as file:
            files[path] = file.read(left + 1)  # what it says of its size proves nothing
        left -= len(files[path])
        if left < 0:
            raise Problem(413, f"{name} unpacks to more than {MOST_UNPACKED:,} bytes.")
    return files


def _title(name: str) -> str:
    stem = PurePosixPath(name.replace("\\", "/")).name
    stem = re.sub(r"\.\w{1,8}$", "", stem)
    words = re.sub(r"[-_]+", " ", stem).strip()
    return words[:1].upper() + words[1:] or "Imported tool"
