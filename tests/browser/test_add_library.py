"""A library that is not here is one click away, and only a person's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.archives import Registry, open_registry
from tests.conftest import Api, Start

ROUND = "https://cdn.jsdelivr.net/npm/round-thing@1.0.4/dist/round.js"
TOOL = f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Round</title>
<h1>Round</h1><p id="out">Nothing yet</p>
<script src="{ROUND}"></script>
<script>document.getElementById("out").textContent = `It is ${{round(2.6)}}`;</script></html>"""


@pytest.fixture
def registry() -> Iterator[Registry]:
    with open_registry() as registry:
        yield registry


async def test_a_click_adds_it_and_the_version_is_tested_again(
    page: Page, serve_app: Start, api: Callable[..., Api], registry: Registry, tmp_path: Path
) -> None:
    """A registry that has not got it says so where the button is, and the button stays.

    What is added is not in an archive: where that is imported, a click adds the same.
    """
    server = serve_app(tests=True, **registry.environment)
    made = api(server.url)("POST", "/api/artifacts/import", status=201, html=TOOL)
    await page.goto(server.url.rstrip("/") + made["artifact"]["url"])
    verdict = page.get_by_role("status")
    await expect(verdict).to_contain_text("failed")
    await expect(page.get_by_role("button", name="Add round-thing 1.0.4")).to_be_visible()
    await page.get_by_role("tab", name=re.compile("Tests")).click()
    finding = page.get_by_role("list", name="Findings").get_by_role("listitem")
    add = finding.get_by_role("button", name="Add round-thing 1.0.4")
    await expect(add).to_have_count(1)
    assert registry.asked == []
    await add.click()
    await expect(finding.get_by_role("alert")).to_contain_text(
        "the npm registry has no round-thing"
    )
    registry.put("round-thing", "1.0.4", {"dist/round.js": b"const round = Math.round;"})
    await add.click()
    await expect(verdict).to_contain_text("passed")
    await expect(page.get_by_role("button", name="Add round-thing")).to_have_count(0)
    frame = page.frame_locator("iframe[title=Preview]")
    await expect(frame.locator("#out")).to_have_text("It is 3")
    async with page.expect_download() as told:
        await page.get_by_role("link", name="Export").click()
    await (await told.value).save_as(tmp_path / "round.html")
    alone = await page.context.new_page()
    await page.context.set_offline(True)
    await alone.goto((tmp_path / "round.html").as_uri())
    await expect(alone.locator("#out")).to_have_text("It is 3")
    await alone.close()
    await page.context.set_offline(False)
    archive = await page.request.get(f"{server.url}/api/export")
    other = serve_app(tmp_path / "other", **registry.environment)
    registry.asked.clear()
    await page.goto(other.url)
    everything = {"name": "all.zip", "mimeType": "", "buffer": await archive.body()}
    await page.get_by_label("File to import").set_input_files(everything)
    told = page.locator("[data-imported]")
    await told.get_by_role("button", name="Import 1 tool").click()
    await expect(told).to_contain_text(
        "These tools use a library that is not here: round-thing 1.0.4."
    )
    assert registry.asked == []
    await told.get_by_role("button", name="Add round-thing 1.0.4").click()
    await expect(told).to_have_text("Added round-thing 1.0.4.")
    await page.locator(".card-title").click()
    await expect(frame.locator("#out")).to_have_text("It is 3")
