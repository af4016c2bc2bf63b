"""Tools that load libraries from CDNs: each streams, works in the frame and passes its test.

Nothing outside is reachable meanwhile: every name leads nowhere.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
from frames import Host, Shelf, show
from playwright.async_api import Page, expect

from sandbox.libraries.fetch import missing
from sandbox.libraries.manifest import libraries
from sandbox.libraries.shelf import shipped_shelf
from sandbox.live import LiveDocument
from sandbox.own_command import own_command
from sandbox.report import Verdict
from sandbox.smoke import SmokeTester, find_browser
from tests.browser.asking import told_in_time
from tests.browser.library_documents import NPM, READ, TOOLS
from tests.sampling import sampled

pytestmark = pytest.mark.skipif(
    any(not library.optional for library in missing(libraries())),
    reason="the libraries are not here: make vendor",
)
QUICK = {"React, Babel and Tailwind", "three by an import map"}
EACH = sampled(TOOLS, QUICK)


@pytest.fixture
async def tester(browser_path: str) -> AsyncIterator[SmokeTester]:
    choice = find_browser(browser_path, os.environ)
    async with SmokeTester(choice) as tester:
        yield tester


@pytest.mark.parametrize("name", EACH)
async def test_a_tool_with_libraries_of_a_cdn_works_while_it_streams(
    name: str, page: Page, host: Host, shelf: Shelf
) -> None:
    """And asks nobody but the frame's origin for anything."""
    html, document = TOOLS[name], LiveDocument()
    shelf.documents["tool"] = document
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    begun = html.index("</h1>") + 5
    for at in range(0, begun, 17):
        document.append(html[at : min(at + 17, begun)])
    frame = await show(page, host)
    await frame.wait_for_selector("h1")
    assert not document.finished
    document.append(html[begun:])
    document.finish()
    button = frame.get_by_role("button")
    if name.startswith("React"):
        await button.click()
        await expect(frame.locator("#done")).to_have_css("background-color", "rgb(239, 68, 68)")
    await expect(frame.locator("#done")).to_have_attribute("data-done", "true")
    ours = (f"http://label.localhost:{host.frame_port}/", f"http://127.0.0.1:{host.port}/")
    outside = [url for url in asked if not url.startswith((*ours, "blob:", "data:"))]
    assert outside == []
    blocked = await page.evaluate("messages.filter((one) => one.type === 'violation')")
    assert blocked == []


@pytest.mark.parametrize("name", EACH)
async def test_a_tool_with_libraries_of_a_cdn_passes_its_test(
    name: str, tester: SmokeTester
) -> None:
    report = await told_in_time(tester, TOOLS[name])
    assert report.verdict is Verdict.PASSED, report
    told = [one.message for one in report.findings]
    assert not [one for one in told if "network" in one or "missing" in one], told


def document(head: str, script: str = "", kind: str = "module") -> str:
    return (
        f"<!doctype html><html lang='en'><head><title>Tool</title>\n{head}\n</head>"
        f"<body><h1>Tool</h1>\n<script type='{kind}'>{script}</script></body></html>"
    )


UNPKG = "https://unpkg.com"
REACT = f"{UNPKG}/react@18.0.1/umd/react.production.min.js"
DRAW = "https://cdnjs.cloudflare.com/ajax/libs/leaflet.draw/1.0.4/leaflet.draw.js"


async def test_another_version_and_an_integrity_that_was_not_compared_are_said(
    tester: SmokeTester,
) -> None:
    """With the line; nothing else speaks against the tool."""
    tag = f"<script src='{REACT}' integrity='sha384-AAAA' crossorigin></script>"
    check = "if (!React.version.startsWith('18.')) throw new Error(React.version);"
    report = await told_in_time(tester, document(tag, check))
    assert report.verdict is Verdict.PASSED, report
    used = next(one.version for one in libraries() if one.id.startswith("react@18"))
    told = {(one.kind, one.severity, one.message, one.line) for one in report.findings}
    assert told == {
        ("library", "advisory", f"react 18.0.1 was asked for; {used} is used", 2),
        (
            "library",
            "advisory",
            f"the integrity of {REACT} was not compared: a file of ours answers it",
            2,
        ),
    }


async def test_what_is_only_asked_for_at_run_time_is_said_too(tester: SmokeTester) -> None:
    """In every way in which markup is written, too: the CDN's hash would keep our file out."""
    asked = {
        "react": f"{UNPKG}/react@18.0.1/umd/react.production.min.js",
        "vue": f"{UNPKG}/vue@3.0.1/dist/vue.global.js",
        "lodash": f"{UNPKG}/lodash@4.0.1/lodash.min.js",
        "leaflet": f"{UNPKG}/leaflet@1.9.1/dist/leaflet.css",
        "animate.css": f"{UNPKG}/animate.css@4.0.1/animate.min.css",
        "normalize.css": f"{UNPKG}/normalize.css@8.0.0/normalize.css",
        "@picocss/pico": f"{UNPKG}/@picocss/pico@2.0.1/css/pico.min.css",
        "marked": f"{UNPKG}/marked@12.0.1/marked.min.js",
        "dayjs": f"{UNPKG}/dayjs@1.0.1/dayjs.min.js",
    }
    made = {name: f"'{UNPKG}/' + '{url.removeprefix(f'{UNPKG}/')}'" for name, url in asked.items()}
    script = f"""
      const tied = {{ integrity: "sha384-AAAA", crossOrigin: "anonymous" }};
      const add = (...given) =>
        document.head.append(Object.assign(document.createElement("script"), ...given));
      add({{ src: {made["react"]} }}, tied);
      add(tied, {{ src: {made["vue"]} }});
      const hash = "integrity='sha384-AAAA' crossorigin";
      document.write("<script src='{asked["lodash"]}' ", hash, "></" + "script>");
      const box = document.createElement("div");
      document.head.append(box);
      box.innerHTML = `<link href="{asked["leaflet"]}" ${{hash}} rel=stylesheet>`;
      box.insertAdjacentHTML("beforeend",
        `<link href="{asked["animate.css"]}" ${{hash}} rel=stylesheet>`);
      document.writeln(`<link ${{hash}} rel=stylesheet href="{asked["normalize.css"]}">`);
      document.write("<script src='{asked["marked"]}' ");
      document.write("integ");
      document.writeln("rity=" + "'sha384-AAAA'");
      document.write("crossorigin></scr" + "ipt>");
      document.write("<scr", "ipt integrity='sha384-AAAA'");
      document.write(" crossorigin src='{asked["dayjs"]}'></scr" + "ipt>");
      box.append(document.createRange().createContextualFragment(
        `<link ${{hash}} rel=stylesheet href="{asked["@picocss/pico"]}">`));
      addEventListener("load", () => {{
        const sheets = [...document.styleSheets].filter((one) => one.href);
        if (sheets.length !== 4 || !_.chunk || !React.version || !Vue.version
            || !marked.parse || !dayjs(0))
          throw new Error(sheets.length);
      }});"""
    report = await told_in_time(tester, document("", script, "text/javascript"))
    assert report.verdict is Verdict.PASSED, report
    catalogue = shipped_shelf().catalogue
    said = {note for url in asked.values() for note in catalogue.resolve(url).advisories}
    assert len(said) == len(asked)
    said |= {
        f"the integrity of {url} was not compared: a file of ours answers it"
        for url in asked.values()
    }
    told = {(one.kind, one.severity, one.message) for one in report.findings}
    assert told == {("library", "advisory", one) for one in said}


# What is not here, and how it is asked for; the name and the version are told.
LACKING = {
    "a script": (document(f"<script src='{DRAW}'></script>"), "leaflet.draw 1.0.4", DRAW),
    "another major version": (
        document(f"<script src='{UNPKG}/react@16.8.0'></script>"),
        "react 16.8.0",
        f"{UNPKG}/react@16.8.0",
    ),
    "an address made at run time": (
        document(
            "",
            f"const s = document.createElement('script'); s.src = '{UNPKG}/' + 'react@16.8.0';"
            "document.head.append(s);",
        ),
        "react 16.8.0",
        f"{UNPKG}/react@16.8.0",
    ),
}


@pytest.mark.parametrize("kind", sampled(LACKING, 2))
async def test_a_library_that_is_not_here_is_named(kind: str, tester: SmokeTester) -> None:
    html, name, address = LACKING[kind]
    report = await told_in_time(tester, html)
    told = [(one.severity, one.message) for one in report.findings if "library" in one.kind]
    assert told == [("advisory", f"the library {name} is not here: {address}")]


UNFETCHED = {one.name: one for one in missing(libraries())}


def unfetched(name: str, version: str) -> str:
    add = own_command(f"libraries add {name}")
    return f"the library {name} {version} is not here: {add} fetches it"


@pytest.mark.sandbox
@pytest.mark.skipif(
    "@tesseract.js-data/eng" in UNFETCHED, reason="sandwright libraries add tesseract.js"
)
@pytest.mark.parametrize(
    "address",
    [
        f"{NPM}/tesseract.js@5/dist/tesseract.min.js",
        f"{UNPKG}/tesseract.js@4.1.1/dist/tesseract.min.js",
        f"{NPM}/tesseract.js@6/dist/tesseract.min.js",
    ],
)
async def test_words_in_a_picture_are_read(
    address: str, page: Page, host: Host, shelf: Shelf
) -> None:
    shelf.put("tool", READ.format(address=address))
    frame = await show(page, host)
    await expect(frame.locator("#done")).to_have_text("Hello teapot", timeout=60_000)


@pytest.mark.skipif("phaser" not in UNFETCHED, reason="it was fetched")
async def test_a_library_that_was_not_fetched_is_named_with_what_fetches_it(
    tester: SmokeTester,
) -> None:
    html = document(f"<script src='{UNPKG}/phaser@3/dist/phaser.min.js'></script>")
    report = await told_in_time(tester, html)
    version = UNFETCHED["phaser"].version
    told = [(one.severity, one.message, one.line) for one in report.findings]
    said = unfetched("phaser", version)
    assert [one for one in told if "phaser" in one[1] or "404" in one[1]] == [("advisory", said, 2)]


@pytest.mark.skipif("pyodide" not in UNFETCHED, reason="it was fetched")
async def test_a_module_that_was_not_fetched_is_fatal(tester: SmokeTester) -> None:
    script = f"\nimport {{ loadPyodide }} from '{UNPKG}/pyodide@0.27.8/pyodide.mjs';"
    report = await told_in_time(tester, document("", script))
    assert report.verdict is Verdict.FAILED
    said = unfetched("pyodide", "0.27.8")
    assert [(one.message, one.line) for one in report.fatal] == [(said, 5)]


async def test_a_module_that_is_not_here_is_named_and_fatal(tester: SmokeTester) -> None:
    address = "https://esm.sh/never-heard-of@1.2.3"
    report = await told_in_time(tester, document("", f"\nimport x from '{address}';"))
    assert report.verdict is Verdict.FAILED
    told = "the library never-heard-of 1.2.3 is not here, so its module cannot run: " + address
    assert [(one.message, one.line) for one in report.fatal] == [(told, 5)]


async def test_a_message_has_the_address_that_the_tool_has(tester: SmokeTester) -> None:
    script = "const name = 'never-heard-of@1.2.3'; await import('https://esm.sh/' + name);"
    report = await told_in_time(tester, document("", script))
    told = {one.message for one in report.findings}
    asked = "https://esm.sh/never-heard-of@1.2.3"
    assert told == {
        f"TypeError: Failed to fetch dynamically imported module: {asked}",
        f"the library never-heard-of 1.2.3 is not here: {asked}",
    }


async def test_a_font_that_is_not_here_is_named(tester: SmokeTester) -> None:
    address = "https://fonts.googleapis.com/css2?family=Never+Heard"
    report = await told_in_time(tester, document(f"<link rel='stylesheet' href='{address}'>"))
    assert report.verdict is Verdict.PASSED
    assert [one.message for one in report.findings] == [
        f"the font Never Heard is not here: {address}"
    ]


async def test_faults_that_a_framework_stands_before_are_fatal(tester: SmokeTester) -> None:
    """It catches what a handler throws, and hands on the press of a button that does nothing."""
    body = f"""<script src='{UNPKG}/vue@3/dist/vue.global.prod.js'></script>
    <div id="app"><button @click="n += 1">More {{{{ n }}}}</button>
    <button @click="put">Put</button><button @click="nothing">Save</button></div>"""
    script = """Vue.createApp({
      data: () => ({ n: 0 }),
      methods: { put() { document.getElementById('no').value = 1; }, nothing() {} },
    }).mount('#app');"""
    report = await told_in_time(tester, document(body, script))
    assert {(one.kind, one.control) for one in report.fatal} == {
        ("console", "button ‘Put’"),
        ("dead", "button ‘Save’"),
    }
