"""`sandwright new`, `export` and `models`: the main job without a page."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.conftest import NO_BROWSER, Process, Start, clean_environment
from tests.forks import run_sandwright
from tests.integration.tools import BROKEN, GOOD, answers, fenced


def run(data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    environment["SANDWRIGHT_DATA_DIR"] = str(data)
    return run_sandwright(*arguments, environment=clean_environment(**environment))


def result(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_keyless_tool_is_made_tested_written_and_exported_again(tmp_path: Path) -> None:
    """`new` exits 0 with the verdict as JSON; the file passes `test`; `export` gives it again."""
    file, again = tmp_path / "p.html", tmp_path / "again.html"
    made = run(tmp_path, "new", "password generator", "-o", str(file), "--json")
    assert made.returncode == 0, made.stderr
    said = result(made)
    assert (said["verdict"], said["version"], said["provider"]) == ("passed", 1, "recipes")
    assert said["cost"] == {"amount": 0, "currency": "USD"}
    tested = run(tmp_path, "test", str(file), "--json")
    assert (tested.returncode, result(tested)["verdict"]) == (0, "passed")
    exported = run(tmp_path, "export", said["artifact"], "-o", str(again))
    assert exported.returncode == 0, exported.stderr
    assert again.read_bytes() == file.read_bytes()


def test_a_failed_tool_exits_1_and_is_kept(tmp_path: Path, scripted: Start) -> None:
    """The answer is no: the message and its line are printed, and the version can be exported."""
    model = scripted(answers({"text": fenced(BROKEN)}))
    connected = {"OPENAI_BASE_URL": model.url, "SANDWRIGHT_MAX_REPAIRS": "0"}
    made = run(tmp_path, "new", "a counter", "--json", **connected)
    assert made.returncode == 1
    said = result(made)
    assert "missingFunction is not defined" in said["report"]["findings"][0]["message"]
    exported = run(tmp_path, "export", f"{said['artifact']}@1", "-o", str(tmp_path / "c.html"))
    assert exported.returncode == 0, exported.stderr
    assert "missingFunction" in (tmp_path / "c.html").read_text()


def test_a_repair_is_waited_for_and_the_best_version_is_written(
    tmp_path: Path, scripted: Start
) -> None:
    """What failed at first exits 0 when its repair passes; the ledger says what that took."""
    model, file = (
        scripted(answers({"text": fenced(BROKEN)}, {"text": fenced(GOOD)})),
        tmp_path / "c",
    )
    made = run(tmp_path, "new", "a counter", "--json", "-o", str(file), OPENAI_BASE_URL=model.url)
    assert made.returncode == 0, made.stderr
    said = result(made)
    assert (said["verdict"], said["version"], len(said["ledger"])) == ("passed", 2, 1)
    written = file.read_text()
    assert "missingFunction();" not in written
    assert '"prompt": "a counter"' in written, "the wish, and not what the test found"
    spent = said["spent"]
    assert spent["generations"] == 2
    assert spent["tokens"] > said["usage"]["input"] + said["usage"]["output"]


def test_what_cannot_be_made_exits_1_and_what_cannot_be_asked_exits_2(tmp_path: Path) -> None:
    """A wish without a recipe is a no; an unknown model, version or id could not be done."""
    assert run(tmp_path, "new", "a chess game against an engine", **NO_BROWSER).returncode == 1
    assert run(tmp_path, "new", "a counter", "--model", "nowhere/x", **NO_BROWSER).returncode == 2
    assert run(tmp_path, "new", "  ", **NO_BROWSER).returncode == 2
    unknown = run(tmp_path, "export", "nosuchid", "-o", str(tmp_path / "x.html"))
    assert (unknown.returncode, "nosuchid" in unknown.stderr) == (2, True)


def test_a_dry_run_makes_nothing(tmp_path: Path) -> None:
    """It prints the estimate, and no artifact is stored."""
    dry = run(tmp_path, "new", "split a bill", "--dry-run", "--json")
    assert dry.returncode == 0
    assert result(dry)["recipe"]
    assert run(tmp_path, "models").stdout.startswith("Default: recipes/built-in")


def test_commands_leave_a_running_servers_work_alone(
    tmp_path: Path, serve_app: Start, scripted: Start, api: Any
) -> None:
    """`new` beside a server on the same data interrupts nothing that the server runs."""
    model = scripted(answers({"text": fenced(BROKEN * 12), "tokens_per_second": 150}))
    app: Process = serve_app(tmp_path, OPENAI_BASE_URL=model.url)
    client = api(app.url)
    made = client("POST", "/api/artifacts", status=201, prompt="a counter")
    beside = run(tmp_path, "new", "a to-do list", "--model", "recipes/built-in", **NO_BROWSER)
    assert beside.returncode == 2, "it was made, and not tested"
    assert client("GET", f"/api/generations/{made['generation']['id']}")["state"] != "interrupted"
    listed = client("GET", "/api/artifacts")["items"]
    assert len(listed) == 2, "the server sees what the command made"
