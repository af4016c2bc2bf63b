"""The browser that tests tools is attacked too: a page without any policy runs in it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import textwrap
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, async_playwright

from sandbox.grants import NO_GRANTS
from sandbox.prove.canaries import (
    ZONE,
    Ear,
    NameServer,
    can_point_browsers,
    open_name_server,
    pointed_at,
)
from sandbox.prove.cases import Canary
from sandbox.report import Verdict
from sandbox.smoke import BrowserChoice, SmokeTester, find_browser, memory, pool
from sandbox.smoke.confinement import Isolation, own_folder
from sandbox.smoke.pool import BrowserPool
from sandbox.smoke.stage import Stage
from tests.browser.asking import told_in_time
from tests.browser.smoke_documents import SPLIT
from tests.browser.smoke_documents import page as document
from tests.forks import run_sandwright

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

T = TypeVar("T")
METADATA = "169.254.169.254"
ATTACKS = Path(__file__).with_name("smoke_attacks.html")


@pytest.fixture(scope="module")
def choice() -> BrowserChoice:
    found = find_browser(os.environ.get("SANDWRIGHT_BROWSER"), os.environ)
    assert isinstance(found, BrowserChoice), found
    return found


def own_address() -> str:
    """An address of this machine that is not loopback; no packet is sent for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("192.0.2.1", 9))
        return str(sock.getsockname()[0])


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, ear: Ear) -> None:
        self._ear = ear

    def datagram_received(self, data: bytes, _address: Any) -> None:
        self._ear.hear(Canary.UDP, f"{len(data)} bytes")


@dataclass
class Ears:
    """Canaries on loopback and on another address of this machine, and one for names."""

    by_host: dict[str, Ear] = field(default_factory=dict)
    names: Ear | None = None

    def heard(self) -> dict[str, list[str]]:
        heard = {host: sorted(ear.heard) for host, ear in self.by_host.items()}
        if self.names is not None:
            heard["names"] = sorted(self.names.heard)
        return {host: kinds for host, kinds in heard.items() if kinds}

    def forget(self) -> None:
        for ear in (*self.by_host.values(), *([self.names] if self.names else [])):
            ear.heard.clear()

    def page(self, secret: Path) -> str:
        hosts = [
            {"host": host, "tcp": ear.tcp_port, "udp": ear.udp_port}
            for host, ear in self.by_host.items()
        ]
        targets = {
            "hosts": hosts,
            "name": f"{self.names.label}.{ZONE}" if self.names else "nobody.invalid",
            "metadata": METADATA,
            "file": secret.as_uri(),
        }
        return ATTACKS.read_text("utf-8").replace("TARGETS", json.dumps(targets))


@contextlib.asynccontextmanager
async def open_ears(name_server: NameServer | None) -> AsyncIterator[Ears]:
    ears = Ears()
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as stack:
        for host in ("127.0.0.1", own_address()):
            ear = Ear(label="smoke")
            server = await asyncio.start_server(ear.on_connection, host, 0)
            stack.callback(server.close)
            ear.tcp_port = server.sockets[0].getsockname()[1]
            transport, _ = await loop.create_datagram_endpoint(
                lambda ear=ear: _Datagrams(ear), local_addr=(host, 0)
            )
            stack.callback(transport.close)
            ear.udp_port = transport.get_extra_info("sockname")[1]
            ears.by_host[host] = ear
        if name_server is not None:
            ears.names = name_server.ears["smoke"] = Ear(label="smoke")
        yield ears


class Permissive:
    """An app without a policy. It keeps what it was asked for, and what its page tells."""

    def __init__(self, html: str) -> None:
        self.html = html
        self.hosts: set[str] = set()
        self.told: dict[str, str] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        host = next((v.decode() for k, v in scope["headers"] if k == b"host"), "")
        self.hosts.add(host.partition(":")[0])
        body = b""
        if scope["path"] == "/told":
            body = (await receive()).get("body", b"")
            self.told = json.loads(body)
        is_script = scope["path"] == "/worker.js"
        text = _WORKER if is_script else self.html
        kind = b"text/javascript" if is_script else b"text/html"
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]}
        )
        await send({"type": "http.response.body", "body": text.encode()})


_WORKER = """
addEventListener("message", ({ data }) => { fetch(data, { mode: "no-cors" }).catch(() => {}); });
addEventListener("install", () => skipWaiting());
addEventListener("connect", ({ ports: [port] }) => {
  port.onmessage = ({ data }) => { fetch(data, { mode: "no-cors" }).catch(() => {}); };
});
"""


async def attack(page: Page, url: str) -> None:
    """Open the page and wait until it has tried everything; its own last word is its title."""
    await page.goto(url, wait_until="commit")
    await page.wait_for_function("document.title === 'tried'", timeout=20_000)


@contextlib.asynccontextmanager
async def own_stage(app: Any) -> AsyncIterator[Stage]:
    stage = Stage()
    stage._app = app
    await stage.start()
    try:
        yield stage
    finally:
        await stage.aclose()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text("a secret of this machine")
    for folder in (path, *path.parents[:3]):
        with contextlib.suppress(PermissionError):
            folder.chmod(0o755)  # the browser's user could read it, if the browser would
    return path


@pytest.mark.sandbox
async def test_a_page_without_any_policy_reaches_nothing_but_the_stage(
    choice: BrowserChoice, tmp_path: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        names = None
        if can_point_browsers():
            names = await stack.enter_async_context(open_name_server())
        ears = await stack.enter_async_context(open_ears(names))
        pointed = pointed_at(names, str(choice.path), tmp_path)
        app = Permissive(ears.page(secret))
        stage = await stack.enter_async_context(own_stage(app))
        folder = stack.enter_context(own_folder())

        # The control: an unrestricted browser, shown the same page, is heard by every canary.
        everything = {host: ["http", "tcp", "udp"] for host in ears.by_host}
        if names is not None:
            everything["names"] = ["dns"]
        url = f"http://127.0.0.1:{stage.port}/"
        await again_if_lost(lambda: control(pointed, url, lambda: ears.heard() == everything))

        ears.forget()
        granted = BrowserPool(choice, stage, Path(folder) / "files")
        stack.push_async_callback(granted.aclose)
        isolation = await again_if_lost(lambda: attacked(granted, app, ears))
        if isolation.network != "kernel":
            warnings.warn(f"not tested here: {isolation.reasons}", stacklevel=1)

        # As on a system, or in a container, that grants none.
        monkeypatch.setattr(pool, "prepare", lambda *_: None)
        by_name = BrowserChoice(Path(pointed), "Chromium", "named")
        bare = BrowserPool(by_name, stage, Path(folder) / "files")
        stack.push_async_callback(bare.aclose)
        isolation = await again_if_lost(lambda: attacked(bare, app, ears))
        assert isolation.network == "proxy"


async def again_if_lost(work: Callable[[], Awaitable[T]]) -> T:
    """So much at once is more than Playwright's driver always bears; it says nothing of walls."""
    try:
        return await work()
    except PlaywrightError:
        return await work()


async def attacked(browsers: BrowserPool, app: Permissive, ears: Ears) -> Isolation:
    """Show the page to a browser that tests tools; nothing outside may hear of it."""
    app.hosts.clear()
    app.told.clear()
    context = await browsers.open_context()
    page = await context.new_page()
    await attack(page, f"http://{'ab' * 10}.localhost:{browsers._stage.port}/")
    # It was not idle: what it asked for by HTTP came here, the metadata address among it.
    asked = {"fetch", "XMLHttpRequest", "worker", "import"}
    await until(lambda: {METADATA, *ears.by_host} <= app.hosts and set(app.told) == asked)
    assert "secret" not in json.dumps(app.told)
    urls = [frame.url for one in context.pages for frame in one.frames]
    assert not [url for url in urls if url.startswith("file:")]
    await browsers.aclose()
    # Nothing more can come of it.
    assert ears.heard() == {}
    assert browsers.isolation is not None
    return browsers.isolation


async def control(browser: str, url: str, heard: Callable[[], bool]) -> None:
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    async with async_playwright() as playwright:
        unrestricted = await playwright.chromium.launch(
            executable_path=browser,
            args=["--disable-gpu", *(["--no-sandbox"] if as_root else [])],
            # Playwright hushes hints; a person's browser follows them.
            ignore_default_args=["--disable-background-networking"],
        )
        try:
            await attack(await unrestricted.new_page(), url)
            await until(heard)
        finally:
            await unrestricted.close()


async def test_the_stage_answers_for_what_is_on_it_alone() -> None:
    """A tool that got out of its policy still finds no other host, tunnel or test."""
    asks = (
        b"GET http://127.0.0.1:8000/api/artifacts HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n\r\n",
        b"GET http://other.localhost/ HTTP/1.1\r\nHost: {host}\r\n\r\n",
        b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n",
        b"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    )
    refusals = [b"421", b"421", b"403", b"403", b"421"]
    stage = Stage()
    await stage.start()
    play = stage.put("<p>Here</p>", NO_GRANTS)
    play.begin()
    try:
        answers = [
            await raw(stage.port, ask.replace(b"{host}", play.host.encode())) for ask in asks
        ]
        assert [one.split(b" ", 2)[1] for one in answers] == refusals
        whole = f"GET {play.url} HTTP/1.1\r\nHost: {play.host}\r\nConnection: close\r\n\r\n"
        assert b"<p>Here</p>" in await raw(stage.port, whole.encode())
    finally:
        stage.remove(play)
        await stage.aclose()


async def raw(port: int, ask: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(ask.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
    try:
        async with asyncio.timeout(60):
            return await reader.read()
    finally:
        writer.close()


def processes(pid: int) -> dict[int, str]:
    """A process and everything below it, with the command lines."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            parents[int(entry.name)] = int(
                (entry / "stat").read_text().rpartition(")")[2].split()[1]
            )
    found, wanted = {pid}, {pid}
    while wanted:
        wanted = {one for one, parent in parents.items() if parent in wanted} - found
        found |= wanted
    lines = {}
    for one in found:
        with contextlib.suppress(OSError):
            lines[one] = Path(f"/proc/{one}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return lines


def status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


async def test_the_browser_is_not_root_keeps_its_sandbox_and_gets_no_secret(
    choice: BrowserChoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-for-browsers")
    async with SmokeTester(choice) as tester:
        looks: list[tuple[dict[str, str], str]] = []

        def look(_progress: object) -> None:
            assert tester._pool is not None
            assert tester._pool.pid is not None
            below = processes(tester._pool.pid)
            del below[tester._pool.pid]
            for pid, command in below.items():
                with contextlib.suppress(OSError):
                    kept = Path(f"/proc/{pid}/environ").read_text(errors="replace")
                    looks.append((status(pid), f"{command}\n{kept}"))

        report = await told_in_time(tester, SPLIT, on_progress=look)
        isolation = tester.isolation
    assert report.verdict is Verdict.PASSED
    assert isolation is not None
    if isolation.network != "kernel" or not isolation.sandbox:
        pytest.skip(f"this machine grants less: {isolation.reasons}")
    assert looks
    assert all("sk-not-for-browsers" not in words for _, words in looks)
    assert all("--no-sandbox" not in words for _, words in looks)
    assert {state["Uid"].split()[0] for state, _ in looks}.isdisjoint({"0"})
    assert {int(state["CapEff"], 16) for state, words in looks if "renderer" in words} == {0}
    renderers = [state for state, words in looks if "--type=renderer" in words]
    assert renderers
    assert all(state["Seccomp"] == "2" for state in renderers), "its own sandbox is on"
    assert all(state["NoNewPrivs"] == "1" for state, _ in looks)


async def test_nothing_outlives_a_server_that_is_killed_even_when_its_driver_hangs() -> None:
    program = textwrap.dedent("""
        import asyncio, os
        from sandbox.smoke import SmokeTester, find_browser
        async def main():
            async with SmokeTester(find_browser(None, os.environ)) as tester:
                await tester.test("<p>Hi</p>")
                print(tester._pool.pid, tester.isolation.network, flush=True)
                await asyncio.sleep(60)
        asyncio.run(main())
    """)
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdout is not None
    pid, network = (await owner.stdout.readline()).split()
    below = processes(int(pid))
    assert len(below) > 3, "the browser has processes of its own"
    (driver,) = (one for one, line in processes(owner.pid).items() if "run-driver" in line)
    os.kill(driver, signal.SIGSTOP)
    try:
        if network == b"proxy":
            pytest.skip("without the program beside the browser, its driver has to end it")
        owner.kill()
        await owner.wait()
        await until(lambda: not any(is_alive(one) for one in below))
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(driver, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


async def until(holds: Any, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold in time"
        await asyncio.sleep(0.05)


@pytest.mark.sandbox
async def test_memory_is_capped_the_tool_does_not_pass_and_the_next_is_unharmed(
    choice: BrowserChoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory outside of V8's heap, which its own limit does not count."""
    monkeypatch.setattr(memory, "most_memory", lambda: 900 * 2**20)
    most = 0
    eats = "const all = [];\nsetInterval(() => all.push(new Uint8Array(4e7).fill(1)), 30);"
    async with SmokeTester(choice) as tester:
        await tester.test(SPLIT)
        assert tester._pool is not None
        assert tester._pool.pid is not None
        if tester.isolation is None or tester.isolation.network != "kernel":
            pytest.skip("without the program beside the browser nobody watches")
        group = tester._pool.pid
        testing = asyncio.create_task(tester.test(document("<h1>Eats</h1>", eats)))
        while not testing.done():
            seen = await asyncio.to_thread(memory.usage, group)
            most = max(most, seen.total if seen else 0)
            await asyncio.wait((testing,), timeout=0.1)
        assert testing.result().verdict is not Verdict.PASSED, testing.result()
        assert 600 * 2**20 < most < 2500 * 2**20
        assert (await tester.test(SPLIT)).verdict is Verdict.PASSED


async def test_downloads_are_discarded(choice: BrowserChoice) -> None:
    html = """<title>x</title><script>
for (let n = 0; n < 3; n++) {
  const a = document.createElement('a');
  a.href = URL.createObjectURL(new Blob(['tea'.repeat(9999)])); a.download = `kept-${n}.bin`;
  a.click();
}
document.title = 'tried';
</script>"""
    async with own_stage(Permissive(html)) as stage:
        with own_folder() as folder:
            browsers = BrowserPool(choice, stage, Path(folder) / "files")
            try:
                context = await browsers.open_context()
                page = await context.new_page()
                begun: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
                page.on("download", lambda one: begun.done() or begun.set_result(one))
                await page.goto(f"http://{'ab' * 10}.localhost:{stage.port}/")
                assert await (await asyncio.wait_for(begun, 60)).failure()
                assert browsers.pid is not None
                assert files_of(browsers.pid, folder) == []
            finally:
                await browsers.aclose()


def files_of(pid: int, folder: str) -> list[Path]:
    """What a browser's processes see of the download, also in a home that only they have."""
    seen: set[Path] = set()
    for one in processes(pid):
        with contextlib.suppress(OSError):  # it has ended, or may not be looked at
            seen.update(Path(f"/proc/{one}/root{folder}").rglob("*"))
    assert any(path.name == "profile" for path in seen), "something would have been found"
    return [path for path in seen if "kept-" in path.name]


def test_doctor_says_what_keeps_the_browser_apart(tmp_path: Path) -> None:
    environment = {**os.environ, "SANDWRIGHT_DATA_DIR": str(tmp_path)}
    run = run_sandwright("doctor", "--json", environment=environment)
    found = json.loads(run.stdout)
    (check,) = (one for one in found["checks"] if one["name"] == "Browser's walls")
    isolation = found["isolation"]
    if isolation["as_root"]:
        assert "it runs as root" in check["detail"]
        assert check["advice"]
    elif isolation["own_user"]:
        assert "it runs as you" in check["detail"]
    else:
        assert f"it runs as user {isolation['user']}" in check["detail"]
    wanted = "its own sandbox is on" if isolation["sandbox"] else "its own sandbox is off"
    assert wanted in check["detail"]
