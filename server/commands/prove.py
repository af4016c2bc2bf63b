"""`sandwright prove`: run the shipped attacks in a browser here, and say what got out."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import sys
import tempfile
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from playwright.async_api import Error as BrowserError
from playwright.async_api import async_playwright

from sandbox.smoke.browsers import BrowserChoice, NoBrowser, find_browser
from server.app import create_application
from server.commands.exit_codes import COULD_NOT, GOOD, NO
from server.ports import RefusedPort, bind
from server.serving import Listener, serve
from server.settings import load_settings

if TYPE_CHECKING:
    import argparse

    from server.settings import Settings

LONGEST_MS = 600_000
_READ = """() => [...document.querySelectorAll("tr[data-case]")].map((row) => ({
  class: row.closest("table").caption.textContent,
  name: row.dataset.case,
  tries: row.querySelector("th").firstChild.textContent.trim(),
  control: row.querySelector("[data-control]")?.textContent ?? null,
  attack: row.querySelector("[data-attack]")?.textContent ?? null,
  verdict: {held: "held", broken: "got out", unproven: "not proven"}[row.dataset.verdict]
    ?? "not run",
  reason: row.querySelector("td[colspan]")?.textContent.replace("not run: ", "") ?? null,
}))"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 when nothing got out, 1 when something did, 2 when it could not be proven."""
    settings = load_settings(os.environ)
    browser = find_browser(settings.browser, settings.browser_environment)
    if isinstance(browser, NoBrowser):
        print(f"{browser.reason} {browser.advice}", file=sys.stderr)
        return COULD_NOT
    try:
        cases = asyncio.run(_prove(settings, browser))
    except BrowserError as error:
        print(f"The browser could not run the attacks: {error.message}", file=sys.stderr)
        return COULD_NOT
    verdicts = [case["verdict"] for case in cases]
    counts = {word: verdicts.count(word) for word in ("got out", "held", "not proven", "not run")}
    if arguments.json:
        print(json.dumps({"browser": browser.name, "counts": counts, "cases": cases}, indent=2))
    else:
        _say(cases, counts, browser)
    if counts["got out"]:
        return NO
    return GOOD if counts["held"] else COULD_NOT


def _say(cases: list[dict[str, Any]], counts: dict[str, int], browser: BrowserChoice) -> None:
    shown = ""
    for case in cases:
        if case["verdict"] == "not run":
            continue
        if case["class"] != shown:
            shown = case["class"]
            print(f"\n{shown}")
        print(f"  {case['verdict']:<11} {case['tries']} ({case['name']})")
    print("\n" + ", ".join(f"{number} {word}" for word, number in counts.items()), end="")
    print(f", in {browser.name}.")


async def _prove(settings: Settings, browser: BrowserChoice) -> list[dict[str, Any]]:
    """Serve a Sandwright of its own, with no data, and let its page run in the browser."""
    found: list[dict[str, Any]] = []
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        bound = [bind("127.0.0.1", 0, chosen=True) for _ in range(2)]
        pages, frames = (_taken(one) for one in bound)
        own = dataclasses.replace(
            settings,
            host="127.0.0.1",
            port=pages.port,
            frame_port=frames.port,
            frame_url=None,
            access_token=None,
            database_url=f"sqlite+aiosqlite:///{folder}/proof.db",
        )
        application = await stack.enter_async_context(create_application(own))

        async def ready() -> None:
            try:
                found.extend(await _drive(browser, f"http://127.0.0.1:{pages.port}/prove"))
            finally:
                stop.set()

        listeners = (
            Listener(application.host, pages.socket),
            Listener(application.frame, frames.socket),
        )
        try:
            await serve(listeners, ready=ready, stop=stop)
        except* BrowserError as group:
            raise group.exceptions[0] from None
    return found


def _taken(bound: Any) -> Any:
    if isinstance(bound, RefusedPort):
        raise OSError(bound.reason)
    return bound


async def _drive(browser: BrowserChoice, url: str) -> list[dict[str, Any]]:
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(
            executable_path=str(browser.path), args=["--no-sandbox"] if as_root else []
        )
        page = await opened.new_page()
        await page.goto(url)
        await page.get_by_role("button", name="Run the attacks").click()
        await page.wait_for_selector("html[data-proof=done]", timeout=LONGEST_MS, state="attached")
        rows: list[dict[str, Any]] = await page.evaluate(_READ)
        await opened.close()
        return rows
