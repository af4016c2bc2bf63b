"""Say of a picture of the page, without anyone looking at it, whether it is all one colour."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}


def is_one_colour(png: bytes) -> bool:
    """Say whether every pixel of an 8-bit PNG is the same (https://www.w3.org/TR/png-3/).

    The rows are compared as they are filtered: of a picture in one colour, the differences to
    the left and above are all nothing, so no pixel has to be worked out.
    """
    header, data = _read(png)
    width, height, depth, colour = struct.unpack(">IIBB", header[:10])
    size = _CHANNELS.get(colour, 0)
    if depth != 8 or size == 0:  # noqa: PLR2004 - bits a channel
        return False
    stride = width * size + 1
    rows = [data[start : start + stride] for start in range(0, stride * height, stride)]
    return all(_is_level(row, size, first=index == 0) for index, row in enumerate(rows)) and (
        len({row[: size + 1] for row in rows if row[0] in (0, 1, 3)} - {rows[0][: size + 1]}) <= 1
    )


def _is_level(row: bytes, size: int, *, first: bool) -> bool:
    kind, pixels = row[0], row[1:]
    if kind == 0 or (first and kind == 2):  # noqa: PLR2004 - None, and Up with nothing above
        return pixels[size:] == pixels[:-size]
    if kind in (1, 3) or first:  # Sub, Average: only the first pixel may differ from nothing
        return not any(pixels[size:]) if kind != 3 or not first else False  # noqa: PLR2004
    return not any(pixels)


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
