"""Addresses of public CDNs: which file of ours answers each, and what is said about it."""

from __future__ import annotations

import pytest

from sandbox.libraries.addresses import read_address
from sandbox.libraries.manifest import Library, libraries
from sandbox.libraries.resolve import Catalogue
from sandbox.libraries.versions import in_order, is_as_asked

CATALOGUE = Catalogue(libraries())
JSDELIVR, UNPKG = "https://cdn.jsdelivr.net", "https://unpkg.com"
CDNJS = "https://cdnjs.cloudflare.com/ajax/libs"

# An address, and what answers it: the library and its major version, the file, as a module or not.
ANSWERED = [
    # jsdelivr: npm, with and without version and path, and its builds of its own
    (f"{JSDELIVR}/npm/chart.js", "chart.js@4", "dist/chart.umd.min.js"),
    (f"{JSDELIVR}/npm/chart.js@4", "chart.js@4", "dist/chart.umd.min.js"),
    (f"{JSDELIVR}/npm/chart.js@4.4.0/dist/chart.umd.js", "chart.js@4", "dist/chart.umd.min.js"),
    (f"{JSDELIVR}/npm/chart.js@3.9.1/dist/chart.min.js", "chart.js@3", "dist/chart.min.js"),
    (f"{JSDELIVR}/npm/chart.js@2.8.0", "chart.js@2", "dist/Chart.min.js"),
    (f"{JSDELIVR}/npm/d3@7/+esm", "+esm/d3@7", "dist/d3.min.js"),
    (f"{JSDELIVR}/npm/d3@7.8.5/dist/d3.min.js", "d3@7", "dist/d3.min.js"),
    (f"{JSDELIVR}/npm/lodash-es@4.17.21/+esm", "+esm/lodash@4", "lodash.min.js"),
    (f"{JSDELIVR}/npm/@tailwindcss/browser@4", "@tailwindcss/browser@4", "dist/index.global.js"),
    (f"{JSDELIVR}/npm/@picocss/pico@2/css/pico.min.css", "@picocss/pico@2", "css/pico.min.css"),
    (f"{JSDELIVR}/npm/marked/marked.min.js", "marked@12", "marked.min.js"),
    (f"{JSDELIVR}/npm/marked@4.0.0/marked.min.js", "marked@4", "marked.min.js"),
    (f"{JSDELIVR}/npm/marked@15/lib/marked.esm.js", "marked@12", "lib/marked.esm.js"),
    (
        f"{JSDELIVR}/npm/bootstrap@5.3.0/dist/css/bootstrap.css",
        "bootstrap@5",
        "dist/css/bootstrap.min.css",
    ),
    (f"{JSDELIVR}/npm/jsqr@1.4.0/dist/jsQR.min.js", "jsqr@1", "dist/jsQR.js"),
    (f"{JSDELIVR}/npm/mathjax@3/es5/tex-mml-chtml.js", "mathjax@3", "es5/tex-mml-chtml.js"),
    (
        f"{JSDELIVR}/npm/katex@0.16.9/dist/contrib/auto-render.min.js",
        "katex@0",
        "dist/contrib/auto-render.min.js",
    ),
    (
        f"{JSDELIVR}/npm/katex@0.16.9/dist/fonts/KaTeX_Main-Regular.woff2",
        "katex@0",
        "dist/fonts/KaTeX_Main-Regular.woff2",
    ),
    (f"{JSDELIVR}/npm/xlsx@0.18.5/dist/xlsx.full.min.js", "@e965/xlsx@0", "dist/xlsx.full.min.js"),
    (f"{JSDELIVR}/npm/dayjs@1/plugin/utc.js", "dayjs@1", "plugin/utc.js"),
    (f"{JSDELIVR}/npm/three@0.160.0/build/three.module.js", "three@0.160", "build/three.module.js"),
    (f"{JSDELIVR}/npm/three@0.132.2/build/three.min.js", "three@0.128", "build/three.min.js"),
    (
        f"{JSDELIVR}/npm/three@0.155/examples/jsm/controls/OrbitControls.js",
        "three@0.160",
        "examples/jsm/controls/OrbitControls.js",
    ),
    ("https://fastly.jsdelivr.net/npm/echarts@5", "echarts@5", "dist/echarts.min.js"),
    ("//cdn.jsdelivr.net/npm/alpinejs@3.x.x/dist/cdn.min.js", "alpinejs@3", "dist/cdn.min.js"),
    ("http://cdn.jsdelivr.net/npm/vue@2", "vue@2", "dist/vue.js"),
    # jsdelivr: GitHub and other folders
    (
        f"{JSDELIVR}/gh/highlightjs/cdn-release@11.9.0/build/highlight.min.js",
        "@highlightjs/cdn-assets@11",
        "highlight.min.js",
    ),
    (
        f"{JSDELIVR}/gh/highlightjs/cdn-release@11.9.0/build/languages/go.min.js",
        "@highlightjs/cdn-assets@11",
        "languages/go.min.js",
    ),
    (f"{JSDELIVR}/gh/davidshimjs/qrcodejs/qrcode.min.js", "qrcodejs@1", "qrcode.min.js"),
    (f"{JSDELIVR}/pyodide/v0.27.5/full/pyodide.js", "pyodide@0", "pyodide.js"),
    # unpkg
    (f"{UNPKG}/react@18/umd/react.development.js", "react@18", "umd/react.development.js"),
    (
        f"{UNPKG}/react@18.2.0/umd/react.production.min.js",
        "react@18",
        "umd/react.production.min.js",
    ),
    (
        f"{UNPKG}/react-dom@17/umd/react-dom.production.min.js",
        "react-dom@17",
        "umd/react-dom.production.min.js",
    ),
    (f"{UNPKG}/@babel/standalone/babel.min.js", "@babel/standalone@7", "babel.min.js"),
    (f"{UNPKG}/@babel/standalone@7.23.5/babel.js", "@babel/standalone@7", "babel.min.js"),
    (f"{UNPKG}/babel-standalone@6/babel.min.js", "babel-standalone@6", "babel.min.js"),
    (f"{UNPKG}/vue@3/dist/vue.global.js", "vue@3", "dist/vue.global.js"),
    (f"{UNPKG}/vue@next", "vue@3", "dist/vue.global.js"),
    (f"{UNPKG}/htmx.org@1.9.10", "htmx.org@1", "dist/htmx.min.js"),
    (
        f"{JSDELIVR}/npm/@tesseract.js-data/eng/4.0.0_best_int/eng.traineddata.gz",
        "@tesseract.js-data/eng@1",
        "4.0.0_best_int/eng.traineddata.gz",
    ),
    (
        "https://tessdata.projectnaptha.com/4.0.0/eng.traineddata.gz",
        "@tesseract.js-data/eng@1",
        "4.0.0/eng.traineddata.gz",
    ),
    (f"{UNPKG}/lucide@latest", "lucide@1", "dist/umd/lucide.min.js"),
    (f"{UNPKG}/lucide@0.263.1/dist/umd/lucide.js", "lucide@1", "dist/umd/lucide.min.js"),
    (
        f"{UNPKG}/leaflet@1.9.4/dist/images/marker-icon.png",
        "leaflet@1",
        "dist/images/marker-icon.png",
    ),
    (f"{UNPKG}/preact@10?module", "+esm/preact@10", "dist/preact.module.js"),
    (f"{UNPKG}/htm@3/preact/standalone.module.js", "htm@3", "preact/standalone.module.js"),
    (f"{UNPKG}/maplibre-gl@^3.6.2/dist/maplibre-gl.css", "maplibre-gl@3", "dist/maplibre-gl.css"),
    # cdnjs
    (f"{CDNJS}/three.js/r128/three.min.js", "three@0.128", "build/three.min.js"),
    (f"{CDNJS}/three.js/0.160.0/three.module.min.js", "three@0.160", "build/three.module.min.js"),
    (f"{CDNJS}/Chart.js/4.4.1/chart.umd.js", "chart.js@4", "dist/chart.umd.min.js"),
    (f"{CDNJS}/Chart.js/3.9.1/chart.min.js", "chart.js@3", "dist/chart.min.js"),
    (f"{CDNJS}/Chart.js/2.9.4/Chart.bundle.min.js", "chart.js@2", "dist/Chart.bundle.min.js"),
    (
        f"{CDNJS}/font-awesome/6.4.0/css/all.min.css",
        "@fortawesome/fontawesome-free@6",
        "css/all.min.css",
    ),
    (
        f"{CDNJS}/font-awesome/5.15.4/css/all.css",
        "@fortawesome/fontawesome-free@5",
        "css/all.min.css",
    ),
    (
        f"{CDNJS}/font-awesome/4.7.0/css/font-awesome.min.css",
        "font-awesome@4",
        "css/font-awesome.min.css",
    ),
    (f"{CDNJS}/pdf.js/3.11.174/pdf.worker.min.js", "pdfjs-dist@3", "build/pdf.worker.min.js"),
    (f"{CDNJS}/pdf.js/4.0.379/pdf.min.mjs", "pdfjs-dist@4", "build/pdf.min.mjs"),
    (
        f"{CDNJS}/highlight.js/11.9.0/styles/github-dark.min.css",
        "@highlightjs/cdn-assets@11",
        "styles/github-dark.min.css",
    ),
    (
        f"{CDNJS}/prism/1.29.0/components/prism-python.min.js",
        "prismjs@1",
        "components/prism-python.min.js",
    ),
    (f"{CDNJS}/codemirror/5.65.2/codemirror.min.js", "codemirror@5", "lib/codemirror.js"),
    (f"{CDNJS}/codemirror/5.65.2/mode/xml/xml.min.js", "codemirror@5", "mode/xml/xml.js"),
    (f"{CDNJS}/ace/1.23.0/mode-python.min.js", "ace-builds@1", "src-min-noconflict/mode-python.js"),
    (f"{CDNJS}/KaTeX/0.16.8/katex.min.css", "katex@0", "dist/katex.min.css"),
    (f"{CDNJS}/moment.js/2.29.1/moment.min.js", "moment@2", "min/moment.min.js"),
    (f"{CDNJS}/lodash.js/4.17.21/lodash.min.js", "lodash@4", "lodash.min.js"),
    (f"{CDNJS}/PapaParse/5.4.1/papaparse.min.js", "papaparse@5", "papaparse.min.js"),
    (f"{CDNJS}/p5.js/1.4.0/p5.js", "p5@1", "lib/p5.min.js"),
    (f"{CDNJS}/gsap/3.12.2/ScrollTrigger.min.js", "gsap@3", "dist/ScrollTrigger.min.js"),
    (
        f"{CDNJS}/twitter-bootstrap/4.5.2/css/bootstrap.min.css",
        "bootstrap@4",
        "dist/css/bootstrap.min.css",
    ),
    (f"{CDNJS}/jszip/3.10.1/jszip.min.js", "jszip@3", "dist/jszip.min.js"),
    (f"{CDNJS}/html2canvas/1.4.1/html2canvas.min.js", "html2canvas@1", "dist/html2canvas.min.js"),
    (f"{CDNJS}/tone/14.8.49/Tone.js", "tone@14", "build/Tone.js"),
    (f"{CDNJS}/plotly.js/2.27.0/plotly.min.js", "plotly.js-dist-min@2", "plotly.min.js"),
    (f"{CDNJS}/sql.js/1.8.0/sql-wasm.js", "sql.js@1", "dist/sql-wasm.js"),
    (f"{CDNJS}/js-yaml/4.1.0/js-yaml.mjs", "js-yaml@4", "dist/js-yaml.mjs"),
    (f"{CDNJS}/exif-js/2.3.0/exif.min.js", "exif-js@2", "exif.js"),
    # esm.sh, esm.run, skypack, jspm
    ("https://esm.sh/react@18", "+esm/react@18", "umd/react.production.min.js"),
    (
        "https://esm.sh/react@19.1.0/jsx-runtime",
        "+esm/react@19",
        "cjs/react-jsx-runtime.production.js",
    ),
    (
        "https://esm.sh/react-dom@18.2.0/client",
        "+esm/react-dom@18",
        "umd/react-dom.production.min.js",
    ),
    (
        "https://esm.sh/react-dom@19/client?dev",
        "+esm/react-dom@19",
        "cjs/react-dom-client.production.js",
    ),
    ("https://esm.sh/v135/preact@10.19.3/hooks", "+esm/preact@10", "hooks/dist/hooks.module.js"),
    (
        "https://esm.sh/stable/react@18.3.1/es2022/react.mjs",
        "+esm/react@18",
        "umd/react.production.min.js",
    ),
    ("https://esm.sh/*recharts@2?external=react", "+esm/recharts@2", "umd/Recharts.js"),
    (
        "https://esm.sh/three@0.150/examples/jsm/controls/OrbitControls",
        "+esm/three@0.160",
        "examples/jsm/controls/OrbitControls.js",
    ),
    (
        "https://esm.sh/three/addons/controls/OrbitControls.js",
        "+esm/three@0.18",
        "examples/jsm/controls/OrbitControls.js",
    ),
    ("https://esm.sh/codemirror", "+esm/codemirror@6", "dist/index.js"),
    (
        "https://esm.sh/@codemirror/lang-python@6.1.3",
        "+esm/@codemirror/lang-python@6",
        "dist/index.js",
    ),
    ("https://esm.run/marked", "+esm/marked@18", "lib/marked.esm.js"),
    ("https://esm.run/canvas-confetti@1", "+esm/canvas-confetti@1", "dist/confetti.module.mjs"),
    ("https://cdn.skypack.dev/d3@7", "+esm/d3@7", "dist/d3.min.js"),
    ("https://cdn.skypack.dev/preact@10/hooks", "+esm/preact@10", "hooks/dist/hooks.module.js"),
    (
        "https://cdn.skypack.dev/-/three@v0.160.0-abcDEF/dist=es2020,mode=imports/optimized/three.js",
        "+esm/three@0.160",
        "build/three.module.js",
    ),
    (
        "https://ga.jspm.io/npm:react@18.2.0/index.js",
        "+esm/react@18",
        "umd/react.production.min.js",
    ),
    (
        "https://ga.jspm.io/npm:react-dom@18.2.0/dev.index.js",
        "+esm/react-dom@18",
        "umd/react-dom.production.min.js",
    ),
    ("https://jspm.dev/vue@3", "+esm/vue@3", "dist/vue.esm-browser.prod.js"),
    # hosts of one project or of a few
    (
        "https://ajax.googleapis.com/ajax/libs/jquery/3.5.1/jquery.min.js",
        "jquery@3",
        "dist/jquery.min.js",
    ),
    ("https://ajax.googleapis.com/ajax/libs/d3js/7.8.5/d3.min.js", "d3@7", "dist/d3.min.js"),
    ("https://code.jquery.com/jquery-3.7.1.min.js", "jquery@3", "dist/jquery.min.js"),
    ("https://code.jquery.com/jquery-3.5.1.slim.min.js", "jquery@3", "dist/jquery.slim.min.js"),
    ("https://d3js.org/d3.v7.min.js", "d3@7", "dist/d3.min.js"),
    ("https://d3js.org/d3.v5.js", "d3@5", "dist/d3.min.js"),
    ("https://cdn.plot.ly/plotly-2.32.0.min.js", "plotly.js-dist-min@2", "plotly.min.js"),
    (
        "https://cdn.plot.ly/plotly-basic-2.32.0.min.js",
        "plotly.js-basic-dist-min@2",
        "plotly-basic.min.js",
    ),
    ("https://cdn.tailwindcss.com", "tailwindcss-cdn@3", "tailwindcss.js"),
    ("https://cdn.tailwindcss.com/3.4.1", "tailwindcss-cdn@3", "tailwindcss.js"),
    (
        "https://cdn.tailwindcss.com?plugins=forms,typography",
        "tailwindcss-cdn@3",
        "tailwindcss-with-all-plugins.js",
    ),
    (
        "https://cdn.sheetjs.com/xlsx-0.20.1/package/dist/xlsx.full.min.js",
        "@e965/xlsx@0",
        "dist/xlsx.full.min.js",
    ),
    ("https://cdn.sheetjs.com/xlsx-latest/package/xlsx.mjs", "@e965/xlsx@0", "xlsx.mjs"),
    (
        "https://use.fontawesome.com/releases/v5.15.4/css/all.css",
        "@fortawesome/fontawesome-free@5",
        "css/all.min.css",
    ),
    (
        "https://maxcdn.bootstrapcdn.com/bootstrap/4.0.0/js/bootstrap.min.js",
        "bootstrap@4",
        "dist/js/bootstrap.min.js",
    ),
    (
        "https://stackpath.bootstrapcdn.com/font-awesome/4.7.0/css/font-awesome.min.css",
        "font-awesome@4",
        "css/font-awesome.min.css",
    ),
    ("https://threejs.org/build/three.module.js", "three@0.18", "build/three.module.js"),
    ("https://mozilla.github.io/pdf.js/build/pdf.mjs", "pdfjs-dist@6", "build/pdf.min.mjs"),
]

UNANSWERED = [
    "",
    "d3.js",
    "/libraries/d3@7.9.2/dist/d3.min.js",
    "data:text/javascript,1",
    "javascript:alert(1)",
    "ftp://cdn.jsdelivr.net/npm/d3",
    "https://cdn.jsdelivr.net:8443/npm/d3",
    "https://cdn.jsdelivr.net.example/npm/d3",
    "https://example.com/npm/d3@7",
    "https://[::1/npm/d3",
    "https://cdn.jsdelivr.net/",
    f"{JSDELIVR}/npm/",
    f"{JSDELIVR}/npm/no-such-library-of-ours@1",
    f"{JSDELIVR}/npm/d3@3",  # another major version
    f"{JSDELIVR}/npm/react@16/umd/react.production.min.js",
    f"{JSDELIVR}/npm/react@19/umd/react.production.min.js",  # it has none
    f"{JSDELIVR}/npm/d3@7/../../../../etc/passwd",
    f"{JSDELIVR}/npm/d3@7/%2e%2e/%2e%2e/manifest.toml",
    f"{JSDELIVR}/npm/d3@7/dist/",
    f"{JSDELIVR}/npm/d3@7/no/such/file.js",
    f"{JSDELIVR}/npm/htmx.org@1/+esm",  # no module of it is here
    f"{JSDELIVR}/gh/some/one@1/x.js",
    f"{JSDELIVR}/combine/npm/d3@7,npm/no-such-library-of-ours",
    "https://d3js.org/d3.v4.min.js",
    "https://cdn.plot.ly/plotly-latest.min.js",  # frozen at 1.58
    "https://kit.fontawesome.com/abc123.js",
    "https://fonts.gstatic.com/s/inter/v13/x.woff2",
    "https://fonts.googleapis.com/css2?family=No+Such+Family",
    "https://fonts.googleapis.com/icon?family=Material+Icons",
    "https://fonts.googleapis.com/css2",
]


@pytest.mark.parametrize(("url", "library", "file"), ANSWERED)
def test_an_address_is_answered_by_a_file_of_ours(url, library, file):
    resolved = CATALOGUE.resolve(url)
    assert resolved is not None
    (given,) = resolved.given
    assert given.path == file
    assert given.path in given.library.files
    assert resolved.address.startswith(library)
    assert resolved.address.endswith(f"/{file}")
    assert given.module == library.startswith("+esm/")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://cdn.jsdelivr.net/npm/d3",
        "https://cdn.jsdelivr.net:8443/npm/d3",
        "https://[::1/npm/d3",
        "https://cdn.jsdelivr.net.example/npm/d3",
        "https://esm.sh/gh/some/body@1",
        "https://esm.sh/jsr/@some/body@1",
        "https://esm.sh/pr/some/body@1",
        "https://esm.sh/v135/gh/some/body@1",
        f"{JSDELIVR}/combine/npm/d3@7,wp/x.js",
        f"{JSDELIVR}/wp/some/body.js",
    ],
)
def test_an_address_of_no_package_of_npm_names_none(url):
    """By another's name a stranger's package would be fetched: npm has one called `gh`."""
    assert read_address(url) is None


@pytest.mark.parametrize("url", UNANSWERED)
def test_what_is_not_here_is_not_answered_by_something_else(url):
    assert CATALOGUE.resolve(url) is None


def test_files_that_a_cdn_combines_are_answered_together_in_their_order():
    resolved = CATALOGUE.resolve(
        f"{JSDELIVR}/combine/npm/jquery@3,npm/bootstrap@4/dist/js/bootstrap.min.js"
    )
    assert resolved is not None
    assert [given.library.name for given in resolved.given] == ["jquery", "bootstrap"]
    assert resolved.address.startswith("combine/jquery@3")


def test_another_version_than_the_one_asked_for_is_said():
    resolved = CATALOGUE.resolve(f"{CDNJS}/d3/7.0.0/d3.min.js")
    assert resolved is not None
    version = resolved.given[0].library.version
    assert resolved.advisories == (f"d3 7.0.0 was asked for; {version} is used",)


@pytest.mark.parametrize("asked", ["", "@7", "@^7.0.0", "@latest", "@7.x"])
def test_a_range_that_ours_is_in_needs_no_word(asked):
    resolved = CATALOGUE.resolve(f"{JSDELIVR}/npm/d3{asked}")
    assert resolved is not None
    assert resolved.advisories == ()


def library(version: str, covers: tuple[str, str] | None = None) -> Library:
    return Library("round", version, "MIT", "", (), covers=covers)


OURS = [library("1.9.0"), library("2.0.0"), library("2.3.1"), library("0.5.0", ("0.2", "0.6"))]


@pytest.mark.parametrize(
    ("asked", "best", "as_asked"),
    [
        ("2.0.0", "2.0.0", True),
        ("v2.0.0", "2.0.0", True),
        ("2.1.0", "2.3.1", False),
        ("2", "2.3.1", True),
        ("2.1", "2.3.1", False),
        ("^2.0.0", "2.3.1", True),
        ("~2.0.0", "2.3.1", False),
        ("2.x", "2.3.1", True),
        (">=1", "1.9.0", True),
        ("1.9.0", "1.9.0", True),
        ("1.9.0-beta.1", "1.9.0", False),
        ("0.3.9", "0.5.0", False),
        ("0.6.9", "0.5.0", False),
        ("^0.5.0", "0.5.0", True),
        ("0.7.0", None, None),
        ("0.1.0", None, None),
        ("3", None, None),
        ("3.0.0", None, None),
        ("nonsense", None, None),
        ("latest", "2.3.1", True),
        ("", "2.3.1", True),
    ],
)
def test_the_version_asked_for_else_the_newest_of_its_major(asked, best, as_asked):
    found = in_order(OURS, asked)
    assert (found[0].version if found else None) == best
    if found:
        assert is_as_asked(found[0], asked) is as_asked


def test_a_name_that_a_module_of_ours_imports_is_of_the_version_that_it_needs():
    dom = next(one for one in libraries() if one.name == "react-dom" and one.numbers[0] == 18)
    found = CATALOGUE.imported("react", dom)
    assert found is not None
    assert found.library.numbers[0] == 18
    three = next(one for one in libraries() if one.version == "0.160.1")
    inside = CATALOGUE.imported("three", three)
    assert inside is not None
    assert inside.library.id == three.id


CHOSEN = [
    ("https://esm.sh/recharts@2", "recharts@2.15.4", ()),
    ("https://esm.sh/recharts@2?deps=react@18,react-dom@18", "recharts@2.15.4", ()),
    ("https://esm.sh/recharts@2?bundle&deps=react@19", "recharts@2.15.4+react@19.3.1", ()),
    ("https://esm.sh/recharts@2&deps=react%4019", "recharts@2.15.4+react@19.3.1", ()),
    ("https://esm.sh/recharts@2?external=react,prop-types", "recharts@2.15.4+prop-types+react", ()),
    ("https://esm.sh/*recharts@2", "recharts@2.15.4+react", ()),
    ("https://esm.sh/d3@7?external=react&deps=react@19", "d3@7.9.2", ()),
    (
        "https://esm.sh/recharts@2?deps=react@16.8.0",
        "recharts@2.15.4",
        ("react 16.8.0 was asked for; 18.3.1 is used",),
    ),
    (
        "https://esm.sh/recharts@2?deps=react@19.0.0",
        "recharts@2.15.4+react@19.3.1",
        ("react 19.0.0 was asked for; 19.3.1 is used",),
    ),
]


@pytest.mark.parametrize(("url", "folder", "said"), CHOSEN)
def test_what_a_module_imports_is_what_its_address_asks_for(url, folder, said):
    resolved = CATALOGUE.resolve(url)
    assert resolved.address.startswith(f"+esm/{folder}/")
    assert resolved.advisories == said
