"""Artifacts of other chat products work as soon as they are brought."""

from __future__ import annotations

import io
import itertools
import os
import re
import zipfile
from pathlib import Path

import pytest
from frames import Host, Shelf, show
from playwright.async_api import Browser, Frame, Page, Route, expect

from sandbox.libraries.fetch import missing
from sandbox.libraries.manifest import libraries
from sandbox.report import Verdict
from sandbox.smoke import SmokeTester, find_browser
from server.importing import read
from tests.browser.asking import told_in_time
from tests.browser.tools import until
from tests.conftest import Process, Start
from tests.unit.test_importing import FILES, PAGE, packed

pytestmark = pytest.mark.skipif(
    any(not library.optional for library in missing(libraries())),
    reason="the libraries are not here: make vendor",
)
COMPONENT = """import { useState } from "react";
interface Props { start?: number }
const first: number = 1;
export default function Counter({ start = first }: Props) {
  const [n, setN] = useState<number>(start);
  return <button className="text-4xl" onClick={() => setN(n + 1)}>{`Count ${n}`}</button>;
}
"""

# As a chat product gives it, for a project that has these parts and this style sheet.
PASTED = """import React, { useState } from 'react';
import { Github, Plus } from 'lucide-react';
import { Card, CardContent, CardHeader, CardTitle } from '@/components/ui/card';
import { Button } from '@/components/ui/button';
import { Checkbox } from '@/components/ui/checkbox';
import { Dialog, DialogContent, DialogTitle, DialogTrigger } from '@/components/ui/dialog';
import {
  Select, SelectContent, SelectItem, SelectTrigger, SelectValue,
} from '@/components/ui/select';
import { Slider } from '@/components/ui/slider';
import { Tabs, TabsContent, TabsList, TabsTrigger } from '@/components/ui/tabs';
import { cn } from '@/lib/utils';
import { Alert, AlertDescription, AlertTitle } from '@/components/ui/alert';
import { Badge } from '@/components/ui/badge';
import { Input } from '@/components/ui/input';
import { Label } from '@/components/ui/label';
import { Progress } from '@/components/ui/progress';
import { Separator } from '@/components/ui/separator';
import { Switch } from '@/components/ui/switch';
import {
  Table, TableBody, TableCell, TableHead, TableHeader, TableRow,
} from '@/components/ui/table';
import { Textarea } from '@/components/ui/textarea';
import { Tooltip, TooltipContent, TooltipProvider, TooltipTrigger } from '@/components/ui/tooltip';
import './style.css';

const Rest = () => {
  const [on, setOn] = useState(false);
  return (
    <TooltipProvider>
      <Alert variant="destructive">
        <Plus /><AlertTitle>Low</AlertTitle><AlertDescription>One is left.</AlertDescription>
      </Alert>
      <Label htmlFor="name">Name</Label><Input id="name" /> <Textarea aria-label="Notes" />
      <Switch checked={on} onCheckedChange={setOn} aria-label="Lamp" />
      <Badge variant={on ? 'secondary' : 'outline'}>{on ? 'lit' : 'dark'}</Badge>
      <Progress value={40} aria-label="Done" /> <Separator className="my-2" />
      <Slider defaultValue={[10, 60]} aria-label="Span" />
      <Table>
        <TableHeader><TableRow><TableHead>Tea</TableHead></TableRow></TableHeader>
        <TableBody><TableRow><TableCell>Assam</TableCell></TableRow></TableBody>
      </Table>
      <Tooltip>
        <TooltipTrigger asChild><Button variant="ghost">Help</Button></TooltipTrigger>
        <TooltipContent>Ask the cook</TooltipContent>
      </Tooltip>
    </TooltipProvider>
  );
};

const Shelf = () => {
  const [n, setN] = useState(0);
  const [tea, setTea] = useState('');
  const [hot, setHot] = useState(false);
  const [size, setSize] = useState([3]);
  return (
    <Card className={cn('m-4', { 'bg-red-500': n > 0 })} data-testid="card">
      <CardHeader><CardTitle>Shelf</CardTitle></CardHeader>
      <CardContent>
        <Button className="p-0" onClick={() => setN(n + 1)}><Plus /> Add <Github /></Button>
        <label htmlFor="hot">Hot</label><Checkbox id="hot" checked={hot} onCheckedChange={setHot} />
        <Slider value={size} onValueChange={setSize} max={5} aria-label="Size" />
        <Select value={tea} onValueChange={setTea}>
          <SelectTrigger aria-label="Tea"><SelectValue placeholder="Which tea?" /></SelectTrigger>
          <SelectContent>
            <SelectItem value="a">Assam</SelectItem><SelectItem value="k">Keemun</SelectItem>
          </SelectContent>
        </Select>
        <Tabs defaultValue="one">
          <TabsList>
            <TabsTrigger value="one">One</TabsTrigger><TabsTrigger value="two">Two</TabsTrigger>
          </TabsList>
          <TabsContent value="one">First</TabsContent>
          <TabsContent value="two">Second {n} {tea} {String(hot)} {size[0]}</TabsContent>
        </Tabs>
        <Dialog>
          <DialogTrigger asChild><Button variant="outline">Ask</Button></DialogTrigger>
          <DialogContent><DialogTitle>Sure?</DialogTitle></DialogContent>
        </Dialog>
        <Rest />
      </CardContent>
    </Card>
  );
};
export default Shelf;
"""


async def brought(page: Page, host: Host, shelf: Shelf, name: str, data: bytes) -> Frame:
    shelf.put("tool", read(name, data).html)
    return await show(page, host)


async def first(held: list[Route]) -> Route:
    async def is_held() -> bool:
        return bool(held)

    await until(is_held)
    return held[0]


async def test_a_component_runs(page: Page, host: Host, shelf: Shelf) -> None:
    frame = await brought(page, host, shelf, "counter.tsx", COMPONENT.encode())
    button = frame.get_by_role("button")
    await button.click()
    await expect(button).to_have_text("Count 2")
    await expect(button).to_have_css("font-size", "36px")


async def test_a_component_with_the_parts_of_its_project_runs(
    page: Page, host: Host, shelf: Shelf
) -> None:
    """Icons, parts that are used by their names and by the keyboard, and no style sheet."""
    frame = await brought(page, host, shelf, "shelf.jsx", PASTED.encode())
    add = frame.get_by_role("button", name="Add")
    await add.click()
    await expect(frame.get_by_test_id("card")).to_have_css("background-color", "rgb(239, 68, 68)")
    await expect(add.locator("svg")).to_have_count(2)
    await expect(add).to_have_css("padding-left", "0px")  # what the component says has its way
    await frame.get_by_label("Hot").check()
    await frame.get_by_role("slider", name="Size").press("ArrowRight")
    await frame.get_by_role("tab", name="One").press("ArrowRight")
    tea = frame.get_by_role("combobox", name="Tea")
    await expect(tea).to_have_text("Which tea?")
    await tea.press("ArrowDown")
    await frame.get_by_role("option", name="Assam").press("ArrowDown")
    await frame.get_by_role("option", name="Keemun").press("Enter")
    await expect(tea).to_have_text("Keemun")
    await expect(tea).to_be_focused()
    await expect(frame.get_by_role("tabpanel", name="Two")).to_have_text("Second 1 k true 4")
    await frame.get_by_role("button", name="Ask").click()
    dialog = frame.get_by_role("dialog", name="Sure?")
    await dialog.get_by_role("button", name="Close").click()
    await expect(dialog).to_have_count(0)
    await frame.get_by_role("switch", name="Lamp").check()
    await expect(frame.get_by_text("lit", exact=True)).to_be_visible()
    await expect(frame.get_by_role("slider", name="Span")).to_have_count(2)
    await expect(frame.get_by_role("alert")).to_have_text("LowOne is left.")
    await expect(frame.get_by_role("cell", name="Assam")).to_be_visible()
    await expect(frame.get_by_role("progressbar", name="Done")).to_have_attribute(
        "aria-valuenow", "40"
    )
    await frame.get_by_label("Name").fill("Ada")
    await frame.get_by_role("button", name="Help").focus()
    await expect(frame.get_by_role("tooltip", name="Ask the cook")).to_be_visible()


# As it was beside others in its project.
ALONE = """import React from 'react';
import Chart, { x as lines, Bar, type Row } from './Chart';
import { Kind } from './kinds';
import * as tools from "../tools";
import {
  useOne,
  All,
} from '@/hooks/use';
import './setup';
export default function App() {
  const { one } = useOne();
  const [kept] = React.useState<Row | Kind | null>(null);
  return (
    <main>
      <h1>Hello</h1><Chart rows={lines}><b>Inside</b><Bar /></Chart><All />
      <p>{String(tools.none ?? one ?? kept)}</p>
    </main>
  );
}
"""


async def test_a_component_without_its_files_names_them_and_shows_the_rest(
    page: Page, host: Host, shelf: Shelf, browser_path: str
) -> None:
    frame = await brought(page, host, shelf, "alone.tsx", ALONE.encode())
    await expect(frame.get_by_role("heading", name="Hello")).to_be_visible()
    await expect(frame.get_by_text("Inside", exact=True)).to_be_visible()
    await expect(frame.get_by_text("Chart is missing here.")).to_be_visible()
    await expect(frame.get_by_text("All is missing here.")).to_be_visible()
    async with SmokeTester(find_browser(browser_path, os.environ)) as tester:
        report = await told_in_time(tester, read("alone.tsx", ALONE.encode()).html)
    assert report.verdict is Verdict.FAILED
    assert {one.message.removeprefix("Error: ") for one in report.findings} == {
        "the file ./Chart did not come with this component, which takes Chart, x and Bar from it",
        "the file ../tools did not come with this component",
        "the file @/hooks/use did not come with this component, which takes useOne and All from it",
        "the file ./setup did not come with this component",
    }


@pytest.mark.sandbox
async def test_a_text_with_a_diagram_is_shown(page: Page, host: Host, shelf: Shelf) -> None:
    text = "# Plan\n\n```mermaid\ngraph TD; A-->B\n```\n"
    frame = await brought(page, host, shelf, "plan.md", text.encode())
    await expect(frame.get_by_role("heading", name="Plan")).to_be_visible()
    await expect(frame.locator("svg .node")).to_have_count(2)


MORE = {
    "index.html": b"""<!doctype html><title>More</title>
    <script type="importmap">{"imports": {"edge": "./edge.js", "lib/": "./lib/"}}</script>
    <p style="background: url('dot.svg')">x</p><output></output>
    <svg><use href="all.svg#wide"/></svg><svg><use xlink:href="all.svg#slim"/></svg>
    <script type="module">import { edge } from "edge"; import { two } from "lib/one.js";
    document.querySelector("output").textContent = `${edge} ${two}`;</script>""",
    "edge.js": b"export const edge = 'edge';",
    "lib/one.js": b"export { two } from './two.js';",
    "lib/two.js": b"export const two = 'two';",
    "dot.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><circle r='9'/></svg>",
    "all.svg": b"""<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg">
    <symbol id="wide"><rect width="8" height="4"/></symbol>
    <symbol id="slim"><rect width="4" height="8"/></symbol></svg>""",
}


async def test_a_page_with_files_beside_it_works(page: Page, host: Host, shelf: Shelf) -> None:
    data = packed({"index.html": PAGE.encode(), **FILES})
    frame = await brought(page, host, shelf, "site.zip", data)
    await expect(frame.get_by_role("heading")).to_have_css("color", "rgb(0, 128, 128)")
    assert await frame.evaluate("[tag, deep]") == ["</script>", 1]

    frame = await brought(page, host, shelf, "more.zip", packed(MORE))
    await expect(frame.locator("output")).to_have_text("edge two")
    await expect(frame.locator("p")).to_have_css("background-image", re.compile('^url."data:'))
    drawn = "Array.from(document.querySelectorAll('use'), (use) => use.getBBox().width)"
    assert await frame.evaluate(drawn) == [8, 4]


async def test_a_file_is_imported_from_the_home_page(page: Page, server: Process) -> None:
    """What is no tool is refused in the page; what is one opens in the workbench."""
    await page.goto(server.url)
    chosen = page.get_by_label("File to import")
    pdf = {"name": "a.html", "mimeType": "text/html", "buffer": b"%PDF-1.4"}
    await chosen.set_input_files(pdf)
    await expect(page.get_by_role("alert")).to_contain_text("a.html is a PDF.")
    # What begins like an archive of everything may be a page's folder all the same.
    named = PAGE + "<script>fetch('data.json')</script>"
    more = {"sandwright.json": b"{}", "data.json": b"{}", **FILES}
    site = packed({"index.html": named.encode(), **more})
    await chosen.set_input_files({"name": "x.zip", "mimeType": "application/zip", "buffer": site})
    told = page.get_by_role("alert")
    await expect(told).to_contain_text("These files were not with it: img/none.png.")
    await expect(told).to_contain_text("Scripts name these files")
    await expect(told).to_contain_text("do not find here: data.json.")
    drawing = b"<svg viewBox='0 0 9 9'><title>Dot</title><circle r='9'/></svg>"
    held: list[Route] = []
    await page.route("**/api/artifacts/import", lambda route: held.append(route))  # noqa: PLW0108
    await chosen.set_input_files({"name": "dot.svg", "mimeType": "", "buffer": drawing})
    under_way = page.get_by_role("status").filter(has_text="Importing dot.svg…")
    await expect(under_way).to_be_visible(timeout=20_000)
    await (await first(held)).continue_()
    await page.wait_for_url("**/artifacts/*")
    await expect(page.frame_locator('iframe[title="Preview"]').locator("circle")).to_be_attached()


DROP = """async ([selector, kind, name, content, type]) => {
  const data = new DataTransfer();
  if (name) data.items.add(new File([content], name));
  else data.setData("text/plain", content);
  const given = { bubbles: true, cancelable: true };
  const target = document.querySelector(selector);
  const fire = (event) => target.dispatchEvent(event);
  if (kind === "paste") return fire(new ClipboardEvent("paste", { ...given, clipboardData: data }));
  fire(new DragEvent("dragover", { ...given, dataTransfer: data }));
  const over = document.body.dataset.dropping;
  if (kind === "drop") fire(new DragEvent("drop", { ...given, dataTransfer: data }));
  return over;
}"""


async def test_a_file_is_dropped_or_pasted_on_the_home_page(page: Page, server: Process) -> None:
    """The page says what will come of it; a document pasted into the box stays a text."""
    await page.goto(server.url)
    note = page.locator(".drop-note")
    await page.evaluate(DROP, ["h1", "over", "tea.html", "<p>Tea"])
    await expect(note).to_have_text("Drop it to import it as a tool", use_inner_text=True)
    await page.evaluate(DROP, ["#prompt", "over", "tea.html", "<p>Tea"])
    await expect(note).to_have_text("Drop it to attach it to your words", use_inner_text=True)
    await page.evaluate(DROP, ["#prompt", "drop", "tea.csv", "Tea"])
    await expect(page.get_by_role("list", name="Attached files")).to_contain_text("tea.csv")
    await expect(note).to_be_hidden()
    # How long a busy server takes to answer is not what is asserted.
    async with page.expect_response("**/api/artifacts/import", timeout=60_000):
        await page.evaluate(DROP, ["h1", "drop", "tea.pdf", "%PDF-1.4"])
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("tea.pdf is a PDF. Choose HTML, a zip")
    await page.evaluate(DROP, ["body", "paste", "", "no markup at all"])
    await page.evaluate(DROP, ["h1", "drop", "leaf.svg", "<svg><circle r='9'/></svg>"])
    await page.wait_for_url("**/artifacts/*")
    await expect(page).to_have_title(re.compile("Leaf"))

    await page.goto(server.url)
    box = page.get_by_role("textbox", name="Describe a tool")
    whole = "<!doctype html><title>Kettle</title>"
    await box.fill(f"like this: {whole}")
    await page.evaluate(DROP, ["#prompt", "paste", "", whole])
    await page.get_by_role("button", name="Import it as a tool").click()
    await page.wait_for_url("**/artifacts/*")
    await expect(page).to_have_title(re.compile("Kettle"))
    await page.goto(server.url)
    await expect(box).to_have_value("like this: ")
    await page.evaluate(DROP, ["body", "paste", "", "<title>Cup</title><p>Cup"])
    await page.wait_for_url("**/artifacts/*")
    await expect(page).to_have_title(re.compile("Cup"))

    named = "<title>Red/green &amp; blue</title><text>Mug</text>"
    for inside, title in (
        (named, "Red green & blue"),
        ("<text>Two\n <tspan>mugs</tspan></text>", "Two mugs"),
        ("<circle r='9'/>", r"Pasted drawing \d\d:\d\d"),
    ):
        await page.goto(server.url)
        await expect(page.get_by_text("or drop or paste it here")).to_be_visible()
        await page.evaluate(DROP, ["body", "paste", "", f"<svg>{inside}</svg>"])
        await page.wait_for_url("**/artifacts/*")
        await expect(page).to_have_title(re.compile(f"{title} · Sandwright"))


FENCED = f"```tsx\n{COMPONENT}```\n"
DRAWING = "<?xml version='1.0'?><!-- a dot --><svg><circle r='9'/></svg>"
PAGE_IN_FENCE = "```html\n<!-- by hand -->\n<!doctype html><p>Tea\n```"
PLAN = "A plan:\n```mermaid\ngraph TD; A-->B\n```"
TOOLS = {
    COMPONENT: "That is a component. Import it as a component",
    FENCED: "That is a component. Import it as a component",
    DRAWING: "That is a drawing. Import it as a tool",
    PAGE_IN_FENCE: "That is a whole page. Import it as a tool",
    PLAN: "That is a text with a diagram. Import it as a tool",
}
WORDS = (
    "import the bank's CSV from 'my bank', export default values; <b> stays </b>",
    "Make this a tool:\n" + FENCED,
    "import os\nclass Tea:\n    text = '</b>'",
    "<p>a part of a page",
    "`" * 800_000,  # no fence either, and read once
)


async def test_what_is_pasted_is_known_for_what_it_is(page: Page, server: Process) -> None:
    """And words stay words: nothing is offered, and nothing of the box is taken."""
    await page.goto(server.url)
    box = page.get_by_role("textbox", name="Describe a tool")
    told = page.locator("[data-imported]")
    for text, said in TOOLS.items():
        await box.fill(text)
        await page.evaluate(DROP, ["#prompt", "paste", "", text])
        await expect(told).to_have_text(said)
        await expect(box).to_have_value(text)
        await box.fill("")
        await expect(told).to_be_hidden()
    for text in WORDS:
        await box.fill(text)
        await page.evaluate(DROP, ["#prompt", "paste", "", text])
        await expect(told).to_be_hidden()
        await expect(box).to_have_value(text)
        if not text.startswith("<"):
            await page.evaluate(DROP, ["body", "paste", "", text])
    await expect(told).to_be_hidden()

    await box.fill(FENCED)
    await page.evaluate(DROP, ["#prompt", "paste", "", FENCED])
    await page.get_by_role("button", name="Import it as a component").click()
    await page.wait_for_url("**/artifacts/*")
    await expect(page).to_have_title(re.compile("Counter"))
    preview = page.frame_locator('iframe[title="Preview"]')
    await expect(preview.get_by_role("button")).to_have_text("Count 1")
    await page.goto(server.url)
    await expect(box).to_have_value("")


async def test_everything_goes_out_of_the_home_page_and_comes_back(
    page: Page, serve_app: Start, tmp_path: Path
) -> None:
    """One link saves it; another server's page asks, and says what came and what was there."""
    there, here = (serve_app(tmp_path / name).url for name in ("there", "here"))
    await page.goto(there)
    assert await page.get_by_role("link", name="Export everything").count() == 0
    sent = await page.request.post(f"{there}/api/artifacts/import", data={"html": PAGE})
    assert sent.status == 201
    await page.goto(there)
    out, way_in = page.get_by_role("link", name="Export everything"), page.locator("[data-import]")
    colour = "(one) => getComputedStyle(one).color"
    assert await out.evaluate(colour) == await way_in.evaluate(colour)
    async with page.expect_download() as saving:
        await out.click()
    saved = await saving.value
    assert saved.suggested_filename.startswith("sandwright-")
    await saved.save_as(tmp_path / "all.zip")

    await page.goto(here)
    chosen = page.get_by_label("File to import")
    await chosen.set_input_files(tmp_path / "all.zip")
    told = page.locator("[data-imported]")
    await expect(told).to_contain_text("all.zip holds 1 tool.")
    await told.get_by_role("button", name="Cancel").click()
    await expect(told).to_be_hidden()
    await chosen.set_input_files(tmp_path / "all.zip")
    yes = told.get_by_role("button", name="Import 1 tool")
    await expect(yes).to_be_visible()
    assert (await (await page.request.get(f"{here}/api/artifacts")).json())["items"] == []
    await yes.click()
    await expect(told).to_contain_text("1 tool came.")
    await told.get_by_role("link", name="See the list").click()
    await expect(page.locator(".card-title")).to_have_text("Round")
    await told.get_by_role("button", name="Undo").click()
    await expect(told).to_contain_text("1 tool was put into the bin.")
    await expect(page.locator(".card-title")).to_have_count(0)
    await chosen.set_input_files(tmp_path / "all.zip")
    await yes.click()
    await expect(told).to_contain_text(
        "1 was here already and stayed as here. Of these, 1 in the bin."
    )
    await told.get_by_role("button", name="Bring back").click()
    await expect(told).to_contain_text("1 tool was brought back. Undo")
    await expect(page.locator(".card-title")).to_have_text("Round")
    await chosen.set_input_files(tmp_path / "all.zip")
    await yes.click()
    await expect(told).to_contain_text("1 was here already")
    (tmp_path / "cut.zip").write_bytes((tmp_path / "all.zip").read_bytes()[:-100])
    await chosen.set_input_files(tmp_path / "cut.zip")
    await expect(page.get_by_role("alert")).to_contain_text("cannot be unpacked")
    await expect(told).to_be_hidden()


@pytest.mark.parametrize(
    ("tools", "said"),
    [(70_000, "70,000"), pytest.param(65_533, "65,533", marks=pytest.mark.sandbox)],
)
async def test_an_archive_of_very_many_tools_is_asked_about(
    page: Page, server: Process, tools: int, said: str
) -> None:
    """More files than a zip's first form can count, or just as many; none is unpacked or sent."""
    packed_all = io.BytesIO()
    with zipfile.ZipFile(packed_all, "w") as archive:
        archive.writestr("sandwright.json", "{}")
        for letters in itertools.islice(itertools.product("abcdefgh", repeat=6), tools):
            archive.writestr(f"data/{'a' * 10}{''.join(letters)}.jsonl", "")
        archive.writestr("index.html", "")
    await page.goto(server.url)
    many = {"name": "all.zip", "mimeType": "application/zip", "buffer": packed_all.getvalue()}
    await page.get_by_label("File to import").set_input_files(many)
    told = page.get_by_role("status").filter(has_text="all.zip")
    await expect(told).to_contain_text(f"all.zip holds {said} tools. Import {said} tools")


async def test_an_archive_of_no_tools_is_told(page: Page, serve_app: Start) -> None:
    app = serve_app()
    empty = await page.request.get(f"{app.url}/api/export")
    await page.goto(app.url)
    none = {"name": "all.zip", "mimeType": "application/zip", "buffer": await empty.body()}
    await page.get_by_label("File to import").set_input_files(none)
    await expect(page.get_by_role("alert")).to_contain_text("all.zip holds no tools.")


async def test_an_import_asks_by_thumb_and_keeps_the_focus(
    browser: Browser, server: Process
) -> None:
    """Each choice is as high as a thumb; where what was pressed is gone, what follows has focus."""
    data = packed({"sandwright.json": b"{}"} | {f"data/{one}.jsonl": b"" for one in "abcd"})
    context = await browser.new_context(
        viewport={"width": 320, "height": 720}, has_touch=True, is_mobile=True
    )
    page = await context.new_page()
    held: list[Route] = []
    await page.route("**/api/import", lambda route: held.append(route))  # noqa: PLW0108
    await page.goto(server.url)
    way_in = page.get_by_role("button", name="Import a tool that you have")
    await way_in.focus()
    archive = {"name": "all.zip", "mimeType": "application/zip", "buffer": data}
    await page.get_by_label("File to import").set_input_files(archive)
    told = page.locator("[data-imported]")
    for one in (
        way_in,
        *(told.get_by_role("button", name=each) for each in ("Import 4", "Cancel")),
    ):
        box = await one.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    await expect(way_in).to_be_focused()
    await told.get_by_role("button", name="Import 4 tools").press("Enter")
    await expect(told).to_have_text("Importing 4 tools…")
    await expect(told).to_be_focused()
    full = {"title": "No room", "status": 507, "detail": "The disk is full."}
    await (await first(held)).fulfill(
        status=507, json=full, content_type="application/problem+json"
    )
    await expect(page.get_by_role("alert")).to_contain_text("The disk is full.")
    await expect(way_in).to_be_focused()
    await context.close()


async def test_an_undo_that_fails_half_way_forgets_nothing(page: Page, server: Process) -> None:
    """What had gone into the bin can be brought back, and what had not, still be undone."""
    ids = ["a" * 10 + "".join(each) for each in itertools.product("abcdefgh", repeat=4)][:1500]
    came = {"words": "1,500 tools came.", "added": 1500, "kept": 0, "artifacts": ids, "binned": []}
    sent: list[int] = []

    async def put(route: Route) -> None:
        given = route.request.post_data_json["ids"]
        sent.append(len(given))
        if len(sent) in {2, 3}:
            await route.fulfill(status=507, json={"title": "No room", "status": 507})
        else:
            await route.fulfill(json={"ids": given})

    await page.route("**/api/import", lambda route: route.fulfill(json=came))
    await page.route("**/api/artifacts/bin", put)
    await page.goto(server.url)
    data = packed({"sandwright.json": b"{}", "data/a.jsonl": b""})
    archive = {"name": "all.zip", "mimeType": "application/zip", "buffer": data}
    await page.get_by_label("File to import").set_input_files(archive)
    told = page.locator("[data-imported]")
    await told.get_by_role("button", name="Import 1 tool").click()
    undo = told.get_by_role("button", name="Undo")
    await undo.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("No room")
    await expect(undo).to_be_focused()
    await undo.click()

    async def has_failed_again() -> bool:
        return len(sent) == 3

    await until(has_failed_again)
    await page.reload()
    await expect(told).to_contain_text("1,000 tools were put into the bin. Undo · Bring back")
    await undo.click()
    await expect(told).to_contain_text("1,500 tools were put into the bin. Bring back")
    assert sent == [1000, 500, 500, 500]
