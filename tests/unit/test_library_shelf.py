"""The libraries' folder: what is answered, as what, and that nothing else is."""

from __future__ import annotations

import json

import pytest

from sandbox.libraries.fetch import is_fetched
from sandbox.libraries.manifest import VENDORED, Library
from sandbox.libraries.modules import module_text
from sandbox.libraries.resolve import Catalogue
from sandbox.libraries.shelf import Shelf, shipped_shelf

ROUND = Library(
    "round",
    "1.2.3",
    "MIT",
    "",
    (),
    modules={".": "dist/round.mjs"},
    cdnjs=("round",),
    needs={"@type/flat": "2"},
    files=("LICENSE", "dist/deep/round.css", "dist/round.js", "dist/round.mjs"),
    main="dist/round.js",
)
FLAT = Library(
    "@type/flat",
    "2.0.0",
    "MIT",
    "",
    (),
    wrapped={".": "flat.js"},
    globals=("flat",),
    files=("flat.js",),
    exports={"flat.js": ("area", "edge")},
)
NEWER = Library("@type/flat", "3.0.0", "MIT", "", (), modules={".": "x.js"}, files=("x.js",))
TOLD = Library(
    *("told", "1.0.0", "MIT", "", ()),
    modules={".": "dist/told.js"},
    needs={"edge": "2"},
    files=("dist/told.js",),
)
EDGES = [
    Library("edge", version, "MIT", "", (), modules={".": "x.js"}, files=("x.js",))
    for version in ("2.0.0", "3.0.0")
]
CATALOGUE = Catalogue([ROUND, FLAT, NEWER, TOLD, *EDGES])
FILES = {
    "round@1.2.3/LICENSE": "Free.",
    "round@1.2.3/dist/round.js": "var round = 1;",
    "round@1.2.3/dist/round.mjs": 'import { area } from "@type/flat"; export { area };',
    "round@1.2.3/dist/deep/round.css": "a{}",
    "told@1.0.0/dist/told.js": 'import "edge";',
    "round@1.2.3/secret.txt": "not listed",
    "@type/flat@2.0.0/flat.js": "exports.area = 1;",
    "outside.txt": "not here",
}


@pytest.fixture
def shelf(tmp_path) -> Shelf:
    for name, text in FILES.items():
        path = tmp_path / "vendor" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Shelf(CATALOGUE, tmp_path / "vendor")


def test_a_module_imports_what_it_is_told_to_and_nothing_that_it_does_not_need(shelf):
    path = "+esm/told@1.0.0{}/dist/told.js"
    plain, chosen, own = (shelf.answer(path.format(end)) for end in ("", "+edge@3.0.0", "+edge"))
    assert plain.body == b'import "../../edge@2.0.0/x.js";'
    assert chosen.body == b'import "../../edge@3.0.0/x.js";'
    assert own.body == b'import "edge";'
    for odd in ("+edge@9.0.0", "+told@1.0.0", "+", "+edge@3.0.0/..", "+none", "+@type/flat@2.0.0"):
        assert shelf.answer(path.format(odd)) is None, odd
    assert shelf.answer("told@1.0.0+edge/dist/told.js") is None
    given = [library.id for library in shelf.libraries_of(path.format("+edge@3.0.0"))]
    assert given == ["told@1.0.0"]


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("round@1.2.3/dist/round.js", "var round = 1;", "text/javascript; charset=utf-8"),
        (
            "round@1.2.3/dist/round.mjs",
            FILES["round@1.2.3/dist/round.mjs"],
            "text/javascript; charset=utf-8",
        ),
        ("round@1.2.3/dist/deep/round.css", "a{}", "text/css; charset=utf-8"),
        ("round@1.2.3/LICENSE", "Free.", "text/plain; charset=utf-8"),
        ("@type/flat@2.0.0/flat.js", "exports.area = 1;", "text/javascript; charset=utf-8"),
        (
            "combine/round@1.2.3/dist/round.js,@type/flat@2.0.0/flat.js",
            "var round = 1;\nexports.area = 1;",
            "text/javascript; charset=utf-8",
        ),
    ],
)
def test_a_listed_file_is_given_byte_for_byte_for_good(shelf, path, body, kind):
    served = shelf.answer(path)
    assert served is not None
    assert served.body.decode() == body
    assert served.kind == kind
    assert "immutable" in served.caching


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "round@1.2.3",
        "round@1.2.3/",
        "round@1.2.3/secret.txt",
        "round@1.2.3/dist",
        "round@1.2.3/dist/../LICENSE",
        "round@1.2.3/../outside.txt",
        "../outside.txt",
        "..%2foutside.txt",
        "round@1.2.3//LICENSE",
        "round@1.2.3/dist\\round.js",
        "round@1.2.3/LICENSE\0",
        "round@1.2/LICENSE",
        "round@latest/LICENSE",
        "ROUND@1.2.3/LICENSE",
        "@type/flat@3.0.0/x.js",  # listed, but not fetched
        "@type",
        "+esm",
        "+esm/round@1.2.3/secret.txt",
        "+esm/../outside.txt",
        "combine/",
        "combine/round@1.2.3/dist/round.js,../outside.txt",
        "combine/round@1.2.3/dist/round.js,round@1.2.3/dist/deep/round.css",
        "css",
        "css2",
        "css3",
        "manifest.toml",
    ],
)
def test_nothing_else_is_there(shelf, path):
    assert shelf.answer(path) is None


def test_a_module_names_what_it_imports_by_our_addresses(shelf):
    served = shelf.answer("+esm/round@1.2.3/dist/round.mjs")
    assert served is not None
    assert served.body.decode() == (
        'import { area } from "../../@type/flat@2.0.0/flat.js"; export { area };'
    )
    assert "immutable" not in served.caching


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import'@type/flat'", "import'../../@type/flat@2.0.0/flat.js'"),
        ('export*from"@type/flat"', 'export*from"../../@type/flat@2.0.0/flat.js"'),
        ('import("@type/flat")', 'import("../../@type/flat@2.0.0/flat.js")'),
        ('import x from "./near.js"', 'import x from "./near.js"'),
        ('import x from "../far.js"', 'import x from "../far.js"'),
        ('import x from "https://a.example/x"', 'import x from "https://a.example/x"'),
        ('import x from "not-ours"', 'import x from "not-ours"'),
        ('import x from "round"', 'import x from "../../round@1.2.3/dist/round.mjs"'),
    ],
)
def test_only_names_of_ours_become_addresses(source, expected):
    assert module_text(CATALOGUE, ROUND, "dist/round.mjs", source) == expected


def test_a_script_is_wrapped_as_a_module_that_exports_its_names():
    text = module_text(CATALOGUE, FLAT, "flat.js", "exports.area = require('round');")
    assert text.startswith('import * as required0 from "../../round@1.2.3/dist/round.mjs";')
    assert "exported0 as area, exported1 as edge" in text


def test_a_sheet_of_fonts_names_files_beside_it():
    served = shipped_shelf().answer("css2", "family=Inter:wght@400")
    assert served is not None
    assert served.kind.startswith("text/css")
    assert "url(@fontsource-variable/inter@" in served.body.decode()


def test_no_text_of_a_library_is_taken_for_an_import_by_mistake():
    """What is rewritten are imports: each library's own modules hold no other name of ours."""
    shelf = shipped_shelf()
    changed = []
    for library in shelf.catalogue.libraries:
        if not is_fetched(library, VENDORED):
            continue
        for path in dict.fromkeys(library.modules.values()):
            file = shelf.answer(f"{library.id}/{path}")
            module = shelf.answer(f"+esm/{library.id}/{path}")
            if file and module and file.body != module.body:
                changed.append(library.name)
    expected = {"chart.js", "codemirror", "htm", "preact"}
    assert {name for name in changed if "/" not in name} <= expected, json.dumps(changed)


@pytest.mark.parametrize(
    ("path", "query", "location"),
    [
        ("unpkg.com/round@1/dist/round.js", "", "round@1.2.3/dist/round.js"),
        ("unpkg.com/round", "", "round@1.2.3/dist/round.js"),
        ("cdnjs.cloudflare.com/ajax/libs/round/1.0.0/round.js", "", "round@1.2.3/dist/round.js"),
        (
            "cdn.jsdelivr.net/combine/npm/round@1,npm/@type/flat@2/flat.js",
            "",
            "combine/round@1.2.3/dist/round.js,@type/flat@2.0.0/flat.js",
        ),
    ],
)
def test_an_address_of_a_cdn_gives_the_file_that_it_means(shelf, path, query, location):
    served = shelf.answer(f"cdn/{path}", query)
    assert served.body == shelf.answer(location).body
    assert served.kind == shelf.answer(location).kind


def test_a_module_of_a_cdn_gives_the_exports_of_the_one_that_it_means(shelf):
    """So that a module is one, by however many addresses it is asked for."""
    flat = shelf.answer("cdn/esm.sh/@type/flat@2").body.decode()
    name = '"../../../+esm/@type/flat@2.0.0/flat.js"'
    assert flat == f"export * from {name};\nexport {{ default }} from {name};\n"
    whole = '"../../../../round@1.2.3/dist/round.mjs"'
    kept = shelf.answer("cdn/unpkg.com/round@1/dist/round.mjs")
    assert kept.body.decode() == f"export * from {whole};\n"


@pytest.mark.parametrize(
    "path",
    [
        "cdn",
        "cdn/",
        "cdn/unpkg.com",
        "cdn/unpkg.com/",
        "cdn/unpkg.com/never-heard-of",
        "cdn/unpkg.com/round@2",
        "cdn/unpkg.com/round@1/secret.txt",
        "cdn/unpkg.com/../../round@1.2.3/secret.txt",
        "cdn/canary.example/round@1",
        "cdn//unpkg.com/round@1",
        "cdn/unpkg.com:8443/round@1",
        "cdn/x@unpkg.com:x/round@1",
    ],
)
def test_an_address_of_a_cdn_leads_nowhere_else(shelf, path):
    assert shelf.answer(path) is None
