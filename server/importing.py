"""A file that a person brings, as a document. Raises a `Problem` that says what it is instead.

HTML, a zip of a page with its files, a React component (.jsx, .tsx), SVG, Markdown.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from sandbox.own_command import own_command
from server import folders, unpacking, wrapping
from server.errors import Problem
from server.everything.reading import is_everything
from server.texts import Text, has_mark, text_of
from server.wording import shortened

MOST_BYTES = 20_000_000
MOST_FILES = 2_000  # of a folder or zip
MOST_UNPACKED = 60_000_000  # bytes of them together
_MOST_NAMED = 20
_REPLACED = "Some letters could not be read (save it as UTF-8) and were replaced in"
_ACCEPTED = "Choose HTML, a zip of a page with its files, .jsx, .tsx, .svg or .md."
# What begins as a module does (the same in frontend/static/js/pasted.js, for what is pasted).
_MODULE = re.compile(
    r"(?:\s|//[^\n]*+|/\*(?>.*?\*/)|[\"']use \w++[\"'];?+)*+"
    r"(?:import|export|const|let|var|function|async|class|interface|type|enum)\b",
    re.DOTALL,
)
_TEXTS = frozenset({".md", ".markdown"})
_NO_CODE = _TEXTS | {".svg"}
_ELEMENT = re.compile(r"</|/>|createElement\(")
_DEFAULT = re.compile(r"^[ \t]*+export\s++default\b", re.MULTILINE)
_FROM = re.compile(r"\bfrom\s*+[\"'][^\"'\n]++[\"']")
_COMPONENT = re.compile(r"^(?:export\s++)?+(?:function|const|class)\s++[A-Z]", re.MULTILINE)
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
    """`missing`: files that the page refers to and that did not come with it.

    `notes` say what else a person should know, a sentence each.
    """

    html: str
    title: str
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read(name: str, data: bytes) -> Brought:
    title = _title(name)
    if len(data) > MOST_BYTES:
        raise Problem(413, f"{name} has {len(data):,} bytes; at most {MOST_BYTES:,} fit.")
    if data.startswith(unpacking.BEGINS):
        return read_folder(name, _unpacked(name, data))
    found = _text(name, data)
    suffix = PurePosixPath(name.lower()).suffix
    if suffix in {".jsx", ".tsx"} or (suffix not in _NO_CODE and _is_component(found.text)):
        made = _component(name, found.text, title)
    else:
        made = _document(name, suffix, found.text, title)
    return replace(made, notes=_note(_REPLACED, (name,) if found.replaced else ()))


def _component(name: str, text: str, title: str) -> Brought:
    made = wrapping.from_react(text, title)
    if made is None:
        lacks = "no component: nothing is exported, and nothing begins with a capital letter,"
        raise Problem(422, f"There is {lacks} in {name}.", action=_ACCEPTED)
    return Brought(made.html, title, made.missing)


def _document(name: str, suffix: str, text: str, title: str) -> Brought:
    made, lacks = text if "<" in text else None, "no markup"
    if suffix == ".svg":
        made, lacks = wrapping.from_svg(text, title), "no <svg> element"
    elif suffix in _TEXTS:
        made = wrapping.from_markdown(text, title)
    if made is None:
        raise Problem(422, f"There is {lacks} in {name}.", action=_ACCEPTED)
    return Brought(made, title)


def read_html(text: str, title: str) -> Brought:
    """Read what came with no file's name; its caller has looked whether it is a text at all."""
    return _component(title, text, title) if _is_component(text) else Brought(text, title)


def _is_component(text: str) -> bool:
    """Say whether this is code with markup in it, which no browser shows as it stands."""
    if not _MODULE.match(text) or not _ELEMENT.search(text):
        return False
    if _DEFAULT.search(text):
        return True
    return bool(_FROM.search(text) and _COMPONENT.search(text))


def read_folder(name: str, files: Mapping[str, bytes]) -> Brought:
    page = folders.page_of(files)
    if page is None:
        raise Problem(
            422,
            f"There is no index.html in {name}, and not just one page.",
            action="Name the page index.html.",
        )
    if "<" not in _text(f"{page} in {name}", files[page]).text:
        raise Problem(422, f"There is no markup in {page} in {name}.", action=_ACCEPTED)
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
    notes = (
        *_note("Scripts name these files, which they do not find here", joined.named),
        *_note("These are documents within the page, which the sandbox keeps out", joined.nested),
        *_note(_REPLACED, joined.replaced),
    )
    return Brought(joined.html, _title(name), joined.missing, notes)


def _note(said: str, names: Sequence[str]) -> tuple[str, ...]:
    if not names:
        return ()
    return (f"{said}: {shortened(names, _MOST_NAMED)}.",)


def _text(name: str, data: bytes) -> Text:
    """Read a file that must be a text. Raises a `Problem` that says what it is instead."""
    if not data.strip():
        raise Problem(422, f"{name} is empty.", action=_ACCEPTED)
    for start, kind in _KINDS.items():
        if data.startswith(start):
            raise Problem(422, f"{name} is {kind}.", action=_ACCEPTED)
    if b"\0" in data and not has_mark(data):
        raise Problem(422, f"{name} is a binary file.", action=_ACCEPTED)
    return text_of(data)


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
