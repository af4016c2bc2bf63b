"""Whatever way a page was opened, its tools work, and apart from it by the most that can be had."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from sandbox.libraries.fetch import missing
from sandbox.libraries.manifest import libraries
from tests.browser.tools import PATIENCE
from tests.conftest import NO_BROWSER, Process, clean_environment, free_port, go_on

pytestmark = pytest.mark.timeout(120)
slow = pytest.mark.sandbox  # the rest of the levels' many browsers

ANSWER = (
    "Here.\n\n```html\n<!doctype html><html><head><title>{0}</title></head><body><h1>{0}</h1>\n"
    "{1}<button onclick=\"this.textContent = 'done'\">Go</button></body></html>\n```\n"
)
ANSWERS = [
    {
        "match": "wish-first",
        "text": ANSWER.format("First", "<p>words</p>\n" * 25),
        "stall_at": 200,
        "stall_seconds": 3600,
    },
    {"text": ANSWER.format("Second", "")},
]


async def imported(served: Served, title: str, html: str = "") -> dict[str, Any]:
    body = {"html": html or ANSWER.format(title, "")}
    async with httpx.AsyncClient() as client:
        response = await client.post(f"{served.url}/api/artifacts/import", json=body)
    made: dict[str, Any] = response.json()
    return made


async def status(url: str) -> int:
    async with httpx.AsyncClient() as client:
        return (await client.get(url)).status_code


@dataclass(frozen=True, slots=True)
class Served:
    port: int
    frame_port: int
    model: Process

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def serving(folder: Any, **environment: str) -> Iterator[Served]:
    answers = folder / "answers.json"
    answers.write_text(json.dumps(ANSWERS), encoding="utf-8")
    model = Process(
        ["scripted", "--port", "0", "--answers", str(answers)], clean_environment()
    ).start()
    served = Served(free_port(), free_port(), model)
    arguments = ["serve", "--no-open", "--port", str(served.port)]
    arguments += ["--frame-port", str(served.frame_port), "--data-dir", str(folder / "data")]
    settings = {
        name: value.replace("FRAME_PORT", str(served.frame_port))
        for name, value in environment.items()
    }
    connected = {"OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "none"}
    server = Process(arguments, clean_environment(**NO_BROWSER, **settings, **connected))
    try:
        server.start()
        yield served
    finally:
        server.stop()
        model.stop()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("levels")
    with serving(folder, SANDWRIGHT_ALLOWED_HOSTS="box.example") as found:
        yield found


@pytest.fixture
def rules() -> list[str]:
    """How the browser of a test resolves names; a test may set it by parameter."""
    return []


@pytest.fixture
def browser_args(browser_args: list[str], rules: list[str], served: Served) -> list[str]:
    told = ", ".join(rules).replace("FRAME_PORT", str(served.frame_port))
    return [*browser_args, f"--host-resolver-rules={told}"] if told else browser_args


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context()
    context.set_default_timeout(PATIENCE)
    yield context
    await context.close()


async def level(page: Page, expected: str) -> None:
    """Wait until the page has found its level by itself."""
    await expect(page.locator("#levels")).to_have_attribute("data-used", expected)


def preview(page: Page) -> Any:
    return page.frame_locator('iframe[title="Preview"]')


async def works(page: Page, served: Served, address: str) -> None:
    """Create while it streams, a change that is swapped in, the tool alone: all at `address`."""
    await page.get_by_role("textbox", name="Describe a tool").fill("wish-first")
    await page.get_by_role("button", name="Create").click()
    await expect(preview(page).get_by_role("heading", name="First")).to_be_visible()
    assert await preview(page).get_by_role("button").count() == 0, "it was not streamed"
    go_on(served.model)
    await preview(page).get_by_role("button", name="Go").click()
    await expect(preview(page).get_by_role("button", name="done")).to_be_visible()

    await expect(page.locator("#stop")).to_be_hidden()
    alone = page.get_by_role("link", name="Open alone in a new tab")
    await expect(alone).to_have_attribute("href", re.compile(address))
    first = await alone.get_attribute("href") or ""
    await page.get_by_role("textbox", name="Ask for a change").fill("another")
    await page.get_by_role("button", name="Send").click()
    await expect(preview(page).get_by_role("heading", name="Second")).to_be_visible()
    source = await page.get_attribute('iframe[title="Preview"]', "src") or ""
    assert re.match(address, source), source

    # The tool is in sight a moment before the page around it has heard of the new version.
    await expect(alone).not_to_have_attribute("href", first)
    await expect(alone).to_have_attribute("href", re.compile(address))
    async with page.context.expect_page() as opened:
        await alone.click()
    tab = await opened.value
    told = (
        "[origin, location.pathname.length > 30, (() => {"
        "try { return top.document.title } catch (error) { return error.name }})()]"
    )
    # Where a browser says that it opens a tab, the tool is in a frame of our page there; it does
    # not say so to plain http on another machine.
    is_framed = await tab.evaluate("isSecureContext")
    place = tab.frame_locator("iframe") if is_framed else tab
    await expect(place.get_by_role("heading", name="Second")).to_be_visible()
    for frame in [*page.frames, *tab.frames]:
        if re.match(address, frame.url) and await frame.evaluate("parent !== self"):
            assert await frame.evaluate(told) == ["null", True, "SecurityError"]


@pytest.mark.parametrize(
    ("rules", "name", "used", "address"),
    [
        pytest.param(
            *([], "127.0.0.1", "site", r"http://[a-z2-7]{16}\.localhost:FRAME_PORT/"), marks=slow
        ),
        # An engine that does not resolve names under localhost.
        (["MAP *.localhost ~NOTFOUND"], "localhost", "port", r"http://localhost:FRAME_PORT/"),
        # A container, a forwarded port: it looks like this machine, and only one port answers.
        pytest.param(
            *(["MAP *:FRAME_PORT 127.0.0.1:1"], "127.0.0.1", "path"),
            r"http://127.0.0.1:PORT/frame/",
            marks=slow,
        ),
        # Another machine's name.
        pytest.param(
            *(["MAP box.example 127.0.0.1"], "box.example", "port"),
            r"http://box.example:FRAME_PORT/",
            marks=slow,
        ),
        pytest.param(
            ["MAP *:FRAME_PORT 127.0.0.1:1", "MAP box.example 127.0.0.1"],
            *("box.example", "path", r"http://box.example:PORT/frame/"),
            marks=slow,
        ),
    ],
    ids=["loopback", "no-localhost", "one-port", "another-machine", "another-machine-one-port"],
)
async def test_a_page_finds_its_level_and_tools_work_there(
    page: Page, served: Served, name: str, used: str, address: str
) -> None:
    """Streaming, a swap and the tool alone, with nothing asked of the person."""
    for word, port in (("FRAME_PORT", served.frame_port), ("PORT", served.port)):
        address = address.replace(word, str(port))
    await page.goto(f"http://{name}:{served.port}/")
    await level(page, used)
    note = page.locator(".level-note:visible")
    await expect(note).to_have_count(0 if used == "site" else 1)
    await works(page, served, address)


@slow
@pytest.mark.parametrize("rules", [["MAP *:FRAME_PORT 127.0.0.1:1"]], ids=["one-port"])
async def test_a_workbench_opened_first_replaces_the_frame_that_cannot_be_reached(
    page: Page, served: Served
) -> None:
    """And says what is lost, with a way to learn more."""
    made = await imported(served, "Direct")
    await page.goto(f"{served.url}{made['artifact']['url']}")
    await expect(preview(page).get_by_role("heading", name="Direct")).to_be_visible()
    await level(page, "path")
    await page.get_by_role("link", name="What that means").click()
    await expect(page.get_by_role("heading", name="Where tools run")).to_be_in_viewport()
    await expect(page.locator("main")).to_contain_text("a header alone keeps it out")


@slow
async def test_a_stronger_level_that_works_again_is_taken_up(page: Page, served: Served) -> None:
    """What was remembered of a tunnel does not outlast it."""
    cookie = {"name": f"sandwright_level_{served.port}", "value": "path", "url": served.url}
    await page.context.add_cookies([cookie])  # type: ignore[list-item]
    async with page.expect_response("**/level") as told:
        await page.goto(served.url)
    assert (await told.value).status == 204
    await level(page, "site")
    assert await page.context.cookies() == []


@contextlib.asynccontextmanager
async def forwarded(served: Served, rename: bool) -> AsyncIterator[int]:
    """One port of another number that leads to the pages, as `ssh -L` or a tunnel has it."""

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, old: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data.replace(old, f"ost: localhost:{served.port}\r\n".encode()))
                await writer.drain()
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, on = await asyncio.open_connection("127.0.0.1", served.port)
        name = f"ost: 127.0.0.1:{port}\r\n".encode() if rename else b"\0never\0"
        await asyncio.gather(pipe(reader, on, name), pipe(back, writer, b"\0never\0"))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield port
    finally:
        server.close()


@pytest.mark.parametrize(
    "rename", [False, pytest.param(True, marks=slow)], ids=["same-name", "renamed"]
)
async def test_through_one_forwarded_port_tools_work_below_a_path(
    page: Page, served: Served, rename: bool
) -> None:
    """Also where the proxy tells the server another name than the browser's.

    Nothing but a probe goes to the frame port, which is another machine's there.
    """
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    async with forwarded(served, rename) as port:
        await page.goto(f"http://127.0.0.1:{port}/")
        await level(page, "path")
        await works(page, served, rf"(http://127\.0\.0\.1:{port})?/frame/")
        away = [url for url in asked if not url.startswith(f"http://127.0.0.1:{port}/")]
        assert {url.rpartition("/")[2] for url in away if url.startswith("http")} <= {"probe"}
        await page.close()


LIBRARY = """<h1>Chart</h1><p id="told"></p>
<script src="https://unpkg.com/d3@7"></script>
<script type="module">
import { max } from "https://esm.sh/d3@7";
const cdn = "https://unpkg.com/";
const { width } = await new Promise((done, fail) => {
  const image = Object.assign(new Image(), { onload: () => done(image), onerror: fail });
  image.src = cdn + "leaflet@1/dist/images/marker-icon.png";
});
document.getElementById("told").textContent = `${d3.max([1, 2])} ${max([3])} ${width}`;
</script>"""


@pytest.mark.skipif(
    any(not library.optional for library in missing(libraries())),
    reason="the libraries are not here: make vendor",
)
@pytest.mark.parametrize(
    "used", [pytest.param("site", marks=slow), pytest.param("port", marks=slow), "path"]
)
async def test_at_each_level_a_tool_has_its_libraries(
    page: Page, served: Served, used: str
) -> None:
    cookie = {"name": f"sandwright_level_{served.port}", "value": used, "url": served.url}
    if used != "site":
        await page.context.add_cookies([cookie])  # type: ignore[list-item]
    made = await imported(served, "Chart", LIBRARY)
    await page.goto(f"{served.url}{made['artifact']['url']}")
    await expect(page.locator("#levels")).to_have_attribute("data-used", used)
    await expect(preview(page).locator("#told")).to_have_text("2 3 25")


FREEZING = "<h1>Loop</h1><script>setTimeout(() => { for (;;); }, 500)</script>"


@slow
async def test_below_a_path_a_frozen_tool_is_told_and_does_not_run_again_unasked(
    page: Page, served: Served
) -> None:
    """Also for a page that opens while it still loops."""
    made = await imported(served, "Loop", FREEZING)
    async with forwarded(served, rename=False) as port:
        address = f"http://127.0.0.1:{port}{made['artifact']['url']}"
        await page.goto(address, wait_until="domcontentloaded")
        await level(page, "path")
        await expect(page.get_by_text("This tool does not answer")).to_be_visible()
        again = await page.context.new_page()
        await again.goto(address)
        await expect(again.locator(".halted")).to_contain_text("froze last time")
        assert await again.locator("iframe").count() == 0
        await again.close()
        await page.get_by_role("button", name="Halt it").click()
        await expect(page.locator(".halted")).to_contain_text("This tool froze.")


@slow
async def test_what_answers_on_the_frame_port_must_be_this_server(
    page: Page, served: Served
) -> None:
    """Another server of ours on the same port is not taken for the one that the page came from."""
    asked = []

    async def another(route: Any) -> None:
        asked.append(route.request.url)
        await route.fulfill(body="another", headers={"access-control-allow-origin": "*"})

    await page.route(re.compile("/probe$"), another)
    await page.goto(served.url)
    await level(page, "path")
    assert asked


@slow
class TestTemplate:
    """SANDWRIGHT_FRAME_URL: a site for each tool in deployment, and no weaker level instead."""

    @pytest.fixture(scope="class")
    @classmethod
    def served(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
        folder = tmp_path_factory.mktemp("template")
        template = "http://{id}.frames.test:FRAME_PORT"
        with serving(folder, SANDWRIGHT_FRAME_URL=template) as found:
            yield found

    @pytest.mark.parametrize("rules", [["MAP *.frames.test 127.0.0.1"]], ids=["mapped"])
    async def test_each_tool_has_its_site(self, page: Page, served: Served) -> None:
        """Under the operator's own names."""
        await page.goto(served.url)
        await level(page, "site")
        await works(page, served, rf"http://[a-z2-7]{{16}}\.frames\.test:{served.frame_port}/")

    @pytest.mark.parametrize("rules", [["MAP *.frames.test ~NOTFOUND"]], ids=["lost"])
    async def test_what_cannot_be_reached_is_said(self, page: Page, served: Served) -> None:
        """With a way to learn what to do; the pages' own address serves no tool."""
        await page.goto(served.url)
        await expect(page.get_by_text("Tools cannot be reached from this browser")).to_be_visible()
        made = await imported(served, "Here")
        secret = made["version"]["frame_url"].rpartition("/")[2]
        assert await status(f"{served.url}/frame/k7/{secret}") == 404
        assert await status(f"http://127.0.0.1:{served.frame_port}/{secret}") == 200
        await page.goto(f"{served.url}{made['artifact']['url']}")
        await expect(page.get_by_text("Tools cannot be reached from this browser")).to_be_visible()
