"""Small real files, for tools that ask for one."""

from __future__ import annotations

import io
import struct
import wave
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>endobj
trailer<</Root 1 0 R>>
%%EOF
"""
_CSV = b"name,amount,date\nTea,3.5,2024-05-17\nCake,4,2024-05-18\nJam,2.25,2024-05-19\n"
_JSON = b'[{"name": "Tea", "amount": 3.5}, {"name": "Cake", "amount": 4}]\n'
_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><path d="M0 0h8v8z"/></svg>\n'


@dataclass(frozen=True, slots=True)
class SampleFile:
    name: str
    content: bytes


def sample_file(accept: str, words: str = "") -> SampleFile:
    """Choose a file by an input's `accept`, or failing that by the `words` around it."""
    for wanted in (accept.lower(), words.lower()):
        for marks, name, make in _KINDS:
            if any(mark in wanted for mark in marks):
                return SampleFile(name, make())
    return SampleFile("sample.txt", b"Tea and cake.\nA second line.\n")


def png(width: int = 8, height: int = 8) -> bytes:
    """Make a small picture with a gradient (https://www.w3.org/TR/png-3/)."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    rows = (
        b"\0" + b"".join(bytes((x * 31 % 256, y * 31 % 256, 128)) for x in range(width))
        for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"".join(rows))
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", body), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("sample.txt", "Tea and cake.\n")
    return buffer.getvalue()


def _wav() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(bytes(128 for _ in range(800)))
    return buffer.getvalue()


_KINDS: tuple[tuple[tuple[str, ...], str, Callable[[], bytes]], ...] = (
    (("csv", "tsv", "spreadsheet"), "sample.csv", lambda: _CSV),
    (("json",), "sample.json", lambda: _JSON),
    (("svg",), "sample.svg", lambda: _SVG),
    (("image", "png", "jpg", "jpeg", "picture", "photo"), "sample.png", png),
    (("pdf",), "sample.pdf", lambda: _PDF),
    (("zip",), "sample.zip", _zip),
    (("audio", "wav", "sound"), "sample.wav", _wav),
    (("markdown", ".md"), "sample.md", lambda: b"# Tea\n\nAnd *cake*.\n"),
    (("html",), "sample.html", lambda: b"<!doctype html><title>Tea</title><p>And cake.\n"),
    (("xml",), "sample.xml", lambda: b"<?xml version='1.0'?><tea><cake/></tea>\n"),
)
