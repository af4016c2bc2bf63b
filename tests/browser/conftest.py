"""One real browser, a context of it for each test, real servers, and a page that holds a frame."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import uvicorn
from frames import Host, Shelf, frame_app
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from sandbox.smoke.browsers import BrowserChoice, find_browser
from sandbox.smoke.switches import FEATURES_OFF, NOT_PLAYWRIGHTS, without
from tests.browser.tools import PATIENCE
from tests.browser.wishes import ANSWERS
from tests.conftest import NO_BROWSER, Connected, connected_server, listening

QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# A process for the next page, which starts sooner; these would mostly end before there is one.
OFF = without(*FEATURES_OFF, "SpareRendererForSitePerProcess")

expect.set_options(timeout=PATIENCE)

Serve = Callable[..., Awaitable[int]]
OpenBrowser = Callable[[list[str]], Awaitable[Browser]]


@pytest.fixture(scope="session")
def choice() -> BrowserChoice:
    """The browser of SANDWRIGHT_BROWSER or an installed one; these tests fail without any."""
    found = find_browser(os.environ.get("SANDWRIGHT_BROWSER"), os.environ)
    assert isinstance(found, BrowserChoice), f"{found.reason} {found.advice}"
    return found


@pytest.fixture(scope="session")
def browser_path(choice: BrowserChoice) -> str:
    return str(choice.path)


@pytest.fixture
def browser_args() -> list[str]:
    """A test may override this; Chromium's own sandbox does not start as root."""
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*QUIET, "--no-sandbox"] if as_root else [*QUIET]


@pytest.fixture(scope="session")
async def open_browser(browser_path: str) -> AsyncIterator[OpenBrowser]:
    """A function that gives the one browser of all tests, or a new one if it must.

    That is when the last one has died or had other arguments.
    """
    async with async_playwright() as playwright:
        kept: list[tuple[list[str], Browser]] = []

        async def opened(args: list[str]) -> Browser:
            if kept and kept[-1][0] == args and kept[-1][1].is_connected():
                return kept[-1][1]
            while kept:
                await kept.pop()[1].close()
            browser = await playwright.chromium.launch(
                executable_path=browser_path,
                args=[OFF, *args],
                ignore_default_args=[*NOT_PLAYWRIGHTS],
            )
            kept.append((args, browser))
            return browser

        yield opened
        while kept:
            await kept.pop()[1].close()


@pytest.fixture
async def browser(open_browser: OpenBrowser, browser_args: list[str]) -> AsyncIterator[Browser]:
    """No context outlives the test that opened it, so that none meets what another left."""
    browser = await open_browser(browser_args)
    yield browser
    for context in browser.contexts:
        await context.close()


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context()
    context.set_default_timeout(PATIENCE)
    yield context
    await context.close()


@pytest.fixture
async def page(context: BrowserContext) -> Page:
    return await context.new_page()


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """A function that starts an ASGI app on a free port and returns the port."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(app: Any, host: str = "127.0.0.1") -> int:
            return await stack.enter_async_context(_running(app, host))

        yield start


@contextlib.asynccontextmanager
async def _running(app: Any, host: str) -> AsyncIterator[int]:
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1, lifespan="off")
    sockets = [listening(host)]
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[assignment]  # pytest owns them
    running = asyncio.create_task(server.serve(sockets=sockets))
    try:
        yield sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        server.force_exit = True
        await running
        for item in sockets:
            item.close()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def host(serve: Any, shelf: Shelf) -> Host:
    host = Host()
    host.port = await serve(host)
    host.frame_port = await serve(frame_app(shelf, f"http://127.0.0.1:{host.port}"))
    return host


@pytest.fixture(scope="session")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connected]:
    """The address of a server with two models: "quill", the default, and the listed "scripted".

    What they make is not tested.
    """
    yield from _with_two_models(tmp_path_factory, **NO_BROWSER)


@pytest.fixture(scope="session")
def testing_connected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connected]:
    """Another, with the browser that tests what is made: a person sees the verdict."""
    yield from _with_two_models(tmp_path_factory)


def _with_two_models(folders: pytest.TempPathFactory, **settings: str) -> Iterator[Connected]:
    settings |= {"SANDWRIGHT_MAX_REPAIRS": "0", "SANDWRIGHT_MODEL": "openai/quill"}
    pace = ("--tokens-per-second", "3000")
    with connected_server(folders.mktemp("connected"), ANSWERS, *pace, **settings) as url:
        yield url
