"""A document for a file without a network: libraries in their places, nothing else changed."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.libraries.cdn import sources
from sandbox.libraries.fetch import digest, stored
from sandbox.libraries.fonts import SUBSETS
from sandbox.libraries.inlining import Inlined, inline
from sandbox.libraries.licences import licence_text
from sandbox.libraries.manifest import Font, Library
from sandbox.libraries.resolve import Catalogue
from sandbox.libraries.shelf import Shelf

ROUND = Library(
    "round",
    "1.2.3",
    "MIT",
    "",
    (),
    modules={".": "dist/round.mjs"},
    files=(
        "MIT-LICENSE.txt",
        "dist/fonts/round.ttf",
        "dist/fonts/round.woff2",
        "dist/other.mjs",
        "dist/round.css",
        "dist/round.js",
        "dist/round.mjs",
        "dist/tags.js",
    ),
    main="dist/round.js",
)
LETTERS = Library(
    "@fontsource/letters",
    "5.0.0",
    "OFL-1.1",
    "",
    (),
    font=Font("Letters", variable=False, weights=(400,), styles=("normal",)),
    files=tuple(f"files/letters-{subset}-400-normal.woff2" for subset in SUBSETS),
)
LOADER = Library(
    "loader",
    "2.0.0",
    "MIT",
    "",
    (),
    main="loader.js",
    modules={".": "loader.mjs"},
    beside=("core.js", "core.wasm"),
    files=("LICENSE", "core.js", "core.wasm", "loader.js", "loader.mjs"),
)
FILES = {
    **{f"loader@2.0.0/{file}": file for file in LOADER.files},
    "round@1.2.3/MIT-LICENSE.txt": "Do as you like -->.",
    "round@1.2.3/dist/fonts/round.ttf": "old",
    "round@1.2.3/dist/fonts/round.woff2": "new",
    "round@1.2.3/dist/round.css": "@font-face{src:url(fonts/round.woff2),url('fonts/round.ttf')}",
    "round@1.2.3/dist/round.js": "var round = 'a'",
    "round@1.2.3/dist/tags.js": "var tags = '</script><!--'",
    "round@1.2.3/dist/round.mjs": "import { edge } from './other.mjs'; export { edge };",
    "round@1.2.3/dist/other.mjs": "export const edge = import.meta.url;",
}
UNPKG = "https://unpkg.com/round@1"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    fonts = {f"{LETTERS.id}/{file}": file for file in LETTERS.files}
    for name, text in (FILES | fonts).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Shelf(Catalogue([ROUND, LETTERS, LOADER]), tmp_path)


def carried(inlined: Inlined) -> dict[str, dict[str, object]]:
    assert "<" not in inlined.carried
    return json.loads(inlined.carried)  # type: ignore[no-any-return]


def test_a_document_without_libraries_is_left_as_it_is(shelf: Shelf) -> None:
    source = "<!doctype html><link rel=preconnect href=https://a.example><p>https://example.org"
    assert inline(source, shelf) == Inlined(source)


def test_a_script_is_carried_and_called_where_it_stands(shelf: Shelf) -> None:
    made = inline(f"<script defer src='{UNPKG}' integrity=x></script>", shelf)
    assert made.html == (
        '<script defer src="data:text/javascript,__carried(0,%22https%3A//unpkg.com/round%401%22)"'
        " data-integrity=x></script>"
    )
    assert carried(made)["files"][0][1] == "var round = 'a'"  # type: ignore[index]


@pytest.mark.usefixtures("shelf")
def test_by_a_cdn_comes_what_a_hash_can_stand_for(tmp_path: Path) -> None:
    """A script and a style sheet by their exact addresses; what has no hash is in the file."""
    whole = replace(ROUND, digest=digest(stored(ROUND, tmp_path)))
    listed = Shelf(Catalogue([whole, LETTERS]), tmp_path)
    source = (
        f"<script crossorigin=use-credentials defer src='{UNPKG}' integrity=x integrity=y></script>"
        f"<link rel=stylesheet href='{UNPKG}/dist/round.css'>"
        f"<script type=module>import '{UNPKG}/dist/round.mjs'</script>"
    )
    asked = ["round@1.2.3/dist/round.js", "round@1.2.3/dist/fonts/round.woff2"]
    made = inline(source, listed, by_cdn=True, asked=asked)

    def by_hash(path: str) -> str:
        body = (tmp_path / ROUND.id / path).read_bytes()
        coded = base64.b64encode(hashlib.sha384(body).digest()).decode()
        return f' integrity="sha384-{coded}" crossorigin="anonymous"'

    npm = f"https://cdn.jsdelivr.net/npm/{ROUND.id}"
    assert made.html.startswith(
        # The first of two counts, so ours stands first.
        f"<script{by_hash('dist/round.js')} data-crossorigin=use-credentials defer "
        f'src="{npm}/dist/round.js" data-integrity=x integrity=y></script>'
        f'<link{by_hash("dist/round.css")} rel=stylesheet href="{npm}/dist/round.css">'
    )
    assert len(carried(made)["files"]) == 2, "the modules, and nothing that comes by the CDN"
    assert sources(made.linked) == {
        "script-src": (f"{npm}/dist/round.js",),
        "style-src": (f"{npm}/dist/round.css",),
        "font-src": (f"{npm}/",),
        "img-src": (f"{npm}/",),
    }
    # A file that is not the listed one is vouched for by nobody.
    (tmp_path / ROUND.id / "dist/tags.js").write_text("changed")
    assert inline(source, listed, by_cdn=True).linked == ()


def test_a_text_that_could_end_an_element_ends_none(shelf: Shelf) -> None:
    made = inline(f"<script src={UNPKG}/dist/tags.js></script>", shelf)
    assert carried(made)["files"][0][1] == FILES["round@1.2.3/dist/tags.js"]  # type: ignore[index]


def test_a_style_sheet_brings_the_font_that_browsers_take(shelf: Shelf) -> None:
    made = inline(f"<link rel=stylesheet href='{UNPKG}/dist/round.css'>", shelf)
    assert made.html.count(";base64,bmV3") == 1  # "new"
    assert ";base64,b2xk" not in made.html  # "old"


def test_one_of_several_images_is_in_its_place_and_in_no_space(shelf: Shelf) -> None:
    image = f"{UNPKG}/dist/fonts/round.woff2"
    made = inline(f"<img srcset='a.png 1x, {image} 2x'><video poster={image}>", shelf)
    coded = "data:font/woff2;base64,bmV3"
    assert made.html == f'<img srcset="a.png 1x, {coded} 2x"><video poster="{coded}">'


def test_what_stands_in_a_drawing_is_brought_too(shelf: Shelf) -> None:
    link = "https://fonts.googleapis.com/css2?family=Letters&amp;display=swap"
    made = inline(f"<svg><style>@import url('{link}');</style><text>Tea</svg>", shelf)
    assert made.html.startswith("<svg><style>@import url('data:text/css;charset=utf-8,")
    assert made.html.endswith("');</style><text>Tea</svg>")
    assert made.html.count("@font-face") == 1
    made = inline(f"<svg><script href='{UNPKG}'/></svg>", shelf)
    assert made.html.startswith('<svg><script href="data:text/javascript;charset=utf-8,var round')


def test_an_address_whose_scheme_comes_later_is_carried(shelf: Shelf) -> None:
    source = f"<script>s.src = location.protocol + '{UNPKG.removeprefix('https:')}'</script>"
    made = inline(source, shelf)
    assert made.html == source
    assert set(carried(made)["addresses"]) == {UNPKG}


def test_a_sheet_of_fonts_brings_the_scripts_that_the_document_shows(shelf: Shelf) -> None:
    link = "<link rel=stylesheet href='https://fonts.googleapis.com/css2?family=Letters'>"
    latin = inline(f"{link}<p>Tea", shelf)
    assert latin.html.count("%40font-face" if "%40" in latin.html else "@font-face") == 1
    both = inline(f"{link}<p>Tea &#x416;", shelf)
    assert both.html.count("@font-face") == 2
    assert [one.name for one in both.libraries] == ["@fontsource/letters"]


def test_modules_are_carried_with_what_they_import_and_know_their_place(shelf: Shelf) -> None:
    script = f"<script type=module>import {{ edge }} from '{UNPKG}/dist/round.mjs';</script>"
    made = inline(script, shelf)
    assert made.html == script
    pack = carried(made)
    assert set(pack["modules"]) == {
        f"{UNPKG}/dist/round.mjs",
        "libraries/round@1.2.3/dist/round.mjs",
        "libraries/round@1.2.3/dist/other.mjs",
    }
    texts = " ".join(file[1] for file in pack["files"])  # type: ignore[index]
    assert "from 'libraries/round@1.2.3/dist/other.mjs'" in texts
    assert 'edge = "https://cdn.jsdelivr.net/npm/round@1.2.3/dist/other.mjs"' in texts


def test_a_tools_own_import_map_is_taken_out_and_its_folders_are_read(shelf: Shelf) -> None:
    names = {"round": f"{UNPKG}/dist/round.mjs", "r/": f"{UNPKG}/dist/", "own": "./own.js"}
    source = (
        f'<script type="importmap">{json.dumps({"imports": names})}</script>'
        "<script type=module>import 'r/other.mjs'; import 'round'</script>"
    )
    made = inline(source, shelf)
    assert made.html == source.replace('"importmap"', '"application/json"')
    assert carried(made)["imports"] == {
        "round": "libraries/round@1.2.3/dist/round.mjs",
        "r/other.mjs": "libraries/round@1.2.3/dist/other.mjs",
        "own": "./own.js",
    }


def test_what_is_not_here_is_named_and_what_is_granted_is_left(shelf: Shelf) -> None:
    tag = "<script src='https://unpkg.com/flat@2.0.0/flat.js'></script>"
    made = inline(tag, shelf)
    assert made.lacking == ("the library flat 2.0.0 (https://unpkg.com/flat@2.0.0/flat.js)",)
    assert made.html == tag
    source = f"<script src='{UNPKG}'></script>"
    assert inline(source, shelf, granted=["https://unpkg.com"]).html == source


def test_what_a_test_saw_asked_for_is_carried_by_its_address(shelf: Shelf) -> None:
    asked = ["cdn/unpkg.com/round@1/dist/tags.js", "round@1.2.3/dist/round.js", "cdn/a.example/b"]
    made = inline("<p>https://unpkg.com", shelf, asked=asked)
    assert set(carried(made)["addresses"]) == {
        f"{UNPKG}/dist/tags.js",
        "https://cdn.jsdelivr.net/npm/round@1.2.3/dist/round.js",
    }
    # Nobody could read its version in the document either.
    other = inline("<p>https://unpkg.com", shelf, asked=["cdn/unpkg.com/round@1.0.0"])
    assert other.notes == ("round 1.0.0 was asked for; 1.2.3 is used",)
    # Nobody knows whether it was by an import.
    assert set(carried(made)["modules"]) == {f"{UNPKG}/dist/tags.js"}


def test_what_is_loaded_by_an_address_that_no_test_saw_is_said(shelf: Shelf) -> None:
    source = "<script>const cdn = 'https://unpkg.com/'; load(cdn + `round@${version}`)</script>"
    (note,) = inline(source, shelf).notes
    assert note == (
        "What the tool loads from https://unpkg.com/ by an address that it makes up is not in the "
        "file: no test saw which"
    )
    made = inline(source, shelf, asked=["cdn/unpkg.com/round@1"])
    assert made.notes == ()
    assert set(carried(made)["addresses"]) == {UNPKG}


NPM = "https://cdn.jsdelivr.net/npm"
LOADED = "https://unpkg.com/loader@2"


@pytest.mark.parametrize(
    ("source", "folders"),
    [
        (f"<script src='{LOADED}/loader.js'></script>", {LOADED}),
        (f"<script>s.src = '{LOADED}/loader.js'</script>", {LOADED}),
        (f"<script>'importScripts(\"{LOADED}/loader.js\")'</script>", {LOADED}),
        (f"<script type=module>import '{LOADED}/loader.mjs'</script>", {f"{NPM}/loader@2.0.0"}),
        (
            f"<script src='{NPM}/loader@2/loader.js'></script><script>at('{LOADED}/')</script>",
            {f"{NPM}/loader@2", LOADED},
        ),
        (
            f"<script src='{LOADED}/loader.js'></script><script>`{LOADED[:-1]}${{n}}/`</script>",
            {LOADED},
        ),
    ],
)
def test_what_a_library_asks_for_beside_itself_is_always_carried(
    shelf: Shelf, source: str, folders: set[str]
) -> None:
    """Whether or not a test saw it: a loader may wait for a press. It may be imported, too."""
    made = inline(source, shelf)
    beside = {f"{folder}/{file}" for folder in folders for file in LOADER.beside}
    pack = carried(made)
    assert set(pack["addresses"]) - {f"{LOADED}/loader.js"} == beside
    assert {one for one in beside if one.endswith(".js")} <= set(pack["modules"])
    assert made.notes == ()


@pytest.mark.usefixtures("shelf")
def test_a_loader_by_the_cdn_has_its_other_files_with_it(tmp_path: Path) -> None:
    library = replace(LOADER, digest=digest(stored(LOADER, tmp_path)))
    source = f"<script src='{LOADED}/loader.js'></script>"
    made = inline(source, Shelf(Catalogue([library]), tmp_path), by_cdn=True)
    assert [one.url for one in made.linked] == [f"{NPM}/loader@2.0.0/loader.js"]
    assert f"{NPM}/loader@2.0.0/core.wasm" in carried(made)["addresses"]


def test_the_licence_is_read_from_the_library(shelf: Shelf) -> None:
    assert licence_text(shelf, ROUND) == "Do as you like -->."
    assert licence_text(shelf, LETTERS) == ""
    assert licence_text(shelf, replace(ROUND, files=("dist/none.js",))) == ""


def test_a_licence_that_comes_with_no_text_has_what_scripts_say_and_its_own(tmp_path: Path) -> None:
    """Or else the file that states it: what a person reads is never a heading alone."""
    says = "/*\n ** The author disclaims copyright.\n ** May you do good.\n */\nvar a;"
    texts = {"README.md": "# one", "a.js": says, "b.mjs": "/* nothing of it */", "c.js": says}
    for name, text in texts.items():
        path = tmp_path / "one@1.0.0" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    one = Library("one", "1.0.0", "Apache-2.0", "", (), files=tuple(texts))
    shelf = Shelf(Catalogue([one]), tmp_path)
    told = licence_text(shelf, one)
    assert told.startswith("The author disclaims copyright.\nMay you do good.\n\nIt comes with no")
    assert "END OF TERMS AND CONDITIONS" in told
    assert told.count("May you do good") == 1
    own = licence_text(shelf, replace(one, licence="LicenseRef-Own AND MIT"))
    assert "# one" in own
    assert "Permission is hereby granted" in own
