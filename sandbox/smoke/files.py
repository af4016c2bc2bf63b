"""Small real files, for tools that ask for one."""

from __future__ import annotations

import io
import json
import re
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
MANY = 60
"""Rows of a table: a tool may show so many at a time, and the rest on another page."""
_GOODS = (("Tea", "3.5"), ("Cake", "4"), ("Jam", "2.25"), ("Milk", "1.2"), ("Bread", "2.8"))


def rows() -> list[tuple[str, str, str]]:
    """List a name, an amount and a date for each row; no name is there twice."""
    found = []
    for number in range(MANY):
        name, amount = _GOODS[number % len(_GOODS)]
        more = number // len(_GOODS)
        date = f"2024-{5 + number // 28:02}-{1 + number % 28:02}"
        found.append((f"{name} {more + 1}" if more else name, amount, date))
    return found


def _csv() -> bytes:
    lines = ("name", "amount", "date"), *rows()
    return "".join(",".join(line) + "\n" for line in lines).encode()


def _json() -> bytes:
    listed = [
        {"name": name, "amount": float(amount), "date": date} for name, amount, date in rows()
    ]
    return json.dumps(listed, indent=1).encode() + b"\n"


_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><path d="M0 0h8v8z"/></svg>\n'


_GEOJSON = (
    b'{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"name": "Tea"},'
    b' "geometry": {"type": "Point", "coordinates": [13.4, 52.5]}}]}\n'
)
_GPX = b"""<?xml version="1.0"?>
<gpx version="1.1" creator="sample" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>
<trkpt lat="52.50" lon="13.40"><ele>34</ele><time>2024-05-17T10:30:00Z</time></trkpt>
<trkpt lat="52.51" lon="13.41"><ele>36</ele><time>2024-05-17T10:31:00Z</time></trkpt>
</trkseg></trk></gpx>
"""
_KML = b"""<?xml version="1.0"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>Tea</name>
<Point><coordinates>13.4,52.5</coordinates></Point></Placemark></Document></kml>
"""
_ICS = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:sample\r\nBEGIN:VEVENT\r\nUID:1\r\n"
    b"DTSTAMP:20240517T103000Z\r\nDTSTART:20240517T103000Z\r\nSUMMARY:Tea\r\n"
    b"END:VEVENT\r\nEND:VCALENDAR\r\n"
)
_VCF = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada\r\nEMAIL:ada@example.org\r\nEND:VCARD\r\n"
_SRT = b"1\n00:00:01,000 --> 00:00:02,500\nTea?\n\n2\n00:00:03,000 --> 00:00:04,000\nCake.\n"
_VTT = b"WEBVTT\n\n00:01.000 --> 00:02.500\nTea?\n\n00:03.000 --> 00:04.000\nCake.\n"


@dataclass(frozen=True, slots=True)
class SampleFile:
    """`fits`: it is of a kind that was asked for, as far as that was said."""

    name: str
    content: bytes
    fits: bool = True


def sample_file(accept: str, words: str = "") -> SampleFile:
    """Choose a file by an input's `accept`, or failing that by the `words` around it."""
    for wanted in (accept.lower(), words.lower()):
        for marks, name, make in _KINDS:
            if any(mark in wanted for mark in marks):
                return SampleFile(name, make())
    fits = not accept.strip() or _ANY_TEXT.search(accept.lower()) is not None
    return SampleFile("sample.txt", b"Tea and cake.\nA second line.\n", fits)


_ANY_TEXT = re.compile(r"text/(?:\*|plain)|\.te?xt\b|\*/\*|\.log\b|\.\*")


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


def _office(part: str, kind: str, content: str, more: dict[str, str] | None = None) -> bytes:
    """Make the smallest package of parts (ECMA-376, part 2) with one main part."""
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    main = f"application/vnd.openxmlformats-officedocument.{kind}.main+xml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{types}"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml"'
        f' ContentType="application/xml"/><Override PartName="/{part}" ContentType="{main}"/>'
        "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{relations}"><Relationship Id="r1" Type="{office}"'
        f' Target="{part}"/></Relationships>',
        part: content,
        **(more or {}),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return buffer.getvalue()


def _docx() -> bytes:
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    text = "<w:body><w:p><w:r><w:t>Tea and cake.</w:t></w:r></w:p></w:body>"
    content = f'<w:document xmlns:w="{word}">{text}</w:document>'
    return _office("word/document.xml", "wordprocessingml.document", content)


def _xlsx() -> bytes:
    sheets = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    book = (
        f'<workbook xmlns="{sheets}" xmlns:r="{relations}"><sheets><sheet name="Tea" sheetId="1"'
        ' r:id="r1"/></sheets></workbook>'
    )
    cells = "".join(
        f'<row r="{at}"><c r="A{at}" t="inlineStr"><is><t>{name}</t></is></c>{amount}</row>'
        for at, name, amount in (
            (1, "name", '<c r="B1" t="inlineStr"><is><t>amount</t></is></c>'),
            *(
                (at, name, f'<c r="B{at}"><v>{amount}</v></c>')
                for at, (name, amount, _) in enumerate(rows(), 2)
            ),
        )
    )
    sheet = f'<worksheet xmlns="{sheets}"><sheetData>{cells}</sheetData></worksheet>'
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    more = {
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}"><Relationship Id="r1"'
        f' Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": sheet,
    }
    return _office("xl/workbook.xml", "spreadsheetml.sheet", book, more)


def _wav() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(bytes(128 for _ in range(800)))
    return buffer.getvalue()


_KINDS: tuple[tuple[tuple[str, ...], str, Callable[[], bytes]], ...] = (
    (("csv",), "sample.csv", _csv),
    (("tsv", "tab-separated"), "sample.tsv", lambda: _csv().replace(b",", b"\t")),
    (("geojson", "geo+json"), "sample.geojson", lambda: _GEOJSON),
    (("json",), "sample.json", _json),
    (("gpx",), "sample.gpx", lambda: _GPX),
    (("kml",), "sample.kml", lambda: _KML),
    ((".ics", "calendar"), "sample.ics", lambda: _ICS),
    (("vcf", "vcard"), "sample.vcf", lambda: _VCF),
    (("srt", "subtitle", "subrip"), "sample.srt", lambda: _SRT),
    (("vtt",), "sample.vtt", lambda: _VTT),
    (("yaml", "yml"), "sample.yaml", lambda: b"name: Tea\namount: 3.5\n"),
    (("toml",), "sample.toml", lambda: b'name = "Tea"\namount = 3.5\n'),
    (("svg",), "sample.svg", lambda: _SVG),
    (("image", "png", "jpg", "jpeg", "picture", "photo"), "sample.png", png),
    (("pdf",), "sample.pdf", lambda: _PDF),
    (("zip",), "sample.zip", _zip),
    (("audio", "wav", "sound"), "sample.wav", _wav),
    (("markdown", ".md"), "sample.md", lambda: b"# Tea\n\nAnd *cake*.\n"),
    (("html",), "sample.html", lambda: b"<!doctype html><title>Tea</title><p>And cake.\n"),
    (("spreadsheetml", "xlsx"), "sample.xlsx", _xlsx),
    (("wordprocessingml", "docx"), "sample.docx", _docx),
    (("spreadsheet",), "sample.csv", _csv),
    (("xml",), "sample.xml", lambda: b"<?xml version='1.0'?><tea><cake/></tea>\n"),
)
