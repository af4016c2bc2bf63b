"""One campaign over all attacks that were selected, and a table of it at the end."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, async_playwright

from sandbox.prove.canaries import (
    NO_NAME_SERVER,
    NameServer,
    can_point_browsers,
    open_name_server,
    pointed_at,
)
from sandbox.prove.cases import Attack, Kind
from sandbox.smoke.browsers import BrowserChoice, find_browser
from tests.sandbox.campaign import Campaign, Launch, Outcome
from tests.sandbox.places import Application, Unconfined, open_application, served

# Playwright switches hints and fakes off that people's browsers have.
HUSHING = ["--disable-background-networking", "--disable-popup-blocking"]
FLAGS = ["--disable-gpu", "--no-first-run", "--disable-component-update", "--disable-sync"]
FLAGS += ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


def _options(names: NameServer | None, folder: Path) -> dict[str, Any]:
    choice = find_browser(os.environ.get("SANDWRIGHT_BROWSER"), os.environ)
    assert isinstance(choice, BrowserChoice), f"{choice.reason} {choice.advice}"
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return {
        "executable_path": pointed_at(names, str(choice.path), folder),
        "args": [*FLAGS, *(["--no-sandbox"] if as_root else [])],
        "ignore_default_args": HUSHING,
    }


@contextlib.asynccontextmanager
async def open_browsers(
    names: NameServer | None, folder: Path
) -> AsyncIterator[tuple[Browser, BrowserContext, Launch]]:
    """A browser with private windows and one like a person's; both ask our name server."""
    options = _options(names, folder)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**options)
        daily = await playwright.chromium.launch_persistent_context(folder / "profile", **options)

        @contextlib.asynccontextmanager
        async def launch() -> AsyncIterator[Browser]:
            another = await playwright.chromium.launch(**options)
            try:
                yield another
            finally:
                await another.close()

        try:
            yield browser, daily, launch
        finally:
            await daily.close()
            await browser.close()


@contextlib.asynccontextmanager
async def open_plain_browser() -> AsyncIterator[Browser]:
    """The browser alone, as it comes."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**_options(None, Path()))
        try:
            yield browser
        finally:
            await browser.close()


@contextlib.asynccontextmanager
async def open_campaign(folder: Path, **application: Any) -> AsyncIterator[Campaign]:
    async with contextlib.AsyncExitStack() as stack:
        names = None
        if can_point_browsers():
            names = await stack.enter_async_context(open_name_server())
        browser, daily, launch = await stack.enter_async_context(open_browsers(names, folder))
        plain = Unconfined()
        port = await stack.enter_async_context(served(plain))
        app: Application = await stack.enter_async_context(
            open_application(folder / "data", **application)
        )
        yield Campaign(browser, daily, launch, plain, f"http://127.0.0.1:{port}", app, names)


Outcomes = dict[str, Outcome]
_ALL: Outcomes = {}


@pytest.fixture(scope="session")
def outcomes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """What came of every attack that a selected test asks for."""
    wanted = [
        item.callspec.params["attack"]
        for item in request.session.items
        if "attack" in getattr(getattr(item, "callspec", None), "params", {})
    ]

    async def run() -> Outcomes:
        async with open_campaign(tmp_path_factory.mktemp("campaign")) as campaign:
            await campaign.run(attack for attack in wanted if runs_here(attack) is None)
            return campaign.outcomes

    _ALL.update(asyncio.run(run()))
    return _ALL


def runs_here(attack: Attack) -> str | None:
    """Return why an attack cannot be judged here, if so."""
    if "chromium" not in attack.engines:
        return "this means does not exist in Chromium"
    if attack.kind is Kind.DNS and not can_point_browsers():
        return NO_NAME_SERVER
    return None


PROBED: dict[tuple[str, str], Any] = {}
"""How probes went, by name and place."""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _ALL:
        terminalreporter.section("attacks")
        for line in _attack_table():
            terminalreporter.write_line(line)
    if PROBED:
        terminalreporter.section("probes")
        for place in dict.fromkeys(place for _, place in PROBED):
            some = [how is True for (_, where), how in PROBED.items() if where == place]
            terminalreporter.write_line(f"{place:20} {sum(some)} of {len(some)} work")


def _attack_table() -> Iterator[str]:
    yield f"{'class':20} {'attacks':>8} {'heard unconfined':>17} {'succeeded':>10}"
    for kind in (*Kind, None):
        some = [o for o in _ALL.values() if kind is None or o.attack.kind is kind]
        if some:
            heard = sum(o.control for o in some)
            out = sum(bool(o.succeeded) for o in some)
            name = "all" if kind is None else kind.value
            yield f"{name:20} {len(some):8} {heard:17} {out:10}"
