"""Importing files over the API and the command line."""

from __future__ import annotations

import base64
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import BIN, Process, clean_environment, until
from tests.forks import run_sandwright
from tests.growing import repeated
from tests.integration.tools import BROKEN
from tests.unit.test_importing import FILES, PAGE, packed


def sent(name: str, data: bytes) -> dict[str, str]:
    return {"name": name, "data": base64.b64encode(data).decode()}


def test_a_zip_is_imported_and_what_is_missing_is_told(server: Process, api: Any) -> None:
    client = api(server.url)
    file = sent("site.zip", packed({"index.html": PAGE.encode(), **FILES}))
    made = client("POST", "/api/artifacts/import", status=201, file=file)
    assert made["artifact"]["title"] == "Round"
    assert made["missing"] == ["img/none.png"]
    assert made["notes"] == []
    assert (made["version"]["n"], made["version"]["prompt"]) == (1, None)


def test_a_component_sent_as_html_is_made_into_a_document(server: Process, api: Any) -> None:
    client = api(server.url)
    code = "export default function Dice() { return <b>6</b>; }"
    made = client("POST", "/api/artifacts/import", status=201, html=code)["artifact"]["id"]
    source = client.client.get(f"/api/artifacts/{made}/versions/1/source").text
    assert source.startswith("<!doctype html>")
    assert "React.createElement(Dice)" in source


def test_what_is_no_tool_is_a_problem_that_says_what_it_is(server: Process, api: Any) -> None:
    client = api(server.url)
    for file, status, said in (
        (sent("a.html", b"%PDF-1.4"), 422, "a.html is a PDF."),
        (sent("a.zip", packed({"../a.html": b"<p>"})), 422, "leads out of it"),
        ({"name": "a.html", "data": "?"}, 422, "not base64"),
    ):
        response = client.client.post("/api/artifacts/import", json={"file": file})
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"
        assert said in response.json()["detail"]
    client("POST", "/api/artifacts/import", status=422)


def test_a_pattern_that_takes_for_ever_stops_no_server(testing_server: Process, api: Any) -> None:
    client = api(testing_server.url)
    field = f'<label>Code <input value="{"a" * 40}!" pattern="(a+)+"></label><button>Go</button>'
    made = client("POST", "/api/artifacts/import", status=201, html=f"<h1>Code</h1>{field}")
    path = f"/api/artifacts/{made['artifact']['id']}/versions/1"
    until(lambda: client("GET", path)["report"])
    assert client("GET", path)["report"]["verdict"] != "failed"
    client("GET", "/healthz")


def test_a_folder_and_files_are_imported_from_the_command_line(tmp_path: Path) -> None:
    for name, body in {"index.html": PAGE.encode(), **FILES}.items():
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    (tmp_path / "round.svg").write_text("<svg viewBox='0 0 1 1'><circle r='1'/></svg>")
    (tmp_path / "letter.html").write_bytes(b"%PDF")
    (tmp_path / "old.html").write_bytes(b"<p>\xff\x81")
    (tmp_path / "broken.html").write_text(BROKEN)
    given = [str(tmp_path / one) for one in ("site", "round.svg")]
    words = ["import", "--no-test", "--json", *given]
    environment = clean_environment(SANDWRIGHT_DATA_DIR=str(tmp_path / "data"))

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        return run_sandwright(*more, environment=environment)

    done = run(*words)
    assert done.returncode == 0, done.stderr
    folder, drawing = (json.loads(line) for line in done.stdout.splitlines())
    assert (folder["title"], folder["missing"]) == ("Round", ["img/none.png"])
    assert drawing["title"] == "Round"
    assert {one["verdict"] for one in (folder, drawing)} == {"not tested"}
    done = run("import", "--json", str(tmp_path / "round.svg"), str(tmp_path / "broken.html"))
    assert done.returncode == 1, done.stderr
    drawing, broken = (json.loads(line) for line in done.stdout.splitlines())
    assert (drawing["verdict"], broken["verdict"]) == ("passed", "failed")
    assert "missingFunction is not defined" in broken["report"]["findings"][0]["message"]
    out = tmp_path / "out.html"
    assert run("export", "--no-check", drawing["artifact"], "-o", str(out)).returncode == 0
    assert "<circle r='1'/>" in out.read_text()
    odd = run("import", "--no-test", str(tmp_path / "old.html"))
    assert odd.stderr.strip().endswith("were replaced in: old.html."), odd.stderr
    refused = run("import", str(tmp_path / "letter.html"))
    assert refused.returncode == 2
    assert "letter.html is a PDF." in refused.stderr


def test_a_test_that_cannot_be_run_does_not_keep_the_next_file_away(tmp_path: Path) -> None:
    """Each is imported, "not tested", with the reason: here what drives the browser is broken."""
    package = tmp_path / "broken" / "playwright"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('half installed')")
    files = [tmp_path / f"{name}.svg" for name in ("one", "two")]
    for file in files:
        file.write_text("<svg viewBox='0 0 1 1'><circle r='1'/></svg>")
    environment = clean_environment(
        SANDWRIGHT_DATA_DIR=str(tmp_path / "data"), PYTHONPATH=str(tmp_path / "broken")
    )
    done = subprocess.run(
        [str(BIN / "sandwright"), "import", "--json", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=110,
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["path"], one["verdict"]) for one in told] == [
        (str(file), "not tested") for file in files
    ], done.stderr
    assert "half installed" in told[0]["report"]["reason"]
    assert done.returncode == 0


SIZE = 300_000
FREEZING = {
    "a default export before spaces": ("a.jsx", "export default a", " ", "x\n"),
    "imports of nothing": ("b.jsx", "export default a\n", "import\n", ""),
    "a tag without an end": ("c.html", "<!doctype html><title>T</title><p>x<", "a", ""),
    "tags in quotes": ("d.html", "<a ", ' ="<a "', ""),
    "scripts without an end": ("e.html", "", "<script ", ""),
    "styles without an end": ("f.html", "<svg>", "<style>", ""),
    "a clipboard that is never read": ("g.html", "<p>", "clipboard ", ""),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("case", list(FREEZING))
def test_no_file_keeps_others_from_being_answered(server: Process, api: Any, case: str) -> None:
    """Each would hold the whole server for a minute or longer, were it searched again and again."""
    name, start, part, end = FREEZING[case]
    text = start + repeated(part, SIZE) + end
    client = api(server.url)
    with ThreadPoolExecutor(1) as beside, httpx.Client(base_url=server.url, timeout=20) as other:
        file = sent(name, text.encode())
        brought = beside.submit(client.client.post, "/api/artifacts/import", json={"file": file})
        while not brought.done():
            assert other.get("/healthz").status_code == 200
    made = brought.result()
    assert made.status_code == 201
    restored = f"/api/artifacts/{made.json()['artifact']['id']}/versions/1/restore"
    client("POST", restored, status=201)


@pytest.mark.timeout(60)
def test_a_zip_whose_files_import_each_other_in_a_long_row_is_a_problem(
    server: Process, api: Any
) -> None:
    files = {f"{n}.css": f"@import '{n + 1}.css';".encode() for n in range(400)}
    page = b"<style>@import '0.css';</style>"
    file = sent("row.zip", packed({"index.html": page, **files}))
    response = api(server.url).client.post("/api/artifacts/import", json={"file": file})
    assert response.status_code == 422
    assert "more than 50 files" in response.json()["detail"]
    assert "fewer" in response.json()["action"]
