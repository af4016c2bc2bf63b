"""The front door for every test: a real server and a real model server, each a process."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest
from filelock import FileLock
from httpx._config import DEFAULT_TIMEOUT_CONFIG

from server.ports import BoundPort, bind
from server.settings import PROVIDER_VARIABLES
from tests.forks import Forked

BIN = Path(sys.executable).parent
START_SECONDS = 60  # patience on a busy machine, not a promise

# A clock says nothing about a property; how fast things are is the bench's to tell.
hypothesis.settings.register_profile("sandwright", deadline=None)
hypothesis.settings.load_profile("sandwright")

# Unless told otherwise httpx waits for 5 s, and a busy machine may take longer to answer.
for limit in ("connect", "read", "write", "pool"):
    setattr(DEFAULT_TIMEOUT_CONFIG, limit, float(START_SECONDS))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """A test that is marked `alone` runs while no other process of the suite runs one."""
    with turn(alone=item.get_closest_marker("alone") is not None):
        return (yield)


@contextlib.contextmanager
def turn(*, alone: bool) -> Iterator[None]:
    """Each process holds a lock of its own while it runs a test; who must be alone takes all."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is None:
        yield
        return
    folder = Path(tempfile.gettempdir()) / f"sandwright-tests-{run}"
    folder.mkdir(exist_ok=True)
    workers = [f"gw{n}" for n in range(int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))]
    taken = workers if alone else [os.environ["PYTEST_XDIST_WORKER"]]
    with contextlib.ExitStack() as stack:
        # Who waits here keeps the others from beginning another test.
        with FileLock(folder / "next"):
            for worker in taken:
                stack.enter_context(FileLock(folder / worker))
        yield


def until(condition: Callable[[], object], seconds: float = START_SECONDS) -> Any:
    """Wait for a condition that nothing announces; returns what it came to be."""
    deadline = time.monotonic() + seconds
    while not (holds := condition()):
        assert time.monotonic() < deadline, "it did not come to hold in time"
        time.sleep(0.02)
    return holds


def go_on(model: Process) -> None:
    """Let the scripted model end the answers that stall: what they had to be seen for is seen."""
    httpx.post(f"{model.url.removesuffix('/v1')}/_scripted/go").raise_for_status()


class Connected(str):
    """The address of a server with a model."""

    __slots__ = ("model",)
    model: Process

    def go_on(self) -> None:
        go_on(self.model)


@contextlib.contextmanager
def connected_server(
    folder: Path, answers: list[dict[str, Any]], *scripted: str, **settings: str
) -> Iterator[Connected]:
    """The address of a server that the scripted model is connected to, with these answers."""
    told = folder / "answers.json"
    told.write_text(json.dumps(answers), encoding="utf-8")
    arguments = ["scripted", "--port", "0", "--answers", str(told), *scripted]
    model = Process(arguments, clean_environment()).start()
    arguments = ["serve", "--no-open", "--port", str(free_port())]
    arguments += ["--frame-port", str(free_port()), "--data-dir", str(folder / "data")]
    environment = clean_environment(OPENAI_BASE_URL=model.url, OPENAI_API_KEY="none", **settings)
    server = Process(arguments, environment)
    try:
        address = Connected(server.start().url)
        address.model = model
        yield address
    finally:
        server.stop()
        model.stop()


NO_BROWSER = {"SANDWRIGHT_BROWSER": "none"}
"""For a server whose tools need no verdict: a browser costs more than all else that it does."""


# The latest, so that there are always others.
_given: deque[int] = deque(maxlen=500)


def free_port() -> int:
    """A port that stays free until a server takes it, now or after a restart.

    One that the system hands out to whoever asks for any, or connects, may be gone by then; and one
    that was given already may not be taken yet. Each of several workers has some of its own.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 8
    while True:
        port = 20_000 + worker * 1_500 + secrets.randbelow(1_500)  # below those
        if port in _given:
            continue
        with contextlib.suppress(OSError), socket.socket() as sock:
            sock.bind(("127.0.0.1", port))
            _given.append(port)
            return port


def listening(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """A socket like the server's own, for an app that is served in this process."""
    bound = bind(host, port, chosen=True)
    assert isinstance(bound, BoundPort), bound
    return bound.socket


@dataclass
class Process:
    """A command that prints its address alone on a line when it answers."""

    arguments: list[str]
    environment: dict[str, str]
    url: str = ""
    errors: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | Forked | None = None

    def start(self) -> Process:
        self.process = self._begin()
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, args=(lines,), daemon=True).start()
        threading.Thread(target=self._read_errors, daemon=True).start()
        try:
            self.url = self._address(lines)
        except BaseException:
            self.kill()  # nobody else knows of it yet
            raise
        return self

    def _begin(self) -> subprocess.Popen[str] | Forked:
        if hasattr(os, "fork"):
            return Forked(self.arguments, self.environment)
        return subprocess.Popen(
            [str(BIN / "sandwright"), *self.arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _address(self, lines: queue.Queue[str]) -> str:
        while True:
            line = lines.get(timeout=START_SECONDS)
            assert line, f"{self.arguments} ended: {''.join(self.errors)}"
            if line.startswith("http://"):
                return line.strip()

    def _read(self, lines: queue.Queue[str]) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        for line in self.process.stdout:
            lines.put(line)
        lines.put("")
        self.process.stdout.close()

    def _read_errors(self) -> None:
        assert self.process is not None
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.errors.append(line)
        self.process.stderr.close()

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=START_SECONDS)

    def kill(self) -> None:
        self.stop(signal.SIGKILL)


def clean_environment(**more: str) -> dict[str, str]:
    """The environment of this machine without any setting or key of its owner."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not (name.startswith("SANDWRIGHT_") or name in PROVIDER_VARIABLES)
        or name == "SANDWRIGHT_BROWSER"
    }
    return {**kept, **more}


Start = Callable[..., Process]


@pytest.fixture
def serve_app(tmp_path: Path) -> Iterator[Start]:
    """A function that starts `sandwright serve`; keywords are environment variables.

    It `tests` what is made only where it is asked to.
    """
    started: list[Process] = []

    def start(data_dir: Path | None = None, *, tests: bool = False, **environment: str) -> Process:
        arguments = ["serve", "--no-open", "--port", str(free_port())]
        arguments += ["--frame-port", str(free_port())]
        arguments += ["--data-dir", str(data_dir or tmp_path / "data")]
        variables = environment if tests else {**NO_BROWSER, **environment}
        process = Process(arguments, clean_environment(**variables)).start()
        started.append(process)
        return process

    yield start
    for process in started:
        process.stop()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """One keyless server for tests that only add to it; what is made there is not tested."""
    yield from _keyless(tmp_path_factory.mktemp("data"), **NO_BROWSER)


@pytest.fixture(scope="session")
def testing_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """Another, with the browser that tests what is made."""
    yield from _keyless(tmp_path_factory.mktemp("tested"))


def _keyless(data: Path, **environment: str) -> Iterator[Process]:
    arguments = ["serve", "--no-open", "--port", str(free_port())]
    arguments += ["--frame-port", str(free_port()), "--data-dir", str(data)]
    process = Process(arguments, clean_environment(**environment)).start()
    yield process
    process.stop()


@pytest.fixture
def scripted(tmp_path: Path) -> Iterator[Start]:
    """A function that starts `sandwright scripted`, the shipped fake model."""
    started: list[Process] = []

    def start(answers: str | None = None, tokens_per_second: float = 2000, *more: str) -> Process:
        arguments = ["scripted", "--port", "0", "--tokens-per-second", str(tokens_per_second)]
        arguments += more
        if answers is not None:
            path = tmp_path / f"answers-{len(started)}.json"
            path.write_text(answers, encoding="utf-8")
            arguments += ["--answers", str(path)]
        process = Process(arguments, clean_environment()).start()
        started.append(process)
        return process

    yield start
    for process in started:
        process.stop()


class Api:
    """A client of the API that fails on an unexpected status."""

    def __init__(self, url: str, **headers: str) -> None:
        self.client = httpx.Client(base_url=url, headers=headers)

    def __call__(self, method: str, path: str, *, status: int = 200, **body: Any) -> Any:
        response = self.client.request(method, path, json=body or None)
        assert response.status_code == status, response.text
        return response.json() if response.content else None

    def ended(self, generation: dict[str, Any]) -> dict[str, Any]:
        """Follow the event stream to its end; returns the generation as it is then."""
        path = f"/api/generations/{generation['id']}/events"
        with self.client.stream("GET", path) as response:
            for line in response.iter_lines():
                if line == "event: end":
                    break
        return self("GET", f"/api/generations/{generation['id']}")


@pytest.fixture
def api() -> Iterator[Callable[..., Api]]:
    """A function that makes a client for a server's address."""
    made: list[Api] = []

    def make(url: str, **headers: str) -> Api:
        client = Api(url, **headers)
        made.append(client)
        return client

    yield make
    for client in made:
        client.client.close()
