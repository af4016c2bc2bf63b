"""The bin's page in a real browser: look, bring back, delete for good."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.browser.tools import Imported
from tests.conftest import Api, Start

TOOL = "<!doctype html><title>{}</title><p>words"
TITLES = ("Tip <b>splitter", "单位换算器", "Timer of " + "many " * 40 + "words", "Late")


async def test_what_was_deleted_is_seen_brought_back_and_deleted_for_good(
    page: Page, serve_app: Start, api: type[Api]
) -> None:
    """By keyboard, on a phone's width; nothing goes for good that was not named before."""
    server = serve_app()
    client = api(server.url)
    tip, units, timer, late = (Imported(client, TOOL.format(title)) for title in TITLES)
    await page.set_viewport_size({"width": 360, "height": 720})
    rows = page.get_by_role("list", name="Deleted tools").get_by_role("listitem")
    bin_ = page.get_by_role("link", name="Bin", exact=True)

    await page.goto(f"{server.url}/bin")
    await expect(page.get_by_text("The bin is empty.")).to_be_visible()
    await page.goto(server.url)
    await expect(bin_).to_have_count(0)
    await page.get_by_role("button", name="Delete Tip").press("Enter")
    await expect(bin_).to_be_visible()
    client("DELETE", f"/api/artifacts/{units.id}", status=204)
    await page.goto(timer.url)
    await page.locator("summary[aria-label='More']").press("Enter")
    await page.get_by_role("button", name="Delete").press("Enter")
    await expect(page.get_by_role("link", name="Open the bin")).to_be_visible()
    await page.goto(tip.url)
    await expect(page.get_by_text("This tool is in the bin.")).to_be_visible()
    await page.get_by_role("link", name="Open the bin").press("Enter")

    await expect(page.get_by_text("3 tools.")).to_be_visible()
    await expect(rows).to_have_count(3)
    await expect(rows.last).to_contain_text("Tip <b>splitter")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    await page.get_by_role("button", name="Restore Tip").press("Enter")
    await expect(rows.last).to_contain_text("“Tip <b>splitter” is back among your tools.")
    await expect(page.get_by_role("link", name="Open it")).to_be_focused()
    assert client("GET", f"/api/artifacts/{tip.id}")["deleted"] is None

    delete = page.get_by_role("button", name="Delete 单位换算器 for good")
    await delete.press("Enter")
    asked = page.get_by_role("dialog", name="Delete “单位换算器” for good?")
    await expect(asked).to_contain_text("Its one version, its conversation")
    await expect(asked.get_by_role("button", name="Keep it")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(asked).to_have_count(0)
    await expect(delete).to_be_focused()
    await delete.press("Enter")
    await asked.get_by_role("button", name="Delete for good").press("Enter")
    await expect(page.get_by_text("“单位换算器” is deleted for good.")).to_be_focused()
    client("POST", f"/api/artifacts/{units.id}/undelete", status=404)

    client("DELETE", f"/api/artifacts/{late.id}", status=204)  # in another tab, say
    await emptied(page, "The one tool in it is deleted for good", "Delete 1 tool for good")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("Late")
    client("POST", f"/api/artifacts/{timer.id}/undelete", status=404)
    await emptied(page, "The one tool in it is deleted for good", "Delete 1 tool for good")
    await expect(page.get_by_text("The bin is empty.")).to_be_visible()
    assert [one["id"] for one in client("GET", "/api/artifacts")["items"]] == [tip.id]


async def emptied(page: Page, words: str, button: str) -> None:
    await page.get_by_role("button", name="Empty the bin").press("Enter")
    asked = page.get_by_role("dialog", name="Empty the bin?")
    await expect(asked).to_contain_text(words)
    async with page.expect_navigation():
        await asked.get_by_role("button", name=button).press("Enter")
