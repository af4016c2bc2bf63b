"""The manifest of libraries: what it must say, and what it must not."""

from __future__ import annotations

import pytest

from sandbox.libraries.manifest import (
    ManifestError,
    libraries,
    read_manifest,
    with_contents,
)

INTEGRITY = f"sha512-{'A' * 86}=="
GOOD = f"""
[[library]]
name = "round"
version = "1.2.3"
licence = "MIT"
integrity = "{INTEGRITY}"
files = ["LICENSE", "dist/*.js"]
main = "dist/round.js"
"""
CONTENTS = {
    "round@1.2.3": {
        "integrity": INTEGRITY,
        "digest": "sha512-x",
        "files": ["LICENSE", "dist/round.js"],
    }
}
ALLOWED = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC-BY-4.0",
    "GPL-3.0-or-later",  # beside MIT, to choose from
    "ISC",
    "LGPL-2.1",
    "LicenseRef-GSAP-Standard",
    "MIT",
    "MPL-2.0",
    "OFL-1.1",
    "Zlib",
}

REACHED_FOR = """
d3 chart.js plotly.js-basic-dist-min three react react-dom @babel/standalone vue alpinejs
preact htmx.org lodash dayjs moment date-fns marked markdown-it dompurify prismjs mermaid
@highlightjs/cdn-assets katex mathjax leaflet maplibre-gl papaparse @e965/xlsx jszip pako
js-yaml pdfjs-dist jspdf html2canvas qrcode qrcodejs jsqr jsbarcode tone p5 matter-js
animejs gsap sortablejs fuse.js codemirror ace-builds @sqlite.org/sqlite-wasm sql.js
tesseract.js pyodide @viz-js/viz cropperjs hls.js jquery bootstrap @picocss/pico
tailwindcss-cdn @tailwindcss/browser lucide lucide-react
@fortawesome/fontawesome-free bootstrap-icons
"""


def test_a_library_has_its_files_from_the_contents():
    (library,) = with_contents(read_manifest(GOOD), CONTENTS)
    assert library.id == "round@1.2.3"
    assert library.numbers == (1, 2, 3)
    assert library.files == ("LICENSE", "dist/round.js")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "round"', 'name = "../round"', "round 1.2.3: name cannot be"),
        ('"1.2.3"', '"latest"', "version cannot be 'latest'"),
        ('licence = "MIT"', "", "round 1.2.3: licence is missing"),
        (INTEGRITY, "sha1-abc", "integrity cannot be"),
        ('"dist/*.js"', '"../*.js"', "files cannot hold"),
        ('"dist/*.js"', '"/etc/passwd"', "files cannot hold"),
        ('["LICENSE", "dist/*.js"]', '"LICENSE"', "files must be a list of texts"),
        ("main =", "mian =", "round 1.2.3: unknown mian"),
        ('main = "dist/round.js"', 'covers = ["1"]', "covers must be two versions"),
        ('main = "dist/round.js"', 'needs = { "flat" = "2" }', "needs flat 2, which is not listed"),
        ("[[library]]", "[[library", "not TOML"),
        (GOOD, GOOD + GOOD, "round@1.2.3 is listed twice"),
    ],
)
def test_what_is_wrong_is_said(old, new, said):
    with pytest.raises(ManifestError) as caught:
        read_manifest(GOOD.replace(old, new))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        ({}, "its contents are not known"),
        ({"round@1.2.3": {**CONTENTS["round@1.2.3"], "integrity": "other"}}, "not known"),
        ({"round@1.2.3": {**CONTENTS["round@1.2.3"], "files": ["LICENSE"]}}, "dist/round.js"),
    ],
)
def test_contents_that_do_not_belong_to_the_manifest_are_refused(contents, said):
    with pytest.raises(ManifestError, match=said):
        with_contents(read_manifest(GOOD), contents)


def test_every_library_says_its_licence_and_carries_its_text_or_where_it_is_stated():
    for library in libraries():
        terms = set(library.licence.replace("(", "").replace(")", "").split()) - {"AND", "OR"}
        assert terms <= ALLOWED, library.id
        stated = ("LICEN", "README.MD", "PACKAGE.JSON")
        assert any(word in name.upper() for name in library.files for word in stated), library.id


@pytest.mark.parametrize("name", REACHED_FOR.split())
def test_what_models_reach_for_is_listed(name):
    assert name in {library.name for library in libraries()}


def test_only_large_libraries_are_optional():
    optional = {library.name for library in libraries() if library.optional}
    assert optional == {"mermaid", "pdfjs-dist", "phaser", "pyodide", "tesseract.js"} | {
        "tesseract.js-core",
        "@tesseract.js-data/eng",
    }
    for name in ("mermaid", "pdfjs-dist"):
        assert any(one.name == name and not one.optional for one in libraries())
