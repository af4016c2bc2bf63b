"""Exported files with the libraries that their tools load from CDNs: opened from disk, offline."""

from __future__ import annotations

import json
import mimetypes
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.async_api import BrowserContext, Route, expect

from sandbox.libraries.cdn import sources
from sandbox.libraries.fetch import missing
from sandbox.libraries.inlining import inline
from sandbox.libraries.manifest import VENDORED, Library, libraries
from sandbox.libraries.resolve import Catalogue
from sandbox.libraries.shelf import Shelf, shipped_shelf
from server.export import export_html
from tests.browser.library_documents import CDNJS, NPM, TOOLS, UNPKG
from tests.sampling import sampled

pytestmark = pytest.mark.skipif(
    any(not library.optional for library in missing(libraries())),
    reason="the libraries are not here: make vendor",
)


def tool(head: str, script: str, kind: str = "text/javascript", body: str = "") -> str:
    return (
        f"<!doctype html><html lang='en'><head><title>Tool</title>{head}</head><body><h1>Tool</h1>"
        f"<p id='done'></p>{body}<script type='{kind}'>const done = (value) => "
        f"{{ document.getElementById('done').dataset.done = value; }};\n{script}</script>"
        "</body></html>"
    )


CHART = tool(
    f"<script src='{NPM}/chart.js@4/dist/chart.umd.min.js' integrity='sha384-x' crossorigin>"
    "</script>",
    # Some libraries find their other files by the address that a stack has of them.
    "let stack = ''; const callback = (value) => { stack = new Error().stack; return value; };"
    "const options = {animation: false, scales: {y: {ticks: {callback}}}};"
    "const chart = new Chart(document.querySelector('canvas'), {type: 'bar', options, "
    "data: {labels: ['a'], datasets: [{data: [1]}]}});"
    f"done(chart.getDatasetMeta(0).data.length === 1 && stack.includes('{NPM}/chart.js@4'));",
    body="<canvas></canvas>",
)
ICONS = tool(
    f"<link rel='stylesheet' href='{CDNJS}/font-awesome/6.5.1/css/all.min.css' integrity='x'>"
    f"<style>@import '{NPM}/animate.css@4/animate.min.css';</style>",
    "document.fonts.load('900 16px \"Font Awesome 6 Free\"', '\\uf015').then((faces) =>"
    "done(faces.length === 1 && getComputedStyle(document.querySelector('i'), '::before')"
    ".content === '\"\\uf015\"' && getComputedStyle(document.querySelector('b'))"
    ".animationDuration === '1s'));",
    body="<i class='fa-solid fa-house'></i><b class='animate__animated'></b>",
)
DRESSED = tool(
    "<script src='https://cdn.tailwindcss.com'></script>"
    f"<link rel='stylesheet' href='{CDNJS}/font-awesome/6.5.1/css/all.min.css'>"
    "<link rel='stylesheet' href='https://fonts.googleapis.com/css2?family=Inter:wght@400;500;600;700;800"
    "&family=JetBrains+Mono:wght@400;600&display=swap'>"
    f"<script defer src='{UNPKG}/alpinejs@3/dist/cdn.min.js'></script>",
    "const seen = () => getComputedStyle(document.querySelector('b')).fontSize === '36px';"
    "(function look() { if (seen()) done(true); else setTimeout(look, 50); })();",
    body="<b class='text-4xl'>Big</b>",
)
DEFERRED = tool(
    f"<script defer src='{UNPKG}/alpinejs@3/dist/cdn.min.js'></script>",
    "addEventListener('alpine:initialized', () => setTimeout(() =>"
    "done(document.querySelector('output').textContent === '3')));",
    body="<div x-data='{n: 3}'><output x-text='n'></output></div>",
)
ADDED = tool(
    "",
    f"const s = document.createElement('script'); s.src = '{UNPKG}/lodash@4/lodash.min.js';"
    "s.integrity = 'sha384-x'; s.crossOrigin = 'anonymous';"
    "s.onload = () => done(_.chunk([1, 2, 3], 2).length === 2); document.head.append(s);",
)
WORKER = tool(
    "",
    f"const text = `importScripts('{UNPKG}/lodash@4/lodash.min.js'); postMessage(_.sum([2, 3]));`;"
    "const url = URL.createObjectURL(new Blob([text]));"
    "const worker = new Worker(url); URL.revokeObjectURL(url);"
    "worker.onmessage = (event) => done(event.data === 5);"
    "worker.onerror = (event) => done(event.message);",
)
DATA = tool(
    "",
    f"fetch('{NPM}/world-atlas@2/countries-110m.json').then((answer) => answer.json())"
    ".then((world) => done(world.type === 'Topology'));",
)
WRITTEN = tool(
    "",
    f'document.write(\'<script src="{UNPKG}/dayjs@1/dayjs.min.js" integrity="sha384-x"></\''
    " + 'script>');"
    "document.write('<script integrity=\"sha384-x\" ');"
    f"document.write('src=\"{UNPKG}/lodash@4/lodash.min.js\"></' + 'script>');"
    "document.write('<script>done(dayjs(\"2020-01-31\").date() === _.sum([31]))<\\/script>');",
)
MODULES = tool(
    "",
    "import React, { useState } from 'https://esm.sh/react@18';\n"
    "import { createRoot } from 'https://esm.sh/react-dom@18/client';\n"
    "import htm from 'https://esm.sh/htm@3';\n"
    "const html = htm.bind(React.createElement);\n"
    "const Text = () => { const [n] = useState(7); return html`<b>${n}</b>`; };\n"
    "const at = document.createElement('div'); document.body.append(at);\n"
    "createRoot(at).render(html`<${Text}/>`);\n"
    "setTimeout(() => done(at.textContent === '7'), 50);",
    kind="module",
)
MAPPED = tool(
    "<script type='importmap'>"
    + json.dumps(
        {
            "imports": {
                "react": "https://esm.sh/react@19",
                "dom": "https://esm.sh/react-dom@19/client",
                "charts": "https://esm.sh/recharts@2?external=react",
                "icons": "https://esm.sh/lucide-react@0?deps=react@19",
            }
        }
    )
    + "</script>",
    "import { createElement as h } from 'react';\n"
    "import { createRoot } from 'dom';\n"
    "import { Pie, PieChart } from 'charts';\n"
    "import { Camera } from 'icons';\n"
    "const pie = h(Pie, { data: [{ value: 1 }], dataKey: 'value', isAnimationActive: false });\n"
    "const at = document.createElement('div'); document.body.append(at);\n"
    "createRoot(at).render([h(Camera), h(PieChart, { width: 90, height: 90 }, pie)]);\n"
    "(function look() { if (at.querySelector('.recharts-pie') && at.querySelector('.lucide'))"
    "done(true); else setTimeout(look, 50); })();",
    kind="module",
)
IMPORTED = tool(
    "",
    f"const folder = '{UNPKG}/lodash@4/'; await import(folder + 'lodash.min.js');"
    "done(_.sum([1, 2]) === 3);",
    kind="module",
)
CASES = {
    **TOOLS,
    "Chart.js": CHART,
    "icons by a style sheet": ICONS,
    "Tailwind among much that is large": DRESSED,
    "a script that is deferred": DEFERRED,
    "a script that a script adds": ADDED,
    "what a worker imports": WORKER,
    "data": DATA,
    "a script that a script writes": WRITTEN,
    "React as modules": MODULES,
    "libraries that take the page's React": MAPPED,
    "a script that is imported by an address made up": IMPORTED,
}
QUICK = {
    "Chart.js",
    "icons by a style sheet",
    "React, Babel and Tailwind",
    "three by an import map",
}
EACH = sampled(CASES, QUICK)
# What a test of the tool saw it ask for, by an address that only comes to be then.
ASKED = {
    "three by an import map": ["cdn/esm.sh/nanoid@5"],
    "a script that is imported by an address made up": ["cdn/unpkg.com/lodash@4/lodash.min.js"],
    "pdf.js with its worker": [
        "cdn/cdnjs.cloudflare.com/ajax/libs/pdf.js/3.11.174/pdf.worker.min.js"
    ],
}


@pytest.mark.parametrize("name", EACH)
async def test_a_file_with_libraries_works_from_disk(
    name: str, context: BrowserContext, tmp_path: Path
) -> None:
    """And asks nobody for anything."""
    inlined = inline(CASES[name], shipped_shelf(), asked=ASKED.get(name, ()))
    file = tmp_path / "tool.html"
    whole = export_html(inlined.html, title="x", storage_prefix="x", carried=inlined.carried)
    file.write_text(whole, "utf-8")
    await context.set_offline(True)
    page = await context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text[:300]}"))
    page.on("pageerror", lambda error: said.append(f"error: {str(error)[:300]}"))
    page.on("request", lambda request: asked.append(request.url[:100]))
    await page.goto(file.as_uri())
    if name.startswith("React, Babel"):
        await page.get_by_role("button").click()
        await expect(page.locator("#done")).to_have_css("background-color", "rgb(239, 68, 68)")
    try:
        await expect(page.locator("#done")).to_have_attribute("data-done", "true")
    except AssertionError as error:
        raise AssertionError(f"{error}\n{said}") from error
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert [one for one in said if one.startswith(("error", "pageerror"))] == []
    assert inlined.lacking == ()


async def test_a_file_by_a_cdn_runs_what_its_hashes_are_of(
    context: BrowserContext, tmp_path: Path
) -> None:
    """Scripts, sheets and their fonts from that one host; a changed script does not run."""
    changed = b""
    page = await context.new_page()
    asked: list[str] = []

    async def answer(route: Route) -> None:
        asked.append(route.request.url)
        path = unquote(urlsplit(route.request.url).path).removeprefix("/npm/")
        body = (VENDORED / path).read_bytes() + (changed if path.endswith(".js") else b"")
        kind = mimetypes.guess_type(path)[0] or "font/woff2"
        headers = {"Access-Control-Allow-Origin": "*", "Content-Type": kind}
        await route.fulfill(body=body, headers=headers)

    await page.route("https://cdn.jsdelivr.net/npm/**", answer)
    done = page.locator("#done[data-done=true]")
    for name, case in (("icons", ICONS), ("chart", CHART)):
        made = inline(case, shipped_shelf(), by_cdn=True)
        whole = export_html(
            made.html,
            title=name,
            storage_prefix=name,
            carried=made.carried,
            loads=sources(made.linked),
        )
        file = tmp_path / f"{name}.html"
        file.write_text(whole, "utf-8")
        await page.goto(file.as_uri())
        await expect(done).to_be_attached()
        assert asked, name
        asked.clear()
    changed = b"\n//"
    await page.reload()
    await expect(page.locator("h1")).to_be_attached()
    assert asked
    assert await page.evaluate("typeof Chart") == "undefined"
    # Its policy lets in those files, and nothing else of the host.
    beside = "new Promise((done) => { const script = document.createElement('script'); "
    beside += "script.onload = () => done(true); script.onerror = () => done(false); "
    beside += "script.src = 'https://cdn.jsdelivr.net/npm/crelt@1/index.js'; "
    beside += "document.head.append(script); })"
    assert await page.evaluate(beside) is False


BEGINS = "const at = /(https:[^\\s)]*\\/)loader/.exec(new Error().stack)[1];"
ENDS = "return core + await (await fetch(at + 'core.txt')).text();"
LOADER = {
    "loader.js": f"""var load = (() => {{ {BEGINS}
      return async () => {{
        if (self.importScripts) importScripts(at + "core.js"); else await import(at + "core.js");
        {ENDS} }}; }})();""",
    "loader.mjs": f"""{BEGINS}
      export const load = async () => {{ await import(at + "core.js"); {ENDS} }};""",
    "core.js": "globalThis.core = 'core';",
    "core.txt": " and text",
}
LOADS = f"""<!doctype html><title>Loads</title><p id="done"></p>
<script src="{UNPKG}/loader@2/loader.js"></script>
<script type="module">
  import {{ load as loadModule }} from "{NPM}/loader@2/loader.mjs";
  const found = [await load(), await loadModule()];
  const added = document.createElement("script");
  added.src = "{NPM}/loader@2.0/loader.js";
  await new Promise((go) => {{ added.onload = go; document.head.append(added); }});
  found.push(await load());
  const asks = ["importScripts('{UNPKG}/loader@2.0.0/loader.js')",
    "const name = '{UNPKG}/loader/loader.js'; importScripts(name)"];
  for (const ask of asks) {{
    const text = `${{ask}}; load().then(postMessage, (error) => postMessage(error.stack));`;
    const worker = new Worker(URL.createObjectURL(new Blob([text])));
    found.push(await new Promise((go) => {{ worker.onmessage = (event) => go(event.data); }}));
  }}
  document.getElementById("done").textContent = found.join();
</script>"""


async def test_a_library_finds_its_other_files_however_it_was_loaded(
    context: BrowserContext, tmp_path: Path
) -> None:
    """By its address on a stack, though no test saw it ask."""
    folder = tmp_path / "loader@2.0.0"
    folder.mkdir()
    for name, text in LOADER.items():
        (folder / name).write_text(text)
    library = Library(
        *("loader", "2.0.0", "MIT", "", ()),
        main="loader.js",
        modules={".": "loader.mjs"},
        beside=("core.js", "core.txt"),
        files=tuple(LOADER),
    )
    made = inline(LOADS, Shelf(Catalogue([library]), tmp_path))
    file = tmp_path / "tool.html"
    file.write_text(export_html(made.html, title="x", storage_prefix="x", carried=made.carried))
    page = await context.new_page()
    await page.goto(file.as_uri())
    await expect(page.locator("#done")).to_have_text(",".join(["core and text"] * 5))


PYODIDE = "https://cdn.jsdelivr.net/pyodide/v0.27.5/full"


@pytest.mark.sandbox
@pytest.mark.skipif(
    any(one.name == "pyodide" for one in missing(libraries())),
    reason="sandwright libraries add pyodide",
)
async def test_python_runs_in_a_file(context: BrowserContext, tmp_path: Path) -> None:
    script = (
        f"loadPyodide({{indexURL: `${{'{PYODIDE}'}}/`}}).then((python) => "
        "done(python.runPython('import json; json.loads(\"[40]\")[0] + 2') === 42));"
    )
    made = inline(tool(f"<script src='{PYODIDE}/pyodide.js'></script>", script), shipped_shelf())
    file = tmp_path / "tool.html"
    file.write_text(export_html(made.html, title="x", storage_prefix="x", carried=made.carried))
    await context.set_offline(True)
    page = await context.new_page()
    await page.goto(file.as_uri())
    await expect(page.locator("#done")).to_have_attribute("data-done", "true", timeout=60_000)
