"""Libraries as modules, from the frame origin, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from frames import Shelf, frame_app, plain_pages
from playwright.async_api import Page

from sandbox.libraries.fetch import missing
from sandbox.libraries.manifest import libraries
from sandbox.libraries.resolve import Catalogue

NPM = "https://cdn.jsdelivr.net/npm"
CATALOGUE = Catalogue(libraries())

pytestmark = pytest.mark.skipif(
    any(not library.optional for library in missing(libraries())),
    reason="the libraries are not here: make vendor",
)


def address(url: str) -> str:
    resolved = CATALOGUE.resolve(url)
    assert resolved is not None, url
    return f"/libraries/{resolved.address}"


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def port(serve: Any, shelf: Shelf) -> int:
    return await serve(frame_app(shelf, "http://127.0.0.1:8000"))


# What a tool imports, and a line that must hold for it.
IMPORTED = {
    f"{NPM}/d3@7/+esm": "m.scaleLinear([0, 1], [0, 10])(0.5) === 5",
    "https://esm.sh/d3@7?bundle": "m.max([1, 3, 2]) === 3",
    "https://esm.sh/react@17": "m.default.version.startsWith('17')",
    "https://esm.sh/react@18": "m.useState === m.default.useState",
    "https://esm.sh/react@18/jsx-runtime": "m.jsx('b', {}).type === 'b'",
    "https://esm.sh/react-dom@18/client": "typeof m.createRoot === 'function'",
    "https://esm.sh/react@19": "m.default.version.startsWith('19')",
    "https://esm.sh/react-dom@19/client": "typeof m.createRoot === 'function'",
    "https://esm.sh/preact@10/hooks": "typeof m.useState === 'function'",
    "https://esm.sh/htm@3/preact": "typeof m.html === 'function'",
    "https://esm.sh/recharts@2": "typeof m.LineChart === 'function' || !!m.LineChart",
    "https://esm.sh/three@0.160": "new m.Vector3(1, 2, 3).length() > 3",
    "https://esm.sh/three@0.160/addons/controls/OrbitControls.js": "!!m.OrbitControls",
    "https://esm.sh/three@0.128/examples/jsm/loaders/GLTFLoader.js": "!!m.GLTFLoader",
    "https://esm.sh/codemirror@6": "!!m.EditorView && !!m.basicSetup",
    "https://esm.sh/@codemirror/lang-python": "typeof m.python === 'function'",
    "https://esm.sh/vue@3": "typeof m.createApp === 'function'",
    "https://esm.run/marked": "m.marked.parse('*a*').includes('<em>')",
    f"{NPM}/chart.js@4/auto/+esm": "typeof m.default === 'function'",
    f"{NPM}/lodash-es@4/+esm": "m.chunk([1, 2, 3], 2).length === 2",
    f"{NPM}/dayjs@1/+esm": "m.default('2024-02-03').month() === 1",
    f"{NPM}/date-fns@4/+esm": "m.addDays(new Date(0), 1).getTime() === 864e5",
    f"{NPM}/mermaid@11/+esm": "typeof m.default.render === 'function'",
    f"{NPM}/mermaid@10/+esm": "typeof m.default.render === 'function'",
    f"{NPM}/jszip@3/+esm": "new m.default().file('a', 'b') !== null",
    f"{NPM}/papaparse@5/+esm": "m.default.parse('a,b').data[0][1] === 'b'",
    f"{NPM}/js-yaml@4/+esm": "m.load('a: 1').a === 1",
    f"{NPM}/xlsx@0.18.5/+esm": "typeof m.read === 'function'",
    f"{NPM}/dompurify@3/+esm": "m.default.sanitize('<b onclick=x>') === '<b></b>'",
    f"{NPM}/markdown-it@14/+esm": "m.default().render('# a').includes('<h1>')",
    f"{NPM}/highlight.js@11/+esm": "m.default.listLanguages().length > 10",
    f"{NPM}/katex@0.16/+esm": "m.default.renderToString('x').includes('katex')",
    f"{NPM}/jspdf@2/+esm": "typeof m.jsPDF === 'function'",
    f"{NPM}/qrcode@1/+esm": "typeof m.default.toDataURL === 'function'",
    f"{NPM}/tone@14/+esm": "typeof m.Synth === 'function'",
    f"{NPM}/gsap@3/+esm": "typeof m.gsap.to === 'function'",
    f"{NPM}/jquery@3/+esm": "m.default('<p>').length === 1",
    f"{NPM}/pdfjs-dist@4/+esm": "typeof m.getDocument === 'function'",
    f"{NPM}/@viz-js/viz@3/+esm": "typeof m.instance === 'function'",
    f"{NPM}/canvas-confetti@1/+esm": "typeof m.default === 'function'",
}


# recharts and lucide-react take React 18 by themselves; a page with another says so.
TAKEN = {
    "which React": (
        [f"https://esm.sh/{name}" for name in ("react@19", "react-dom@19/client")],
        [f"https://esm.sh/{name}?deps=react@19.0.0" for name in ("recharts@2", "lucide-react@0")],
    ),
    "the page's own": (
        [f"https://esm.sh/{name}" for name in ("react@19", "react-dom@19/client")],
        ["https://esm.sh/*recharts@2", "https://esm.sh/lucide-react@0.263.1&external=react"],
    ),
    "what it is by itself": (
        [f"https://esm.sh/{name}" for name in ("react@18", "react-dom@18/client")],
        [f"https://esm.sh/{name}?deps=react@18.2.0" for name in ("recharts@2", "lucide-react@0")],
    ),
}


@pytest.fixture
async def plain(page: Page, serve: Any) -> Page:
    """A page without walls on an origin of its own: what is under test are the modules."""
    await page.goto(f"http://127.0.0.1:{await serve(plain_pages({'': '<p>plain</p>'}))}/")
    return page


async def test_what_a_tool_imports_is_a_module_that_works(plain: Page, port: int) -> None:
    base = f"http://127.0.0.1:{port}"
    asked = [[url, base + address(url), line] for url, line in IMPORTED.items()]
    failed = await plain.evaluate(
        """async (asked) => (await Promise.all(asked.map(async ([url, address, line]) => {
          try {
            const m = await import(address);
            return new Function("m", `return ${line}`)(m) ? [] : [`${url}: ${Object.keys(m)}`];
          } catch (error) { return [`${url}: ${error}`]; }
        }))).flat()""",
        asked,
    )
    assert failed == []


async def test_two_modules_of_one_page_share_what_they_both_import(plain: Page, port: int) -> None:
    base = f"http://127.0.0.1:{port}"
    shared = await plain.evaluate(
        """async ([react, dom]) => {
          const [{ default: React }, { createRoot }] = [await import(react), await import(dom)];
          const Counter = () => React.createElement("b", null, React.useState(7)[0]);
          const place = document.body.appendChild(document.createElement("div"));
          createRoot(place).render(React.createElement(Counter));
          while (!place.textContent) await new Promise((done) => setTimeout(done, 20));
          return place.textContent;
        }""",
        [base + address(f"https://esm.sh/{name}") for name in ("react@18", "react-dom@18/client")],
    )
    assert shared == "7"


@pytest.mark.parametrize("how", TAKEN)
async def test_a_library_takes_the_react_that_its_address_asks_for(
    how: str, plain: Page, port: int
) -> None:
    base = f"http://127.0.0.1:{port}"
    react, others = ([base + address(url) for url in urls] for urls in TAKEN[how])
    drawn = await plain.evaluate(
        """async ([[react, dom], [charts, icons]]) => {
          const map = document.createElement("script");
          map.type = "importmap";
          map.textContent = JSON.stringify({ imports: { react } });
          document.head.append(map);
          const { createElement: h } = await import(react);
          const { createRoot } = await import(dom);
          const { Line, LineChart } = await import(charts);
          const { Camera } = await import(icons);
          const data = [{ n: 1 }, { n: 3 }, { n: 2 }];
          const line = h(Line, { dataKey: "n", isAnimationActive: false });
          const chart = h(LineChart, { width: 200, height: 90, data }, line);
          const place = document.body.appendChild(document.createElement("div"));
          const failed = new Promise((done) => addEventListener("error", (e) => done(e.message)));
          createRoot(place).render(h("div", null, h(Camera), chart));
          const shown = async () => {
            while (!place.querySelector(".recharts-line-curve")) {
              await new Promise((done) => setTimeout(done, 20));
            }
            return place.querySelectorAll(".lucide-camera").length;
          };
          return Promise.race([failed, shown()]);
        }""",
        [react, others],
    )
    assert drawn == 1
