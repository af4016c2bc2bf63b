"""Tools as models write them, each with a library from a CDN; `#done` says that it works."""

from __future__ import annotations

UNPKG, NPM = "https://unpkg.com", "https://cdn.jsdelivr.net/npm"
CDNJS = "https://cdnjs.cloudflare.com/ajax/libs"

REACT = f"""<!doctype html><html lang="en"><head><title>Counter</title>
<script src="{UNPKG}/react@18/umd/react.development.js" crossorigin></script>
<script src="{UNPKG}/react-dom@18/umd/react-dom.development.js" crossorigin></script>
<script src="{UNPKG}/@babel/standalone/babel.min.js"></script>
<script src="https://cdn.tailwindcss.com"></script></head>
<body><h1>Counter</h1><div id="root"></div>
<script type="text/babel">
const {{ useState }} = React;
function Counter() {{
  const [count, setCount] = useState(0);
  const add = () => setCount(count + 1);
  return <div className="bg-red-500" id="done" data-done={{count > 0}}>
    <button onClick={{add}}>Add</button> {{count}}</div>;
}}
ReactDOM.createRoot(document.getElementById("root")).render(<Counter />);
</script></body></html>
"""

D3 = f"""<!doctype html><html lang="en"><head><title>Bars</title></head>
<body><h1>Bars</h1><svg width="200" height="80" id="bars"></svg><p id="done"></p>
<script type="module">
import * as d3 from "{NPM}/d3@7/+esm";
const scale = d3.scaleLinear().domain([0, 30]).range([0, 80]);
d3.select("#bars").selectAll("rect").data([10, 20, 30]).join("rect")
  .attr("x", (d, i) => i * 40).attr("width", 30).attr("fill", "teal")
  .attr("y", (d) => 80 - scale(d)).attr("height", (d) => scale(d));
d3.select("#done").attr("data-done", document.querySelectorAll("rect").length === 3);
</script></body></html>
"""

THREE = f"""<!doctype html><html lang="en"><head><title>Space</title>
<script type="importmap">
{{
  "imports": {{
    "three": "{UNPKG}/three@0.160.0/build/three.module.js",
    "three/addons/": "{UNPKG}/three@0.160.0/examples/jsm/"
  }}
}}
</script></head>
<body><h1>Space</h1><p id="done"></p><canvas id="view"></canvas>
<script type="module">
import * as THREE from "three";
import {{ OrbitControls }} from "three/addons/controls/OrbitControls.js";
const camera = new THREE.PerspectiveCamera(50, 2, 0.1, 10);
camera.position.set(0, 3, 4);
const controls = new OrbitControls(camera, document.getElementById("view"));
controls.update();
const {{ mergeGeometries }} = await import("three/addons/utils/BufferGeometryUtils.js");
const both = mergeGeometries([new THREE.BoxGeometry(), new THREE.BoxGeometry()]);
const one = both instanceof THREE.BufferGeometry && controls.getDistance() === 5;
const name = ["esm", "sh"].join(".");
const later = await import(`https://${{name}}/nanoid@5`);
document.getElementById("done").dataset.done = one && later.nanoid().length === 21;
</script></body></html>
"""

FONTS = """<!doctype html><html lang="en"><head><title>Letters</title>
<link rel="preconnect" href="https://fonts.googleapis.com">
<link rel="preconnect" href="https://fonts.gstatic.com" crossorigin>
<link href="https://fonts.googleapis.com/css2?family=Playfair+Display:ital,wght@0,400;1,700&display=swap"
  rel="stylesheet">
<style>@import url("https://fonts.googleapis.com/css2?family=Inter:wght@400;700&display=swap");
body { font-family: Inter, sans-serif } h1 { font-family: "Playfair Display", serif }</style></head>
<body><h1>Letters</h1><p id="done">Quick brown fox</p>
<script>
document.fonts.ready.then(() => {
  const loaded = [...document.fonts].filter((face) => face.status === "loaded");
  const families = new Set(loaded.map((face) => face.family.replaceAll('"', "")));
  document.getElementById("done").dataset.done =
    families.has("Inter") && families.has("Playfair Display");
});
</script></body></html>
"""

PDF = f"""<!doctype html><html lang="en"><head><title>Reader</title>
<script src="{CDNJS}/pdf.js/3.11.174/pdf.min.js"></script></head>
<body><h1>Reader</h1><canvas id="page"></canvas><p id="done"></p>
<script>
pdfjsLib.GlobalWorkerOptions.workerSrc =
  "{CDNJS}/pdf.js/" + pdfjsLib.version + "/pdf.worker.min.js";
const text = "BT /F1 24 Tf 20 60 Td (Hello from a page) Tj ET";
const file = ["%PDF-1.4",
  "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj",
  "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj",
  "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 100]/Contents 4 0 R",
  "/Resources<</Font<</F1 5 0 R>>>>>>endobj",
  "4 0 obj<</Length " + text.length + ">>stream", text, "endstream endobj",
  "5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj",
  "trailer<</Root 1 0 R/Size 6>>", "%%EOF"].join("\\n");
(async () => {{
  const pdf = await pdfjsLib.getDocument({{ data: new TextEncoder().encode(file) }}).promise;
  const page = await pdf.getPage(1);
  const viewport = page.getViewport({{ scale: 1 }});
  const canvas = document.getElementById("page");
  Object.assign(canvas, {{ width: viewport.width, height: viewport.height }});
  await page.render({{ canvasContext: canvas.getContext("2d"), viewport }}).promise;
  const words = (await page.getTextContent()).items.map((item) => item.str).join("");
  // Where no worker starts, the library runs its script in the page, which then has this name.
  const inWorker = typeof pdfjsWorker === "undefined";
  document.getElementById("done").dataset.done = inWorker && words === "Hello from a page";
}})();
</script></body></html>
"""

SQLITE = f"""<!doctype html><html lang="en"><head><title>Table</title></head>
<body><h1>Table</h1><p id="done"></p>
<script type="module">
import sqlite3InitModule from
  "{NPM}/@sqlite.org/sqlite-wasm@3.46.1-build1/sqlite-wasm/jswasm/sqlite3.mjs";
const sqlite3 = await sqlite3InitModule({{ print() {{}}, printErr() {{}} }});
const db = new sqlite3.oo1.DB(":memory:");
db.exec("create table t(a); insert into t values (2), (40)");
document.getElementById("done").dataset.done = db.selectValue("select sum(a) from t") === 42;
</script></body></html>
"""

MARKS = f"{NPM}/leaflet@1/dist/images/marker-icon"
DRAWN = f"""<!doctype html><html lang="en"><head><title>Drawing</title></head><body><h1>Drawing</h1>
<svg width="90" height="30"><style>
@import url('https://fonts.googleapis.com/css2?family=Lato:wght@400;700&amp;family=Inter&amp;display=swap');
text {{ font: 20px Lato }}</style><text y="20">Tea</text>
<script href="{UNPKG}/d3@7"/></svg>
<img alt="" srcset="{MARKS}.png, {MARKS}-2x.png 2x"><p id="done"></p>
<script>addEventListener("load", () => document.fonts.load("20px Lato", "Tea").then((faces) => {{
  document.getElementById("done").dataset.done = faces.length === 1
    && d3.max([1, 2]) === 2 && document.querySelector("img").naturalWidth === 25;
}}));</script></body></html>"""

TOOLS = {
    "React, Babel and Tailwind": REACT,
    "d3 as a module": D3,
    "three by an import map": THREE,
    "Google Fonts": FONTS,
    "pdf.js with its worker": PDF,
    "SQLite": SQLITE,
    "a drawing and an image of several sizes": DRAWN,
}

# Not among the others: what it loads is fetched only when asked for.
READ = """<!doctype html><html lang="en"><head><title>Reader</title>
<script src="{address}"></script></head>
<body><h1>Reader</h1><canvas width="400" height="80"></canvas><p id="done"></p>
<script>
const canvas = document.querySelector("canvas"), pen = canvas.getContext("2d");
pen.fillStyle = "white"; pen.fillRect(0, 0, 400, 80);
pen.fillStyle = "black"; pen.font = "40px sans-serif"; pen.fillText("Hello teapot", 20, 55);
(async () => {{
  const {{ data }} = await Tesseract.recognize(canvas, "eng");
  document.getElementById("done").textContent = data.text.trim();
}})();
</script></body></html>
"""
