"""`sandwright prove`: run the shipped attacks in a browser here, and say what got out."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from playwright.async_api import BrowserContext, Page
from playwright.async_api import Error as BrowserError

from sandbox.prove.browser import open_daily
from sandbox.prove.canaries import NO_NAME_SERVER, can_point_browsers, open_name_server
from sandbox.prove.catalogue import attacks
from sandbox.prove.lending import Lending
from sandbox.smoke.browsers import BrowserChoice, NoBrowser, find_browser
from server.app import create_application
from server.commands.exit_codes import COULD_NOT, GOOD, NO
from server.commands.terminal import as_json, shown
from server.ports import RefusedPort, bind
from server.routes.door import COOKIE, cookie_value
from server.serving import Listener, serve
from server.settings import load_settings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable, Mapping

    from sandbox.prove.canaries import NameServer
    from server.settings import Settings

LONGEST_MS = 900_000
PROMPT_MS = 30_000
STATES = ("done", "stopped", "failed", "broken")

Report = dict[str, Any]


class NotProvableError(Exception):
    """No attack could be run; the message is for a person."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--url", help="a Sandwright that runs on this machine; without it, one of its own is begun"
    )
    parser.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        help="an attack, or a class of them; may be given more than once",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 when all that ran held, 1 when something got out, 2 when it could not be proven."""
    settings = load_settings(os.environ)
    known = {word for one in attacks() for word in (one.name, one.kind.value)}
    unknown = [word for word in arguments.only or () if word not in known]
    if unknown:
        print(f"No attack or class is called {unknown[0]!r}.", file=sys.stderr)
        return COULD_NOT
    browser = find_browser(settings.browser, settings.browser_environment)
    if isinstance(browser, NoBrowser):
        print(f"{browser.reason} {browser.advice}", file=sys.stderr)
        return COULD_NOT
    try:
        report = asyncio.run(_prove(settings, browser, arguments.url, arguments.only))
    except NotProvableError as error:
        print(shown(str(error)), file=sys.stderr)
        return COULD_NOT
    except BrowserError as error:
        reason = error.message.strip().partition("\n")[0]
        print(shown(f"{browser.name} could not run the attacks: {reason}"), file=sys.stderr)
        return COULD_NOT
    if arguments.json:
        print(as_json(report, indent=2))
    else:
        _say(report, browser)
    counts = report["counts"]
    if counts["got out"]:
        return NO
    return COULD_NOT if counts["not proven"] or not counts["held"] else GOOD


def _say(report: Report, browser: BrowserChoice) -> None:
    kind = ""
    for case in report["cases"]:
        if case["verdict"] == "not run":
            continue
        if case["class"] != kind:
            kind = case["class"]
            print(f"\n{shown(kind[0].upper() + kind[1:])}")
        print(shown(f"  {case['verdict']:<11} {case['says']} ({case['name']}){_why(case)}"))
    counts = ", ".join(f"{number} {word}" for word, number in report["counts"].items())
    print(f"\n{counts}, in {browser.name}.")


def _why(case: dict[str, Any]) -> str:
    if case["verdict"] == "got out":
        return f": {case['how'] or 'it was heard'}"
    if case["verdict"] == "not proven":
        return ": it did not run" if case["control"] else ": not heard with no walls either"
    return ""


async def _prove(
    settings: Settings, browser: BrowserChoice, url: str | None, only: list[str] | None
) -> Report:
    if url is not None:
        return await _attack(settings, browser, url.rstrip("/"), only)
    return await _attack_own(settings, browser, only)


async def _attack_own(settings: Settings, browser: BrowserChoice, only: list[str] | None) -> Report:
    """Serve a Sandwright of its own, with no data, and attack that."""
    found: list[Report] = []
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
                found.append(await _attack(own, browser, f"http://127.0.0.1:{pages.port}", only))
            finally:
                stop.set()

        listeners = (
            Listener(application.host, pages.socket),
            Listener(application.frame, frames.socket),
        )
        try:
            await serve(listeners, ready=ready, stop=stop)
        except* (BrowserError, NotProvableError) as group:
            raise group.exceptions[0] from None
    return found[0]


def _taken(bound: Any) -> Any:
    if isinstance(bound, RefusedPort):
        raise OSError(bound.reason)
    return bound


async def _attack(
    settings: Settings, browser: BrowserChoice, url: str, only: list[str] | None
) -> Report:
    """Let the page of that server run the attacks in the browser, and lend it what it lacks."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        names = None
        if await asyncio.to_thread(can_point_browsers):
            names = await stack.enter_async_context(open_name_server())
        context = await stack.enter_async_context(open_daily(browser.path, names, folder))
        page = await _ready(context, settings, url, names, only)
        await page.get_by_role("button", name="Run the attacks").click()
        done = ", ".join(f"html[data-proof={state}]" for state in STATES)
        await page.wait_for_selector(done, timeout=LONGEST_MS, state="attached")
        _tell_progress("")
        broken = await page.get_attribute("html", "data-broken")
        if broken is not None:
            raise NotProvableError(f"The page that runs the attacks broke: {broken}")
        href = await page.get_attribute("[data-report]", "href") or ""
        report: Report = json.loads(unquote(href.partition(",")[2]))
        return report


async def _ready(
    context: BrowserContext,
    settings: Settings,
    url: str,
    names: NameServer | None,
    only: list[str] | None,
) -> Page:
    """Open the page, told what it can borrow."""
    address = urlsplit(url)
    if settings.access_token is not None:
        value = cookie_value(settings.access_token)
        cookie = {"name": COOKIE, "value": value, "domain": address.hostname, "path": "/"}
        await context.add_cookies([cookie])  # type: ignore[list-item]  # all that it must have
    page = context.pages[0]
    lending = Lending(context, page, {one.name: one for one in attacks()}, names)
    for name, function in (("sandwrightLend", lending.lend), ("sandwrightTold", _told)):
        await page.expose_binding(name, _for_the_page_alone(function))
    plan = {"only": only, "names": names is not None, "noNames": NO_NAME_SERVER}
    await page.add_init_script(f"window.sandwrightPlan = {json.dumps(plan)}")
    try:
        answer = await page.goto(f"{url}/prove", timeout=PROMPT_MS)
    except BrowserError as error:
        reason = error.message.strip().partition("\n")[0]
        raise NotProvableError(f"Nothing that can be attacked answers at {url}: {reason}") from None
    if answer is None or not answer.ok or await page.locator("form[action='/prove']").count() == 0:
        with contextlib.suppress(BrowserError):
            said = await page.locator("main, body").first.inner_text(timeout=PROMPT_MS)
            raise NotProvableError(f"{url} runs no attacks from here: {' '.join(said.split())}")
        raise NotProvableError(f"{url} runs no attacks from here.")
    return page


def _for_the_page_alone(function: Callable[[Any], Awaitable[Any]]) -> Callable[..., Any]:
    """Bindings are in every frame; the attacks in the page get nothing by them."""

    async def called(source: Mapping[str, Any], given: Any) -> Any:
        if source["frame"] is not source["page"].main_frame:
            return None
        return await function(given)

    return called


async def _told(words: str) -> None:
    _tell_progress(words)


def _tell_progress(words: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{shown(words)}", end="", file=sys.stderr, flush=True)
