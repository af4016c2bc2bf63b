"""The pages in a real browser, through the front door: what a person can do and see."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.tools import until, wide_context
from tests.conftest import (
    NO_BROWSER,
    Process,
    Start,
    clean_environment,
    connected_server,
    free_port,
)

pytestmark = pytest.mark.timeout(180)

TOOL = """Here it is.

```html
<!doctype html><html lang="en"><head><title>{title}</title></head><body><h1>{title}</h1>
{filler}
<button onclick="{script}">Go</button><output></output></body></html>
```
"""


def tool(title: str, *, script: str = "this.nextSibling.value = 1", lines: int = 40) -> str:
    return TOOL.format(title=title, script=script, filler="<p>some words</p>\n" * lines)


@pytest.fixture
async def context(browser: Browser) -> Any:
    async with wide_context(browser) as context:
        yield context


async def create(page: Page, url: str, wish: str) -> None:
    await page.goto(url)
    await page.get_by_role("textbox", name="Describe a tool").fill(wish)
    await page.get_by_role("button", name="Create").click()
    await page.wait_for_url("**/artifacts/*", wait_until="commit")


async def open_with_models(page: Page, url: str) -> None:
    """A page waits for no list of models for longer than a second; then it has to be reloaded."""

    async def has_models() -> bool:
        await page.goto(url)
        return await page.locator("option[value='recipes/built-in']").count() > 0

    await until(has_models)


async def ask(page: Page, change: str) -> None:
    await page.get_by_role("textbox", name="Ask for a change").fill(change)
    await page.get_by_role("button", name="Send").click()


def verdict(page: Page) -> Any:
    return page.get_by_role("status")


def preview(page: Page) -> Any:
    return page.frame_locator('iframe[title="Preview"]')


# A second greeting, then a flood of nothing through the port that it hands over.
FORGED = (
    "const {port1, port2} = new MessageChannel();"
    "const own = new MessageChannel(); port1.postMessage('a key', [own.port2]);"
    "parent.postMessage('hello', '*', [port2]);"
    "for (let i = 0; i < 1000; i++) port1.postMessage({type: i % 2 ? 'loaded' : 'nothing'});"
    "for (const one of [own.port1, port1])"
    " one.postMessage({type: 'console', text: 'a word in the flood'});"
    "setTimeout(() => port1.postMessage({type: 'console', text: 'a word after it'}), 500);"
    "setTimeout(() => console.log('all was said'), 1000)"
)

# What the scripted model writes for each wish; the last two in turn, for all others. What must be
# seen while it is written takes so long that a busy machine does not miss it.
ANSWERS = [
    {"match": "wish-once", "text": tool("Once"), "tokens_per_second": 60},
    {"match": "wish-long", "text": tool("Long", lines=200), "tokens_per_second": 200},
    {"match": "wish-keys", "text": tool("Keys", lines=400), "tokens_per_second": 50},
    {"match": "wish-old", "text": tool("Old")},
    {"match": "wish-new", "text": tool("New", lines=80), "tokens_per_second": 150},
    {"match": "wish-first", "text": tool("First")},
    {"match": "wish-two", "text": tool("First") + "\nBetter:\n\n" + tool("Second")},
    {"match": "wish-broken", "text": tool("Broken", script="splitEvenly()")},
    {"match": "splitEvenly is not defined", "text": tool("Mended")},
    {
        "match": "wish-loud",
        "text": tool("Loud", script="for (let i = 0; i < 5000; i++) console.error('<b>' + i)"),
    },
    {"match": "wish-forged", "text": tool("Forged", script=FORGED)},
    {"match": "wish-refused", "error": {"status": 403, "at": "start"}},
    {"text": tool("Slow", lines=400), "tokens_per_second": 50},
    {"text": tool("Quick")},
]


@pytest.fixture
def server(testing_server: Process) -> Process:
    """What is made here is tested: a person sees the verdict."""
    return testing_server


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with two models: "quill", the default, and the listed "scripted"."""
    folder = tmp_path_factory.mktemp("connected")
    settings = {"SANDWRIGHT_MAX_REPAIRS": "0", "SANDWRIGHT_MODEL": "openai/quill"}
    pace = ("--tokens-per-second", "3000")
    with connected_server(folder, ANSWERS, *pace, **settings) as url:
        yield url


async def test_a_sentence_becomes_a_tool_by_mouse(page: Page, server: Any) -> None:
    """Create makes a usable tool, a change makes version 2, version 1 still opens, Export saves."""
    await create(page, server.url, "split a restaurant bill with tip")
    await expect(preview(page).get_by_role("heading").first).to_be_visible()
    await expect(verdict(page)).to_contain_text("passed")

    await ask(page, "in euros")
    versions = page.get_by_role("list", name="Versions").get_by_role("link")
    await expect(versions).to_have_count(2)
    await expect(verdict(page)).to_contain_text("passed")
    await expect(preview(page).locator("body")).to_contain_text("€")
    await expect(page.get_by_role("link", name="Export")).to_have_attribute(
        "href", re.compile(r"/versions/2/export$")
    )

    await versions.first.click()
    await expect(page.get_by_text("Viewing version 1")).to_be_visible()
    await expect(preview(page).locator("body")).not_to_contain_text("€")
    async with page.expect_download() as saved:
        await page.get_by_role("link", name="Export").click()
    download = await saved.value
    assert download.suggested_filename.endswith(".html")

    await page.get_by_role("link", name="Back to newest").click()
    await expect(page.get_by_text("Viewing version 1")).to_have_count(0)


async def test_the_main_job_needs_no_mouse(page: Page, server: Any) -> None:
    """The box has the focus at once; Ctrl+Enter creates and sends; Tab reaches the change box."""
    await page.goto(server.url)
    await page.keyboard.type("a password generator")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_url("**/artifacts/*", wait_until="commit")
    await expect(verdict(page)).to_contain_text("passed")

    box = page.get_by_role("textbox", name="Ask for a change")
    for _ in range(25):
        await page.keyboard.press("Tab")
        if await box.evaluate("box => box === document.activeElement"):
            break
    await expect(box).to_be_focused()
    await page.keyboard.type("24 characters")
    await page.keyboard.press("Control+Enter")
    versions = page.get_by_role("list", name="Versions").get_by_role("link")
    await expect(versions).to_have_count(2)
    await expect(box).to_have_value("")

    await versions.first.press("Enter")
    await page.get_by_role("button", name="Restore").press("Enter")
    await expect(versions).to_have_count(3)
    await expect(verdict(page)).to_contain_text("passed")
    await expect(versions.last).to_contain_text("passed")
    await expect(versions.last).to_be_focused()


async def test_tabs_move_with_the_arrows(page: Page, server: Any) -> None:
    """The views are a tab list by the book, and Code holds the version's source."""
    await create(page, server.url, "a to-do list")
    await expect(verdict(page)).to_contain_text("passed")
    await page.get_by_role("tab", name="Preview").focus()
    await page.keyboard.press("ArrowRight")
    code = page.get_by_role("tab", name="Code")
    await expect(code).to_be_focused()
    await expect(code).to_have_attribute("aria-selected", "true")
    await expect(page.get_by_role("tabpanel", name="Code")).to_contain_text(
        "<html", ignore_case=True
    )
    await page.keyboard.press("Home")
    await expect(page.get_by_role("tab", name="Preview")).to_be_focused()


async def test_on_a_phone_the_views_are_one_select(
    page: Page, server: Any, api: Callable[..., Any]
) -> None:
    """Six tabs do not fit; nothing scrolls, and a count on a tab is told there too."""
    html = "<!doctype html><title>Loud</title><p>words<script>console.error('no')</script>"
    made = api(server.url)("POST", "/api/artifacts/import", status=201, html=html)["artifact"]
    await page.set_viewport_size({"width": 360, "height": 720})
    await page.goto(server.url + made["url"])
    await expect(page.get_by_role("tab")).to_have_count(0)
    views = page.get_by_role("combobox", name="View")
    await expect(views).to_have_value("tab-preview")
    await expect(views.locator("option")).to_have_text(
        ["Preview", "Code", "Console (1)", "Tests", "Stored data", "Permissions"]
    )
    await views.select_option("Permissions")
    await expect(page.get_by_role("heading", name="Permissions")).to_be_visible()
    await views.focus()
    await page.keyboard.press("Home")
    await expect(page.get_by_role("heading", name="Permissions")).to_be_hidden()
    await page.set_viewport_size({"width": 1280, "height": 720})
    await expect(page.get_by_role("tab", name="Preview")).to_have_attribute("aria-selected", "true")


async def test_create_waits_for_words(page: Page, server: Any) -> None:
    """Create is off while the box is empty or blank, and on with a word."""
    await page.goto(server.url)
    box = page.get_by_role("textbox", name="Describe a tool")
    button = page.get_by_role("button", name="Create")
    await expect(button).to_be_disabled()
    await box.fill("  \n ")
    await expect(button).to_be_disabled()
    await box.fill("a timer")
    await expect(button).to_be_enabled()


async def test_a_wish_survives_a_reload(page: Page, server: Any) -> None:
    """What was typed is there after a reload, and gone once it was sent."""
    await page.goto(server.url)
    box = page.get_by_role("textbox", name="Describe a tool")
    await box.fill("a timer for tea")
    await page.reload()
    await expect(box).to_have_value("a timer for tea")
    await page.get_by_role("button", name="Create").click()
    await page.wait_for_url("**/artifacts/*")
    await page.goto(server.url)
    await expect(box).to_have_value("")


async def test_the_page_says_which_recipe_before_creating(page: Page, server: Any) -> None:
    """While one types, the recipe is named, or the nearest are when none fits."""
    await page.goto(server.url)
    box = page.get_by_role("textbox", name="Describe a tool")
    await box.fill("split a restaurant bill with tip")
    await expect(page.locator("#estimate")).to_contain_text("Built-in recipe: Tip")
    await box.fill("a chess engine that plays blindfold")
    await expect(page.locator("#estimate")).to_contain_text("No built-in recipe fits")


async def test_an_example_fills_the_box(page: Page, server: Any) -> None:
    """Each of the six examples puts a sentence into the box that a recipe answers."""
    await page.goto(server.url)
    chips = page.get_by_role("list", name="Examples").get_by_role("button")
    await expect(chips).to_have_count(6)
    for index in range(6):
        await chips.nth(index).click()
        await expect(page.get_by_role("textbox", name="Describe a tool")).to_be_focused()
        await expect(page.locator("#estimate")).to_contain_text("Built-in recipe: ")


async def test_a_decline_offers_the_nearest(page: Page, server: Any) -> None:
    """Without a fitting recipe nothing is guessed: three are offered, and one click makes one."""
    await create(page, server.url, "a chess engine that plays blindfold")
    nearest = page.get_by_role("list", name="Nearest recipes").get_by_role("button")
    await expect(nearest).to_have_count(3)
    await expect(page.get_by_role("button", name="Run again")).to_have_count(0)
    await expect(page.get_by_role("link", name="Connect a model")).to_be_visible()
    name = await nearest.first.text_content()
    await nearest.first.click()
    await expect(verdict(page)).to_contain_text("passed")
    # What was pressed is what was said, and the wish itself stays in reach.
    said = page.locator(".message.user")
    await expect(said).to_have_text(
        [re.compile("plays blindfold"), re.compile(f"you\\s*{name}\\s*$")]
    )
    await expect(page.get_by_role("link", name="Connect a model to make this")).to_be_visible()


async def test_what_no_recipe_fits_is_made_once_a_model_is_connected(
    page: Page, scripted: Start, tmp_path: Path
) -> None:
    """The words wait, in an open tab and behind a recipe taken meanwhile; one click makes it."""
    ports = ["--port", str(free_port()), "--frame-port", str(free_port())]
    arguments = ["serve", "--no-open", "--data-dir", str(tmp_path / "kept"), *ports]
    first = Process(arguments, clean_environment(**NO_BROWSER)).start()
    await create(page, first.url, "a chess game against an engine")
    await expect(page.get_by_role("link", name="Connect a model")).to_be_visible()
    await expect(page.get_by_role("button", name="Run again")).to_have_count(0)
    first.stop()
    connection = {"OPENAI_BASE_URL": scripted(json.dumps([{"text": tool("Chess")}])).url}
    environment = clean_environment(**NO_BROWSER, **connection)
    second = await asyncio.to_thread(Process(arguments, environment).start)
    try:
        versions = page.get_by_role("list", name="Versions").get_by_role("link")
        await page.get_by_role("list", name="Nearest recipes").get_by_role("button").first.click()
        await expect(versions).to_have_count(1)
        await expect(page.get_by_role("button", name="Send")).to_be_visible()
        await page.get_by_role("button", name="Make this with scripted").click()
        await expect(preview(page).get_by_role("heading", name="Chess")).to_be_visible()
        await expect(versions).to_have_count(2)
        await expect(page.get_by_role("button", name="Make this with")).to_have_count(0)
        # The next wish goes to the same model.
        chosen = page.get_by_label("Model").locator("option:checked")
        await expect(chosen).to_have_text(re.compile("^scripted"))
    finally:
        second.stop()


@pytest.mark.parametrize("width", [320, 360])
async def test_nothing_is_wider_than_a_phone(
    browser: Browser, server: Any, api: Callable[..., Any], width: int
) -> None:
    """No page scrolls sideways at 320 and 360 px, and the box is in sight on the workbench."""
    client = api(server.url)
    title = "A calculator for the monthly payments of a mortgage, compared over thirty years " * 3
    made = client("POST", "/api/artifacts", status=201, prompt="a to-do list")
    client.ended(made["generation"])
    client("PATCH", f"/api/artifacts/{made['artifact']['id']}", title=title.strip()[:200])
    context = await browser.new_context(
        viewport={"width": width, "height": 720}, has_touch=True, is_mobile=True
    )
    page = await context.new_page()
    for path in (
        "/",
        made["artifact"]["url"],
        "/bin",
        "/settings",
        "/licences",
        "/artifacts/nothing",
    ):
        await page.goto(server.url + path)
        wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, path
    await page.goto(server.url + made["artifact"]["url"])
    await expect(page.get_by_role("textbox", name="Ask for a change")).to_be_in_viewport(ratio=1)
    await expect(page.get_by_role("link", name="Export", exact=True)).to_be_in_viewport(ratio=1)
    await page.locator("summary[aria-label='File options']").click()
    await expect(page.get_by_role("button", name="Copy HTML")).to_be_in_viewport(ratio=1)
    for choice in await page.locator("[data-options] label, [data-options] button").all():
        box = await choice.bounding_box()
        assert box is not None
        assert box["height"] >= 44, await choice.inner_text()
    await page.keyboard.press("Escape")
    send = await page.get_by_role("button", name="Send").bounding_box()
    assert send is not None
    assert send["height"] >= 44
    await page.get_by_role("button", name="Conversation").click()
    await expect(page.get_by_text("a to-do list", exact=True)).to_be_in_viewport()
    await context.close()


async def test_light_and_dark(browser: Browser, server: Any) -> None:
    """The system decides until the switch is used; then the choice is remembered."""
    context = await browser.new_context(color_scheme="dark")
    page = await context.new_page()
    lightness = "Number(getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/)[0])"
    await page.goto(server.url)
    assert await page.evaluate(lightness) < 0.3
    await page.get_by_role("button", name="Switch between light and dark").click()
    assert await page.evaluate(lightness) > 0.9
    await page.reload()
    assert await page.evaluate(lightness) > 0.9
    await context.close()


async def test_a_file_is_made_as_a_person_chooses(browser: Browser, server: Any, api: Any) -> None:
    """By keyboard: what a file lacks is chosen for one file, and its HTML is copied."""
    made = api(server.url)("POST", "/api/artifacts/import", status=201, html="<title>Tea</title>")
    context = await browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = await context.new_page()
    await page.goto(server.url + made["artifact"]["url"])
    options = page.locator("summary[aria-label='File options']")
    await options.focus()
    await page.keyboard.press("Enter")
    choice = page.get_by_role("checkbox", name="Without its policy")
    await expect(choice).to_be_visible()
    await choice.focus()
    await page.keyboard.press("Space")
    await page.get_by_role("button", name="Copy HTML").press("Enter")
    told = page.get_by_role("note", name="Export")
    await expect(told).to_contain_text("of HTML copied.")
    await expect(options).to_be_focused()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied.endswith("<title>Tea</title>")
    assert "Content-Security-Policy" not in copied
    async with page.expect_download() as saved:
        await page.get_by_role("link", name="Export").click()
    assert (await saved.value).url.endswith("/versions/1/export?policy=false")
    await expect(told).to_contain_text("It has no policy")
    # The next file has one again, unasked.
    await expect(page.locator("input[name=policy]")).not_to_be_checked()
    # What needs the network is not opened without one.
    checks: list[Route] = []
    await page.route("**/export/check*", lambda route: checks.append(route))  # noqa: PLW0108 no builtin
    await page.get_by_role("link", name="Export").click()
    await expect(told).to_contain_text("is being opened from disk, with no network")
    await options.click()
    await page.get_by_role("checkbox", name="Libraries from the network").check()
    await page.get_by_role("link", name="Export").click()
    await expect(told).to_contain_text("is being checked")
    await expect(told).not_to_contain_text("from disk")
    assert len(checks) == 2
    await context.close()


async def test_the_licence_of_each_library_can_be_read(page: Page, server: Any) -> None:
    await page.goto(f"{server.url}/settings")
    await page.get_by_role("link", name="Licences of the libraries").click()
    one = page.get_by_role("listitem").filter(has_text=re.compile(r"^dayjs 1\."))
    await expect(one).to_contain_text("MIT")
    await one.locator("summary").press("Enter")
    await expect(one.locator("pre")).to_contain_text("Permission is hereby granted")


async def test_an_unknown_tool_has_a_way_home(page: Page, server: Any) -> None:
    """An unknown address is a 404 page that leads home."""
    response = await page.goto(f"{server.url}/artifacts/nothing")
    assert response is not None
    assert response.status == 404
    await page.get_by_role("link", name="Back to your tools").click()
    await expect(page.get_by_role("textbox", name="Describe a tool")).to_be_visible()


async def test_delete_has_an_undo(page: Page, server: Any, api: Callable[..., Any]) -> None:
    """A deleted tool leaves its place with an Undo that brings it back."""
    client = api(server.url)
    made = client("POST", "/api/artifacts", status=201, prompt="a unit converter")
    client.ended(made["generation"])
    await page.goto(server.url)
    card = page.locator(f"[data-artifact='{made['artifact']['id']}']")
    path = f"**/api/artifacts/{made['artifact']['id']}"
    not_now = {"title": "Not now", "status": 409, "detail": "Another server makes it."}
    await page.route(path, lambda route: route.fulfill(status=409, json=not_now))
    await card.hover()
    await card.get_by_role("button", name="Delete").click()
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("Another server makes it.")
    await expect(alert).to_be_in_viewport()
    await expect(card.get_by_role("button", name="Delete")).to_be_focused()
    await page.unroute(path)
    await card.get_by_role("button", name="Delete").click()
    await expect(card.get_by_role("link")).to_have_count(0)
    await expect(alert).to_be_hidden()
    client("GET", made["artifact"]["url"].replace("/artifacts", "/api/artifacts"), status=404)
    await card.get_by_role("button", name="Undo").click()
    await expect(card.get_by_role("link")).to_be_visible()
    client("GET", made["artifact"]["url"].replace("/artifacts", "/api/artifacts"))


async def test_a_tool_deleted_elsewhere_while_it_is_written_says_so(
    context: BrowserContext, connected: str
) -> None:
    """No word of writing stays, and both ways back are there."""
    page, second = await context.new_page(), await context.new_page()
    await create(page, connected, "wish-keys")
    await expect(preview(page).get_by_role("heading", name="Keys")).to_be_visible()
    await second.goto(page.url, wait_until="commit")
    await second.locator("summary[aria-label=More]").click()
    await second.get_by_role("button", name="Delete").click()
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("This tool was deleted.")
    await expect(alert.get_by_role("link", name="Open the bin")).to_have_attribute("href", "/bin")
    await expect(verdict(page)).to_have_text("Deleted")
    await expect(page.get_by_role("list", name="Versions")).not_to_contain_text("writing")
    await expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    await alert.get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("Stopped.")).to_be_visible()
    await expect(alert).to_have_count(0)


async def test_a_title_is_text_and_is_renamed_in_place(page: Page, server: Any) -> None:
    """A title with markup is shown as text, kept, and told to the browser tab."""
    await create(page, server.url, "a to-do list")
    await expect(verdict(page)).to_contain_text("passed")
    await page.locator("[data-rename]").click()
    await page.get_by_role("textbox", name="Title").fill("<b>购物</b> & more")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("<b>购物</b> & more")
    await expect(page).to_have_title(re.compile("购物"))  # told once it is stored
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text("<b>购物</b> & more")
    await expect(page).to_have_title(re.compile("购物"))


async def test_the_network_is_lost_and_the_words_are_kept(page: Page, server: Any) -> None:
    """When the server is not there Create says so, and what was typed stays."""
    await page.goto(server.url)
    box = page.get_by_role("textbox", name="Describe a tool")
    await box.fill("a timer")
    await page.context.set_offline(True)
    await page.get_by_role("button", name="Create").click()
    await expect(page.get_by_role("alert")).to_contain_text("did not answer")
    await expect(box).to_have_value("a timer")
    await expect(page.get_by_role("button", name="Create")).to_be_enabled()


async def test_our_own_pages_break_no_rule_of_theirs(page: Page, server: Any) -> None:
    """No page violates its own policy or throws."""
    seen: list[str] = []
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on(
        "console",
        lambda message: (
            seen.append(message.text)
            if message.type == "error" and "Content Security Policy" in message.text
            else None
        ),
    )
    await create(page, server.url, "a text cleaner")
    await expect(verdict(page)).to_contain_text("passed")
    for path in ("/", "/bin", "/settings", "/licences", "/artifacts/nothing"):
        await page.goto(server.url + path)
    assert seen == []


async def test_nothing_moves_and_nothing_reloads(page: Page, connected: str) -> None:
    """The first document is loaded exactly once, and no box shifts when the generation ends."""
    loads: list[str] = []
    page.on("request", lambda request: loads.append(request.url) if _framed(request) else None)
    await create(page, connected, "wish-once")
    await expect(page.get_by_role("button", name="Stop")).to_be_visible()
    await expect(preview(page).get_by_role("heading", name="Once")).to_be_visible()
    await page.evaluate(
        """() => { new PerformanceObserver(list => {
          for (const entry of list.getEntries())
            document.body.dataset.shift = Number(document.body.dataset.shift ?? 0) + entry.value;
        }).observe({type: "layout-shift"}); }"""
    )
    await expect(verdict(page)).to_contain_text("passed")
    await expect(page.get_by_role("button", name="Send")).to_be_visible()
    assert len(loads) == 1
    assert await page.evaluate("document.body.dataset.shift ?? '0'") == "0"


def _framed(request: Any) -> bool:
    # Home opens the tool's site ahead, at its empty root; that is no document of a tool.
    if not request.is_navigation_request() or request.frame.parent_frame is None:
        return False
    return urlsplit(request.url).path != "/"


async def test_a_reload_and_a_second_tab_see_the_same(
    context: BrowserContext, connected: str
) -> None:
    """A page that comes in mid-stream shows all of the document, and ends with the same verdict."""
    page = await context.new_page()
    await create(page, connected, "wish-long")
    await expect(preview(page).get_by_role("heading", name="Long")).to_be_visible()
    await page.reload(wait_until="commit")
    second = await context.new_page()
    await second.goto(page.url, wait_until="commit")
    for one in (page, second):
        await expect(one.get_by_role("button", name="Stop")).to_be_visible()
        await expect(preview(one).get_by_role("heading", name="Long")).to_be_visible()
    for one in (page, second):
        await expect(verdict(one)).to_contain_text("passed")
        await one.get_by_role("tab", name="Code").click()
        await expect(one.get_by_role("tabpanel", name="Code")).to_contain_text("</html>")


async def test_a_change_is_swapped_in_behind_the_old(page: Page, connected: str) -> None:
    """While a change comes the old tool stays; exactly one frame is ever titled Preview."""
    await create(page, connected, "wish-old")
    await expect(verdict(page)).to_contain_text("passed")
    await ask(page, "wish-new")
    await expect(page.locator('iframe[title="Loading next version"]')).to_have_count(1)
    await expect(preview(page).get_by_role("heading", name="Old")).to_be_visible()
    await expect(page.locator('iframe[title="Preview"]')).to_have_count(1)
    await expect(preview(page).get_by_role("heading", name="New")).to_be_visible()
    await expect(verdict(page)).to_contain_text("passed")
    await expect(page.locator("iframe")).to_have_count(1)


async def test_two_versions_are_compared(page: Page, connected: str) -> None:
    """As text, by keyboard, on a phone too; one version alone is compared with nothing."""
    await create(page, connected, "wish-old")
    await expect(verdict(page)).to_contain_text("passed")
    await page.get_by_role("tab", name="Code").click()
    panel = page.get_by_role("tabpanel", name="Code")
    choice = panel.get_by_role("combobox", name="Compare")
    await expect(choice).to_have_count(0)
    await ask(page, "wish-new")
    await expect(verdict(page)).to_contain_text("passed")
    for width in (1280, 360):
        await page.set_viewport_size({"width": width, "height": 720})
        await choice.focus()
        await page.keyboard.press("ArrowDown")
        await expect(choice.locator("option:checked")).to_have_text("Compare with v1")
        added = panel.locator("[data-sign='+']")
        await expect(added.first).to_have_text(re.compile(r"^\+.*<h1>New</h1>$"))
        await expect(panel.locator("[data-sign='-']").first).to_have_text(re.compile("^-.*Old"))
        await expect(panel.get_by_role("status")).to_have_text("41 added, 1 removed")
        assert await added.count() == 41
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await expect(panel.get_by_label("Source", exact=True)).to_be_hidden()
        await choice.focus()
        await page.keyboard.press("ArrowUp")
        await expect(panel.get_by_label("Source", exact=True)).to_be_visible()
        await expect(added).to_have_count(0)
    await choice.select_option("Compare with v1")
    await ask(page, "wish-old")
    await expect(choice.locator("option")).to_have_text(
        ["Code of v3", "Compare with v2", "Compare with v1"]
    )
    await choice.select_option("Compare with v1")
    await expect(panel.get_by_role("status")).to_have_text("v1 and v3 are the same.")


async def test_an_older_version_stays_in_sight_while_a_newer_is_made(
    page: Page, connected: str
) -> None:
    """Opened mid-stream it is not taken away, and a change that starts from it comes into sight."""
    await create(page, connected, "wish-old")
    await expect(verdict(page)).to_contain_text("passed")
    await ask(page, "wish-long")
    await expect(page.locator('iframe[title="Loading next version"]')).to_have_count(1)
    versions = page.get_by_role("list", name="Versions").get_by_role("link")
    await versions.first.click()
    await expect(page.get_by_text("Viewing version 1")).to_be_visible()
    await expect(page.get_by_role("button", name="Stop")).to_be_visible()
    await expect(page.get_by_role("button", name="Send")).to_be_visible()
    await expect(versions).to_have_count(2)
    await expect(page.get_by_text("Viewing version 1")).to_be_visible()
    await expect(verdict(page)).to_contain_text("passed")
    await expect(preview(page).get_by_role("heading", name="Old")).to_be_visible()
    await expect(page.locator("iframe")).to_have_count(1)
    await ask(page, "wish-new")
    await expect(preview(page).get_by_role("heading", name="New")).to_be_visible()
    await expect(page.get_by_text("Viewing version 1")).to_have_count(0)
    await expect(versions).to_have_count(3)


async def test_the_last_of_two_documents_counts(page: Page, connected: str) -> None:
    """Two documents in one answer: the last is what stands in the preview."""
    await create(page, connected, "wish-two")
    await expect(verdict(page)).to_contain_text("passed")
    await expect(preview(page).get_by_role("heading", name="Second")).to_be_visible()


async def test_stop_then_try_again(page: Page, connected: str) -> None:
    """Stop ends it and says what is kept; Try again makes the tool."""
    await create(page, connected, "a tool")
    await page.get_by_role("button", name="Stop").click()
    await expect(page.get_by_text("Stopped.")).to_be_visible()
    await page.get_by_role("button", name="Try again").click()
    await expect(verdict(page)).to_contain_text("passed")
    await expect(preview(page).get_by_role("heading", name="Quick")).to_be_visible()


async def test_stop_try_again_and_continue_keep_the_keyboard(page: Page, connected: str) -> None:
    """After each of them the focus is on what comes next, on a phone too."""
    await create(page, connected, "wish-keys")
    stop = page.get_by_role("button", name="Stop")
    again = page.get_by_role("button", name="Try again")
    await expect(preview(page).get_by_role("heading", name="Keys")).to_be_visible()
    await stop.focus()
    for width in (1280, 360):
        await page.set_viewport_size({"width": width, "height": 720})
        await page.keyboard.press("Enter")
        await expect(again).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(stop).to_be_focused()
        await expect(preview(page).get_by_role("heading", name="Keys")).to_be_visible()
        await page.keyboard.press("Enter")
        await expect(again).to_be_focused()
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="Continue")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(stop).to_be_focused()


async def test_a_failed_verdict_names_the_line_and_offers_a_fix(page: Page, connected: str) -> None:
    """The finding is shown with its line, the line is shown in the code, and Fix mends it."""
    await create(page, connected, "wish-broken")
    await expect(verdict(page)).to_contain_text("failed")
    await page.get_by_role("button", name="Findings").click()
    finding = page.get_by_role("list", name="Findings").get_by_role("listitem").first
    await expect(finding).to_contain_text("splitEvenly is not defined")
    await finding.get_by_role("button", name="line 43").click()
    await expect(page.locator(".code-line.marked")).to_contain_text("splitEvenly()")
    await page.get_by_label("Model").select_option("openai/scripted")
    await page.get_by_role("button", name="Fix").click()
    await expect(verdict(page)).to_contain_text("passed")
    await expect(page.locator(".made-by").last).to_contain_text("openai/scripted")
    await page.get_by_role("tab", name="Preview").click()
    await expect(preview(page).get_by_role("heading", name="Mended")).to_be_visible()


async def test_what_passed_last_is_what_one_finds_again(page: Page, connected: str) -> None:
    """A newer version that failed is seen when it was made, marked later, and pinned by choice."""
    await create(page, connected, "wish-old")
    await expect(verdict(page)).to_contain_text("passed")
    await ask(page, "wish-broken")
    await expect(verdict(page)).to_contain_text("failed")
    await expect(preview(page).get_by_role("heading", name="Broken")).to_be_visible()
    export = page.get_by_role("link", name="Export", exact=True)
    await expect(export).to_have_attribute("href", re.compile(r"/versions/2/export$"))
    await expect(export).to_contain_text("v2")
    await expect(page.get_by_text("Version 1 is live and passed its test")).to_be_visible()
    await expect(page.get_by_role("link", name="Back to version 1")).to_be_visible()

    await page.reload()
    await expect(preview(page).get_by_role("heading", name="Old")).to_be_visible()
    await expect(verdict(page)).to_contain_text("passed")
    await expect(page.get_by_text("Version 2 is newer and failed its test")).to_be_visible()
    await expect(export).to_have_attribute("href", re.compile(r"/versions/1/export$"))
    await expect(page.get_by_text("The next change starts from v1")).to_be_visible()

    await page.get_by_role("link", name="See version 2").click()
    await expect(preview(page).get_by_role("heading", name="Broken")).to_be_visible()
    await page.get_by_role("button", name="Pin version 2").click()
    await expect(page.get_by_role("button", name="Unpin")).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("button", name="Pin version 2")).to_be_visible()
    await page.get_by_role("button", name="Pin version 2").click()
    await expect(page.get_by_role("button", name="Unpin")).to_be_visible()
    await page.goto(page.url.partition("/versions/")[0])
    await expect(preview(page).get_by_role("heading", name="Broken")).to_be_visible()
    await page.get_by_role("button", name="Unpin").click()
    await expect(page.get_by_text("Version 1 is live and passed")).to_be_visible()
    await expect(preview(page).get_by_role("heading", name="Broken")).to_be_visible()

    await page.goto(connected)
    newer = page.get_by_role("link", name="v2 failed")
    card = page.get_by_role("listitem").filter(has=newer).first
    await expect(card).to_contain_text("passed")
    await card.get_by_role("link", name="v2 failed").click()
    await expect(preview(page).get_by_role("heading", name="Broken")).to_be_visible()


async def test_a_tool_that_shouts_is_heard_in_the_console_as_text(
    page: Page, connected: str
) -> None:
    """What a tool logs is shown as text, and a flood of it is cut and counted."""
    await create(page, connected, "wish-loud")
    await expect(verdict(page)).to_contain_text(re.compile("passed|failed"))
    await preview(page).get_by_role("button", name="Go").click()
    await page.get_by_role("tab", name="Console").click()
    lines = page.get_by_role("list", name="Console").get_by_role("listitem")
    await expect(lines.first).to_contain_text("<b>0")
    assert await lines.count() <= 500


async def test_a_port_of_the_tools_own_is_not_listened_to(page: Page, connected: str) -> None:
    """A tool can say hello too, after its load or before; it knows no key."""
    await create(page, connected, "wish-forged")
    await expect(verdict(page)).to_contain_text(re.compile("passed|failed"))
    await preview(page).get_by_role("button", name="Go").click()
    await page.get_by_role("tab", name="Console").click()
    console = page.get_by_role("list", name="Console")
    await expect(console).to_contain_text("all was said")
    await expect(console).not_to_contain_text("a word in the flood")
    await expect(console).not_to_contain_text("a word after it")


async def test_kill_nine_and_the_tab_goes_on(page: Page, scripted: Start, tmp_path: Path) -> None:
    """With the tab left open, a killed server that is back says Interrupted; Continue finishes."""
    whole = tool("Lasting", lines=200)
    script = [
        {"match": "cut off", "text": whole[whole.index("<p>", 3000) :]},
        {"text": whole, "tokens_per_second": 120},
    ]
    model = scripted(json.dumps(script))
    ports = ["--port", str(free_port()), "--frame-port", str(free_port())]
    arguments = ["serve", "--no-open", "--data-dir", str(tmp_path / "kept"), *ports]
    environment = clean_environment(OPENAI_BASE_URL=model.url, OPENAI_API_KEY="none")
    first = Process(arguments, environment).start()
    await create(page, first.url, "a tool")
    await expect(preview(page).get_by_role("heading", name="Lasting")).to_be_visible()
    some = re.compile(r"^Writing, ([3-9]|\d,?\d)\d\d tokens, \d+ s, \d+/s, scripted$")
    line = page.locator("[data-activity]")
    await page.set_viewport_size({"width": 360, "height": 720})
    await expect(line).to_have_text(some)
    assert await line.evaluate("line => line.scrollWidth <= line.clientWidth")
    await page.set_viewport_size({"width": 1280, "height": 800})
    first.kill()
    await expect(page.get_by_text("The server is away.")).to_be_visible()
    second = await asyncio.to_thread(Process(arguments, environment).start)
    try:
        await expect(page.get_by_text("Interrupted.")).to_be_visible()
        await expect(page.get_by_role("button", name="Send")).to_be_visible()
        await expect(page.get_by_role("button", name="Try again")).to_be_visible()
        await page.get_by_role("button", name="Continue").click()
        await expect(verdict(page)).to_contain_text("passed")
        await expect(preview(page).get_by_role("heading", name="Lasting")).to_be_visible()
        await expect(page.get_by_role("button", name="Send")).to_be_visible()
    finally:
        second.stop()


async def test_a_file_that_cannot_be_read_is_said_and_nothing_hangs(
    page: Page, server: Any, tmp_path: Path
) -> None:
    """An attachment that has gone meanwhile is named, the words stay, and Send works again."""
    await create(page, server.url, "a to-do list")
    await expect(verdict(page)).to_contain_text("passed")
    file = tmp_path / "gone.txt"
    file.write_text("some words", encoding="utf-8")
    await page.locator("[data-attach-input]").set_input_files(file)
    file.unlink()
    await ask(page, "with these words")
    await expect(page.get_by_role("alert")).to_contain_text("could not be read")
    await expect(page.get_by_role("textbox", name="Ask for a change")).to_have_value(
        "with these words"
    )
    await expect(page.get_by_role("button", name="Send")).to_be_enabled()


async def test_an_attached_csv_is_what_the_csv_viewer_shows(
    page: Page, server: Any, tmp_path: Path
) -> None:
    """Its rows, as text whatever they hold, and after a change as well; its name stands above."""
    file = tmp_path / "pupils.csv"
    file.write_text("Name,Points\nAda </script><b>x,17\nBo,12\n", encoding="utf-8")
    await page.goto(server.url)
    await page.locator("[data-attach-input]").set_input_files(file)
    await page.get_by_role("textbox", name="Describe a tool").fill("show this csv")
    await page.get_by_role("button", name="Create").click()
    await expect(verdict(page)).to_contain_text("passed")
    sent = page.get_by_role("listitem").filter(has_text="show this csv")
    await expect(sent.get_by_role("list", name="Attached files")).to_have_text("pupils.csv 39 B")
    await expect(preview(page).locator("#status")).to_have_text("pupils.csv, 2 rows.")
    await expect(preview(page).get_by_role("cell").first).to_have_text("Ada </script><b>x")
    await ask(page, "make it dark")
    await expect(preview(page).locator("html[data-theme=dark]")).to_be_attached()
    await expect(preview(page).get_by_role("cell").first).to_have_text("Ada </script><b>x")


async def test_words_typed_while_others_are_sent_are_kept(page: Page, server: Any) -> None:
    """What is typed while a request runs stays in the box, and through a reload."""
    await create(page, server.url, "split a restaurant bill with tip")
    await expect(verdict(page)).to_contain_text("passed")
    typed = asyncio.Event()

    async def held(route: Route) -> None:
        await typed.wait()
        await route.continue_()

    await page.route("**/messages", held)
    await ask(page, "in euros")
    box = page.get_by_role("textbox", name="Ask for a change")
    await box.fill("and with a search")
    typed.set()
    await expect(verdict(page)).to_contain_text("passed")
    await expect(page.get_by_role("list", name="Versions").get_by_role("link")).to_have_count(2)
    await expect(box).to_have_value("and with a search")
    await page.reload()
    await expect(box).to_have_value("and with a search")


async def test_one_run_after_another_is_followed(
    page: Page, connected: str, api: Callable[..., Any]
) -> None:
    """A run that begins while the page still brings the former to its end is shown as it comes."""
    await create(page, connected, "wish-old")
    await expect(verdict(page)).to_contain_text("passed")
    await expect(page.get_by_role("button", name="Send")).to_be_visible()
    go_on = asyncio.Event()

    async def held(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    await page.route(re.compile(re.escape(page.url) + r"\?shown="), held)
    client = api(connected)
    path = page.url.removeprefix(connected).replace("/artifacts", "/api/artifacts", 1)
    made = await asyncio.to_thread(
        client, "POST", f"{path}/messages", status=202, prompt="wish-first"
    )
    await asyncio.to_thread(client.ended, made["generation"])
    await expect(preview(page).get_by_role("heading", name="First")).to_be_visible()
    await asyncio.to_thread(client, "POST", f"{path}/messages", status=202, prompt="wish-long")
    await expect(page.locator('iframe[title="Loading next version"]')).to_have_count(1)
    go_on.set()
    await expect(page.get_by_role("button", name="Stop")).to_be_visible()
    await expect(preview(page).get_by_role("heading", name="Long")).to_be_visible()
    await expect(page.get_by_role("button", name="Send")).to_be_visible()
    await expect(verdict(page)).to_contain_text("passed")


async def test_a_renewal_that_cannot_be_read_stops_no_other(page: Page, connected: str) -> None:
    """When the page's own renewal comes back broken once, the next one still shows the end."""
    await create(page, connected, "wish-old")
    await expect(verdict(page)).to_contain_text("passed")
    await expect(page.get_by_role("button", name="Send")).to_be_visible()
    broken = '<script type="application/json" id="page-data">{</script>'
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.route(
        re.compile(re.escape(page.url) + r"\?shown="),
        lambda route: route.fulfill(body=broken, content_type="text/html"),
        times=1,
    )
    await ask(page, "wish-new")
    await expect(page.get_by_role("list", name="Versions").get_by_role("link")).to_have_count(2)
    await expect(verdict(page)).to_contain_text("passed")
    await expect(page.get_by_role("button", name="Send")).to_be_visible()
    assert len(errors) == 1


async def test_the_menu_names_the_model_first(page: Page, connected: str) -> None:
    """The model menu says which model writes, then where it is."""
    await open_with_models(page, connected)
    await expect(page.get_by_label("Model").locator("option").first).to_have_text(
        re.compile(r"^quill · .*127\.0\.0\.1")
    )


async def test_nothing_written_is_nothing_to_continue(page: Page, connected: str) -> None:
    """A run that failed before its first word can be tried again, but not continued.

    The model that is chosen meanwhile is the one that tries.
    """
    await create(page, connected, "wish-refused")
    again = page.get_by_role("button", name="Try again")
    first = str(await again.get_attribute("data-retry"))
    await expect(page.get_by_role("button", name="Continue")).to_have_count(0)
    await page.get_by_label("Model").select_option("openai/scripted")
    await again.click()
    await expect(again).not_to_have_attribute("data-retry", first)
    second = str(await again.get_attribute("data-retry"))
    tried = [
        (await page.request.get(f"{connected}/api/generations/{one}")) for one in (first, second)
    ]
    assert [(await one.json())["model"] for one in tried] == ["quill", "scripted"]


async def test_the_tab_icon_tells_the_verdict(page: Page, server: Any) -> None:
    """The favicon changes with the verdict, to a file that is there."""
    await create(page, server.url, "a to-do list")
    await expect(verdict(page)).to_contain_text("passed")
    icon = page.locator("#favicon")
    await expect(icon).to_have_attribute("href", re.compile(r"/favicon-passed\.svg$"))
    found = await page.request.get(server.url + str(await icon.get_attribute("href")))
    assert found.ok


async def test_the_frame_that_home_opens_ahead_is_nobodys_to_find(page: Page, server: Any) -> None:
    """The hidden frame on home is out of sight, of the accessibility tree and of the Tab key."""
    await page.goto(server.url)
    frame = page.locator("iframe")
    await expect(frame).to_have_count(1)
    await expect(frame).to_be_hidden()
    assert "iframe" not in await page.locator("body").aria_snapshot()
    for _ in range(40):
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.localName") != "iframe"


async def test_older_tools_are_a_page_away(
    page: Page, serve_app: Start, api: Callable[..., Any]
) -> None:
    """Home shows the newest twelve; Older tools leads to the rest, and back."""
    app = serve_app()
    client = api(app.url)
    for _ in range(13):
        made = client("POST", "/api/artifacts", status=201, prompt="a to-do list")
        client.ended(made["generation"])
    await page.goto(app.url)
    cards = page.locator("#cards > li")
    await expect(cards).to_have_count(12)
    await page.get_by_role("link", name="Older tools").click()
    await expect(page.get_by_role("heading", name="Older tools")).to_be_visible()
    await expect(cards).to_have_count(1)
    await page.get_by_role("link", name="Newest tools").click()
    await expect(cards).to_have_count(12)


async def test_the_access_token_opens_the_door(page: Page, serve_app: Start) -> None:
    """A wrong token is said to be wrong, on the page itself; the right one leads to home."""
    app = serve_app(SANDWRIGHT_ACCESS_TOKEN="open-sesame")
    await page.goto(app.url)
    for token in ("closed", "open-sesame"):
        await page.get_by_label("Token").fill(token)
        await page.get_by_role("button", name="Sign in").click()
        if token == "closed":
            await expect(page.get_by_role("alert")).to_contain_text("not the token")
    await expect(page.get_by_role("textbox", name="Describe a tool")).to_be_visible()


async def test_what_a_recipe_made_goes_on_with_it_and_then_with_the_model(
    page: Page, connected: str
) -> None:
    """What the recipe can do costs nothing, and one click has the model do the rest."""
    await open_with_models(page, connected)
    menu = page.get_by_label("Model")
    await menu.select_option("recipes/built-in")
    await page.get_by_role("textbox", name="Describe a tool").fill("a password generator")
    await page.get_by_role("button", name="Create").click()
    await page.wait_for_url("**/artifacts/*", wait_until="commit")
    chosen = menu.locator("option:checked")
    await expect(chosen).to_have_text(re.compile("^Built-in recipe, else quill"))
    await expect(verdict(page)).to_contain_text("passed")
    versions = page.get_by_role("list", name="Versions").get_by_role("link")
    for change, count, by in (
        ("24 characters", 2, "Built-in recipe"),
        ("wish-first, with 24 characters", 3, "openai/quill"),
    ):
        await ask(page, change)
        await expect(versions).to_have_count(count)
        await expect(page.locator(".made-by").last).to_contain_text(by)
        await expect(page.get_by_role("button", name="Send")).to_be_visible()
    await expect(preview(page).get_by_role("heading", name="First")).to_be_visible()
    await expect(chosen).to_have_text(re.compile("^quill"))

    # Who chooses the recipe alone is sent to no model unasked; Run again names the one it asks.
    await menu.select_option("recipes/built-in")
    await ask(page, "wish-old, with confetti")
    await expect(page.get_by_text("The built-in recipes cannot change this tool.")).to_be_visible()
    await expect(page.get_by_text("with quill")).to_be_visible()
    await menu.select_option("openai/scripted")
    await expect(page.get_by_text("with scripted", exact=True)).to_be_visible()
    await menu.select_option("recipes/built-in")
    await page.get_by_role("button", name="Run again").click()
    await expect(preview(page).get_by_role("heading", name="Old")).to_be_visible()
    await expect(page.locator(".made-by").last).to_contain_text("openai/quill")


async def test_enter_ends_a_rename(page: Page, server: Any) -> None:
    """The field closes at Enter and stays closed, with the new title."""
    await create(page, server.url, "a to-do list")
    await expect(verdict(page)).to_contain_text("passed")
    await page.locator("[data-rename]").click()
    field = page.get_by_role("textbox", name="Title")
    await field.fill("Class 7b")
    await field.press("Enter")
    await expect(page.locator("[data-rename]")).to_have_text("Class 7b")
    await expect(field).to_have_count(0)
