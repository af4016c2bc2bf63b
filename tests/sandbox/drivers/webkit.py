"""WebKitGTK, driven by WebDriver in its small browser: each page is a session, a browser anew."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from sandbox.prove.canaries import NameServer, pointed_at
from sandbox.prove.cases import Attack, Canary, Probe
from tests.conftest import free_port
from tests.sandbox.drivers.actions import FIND, ActingPage, Sources
from tests.sandbox.drivers.page import TOOL, DriverError, Page
from tests.sandbox.drivers.pool import Pool, drain, end, start
from tests.sandbox.watch import PLANTED

START_SECONDS = 30.0
GO_SECONDS = 10.0
FRAME_SECONDS = 5.0  # where a dialog opens meanwhile, its driver never answers
LOOK_SECONDS = 0.1
MOST_FRAMES = 12
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # what the standard calls an element's reference
NEEDED = ("WebKitWebDriver", "Xvfb", "dbus-run-session")
ENVIRONMENT = {
    "GSETTINGS_BACKEND": "memory",
    "LIBGL_ALWAYS_SOFTWARE": "1",
    "NO_AT_BRIDGE": "1",
    # Its own sandbox needs what many containers forbid; what is tested here is not that one.
    "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
}
BEGUN = "location.href !== 'about:blank' && document.readyState !== 'loading'"
# What is planted too late for this page's own beginning.
BOX = """document.querySelector("#change")?.focus(),
  window.boxHadFocus = document.activeElement?.id === "change" """
COUNT_LOADS = """(window.sandwrightLoads ??= (document.addEventListener("load", ({target}) => {
  if (target.localName === "iframe") window.sandwrightLoads.n += 1;
}, true), {n: 0})).n"""


def find_browser() -> Path | None:
    """Return the browser that the driver drives, if all that it needs is there."""
    if any(shutil.which(name) is None for name in NEEDED):
        return None
    found = sorted(Path("/usr/lib").glob("*/webkit*gtk-*/MiniBrowser"))
    return found[-1] if found else None


@contextlib.asynccontextmanager
async def open_webkit(names: NameServer | None, folder: Path) -> AsyncIterator[WebKit]:
    path = find_browser()
    assert path is not None, "WebKit is not there"
    driver = WebKit(names, path, folder)
    async with driver.page(None):
        pass  # tells the version
    try:
        yield driver
    finally:
        await driver.close()


class WebKit:
    name = "webkit"
    version = ""
    at_once = 2

    def __init__(self, names: NameServer | None, browser: Path, folder: Path) -> None:
        driver = pointed_at(names, "/usr/bin/env", folder)
        numbers = count(1)

        def launch() -> Any:
            return Seated.launch(driver, browser, folder / f"webkit-{next(numbers)}")

        self._pool: Pool[Seated] = Pool(self.at_once, launch)

    async def close(self) -> None:
        await self._pool.close()

    @contextlib.asynccontextmanager
    async def page(self, case: Attack | Probe | None) -> AsyncIterator[Page]:
        attack = case if isinstance(case, Attack) else None
        counts = attack is not None and attack.canary is Canary.LOADS

        async def opened(seated: Seated) -> Any:
            page = await seated.open(planted=attack is not None, counts=counts)
            self.version = page.version
            return page

        async with self._pool.page(opened, case) as page:
            yield page


class Seated:
    """A driver on a screen and a message bus of its own."""

    def __init__(self, home: Path, browser: Path) -> None:
        self._home = home
        self._browser = browser
        self._processes: list[asyncio.subprocess.Process] = []
        self._drains: list[asyncio.Task[None]] = []
        self._client = httpx.AsyncClient(timeout=20)

    @classmethod
    async def launch(cls, program: str, browser: Path, home: Path) -> Seated:
        seated = cls(home, browser)
        try:
            async with asyncio.timeout(START_SECONDS):
                await seated._start(program)
        except BaseException:
            await seated.kill()
            raise
        return seated

    async def _start(self, program: str) -> None:
        saved = self._home / "saved"
        saved.mkdir(parents=True)
        settings = self._home / ".config" / "user-dirs.dirs"
        settings.parent.mkdir()
        settings.write_text(f'XDG_DOWNLOAD_DIR="{saved}"\n', encoding="utf-8")
        screen = ["Xvfb", "-displayfd", "1", "-screen", "0", "1024x768x24", "-nolisten", "tcp"]
        server = await self._run(screen)
        assert server.stdout is not None
        display = ""
        while not display.isdigit():
            display = (await server.stdout.readline()).decode().strip()
        self._drains.append(asyncio.create_task(drain(server)))
        port = free_port()
        command = [program, "dbus-run-session", "--", "WebKitWebDriver", f"--port={port}"]
        driver = await self._run(command, DISPLAY=f":{display}", **ENVIRONMENT)
        self._drains.append(asyncio.create_task(drain(driver)))
        self._client.base_url = httpx.URL(f"http://127.0.0.1:{port}")
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if (await self._client.get("/status")).status_code < 500:
                    return
            await asyncio.sleep(0.05)

    async def _run(self, command: list[str], **environment: str) -> asyncio.subprocess.Process:
        process = await start(command, self._home, **environment)
        self._processes.append(process)
        return process

    async def open(self, *, planted: bool, counts: bool) -> WebKitPage:
        """Open a browser that knows of nothing before it, and writes over no file."""
        for file in (self._home / "saved").iterdir():
            file.unlink()
        options = {"binary": str(self._browser), "args": ["--automation"]}
        capabilities = {
            "pageLoadStrategy": "none",  # a command that waits for a page is disturbed by others
            "timeouts": {"script": 10_000},
            "unhandledPromptBehavior": "ignore",
            "webkitgtk:browserOptions": options,
        }
        made = await command(
            self._client, "POST", "/session", capabilities={"alwaysMatch": capabilities}
        )
        return WebKitPage(self._client, made, self._home / "saved", planted=planted, counts=counts)

    async def kill(self) -> None:
        for task in self._drains:
            task.cancel()
        await self._client.aclose()
        for process in reversed(self._processes):
            await end(process, self._home)


async def command(client: httpx.AsyncClient, method: str, path: str, **body: Any) -> Any:
    """Send a command and return its value. Raises `DriverError`."""
    patience = FRAME_SECONDS if path.endswith("/frame") else httpx.USE_CLIENT_DEFAULT
    try:
        answer = await client.request(
            method, path, json=body if method == "POST" else None, timeout=patience
        )
        value = answer.json()["value"]
    except (httpx.HTTPError, ValueError) as error:
        raise DriverError(f"{type(error).__name__}: {error}") from error
    if answer.is_error:
        raise DriverError(f"{value['error']}: {value['message']}"[:300])
    return value


def moved(sources: Sources, left: float, top: float) -> Sources:
    """Return actions whose points in the viewport are those of one that begins there."""

    def one(action: dict[str, Any]) -> dict[str, Any]:
        if action.get("origin") != "viewport":
            return action
        return {**action, "x": round(action["x"] + left), "y": round(action["y"] + top)}

    return [{**source, "actions": [one(a) for a in source["actions"]]} for source in sources]


class WebKitPage(ActingPage):
    first_entries = 2

    def __init__(
        self,
        client: httpx.AsyncClient,
        made: dict[str, Any],
        saved: Path,
        *,
        planted: bool,
        counts: bool,
    ) -> None:
        super().__init__(saved.parent)
        self.version = f"WebKitGTK {made['capabilities']['browserVersion']}"
        self._client = client
        self._path = f"/session/{made['sessionId']}"
        self._planted = planted
        self._counts = counts
        self._saved = saved
        self._leaving = False
        self._left: str | None = None  # the page that the person left
        # A command means the frame that was last switched to; two at once confuse the driver.
        self._switching = asyncio.Lock()
        self._speaking = asyncio.Lock()
        self._looking = asyncio.create_task(self._look())

    async def close(self) -> None:
        self._looking.cancel()
        await self._command("DELETE", "")

    async def go(self, url: str) -> None:
        with contextlib.suppress(DriverError, TimeoutError):
            async with asyncio.timeout(GO_SECONDS):
                await self._command("POST", "/url", url=url)
                while await self.evaluate(BEGUN) is not True:  # noqa: ASYNC110 nothing tells of it
                    await asyncio.sleep(0.02)
        with contextlib.suppress(DriverError):
            if self._planted:
                await self.evaluate(f"(() => {{ {PLANTED} }})()")
                await self.evaluate(BOX)
            if self._counts:
                await self.evaluate(COUNT_LOADS)

    async def where(self) -> str | None:
        if self._left is not None:
            return self._left
        try:
            url: str = await self._command("GET", "/url")
        except DriverError:
            return None
        return url

    async def evaluate(self, script: str) -> Any:
        async with self._switching:
            await self._command("POST", "/frame", id=None)
            return await self._evaluate(script)

    async def in_tool(self, script: str) -> Any:
        async with self._framed(framed=True):
            return await self._evaluate(script)

    async def in_frames(self, script: str) -> list[Any]:
        found: list[Any] = []
        waiting: list[tuple[int, ...]] = [()]
        async with self._switching:
            while waiting and len(found) < MOST_FRAMES:
                path = waiting.pop()
                with contextlib.suppress(DriverError, TimeoutError):
                    async with asyncio.timeout(2):
                        await self._command("POST", "/frame", id=None)
                        for index in path:
                            await self._command("POST", "/frame", id=index)
                        found.append(await self._evaluate(script))
                        waiting += [(*path, n) for n in range(await self._evaluate("length"))]
        return found

    async def leave(self) -> None:
        self._left = self._left or await self.where()
        self._leaving = True
        with contextlib.suppress(DriverError, TimeoutError):
            async with asyncio.timeout(2):
                await self._command("POST", "/url", url="about:blank")

    async def find(self, selector: str, *, framed: bool) -> dict[str, Any] | None:
        async with self._framed(framed=framed):
            found: dict[str, Any] | None = await self._execute(
                f"return ({FIND})(arguments[0])", selector
            )
            return found

    async def perform(self, sources: Sources, *, framed: bool) -> None:
        if framed:
            sources = moved(sources, *await self._corner())
        async with self._framed(framed=framed):
            await self._command("POST", "/actions", actions=sources)

    async def _corner(self) -> list[float]:
        """Return where the frame begins: this driver's viewport is always the page's."""
        corner = "const {x, y} = document.querySelector(arguments[0]).getBoundingClientRect();"
        async with self._framed(framed=False):
            found: list[float] = await self._execute(f"{corner} return [x, y]", TOOL)
            return found

    async def call(self, function: str, element: dict[str, Any], *, framed: bool) -> None:
        async with self._framed(framed=framed):
            await self._execute(f"({function})(arguments[0])", element)

    async def choose(self, element: dict[str, Any], file: Path, *, framed: bool) -> None:
        async with self._framed(framed=framed):
            await self._command("POST", f"/element/{element[ELEMENT]}/value", text=str(file))

    @contextlib.asynccontextmanager
    async def _framed(self, *, framed: bool) -> AsyncIterator[None]:
        async with self._switching:
            await self._command("POST", "/frame", id=None)
            if framed:
                frame = await self._execute("return document.querySelector(arguments[0])", TOOL)
                if frame is None:
                    raise DriverError("no frame holds a tool")
                await self._command("POST", "/frame", id=frame)
            yield

    async def _evaluate(self, script: str) -> Any:
        plain = (
            "(is) => is === null || /^(string|number|boolean)$/.test(typeof is) ? is : String(is)"
        )
        found = await self._execute(f"return ({plain})({script})")
        return None if found == "undefined" else found

    async def _execute(self, script: str, *given: Any) -> Any:
        return await self._command("POST", "/execute/sync", script=script, args=list(given))

    async def _command(self, method: str, path: str, **body: Any) -> Any:
        async with self._speaking:
            return await command(self._client, method, self._path + path, **body)

    # This dialect tells of nothing by itself, so what happens is looked for.

    async def _look(self) -> None:
        while True:
            with contextlib.suppress(DriverError):
                await self._command("GET", "/alert/text")
                self.asked_to_stay |= self._leaving
                self.dialogs += 1
                with contextlib.suppress(DriverError):
                    await self._command("POST", "/alert/text", text="typed")
                await self._command("POST", "/alert/accept")
                continue
            with contextlib.suppress(DriverError):
                others = len(await self._command("GET", "/window/handles")) - 1
                self.opened += ["a window"] * (others - len(self.opened))
                if self._counts:
                    self.loads = max(self.loads, await self._loads())
            for _ in range(len(list(self._saved.iterdir())) - self.downloads):
                self.saw_download()
            await asyncio.sleep(LOOK_SECONDS)

    async def _loads(self) -> int:
        outer: int = await self.evaluate(COUNT_LOADS)
        try:
            inner: int = await self.in_tool(COUNT_LOADS)
        except DriverError:
            inner = 0
        return max(outer, inner)
