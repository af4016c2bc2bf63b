"""Each built-in recipe does its work in a real browser, behind the frame's own walls."""

import asyncio
import contextlib
import json
import os
import re
from dataclasses import dataclass

import pytest
import pytest_asyncio
import uvicorn
from playwright.async_api import Browser, async_playwright, expect

from sandbox.frame import FrameDocument, create_frame_app
from sandbox.grants import NO_GRANTS
from sandbox.report import Verdict
from sandbox.smoke import SmokeTester, find_browser
from sandbox.smoke.switches import NOT_PLAYWRIGHTS, SWITCHES
from server.recipes import RECIPES, respond
from tests.browser.asking import told_in_time
from tests.browser.tools import PATIENCE
from tests.conftest import listening
from tests.sampling import sampled

SECRET = "recipe"

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOME = sampled(RECIPES, 2, lambda listing: listing.name)
"""All are drawn by one style sheet; most have their turn in `make sandbox`."""


class _Shelf:
    """The frame app's source of documents: one document, under one secret."""

    def __init__(self):
        self.html = ""
        self.rest = asyncio.Event()  # until then the tool's script has not arrived
        self.rest.set()

    async def open_document(self, secret):
        async def chunks():
            body, script, rest = self.html.partition('<script type="application/json"')
            yield body
            await self.rest.wait()
            yield script + rest

        return FrameDocument(chunks(), NO_GRANTS) if secret == SECRET else None


@dataclass(frozen=True)
class _Stage:
    browser: Browser
    shelf: _Shelf
    port: int


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(browser_path):
    """One browser and one frame server for all tests here; a context of its own for each tool."""
    shelf = _Shelf()
    app = create_frame_app(shelf, ancestors=lambda _host: ())
    config = uvicorn.Config(app, log_level="warning", lifespan="off")
    listener = listening()
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # pytest owns them
    running = asyncio.create_task(server.serve(sockets=[listener]))
    async with async_playwright() as playwright:
        args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", *SWITCHES]
        browser = await playwright.chromium.launch(
            executable_path=browser_path, args=args, ignore_default_args=[*NOT_PLAYWRIGHTS]
        )
        yield _Stage(browser, shelf, listener.getsockname()[1])
        await browser.close()
    server.should_exit = server.force_exit = True
    await running
    listener.close()


@pytest_asyncio.fixture(loop_scope="module")
async def open_tool(stage):
    """Open a wish's tool alone: our page around a sandboxed frame. Nothing may be logged."""
    logged = []
    stage.shelf.rest.set()
    async with contextlib.AsyncExitStack() as stack:

        async def start(*wishes, clock=False, **options):
            answer = respond(wishes)
            assert answer.html is not None, answer.prose
            stage.shelf.html = answer.html
            options = {"viewport": {"width": 800, "height": 700}, "locale": "en-US", **options}
            context = await stack.enter_async_context(await stage.browser.new_context(**options))
            context.set_default_timeout(PATIENCE)
            page = await context.new_page()
            page.on("console", lambda message: logged.append(f"{message.type}: {message.text}"))
            page.on("pageerror", lambda error: logged.append(str(error)))
            page.on("dialog", lambda dialog: logged.append(f"dialog: {dialog.message}"))
            if clock:
                await page.clock.install(time=0)
            # The load ends with the tool's stream, which a test may be holding.
            until = "load" if stage.shelf.rest.is_set() else "commit"
            await page.goto(f"http://tool.localhost:{stage.port}/{SECRET}", wait_until=until)
            frame = page.frame_locator("iframe")
            await frame.locator("#status").wait_for(state="attached")
            return frame

        yield start
    assert logged == []


async def _text(locator):
    return (await locator.inner_text()).replace("\u00a0", " ")


async def _paste(frame, selector, html, text):
    """Paste as the browser does: one event that carries both flavours."""
    await frame.locator(selector).evaluate(
        """(box, [html, text]) => {
            const data = new DataTransfer();
            if (html) data.setData("text/html", html);
            data.setData("text/plain", text);
            const options = {clipboardData: data, bubbles: true, cancelable: true};
            box.dispatchEvent(new ClipboardEvent("paste", options));
        }""",
        [html, text],
    )


async def test_what_is_typed_before_the_tool_is_whole_stays(open_tool, stage):
    stage.shelf.rest.clear()
    tool = await open_tool("split a restaurant bill with tip")
    await tool.get_by_label("Bill").fill("42")
    await tool.get_by_label("Tip").fill("20")
    await tool.get_by_label("People").fill("4")
    await tool.get_by_label("Round each share").check()
    stage.shelf.rest.set()
    await expect(tool.get_by_label("Each person pays")).to_have_text("$13.00")

    stage.shelf.rest.clear()
    tool = await open_tool("miles to kilometres")
    await tool.locator("#left").fill("5")
    stage.shelf.rest.set()
    await expect(tool.locator("#right")).to_have_value(re.compile(r"8\.0467"))


async def test_the_tip_splitter_shares_a_typed_bill(open_tool):
    tool = await open_tool("split a restaurant bill with tip")
    await tool.get_by_label("Bill").fill("84")
    await tool.get_by_label("Tip").fill("20")
    await tool.get_by_label("People").fill("4")
    assert await _text(tool.get_by_label("Each person pays")) == "$25.20"
    assert await _text(tool.locator("#sum-total")) == "$100.80"
    await tool.get_by_role("button", name="One more").click()
    assert await tool.get_by_label("People").input_value() == "5"
    assert await _text(tool.get_by_label("Each person pays")) == "$20.16"


async def test_the_tip_splitter_loses_no_cent(open_tool):
    tool = await open_tool("split a restaurant bill with tip")
    await tool.get_by_label("Bill").fill("100")
    await tool.get_by_role("button", name="10 %").click()
    await tool.get_by_label("People").fill("3")
    assert await _text(tool.get_by_label("Each person pays")) == "$36.66"
    assert await _text(tool.locator("#note")) == "2 pay $36.67, so that it adds up."
    await tool.get_by_label("Round each share").check()
    assert await _text(tool.get_by_label("Each person pays")) == "$37.00"
    assert await _text(tool.locator("#sum-total")) == "$111.00"


async def test_the_tip_splitter_follows_the_sentence(open_tool):
    tool = await open_tool("split 90 € for 6 people with 20% tip", "for 8 people")
    assert await tool.get_by_label("Currency").input_value() == "EUR"
    assert await _text(tool.get_by_label("Each person pays")) == "€13.50"


async def test_the_tip_splitter_copies_its_result_from_inside_the_frame(open_tool):
    tool = await open_tool("split a restaurant bill with tip")
    await tool.get_by_role("button", name="Copy the result").click()
    assert await _text(tool.locator("#status")) == "Result copied."


async def test_the_converter_converts_both_ways(open_tool):
    tool = await open_tool("convert 5 miles to km")
    assert await tool.get_by_label("Result").input_value() == "8.04672"
    await tool.get_by_label("Result").fill("16.09344")
    assert await tool.get_by_label("Value", exact=True).input_value() == "10"
    await tool.get_by_role("button", name="Swap").click()
    assert await tool.get_by_label("From unit").input_value() == "km"


async def test_the_converter_knows_that_temperatures_have_an_offset(open_tool):
    tool = await open_tool("unit converter")
    await tool.get_by_label("Temperature").check(force=True)
    await tool.get_by_label("Value", exact=True).fill("-40")
    assert await tool.get_by_label("Result").input_value() == "-40"
    await tool.get_by_label("Value", exact=True).fill("212")
    assert await tool.get_by_label("Result").input_value() == "100"


async def test_the_to_do_list_adds_ticks_sorts_out_and_undoes(open_tool):
    tool = await open_tool("shopping list: milk, eggs and bread")
    assert await _text(tool.get_by_role("heading")) == "Shopping list"
    await tool.get_by_label("New item").fill("butter")
    await tool.get_by_label("New item").press("Enter")
    await tool.get_by_label("Done: milk").check()
    assert await _text(tool.locator("#left")) == "1 of 4 done"
    await tool.get_by_role("button", name="Clear done").click()
    assert await tool.get_by_role("listitem").count() == 3
    await tool.get_by_role("button", name="Undo").click()
    assert await tool.get_by_role("listitem").count() == 4
    await tool.get_by_label("Open", exact=True).check(force=True)
    assert await tool.locator("li:visible").count() == 3
    await _paste(tool, "#new", "", "- cheese\n- wine")
    assert await _text(tool.locator("#left")) == "1 of 6 done"


async def test_the_timer_goes_through_work_and_rest_by_the_clock(open_tool):
    tool = await open_tool("40 s work and 20 s rest, two rounds", clock=True)
    clock = tool.owner.page.clock
    await tool.get_by_role("button", name="Start").click()
    await clock.run_for(5_200)
    assert await _text(tool.locator("#phase")) == "Work"
    assert await _text(tool.get_by_role("timer")) == "0:40"
    await clock.run_for(40_000)
    assert await _text(tool.locator("#phase")) == "Rest"
    await tool.get_by_role("button", name="Pause").click()
    await clock.run_for(60_000)
    assert await _text(tool.locator("#phase")) == "Rest, paused"
    await tool.get_by_role("button", name="Resume").click()
    await clock.run_for(60_000)
    assert await _text(tool.locator("#phase")) == "Done"


async def test_the_timer_catches_up_after_the_page_slept(open_tool):
    tool = await open_tool("40 s work and 20 s rest, eight rounds", clock=True)
    clock = tool.owner.page.clock
    await tool.get_by_role("button", name="Start").click()
    await clock.fast_forward(5_000 + 3 * 60_000 + 10_000)
    assert await _text(tool.locator("#phase")) == "Work"
    assert await _text(tool.locator("#round")) == "4 / 8"
    assert await _text(tool.get_by_role("timer")) == "0:30"


async def test_the_csv_viewer_parses_sorts_filters_and_draws(open_tool):
    tool = await open_tool("csv viewer with a chart")
    await tool.get_by_text("Paste data").click()
    text = 'City;Note;People\r\nBern;"a; b\nand ""c""";1.200\r\nOslo;;900,5\r\nRiga;x;600\r\n'
    await tool.get_by_label("Rows, one a line").fill(text)
    assert await _text(tool.locator("#count")) == "3 rows, 3 columns"
    assert await tool.get_by_role("cell").nth(1).text_content() == 'a; b\nand "c"'
    assert await tool.locator("#chart rect").count() == 3
    label = await tool.locator("#chart").get_attribute("aria-label")
    assert label.startswith("Bar chart: People by City")
    await tool.get_by_role("columnheader", name="People").get_by_role("button").click()
    assert await _text(tool.get_by_role("cell").first) == "Riga"
    await tool.get_by_role("columnheader", name="People").get_by_role("button").click()
    assert await _text(tool.get_by_role("cell").first) == "Bern"
    await tool.get_by_label("Filter rows").fill("oslo")
    assert await _text(tool.locator("#count")) == "1 of 3 rows, 3 columns"
    await tool.get_by_role("combobox", name="Chart").select_option("line")
    assert await tool.locator("#chart circle").count() == 1


async def test_the_csv_viewer_opens_and_saves_a_file(open_tool):
    tool = await open_tool("csv viewer")
    file = {"name": "a.csv", "mimeType": "text/csv", "buffer": b"n,v\na,1\nb,2\n"}
    await tool.get_by_label("Open a file").set_input_files(file)
    await expect(tool.locator("#status")).to_have_text("a.csv, 2 rows.")
    async with tool.owner.page.expect_download() as download:
        await tool.get_by_role("button", name="Save rows").click()
    path = await (await download.value).path()
    assert path.read_text() == "n,v\na,1\nb,2"


async def test_the_text_cleaner_cleans_and_counts(open_tool):
    tool = await open_tool("clean text and remove duplicate lines, 3 word limit")
    await tool.get_by_label("Your text").fill("One   two.\u200b \nOne two.\n\n\n\nThree four?")
    assert (
        await tool.get_by_label("Cleaned text", exact=True).input_value()
        == "One two.\n\nThree four?"
    )
    assert await _text(tool.locator("#words")) == "4"
    assert await _text(tool.locator("#sentences")) == "2"
    assert await _text(tool.locator("#limit-text")) == "1 words over the limit of 3"
    await tool.get_by_label("UPPER").check(force=True)
    assert (
        await tool.get_by_label("Cleaned text", exact=True).input_value()
        == "ONE TWO.\n\nTHREE FOUR?"
    )


async def test_the_text_cleaner_counts_chinese_words(open_tool):
    tool = await open_tool("字数统计")
    await tool.get_by_label("Your text").fill("今天天气很好。我们去公园。")
    assert int(await _text(tool.locator("#words"))) > 4
    assert await _text(tool.locator("#sentences")) == "2"


async def test_the_password_generator_keeps_to_its_characters(open_tool):
    tool = await open_tool("5 passwords of 24 characters without symbols, no look-alikes")
    secret = tool.locator("#secret")
    seen = set()
    for _ in range(5):
        text = await _text(secret)
        assert len(text) == 24
        assert text.isalnum()
        assert not set(text) & set("Il1O0")
        assert any(map(str.isdigit, text))
        seen.add(text)
        await tool.get_by_role("button", name="New password").click()
    assert len(seen) == 5
    assert await tool.get_by_role("listitem").count() == 4
    await tool.get_by_label("Length", exact=True).fill("8")
    assert len(await _text(secret)) == 8
    for label in ("Small letters", "Capital letters", "Digits"):
        await tool.get_by_label(label).uncheck()
    assert await _text(tool.locator("#status")) == "Choose at least one kind of character."


async def test_the_link_extractor_reads_pasted_rich_text(open_tool):
    tool = await open_tool("extract links from pasted rich text, clean tracking")
    html = (
        '<p>See <a href="https://example.org/a?utm_source=x&id=1">the page</a>,'
        ' <a href="https://example.org/a?id=1">again</a>, <a href="/only/a/path">no</a>,'
        ' <a href="javascript:alert(1)">bad</a> and <img src="https://example.org/x.png"'
        ' onerror="alert(2)">(www.example.net/b).</p><script>alert(3)</script>'
    )
    await _paste(tool, "#paper", html, "See the page")
    await tool.get_by_label("Clean addresses").check()
    addresses = await tool.locator(".address").all_inner_texts()
    assert addresses == ["https://example.org/a?id=1", "https://www.example.net/b"]
    assert await _text(tool.locator("#count")) == "2 links"
    assert await _text(tool.locator("#status")) == "2 left out: they have no full address."
    await tool.get_by_label("Format").select_option("markdown")
    async with tool.owner.page.expect_download() as download:
        await tool.get_by_role("button", name="Save").click()
    path = await (await download.value).path()
    expected = "- [the page](https://example.org/a?id=1)\n- [https://www.example.net/b](https://www.example.net/b)"
    assert path.read_text() == expected


@pytest.mark.parametrize("listing", SOME)
async def test_a_small_screen_never_scrolls_sideways_and_every_control_has_a_name(
    open_tool, listing
):
    tool = await open_tool(listing.example)
    for width in (320, 360):
        await tool.owner.page.set_viewport_size({"width": width, "height": 640})
        over = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await tool.locator("html").evaluate(over) == 0
    nameless = await tool.locator("button, input, select, textarea").evaluate_all(
        """controls => controls
            .filter(control => !control.labels?.length && !control.ariaLabel)
            .filter(control => !control.textContent.trim())
            .map(control => control.outerHTML)"""
    )
    assert nameless == []


@pytest.mark.parametrize("listing", SOME)
async def test_dark_is_followed_and_can_be_forced(open_tool, listing):
    lightness = "root => getComputedStyle(root).backgroundColor.match(/[\\d.]+/)[0]"
    tool = await open_tool(listing.example, color_scheme="light")
    light = await tool.locator("html").evaluate(lightness)
    await tool.owner.page.emulate_media(color_scheme="dark")
    dark = await tool.locator("html").evaluate(lightness)
    forced = await open_tool(listing.example, "make it dark", color_scheme="light")
    assert float(light) > 0.9
    assert float(dark) < 0.3
    assert await forced.locator("html").evaluate(lightness) == dark


SMOKE = {
    "tip-splitter": ("tipping calculator", "tip for 6 people in yen", "in euros"),
    "csv-viewer": ("open a csv file", "csv as a scatter plot", "bar chart"),
    "interval-timer": ("tabata", "timer with 25/5 minutes", "3 rounds"),
    "text-cleaner": ("count my words", "text cleaner with a 500 word limit", "dark"),
    "to-do-list": ("a checklist", "shopping list: milk, eggs", "title it Groceries"),
    "unit-converter": ("convert units", "12 °C to °F", "from miles to feet"),
    "password-generator": ("random passwords", "9 passwords of 12 characters", "no symbols"),
    "link-extractor": ("get urls from text", "extract links as csv", "sorted by domain"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tester():
    async with SmokeTester(find_browser(None, os.environ)) as tester:
        yield tester


@pytest.mark.parametrize("listing", SOME)
async def test_each_recipe_passes_the_smoke_test_without_a_finding(tester, listing):
    await passes(tester, respond([listing.example]), listing)


@pytest.mark.sandbox
@pytest.mark.parametrize("listing", RECIPES, ids=lambda listing: listing.name)
async def test_each_recipe_passes_it_whatever_was_said(tester, listing):
    """In other words, with a parameter, after a change."""
    phrase, parameter, change = SMOKE[listing.name]
    # Equal parameters give equal bytes, and those need one test.
    tested = {respond([listing.example]).html}
    for wishes in ([phrase], [listing.title], [parameter], [phrase, change]):
        answer = respond(wishes)
        assert answer.recipe == listing.name
        if answer.html not in tested:
            tested.add(answer.html)
            await passes(tester, answer, listing)


async def passes(tester, answer, listing):
    assert answer.recipe == listing.name
    report = await told_in_time(tester, answer.html)
    found = json.dumps([finding.message for finding in report.findings])
    assert report.verdict is Verdict.PASSED, f"{report.reason} {found}"
    assert report.findings == ()
    # A busy machine may run out of the test's seconds; then the report says so.
    assert report.controls_used == report.controls_found or report.reason
    assert report.controls_used > 0
