"""`sandwright serve` as a person meets it: a real process, real ports, real signals."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

SANDWRIGHT = Path(sys.executable).parent / "sandwright"
HERE = "127.0.0.1"
SECONDS = 60  # for a start or an end on a busy machine


class Server:
    """A running `serve`; what it says is kept in files, so that a full pipe never stops it."""

    def __init__(self, folder: Path, *flags: str, **variables: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.out, self.err = folder / "out", folder / "err"
        plain = {name: v for name, v in os.environ.items() if not name.startswith("SANDWRIGHT_")}
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                [SANDWRIGHT, "serve", "--data-dir", folder / "data", *flags],
                stdout=out,
                stderr=err,
                env={**plain, **variables},
                start_new_session=True,
            )

    def url(self) -> str:
        self.until(lambda: self.out.read_text().endswith("\n") or self.process.poll() is not None)
        return self.out.read_text().strip()

    def until(self, condition) -> None:
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < deadline, self.err.read_text()
            time.sleep(0.02)

    def descendants(self) -> set[int]:
        """Every process below this one, whatever process group it moved to."""
        parents = {}
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(fields[1])
        found, waiting = set(), [self.process.pid]
        while waiting:
            parent = waiting.pop()
            children = {pid for pid, above in parents.items() if above == parent}
            found |= children
            waiting.extend(children)
        return found

    def end(self, number: int) -> int:
        os.killpg(self.process.pid, number)  # as a terminal does
        return self.process.wait(timeout=SECONDS)


@pytest.fixture
def serve(tmp_path):
    started = []

    def start(*flags: str, name: str = "one", **variables: str) -> Server:
        started.append(Server(tmp_path / name, *flags, **variables))
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()


@pytest.fixture
def taken():
    with socket.socket() as other:
        other.bind((HERE, 0))
        other.listen()
        yield other.getsockname()[1]


def alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def refused(folder: Path, *flags: str, **variables: str) -> str:
    """Run `serve` where it must not start; return what it says."""
    server = Server(folder, *flags, **variables)
    assert server.process.wait(timeout=SECONDS) == 2
    assert server.out.read_text() == ""
    said = server.err.read_text()
    assert said.count("\n") == 1
    assert "Traceback" not in said
    return said


def test_the_address_is_printed_once_alone_and_answers_from_that_moment(serve):
    server = serve("--port", "0", "--frame-port", "0")
    url = server.url()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url), server.err.read_text()
    with urllib.request.urlopen(f"{url}/healthz", timeout=SECONDS) as response:
        assert response.status == 200
    assert server.end(signal.SIGTERM) == 0
    assert server.out.read_text() == f"{url}\n"
    assert "Traceback" not in server.err.read_text()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads processes from /proc")
def test_ctrl_c_leaves_no_process_behind_and_no_traceback(serve):
    server = serve("--port", "0", "--frame-port", "0")
    assert server.url().startswith("http://"), server.err.read_text()
    server.until(server.descendants)  # the browser that tests tools, warming up
    children = server.descendants()
    assert server.end(signal.SIGINT) == 0
    server.until(lambda: not any(alive(pid) for pid in children))
    assert "Traceback" not in server.err.read_text()


def test_an_open_event_stream_does_not_hold_up_the_end(serve):
    server = serve("--port", "0", "--frame-port", "0")
    url = server.url()
    body = b'{"prompt": "tip splitter"}'
    request = urllib.request.Request(
        f"{url}/api/artifacts", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=SECONDS) as response:
        artifact = re.search(rb'"id":\s*"(\w+)"', response.read())
    assert artifact is not None
    events = f"{url}/api/artifacts/{artifact[1].decode()}/events"
    with urllib.request.urlopen(events, timeout=SECONDS) as stream:
        assert stream.readline()
        started = time.monotonic()
        assert server.end(signal.SIGTERM) == 0
        assert time.monotonic() - started < 15
    assert "Traceback" not in server.err.read_text()


def test_a_taken_default_port_moves_and_says_so(serve):
    with contextlib.ExitStack() as stack:
        for port in (8000, 8001):
            other = stack.enter_context(socket.socket())
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):  # then another program has it already
                other.bind((HERE, port))
                other.listen()
        server = serve()
        url = server.url()
        assert url.startswith("http://"), server.err.read_text()
        port = url.rpartition(":")[2]
        assert f"Port 8000 is taken; using {port}.\n" in server.err.read_text()
        assert "Port 8001 is taken; using " in server.err.read_text()
        with urllib.request.urlopen(f"{url}/healthz", timeout=SECONDS) as response:
            assert response.status == 200


def test_a_taken_port_that_was_chosen_by_flag_is_refused(tmp_path, taken):
    said = refused(tmp_path / "one", "--port", str(taken))
    assert said == f"Port {taken} is taken by another program.\n"


def test_a_taken_frame_port_that_was_chosen_by_variable_is_refused(tmp_path, taken):
    said = refused(tmp_path / "one", "--port", "0", SANDWRIGHT_FRAME_PORT=str(taken))
    assert f"Port {taken} is taken" in said


def test_other_machines_are_not_let_in_without_a_token(tmp_path):
    assert "SANDWRIGHT_ACCESS_TOKEN" in refused(tmp_path / "one", "--host", "0.0.0.0")


def test_a_token_that_can_be_guessed_lets_no_other_machines_in(tmp_path, serve):
    said = refused(tmp_path / "one", "--host", "0.0.0.0", SANDWRIGHT_ACCESS_TOKEN="fifteen-letters")
    assert "SANDWRIGHT_ACCESS_TOKEN must have 16 characters" in said
    assert "openssl rand" in said
    here = serve("--port", "0", "--frame-port", "0", SANDWRIGHT_ACCESS_TOKEN="t0ken")
    assert here.url().startswith("http://127.0.0.1:"), here.err.read_text()


def test_with_a_token_it_listens_for_other_machines(serve):
    server = serve(
        *("--host", "0.0.0.0", "--port", "0", "--frame-port", "0"),
        SANDWRIGHT_ACCESS_TOKEN="sixteen-letters!",
    )
    assert server.url().startswith("http://127.0.0.1:"), server.err.read_text()


def test_a_wrong_setting_is_one_line_that_names_it(tmp_path):
    said = refused(tmp_path / "one", SANDWRIGHT_MAX_REPAIRS="many")
    assert said.startswith("SANDWRIGHT_MAX_REPAIRS must be")


def test_a_data_directory_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    said = refused(tmp_path / "one", "--data-dir", str(tmp_path / "file" / "data"))
    assert str(tmp_path / "file" / "data") in said


def test_a_database_that_cannot_be_opened_is_refused(tmp_path):
    letter = tmp_path / "letter.db"
    letter.write_bytes(b"this is no database, it is a letter" * 200)
    ports = ("--port", "0", "--frame-port", "0")
    said = refused(tmp_path / "one", *ports, SANDWRIGHT_DATABASE_URL=f"sqlite:///{letter}")
    assert said.startswith("The database cannot be used: ")
