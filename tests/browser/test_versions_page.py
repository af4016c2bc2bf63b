"""Several versions and their verdicts, in a real browser: compared, kept, fixed and pinned."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser.tools import wide_context
from tests.browser.wishes import ask, create, preview, verdict
from tests.conftest import Connected

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    async with wide_context(browser) as context:
        yield context


async def test_two_versions_are_compared(page: Page, connected: str) -> None:
    """As text, by keyboard, on a phone too; one version alone is compared with nothing."""
    await create(page, connected, "wish-old")
    await expect(verdict(page)).to_contain_text("not tested")
    await page.get_by_role("tab", name="Code").click()
    panel = page.get_by_role("tabpanel", name="Code")
    choice = panel.get_by_role("combobox", name="Compare")
    await expect(choice).to_have_count(0)
    await ask(page, "wish-new")
    await expect(choice.locator("option")).to_have_count(2)
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
    page: Page, connected: Connected
) -> None:
    """Opened mid-stream it is not taken away, and a change that starts from it comes into sight."""
    await create(page, connected, "wish-old")
    await expect(verdict(page)).to_contain_text("not tested")
    await ask(page, "wish-half")
    await expect(page.locator('iframe[title="Loading next version"]')).to_have_count(1)
    versions = page.get_by_role("list", name="Versions").get_by_role("link")
    await versions.first.click()
    await page.wait_for_url("**/versions/1", wait_until="commit")
    await expect(page.get_by_role("button", name="Stop")).to_be_visible()
    connected.go_on()
    await expect(page.get_by_role("button", name="Send")).to_be_visible()
    await expect(versions).to_have_count(2)
    await expect(page.get_by_text("Viewing version 1")).to_be_visible()
    await expect(verdict(page)).to_contain_text("not tested")
    await expect(preview(page).get_by_role("heading", name="Old")).to_be_visible()
    await expect(page.locator("iframe")).to_have_count(1)
    await ask(page, "wish-new")
    await expect(preview(page).get_by_role("heading", name="New")).to_be_visible()
    await expect(page.get_by_text("Viewing version 1")).to_have_count(0)
    await expect(versions).to_have_count(3)


async def test_a_failed_verdict_names_the_line_and_offers_a_fix(
    page: Page, testing_connected: str
) -> None:
    """The finding is shown with its line, the line is shown in the code, and Fix mends it."""
    await create(page, testing_connected, "wish-broken")
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


async def test_what_passed_last_is_what_one_finds_again(page: Page, testing_connected: str) -> None:
    """A newer version that failed is seen when it was made, marked later, and pinned by choice."""
    await create(page, testing_connected, "wish-old")
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

    await page.goto(testing_connected)
    newer = page.get_by_role("link", name="v2 failed")
    card = page.get_by_role("listitem").filter(has=newer).first
    await expect(card).to_contain_text("passed")
    await card.get_by_role("link", name="v2 failed").click()
    await expect(preview(page).get_by_role("heading", name="Broken")).to_be_visible()
