"""From home to the tool: its frame is opened with the press, and nothing is loaded twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import Browser, Page, Request, Route, expect

from tests.browser.tools import wide_context
from tests.conftest import NO_BROWSER, Connected, connected_server

pytestmark = pytest.mark.timeout(120)

DOCUMENT = "<!doctype html><html><head><title>Done</title></head><body><h1>Done</h1></body></html>"
CREATE = "**/artifacts"


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connected]:
    told = [
        {
            "match": "wish-slow",
            "text": f"```html\n{DOCUMENT}\n```",
            "stall_at": 60,
            "stall_seconds": 3600,
        },
        {"text": f"```html\n{DOCUMENT}\n```"},
    ]
    with connected_server(tmp_path_factory.mktemp("ahead"), told, **NO_BROWSER) as url:
        yield url


@pytest.fixture
async def context(browser: Browser) -> Any:
    async with wide_context(browser) as context:
        yield context


async def press(page: Page, url: str, wish: str) -> None:
    await page.goto(url)
    await page.get_by_role("textbox", name="Describe a tool").fill(wish)
    await page.get_by_role("button", name="Create").click()


def documents(page: Page) -> list[Request]:
    """The documents of tools that the page asks for from now on."""
    asked: list[Request] = []

    def note(request: Request) -> None:
        of_a_tool = request.frame != page.main_frame and urlsplit(request.url).path != "/"
        if request.resource_type == "document" and of_a_tool:
            asked.append(request)

    page.on("request", note)
    return asked


async def test_the_frame_is_asked_for_before_the_tool_is(page: Page, connected: Connected) -> None:
    """While the wish is still on its way the frame is open; the document comes into it, once."""
    asked = documents(page)
    go_on = asyncio.Event()

    async def hold(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    await page.route(CREATE, hold)
    async with page.expect_event("request", lambda one: one.frame != page.main_frame):
        await press(page, connected, "wish-slow")
    assert page.url.rstrip("/") == connected
    go_on.set()
    await page.wait_for_url("**/artifacts/*", wait_until="commit")
    await expect(page.get_by_role("button", name="Stop")).to_be_visible()
    connected.go_on()
    tool = page.frame_locator('iframe[title="Preview"]')
    await expect(tool.get_by_role("heading", name="Done")).to_be_visible()
    await expect(page.get_by_role("status")).to_contain_text("not tested")
    assert len(asked) == 1
    await expect(page.locator("iframe")).to_have_count(1)


async def test_a_wish_that_is_refused_leaves_no_frame(page: Page, connected: str) -> None:
    """What went wrong is said, the words stay, and the same press works afterwards."""
    asked = documents(page)

    async def refuse(route: Route) -> None:
        problem = '{"title": "Not now", "status": 503, "detail": "The disk is full."}'
        await route.fulfill(status=503, content_type="application/problem+json", body=problem)

    await page.route(CREATE, refuse, times=1)
    await press(page, connected, "a list")
    await expect(page.get_by_role("alert")).to_contain_text("The disk is full.")
    await expect(page.locator("iframe[title]")).to_have_count(0)
    await expect(page.locator(".frame-ahead")).to_have_count(0)
    await page.get_by_role("button", name="Create").click()
    tool = page.frame_locator('iframe[title="Preview"]')
    await expect(tool.get_by_role("heading", name="Done")).to_be_visible()
    assert len({one.url for one in asked}) == 1


async def test_what_was_made_is_gone_to_though_its_page_did_not_come(
    page: Page, connected: str
) -> None:
    """The model runs already: nobody is told to try again."""

    async def cut(route: Route) -> None:
        made = await route.fetch()
        await route.fulfill(status=201, headers={"location": made.headers["location"]}, body="")

    await page.route(CREATE, cut, times=1)
    await press(page, connected, "a list")
    await page.wait_for_url("**/artifacts/*", wait_until="commit")
    tool = page.frame_locator('iframe[title="Preview"]')
    await expect(tool.get_by_role("heading", name="Done")).to_be_visible()


async def test_a_frame_that_is_not_the_tools_is_not_shown(page: Page, connected: str) -> None:
    """The address that home was given is used up, as in a copy of the tab: another is taken."""
    await page.goto(connected)
    given = await page.evaluate(
        "() => JSON.parse(document.getElementById('page-data').textContent).frame"
    )
    wish = {"prompt": "first", "frame_secret": given["secret"]}
    taken = await page.context.request.post(f"{connected}/artifacts", data=wish)
    assert taken.status == 201
    await page.get_by_role("textbox", name="Describe a tool").fill("second")
    await page.get_by_role("button", name="Create").click()
    await page.wait_for_url("**/artifacts/*", wait_until="commit")
    frame = page.locator('iframe[title="Preview"]')
    assert given["secret"] not in str(await frame.get_attribute("src"))
    tool = page.frame_locator('iframe[title="Preview"]')
    await expect(tool.get_by_role("heading", name="Done")).to_be_visible()
    await expect(page.locator("iframe")).to_have_count(1)


async def test_a_browser_that_cannot_move_a_frame_goes_on_without(
    page: Page, connected: str
) -> None:
    asked = documents(page)
    await page.add_init_script("delete Element.prototype.moveBefore")
    await press(page, connected, "a list")
    tool = page.frame_locator('iframe[title="Preview"]')
    await expect(tool.get_by_role("heading", name="Done")).to_be_visible()
    assert len(asked) == 1


def test_the_answer_to_a_wish_is_its_page(connected: str) -> None:
    """201 with the page and its place; what is wrong with a wish is told as a problem."""
    made = httpx.post(f"{connected}/artifacts", json={"prompt": "a list"})
    assert made.status_code == 201
    assert "text/html" in made.headers["content-type"]
    assert httpx.get(connected + made.headers["location"]).status_code == 200
    wrong = [({"prompt": " "}, 422), ({"prompt": "x", "frame_secret": "../x"}, 422)]
    wrong += [({"prompt": "x" * 100_001}, 413), ({"prompt": "x", "model": "none/none"}, 422)]
    for body, status in wrong:
        answer = httpx.post(f"{connected}/artifacts", json=body)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
    foreign = {"origin": "http://elsewhere.example", "sec-fetch-site": "cross-site"}
    refused = httpx.post(f"{connected}/artifacts", json={"prompt": "x"}, headers=foreign)
    assert refused.status_code == 403


def test_only_an_address_that_was_given_is_waited_at(connected: str) -> None:
    """Whoever guesses an address hears at once that nothing is there."""
    page = httpx.get(connected).text
    given = json.loads(page.partition('id="page-data">')[2].partition("</script>")[0])["frame"]
    port, host = urlsplit(given["origin"]).port, urlsplit(given["origin"]).netloc
    wish = {"prompt": "a list", "frame_secret": given["secret"]}
    local, headers = f"http://127.0.0.1:{port}", {"host": host}
    with (
        httpx.Client(base_url=local, headers=headers) as frames,
        ThreadPoolExecutor() as aside,
    ):
        assert frames.get(f"/{'a' * 32}").status_code == 404
        opening = aside.submit(frames.get, f"/{given['secret']}")
        assert httpx.post(f"{connected}/artifacts", json=wish).status_code == 201
        document = opening.result()
    assert document.status_code == 200
    assert "<h1>Done</h1>" in document.text
