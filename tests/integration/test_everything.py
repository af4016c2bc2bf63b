"""Everything as one archive: what comes back is what went, and nothing that is here is lost."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import json
import random
import re
import shutil
import sqlite3
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from server.cli import main
from server.errors import Problem
from server.everything.reading import open_archive
from server.everything.storing import store
from server.store.database import Database
from tests.conftest import (
    START_SECONDS,
    Api,
    Process,
    Start,
    clean_environment,
    connected_server,
    until,
)
from tests.forks import run_sandwright
from tests.integration.test_nothing_lost import read_frame
from tests.integration.tools import (
    BROKEN,
    GOOD,
    SECOND,
    answers,
    fenced,
    journal,
    limit_files,
    long_document,
)
from tests.sampling import sampled

# What opens a frame, and who ran a generation, is one server's own.
OWN = {"label", "secret", "bridge_key", "owner", "lease_expires"}
# Half a surrogate pair in its console and on its button, which is a string to JavaScript.
LOUD = GOOD.replace(
    "let n = 0;", "let n = 0; console.error('\\ud800 said'); b.textContent = '\\udc00 Add';"
)
NOTE = {"name": "note.txt", "media_type": "text/plain", "data": "aGVsbG8="}


def records(data: Path, table: str) -> list[dict[str, Any]]:
    with contextlib.closing(sqlite3.connect(data / "sandwright.db")) as database:
        database.row_factory = sqlite3.Row
        rows = database.execute(f"SELECT * FROM {table}").fetchall()
    told = [{name: row[name] for name in row.keys() if name not in OWN} for row in rows]  # noqa: SIM118
    return sorted(told, key=repr)


def tables(data: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(data / "sandwright.db")) as database:
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name != 'alembic_version'"
        return [row[0] for row in database.execute(query)]


def contents(data: Path) -> dict[str, list[dict[str, Any]]]:
    return {table: records(data, table) for table in tables(data)}


def secrets(data: Path) -> set[str]:
    with contextlib.closing(sqlite3.connect(data / "sandwright.db")) as database:
        query = "SELECT label FROM artifacts UNION SELECT secret FROM versions"
        return {row[0] for row in database.execute(f"{query} UNION SELECT secret FROM generations")}


def seen(client: Api, artifact: str) -> dict[str, Any]:
    """All that the API tells of a tool, but for the addresses of its frames."""
    path = f"/api/artifacts/{artifact}"
    versions = client("GET", f"{path}/versions")["items"]
    told = {
        "artifact": client("GET", path),
        "grants": client("GET", f"{path}/grants"),
        "messages": client("GET", f"{path}/messages"),
        "data": client("GET", f"{path}/data"),
        "versions": versions,
        "sources": [
            client.client.get(f"{path}/versions/{one['n']}/source").text for one in versions
        ],
    }
    generations = {one["generation"] for one in told["messages"]["items"]} - {None}
    told["generations"] = [client("GET", f"/api/generations/{one}") for one in sorted(generations)]
    reports = [one["report"] for one in versions if one["report"]]
    shots = [shot for report in reports for shot in report["screenshots"]]
    shots += [one["picture"] for report in reports for one in report["steps"] if one["picture"]]
    told["shots"] = [client.client.get(shot).content for shot in shots]
    text = json.dumps({**told, "shots": None})
    return {"told": re.sub(r'"frame_url": "[^"]*"', "", text), "shots": told["shots"]}


def has_reports(client: Api, artifact: str) -> bool:
    versions = client("GET", f"/api/artifacts/{artifact}/versions")["items"]
    return all(one["report"] for one in versions)


def fill(client: Api) -> list[str]:
    """Make tools with all that a tool may have; the last is in the bin."""
    made = client("POST", "/api/artifacts", status=201, prompt="a counter", attachments=[NOTE])
    first = made["artifact"]["id"]
    path = f"/api/artifacts/{first}"
    client.ended(made["generation"])
    asked = client("POST", f"{path}/messages", status=202, prompt="bigger")
    client.ended(asked["generation"])
    asked = client("POST", f"{path}/messages", status=202, prompt="cut this short")
    assert client.ended(asked["generation"])["state"] == "failed"
    client("POST", f"{path}/versions/1/restore", status=201)
    client("POST", f"{path}/versions/2/pin")
    client("PATCH", path, title="Größer <b>& besser</b>")
    allowed = {"network": ["https://api.example.org"], "geolocation": True}
    client("PUT", f"{path}/grants", **allowed, kept_blocked=["https://ads.example.org"])
    # Half a surrogate pair, which is a string to JavaScript.
    body = '{"local": {"k\\ud800": "v\\udc00", "emoji": "\\ud83d\\ude00"}, "indexed": {"db": "{}"}}'
    assert client.client.patch(f"{path}/data", content=body).status_code == 204
    second = client("POST", "/api/artifacts/import", status=201, html=LOUD, title="Plain")
    third = client("POST", "/api/artifacts/import", status=201, html=BROKEN, title="Gone")
    found = [first, *(one["artifact"]["id"] for one in (second, third))]
    until(lambda: all(has_reports(client, one) for one in found))
    client("DELETE", f"/api/artifacts/{found[2]}", status=204)
    return found


@dataclass(frozen=True)
class Full:
    """A server with tools that have all that a tool may have; tests only read it."""

    client: Api
    data: Path
    artifacts: list[str]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Full]:
    folder = tmp_path_factory.mktemp("full")
    cut = {"text": fenced(GOOD), "truncate_at": 200, "ending": "cut", "finish_reason": None}
    told = [
        {**cut, "match": "cut this"},
        {"text": fenced(SECOND), "turn": "follow-up"},
        {"text": fenced(LOUD)},
    ]
    with connected_server(folder, told) as url:
        client = Api(url)
        found = fill(client)
        repaired(folder / "data")
        yield Full(client, folder / "data", found)
        client.client.close()


def exported(client: Api) -> bytes:
    response = client.client.get("/api/export")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/zip"
    assert re.search(r'filename="sandwright-[\d-]+\.zip"', response.headers["content-disposition"])
    return response.content


def repaired(data: Path) -> None:
    """Write a repair into the ledger of the tool that a model made."""
    with contextlib.closing(sqlite3.connect(data / "sandwright.db")) as database, database:
        database.execute(
            "INSERT INTO ledger SELECT id, artifact_id, id, 1, 0, 1, 2, '[\"a\"]', '[]', "
            "'1 line added', 9, '{\"amount\": 0.5, \"currency\": \"USD\"}', 1.5, 'Done.', created "
            "FROM generations WHERE version = 2"
        )


def imported(client: Api, archive: bytes, status: int = 200, **query: str) -> dict[str, Any]:
    response = client.client.post("/api/import", content=archive, params=query)
    assert response.status_code == status, response.text
    told: dict[str, Any] = response.json()
    return told


def test_what_comes_back_is_what_went(
    full: Full, serve_app: Start, api: type[Api], tmp_path: Path
) -> None:
    """Into an empty server: every record and every picture; once more changes nothing."""
    first, second, gone = full.artifacts
    archive = exported(full.client)
    empty = api(serve_app(tmp_path / "empty").url)
    told = imported(empty, archive, grants="true")
    assert sorted(told.pop("artifacts")) == sorted([first, second, gone])
    assert told == {
        "added": 3,
        "kept": 0,
        "behind": 0,
        "without_grants": 0,
        "binned": [],
        "libraries": [],
        "words": "3 tools came.",
    }
    before, after = contents(full.data), contents(tmp_path / "empty")
    assert all(before.values()), "the test has something in every table"
    assert after == before
    for artifact in (first, second):
        told = seen(empty, artifact)
        assert told == seen(full.client, artifact)
        assert told["shots"]
    assert "\ufffd said" in seen(empty, second)["told"].encode().decode("unicode_escape")
    binned = empty("GET", "/api/artifacts?deleted=true")["items"]
    assert [one["id"] for one in binned] == [gone]
    # The frames of what came open, by addresses of their own.
    frame = empty("GET", f"/api/artifacts/{first}/versions/2")["frame_url"]
    assert "Counter, bigger" in read_frame(frame)
    assert not secrets(full.data) & secrets(tmp_path / "empty")

    again = imported(empty, archive)
    assert (again["added"], again["kept"]) == (0, 3)
    assert again["binned"] == [gone]
    words = "Nothing new came. 3 were here already and stayed as here. Of these, 1 in the bin."
    assert again["words"] == words
    assert contents(tmp_path / "empty") == before


def test_an_archive_is_read_without_sandwright_and_holds_no_keys(full: Full) -> None:
    """The page lists the tools, each a file that works from disk, and escapes their titles."""
    first, second, gone = full.artifacts
    archive = exported(full.client)
    # A reader that only sees the first bytes knows what it is.
    assert archive[30:45] == b"sandwright.json"
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        page = opened.read("index.html").decode()
        links = [unquote(one) for one in re.findall(r'href="([^"]+)"', page)]
        assert len(links) == 4
        assert all(link in opened.namelist() for link in links)
        live = next(link for link in links if link.startswith(f"tools/{first}/größer"))
        assert live.endswith("-v2.html"), "the pinned version"
        file = opened.read(live).decode()
        assert "Content-Security-Policy" in file
        assert "Counter, bigger" in file
        assert not any(gone in link for link in links)
        assert f"data/{gone}.jsonl" in opened.namelist()
        whole = b"".join(opened.read(name) for name in opened.namelist()).decode()
    assert "Größer &lt;b&gt;&amp; besser&lt;/b&gt;" in page
    assert "<b>" not in page
    assert "1 more, from the bin" in page
    assert not [one for one in secrets(full.data) if one in whole]
    assert second in whole


@pytest.mark.parametrize("is_old", [False, True])
def test_an_odd_count_of_a_host_keeps_no_tool_out(
    serve_app: Start, scripted: Start, api: type[Api], tmp_path: Path, *, is_old: bool
) -> None:
    """Neither now nor where an older Sandwright took its word."""
    count = 7 if is_old else 10**30
    chunks = (
        {"choices": [{"delta": {"content": fenced(GOOD)}, "finish_reason": "stop"}]},
        {"choices": [], "usage": {"prompt_tokens": count, "completion_tokens": 5}},
    )
    raw = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks)
    model = scripted(answers({"raw": f"{raw}data: [DONE]\n\n"}))
    there = api(serve_app(tmp_path / "there", OPENAI_BASE_URL=model.url).url)
    made = there("POST", "/api/artifacts", status=201, prompt="a counter")["generation"]
    assert there.ended(made)["usage"]["input"] == (7 if is_old else None)
    if is_old:
        with contextlib.closing(sqlite3.connect(tmp_path / "there" / "sandwright.db")) as database:
            triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in triggers.fetchall():
                database.execute(f"DROP TRIGGER {name}")
            columns = {"generations": "usage", "versions": "usage", "journal": "data"}
            for table, column in columns.items():
                told = f"replace({column}, '\"input\": 7', '\"input\": {10**30}')"
                database.execute(f"UPDATE {table} SET {column} = {told}")
                query = f"SELECT count(*) FROM {table} WHERE {column} LIKE '%{10**30}%'"
                assert database.execute(query).fetchone() == (1,)
            database.commit()
    here = api(serve_app(tmp_path / "here").url)
    assert imported(here, exported(there))["added"] == 1
    usage = here("GET", f"/api/generations/{made['id']}")["usage"]
    assert (usage["input"], usage["output"]) == (None, 5)


def test_what_was_running_is_interrupted_where_it_comes_to(
    serve_app: Start, scripted: Start, api: type[Api], tmp_path: Path
) -> None:
    """As far as it was on disk it is there, and can be continued."""
    model = scripted(answers({"text": fenced(long_document())}), tokens_per_second=200)
    there = api(serve_app(tmp_path / "there", OPENAI_BASE_URL=model.url).url)
    made = there("POST", "/api/artifacts", status=201, prompt="a long table")["generation"]
    until(lambda: "Row number" in journal(tmp_path / "there"))
    archive = exported(there)
    there("POST", f"/api/generations/{made['id']}/cancel", status=202)
    here = api(serve_app(tmp_path / "here").url)
    assert imported(here, archive)["added"] == 1
    path = f"/api/generations/{made['id']}"
    until(lambda: here("GET", path)["state"] == "interrupted")
    assert here("GET", path)["can_continue"]
    assert "Row number" in read_frame(here("GET", path)["frame_url"])


def test_a_tool_from_a_clock_that_is_ahead_shows_what_is_asked_of_it_here(
    serve_app: Start, scripted: Start, api: type[Api], tmp_path: Path
) -> None:
    """Or one that was made before the clock was set back: a later change comes later."""
    cut = {"text": fenced(GOOD), "truncate_at": 200, "ending": "cut", "finish_reason": None}
    model = scripted(answers(cut, {"text": fenced(SECOND), "turn": "follow-up"}))
    client = api(serve_app(tmp_path / "there", OPENAI_BASE_URL=model.url).url)
    made = client("POST", "/api/artifacts", status=201, prompt="a counter")
    assert client.ended(made["generation"])["state"] == "failed"
    year = made["artifact"]["created"][:4]
    archive = changed(
        exported(client),
        lambda line: re.sub(rf'("(?:created|updated|ended)":"){year}', r"\g<1>2926", line),
    )
    assert archive != exported(client)
    here = api(serve_app(tmp_path / "here", OPENAI_BASE_URL=model.url).url)
    assert imported(here, archive)["added"] == 1
    artifact = made["artifact"]["id"]
    path = f"/api/artifacts/{artifact}"
    events: list[str] = []
    with here.client.stream("GET", f"{path}/events") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "retry: 1000"
        asked = here("POST", f"{path}/messages", status=202, prompt="bigger")["generation"]
        for line in lines:
            events.append(line)
            if line == "event: end" or events.count(": keep-alive") == 3:  # 45 silent seconds
                break
    assert "event: document" in events
    assert events[-1] == "event: end"
    assert here("GET", path)["state"] == here("GET", f"/api/generations/{asked['id']}")["state"]
    again = here("POST", f"/api/generations/{asked['id']}/retry", status=202)["generation"]
    here.ended(again)
    with contextlib.closing(sqlite3.connect(tmp_path / "here" / "sandwright.db")) as database:
        newest = database.execute("SELECT id FROM generations ORDER BY created DESC, id DESC")
        assert newest.fetchone() == (again["id"],)


def test_what_is_here_stays_and_what_is_new_comes(
    server: Process, serve_app: Start, api: type[Api], tmp_path: Path
) -> None:
    """A tool that was changed here is not overwritten; the answer says how many of each."""
    there = api(serve_app(tmp_path / "there").url)
    old = there("POST", "/api/artifacts/import", status=201, html=GOOD)["artifact"]["id"]
    here = api(server.url)
    assert imported(here, exported(there))["added"] == 1
    here("PATCH", f"/api/artifacts/{old}", title="Renamed here")
    here("PATCH", f"/api/artifacts/{old}/data", status=204, local={"mine": "1"})
    there("PATCH", f"/api/artifacts/{old}", title="Renamed there")
    there("POST", f"/api/artifacts/{old}/versions/1/restore", status=201)
    new = there("POST", "/api/artifacts/import", status=201, html=SECOND)["artifact"]["id"]
    told = imported(here, exported(there))
    assert (told["added"], told["kept"], told["behind"]) == (1, 1, 1)
    assert told["words"] == (
        "1 tool came. 1 was here already and stayed as here. "
        "Of these, 1 with newer versions in the archive."
    )
    assert here("GET", f"/api/artifacts/{old}")["version_count"] == 1
    assert here("GET", f"/api/artifacts/{old}")["title"] == "Renamed here"
    assert here("GET", f"/api/artifacts/{old}/data")["local"] == {"mine": "1"}
    assert here("GET", f"/api/artifacts/{new}")["version_count"] == 1


def test_permissions_come_only_when_a_person_says_so(
    serve_app: Start, api: type[Api], tmp_path: Path
) -> None:
    """An archive may be a stranger's: without a word it gives nothing, and never our servers."""
    there = api(serve_app(tmp_path / "there").url)
    made = there("POST", "/api/artifacts/import", status=201, html=GOOD)["artifact"]["id"]
    path = f"/api/artifacts/{made}"
    allowed = ["https://api.example.org"]
    there(
        "PUT", f"{path}/grants", network=allowed, clipboard_read=True, kept_blocked=["geolocation"]
    )
    archive = exported(there)
    here = api(serve_app(tmp_path / "here").url)
    told = imported(here, archive)
    assert told["without_grants"] == 1
    assert told["words"].endswith("1 will ask anew for permissions.")
    grants = here("GET", f"{path}/grants")
    assert (grants["network"], grants["clipboard_read"]) == ([], False)
    assert grants["kept_blocked"] == ["geolocation"]

    forged = changed(archive, lambda line: line.replace("api.example.org", "127.0.0.1"))
    other = api(serve_app(tmp_path / "other").url)
    imported(other, forged, grants="true")
    grants = other("GET", f"{path}/grants")
    assert (grants["network"], grants["clipboard_read"]) == ([], True)

    # Another spelling could not be told from a second server, nor taken back.
    spelled = changed(archive, lambda line: line.replace("api.example.org", "API.example.org:443"))
    third = api(serve_app(tmp_path / "third").url)
    imported(third, spelled, grants="true")
    assert third("GET", f"{path}/grants")["network"] == []


def changed(
    archive: bytes, change: Callable[[str], str], *, only: str = "", **more: bytes
) -> bytes:
    """The archive with other records, of one table perhaps; `more` is put beside them."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for entry in old.infolist():
            body = old.read(entry)
            if entry.filename.startswith("data/"):
                lines = body.decode().splitlines(keepends=True)
                body = "".join(change(one) if only in one[:40] else one for one in lines).encode()
            new.writestr(entry.filename, body)
        for name, part in more.items():
            new.writestr(name, part)
    return out.getvalue()


def linked(archive: bytes) -> bytes:
    out = io.BytesIO(archive)
    with zipfile.ZipFile(out, "a") as opened:
        entry = zipfile.ZipInfo("data/link.jsonl")
        entry.external_attr = 0o120777 << 16
        opened.writestr(entry, "/etc/passwd")
    return out.getvalue()


def field(table: str, name: str, value: Any) -> Callable[[bytes], bytes]:
    def change(line: str) -> str:
        told = json.loads(line)
        if told["table"] != table:
            return line
        assert name in told
        return json.dumps({**told, name: value}) + "\n"

    return lambda archive: changed(archive, change)


def with_line(told: dict[str, Any]) -> Callable[[bytes], bytes]:
    def change(line: str) -> str:
        last = json.loads(line)["table"] == "versions"
        return line + json.dumps(told) + "\n" if last else line

    return lambda archive: changed(archive, change)


def endless(archive: bytes) -> bytes:
    """A record that is small when it is packed."""
    return changed(archive, lambda line: line[:-1].ljust(129 * 1024**2) + "\n", only="artifacts")


def swollen(archive: bytes) -> bytes:
    """A tool that says it is a gigabyte: storing it would keep every other change waiting."""
    out = io.BytesIO(archive)
    with zipfile.ZipFile(out, "a") as opened:
        entry = next(one for one in opened.infolist() if one.filename.startswith("data/"))
        entry.file_size = 2**30
        opened.writestr("a.txt", "")
    return out.getvalue()


def crowded(archive: bytes) -> bytes:
    """An end that says that a gigabyte of names comes before it."""
    at = archive.rindex(b"PK\x05\x06") + 12
    return archive[:at] + (2**30).to_bytes(4, "little") + archive[at + 4 :]


STORED = {"table": "stored_data", "area": "local", "key": "k", "units": 1}
HOSTILE: dict[str, tuple[Callable[[bytes], bytes], int, str]] = {
    "swollen": (swollen, 422, "at most 536,870,912 of one tool fit"),
    "cut": (lambda archive: archive[:-200], 422, "cannot be unpacked"),
    "out of it": (lambda archive: changed(archive, str, **{"../a": b""}), 422, "leads out of it"),
    "link": (linked, 422, "is a link"),
    "crowded": (crowded, 413, "more files than fit"),
    "endless": (endless, 422, "a record is too large"),
    "no JSON": (lambda archive: changed(archive, lambda line: line[:-3] + "\n"), 422, "not JSON"),
    "nothing": (lambda archive: changed(archive, lambda _: ""), 422, "it is empty"),
    "another id": (field("artifacts", "id", "a" * 16), 422, "another tool's"),
    "a path": (field("artifacts", "id", "../../../etc/pas"), 422, "its id cannot be used"),
    "a moment": (field("artifacts", "created", "yesterday"), 422, "its created cannot be used"),
    "a pin": (field("artifacts", "pinned_version", 9), 422, "pinned version is missing"),
    "a circle": (field("versions", "parent", 1), 422, "older than its parent"),
    "no parent": (field("versions", "parent", 0), 422, "a version that it names is missing"),
    "no generation": (
        field("versions", "generation_id", "b" * 16),
        422,
        "a generation that it names is missing",
    ),
    "a shape": (field("versions", "usage", {"input": "many"}), 422, "its usage cannot be used"),
    "a number": (field("versions", "n", 2**40), 422, "its n cannot be used"),
    "a surrogate": (field("versions", "html", "\ud800"), 422, "its html cannot be used"),
    "a stranger's journal": (
        with_line(
            {
                "table": "journal",
                "generation_id": "b" * 16,
                "offset": 1,
                "kind": "prose",
                "data": "{}",
            }
        ),
        422,
        "a journal's generation is missing",
    ),
    "too much": (
        with_line({**STORED, "value": "x" * 5_300_000, "updated": "2026-01-01T00:00:00+00:00"}),
        422,
        "local data are more than fit",
    ),
    "an unknown table": (with_line({"table": "sqlite_master"}), 422, "no kind of record"),
    "an extra field": (with_line({**STORED, "value": "", "more": 1}), 422, "other fields"),
    "a letter": (lambda _: b"Dear Sandwright", 422, "not what Export everything wrote"),
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small archive of one tool."""
    data = tmp_path_factory.mktemp("small")
    environment = clean_environment(SANDWRIGHT_DATA_DIR=str(data))
    tool = data / "tool.html"
    tool.write_text(GOOD)
    for words in (["import", str(tool)], ["export", "--all", str(data / "all.zip")]):
        run_sandwright(*words, environment=environment).check_returncode()
    return (data / "all.zip").read_bytes()


@pytest.mark.parametrize("name", sampled(HOSTILE, set(HOSTILE) - {"swollen"}))
def test_a_bad_archive_is_refused_whole(
    server: Process, api: type[Api], archive: bytes, name: str
) -> None:
    """The reason is said, and nothing of it is stored."""
    spoil, status, said = HOSTILE[name]
    client = api(server.url)
    before = client("GET", "/api/artifacts?limit=100")["items"]
    problem = imported(client, spoil(archive), status)
    assert said in problem["detail"]
    assert client("GET", "/api/artifacts?limit=100")["items"] == before


def test_a_disk_that_fills_is_told_with_what_came(
    serve_app: Start, api: type[Api], tmp_path: Path
) -> None:
    """Made room for, the same archive brings the rest, and nothing a second time."""
    there = api(serve_app(tmp_path / "there").url)
    for html in (GOOD, f"<!doctype html>{'A long tale. ' * 400_000}", SECOND):
        there("POST", "/api/artifacts/import", status=201, html=html)
    archive = exported(there)
    process = serve_app(tmp_path / "here")
    here = api(process.url)
    limit_files(process, 2_000_000)
    problem = imported(here, archive, 507)
    assert problem["detail"] == "The disk took no more. 1 tool came; 2 tools were not imported."
    assert "not brought a second time" in problem["action"]
    assert here("GET", "/readyz")
    limit_files(process, len(archive) // 2)
    problem = imported(here, archive, 507)
    assert problem["detail"] == "The disk has no room for the archive. Nothing was imported."
    limit_files(process)
    told = imported(here, archive)
    assert (told["added"], told["kept"]) == (2, 1)
    assert contents(tmp_path / "here") == contents(tmp_path / "there")


def test_what_cannot_fit_is_refused_before_any_of_it_is_stored(
    archive: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100))

    async def bring() -> int:
        database = Database(f"sqlite+aiosqlite:///{tmp_path}/sandwright.db")
        try:
            await database.migrate()
            opened = open_archive("all.zip", io.BytesIO(archive))
            assert opened is not None
            with pytest.raises(Problem, match=r"0 MB are free\. Nothing was imported") as raised:
                await store(database, opened)
            return raised.value.status
        finally:
            await database.aclose()

    assert asyncio.run(bring()) == 507
    assert records(tmp_path, "artifacts") == []


def test_a_tool_that_cannot_be_read_takes_no_other_with_it(
    serve_app: Start, api: type[Api], tmp_path: Path
) -> None:
    """It is named in the archive, and its document is there; the others come whole."""
    there = api(serve_app(tmp_path / "there").url)
    bad, good = (
        there("POST", "/api/artifacts/import", status=201, html=html)["artifact"]["id"]
        for html in (SECOND, GOOD)
    )
    until(lambda: has_reports(there, bad))
    # One that an older Sandwright wrote is shown all the same.
    finding = {"kind": "console", "severity": "advisory", "phase": "load", "message": "\ud800 said"}
    finding |= {"signature": "a", "line": None, "column": None, "control": None}
    with contextlib.closing(sqlite3.connect(tmp_path / "there" / "sandwright.db")) as database:
        database.execute("UPDATE reports SET findings = ?", [json.dumps([finding])])
        database.commit()
        [shown] = there("GET", f"/api/artifacts/{bad}/versions")["items"]
        assert shown["report"]["findings"][0]["message"] == "\ufffd said"
        database.execute("UPDATE reports SET asked = '{' WHERE artifact_id = ?", [bad])
        database.commit()
    archive = exported(there)
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        names = opened.namelist()
        page = opened.read("index.html").decode()
        assert opened.read(f"tools/{bad}/counter-v1.source.txt").decode() == SECOND
    assert f"tools/{good}/counter-v1.html" in names
    assert f"data/{bad}.jsonl" not in names
    assert f'<a href="tools/{bad}/counter-v1.source.txt">v1</a>' in page
    assert "it cannot be imported from this archive" in page
    here = api(serve_app(tmp_path / "here").url)
    assert imported(here, archive)["added"] == 1
    assert here("GET", f"/api/artifacts/{good}")["title"] == "Counter"


def test_one_bad_record_keeps_every_tool_out(
    serve_app: Start, api: type[Api], tmp_path: Path
) -> None:
    """The first tool is good and the second damaged: neither comes."""
    there = api(serve_app(tmp_path / "there").url)
    for html in (GOOD, SECOND):
        there("POST", "/api/artifacts/import", status=201, html=html)
    here = api(serve_app(tmp_path / "here").url)
    bad = changed(exported(there), lambda line: line.replace("Counter, bigger", "\\ud800"))
    assert "its html cannot be used" in imported(here, bad, 422)["detail"]
    assert here("GET", "/api/artifacts")["items"] == []
    assert not list((tmp_path / "here").glob("tmp*")), "what was sent is gone"


def test_a_tool_cannot_take_records_of_another(
    serve_app: Start, api: type[Api], tmp_path: Path
) -> None:
    """The same conversation under another tool's id is refused, and nothing of it is there."""
    client = api(serve_app(tmp_path / "one").url)
    made = client("POST", "/api/artifacts", status=201, prompt="split a restaurant bill with tip")
    client.ended(made["generation"])
    old, new = made["artifact"]["id"], "a" * 16
    archive, forged = exported(client), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as read, zipfile.ZipFile(forged, "w") as written:
        for name in read.namelist():
            body = read.read(name).replace(old.encode(), new.encode())
            written.writestr(name.replace(old, new), body)
    before = contents(tmp_path / "one")
    problem = imported(client, forged.getvalue(), 409)
    assert new in problem["detail"]
    assert contents(tmp_path / "one") == before


def test_the_command_line_carries_everything_over(archive: bytes, tmp_path: Path) -> None:
    """`import` knows the archive, packed anew in a folder too; a stopped export leaves no half."""
    (tmp_path / "all.zip").write_bytes(archive)
    with (
        zipfile.ZipFile(tmp_path / "all.zip") as old,
        zipfile.ZipFile(tmp_path / "anew.zip", "w") as new,
    ):
        for entry in sorted(old.namelist()):
            new.writestr(f"My tools/{entry}", old.read(entry))

    def run(data: str, *words: str) -> subprocess.CompletedProcess[str]:
        environment = clean_environment(SANDWRIGHT_DATA_DIR=str(tmp_path / data))
        return run_sandwright(*words, environment=environment)

    done = run("one", "import", "--json", str(tmp_path / "anew.zip"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["added"] == 1
    done = run("one", "import", str(tmp_path / "all.zip"))
    assert done.returncode == 0, done.stderr
    assert "Nothing new came. 1 was here already" in done.stdout
    again = tmp_path / "again.zip"
    done = run("one", "export", "--all", str(again))
    assert (done.returncode, done.stdout) == (0, f"{again}\n"), done.stderr
    done = run("two", "import", str(again))
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "two") == contents(tmp_path / "one")

    # It has what the tools keep, so it is its owner's; a file of a like name is left alone.
    mine = tmp_path / "again.zip.part"
    mine.write_text("mine")
    done = run("one", "export", "--all", str(again))
    assert done.returncode == 0, done.stderr
    assert again.stat().st_mode & 0o777 == 0o600
    assert mine.read_text() == "mine"
    assert not list(tmp_path.glob(".*")), "nothing is left beside it"

    again.write_bytes(archive[:-100])
    done = run("three", "import", str(again))
    assert done.returncode == 2
    assert "cannot be unpacked" in done.stderr
    done = run("one", "export", "--all", str(tmp_path / "nowhere" / "all.zip"))
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    done = run("one", "export", "--all", str(again), "-o", "a.html")
    assert done.returncode == 2


def test_a_name_in_an_archive_gives_a_terminal_no_orders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SANDWRIGHT_DATA_DIR", str(tmp_path / "data"))
    orders = "\x1b]0;owned\x07\u202e"
    manifest = json.dumps({"format": "sandwright everything", "version": 1})
    for name in (f"{orders}/data/{'a' * 16}.jsonl", f"{orders}/../b"):
        with zipfile.ZipFile(tmp_path / "all.zip", "w") as made:
            made.writestr(f"{orders}/sandwright.json", manifest)
            made.writestr(name, "no record")
        assert main(["import", str(tmp_path / "all.zip")]) == 2
        said = capsys.readouterr().err.rstrip("\n")
        assert said.isprintable()
        assert "x1b]0;owned" in said


def test_who_made_an_archive_does_not_know_what_the_bridge_says(
    server: Process, serve_app: Start, api: type[Api], archive: bytes, tmp_path: Path
) -> None:
    """A stranger chooses a tool's id; the key that our page awaits follows from nothing chosen."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        (tool,) = re.findall(r"data/(\w{16})\.jsonl", " ".join(opened.namelist()))
    keys = set()
    for url in (server.url, serve_app(tmp_path / "another").url):
        client = api(url)
        imported(client, archive)
        (key,) = re.findall(r'data-key="(\w{32})"', client.client.get(f"/artifacts/{tool}").text)
        frame = client("GET", f"/api/artifacts/{tool}/versions/1")["frame_url"]
        assert f'"{key}"' in read_frame(frame)
        keys.add(key)
    assert len(keys) == 2


def test_an_archive_is_no_tool(server: Process, api: type[Api], archive: bytes) -> None:
    """Sent as a tool's zip it is not taken for a page with files."""
    file = {"name": "all.zip", "data": base64.b64encode(archive).decode()}
    response = api(server.url).client.post("/api/artifacts/import", json={"file": file})
    assert response.status_code == 422
    assert "what Export everything wrote" in response.json()["detail"]


def test_another_sites_page_starts_no_export(server: Process, api: type[Api]) -> None:
    """A link opens pages of ours; what is much work or says more takes a person's own click."""
    client = api(server.url).client
    made = api(server.url)("POST", "/api/artifacts/import", status=201, html="<p>Tea")
    for site in ("cross-site", "same-site"):
        headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
        response = client.get("/api/export", headers=headers)
        assert response.status_code == 403
        assert response.headers["content-type"] == "application/problem+json"
        assert client.get("/", headers=headers).status_code == 200
        one = f"/api/artifacts/{made['artifact']['id']}/versions/1/export"
        for chosen in ("data=include", "policy=false"):
            assert client.get(f"{one}?{chosen}", headers=headers).status_code == 403
        assert client.get(one, headers=headers).status_code == 200
    for site in ("same-origin", "none"):
        assert client.get("/api/export", headers={"Sec-Fetch-Site": site}).status_code == 200


def test_few_exports_run_at_once(serve_app: Start, api: type[Api], tmp_path: Path) -> None:
    """The third is refused with words, until another one is done or its reader has gone.

    Who reads slowly keeps no moment of the database, and who goes leaves no trace in the log.
    """
    process = serve_app(tmp_path / "data")
    client = api(process.url)
    # More than any buffer on the way holds.
    noise = base64.b64encode(random.Random(1).randbytes(8_000_000)).decode()
    client.client.timeout = httpx.Timeout(START_SECONDS)
    for _ in range(2):
        client("POST", "/api/artifacts/import", status=201, html=f"<!doctype html>{noise}")
    with (
        client.client.stream("GET", "/api/export") as one,
        client.client.stream("GET", "/api/export") as two,
    ):
        assert (one.status_code, two.status_code) == (200, 200)
        problem = client("GET", "/api/export", status=503)
        assert "2 exports of everything are under way" in problem["detail"]
        for stream in (one, two):
            begun = stream.iter_raw(100_000)
            assert sum(len(next(begun)) for _ in range(10)) == 1_000_000
        until(lambda: is_folded(tmp_path / "data"))

    def are_free() -> bool:
        with (
            client.client.stream("GET", "/api/export") as one,
            client.client.stream("GET", "/api/export") as two,
        ):
            return (one.status_code, two.status_code) == (200, 200)

    until(are_free)
    process.stop()
    assert not [line for line in process.errors if "Traceback" in line or "ERROR" in line]


def is_folded(data: Path) -> bool:
    """Whether all that was written is in the database's own file; who still reads prevents it."""
    with contextlib.closing(sqlite3.connect(data / "sandwright.db")) as database:
        database.execute("UPDATE artifacts SET titled_by = titled_by")
        database.commit()
        return bool(database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
