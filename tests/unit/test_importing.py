"""Files that people bring become documents, or a message that says what they are."""

from __future__ import annotations

import io
import zipfile

import pytest

from server.errors import Problem
from server.importing import read, read_folder

PAGE = """<!doctype html><html lang="en"><head><title>Round</title>
<link rel="stylesheet" href="css/style.css?v=2"><script src="./js/app.js" defer></script></head>
<body><h1>Round</h1><img src="img/dot.png" alt=""><a href="other.html">Other</a>
<script type="module">import { edge } from "./js/edge.js"; edge();</script>
<img src="img/none.png" alt=""></body></html>"""
FILES = {
    "css/style.css": b"@import 'more.css'; h1 { background: url(../img/dot.png) }",
    "css/more.css": b"h1 { color: teal }",
    "js/app.js": b"var tag = '</script>';",
    "js/edge.js": b"import '../js/deep.js'; export const edge = () => {};",
    "js/deep.js": b"window.deep = 1;",
    "img/dot.png": b"PNG",
}


def packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return out.getvalue()


def test_a_zip_with_a_page_is_one_document_and_what_is_missing_is_listed() -> None:
    nested = {f"site/{name}": body for name, body in FILES.items()}
    brought = read("my-tool.zip", packed({"site/index.html": PAGE.encode(), **nested}))
    assert brought.missing == ("img/none.png",)
    assert brought.title == "My tool"
    for gone in ("css/style.css", "js/app.js", "./js/edge.js", "'more.css'"):
        assert gone not in brought.html
    assert brought.html.count("data:image/png;base64,UE5H") == 2
    assert "var tag = '<\\/script>';" in brought.html
    assert 'import { edge } from "data:text/javascript;base64,' in brought.html
    assert '<a href="other.html">' in brought.html


def test_a_folder_with_one_page_needs_no_index() -> None:
    assert read_folder("x", {"tool.htm": b"<p>Tea"}).html == "<p>Tea"
    with pytest.raises(Problem, match=r"index\.html"):
        read_folder("x", {"a.html": b"<p>a", "b.html": b"<p>b"})


def linked() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        entry = zipfile.ZipInfo("index.html")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    return out.getvalue()


BAD = {
    "empty": ("a.html", b"  ", "is empty"),
    "a PDF with another name": ("a.html", b"%PDF-1.7 ...", "is a PDF"),
    "binary": ("a.html", b"<p>\0", "is a binary file"),
    "no markup": ("a.html", b"hello", "no markup"),
    "too large": ("a.html", b"<" * 20_000_001, "20,000,001 bytes"),
    "no component": ("a.jsx", b"const x = 1;", "no component"),
    "no drawing": ("a.svg", b"<p>", "no <svg> element"),
    "a way out": ("a.zip", packed({"../index.html": b"<p>"}), "leads out of it"),
    "a link": ("a.zip", linked(), "is a link"),
    "many files": ("a.zip", packed({f"{n}.txt": b"" for n in range(2001)}), "2,001 files"),
    "not quite a zip": ("a.zip", packed(FILES)[:200], "cannot be unpacked"),
    "no page": ("a.zip", packed({"a.txt": b"x"}), "no index.html"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_tool_is_refused_with_what_it_is(name: str) -> None:
    file, data, said = BAD[name]
    with pytest.raises(Problem, match=said):
        read(file, data)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.html", b" " * 70_000_000)
    with pytest.raises(Problem, match="unpacks to more"):
        read("a.zip", out.getvalue())


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("<p>Größe".encode("utf-8-sig"), "<p>Größe"),
        ("<p>Größe".encode("utf-16"), "<p>Größe"),
        ("<p>Größe".encode("windows-1252"), "<p>Größe"),
    ],
)
def test_letters_survive_in_whatever_encoding(data: bytes, text: str) -> None:
    assert read("a.html", data).html == text
