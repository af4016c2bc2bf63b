"""A person's stored data on the workbench: looked at, taken home, cleared, through versions."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.tools import Imported, wide_context
from tests.browser.tools import until as eventually
from tests.conftest import NO_BROWSER, Api, Connected, Process, Start, connected_server, until
from tests.integration.tools import limit_files

pytestmark = pytest.mark.timeout(120)

# Keeps in both places what is typed, and shows what was kept when it began.
KEEPER = """<!doctype html>
<html lang="en"><head><title>%s</title></head><body>
<output id="began"></output><input id="word" aria-label="Word"><button id="keep">Keep</button>
<script>
const began = document.getElementById("began");
began.value = `local ${localStorage.word ?? "none"}, session ${sessionStorage.word ?? "none"}`;
%s
const opened = new Promise((done) => {
  const asked = indexedDB.open("words", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore("words");
  asked.onsuccess = () => done(asked.result);
});
opened.then((db) => {
  db.onclose = () => { db.gone = true; };
  const got = db.transaction("words").objectStore("words").get("word");
  got.onsuccess = () => { began.value += `, indexed ${got.result ?? "none"}`; };
});
document.getElementById("keep").onclick = async () => {
  const { value } = document.getElementById("word");
  localStorage.word = sessionStorage.word = value;
  const db = await opened;
  const deal = db.transaction("words", "readwrite");
  deal.objectStore("words").put(value, "word");
  deal.oncomplete = () => { began.value = `kept ${value}`; };
};
</script>
%s</body></html>"""

FIRST = KEEPER % ("Keeper", "", "")
# The next one writes as soon as it loads, before anybody has seen it.
WRITES = """
if (began.value.startsWith("local none")) localStorage.word = "of the new version";
localStorage.loaded = "by the new version";
"""
SECOND = KEEPER % ("Next", WRITES, "<p>and on it goes</p>\n" * 40)


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    async with wide_context(browser) as context:
        yield context


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("writing")


@pytest.fixture(scope="module")
def writing(folder: Path) -> Iterator[Connected]:
    """The address of a server whose model writes the next version, its end when it may go on."""
    text = f"Here.\n\n```html\n{SECOND}\n```\n"
    answers = [{"text": text, "stall_at": text.index("<p>and") + 200, "stall_seconds": 3600}]
    with connected_server(folder, answers, **NO_BROWSER) as url:
        yield url


@contextlib.contextmanager
def slow_disk(folder: Path) -> Iterator[None]:
    """The server reads meanwhile, and what it would write waits."""
    database = sqlite3.connect(folder / "data" / "sandwright.db", isolation_level=None)
    with contextlib.closing(database):
        database.execute("BEGIN IMMEDIATE")
        yield


class Kept(Imported):
    """An imported tool, and what is kept of it."""

    def __init__(self, api: Api, html: str = FIRST) -> None:
        super().__init__(api, html)

    async def has_local(self, wanted: dict[str, str]) -> None:
        await asyncio.to_thread(until, lambda: self.data["local"] == wanted)


@pytest.fixture
def kept(writing: str, api: Any) -> Kept:
    return Kept(api(writing))


def preview(page: Page) -> Any:
    return page.frame_locator('iframe[title="Preview"]')


async def began(page: Page, text: str) -> None:
    await expect(preview(page).locator("#began")).to_have_text(text)


async def keep(page: Page, word: str) -> None:
    await preview(page).locator("#word").fill(word)
    await preview(page).locator("#keep").click()
    await began(page, f"kept {word}")


NOTHING = "local none, session none, indexed none"


async def test_they_are_looked_at_taken_home_cleared_and_brought_back(
    page: Page, context: BrowserContext, kept: Kept
) -> None:
    """The tab lists keys and stores; Download has all; Clear empties every window, Undo undoes."""
    await page.goto(kept.url)
    await began(page, NOTHING)
    other = await context.new_page()
    await other.goto(kept.url)
    await began(other, NOTHING)
    await keep(page, "plum")
    await page.bring_to_front()
    await page.get_by_role("tab", name="Stored data").click()
    listed = page.get_by_role("list", name="Stored data").get_by_role("listitem")
    await expect(listed).to_have_count(2)
    await expect(listed.first).to_contain_text("word")
    await expect(listed.last).to_contain_text(re.compile("words . words"))
    await expect(listed.last).to_contain_text("1 record")
    await listed.last.locator("summary").click()
    await expect(listed.last.locator("pre")).to_have_text('"plum"')
    async with page.expect_download() as saving:
        await page.get_by_role("button", name="Download").click()
    told = json.loads(
        await asyncio.to_thread((await (await saving.value).path()).read_text, "utf-8")
    )
    before = kept.data
    assert told == {"local": before["local"], "indexed": before["indexed"]}
    assert told["local"] == {"word": "plum"}
    assert told["indexed"]['["words","words","word"]'] == '"plum"'

    await page.get_by_role("button", name="Clear").click()
    await expect(page.get_by_text("Cleared, and the tool has begun anew.")).to_be_visible()
    await expect(listed).to_have_count(0)
    await asyncio.to_thread(until, lambda: list(kept.data["indexed"]) == ['["words"]'])
    assert kept.data["local"] == {}
    frame = await (await other.wait_for_selector("iframe")).content_frame()
    assert frame is not None
    # Before the tool has come, the frame has no storage at all.
    await frame.wait_for_function("'began' in window && localStorage.length === 0", polling=100)
    # As a predicate, a promise would be taken for true.
    await eventually(lambda: frame.evaluate("opened.then((db) => Boolean(db.gone))"))
    await page.get_by_role("button", name="Undo").click()
    await expect(listed).to_have_count(2)
    assert {area: kept.data[area] for area in told} == told
    await page.get_by_role("tab", name="Preview").click()
    await began(page, "local plum, session plum, indexed plum")


async def test_of_many_that_are_kept_the_tab_shows_some(page: Page, kept: Kept) -> None:
    """A tool decides how many there are, and our page would draw each."""
    many = {f"k{n:04}": "x" for n in range(1_200)} | {"k0000" + "long" * 10_000: "y"}
    kept.api("PUT", f"/api/artifacts/{kept.id}/data", status=204, local=many)
    await page.goto(kept.url)
    await page.get_by_role("tab", name="Stored data").click()
    listed = page.get_by_role("list", name="Stored data").get_by_role("listitem")
    await expect(listed).to_have_count(501)
    await expect(listed.last).to_have_text("701 more; Download has all of them.")
    await expect(page.get_by_text("1201 entries")).to_be_visible()
    cut = listed.nth(1)
    assert len(await cut.locator("summary").inner_text()) < 1_000
    await cut.locator("summary").click()
    await expect(cut.locator("pre")).to_have_text("y")


async def test_a_new_version_writes_nothing_before_it_is_seen_and_the_person_wins(
    page: Page, kept: Kept, writing: Connected
) -> None:
    """It loads behind the one in sight; what the person keeps meanwhile is what it begins with."""
    await page.goto(kept.url)
    await began(page, NOTHING)
    await page.get_by_role("textbox", name="Ask for a change").fill("better")
    await page.get_by_role("button", name="Send").click()
    behind = page.locator('iframe[title="Loading next version"]')
    frame = await (await behind.element_handle()).content_frame()
    assert frame is not None
    # In this order: before the tool has come, the frame has no storage at all.
    await frame.wait_for_function(
        "window.began?.value.endsWith('indexed none')"
        " && localStorage.word === 'of the new version'",
        polling=100,
    )
    assert kept.data["local"] == {}
    await keep(page, "mine")
    await kept.has_local({"word": "mine"})
    writing.go_on()
    await expect(page).to_have_title(re.compile("Next"))
    shown = re.compile("local mine, session .*, indexed mine")
    await expect(preview(page).locator("#began")).to_have_text(shown)
    await kept.has_local({"word": "mine", "loaded": "by the new version"})


async def test_a_smoke_test_gets_none_of_it_and_leaves_nothing(
    testing_server: Process, api: type[Api]
) -> None:
    """The tester's browser has empty stores that work; the person's are as they were."""
    html = """<!doctype html><title>Looks</title><button>Go</button><script>
    const asked = indexedDB.open("mine");
    asked.onupgradeneeded = ({ oldVersion }) => {
      asked.result.createObjectStore("mine").put(1, 1);
      if (oldVersion === 0 && localStorage.secret === undefined) console.error("saw nothing");
    };
    asked.onsuccess = () => {
      asked.result.transaction("mine").objectStore("mine").get(1).onsuccess = ({ target }) => {
        console.error(`worked ${target.result}`);
        localStorage.secret = "of the tester";
      };
    };
    </script>"""
    tool = Kept(api(testing_server.url), html)
    mine = {"local": {"secret": "of the person"}, "indexed": {'["mine"]': MINE}}
    tool.api("PATCH", f"/api/artifacts/{tool.id}/data", status=204, **mine)
    tested = f"/api/artifacts/{tool.id}/versions/1"
    await asyncio.to_thread(until, lambda: tool.api("GET", tested)["report"])
    tool.api("POST", f"{tested}/test", status=202)

    def said() -> bool:
        report = tool.api("GET", tested)["report"]
        words = " ".join(finding["message"] for finding in report["findings"]) if report else ""
        return "saw nothing" in words and "worked 1" in words

    await asyncio.to_thread(until, said)
    assert {area: tool.data[area] for area in mine} == mine


MINE = json.dumps(
    {
        "version": 1,
        "stores": [
            {"name": "mine", "keyPath": None, "autoIncrement": False, "next": 0, "indexes": []}
        ],
    }
)


@pytest.mark.parametrize("place", ["url", "frame_url"])
async def test_a_session_lasts_as_long_as_its_tab(
    page: Page, context: BrowserContext, kept: Kept, place: str
) -> None:
    """F5 of our page keeps sessionStorage, in the workbench and alone; a new tab has its own."""
    url = getattr(kept, place)

    async def shown(page: Page, text: str) -> None:
        await expect(page.frame_locator("iframe").locator("#began")).to_have_text(text)

    await page.goto(url)
    await shown(page, NOTHING)
    frame = page.frame_locator("iframe")
    await frame.locator("#word").fill("plum")
    await frame.locator("#keep").click()
    await shown(page, "kept plum")
    for _ in range(2):
        await page.reload()
        await shown(page, "local plum, session plum, indexed plum")
    inside = await (await page.wait_for_selector("iframe")).content_frame()
    assert inside is not None
    assert await inside.evaluate("name") == ""
    other = await context.new_page()
    await other.goto(url)
    await shown(other, "local plum, session none, indexed plum")


@pytest.mark.parametrize("place", ["url", "frame_url"])
async def test_what_is_not_saved_yet_is_there_after_a_reload(
    page: Page, kept: Kept, folder: Path, place: str
) -> None:
    """The reload asks the server before the last changes have reached it."""
    frame = page.frame_locator("iframe")
    began = frame.locator("#began")
    await page.goto(getattr(kept, place))
    await expect(began).to_have_text(NOTHING)
    with slow_disk(folder):
        await frame.locator("#word").fill("plum")
        await frame.locator("#keep").click()
        await expect(began).to_have_text("kept plum")
        await page.reload()
        await expect(began).to_have_text(re.compile("local plum, session plum"))
    await expect(began).to_have_text("local plum, session plum, indexed plum")
    await kept.has_local({"word": "plum"})


async def test_a_file_with_its_data_waits_for_what_is_not_saved_yet(
    page: Page, kept: Kept, folder: Path
) -> None:
    """Export is pressed while the last word is on its way to a slow disk."""
    await page.goto(kept.url)
    await began(page, NOTHING)
    async with page.expect_download() as saving:
        with slow_disk(folder):
            await keep(page, "plum")
            await page.locator("[data-options] summary").click()
            await page.get_by_role("checkbox", name="With what the tool has stored").check()
            await page.get_by_role("link", name="Export").click()
            await expect(page.get_by_role("note", name="Export")).to_be_visible()
    text = await asyncio.to_thread((await (await saving.value).path()).read_text, "utf-8")
    assert '"local":{"word":"plum"}' in text


RESTLESS = """<!doctype html><title>Restless</title><output></output><script>
localStorage.word = "plum";
setInterval(() => { localStorage.t = Date.now(); }, 50);
const asked = indexedDB.open("words", 1);
asked.onupgradeneeded = () => asked.result.createObjectStore("words").put("pear", "word");
asked.onsuccess = () => { document.querySelector("output").value = "opened"; };
</script>"""


async def test_a_tool_that_never_stops_storing_is_exported_with_its_data(
    page: Page, writing: str, api: type[Api]
) -> None:
    """What it had stored when Export was pressed is waited for, and its databases open."""
    tool = Kept(api(writing), RESTLESS)
    await page.goto(tool.url)
    await expect(preview(page).locator("output")).to_have_text("opened")
    await asyncio.to_thread(until, lambda: len(tool.data["indexed"]) == 2)
    await page.locator("[data-options] summary").click()
    await page.get_by_role("checkbox", name="With what the tool has stored").check()
    async with page.expect_download() as saving:
        await page.get_by_role("link", name="Export").click()
    text = await asyncio.to_thread((await (await saving.value).path()).read_text, "utf-8")
    assert '"word":"plum"' in text
    assert '"pear"' in text.replace("\\", "")


async def test_a_full_disk_is_said_and_what_is_stored_meanwhile_is_kept(
    page: Page, serve_app: Start, api: type[Api]
) -> None:
    """The server answers, and says what to do; with room again, it is saved."""
    app = serve_app(**NO_BROWSER)
    tool = Kept(api(app.url))
    await page.goto(tool.url)
    await began(page, NOTHING)
    limit_files(app, 1)
    await keep(page, "plum")
    await page.get_by_role("tab", name="Stored data").click()
    alarm = page.get_by_role("tabpanel", name="Stored data").get_by_role("alert")
    await expect(alarm).to_contain_text("The disk is full")
    await expect(alarm).to_contain_text("Free some space")
    limit_files(app)
    await tool.has_local({"word": "plum"})
    await expect(alarm).to_have_count(0)


async def test_a_file_with_its_data_of_a_version_that_is_gone_meanwhile(
    page: Page, kept: Kept, folder: Path
) -> None:
    """While its data are saved, what was to be exported ceases to be; the next press is another."""
    await page.goto(kept.url)
    await began(page, NOTHING)
    link = page.locator("a#export")
    told = page.get_by_role("note", name="Export")
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    with slow_disk(folder):
        await keep(page, "plum")
        await page.locator("[data-options] summary").click()
        await page.get_by_role("checkbox", name="With what the tool has stored").check()
        await link.click()
        await expect(told).to_contain_text("is being saved")
        await link.evaluate("(link) => { link.old = link.href; link.removeAttribute('href'); }")
    await expect(told).to_have_text("There is nothing to export yet.")
    assert faults == []
    await link.evaluate("(link) => { link.href = link.old; }")
    with slow_disk(folder):
        await keep(page, "pear")
        await link.click()
        await expect(told).to_contain_text("is being saved")


# Each round changes more than a slow server takes in one.
CROWDED = """<!doctype html><title>Crowded</title><output></output><script>
let round = 0;
setInterval(() => {
  round += 1;
  for (let i = 0; i < 5000; i += 1) localStorage.setItem(i, round);
}, 60);
const asked = indexedDB.open("words", 1);
asked.onupgradeneeded = () => asked.result.createObjectStore("words").put("pear", "word");
asked.onsuccess = () => { document.querySelector("output").value = "opened"; };
</script>"""


async def test_databases_have_their_turn_beside_a_crowded_local_storage(
    page: Page, writing: str, api: type[Api]
) -> None:
    tool = Kept(api(writing), CROWDED)
    sent: list[dict[str, Any]] = []

    async def slowly(route: Route) -> None:
        if route.request.method == "PATCH":
            sent.append(json.loads(route.request.post_data or "{}"))
            await asyncio.sleep(1)
        await route.continue_()

    await page.route("**/data", slowly)
    await page.goto(tool.url)
    await asyncio.to_thread(until, lambda: len(tool.data["indexed"]) == 2)
    assert all(sum(map(len, changes.values())) <= 2000 for changes in sent)
