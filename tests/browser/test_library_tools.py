"""Tools that load libraries from CDNs: each streams, works in the frame and passes its test.

Nothing outside is reachable meanwhile: every name leads nowhere.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
from frames import Host, Shelf, show
from playwright.async_api import Page, expect

from sandbox.libraries.fetch import missing
from sandbox.libraries.manifest import libraries
from sandbox.live import LiveDocument
from sandbox.report import Verdict
from sandbox.smoke import SmokeTester, find_browser
from tests.browser.library_documents import TOOLS

pytestmark = pytest.mark.skipif(
    any(not library.optional for library in missing(libraries())),
    reason="the libraries are not here: make vendor",
)
QUICK = {"React, Babel and Tailwind", "three by an import map"}
EACH = [pytest.param(name, marks=[] if name in QUICK else pytest.mark.sandbox) for name in TOOLS]


@pytest.fixture
async def tester(browser_path: str) -> AsyncIterator[SmokeTester]:
    choice = find_browser(browser_path, os.environ)
    async with SmokeTester(choice) as tester:
        yield tester


@pytest.mark.parametrize("name", EACH)
async def test_a_tool_with_libraries_of_a_cdn_works_while_it_streams(
    name: str, page: Page, host: Host, shelf: Shelf
) -> None:
    """And asks nobody but the frame's origin for anything."""
    html, document = TOOLS[name], LiveDocument()
    shelf.documents["tool"] = document
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    begun = html.index("</h1>") + 5
    for at in range(0, begun, 17):
        document.append(html[at : min(at + 17, begun)])
    frame = await show(page, host)
    await frame.wait_for_selector("h1")
    assert not document.finished
    document.append(html[begun:])
    document.finish()
    button = frame.get_by_role("button")
    if name.startswith("React"):
        await button.click()
        await expect(frame.locator("#done")).to_have_css("background-color", "rgb(239, 68, 68)")
    await expect(frame.locator("#done")).to_have_attribute("data-done", "true", timeout=20_000)
    ours = (f"http://label.localhost:{host.frame_port}/", f"http://127.0.0.1:{host.port}/")
    outside = [url for url in asked if not url.startswith((*ours, "blob:", "data:"))]
    assert outside == []
    blocked = await page.evaluate("messages.filter((one) => one.type === 'violation')")
    assert blocked == []


@pytest.mark.parametrize("name", EACH)
async def test_a_tool_with_libraries_of_a_cdn_passes_its_test(
    name: str, tester: SmokeTester
) -> None:
    report = await tester.test(TOOLS[name])
    assert report.verdict is Verdict.PASSED, report
    told = [one.message for one in report.findings]
    assert not [one for one in told if "network" in one or "missing" in one], told
