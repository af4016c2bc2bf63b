"""The other commands, run as a person runs them: exit codes and what a program may read."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sqlite3
import subprocess
from pathlib import Path

import pytest

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
