"""Files that people bring become documents, or a message that says what they are."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import tracemalloc
import zipfile

import pytest

from server.errors import Problem
from server.importing import read, read_folder
from tests.growing import growth, repeated

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
    # It waits for the body, as it would in its file.
    assert 'src="data:text/javascript;base64,dmFyIHRhZyA9' in brought.html
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
    "a way out from the root": ("a.zip", packed({"/index.html": b"<p>"}), "leads out of it"),
    "a way out of another system": ("a.zip", packed({"..\\index.html": b"<p>"}), "leads out of it"),
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


def test_a_script_without_defer_stands_in_its_place() -> None:
    page = b'<script src="app.js"></script><p>x'
    brought = read_folder("x", {"index.html": page, "app.js": b"var tag = '</script>';"})
    assert brought.html == "<script>var tag = '<\\/script>';</script><p>x"


def test_a_module_in_a_file_imports_from_its_own_folder() -> None:
    page = b'<script type="module" src="js/main.js"></script>'
    files = {"index.html": page, "js/main.js": b'import "./util.js"', "js/util.js": b"1"}
    brought = read_folder("x", files)
    assert brought.missing == ()
    assert brought.html == (
        '<script type="module">import "data:text/javascript;base64,MQ=="</script>'
    )


def test_the_root_of_a_site_is_where_its_page_is() -> None:
    """What builders put into `dist/` names its files from the root of a site."""
    page = b'<link rel="stylesheet" href="/assets/x.css">'
    brought = read_folder("x", {"dist/index.html": page, "dist/assets/x.css": b"p { top: 0 }"})
    assert brought.missing == ()
    assert "p { top: 0 }" in brought.html


@pytest.mark.parametrize("says_its_encoding", [True, False])
def test_names_are_the_same_however_they_are_written(says_its_encoding: bool) -> None:
    """Some systems decompose letters, and some write UTF-8 and do not say so."""
    page = "<img src='gr\u00f6\u00dfe.png'>".encode()
    name = "gro\u0308\u00dfe.png"
    data = bytearray(packed({"index.html": page, name: b"PNG", "10:30.png": b"PNG"}))
    if not says_its_encoding:
        # The flags of a file stand 6 bytes into its own entry, and 8 into the list's.
        for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            own = data.rindex(mark, 0, data.index(name.encode(), data.index(mark)))
            while name.encode() not in data[own : own + 46 + len(name.encode())]:
                own = data.index(mark, own + 1)
            data[own + at + 1] &= ~8 & 0xFF
    assert "data:image/png" in read("x.zip", bytes(data)).html


CIRCLE = {
    "index.html": b'<script type="module">import "./a.js"</script>',
    "a.js": b'import "./b.js"',
    "b.js": b'import "./a.js"',
}


def test_what_imports_itself_in_a_circle_ends_and_is_told() -> None:
    assert read_folder("x", CIRCLE).missing == ("a.js (it imports itself in a circle)",)
    sheet = {"index.html": b'<link rel=stylesheet href="a.css">', "a.css": b'@import "a.css";' * 9}
    assert read_folder("x", sheet).missing == ("a.css (it imports itself in a circle)",)


def test_a_file_that_is_named_often_ends_at_the_limit() -> None:
    """Ten megabytes, named a thousand times: the memory for that is never taken."""
    files = {"index.html": b"<img src=a.png>" * 1000, "a.png": b"\0" * 10_000_000}
    with pytest.raises(Problem, match="larger than"):
        read("x.zip", packed(files))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_of_another_method_is_refused_before_it_is_unpacked(method: int) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("index.html", b"<p>" + b"x" * 1000)
    with pytest.raises(Problem, match="method"):
        read("x.zip", out.getvalue())
    # Not even to see whether it is an archive of ours, whose name that would be.
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("sandwright.json", bytes(50_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(Problem, match="method"):
            read("x.zip", out.getvalue())
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_damaged_zip_is_told_and_no_crash() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.html", bytes(range(256)) * 40)
    whole = bytearray(out.getvalue())
    whole[40:60] = b"\xff" * 20
    with pytest.raises(Problem, match="unpacked"):
        read("x.zip", bytes(whole))


HOSTILE = {
    "style": ("x.zip", {"index.html": b"<style>url(" + b" " * 200_000 + b"</style>"}),
    "module": (
        "x.zip",
        {"index.html": b"<script type=module>import" + b" " * 200_000 + b"</script>"},
    ),
    "declarations": ("x.zip", {"index.html": b"<!a>" * 200_000}),
    "lines": ("x.jsx", b"export default function A() {}" + b"\n" * 1_000_000),
    "imports": ("x.jsx", b"export default function A() {}\n" + b"import\n" * 30_000),
    "sources": ("x.zip", {"index.html": b"<img srcset='" + b",a b" * 100_000 + b"'>"}),
    "charset": ("x.html", b"<meta charset=punycode>\xff<p>" + b"a" * 200_000),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_takes_longer_than_its_length(name: str) -> None:
    """Each would take hours where time grows with the square of the length, or faster."""
    file, given = HOSTILE[name]
    data = packed(given) if isinstance(given, dict) else given
    assert read(file, data).html


def test_a_drawing_of_an_old_editor_is_a_drawing() -> None:
    drawing = (
        b'<?xml version="1.0"?><!DOCTYPE svg PUBLIC "x" [ <!ENTITY ns "http://a/"> ]>\n<svg></svg>'
    )
    assert "<svg></svg>" in read("x.svg", drawing).html


def test_every_picture_of_a_set_is_in_the_document() -> None:
    """And each attribute of a tag, not the first alone."""
    page = (
        b'<img src="a.png" srcset="a.png, b.png 2x,https://x.org/c.png 3x" alt="">'
        b'<source srcset="none.png 100w, b.png"><video src="a.png" poster="b.png"></video>'
    )
    brought = read_folder("x", {"index.html": page, "a.png": b"A", "b.png": b"B"})
    a, b = "data:image/png;base64,QQ==", "data:image/png;base64,Qg=="
    assert brought.html == (
        f'<img src="{a}" srcset="{a}, {b} 2x,https://x.org/c.png 3x" alt="">'
        f'<source srcset="none.png 100w, {b}"><video src="{a}" poster="{b}"></video>'
    )
    assert brought.missing == ("none.png",)


def test_a_folder_may_have_a_file_named_as_ours_is() -> None:
    files = {"index.html": b"<p>Sand", "sandwright.json": b'{"name": "mine"}'}
    assert read("x.zip", packed(files)).html == "<p>Sand"
    ours = {**files, "sandwright.json": b'{"format": "sandwright everything", "version": 9}'}
    with pytest.raises(Problem, match="Export everything wrote"):
        read("x.zip", packed(ours))


REPEATED = {
    "a default export before spaces": ("a.jsx", "export default a", " ", "x\n"),
    "a default export before lines": ("a.jsx", "export default a", "\n", "x\n"),
    "imports of nothing": ("a.jsx", "export default a\n", "import\n", ""),
    "imports without an end": ("a.jsx", "export default a\n", 'import "a\n', ""),
    "exports of nothing": ("a.jsx", "const A = 1;\n", "export\n", ""),
    "a module's comments": ("a.html", "", "/*", "</b>"),
    "a module's comments and spaces": ("a.html", "", "/**/ //\n", "export</b>"),
    "defaults of nothing": ("a.html", "export</b>", "export\n", ""),
    "names from nowhere": ("a.html", "import</b>", "from '", ""),
    "a drawing's prologue": ("a.svg", "<svg>", "<!--", ""),
    "a drawing after spaces": ("a.svg", "", "<?xml ?", "><svg>"),
}


@pytest.mark.parametrize("case", list(REPEATED))
def test_no_file_takes_longer_than_its_length(case: str) -> None:
    name, start, part, end = REPEATED[case]

    def brought(size: int) -> None:
        with contextlib.suppress(Problem):
            read(name, (start + repeated(part, size) + end).encode())

    assert growth(brought, 30_000) < 8


PARTS = {
    "a srcset of spaces": ('<img srcset="', " ", '">'),
    "a srcset of commas": ('<img srcset="', ",", '">'),
    "attributes without an end": ("<a ", 'b="', ">"),
    "addresses without an end": ("<style>", "url(", "</style>"),
    "imports without an end": ("<script type=module>", "import ", "</script>"),
    "styles that never end": ("", "<style>", ""),
    "quotes in a script": ("<script>", "\"a' ", "</script>"),
    "names in a script": ("<script>", "'a.png' ", "</script>"),
    "addresses in an attribute": ("<p style='", "url( a.png ", "'>"),
    "maps in maps": ("<script type=importmap>", '{"imports":', "</script>"),
    "parts of a drawing": ("<svg>", "<use href='b.svg#a'/>", "</svg>"),
}


@pytest.mark.parametrize("case", list(PARTS))
def test_no_page_of_a_folder_takes_longer_than_its_length(case: str) -> None:
    start, part, end = PARTS[case]

    def brought(size: int) -> None:
        page = start + repeated(part, size) + end
        files = {"index.html": page.encode(), "a.png": b"PNG", "b.svg": b"<svg>" * (size // 5)}
        with contextlib.suppress(Problem):
            read_folder("x", files)

    assert growth(brought, 15_000) < 8


def test_what_a_component_imports_has_an_address_each() -> None:
    code = """import './style.css'
import React, {
  useState
} from "react";
import dayjs from 'dayjs'
// import nothing
import * as d3 from "d3"
export default App ;
"""
    brought = read("a.jsx", code.encode())
    for name in ("react", "dayjs", "d3", "react-dom"):
        assert f'"https://esm.sh/{name}' in brought.html
    assert "export default" not in brought.html
    assert "React.createElement(App)" in brought.html


def test_whatever_markup_names_is_in_the_document() -> None:
    page = (
        b'<body background="a.png"><p style="background: url(a.png)">x</p>'
        b'<svg><image xlink:href="a.png"/><filter><feImage href="a.png"/></filter></svg>'
        b'<object data="a.png"></object><img src="view.svg#half"><td background="none.png">'
    )
    files = {"index.html": page, "a.png": b"A", "view.svg": b"<svg/>"}
    brought = read_folder("x", files)
    assert brought.html.count("data:image/png;base64,QQ==") == 5
    assert "a.png" not in brought.html
    assert ',PHN2Zy8+#half"' in brought.html
    assert brought.missing == ("none.png",)
    assert brought.notes == (
        "These are documents within the page, which the sandbox keeps out: a.png.",
    )


def test_a_part_of_a_drawing_is_taken_from_the_document_itself() -> None:
    """No browser takes it from a `data:` address; the drawing comes once, however many use it."""
    page = b'<svg><use href="i/all.svg#tea"/><use xlink:href="i/all.svg#cup"></use></svg>'
    drawing = b"<?xml version='1.0'?>\n<svg><symbol id='tea'/><symbol id='cup'/></svg>\n"
    brought = read_folder("x", {"index.html": page, "i/all.svg": drawing})
    assert brought.html == (
        "<svg><defs><svg><symbol id='tea'/><symbol id='cup'/></svg></defs>"
        '<use href="#tea"/><use xlink:href="#cup"></use></svg>'
    )
    assert brought.missing == ()


def test_an_import_map_leads_to_the_modules_that_came_with_it() -> None:
    page = b"""<script type="importmap">{"imports":
      {"edge": "./js/edge.js", "far": "https://x.org/far.js", "lib/": "./lib/", "no": "./no.js"},
      "scopes": {"./": {"deep": "./js/deep.js"}}}</script>
      <script type="module">import { edge } from "edge"; import "lib/one.js";</script>"""
    files = {
        **FILES,
        "index.html": page,
        "lib/one.js": b"import './two.js'",
        "lib/two.js": b"2",
        "lib/three.js": b"3",
    }
    brought = read_folder("x", files)
    told = brought.html.partition('importmap">')[2].partition("</script>")[0]
    imports = json.loads(told)["imports"]
    two = base64.b64encode(b"2").decode()
    one = base64.b64encode(f"import 'data:text/javascript;base64,{two}'".encode()).decode()
    assert imports["edge"].startswith("data:text/javascript;base64,")
    assert imports["lib/one.js"] == f"data:text/javascript;base64,{one}"
    assert "lib/three.js" not in imports, "nobody names it"
    assert imports["far"] == "https://x.org/far.js"
    assert json.loads(told)["scopes"]["./"]["deep"].startswith("data:")
    assert brought.missing == ("./no.js",)
    assert brought.notes == ()


def test_half_a_surrogate_pair_in_an_import_map_stays_as_it_was_written() -> None:
    """As text it could not be stored: in JSON it is an escape. Other letters stay legible."""
    page = b"""<script type="importmap">{"imports": {"a\\ud800": "./js/edge.js",
      "b": "./\\udc00.js", "\xc3\xa9": "./js/edge.js"}, "scopes": {"\\ud800": {"c": "/d"}}}
      </script>"""
    brought = read_folder("x", {**FILES, "index.html": page})
    brought.html.encode()
    told = brought.html.partition('importmap">')[2].partition("</script>")[0]
    imports = json.loads(told)["imports"]
    assert imports["a\ud800"] == imports["\xe9"]
    assert imports["b"] == "./\udc00.js"
    assert brought.missing == ("./\ufffd.js", "/d")
    assert "\xe9" in told


def test_what_scripts_name_is_told_since_they_do_not_find_it() -> None:
    page = """<img src="dot.png"><a href="other.html">o</a>
      <script>fetch('data.json?v=1'); img.src = `./dot.png`; say("dot", "gone.json")</script>
      <script src="late.js" defer></script><button onclick="play('tea time.mp3')">Tea</button>
      <script type="module">import "./js/main.js"; location = "index.html"</script>"""
    files = {
        "index.html": page.encode(),
        "other.html": b"<p>",
        "dot.png": b"PNG",
        "data.json": b"{}",
        "tea time.mp3": b"",
        "late.js": b"new Worker('js/w.js')",
        "js/w.js": b"1",
        "js/main.js": b"import './deep.js'; new URL('mine.bin', import.meta.url)",
        "js/deep.js": b"1",
        "js/mine.bin": b"1",
    }
    brought = read_folder("x", files)
    assert brought.missing == ()
    [said] = brought.notes
    named = "data.json, dot.png, js/w.js, tea time.mp3, js/mine.bin"
    assert said == f"Scripts name these files, which they do not find here: {named}."


def test_letters_of_a_folder_survive_in_whatever_encoding() -> None:
    """What says nothing of its encoding has that of its page, as in a browser."""
    text = "<meta charset='shift_jis'><link rel=stylesheet href=a.css><script src=b.js></script>"
    files = {
        "index.html": f"{text}<p>\u8336".encode("shift_jis"),
        "a.css": "p::after { content: '\u676f' }".encode("shift_jis"),
        "b.js": "say('\u6e6f')".encode("utf-16"),
    }
    brought = read("x.zip", packed(files))
    for letter in "\u8336\u676f\u6e6f":
        assert letter in brought.html
    assert brought.notes == ()
    sheet = {"index.html": b"<link rel=stylesheet href=a.css>", "a.css": b"/* Gr\xf6\xdfe */"}
    assert "/* Gr\u00f6\u00dfe */" in read_folder("x", sheet).html
    wide = read_folder("x", {"index.html": "<p>Gr\u00f6\u00dfe".encode("utf-16")})
    assert wide.html == "<p>Gr\u00f6\u00dfe"
    old = read_folder("x", {"index.html": "<p>Gr\u00f6\u00dfe".encode("windows-1252")})
    assert old.html == wide.html


def test_letters_that_had_to_be_replaced_are_told() -> None:
    said = "Some letters could not be read (save it as UTF-8) and were replaced in: {}."
    assert read("a.html", b"<p>\xff\x81").notes == (said.format("a.html"),)
    files = {"index.html": b"<link rel=stylesheet href=a.css>\xc3\xa4", "a.css": b"/* \x81 */"}
    assert read_folder("x", files).notes == (said.format("a.css"),)


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (b"%PDF-1.7", "index.html in x.zip is a PDF"),
        (b" ", "index.html in x.zip is empty"),
        (b"<p>\0", "index.html in x.zip is a binary file"),
        (b"Tea", "no markup in index.html in x.zip"),
    ],
)
def test_a_folder_whose_page_is_none_is_refused_with_what_it_is(page: bytes, said: str) -> None:
    with pytest.raises(Problem, match=said):
        read("x.zip", packed({"index.html": page}))


CODE = "// a dice\nexport default function Dice() { return <b>6</b>; }\n"


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        "'use client'; /* dice */ import { x } from 'x';\nexport const Dice = () => <b/>;",
    ],
)
def test_code_of_a_component_runs_whatever_its_name_ends_with(text: str) -> None:
    for name in ("dice.html", "dice.js", "dice.txt"):
        assert "React.createElement(Dice)" in read(name, text.encode()).html


@pytest.mark.parametrize(
    "text",
    [
        "<script type='module'>\nexport default <b/>\n</script>",
        "import os\nclass Dice:\n    text = '</b>'\n",
        "Write it as JSX:\n" + CODE,
        "export default { a: 1 < 2 }",
    ],
)
def test_what_is_no_component_stays_as_it_is(text: str) -> None:
    assert read("dice.html", text.encode()).html == text


@pytest.mark.parametrize(
    ("page", "name", "imports"),
    [
        ("<style>@import 'a0.css';</style>", "a{}.css", "@import 'a{}.css';"),
        ("<link rel=stylesheet href=a0.css>", "a{}.css", "@import 'a{}.css';"),
        ("<script type=module src=a0.js></script>", "a{}.js", "import './a{}.js';"),
    ],
    ids=["style", "link", "module"],
)
def test_files_that_import_each_other_in_a_long_row_are_refused(
    page: str, name: str, imports: str
) -> None:
    def row(length: int) -> dict[str, bytes]:
        files = {name.format(n): imports.format(n + 1).encode() for n in range(length)}
        return {"index.html": page.encode(), **files, name.format(length): b"/* last */"}

    assert read_folder("x.zip", row(8)).missing == ()
    with pytest.raises(Problem, match="more than 50 files") as refused:
        read_folder("x.zip", row(400))
    assert refused.value.status == 422


def test_a_folder_too_large_for_one_document_is_refused_and_not_half_joined() -> None:
    pictures = "".join(f"<img src={n}.png>" for n in range(3))
    files = {f"{n}.png": b"a" * 6_000_000 for n in range(3)}
    with pytest.raises(Problem, match="as one document is larger") as refused:
        read_folder("x.zip", {"index.html": pictures.encode(), **files})
    assert refused.value.status == 413


def test_a_component_has_parts_for_what_its_project_had_and_the_rest_is_listed() -> None:
    """No import of a style sheet stays: it is no module, and nothing after it would run."""
    source = """import { Camera } from "lucide-react";
import { cn } from "@/lib/utils";
import { Badge } from "./components/ui/badge";
import "./style.css"
import styles from "../a.module.scss";
import "leaflet/dist/leaflet.css";
import logo from "./logo.png";
import type { Kind } from "./kinds";
import Chart from "./Chart";
import { Gauge } from "@/components/ui/gauge";
export default () => <Badge className={cn(styles.a)}><img src={logo} /><Camera /></Badge>;
"""
    brought = read("a.tsx", source.encode())
    assert brought.missing == (
        *("./style.css", "../a.module.scss", "./logo.png", "./Chart", "@/components/ui/gauge"),
    )
    imports = json.loads(brought.html.split('"importmap">')[1].split("</script>")[0])["imports"]
    assert imports["lucide-react"] == "https://esm.sh/lucide-react@0"
    ours = ("@/lib/utils", "./components/ui/badge", "@/lib/part")
    ours += ("./Chart", "@/components/ui/gauge")  # what stands in for them
    assert {name for name, to in imports.items() if to.startswith("data:")} == set(ours)
    # A name alone would be the address of a package that there is not.
    assert not any("@/" in to or "/./" in to for to in imports.values() if "esm.sh" in to)
    code = brought.html.split("text/babel")[1]
    for gone in ("./style.css", "a.module.scss", "leaflet.css"):
        assert gone not in code
    assert 'href="https://cdn.jsdelivr.net/npm/leaflet/dist/leaflet.css"' in brought.html
    assert 'const logo = "./logo.png";' in code
