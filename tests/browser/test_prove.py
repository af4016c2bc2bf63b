"""“Prove my sandbox”: what a proof's canary and its pages without walls can be reached for."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.conftest import Api, Process

pytestmark = pytest.mark.timeout(120)


async def test_a_proof_shows_what_was_heard_with_no_walls_and_not_behind_them(
    page: Page, server: Process
) -> None:
    """The first attacks of the table; the others run in the same way."""
    await page.goto(f"{server.url}/prove")
    await page.get_by_role("button", name="Run the attacks").click()
    row = page.locator('tr[data-case="fetch"]')
    await expect(row).to_contain_text("held", timeout=60_000)
    assert await row.locator("[data-control]").inner_text() == "heard"
    assert await row.locator("[data-attack]").inner_text() == "silent"


def test_the_listener_of_a_proof_is_there_only_while_it_runs_and_is_foreign_to_our_api(
    server: Process, api: type[Api]
) -> None:
    client = api(server.url).client
    started = client.post("/prove", headers={"Sec-Fetch-Site": "same-origin"})
    assert client.post("/prove", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    shown: Any = client.get(started.headers["location"]).text
    listener = shown.partition("http://control-")[2].partition("/")[0]
    port = listener.rpartition(":")[2]
    origin = f"http://control-{listener}"
    secret = shown.partition(f"{origin}/shell-")[2].partition('"')[0]

    headers = {"Host": f"control-{listener}"}
    page = httpx.get(f"http://127.0.0.1:{port}/page-{secret}", headers=headers)
    assert "<script>" in page.text
    assert httpx.get(f"http://127.0.0.1:{port}/page-x", headers=headers).status_code == 404
    assert httpx.get(f"http://127.0.0.1:{port}/{secret}").content == b""
    foreign = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
    assert client.post("/api/artifacts", json={"prompt": "x"}, headers=foreign).status_code == 403
    assert (
        "access-control-allow-origin" not in client.get("/api/artifacts", headers=foreign).headers
    )

    assert client.delete(started.headers["location"]).status_code == 204
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{port}/{secret}", timeout=2)
