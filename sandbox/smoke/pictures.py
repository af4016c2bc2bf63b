"""Say of a picture of the page, without anyone looking at it, whether it is all one colour."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BITS = 8
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}


def is_one_colour(png: bytes) -> bool:
    """Say whether every pixel of an 8-bit PNG is the same (https://www.w3.org/TR/png-3/).

    The rows are compared as they are filtered (section 9.2): in one colour, a row of each filter
    type can look only one way, so no pixel has to be worked out.
    """
    header, data = _read(png)
    width, height, depth, kind = struct.unpack(">IIBB", header[:10])
    size = _CHANNELS.get(kind, 0)
    if depth != _BITS or size == 0:
        return False
    stride = width * size + 1
    colour = data[1 : 1 + size]
    top, below = _rows(colour, width, first=True), _rows(colour, width, first=False)
    return data[:stride] in top and all(
        data[start : start + stride] in below for start in range(stride, stride * height, stride)
    )


def _rows(colour: bytes, width: int, *, first: bool) -> frozenset[bytes]:
    """Encode a row of one colour in each of the five filter types."""
    nothing = bytes(len(colour))
    less_half = bytes(value - value // 2 for value in colour)
    rest = width - 1
    return frozenset(
        {
            b"\0" + colour * width,
            b"\1" + colour + nothing * rest,
            b"\2" + (colour if first else nothing) * width,
            b"\3" + (colour + less_half * rest if first else less_half + nothing * rest),
            b"\4" + (colour if first else nothing) + nothing * rest,
        }
    )


def _read(png: bytes) -> tuple[bytes, bytes]:
    chunks = list(_chunks(png))
    header = next((body for kind, body in chunks if kind == b"IHDR"), b"")
    return header, zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    if not png.startswith(_SIGNATURE):
        raise ValueError("this is not a PNG")
    at = len(_SIGNATURE)
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        yield kind, png[at + 8 : at + 8 + length]
        at += length + 12
