"""Home, and the pages around it, in a real browser: what a person can do and see."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser.tools import wide_context
from tests.browser.wishes import create, preview, tool, verdict
from tests.conftest import NO_BROWSER, Process, Start, clean_environment, free_port

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    async with wide_context(browser) as context:
        yield context


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
    await expect(verdict(page)).to_contain_text("not tested")
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


async def test_our_own_pages_break_no_rule_of_theirs(page: Page, testing_connected: str) -> None:
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
    await create(page, testing_connected, "wish-first")
    await expect(verdict(page)).to_contain_text("passed")
    for path in ("/", "/bin", "/settings", "/licences", "/artifacts/nothing"):
        await page.goto(testing_connected + path)
    assert seen == []


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
