"""Starts `sandwright` commands without importing the application anew for each.

A process of this suite imports it once and forks for every start: what runs is the real command,
with an environment, pipes and signals of its own. How a start from nothing goes is for
tests/integration/test_serve.py, which does not use this.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# With what a command imports only when it needs it.
LOADED = (
    *("server.app", "sandbox.smoke.driver", "sandbox.smoke.pool", "aiosqlite"),
    *("alembic.command", "alembic.config", "alembic.op"),
    *(f"server.commands.{name}" for name in ("serve", "scripted", "new", "export", "import_")),
    *(f"server.commands.{name}" for name in ("smoke_test", "models", "doctor", "libraries")),
)

# What any server reads from files of ours when it starts, or for its first page.
READ = (
    ("sandbox.libraries.shelf", "shipped_shelf"),
    ("server.routes.assets", "files"),
    ("server.routes.assets", "compile_templates"),
    ("server.recipes.retrieval", "index"),
)


class Forked:
    """A started command, as far as tests use `subprocess.Popen`."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        request = {"arguments": list(arguments), "environment": dict(environment)}
        out, out_end = os.pipe()
        errors, errors_end = os.pipe()
        told, told_end = os.pipe()
        with tempfile.TemporaryFile() as written:
            written.write(json.dumps(request).encode())
            written.seek(0)
            _parent().ask([out_end, errors_end, told_end, written.fileno()])
        for end in (out_end, errors_end, told_end):
            os.close(end)
        self.stdout = os.fdopen(out, encoding="utf-8")
        self.stderr = os.fdopen(errors, encoding="utf-8")
        self._told = os.fdopen(told)
        self.pid = int(self._told.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        return self._ended(0)

    def wait(self, timeout: float) -> int:
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("sandwright", timeout)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def _ended(self, seconds: float) -> int | None:
        if self.returncode is None and select.select([self._told], [], [], seconds)[0]:
            self.returncode = int(self._told.readline())
            self._told.close()
        return self.returncode


def run_sandwright(
    *words: str, environment: Mapping[str, str], timeout: float = 110
) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself, with what it wrote."""
    if not hasattr(os, "fork"):
        anew = [str(Path(sys.executable).parent / "sandwright"), *words]
        return subprocess.run(
            anew, capture_output=True, text=True, check=False, env=environment, timeout=timeout
        )
    command = Forked(words, environment)
    with ThreadPoolExecutor(2) as readers:
        texts = [readers.submit(stream.read) for stream in (command.stdout, command.stderr)]
        try:
            code = command.wait(timeout)
        finally:
            command.send_signal(signal.SIGKILL)
        out, errors = (text.result() for text in texts)
    command.stdout.close()
    command.stderr.close()
    return subprocess.CompletedProcess(words, code, out, errors)


class _Parent:
    """The process that forks; it ends, with all of its children, when this one does."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        self._asking = threading.Lock()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                cwd=Path(__file__).parent.parent,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        atexit.register(self._end)

    def ask(self, descriptors: list[int]) -> None:
        with self._asking:
            socket.send_fds(self._socket, [b"."], descriptors)

    def _end(self) -> None:
        self._socket.close()
        self._process.wait(timeout=60)


@functools.cache
def _parent() -> _Parent:
    return _Parent()


def _serve(control: socket.socket) -> list[str] | None:
    """Fork for each request; returns a child's arguments, in the child, and None at the end."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    running: dict[int, int] = {}  # where to tell how each child ended
    while True:
        ready, _, _ = select.select([control, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            _reap(running)
        if control in ready:
            message, descriptors, _, _ = socket.recv_fds(control, 1, 4)
            if not message:
                _end_all(running)
                return None
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for held in (control.detach(), woken, wake, *running.values()):
                    os.close(held)
                return _become(*descriptors)
            out, errors, told, written = descriptors
            os.write(told, f"{pid}\n".encode())
            running[pid] = told
            for held in (out, errors, written):
                os.close(held)


def _become(out: int, errors: int, told: int, written: int) -> list[str]:
    with os.fdopen(written, "rb") as request:
        asked = json.loads(request.read())
    nothing = os.open(os.devnull, os.O_RDONLY)
    for held, standard in ((nothing, 0), (out, 1), (errors, 2)):
        os.dup2(held, standard)
        os.close(held)
    os.close(told)
    os.environ.clear()
    os.environ.update(asked["environment"])
    time.tzset()
    tempfile.tempdir = None
    arguments: list[str] = asked["arguments"]
    return arguments


def _reap(running: dict[int, int]) -> None:
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        told = running.pop(pid)
        with contextlib.suppress(BrokenPipeError):  # nobody waits for it any more
            os.write(told, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os.close(told)


def _end_all(running: dict[int, int]) -> None:
    for pid in running:
        os.kill(pid, signal.SIGTERM)
    for pid in running:
        os.waitpid(pid, 0)


def _main() -> int:
    for name in LOADED:
        importlib.import_module(name)
    for name, function in READ:
        getattr(importlib.import_module(name), function)()
    gc.freeze()  # each child's first collection would copy all of it
    control = socket.socket(fileno=int(sys.argv[1]))
    arguments = _serve(control)
    if arguments is None:
        return 0
    sys.argv = ["sandwright", *arguments]
    code: int = importlib.import_module("server.cli").main()
    return code


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parent.parent)
    sys.exit(_main())
