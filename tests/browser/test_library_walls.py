"""A tool loads what the libraries' folder of the frame origin holds, and nothing beside it."""

from __future__ import annotations

from typing import Any

import pytest
from frames import Host, Shelf, messages, show
from playwright.async_api import Page

from sandbox.libraries.fetch import missing
from sandbox.libraries.manifest import libraries

pytestmark = pytest.mark.skipif(
    any(not library.optional for library in missing(libraries())),
    reason="the libraries are not here: make vendor",
)


def path(name: str, file: str) -> str:
    library = next(one for one in libraries() if one.name == name)
    assert file in library.files
    return f"/libraries/{library.id}/{file}"


D3 = path("d3", "dist/d3.min.js")
LEAFLET = path("leaflet", "dist/leaflet.css")
MARKER = path("leaflet", "dist/images/marker-icon.png")
WASM = path("sql.js", "dist/sql-wasm.wasm")
FONTS = "/libraries/css2?family=Inter"

# What a tool may do with a library: each gives true.
LOADS = {
    "a script": f"""new Promise((done, fail) => {{
        const one = document.createElement("script");
        one.onload = () => done(typeof d3.max === "function"); one.onerror = fail; one.src = "{D3}";
        document.head.append(one); }})""",
    "a module": f"""import("{D3.replace("/libraries/", "/libraries/+esm/")}")
        .then((d3) => d3.max([1, 2]) === 2)""",
    "a style sheet": f"""new Promise((done, fail) => {{
        const one = document.createElement("link"); one.rel = "stylesheet";
        one.onload = () => done(true); one.onerror = fail; one.href = "{LEAFLET}";
        document.head.append(one); }})""",
    "an image": f"""new Promise((done, fail) => {{
        const one = new Image(); one.onload = () => done(one.width > 10); one.onerror = fail;
        one.src = "{MARKER}"; }})""",
    "wasm": f"""WebAssembly.compileStreaming(fetch("{WASM}"))
        .then((module) => module instanceof WebAssembly.Module)""",
    "a font": f"""new Promise((done, fail) => {{
        const one = document.createElement("link"); one.rel = "stylesheet";
        one.onload = done; one.onerror = fail; one.href = "{FONTS}";
        document.head.append(one); }})
        .then(() => document.fonts.load("16px Inter", "a")).then((faces) => faces.length > 0)""",
    "a script of a worker": f"""new Promise((done, fail) => {{
        const code = `importScripts("${{new URL("{D3}", document.baseURI)}}");
          postMessage(d3.max([1, 2]))`;
        const worker = new Worker(URL.createObjectURL(new Blob([code])));
        worker.onerror = fail; worker.onmessage = ({{ data }}) => done(data === 2); }})""",
    "a module of a worker": f"""new Promise((done, fail) => {{
        const url = new URL("{D3.replace("/libraries/", "/libraries/+esm/")}", document.baseURI);
        const code = `import {{ max }} from "${{url}}"; postMessage(max([1, 2]))`;
        // Chromium starts no worker from a module in a blob of an opaque origin.
        const address = `data:text/javascript,${{encodeURIComponent(code)}}`;
        const worker = new Worker(address, {{ type: "module" }});
        worker.onerror = fail; worker.onmessage = ({{ data }}) => done(data === 2); }})""",
}
BESIDE = ("/", "/probe", "/indexed.js", "/other", "/librariesx/", "/libraries", "//127.0.0.1:1/")


@pytest.mark.parametrize("kind", LOADS)
async def test_a_tool_uses_a_library_as(kind: str, page: Page, host: Host, shelf: Shelf) -> None:
    shelf.put("tool", "<h1>Tool</h1>")
    frame = await show(page, host)
    await frame.wait_for_selector("h1")
    assert await frame.evaluate(LOADS[kind]) is True


async def test_nothing_beside_the_folder_can_be_loaded(
    page: Page, host: Host, shelf: Shelf
) -> None:
    """Not by a detour through it either: the browser takes dots out of a path before it looks."""
    shelf.put("tool", "<h1>Tool</h1>")
    shelf.put("other", "<h1>Other</h1>")
    frame = await show(page, host)
    await frame.wait_for_selector("h1")
    detours = [f"/libraries/..{one}" for one in BESIDE[:4]]
    got = await frame.evaluate(
        """async (paths) => (await Promise.all(paths.flatMap((path) => [
          fetch(path, { mode: "no-cors" }).then(() => `fetch ${path}`, () => ""),
          import(path).then(() => `import ${path}`, () => ""),
          new Promise((done) => {
            const one = document.createElement("script");
            one.onload = () => done(`script ${path}`); one.onerror = () => done("");
            one.src = path; document.head.append(one);
          }),
        ]))).filter(Boolean)""",
        [*BESIDE, *detours],
    )
    assert got == []
    assert shelf.opened == ["tool"]
    told: list[dict[str, Any]] = await messages(page, "violation", 20)
    assert {one["directive"] for one in told} <= {"connect-src", "script-src-elem"}
