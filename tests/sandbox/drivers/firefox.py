"""Firefox, driven by WebDriver BiDi, which it speaks itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

from sandbox.prove.canaries import NameServer, pointed_at
from sandbox.prove.cases import Attack, Kind, Probe
from tests.sandbox.drivers.actions import FIND, ActingPage, Sources
from tests.sandbox.drivers.bidi import Bidi
from tests.sandbox.drivers.page import TOOL, DriverError, Page
from tests.sandbox.drivers.pool import Pool, drain, end, start
from tests.sandbox.watch import PLANTED

START_SECONDS = 60.0
GO_SECONDS = 10.0
EYE = "eye"
"""A realm of our own beside the document's: what a tool replaces there is not replaced here."""
BEFORE = "data:text/html,"
"""A page to go back to: the empty one that a window begins with is none."""
EVENTS = [
    "browsingContext.contextCreated",
    "browsingContext.downloadWillBegin",
    "browsingContext.domContentLoaded",
    "browsingContext.userPromptOpened",
]

# A person's Firefox that has been in use for a while: it asks nobody and greets nobody.
PREFERENCES: dict[str, bool | int | str] = {
    "remote.prefs.recommended": False,  # they switch off what people's browsers do
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.aboutwelcome.enabled": False,
    "browser.download.folderList": 2,
    "browser.newtabpage.enabled": False,
    "browser.region.update.enabled": False,
    "browser.safebrowsing.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "browser.topsites.contile.enabled": False,
    "browser.translations.enable": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.file.createInChild": True,  # only what drives it hands a file over there
    "dom.ipc.processPrelaunch.enabled": False,
    "dom.push.connection.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.update.enabled": False,
    "geo.provider.network.url": 'data:application/json,{"location":{"lat":1,"lng":1},"accuracy":1}',
    "media.gmp-manager.updateEnabled": False,
    "media.navigator.streams.fake": True,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.trr.mode": 5,
    "services.settings.server": "data:,",
    "startup.homepage_welcome_url": "",
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}
# What Chromium's driver grants for this class: were a person to allow everything to the host page.
ALLOWED: dict[str, bool | int | str] = {
    "media.navigator.permission.disabled": True,
    "permissions.default.camera": 1,
    "permissions.default.geo": 1,
    "permissions.default.microphone": 1,
}


def find_firefox() -> str | None:
    return shutil.which("firefox-esr") or shutil.which("firefox")


@contextlib.asynccontextmanager
async def open_firefox(names: NameServer | None, folder: Path) -> AsyncIterator[Firefox]:
    path = find_firefox()
    assert path is not None, "Firefox is not there"
    program = pointed_at(names, path, folder)
    driver = Firefox(program, folder)
    async with driver.page(None):
        pass  # tells the version
    try:
        yield driver
    finally:
        await driver.close()


class Firefox:
    name = "firefox"
    version = ""
    at_once = 2

    def __init__(self, program: str, folder: Path) -> None:
        numbers = count(1)

        def launch() -> Any:
            return Browser.launch(program, folder / f"firefox-{next(numbers)}", PREFERENCES)

        def launch_allowing() -> Any:
            return Browser.launch(
                program, folder / f"firefox-{next(numbers)}", PREFERENCES | ALLOWED
            )

        self._pool: Pool[Browser] = Pool(self.at_once, launch)
        self._allowing: Pool[Browser] = Pool(1, launch_allowing)

    async def close(self) -> None:
        await self._pool.close()
        await self._allowing.close()

    @contextlib.asynccontextmanager
    async def page(self, case: Attack | Probe | None) -> AsyncIterator[Page]:
        attack = case if isinstance(case, Attack) else None
        allowing = attack is not None and attack.kind is Kind.PERMISSIONS
        pool = self._allowing if allowing else self._pool

        async def opened(browser: Browser) -> Any:
            self.version = browser.version
            return await browser.open(planted=attack is not None)

        async with pool.page(opened, case) as page:
            yield page


class Browser:
    """One running Firefox."""

    def __init__(self, process: asyncio.subprocess.Process, home: Path) -> None:
        self._process = process
        self._home = home
        self._drain: asyncio.Task[None] | None = None
        self._page: FirefoxPage | None = None
        self.version = ""
        self.bidi: Bidi

    @classmethod
    async def launch(
        cls, program: str, home: Path, preferences: dict[str, bool | int | str]
    ) -> Browser:
        profile, saved = home / "profile", home / "saved"
        profile.mkdir(parents=True)
        lines = {**preferences, "browser.download.dir": str(saved)}
        text = "".join(
            f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
            for name, value in lines.items()
        )
        (profile / "user.js").write_text(text, encoding="utf-8")
        command = [program, "--headless", "--remote-debugging-port", "0", "--no-remote"]
        command += ["--profile", str(profile), "about:blank"]
        process = await start(command, home, MOZ_DISABLE_AUTO_SAFE_MODE="1")
        browser = cls(process, home)
        try:
            async with asyncio.timeout(START_SECONDS):
                browser.bidi = await Bidi.open(await _address(process), browser._on_event)
                browser._drain = asyncio.create_task(drain(process))
                capabilities = {"unhandledPromptBehavior": {"default": "ignore"}}
                made = await browser.bidi.command(
                    "session.new", capabilities={"alwaysMatch": capabilities}
                )
                browser.version = f"Firefox {made['capabilities']['browserVersion']}"
                await browser.bidi.command("session.subscribe", events=EVENTS)
        except BaseException:
            await browser.kill()
            raise
        return browser

    async def open(self, *, planted: bool) -> FirefoxPage:
        """Open a window with a store of its own."""
        made = await self.bidi.command("browser.createUserContext")
        user = made["userContext"]
        page = FirefoxPage(self.bidi, user, self._home)
        self._page = page
        if planted:
            function = f"() => {{ {PLANTED} }}"
            await self.bidi.command(
                "script.addPreloadScript", functionDeclaration=function, userContexts=[user]
            )
        await page.open()
        return page

    async def kill(self) -> None:
        if self._drain is not None:
            self._drain.cancel()
            await self.bidi.close()
        await end(self._process, self._home)

    def _on_event(self, method: str, params: dict[str, Any]) -> None:
        if self._page is not None:
            self._page.on_event(method.partition(".")[2], params)


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    said = b""
    async for line in process.stdout:
        said += line
        if found := re.search(rb"WebDriver BiDi listening on (ws://\S+)", line):
            return found[1].decode() + "/session"
    raise DriverError(f"Firefox did not start: {said.decode(errors='replace')[-500:]}")


class FirefoxPage(ActingPage):
    first_entries = 2

    def __init__(self, bidi: Bidi, user: str, folder: Path) -> None:
        super().__init__(folder)
        self._bidi = bidi
        self._user = user
        self._top = ""
        self._left: str | None = None  # the page that the person left
        self._own: set[str] = set()  # this page's contexts: itself and frames
        self._tasks: set[asyncio.Task[Any]] = set()

    async def open(self) -> None:
        made = await self._bidi.command(
            "browsingContext.create", type="window", userContext=self._user
        )
        self._top = made["context"]
        self._own.add(self._top)
        self.opened.clear()
        await self._bidi.command("browsingContext.navigate", context=self._top, url=BEFORE)
        await self._bidi.command(
            "browsingContext.setViewport",
            context=self._top,
            viewport={"width": 1000, "height": 700},
        )

    async def close(self) -> None:
        """Close every tab of its window's store."""
        await self._bidi.command("browser.removeUserContext", userContext=self._user)

    async def go(self, url: str) -> None:
        with contextlib.suppress(DriverError, TimeoutError):
            async with asyncio.timeout(GO_SECONDS):
                await self._bidi.command(
                    "browsingContext.navigate", context=self._top, url=url, wait="interactive"
                )

    async def where(self) -> str | None:
        if self._left is not None:
            return self._left
        try:
            tree = await self._bidi.command("browsingContext.getTree", root=self._top, maxDepth=0)
        except DriverError:
            return None
        url: str = tree["contexts"][0]["url"]
        return url

    async def evaluate(self, script: str) -> Any:
        return await self._evaluate(self._top, script)

    async def in_tool(self, script: str) -> Any:
        return await self._evaluate(await self._tool(), script)

    async def in_frames(self, script: str) -> list[Any]:
        try:
            tree = await self._bidi.command("browsingContext.getTree", root=self._top)
        except DriverError:  # the page has gone
            return []
        waiting, found = list(tree["contexts"]), []
        while waiting:
            context = waiting.pop()
            waiting += context["children"]
            with contextlib.suppress(DriverError, TimeoutError):
                async with asyncio.timeout(1):
                    found.append(await self._evaluate(context["context"], script))
        return found

    async def leave(self) -> None:
        self._left = self._left or await self.where()
        with contextlib.suppress(DriverError, TimeoutError):
            async with asyncio.timeout(2):
                await self._bidi.command(
                    "browsingContext.navigate", context=self._top, url=BEFORE, wait="none"
                )
        await asyncio.sleep(0.1)  # a question comes after the answer

    # Input goes to the frame's own context: what is sent to the top does not reach its process.

    async def find(self, selector: str, *, framed: bool) -> dict[str, Any] | None:
        context = await self._tool() if framed else self._top
        given = [{"type": "string", "value": selector}]
        found = await self._call(context, FIND, given)
        if found["type"] != "node":
            return None
        return {"type": "element", "element": {"sharedId": found["sharedId"]}}

    async def perform(self, sources: Sources, *, framed: bool) -> None:
        context = await self._tool() if framed else self._top
        await self._bidi.command("input.performActions", context=context, actions=sources)

    async def call(self, function: str, element: dict[str, Any], *, framed: bool) -> None:
        await self._call(
            await self._tool() if framed else self._top, function, [element["element"]]
        )

    async def choose(self, element: dict[str, Any], file: Path, *, framed: bool) -> None:
        context = await self._tool() if framed else self._top
        await self._bidi.command(
            "input.setFiles", context=context, element=element["element"], files=[str(file)]
        )

    async def _tool(self) -> str:
        given = [{"type": "string", "value": TOOL}]
        function = "(selector) => document.querySelector(selector)?.contentWindow"
        found = await self._call(self._top, function, given)
        if found["type"] != "window":
            raise DriverError("no frame holds a tool")
        context: str = found["value"]["context"]
        return context

    async def _call(self, context: str, function: str, given: list[Any]) -> dict[str, Any]:
        answer = await self._bidi.command(
            "script.callFunction",
            functionDeclaration=function,
            arguments=given,
            target={"context": context, "sandbox": EYE},
            awaitPromise=False,
            userActivation=False,
        )
        return _unwrapped(answer)

    async def _evaluate(self, context: str, script: str) -> Any:
        answer = await self._bidi.command(
            "script.evaluate",
            expression=script,
            target={"context": context},
            awaitPromise=False,
            userActivation=False,
        )
        remote = _unwrapped(answer)
        if remote["type"] in ("undefined", "null"):
            return None
        return remote["value"] if "value" in remote else f"[{remote['type']}]"

    def on_event(self, event: str, params: dict[str, Any]) -> None:
        context, parent = params.get("context"), params.get("parent")
        if event == "contextCreated":
            if params.get("userContext") != self._user:
                return
            if parent is None and self._top and context != self._top:
                self.opened.append(f"a tab {params['url']}".strip())
            elif parent in self._own:
                self._own.add(str(context))
        elif context not in self._own:
            return
        elif event == "domContentLoaded":
            # A frame that is made holds an empty document, which nobody loads.
            self.loads += context != self._top and params["url"] != "about:blank"
        elif event == "downloadWillBegin":
            self.saw_download()
        elif event == "userPromptOpened":
            self.asked_to_stay |= params["type"] == "beforeunload"
            self.dialogs += 1
            task = asyncio.create_task(self._accept(params))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _accept(self, prompt: dict[str, Any]) -> None:
        text = {"userText": "typed"} if prompt["type"] == "prompt" else {}
        with contextlib.suppress(DriverError):
            await self._bidi.command(
                "browsingContext.handleUserPrompt", context=prompt["context"], accept=True, **text
            )


def _unwrapped(answer: dict[str, Any]) -> dict[str, Any]:
    if answer["type"] != "success":
        raise DriverError(answer["exceptionDetails"]["text"])
    result: dict[str, Any] = answer["result"]
    return result
