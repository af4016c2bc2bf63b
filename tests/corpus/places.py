"""The three places: a plain page whose CDNs are answered here, our frame, an exported file."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Download,
    Error,
    Frame,
    Page,
    Route,
    async_playwright,
)

from sandbox.libraries.addresses import hosts
from sandbox.libraries.shelf import shipped_shelf
from sandbox.smoke.browsers import BrowserChoice, find_browser
from sandbox.smoke.switches import NOT_PLAYWRIGHTS, SWITCHES
from tests.conftest import NO_BROWSER, Process, clean_environment, free_port
from tests.corpus.comparing import plain_error

PLAIN = "http://tool.localhost/tool.html"
_NEEDED = frozenset({"script", "fetch", "xhr", "other"})  # a tool does without a font or a picture
_REPORT_SECONDS = 90.0
# Nothing outside of this machine is reachable, whatever a tool asks for.
_HERE = ("localhost", "*.localhost", "127.0.0.1")
_NOWHERE = ", ".join(
    ("--host-resolver-rules=MAP * ~NOTFOUND", *(f"EXCLUDE {one}" for one in _HERE))
)


@dataclass
class Place:
    """A page with the tool in `frame`, and what was heard of it. `here` is the tool's address."""

    page: Page
    frame: Frame
    here: str
    corner: Callable[[], Any]
    errors: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Tool:
    """A document that was put into the application."""

    workbench: str
    frame: str
    export: str


@dataclass
class Server:
    """The application; `tests` what is put in, so that an export carries what the test saw."""

    client: httpx.AsyncClient
    tests: bool

    async def put(self, html: str) -> Tool:
        answer = await self._json("POST", "/api/artifacts/import", html=html, title="A tool")
        version = f"/api/artifacts/{answer['artifact']['id']}/versions/1"
        url = str(self.client.base_url).rstrip("/")
        return Tool(
            url + answer["artifact"]["url"], answer["version"]["frame_url"], f"{version}/export"
        )

    async def export(self, tool: Tool) -> str:
        if self.tests:
            version = tool.export.removesuffix("/export")
            async with asyncio.timeout(_REPORT_SECONDS):
                while (await self._json("GET", version))["report"] is None:  # noqa: ASYNC110
                    await asyncio.sleep(0.5)
        answer = await self.client.get(tool.export)
        answer.raise_for_status()
        return answer.text

    async def _json(self, method: str, path: str, **body: str) -> Any:
        answer = await self.client.request(method, path, json=body or None)
        answer.raise_for_status()
        return answer.json()


@contextlib.asynccontextmanager
async def serving(folder: Path, *, tests: bool) -> AsyncIterator[Server]:
    arguments = ["serve", "--no-open", "--port", str(free_port())]
    arguments += ["--frame-port", str(free_port()), "--data-dir", str(folder)]
    environment = clean_environment(**({} if tests else NO_BROWSER))
    process = await asyncio.to_thread(Process(arguments, environment).start)
    try:
        async with httpx.AsyncClient(base_url=process.url, timeout=60) as client:
            yield Server(client, tests)
    finally:
        await asyncio.to_thread(process.stop)


@contextlib.asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    choice = find_browser(os.environ.get("SANDWRIGHT_BROWSER"), os.environ)
    if not isinstance(choice, BrowserChoice):
        raise SystemExit(f"{choice.reason} {choice.advice}")
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    args = [*SWITCHES, "--disable-gpu", "--no-first-run", _NOWHERE]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(choice.path),
            args=[*args, "--no-sandbox"] if as_root else args,
            ignore_default_args=[*NOT_PLAYWRIGHTS],
        )
        try:
            yield browser
        finally:
            with contextlib.suppress(Error, TimeoutError):
                await asyncio.wait_for(browser.close(), 20)


@contextlib.asynccontextmanager
async def _page(browser: Browser, size: tuple[int, int], **options: Any) -> AsyncIterator[Page]:
    context: BrowserContext = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale="en-US",
        timezone_id="UTC",
        color_scheme="light",
        permissions=["clipboard-write"],  # what a press allows; for all else a person is asked
        **options,
    )
    try:
        context.set_default_timeout(20_000)
        await context.add_init_script(files(__package__).joinpath("even.js").read_text("utf-8"))
        page = await context.new_page()
        context.on("page", lambda opened: _later(opened.close()))
        yield page
    finally:
        await asyncio.wait_for(context.close(), 15)


def _later(work: Any) -> None:
    asyncio.ensure_future(work).add_done_callback(lambda done: done.cancelled() or done.exception())


def _listen(place: Place, *, not_from: str = "") -> None:
    """Hear errors, dialogs and saved files; none that the page around the tool says."""

    def on_console(message: ConsoleMessage) -> None:
        # What the browser itself says of the network has no arguments, and differs by place.
        is_own = not not_from or not message.location["url"].startswith(not_from)
        if message.type == "error" and message.args and is_own:
            place.errors.append(plain_error(message.text))

    async def answer(dialog: Dialog) -> None:
        if dialog.type != "beforeunload":
            place.said.append(f"[{dialog.type}: {dialog.message}]")
        await dialog.accept(dialog.default_value or "Tea" if dialog.type == "prompt" else "")

    def on_download(download: Download) -> None:
        place.said.append(f"[saved {download.suggested_filename}]")

    def on_error(error: Error) -> None:
        named = f"{error.name}: {error.message}" if error.name else error.message
        place.errors.append(plain_error(named))

    place.page.on("pageerror", on_error)
    place.page.on("console", on_console)
    place.page.on("dialog", lambda dialog: _later(answer(dialog)))
    place.page.on("download", on_download)


async def _at_corner() -> tuple[float, float]:
    return 0, 0


@contextlib.asynccontextmanager
async def plain_page(browser: Browser, html: str, size: tuple[int, int]) -> AsyncIterator[Place]:
    """Open the reference: CDNs are answered from the libraries' folder, all else is refused."""
    async with _page(browser, size) as page:
        place = Place(page, page.main_frame, PLAIN, _at_corner)
        _listen(place)

        async def answer(route: Route) -> None:
            url = route.request.url
            is_document = route.request.resource_type == "document"
            if is_document and url.partition("#")[0].partition("?")[0] == PLAIN:
                await route.fulfill(body=html, content_type="text/html; charset=utf-8")
            elif (found := await asyncio.to_thread(_of_cdn, url)) is not None:
                await route.fulfill(
                    body=found[0],
                    content_type=found[1],
                    headers={"access-control-allow-origin": "*"},
                )
            else:
                if urlsplit(url).hostname in hosts() and route.request.resource_type in _NEEDED:
                    place.lacking.append(url)
                await route.abort()

        await page.route("**/*", answer)
        await page.goto(PLAIN, wait_until="commit")
        yield place


def _of_cdn(url: str) -> tuple[bytes, str] | None:
    parts = urlsplit(url)
    if parts.hostname not in hosts():
        return None
    shelf, path = shipped_shelf(), parts.path.lstrip("/")
    # What one of our modules imports is asked for by a path below the same host.
    served = shelf.answer(f"cdn/{parts.hostname}/{path}", parts.query) or shelf.answer(path)
    return None if served is None else (served.body, served.kind)


@contextlib.asynccontextmanager
async def our_frame(browser: Browser, tool: Tool, around: tuple[int, int]) -> AsyncIterator[Place]:
    """Open the workbench."""
    async with _page(browser, around) as page:
        place = Place(page, page.main_frame, tool.frame, _at_corner)
        host = urlsplit(tool.workbench)
        _listen(place, not_from=f"{host.scheme}://{host.netloc}/")
        await page.goto(tool.workbench, wait_until="commit")
        element = await page.wait_for_selector("iframe[title=Preview]")
        assert element is not None
        frame = await element.content_frame()
        assert frame is not None

        async def corner() -> tuple[float, float]:
            box = await element.bounding_box()
            return (box["x"], box["y"]) if box else (0, 0)

        place.frame, place.corner = frame, corner
        yield place


async def size_of_frame(browser: Browser, tool: Tool, around: tuple[int, int]) -> tuple[int, int]:
    """Return how much of the workbench a tool has: the other places give it as much."""
    async with our_frame(browser, tool, around) as place:
        await place.frame.wait_for_selector("body")
        width, height = await place.frame.evaluate("() => [innerWidth, innerHeight]")
        return int(width), int(height)


@contextlib.asynccontextmanager
async def exported_file(
    browser: Browser, file: Path, size: tuple[int, int]
) -> AsyncIterator[Place]:
    """Open a file from disk, with the network off."""
    async with _page(browser, size, offline=True) as page:
        place = Place(page, page.main_frame, file.as_uri(), _at_corner)
        _listen(place)
        await page.goto(file.as_uri(), wait_until="commit")
        yield place
