"""Addresses of CDNs in a document's stream become ours, wherever the stream is cut."""
# ruff: noqa: E501 -- a case is easier to read on one line

from __future__ import annotations

import json
import re
import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.libraries.manifest import libraries
from sandbox.libraries.maps import takes_several_maps
from sandbox.libraries.resolve import Catalogue
from sandbox.libraries.rewriting import Rewriting
from sandbox.markup import Markup

CATALOGUE = Catalogue(libraries())
FOLDER = "http://k7.localhost:8001/libraries/"
BY_MAJOR = {
    f"{one.name}@{one.version.split('.')[0]}": one.id for one in reversed(CATALOGUE.libraries)
}

UNPKG, ESM, NPM = "https://unpkg.com", "https://esm.sh", "https://cdn.jsdelivr.net/npm"
REACT = "umd/react.production.min.js"
FONTS = "https://fonts.googleapis.com"


MARK = f"{NPM}/leaflet@1/dist/images/marker-icon"
OURS = "/libraries/[leaflet@1]/dist/images/marker-icon"


def ours(text: str) -> str:
    """Write "[react@18]" as our version of it."""
    text = text.replace("{OURS}", OURS)
    return re.sub(r"\[([^]]+@\d+)]", lambda one: BY_MAJOR[one[1]], text)


# What a model writes, and what is sent.
CHANGED = {
    # A whole address in markup is the file's own, from the root of the frame's origin.
    f'<script src="{UNPKG}/react@18/{REACT}"></script>': f'<script src="/libraries/[react@18]/{REACT}"></script>',
    f"<script defer src={UNPKG}/react@18/{REACT}></script>": f'<script defer src="/libraries/[react@18]/{REACT}"></script>',
    f"<SCRIPT SRC = '{UNPKG}/react@18/{REACT}' async></SCRIPT>": f'<SCRIPT SRC = "/libraries/[react@18]/{REACT}" async></SCRIPT>',
    '<script src="//cdn.tailwindcss.com"></script>': '<script src="/libraries/[tailwindcss-cdn@3]/tailwindcss.js"></script>',
    f'<script type="module" src="{NPM}/d3@7/+esm"></script>': '<script type="module" src="/libraries/+esm/[d3@7]/dist/d3.min.js"></script>',
    f'<link rel="stylesheet" href="{NPM}/leaflet@1/dist/leaflet.css"/>': '<link rel="stylesheet" href="/libraries/[leaflet@1]/dist/leaflet.css"/>',
    f'<link href="{FONTS}/css2?family=Inter:wght@400;700&amp;display=swap" rel=stylesheet>': '<link href="/libraries/css2?family=Inter:wght@400;700&amp;display=swap" rel=stylesheet>',
    f'<link href="{FONTS}/css2?family=Inter&display=swap" rel=stylesheet>': '<link href="/libraries/css2?family=Inter&amp;display=swap" rel=stylesheet>',
    f'<img alt=">" src="{NPM}/leaflet@1/dist/images/marker-icon.png">': '<img alt=">" src="/libraries/[leaflet@1]/dist/images/marker-icon.png">',
    # One of several, each before its size.
    f'<img src="x.png" srcset="{MARK}.png, {MARK}-2x.png 2x">': '<img src="x.png" srcset="{OURS}.png, {OURS}-2x.png 2x">',
    f"<img srcset='a.png 1x,{MARK}-2x.png 2x, https://a.example/x.png 3x'>": '<img srcset="a.png 1x,{OURS}-2x.png 2x, https://a.example/x.png 3x">',
    f"<picture><source srcset={MARK}.png></picture>": '<picture><source srcset="{OURS}.png"></picture>',
    f'<link rel=preload as=image imagesrcset="{MARK}.png 1x">': '<link rel=preload as=image imagesrcset="{OURS}.png 1x">',
    f'<video poster="{MARK}.png"></video>': '<video poster="{OURS}.png"></video>',
    f'<body background="{MARK}.png">': '<body background="{OURS}.png">',
    # Drawings: a script by another attribute, and texts that are markup to the parser.
    f'<svg><script href="{UNPKG}/react@18/{REACT}"/></svg><p>': f'<svg><script href="/libraries/[react@18]/{REACT}"/></svg><p>',
    f"<svg><script xlink:href='{UNPKG}/react@18/{REACT}'></script></svg>": f'<svg><script xlink:href="/libraries/[react@18]/{REACT}"></script></svg>',
    f'<svg><image href="{MARK}.png"/></svg>': '<svg><image href="{OURS}.png"/></svg>',
    f"<svg><style>@import url('{FONTS}/css2?family=Inter&amp;family=Lato&amp;display=swap');</style><text>a</text></svg>": "<svg><style>@import url('/libraries/css2?family=Inter&family=Lato&display=swap');</style><text>a</text></svg>",
    f'<svg><style><![CDATA[@import "{FONTS}/css2?family=Inter&family=Lato"; a > b {{}}]]></style></svg>': '<svg><style><![CDATA[@import "/libraries/css2?family=Inter&family=Lato"; a > b {}]]></style></svg>',
    f"<svg><script>import('{ESM}/react@18')</script></svg>": f"<svg><script>import('{FOLDER}+esm/[react@18]/{REACT}')</script></svg>",
    f"<svg><style>a{{}}<g/>'{FONTS}/css2?family=Inter'</svg><style>@import '{FONTS}/css2?family=Inter';</style>": f"<svg><style>a{{}}<g/>'{FONTS}/css2?family=Inter'</svg><style>@import '/libraries/css2?family=Inter';</style>",
    # An integrity is that of another file.
    f'<script integrity="sha384-x" src="{UNPKG}/react@18/{REACT}"></script>': f'<script data-integrity="sha384-x" src="/libraries/[react@18]/{REACT}"></script>',
    f"<script src='{UNPKG}/react@18/{REACT}' crossorigin INTEGRITY=sha384-x></script>": f'<script src="/libraries/[react@18]/{REACT}" crossorigin data-INTEGRITY=sha384-x></script>',
    # A module's name is one address, also where several spellings mean one file.
    f'<script type="module">import * as d3 from "{NPM}/d3@7/+esm";\nx()</script>': f'<script type="module">import * as d3 from "{FOLDER}+esm/[d3@7]/dist/d3.min.js";\nx()</script>',
    f"<script type=module>import'{ESM}/preact@10';</script>": f"<script type=module>import'{FOLDER}+esm/[preact@10]/dist/preact.module.js';</script>",
    f"<script>const p = import( /* later */ '{ESM}/react@18' )</script>": f"<script>const p = import( /* later */ '{FOLDER}+esm/[react@18]/{REACT}' )</script>",
    f'<script type="text/babel">export {{ useState }} from "{ESM}/react@18"</script>': f'<script type="text/babel">export {{ useState }} from "{FOLDER}+esm/[react@18]/{REACT}"</script>',
    # In a script what is asked for may yet be put together: the CDN's name goes behind ours.
    f'<script>s.src = "{UNPKG}/react@18/{REACT}"</script>': f'<script>s.src = "{FOLDER}cdn/unpkg.com/react@18/{REACT}"</script>',
    f'<script>const cdn = "{NPM}/"; load(cdn + "d3@7")</script>': f'<script>const cdn = "{FOLDER}cdn/cdn.jsdelivr.net/npm/"; load(cdn + "d3@7")</script>',
    "<script>w = `https://cdnjs.cloudflare.com/ajax/libs/pdf.js/${v}/pdf.worker.min.js`</script>": f"<script>w = `{FOLDER}cdn/cdnjs.cloudflare.com/ajax/libs/pdf.js/${{v}}/pdf.worker.min.js`</script>",
    f"<script>import('{ESM}/' + name)</script>": f"<script>import('{FOLDER}cdn/esm.sh/' + name)</script>",
    f"<script>import('{ESM}/react@18' + x)</script>": f"<script>import('{FOLDER}cdn/esm.sh/react@18' + x)</script>",
    r'<script>document.write("<script src=\"https:\/\/unpkg.com\/vue@3\"><\/script>")</script>': rf'<script>document.write("<script src=\"{FOLDER}cdn/unpkg.com/vue@3\"><\/script>")</script>',
    f"<script>c = `importScripts('{UNPKG}/jszip@3')`</script>": f"<script>c = `importScripts('{FOLDER}cdn/unpkg.com/jszip@3')`</script>",
    f'<p onclick="import(&quot;{ESM}/react@18&quot;)">': f'<p onclick="import(&quot;{FOLDER}+esm/[react@18]/{REACT}&quot;)">',
    # Styles: from the root, as in markup.
    f"<style>@import url('{FONTS}/css2?family=Inter&display=swap');</style>": "<style>@import url('/libraries/css2?family=Inter&display=swap');</style>",
    f'<style>@import "{NPM}/@picocss/pico@2/css/pico.min.css";</style>': '<style>@import "/libraries/[@picocss/pico@2]/css/pico.min.css";</style>',
    f"<style>b {{ background: url({NPM}/leaflet@1/dist/images/layers.png) }}</style>": "<style>b { background: url(/libraries/[leaflet@1]/dist/images/layers.png) }</style>",
    f'<p style="background: url({NPM}/leaflet@1/dist/images/layers.png)">': '<p style="background: url(/libraries/[leaflet@1]/dist/images/layers.png)">',
}  # fmt: skip
KEPT = [
    # Not here; or no address that anything is loaded from.
    f'<script src="{UNPKG}/never-heard-of@1/x.js" integrity="sha384-x"></script>',
    f'<script type="module">import x from "{ESM}/never-heard-of";</script>',
    f'<script>s.src = "{UNPKG}/never-heard-of@1/x.js"</script>',
    '<script src="https://cdn.example/react@18"></script>',
    '<script src="https://unpkg.com.example/react@18"></script>',
    '<script src="https://unpkg.com:8443/react@18"></script>',
    '<script src="https://user@unpkg.com/react@18"></script>',
    f'<a href="{UNPKG}/react@18">React</a><p>{UNPKG}/react@18</p><iframe src="{UNPKG}/react@18"></iframe>',
    f"<script>// see {UNPKG}/react@18\nsay('from {UNPKG}/react@18')</script>",
    f"<script>x = '{UNPKG}.example/'; y = 'https://d3js.organic/'; z = \"{UNPKG} is a CDN\"</script>",
    f'<script type="application/json">{{"a": "{UNPKG}/react@18"}}</script>',
    f"<textarea><script src='{UNPKG}/react@18'></script></textarea>",
    f"<!-- <script src='{UNPKG}/react@18'></script> -->",
    f"<title>{UNPKG}/react@18</title>",
    f"<img srcset='https://a.example/,{MARK}.png 2x' alt='{MARK}.png'>",
    f"<svg><style/><text>'{UNPKG}/react@18'</text><a href='{MARK}.png'>a</a></svg>",
    f"<svg><style>a</style>'{UNPKG}/react@18'<title><script src='{UNPKG}/never@1'></script></title></svg>",
    # A scheme comes before it at run time; then `sandbox/runtime/libraries.js` sees the whole.
    "<script>s.src = location.protocol + '//unpkg.com/vue@3'; t = 'https:' +\n \"//esm.sh/react@18\"</script>",
    "<svg><style>a < b <!-- c --> d </ e></style>",
    f"<style>/* {UNPKG}/react@18 */ a {{ color: red }}</style>",
    '<script type="importmap">{"imports": </script>',
    "<script>a // b\n/\\/\\//.test(c) // https:/</script>",
    f'<script src="{UNPKG}/react@18',
    "<script>x = 'https://unp",
]  # fmt: skip
CASES = [*((text, ours(to)) for text, to in CHANGED.items()), *((text, text) for text in KEPT)]


def through(*parts: str, **given: Any) -> str:
    markup = Markup(Rewriting(CATALOGUE, FOLDER, **given))
    return "".join([*map(markup.feed, parts), markup.finish()])


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_an_address_is_changed_wherever_the_stream_is_cut(text: str, expected: str) -> None:
    assert through(text) == expected
    assert through(*text) == expected
    for cut in range(len(text)):
        assert through(text[:cut], text[cut:]) == expected


PIECES = st.sampled_from(
    [
        *(text for text, _ in CASES),
        *"<>/=\"'`!-x \n\\$",
        "<script>",
        "</script>",
        "<style>",
        "</style>",
        "<link ",
        "<script src=",
        "https://",
        "https:\\/\\/",
        "//unpkg.com/",
        "esm.sh/react@18",
        "import(",
        "from",
        " + x)",
        "${x}",
        '<script type="importmap">{"imports": {"a": "https://esm.sh/',
        '"}}</script>',
    ]
)


@given(st.lists(PIECES, max_size=10), st.lists(st.integers(0, 600), max_size=5))
def test_any_cuts_of_any_text_give_the_same(pieces: list[str], cuts: list[int]) -> None:
    text = "".join(pieces)
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    whole = through(text)
    assert through(*(text[start:end] for start, end in pairwise(places))) == whole
    assert through(*text) == whole
    assert whole.count("\n") == text.count("\n")


@given(st.text(max_size=200), st.integers(0, 200))
def test_other_text_passes_as_it_is(text: str, cut: int) -> None:
    assert through(text[:cut], text[cut:]) == text


@pytest.mark.parametrize("size", [2040, 2047, 2048, 2049, 60_000, 70_000])
def test_long_addresses_and_tags_pass_however_they_are_cut(size: int) -> None:
    for text in (
        f'<script>x = "{UNPKG}/{"a" * size}"; import("{ESM}/react@18")</script>',
        f'<script data-x="{"a" * size}" src="{UNPKG}/vue@3"></script><p>',
        f'<script x="{"a" * size}">import("{ESM}/react@18")</script>',
    ):
        whole = through(text)
        assert through(*(text[at : at + 500] for at in range(0, len(text), 500))) == whole
        assert through(*(text[at : at + 333] for at in range(0, len(text), 333))) == whole


MAP = {
    "imports": {
        "three": f"{UNPKG}/three@0.160.0/build/three.module.js",
        "three/addons/": f"{UNPKG}/three@0.160.0/examples/jsm/",
        "react/": f"{ESM}/react@18/",
        "mine": "./mine.js",
        "other": f"{UNPKG}/never-heard-of@1/x.js",
    },
    "scopes": {"/x/": {"d3": f"{ESM}/d3@7"}},
}


def test_a_tools_own_import_map_leads_to_us_and_catches_what_is_imported_at_run_time() -> None:
    text = json.dumps(MAP, indent=2)
    sent = through(f"<script type=importmap>\n{text}\n</script>")
    assert sent.count("\n") == text.count("\n") + 2
    found = json.loads(sent.partition(">")[2].removesuffix("</script>"))
    imports, three = found["imports"], BY_MAJOR["three@0"]
    three = next(one.id for one in CATALOGUE.libraries if one.id.startswith("three@0.160"))
    assert imports["three"] == f"/libraries/{three}/build/three.module.js"
    assert imports["three/addons/"] == f"/libraries/{three}/examples/jsm/"
    assert imports["react/"] == "/libraries/cdn/esm.sh/react@18/"
    assert imports["mine"] == "./mine.js"
    assert imports["other"] == MAP["imports"]["other"]
    assert imports[f"{ESM}/"] == "/libraries/cdn/esm.sh/"
    assert found["scopes"]["/x/"]["d3"] == f"/libraries/+esm/{BY_MAJOR['d3@7']}/dist/d3.min.js"


def test_a_tools_own_import_map_repeats_nothing_of_the_frames() -> None:
    """A browser would warn of each."""
    text = f"<script type=importmap>{json.dumps(MAP)}</script>"
    found = json.loads(through(text, maps=True).partition(">")[2].removesuffix("</script>"))
    assert set(found["imports"]) == set(MAP["imports"])
    assert found["imports"]["react/"] == "/libraries/cdn/esm.sh/react@18/"


WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
BROWSERS = {
    f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/133.0.0.0 Safari/537.36": True,
    f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/141.0.0.0 Safari/537.36": True,
    f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/132.0.0.0 Safari/537.36": False,
    f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Version/60.5 Safari/605.1.15": False,
    "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0": False,
    f"Chrome/{'9' * 5000}.0": False,
    "": False,
}


@pytest.mark.parametrize("name", BROWSERS)
def test_a_browser_that_takes_one_import_map_is_known_by_its_name(name: str) -> None:
    assert takes_several_maps(name) is BROWSERS[name]


def test_a_granted_origin_is_asked_itself_for_what_is_not_known_to_be_here() -> None:
    text = f'<script>x = "{NPM}/"; y = "{UNPKG}/"</script><script src="{NPM}/vue@3"></script>'
    sent = through(text, granted=("https://cdn.jsdelivr.net",))
    assert f'x = "{NPM}/"' in sent
    assert f'y = "{FOLDER}cdn/unpkg.com/"' in sent
    assert f"/libraries/{BY_MAJOR['vue@3']}/" in sent


def test_what_is_answered_by_another_version_or_without_its_integrity_is_noted() -> None:
    rewriting = Rewriting(CATALOGUE, FOLDER)
    address = f"{UNPKG}/react@18.0.1/{REACT}"
    Markup(rewriting).feed(f'<script src="{address}" integrity="sha384-x"></script>')
    version = BY_MAJOR["react@18"].partition("@")[2]
    assert rewriting.notes == {
        f"react 18.0.1 was asked for; {version} is used": address,
        f"the integrity of {address} was not compared: a file of ours answers it": address,
    }


def test_another_major_version_is_never_used_unsaid() -> None:
    text = f'<script src="{UNPKG}/react@16.8.0/{REACT}"></script>'
    assert through(text) == text


def test_nothing_is_held_back_but_what_may_be_an_address() -> None:
    for text in (
        "plain",
        "<p class='a'>b",
        "<script>let a = 1; //",
        "<script>let a = 'x",
        "<style>a { color",
        "<script>a </scrip",
    ):
        sent = Markup(Rewriting(CATALOGUE, FOLDER)).feed(text)
        assert sent == text.removesuffix("//"), text
    assert Markup(Rewriting(CATALOGUE, FOLDER)).feed("a<script src='x'") == "a"
    assert Markup(Rewriting(CATALOGUE, FOLDER)).feed("<script>x = 'https://unp") == "<script>x = '"


def test_a_document_of_nothing_but_addresses_holds_nobody_up() -> None:
    """Under 50 ms for each 64 KiB, the most that is looked at in one go."""
    text = "".join(f'<script src="{UNPKG}/a{n}@1"></script>' for n in range(1700))
    quoted = "<script>" + "".join(f'"{UNPKG}/react{n}/",' for n in range(2000))
    for one in (text[:65536], quoted[:65536], "<script>" + '"//' * 20_000):
        took = []
        for _ in range(3):  # others on this machine make a processor slower
            started = time.process_time()
            through(one)
            took.append(time.process_time() - started)
        assert min(took) < 0.05 * 3, took


def test_two_modules_of_one_page_that_import_two_of_one_are_told() -> None:
    """Whatever comes first; not where the address says which, or the page's own is meant."""
    react, charts = f"{ESM}/react@19", f"{ESM}/recharts@2"
    used = {one.name: one.id for one in reversed(CATALOGUE.libraries)}
    said = (
        f"{used['recharts']} works with {ours('[react@18]')}, and the tool imports "
        f"{ours('[react@19]')}; at esm.sh, ?deps={ours('[react@19]')} gives it the tool's"
    )
    for first, second in ((react, charts), (charts, react)):
        rewriting = Rewriting(CATALOGUE, FOLDER)
        text = json.dumps({"imports": {"a": first, "b": second}})
        Markup(rewriting).feed(f'<script type="importmap">{text}</script>')
        assert rewriting.notes == {said: charts}
    for one in (f"{charts}?deps=react@19", f"{charts}?external=react", f"{ESM}/d3@7"):
        rewriting = Rewriting(CATALOGUE, FOLDER)
        Markup(rewriting).feed(f'<script type="module">import "{react}"; import "{one}"</script>')
        assert rewriting.notes == {}
