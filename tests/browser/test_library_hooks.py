"""What a script loads from a CDN by an address that only comes to be at run time."""

from __future__ import annotations

import pytest
from frames import Host, Shelf, show
from playwright.async_api import Page, expect

from sandbox.libraries.fetch import missing
from sandbox.libraries.manifest import libraries

pytestmark = pytest.mark.skipif(
    any(not library.optional for library in missing(libraries())),
    reason="the libraries are not here: make vendor",
)

# Nothing in the document reads as an address: `cdn` is made of parts.
LOADS = {
    "a script by its property": """
      const one = document.createElement("script");
      one.integrity = "sha384-AAAA"; one.crossOrigin = "anonymous";
      one.src = `https://${cdn}/d3@7/dist/d3.min.js`;
      one.onload = () => done(typeof d3.max === "function" && one.integrity === "");
      document.head.append(one);""",
    "a script by its attribute": """
      const one = document.createElement("script");
      one.setAttribute("SRC", `//${cdn}/d3@7`);
      one.setAttribute("integrity", "sha384-AAAA"); one.setAttribute("data-x", "1");
      one.onload = () => done(typeof d3.max === "function" && one.dataset.x === "1");
      document.head.append(one);""",
    "a style sheet": """
      const one = document.createElement("link");
      one.rel = "stylesheet"; one.href = `https://${cdn}/leaflet@1/dist/leaflet.css`;
      one.onload = () => done(one.sheet !== null);
      document.head.append(one);""",
    "a document in the tool": r"""
      const code = `<script src="https://${cdn}/d3@7" integrity="sha384-A" crossorigin><\/script>
        <link rel="stylesheet" href="https://${cdn}/leaflet@1/dist/leaflet.css" integrity="x">
        <script type="module">import { max } from "https://${cdn}/d3@7?module";
        parent.postMessage([d3.max([1, 2]), max([3]), document.styleSheets.length,
          document.querySelector("a").href], "*")<\/script><a href="https://${cdn}/d3@7">d3</a>`;
      addEventListener("message", ({ data }) => done(`${data}` === `2,3,1,https://${cdn}/d3@7`));
      const one = document.createElement("iframe");
      one.srcdoc = code;
      document.body.append(one);""",
    "a document in the tool that names the CDN": r"""
      addEventListener("message", ({ data }) => done(data === 2));
      const one = document.createElement("iframe");
      one.srcdoc = `<script src="https://unpkg.com/d3@7" integrity="sha384-A" crossorigin><\/script>
        <script>parent.postMessage(d3.max([1, 2]), "*")<\/script>`;
      document.body.append(one);""",
    "a worker": """
      const worker = new Worker(`https://${cdn}/pdfjs-dist@3.11.174/build/pdf.worker.min.js`);
      worker.onmessage = () => done(true);
      worker.onerror = () => done(false);
      worker.postMessage({ sourceName: "main", targetName: "worker", action: "test",
        data: new Uint8Array([255]), callbackId: 1 });""",
    "a script that a worker imports": """
      const text = `"use strict";
        importScripts("https://" + "${cdn}" + "/d3@7", "https://" + "${cdn}/lodash@4");
        postMessage(d3.max([1, 2]) + _.sum([3]))`;
      const url = URL.createObjectURL(new Blob([text]));
      const worker = new Worker(url, { name: "one" });
      URL.revokeObjectURL(url);
      worker.onmessage = ({ data }) => done(data === 5);
      worker.onerror = () => done(false);""",
    "data that a worker fetches": """
      const text = `"use strict";
        const at = "https://" + "${cdn}" + "/world-atlas@2/countries-110m.json";
        const other = fetch("https://" + "${cdn}" + "/world-atlas@99/x.json").catch(() => "no");
        Promise.all([fetch(at).then((answer) => answer.json()), other])
          .then(([{ type }, no]) => postMessage(type + no))`;
      const worker = new Worker(URL.createObjectURL(new Blob([text])));
      worker.onmessage = ({ data }) => done(data === "Topologyno");""",
    "a module": """
      import(`https://${cdn}/d3@7?module`).then(({ max }) => done(max([1, 2]) === 2));""",
    "what a module of a script's making imports": """
      const one = document.createElement("script");
      one.type = "module";
      one.text = `import { max } from "https://${cdn}/d3@7?module"; done(max([1, 2]) === 2)`;
      document.head.append(one);""",
    "what a module of a blob imports": """
      const text = `export { max } from "https://${cdn}/d3@7?module"`;
      const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
      import(url).then(({ max }) => done(max([1, 2]) === 2));""",
    "a worker of a module": """
      const worker = new Worker(`https://${cdn}/pdfjs-dist@4.10.38/build/pdf.worker.min.mjs`,
        { type: "module" });
      worker.onmessage = () => done(true);
      worker.onerror = () => done(false);
      worker.postMessage({ sourceName: "main", targetName: "worker", action: "test",
        data: new Uint8Array([255]), callbackId: 1 });""",
}
PAGE = """<!doctype html><h1>Tool</h1><p id="done"></p><script>
const cdn = ["unpkg", "com"].join(".");
const done = (held) => {{ document.getElementById("done").dataset.done = held; }};
(async () => {{ {0}
}})();
</script>"""


@pytest.mark.parametrize("kind", LOADS)
async def test_what_a_script_loads_by_an_address_of_parts_is_found(
    kind: str, page: Page, host: Host, shelf: Shelf
) -> None:
    shelf.put("tool", PAGE.format(LOADS[kind]))
    frame = await show(page, host)
    await expect(frame.locator("#done")).to_have_attribute("data-done", "true")


@pytest.mark.parametrize(
    "script", ["throw new Error('x')", "const = 1", "self.onmessage = 1; nope()"]
)
async def test_an_error_of_a_worker_is_told_with_its_line(
    script: str, page: Page, host: Host, shelf: Shelf
) -> None:
    """And what a worker is asked for by others is as ever."""
    text = f"`const one = 1;\\n\\n{script}`"
    start = f"""
      const worker = new Worker(URL.createObjectURL(new Blob([{text}])));
      worker.onerror = (event) => done(event.lineno === 3 && event.filename.startsWith("blob:"));"""
    shelf.put("tool", PAGE.format(start))
    frame = await show(page, host)
    await expect(frame.locator("#done")).to_have_attribute("data-done", "true")


OWN = """<script type="importmap">{"imports": {"d3": "https://cdn.jsdelivr.net/npm/d3@7/+esm"}}</script>"""


async def test_a_tools_own_import_map_stands_beside_ours(
    page: Page, host: Host, shelf: Shelf
) -> None:
    """Both lead to one module, nothing is warned of, and ours is nowhere to be seen."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    script = """
      Promise.all([import("d3"), import(`https://${cdn}/d3@7?module`)]).then(([own, ours]) =>
        done(own.max === ours.max && document.scripts.length === 2));"""
    shelf.put("tool", OWN + PAGE.format(script))
    frame = await show(page, host)
    await expect(frame.locator("#done")).to_have_attribute("data-done", "true")
    assert said == []


async def test_other_addresses_are_left_as_they_are(page: Page, host: Host, shelf: Shelf) -> None:
    """And an element that loads nothing of ours keeps what it was given."""
    script = """
      const told = [];
      for (const address of ["https://cdn.example/a.js", "https://unpkg.com.example/a", "a.js",
          "https://user@unpkg.com/a.js", "data:text/javascript,1", "https://unpkg.com:8443/a.js"]) {
        const one = document.createElement("script");
        one.src = address; one.integrity = "sha384-AAAA";
        told.push(one.getAttribute("src") === address && one.integrity === "sha384-AAAA");
        one.setAttribute("src", address);
        told.push(one.getAttribute("src") === address);
      }
      const parts = ["<link integrity='sha384-AAAA' ", "data-x ", "href='https://cdn.example/b.js'>",
        "<link href=https://cdn.example/c.js ", "integ", "rity=sha384-AAAA data-x", ">"];
      for (const part of parts) document.write(part);
      for (const one of document.querySelectorAll("[data-x]")) {
        told.push(one.integrity === "sha384-AAAA", /^https:..cdn.example.[bc].js$/.test(one.href));
      }
      told.push(document.querySelectorAll("[data-x]").length === 2);
      const worker = new Worker(URL.createObjectURL(new Blob([
        "try { importScripts('https://cdn.example/a.js') } catch (e) { postMessage(e.name) }"])));
      const refused = new Promise((tell) => { worker.onmessage = ({ data }) => tell(data); });
      const missing = import("https://cdn.example/a.js").catch((error) => error.message);
      told.push(await refused === "NetworkError", (await missing).endsWith("https://cdn.example/a.js"));
      done(told.every(Boolean) && HTMLScriptElement.prototype.hasOwnProperty("src"));"""
    shelf.put("tool", PAGE.format(script))
    frame = await show(page, host)
    await expect(frame.locator("#done")).to_have_attribute("data-done", "true")
