"""“Prove my sandbox”: the page and the command, and what a proof's listeners can be reached for."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from playwright.async_api import Page, Route, expect

from sandbox.prove.canaries import can_point_browsers
from sandbox.prove.catalogue import attacks
from tests.conftest import Api, Process, clean_environment
from tests.sandbox.places import Application, open_application
from tests.sandbox.removals import REMOVALS, Walls

pytestmark = pytest.mark.timeout(120)

COMMAND = Path(sys.executable).with_name("sandwright")


async def prove(*arguments: str, **environment: str) -> tuple[int, Any, str]:
    """Run the command; return its exit code, its JSON if there is any, and what it complains of."""
    process = await asyncio.create_subprocess_exec(
        COMMAND,
        *("prove", "--json", *arguments),
        env=clean_environment(**environment),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, json.loads(out) if out else None, err.decode()


def only(*names: str) -> list[str]:
    return [word for name in names for word in ("--only", name)]


def found(report: Any) -> dict[str, tuple[str, bool, bool]]:
    """For each attack that ran: the verdict, heard with no walls, heard as a tool."""
    return {
        case["name"]: (case["verdict"], case["control"], case["attack"])
        for case in report["cases"]
        if case["verdict"] != "not run"
    }


async def started(page: Page, server: Process) -> None:
    await page.goto(f"{server.url}/prove")
    await page.get_by_role("button", name="Run the attacks").click()


async def test_the_page_shows_what_was_heard_with_no_walls_and_not_behind_them(
    page: Page, server: Process
) -> None:
    """The first attacks of the table; stopped then, it says so, and the report can be taken."""
    await started(page, server)
    row = page.locator('tr[data-case="fetch"]')
    await expect(row).to_contain_text("held", timeout=60_000)
    assert await row.locator("[data-part=control]").inner_text() == "heard"
    assert await row.locator("[data-part=attack]").inner_text() == "silent"
    await expect(page.locator("[data-count-out]")).to_have_text("0")
    await expect(page.get_by_text("sandwright prove lends one").first).to_be_attached()

    stop = page.get_by_role("button", name="Stop the attacks")
    await stop.focus()
    await page.keyboard.press("Enter")
    headline = page.locator("[data-headline]")
    await expect(headline).to_contain_text("Stopped after", timeout=20_000)
    await expect(headline).to_be_focused()
    await expect(stop).to_be_hidden()
    href = await page.get_by_role("link", name="Download the report").get_attribute("href")
    assert href is not None
    report = json.loads(unquote(href.partition(",")[2]))
    assert report["state"] == "stopped"
    assert found(report)["fetch"] == ("held", True, False)
    assert len(report["cases"]) == len(attacks())
    assert {"it was not reached"} <= {case["reason"] for case in report["cases"]}
    # The listener is closed, so the same page proves nothing once more.
    await page.reload()
    await expect(page.get_by_role("button", name="Run the attacks")).to_be_visible()


async def test_what_attacks_say_to_the_page_takes_nothing_away(page: Page, server: Process) -> None:
    """What stands there before any module counts messages; on this page it must let go too."""
    await started(page, server)
    await page.locator("[data-stage] iframe").first.wait_for(state="attached", timeout=30_000)
    held = """new Promise((done) => {
      const frame = document.createElement("iframe");
      frame.src = "about:blank";
      document.querySelector("[data-stage]").append(frame);
      for (let i = 0; i < 300; i += 1) postMessage(i);
      setTimeout(() => done(document.querySelectorAll("iframe[data-held]").length), 100);
    })"""
    assert await page.evaluate(held) == 0
    assert await page.evaluate("localStorage.getItem('sandwright.trouble')") is None


@pytest.mark.sandbox
async def test_an_attack_that_did_not_run_is_not_proven_and_a_lost_server_is_said(
    page: Page, server: Process
) -> None:
    """Silence of a document that nobody read is no wall."""

    async def withheld(route: Route) -> None:
        await route.fulfill(body="<!doctype html><p>nothing", content_type="text/html")

    frames = f":{server.arguments[server.arguments.index('--frame-port') + 1]}/"
    await page.route(lambda url: frames in url and "probe" not in url, withheld)
    await started(page, server)
    row = page.locator('tr[data-case="fetch"]')
    await expect(row).to_contain_text("not proven", timeout=90_000)
    assert await row.locator("[data-part=control]").inner_text() == "heard"
    assert await row.locator("[data-part=attack]").inner_text() == "did not run"
    await page.route("**/heard", lambda route: route.abort())
    await expect(page.locator("[data-headline]")).to_contain_text("Broken off", timeout=30_000)
    await expect(page.get_by_role("alert")).to_contain_text("The server did not answer.")


@pytest.mark.sandbox
async def test_the_command_exits_0_when_all_that_ran_held() -> None:
    """By a hand, over UDP, a lookup, and what is gained in the tool alone."""
    names = ["alt-click", "stun", "geolocation"]
    names += ["dns-of-image"] if can_point_browsers() else []
    code, report, complaint = await prove(*only(*names))
    assert found(report) == dict.fromkeys(sorted(names, key=order), ("held", True, False))
    assert (code, complaint, report["state"]) == (0, "", "done")
    assert all(case["ran"] for case in report["cases"])


def order(name: str) -> int:
    return [attack.name for attack in attacks()].index(name)


@pytest.fixture
async def walls() -> Walls:
    return Walls()


@pytest.fixture
async def breached(tmp_path: Path, walls: Walls) -> AsyncIterator[Application]:
    """The real application; what the test takes away stands around it, not in it."""
    async with open_application(tmp_path, host=walls.host, frame=walls.frame) as application:
        yield application


@pytest.mark.sandbox
async def test_the_command_exits_1_when_something_got_out_of_a_running_server(
    breached: Application, walls: Walls
) -> None:
    walls.removal = next(one for one in REMOVALS if one.name == "connect-src")
    code, report, _ = await prove("--url", breached.url, *only("fetch", "image"))
    assert found(report) == {"fetch": ("got out", True, True), "image": ("held", True, False)}
    assert (code, report["counts"]["got out"]) == (1, 1)


@pytest.mark.sandbox
async def test_the_command_exits_2_when_it_could_not_be_run(server: Process) -> None:
    code, report, complaint = await prove(SANDWRIGHT_BROWSER="/no/such/browser")
    assert (code, report) == (2, None)
    assert "/no/such/browser" in complaint
    code, report, complaint = await prove("--url", "http://127.0.0.1:9")
    assert (code, report) == (2, None)
    assert "Nothing that can be attacked answers at http://127.0.0.1:9" in complaint
    code, report, complaint = await prove("--url", server.url, *only("fetch", "no-such-attack"))
    assert (code, report) == (2, None)
    assert "'no-such-attack'" in complaint
    # One that only the project's own tests can watch: nothing is proven.
    code, report, _ = await prove("--url", server.url, *only("alerts"))
    assert (code, report["counts"]) == (2, {"got out": 0, "held": 0, "not proven": 0, "not run": 1})


@pytest.mark.sandbox
@pytest.mark.timeout(900)
async def test_every_attack_that_the_command_runs_is_proven_and_holds() -> None:
    code, report, _ = await prove()
    assert [case for case in report["cases"] if case["verdict"] in ("got out", "not proven")] == []
    assert code == 0
    assert report["counts"]["held"] >= 120


def test_the_listener_of_a_proof_is_there_only_while_it_runs_and_is_foreign_to_our_api(
    server: Process, api: type[Api]
) -> None:
    client = api(server.url).client
    begun = client.post("/prove", headers={"Sec-Fetch-Site": "same-origin"})
    assert client.post("/prove", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    shown: Any = client.get(begun.headers["location"]).text
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

    assert client.delete(begun.headers["location"]).status_code == 204
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{port}/{secret}", timeout=2)
    assert client.get(begun.headers["location"]).headers["location"] == "/prove"
