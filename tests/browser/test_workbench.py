"""The workbench in a real browser: a tool is made, used, changed, named and taken home."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.tools import Imported, until, wide_context
from tests.browser.wishes import ask, create, preview, verdict
from tests.integration.tools import GOOD

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    async with wide_context(browser) as context:
        yield context


async def test_a_sentence_becomes_a_tool_by_mouse(page: Page, server: Any) -> None:
    """Create makes a usable tool, a change makes version 2, version 1 still opens, Export saves."""
    await create(page, server.url, "split a restaurant bill with tip")
    await expect(preview(page).get_by_role("heading").first).to_be_visible()
    await expect(verdict(page)).to_contain_text("not tested")

    await ask(page, "in euros")
    versions = page.get_by_role("list", name="Versions").get_by_role("link")
    await expect(versions).to_have_count(2)
    await expect(verdict(page)).to_contain_text("not tested")
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


async def test_the_main_job_needs_no_mouse(page: Page, testing_connected: str) -> None:
    """The box has the focus at once; Ctrl+Enter creates and sends; Tab reaches the change box."""
    await page.goto(testing_connected)
    await page.keyboard.type("wish-old")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_url("**/artifacts/*", wait_until="commit")
    await expect(verdict(page)).to_contain_text("passed")

    box = page.get_by_role("textbox", name="Ask for a change")
    for _ in range(25):
        await page.keyboard.press("Tab")
        if await box.evaluate("box => box === document.activeElement"):
            break
    await expect(box).to_be_focused()
    await page.keyboard.type("wish-first")
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


async def test_tabs_move_with_the_arrows(page: Page, server: Any, api: Any) -> None:
    """The views are a tab list by the book, and Code holds the version's source."""
    await page.goto(Imported(api(server.url), GOOD).url)
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


async def test_a_title_is_text_and_is_renamed_in_place(page: Page, server: Any, api: Any) -> None:
    """A title with markup is shown as text, kept, and told to the browser tab."""
    await page.goto(Imported(api(server.url), GOOD).url)
    await page.locator("[data-rename]").click()
    await page.get_by_role("textbox", name="Title").fill("<b>购物</b> & more")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("<b>购物</b> & more")
    await expect(page).to_have_title(re.compile("购物"))  # told once it is stored
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text("<b>购物</b> & more")
    await expect(page).to_have_title(re.compile("购物"))


async def test_enter_ends_a_rename(page: Page, server: Any, api: Any) -> None:
    """The field closes at Enter and stays closed, with the new title."""
    await page.goto(Imported(api(server.url), GOOD).url)
    await page.locator("[data-rename]").click()
    field = page.get_by_role("textbox", name="Title")
    await field.fill("Class 7b")
    await field.press("Enter")
    await expect(page.locator("[data-rename]")).to_have_text("Class 7b")
    await expect(field).to_have_count(0)


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


async def test_a_file_that_cannot_be_read_is_said_and_nothing_hangs(
    page: Page, server: Any, tmp_path: Path
) -> None:
    """An attachment that has gone meanwhile is named, the words stay, and Send works again."""
    await create(page, server.url, "a to-do list")
    await expect(verdict(page)).to_contain_text("not tested")
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
    await expect(verdict(page)).to_contain_text("not tested")
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
    await expect(verdict(page)).to_contain_text("not tested")
    typed = asyncio.Event()

    async def held(route: Route) -> None:
        await typed.wait()
        await route.continue_()

    await page.route("**/messages", held)
    await ask(page, "in euros")
    box = page.get_by_role("textbox", name="Ask for a change")
    await box.fill("and with a search")
    typed.set()
    await expect(page.get_by_role("list", name="Versions").get_by_role("link")).to_have_count(2)
    await expect(page.get_by_role("button", name="Send")).to_be_visible()
    await expect(box).to_have_value("and with a search")
    await page.reload()
    await expect(box).to_have_value("and with a search")


async def open_with_models(page: Page, url: str) -> None:
    """A page waits for no list of models for longer than a second; then it has to be reloaded."""

    async def has_models() -> bool:
        await page.goto(url)
        return await page.locator("option[value='recipes/built-in']").count() > 0

    await until(has_models)


async def test_the_menu_names_the_model_first(page: Page, connected: str) -> None:
    """The model menu says which model writes, then where it is."""
    await open_with_models(page, connected)
    await expect(page.get_by_label("Model").locator("option").first).to_have_text(
        re.compile(r"^quill · .*127\.0\.0\.1")
    )


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
    await expect(verdict(page)).to_contain_text("not tested")
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


async def test_a_tool_that_shouts_is_heard_in_the_console_as_text(
    page: Page, connected: str
) -> None:
    """What a tool logs is shown as text, and a flood of it is cut and counted."""
    await create(page, connected, "wish-loud")
    await expect(verdict(page)).to_contain_text("not tested")
    await preview(page).get_by_role("button", name="Go").click()
    await page.get_by_role("tab", name="Console").click()
    lines = page.get_by_role("list", name="Console").get_by_role("listitem")
    await expect(lines.first).to_contain_text("<b>0")
    assert await lines.count() <= 500


async def test_a_port_of_the_tools_own_is_not_listened_to(page: Page, connected: str) -> None:
    """A tool can say hello too, after its load or before; it knows no key."""
    await create(page, connected, "wish-forged")
    await expect(verdict(page)).to_contain_text("not tested")
    await preview(page).get_by_role("button", name="Go").click()
    await page.get_by_role("tab", name="Console").click()
    console = page.get_by_role("list", name="Console")
    await expect(console).to_contain_text("all was said")
    await expect(console).not_to_contain_text("a word in the flood")
    await expect(console).not_to_contain_text("a word after it")


async def test_the_tab_icon_tells_the_verdict(page: Page, testing_connected: str) -> None:
    """The favicon changes with the verdict, to a file that is there."""
    await create(page, testing_connected, "wish-old")
    await expect(verdict(page)).to_contain_text("passed")
    icon = page.locator("#favicon")
    await expect(icon).to_have_attribute("href", re.compile(r"/favicon-passed\.svg$"))
    found = await page.request.get(testing_connected + str(await icon.get_attribute("href")))
    assert found.ok
