"""The other commands, run as a person runs them: exit codes and what a program may read."""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import json
import os
import re
import runpy
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from server.commands.smoke_sources import LARGEST
from tests.conftest import free_port
from tests.forks import run_sandwright

GOOD = "<!doctype html>\n<title>Clicker</title>\n<h1>Clicks</h1>\n<button>Press</button>\n"
BROKEN = GOOD.replace("<button>", '<button onclick="tally()">')


def sandwright(*words: object, **variables: str) -> subprocess.CompletedProcess[str]:
    plain = {name: v for name, v in os.environ.items() if not name.startswith("SANDWRIGHT_MAX")}
    return run_sandwright(*map(str, words), environment={**plain, **variables})


@pytest.fixture
def good(tmp_path) -> Path:
    path = tmp_path / "good.html"
    path.write_text(GOOD)
    return path


@pytest.fixture
def broken(tmp_path) -> Path:
    path = tmp_path / "broken.html"
    path.write_text(BROKEN)
    return path


@pytest.fixture
def pages(good: Path) -> Iterator[str]:
    """The address of a server of pages, with a name and a password."""
    given = {
        "/good": ("text/html; charset=utf-8", good.read_bytes()),
        "/data": ("application/json", b"{}"),
        "/large": ("text/html", b" " * (LARGEST + 1)),
        "/orders": ("te\x1b[31mowned\x9b0mxt", b""),
    }

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/moved":
                self.send_response(302)
                self.send_header("Location", "/good")
                self.end_headers()
                return
            kind, body = given.get(self.path, ("text/html", b""))
            self.send_response(200 if self.path in given else 404)
            self.send_header("Content-Type", kind)
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://me:secret@127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_good_and_a_broken_file_are_one_json_line_each_and_exit_1(good, broken, tmp_path):
    pictures = tmp_path / "pictures"
    done = sandwright("test", good, broken, "--json", "--screenshot", pictures)
    assert done.returncode == 1, done.stderr
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["file"], first["verdict"]) == (str(good), "passed")
    assert (second["file"], second["verdict"]) == (str(broken), "failed")
    finding = next(found for found in second["findings"] if found["severity"] == "fatal")
    assert "tally" in finding["message"]
    assert finding["line"] == 4
    assert finding["phase"] == "interact"
    assert finding["signature"]
    for report in (first, second):
        assert isinstance(report["duration_ms"], int)
        assert report["screenshots"]
        assert all(Path(path).read_bytes().startswith(b"\x89PNG") for path in report["screenshots"])


def test_files_folders_and_addresses_are_a_json_line_each_in_the_order_given(good, pages, tmp_path):
    """Two at a time; no password is shown. Without a browser: none is needed to say so."""
    folder = tmp_path / "site"
    for path in ("b/one.HTML", "a.html", ".git/no.html", "b/node_modules/no.html", "b/no.txt"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("<h1>Page</h1>")
    report = tmp_path / "report.xml"
    words = ["test", good, folder, f"{pages}/moved", f"{pages}/data", "--jobs", 2]
    done = sandwright(*words, "--json", "--junit", report, SANDWRIGHT_BROWSER="none")
    assert done.returncode == 2, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    plain = pages.replace("me:secret@", "")
    names = [good, folder / "a.html", folder / "b/one.HTML", f"{plain}/moved", f"{plain}/data"]
    assert [one["file"] for one in told] == list(map(str, names))
    assert "browser" in told[3]["reason"]
    assert told[4]["reason"] == "it is no HTML but application/json"
    begun = [f"{n} of 5: {name}" for n, name in enumerate(names, start=1)]
    assert sorted(done.stderr.splitlines()) == begun
    assert "secret" not in done.stdout + report.read_text("utf-8")
    suite = ET.parse(report).getroot().find("testsuite")
    assert suite is not None
    assert [suite.get(name) for name in ("tests", "failures", "skipped")] == ["5", "0", "5"]


def test_what_cannot_be_fetched_or_given_exits_2(pages, tmp_path, free_address):
    """Without a browser: none is needed to say so."""
    none = {"SANDWRIGHT_BROWSER": "none"}
    given = [f"{pages}/large", f"{pages}/gone", free_address, "https://"]
    done = sandwright("test", *given, "--json", **none)
    assert done.returncode == 2
    reasons = [json.loads(line)["reason"] for line in done.stdout.splitlines()]
    assert reasons[:2] == ["larger than 20 MB", "the server answered 404"]
    assert all("cannot be fetched" in reason for reason in reasons[2:])
    empty = tmp_path / "empty"
    empty.mkdir()
    assert refused(sandwright("test", empty, **none)) == f"{empty} has no .html file."
    out = tmp_path / "none/report.xml"
    line = refused(sandwright("test", tmp_path / "x.html", "--junit", out, **none))
    assert line == f"{out} cannot be written: No such file or directory"
    done = sandwright("test", tmp_path / "x.html", "--jobs", "0", **none)
    assert done.returncode == 2
    assert "a number from 1 to 16" in done.stderr


def test_what_a_server_says_of_its_page_gives_a_terminal_no_orders(pages):
    """Neither as words nor as JSON, which holds them whole."""
    none = {"SANDWRIGHT_BROWSER": "none"}
    said = sandwright("test", f"{pages}/orders", **none).stdout.strip()
    assert said.isprintable()
    assert "x1b[31mowned" in said
    told = sandwright("test", f"{pages}/orders", "--json", **none).stdout.strip()
    assert told.isprintable()
    assert json.loads(told)["reason"] == "it is no HTML but te\x1b[31mowned\x9b0mxt"


def test_the_library_in_three_lines_runs_as_its_page_has_it(tmp_path, monkeypatch):
    monkeypatch.setenv("SANDWRIGHT_BROWSER", "none")
    told = (Path(__file__).parents[2] / "docs/testing.md").read_text("utf-8")
    example = tmp_path / "example.py"
    example.write_text(told.partition("```python\n")[2].partition("```")[0], "utf-8")
    assert asyncio.run(runpy.run_path(str(example))["tested"](GOOD)) == ["not tested"]


@pytest.fixture
def free_address() -> str:
    return f"http://127.0.0.1:{free_port()}/"


def test_a_good_file_exits_0_and_a_person_reads_the_verdict(good):
    done = sandwright("test", good)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{good}: passed" in done.stdout


def test_without_a_browser_nothing_is_tested_and_the_exit_code_is_2(good):
    done = sandwright("test", good, "--json", SANDWRIGHT_BROWSER="/no/such/browser")
    assert done.returncode == 2
    report = json.loads(done.stdout)
    assert report["verdict"] == "not tested"
    assert "/no/such/browser" in report["reason"]


def test_a_file_that_is_not_there_is_not_tested_and_exits_2(tmp_path):
    done = sandwright("test", tmp_path / "nowhere.html", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["verdict"] == "not tested"


def refused(done):
    """Exit 2 and one line, no traceback; returns the line."""
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.splitlines()
    return line


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a-file"
    path.write_text("in the way")
    return path


COMMANDS = {
    "new": ("new", "tip splitter"),
    "export": ("export", "abc", "-o", "{out}"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_data_directory_that_cannot_be_made_is_one_line(name, file, tmp_path):
    out = tmp_path / "out.html"
    words = [word.format(out=out) for word in COMMANDS[name]]
    line = refused(sandwright(*words, SANDWRIGHT_DATA_DIR=str(file / "data")))
    assert str(file / "data") in line
    assert "out.html" not in line


@pytest.mark.parametrize("name", COMMANDS)
def test_a_database_that_is_none_is_one_line(name, tmp_path):
    (tmp_path / "sandwright.db").write_bytes(b"this is no database, it is a letter" * 200)
    words = [word.format(out=tmp_path / "out.html") for word in COMMANDS[name]]
    line = refused(sandwright(*words, SANDWRIGHT_DATA_DIR=str(tmp_path)))
    assert "database" in line


@pytest.mark.parametrize("name", COMMANDS)
def test_a_database_from_the_future_is_one_line(name, tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / "sandwright.db")) as database:
        database.execute("CREATE TABLE alembic_version (version_num)")
        database.execute("INSERT INTO alembic_version VALUES ('9999')")
        database.commit()
    words = [word.format(out=tmp_path / "out.html") for word in COMMANDS[name]]
    line = refused(sandwright(*words, SANDWRIGHT_DATA_DIR=str(tmp_path)))
    assert "9999" in line


def test_a_tool_that_is_not_there_is_not_exported_and_the_data_stay_private(tmp_path):
    data = tmp_path / "data"
    words = ("export", "abc@2", "-o", tmp_path / "out.html")
    assert "'abc'" in refused(sandwright(*words, SANDWRIGHT_DATA_DIR=str(data)))
    assert data.stat().st_mode & 0o777 == 0o700
    words = ("export", "abc@²", "-o", tmp_path / "out.html")
    assert "no version number" in refused(sandwright(*words, SANDWRIGHT_DATA_DIR=str(data)))


def test_an_output_that_cannot_be_written_is_one_line(tmp_path):
    out = tmp_path / "none" / "out.html"
    here = {"SANDWRIGHT_DATA_DIR": str(tmp_path), "SANDWRIGHT_BROWSER": "/no/such/browser"}
    made = json.loads(sandwright("new", "tip splitter", "--json", **here).stdout)
    line = refused(sandwright("export", made["artifact"], "-o", out, **here))
    assert line == f"{out} cannot be written: No such file or directory."


def test_a_screenshot_that_cannot_be_written_is_one_line(good, tmp_path):
    (tmp_path / "01-good-load.png").mkdir()
    line = refused(sandwright("test", good, "--screenshot", tmp_path))
    assert "01-good-load.png cannot be written" in line


def test_a_model_that_nothing_serves_is_one_line():
    assert "SANDWRIGHT_MODEL" in refused(sandwright("models", SANDWRIGHT_MODEL="nowhere/m"))


def test_doctor_says_what_works_and_exits_0(tmp_path):
    done = sandwright("doctor", "--json", SANDWRIGHT_DATA_DIR=str(tmp_path))
    report = json.loads(done.stdout)
    works = {check["name"]: check["works"] for check in report["checks"]}
    assert {"Python", "Browser", "Data", "Database", "Model", "Fonts and icons"} <= set(works)
    assert report["ok"] == all(works.values())
    assert done.returncode == (0 if report["ok"] else 1)
    assert works["Browser"], done.stdout


def test_doctor_says_what_to_do_about_what_does_not_work_and_exits_1(tmp_path):
    (tmp_path / "sandwright.db").write_bytes(b"this is no database, it is a letter" * 200)
    done = sandwright(
        "doctor", SANDWRIGHT_DATA_DIR=str(tmp_path), SANDWRIGHT_BROWSER="/no/such/browser"
    )
    assert done.returncode == 1
    assert "BROKEN Browser" in done.stdout
    assert "BROKEN Database" in done.stdout
    assert done.stdout.count("To do: ") >= 2


def test_a_command_that_does_not_exist_exits_2():
    assert sandwright("bake").returncode == 2


def test_help_names_every_command():
    done = sandwright("--help")
    assert done.returncode == 0
    for name in (
        "serve",
        "new",
        "test",
        "import",
        "export",
        "models",
        "doctor",
        "prove",
        "libraries",
        "scripted",
    ):
        assert re.search(rf"^    {name}\s", done.stdout, re.MULTILINE)


def test_scripted_with_answers_that_are_not_there_exits_2(tmp_path):
    done = sandwright("scripted", "--port", "0", "--answers", tmp_path / "none.json")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
