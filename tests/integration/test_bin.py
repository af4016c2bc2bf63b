"""Emptying the bin while its tools are still written, tested and stored in."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from server.store import artifacts
from server.store.database import Database
from tests.conftest import Api, Start, until
from tests.integration.tools import GOOD, answers, fenced, journal, long_document

TOOLS = 4
AT_ONCE = 6


def test_a_bin_that_many_empty_at_once_leaves_no_fault(
    serve_app: Start, scripted: Start, api: Any
) -> None:
    """Each answers, everything is gone, and what was being written ends without an error."""
    model = scripted(answers({"text": fenced(long_document()), "tokens_per_second": 300}))
    server = serve_app(tests=True, OPENAI_BASE_URL=model.url, OPENAI_API_KEY="none")
    client = api(server.url)
    made = [
        client("POST", "/api/artifacts", status=201, prompt=f"tool {n}")["artifact"]["id"]
        for n in range(TOOLS)
    ]
    # Imported ones are tested meanwhile; a second wish for each other waits for its turn.
    tested = [
        client("POST", "/api/artifacts/import", status=201, html=GOOD)["artifact"]["id"]
        for _ in range(2)
    ]
    for id_ in made:
        client("POST", f"/api/artifacts/{id_}/messages", status=202, prompt="bluer")
    all_ = [*made, *tested]
    ready = threading.Barrier(TOOLS + len(all_) + AT_ONCE)

    def send(method: str, path: str, **body: Any) -> int:
        ready.wait()
        return int(client.client.request(method, path, json=body or None).status_code)

    with ThreadPoolExecutor(TOOLS + len(all_) + AT_ONCE) as pool:
        deleted = [pool.submit(send, "DELETE", f"/api/artifacts/{id_}") for id_ in all_]
        stored = [
            pool.submit(send, "PATCH", f"/api/artifacts/{id_}/data", local={"a": "x" * 5000})
            for id_ in made
        ]
        emptied = [pool.submit(send, "DELETE", "/api/artifacts/bin") for _ in range(AT_ONCE)]
    assert {one.result() for one in deleted} == {204}
    assert {one.result() for one in stored} <= {204, 404}
    assert {one.result() for one in emptied} == {200}
    client("DELETE", "/api/artifacts/bin")
    for id_ in all_:
        client("GET", f"/api/artifacts/{id_}", status=404)
    server.stop()
    assert not [line for line in server.errors if "Error" in line]


def test_several_tools_go_into_the_bin_and_come_back(serve_app: Start, api: Any) -> None:
    """Those that were there already, or are nowhere, are not among those that were moved."""
    client = api(serve_app().url)
    one, two, three = (
        client("POST", "/api/artifacts/import", status=201, html=GOOD)["artifact"]["id"]
        for _ in range(3)
    )
    client("DELETE", f"/api/artifacts/{three}", status=204)
    moved = client("POST", "/api/artifacts/bin", ids=[one, two, three, "nowhere"])
    assert set(moved["ids"]) == {one, two}
    assert client("GET", "/api/artifacts")["items"] == []
    assert set(client("POST", "/api/artifacts/undelete", **moved)["ids"]) == {one, two}
    assert {item["id"] for item in client("GET", "/api/artifacts")["items"]} == {one, two}
    client("GET", f"/api/artifacts/{three}", status=404)
    client("POST", "/api/artifacts/bin", status=422, ids=["a"] * 1001)
    for path in ("/api/artifacts/bin", "/api/artifacts/undelete"):
        for odd in ("\\ud800", "", "a" * 1000, "\\u0000"):
            body, json = f'{{"ids": ["{odd}"]}}', {"Content-Type": "application/json"}
            refused = client.client.post(path, content=body, headers=json)
            assert refused.status_code == 422, refused.text
            assert "ids.0" in refused.json()["detail"]


def imported(client: Api, count: int) -> list[str]:
    made = (client("POST", "/api/artifacts/import", status=201, html=GOOD) for _ in range(count))
    return [one["artifact"]["id"] for one in made]


def test_one_is_deleted_for_good_and_the_others_stay(serve_app: Start, api: type[Api]) -> None:
    """Only from the bin; it is gone with all that was its own."""
    client = api(serve_app().url)
    live, gone, kept = imported(client, 3)
    client("DELETE", f"/api/artifacts/bin/{live}", status=404)
    client("POST", "/api/artifacts/bin", ids=[gone, kept])
    client("DELETE", f"/api/artifacts/bin/{gone}", status=204)
    client("DELETE", f"/api/artifacts/bin/{gone}", status=404)
    client("POST", f"/api/artifacts/{gone}/undelete", status=404)
    told = client("GET", f"/api/artifacts/{kept}", status=404)
    assert (told["code"], told["detail"]) == ("in_bin", "This tool is in the bin.")
    client("POST", f"/api/artifacts/{kept}/undelete")
    assert {one["id"] for one in client("GET", "/api/artifacts")["items"]} == {live, kept}


def test_what_is_deleted_for_good_is_in_no_file_any_more(
    serve_app: Start, api: type[Api], tmp_path: Path
) -> None:
    """Neither in the database's free room nor in its log, while the server goes on."""
    client = api(serve_app(tmp_path / "data").url)
    kept, gone = (
        client("POST", "/api/artifacts/import", status=201, html=f"<p>{word * 400}")["artifact"]
        for word in ("primrose", "nightshade")
    )
    client("PATCH", f"/api/artifacts/{gone['id']}/data", status=204, local={"a": "hemlock" * 400})

    def written(word: bytes) -> bool:
        return any(word in file.read_bytes() for file in (tmp_path / "data").glob("sandwright.db*"))

    assert written(b"nightshade")
    assert written(b"hemlock")
    client("DELETE", f"/api/artifacts/{gone['id']}", status=204)
    client("DELETE", f"/api/artifacts/bin/{gone['id']}", status=204)
    assert not written(b"nightshade")
    assert not written(b"hemlock")
    assert written(b"primrose")
    client("GET", f"/api/artifacts/{kept['id']}")


def test_the_bin_is_listed_by_when_things_came_there(serve_app: Start, api: type[Api]) -> None:
    client = api(serve_app().url)
    made = imported(client, 3)
    order = [made[1], made[0], made[2]]
    for id_ in order:
        client("DELETE", f"/api/artifacts/{id_}", status=204)
    found, after = [], ""
    while after is not None:
        page = client("GET", f"/api/artifacts?deleted=true&limit=1{after}")
        found += [one["id"] for one in page["items"]]
        after = page["next"] and f"&cursor={page['next']}"
    assert found == order[::-1]


def test_what_came_into_the_bin_later_is_not_emptied_with_it(
    serve_app: Start, api: type[Api]
) -> None:
    """Nobody was asked about it: a page that is open for long may count less than there is."""
    client = api(serve_app().url)
    seen, later = imported(client, 2)
    client("DELETE", f"/api/artifacts/{seen}", status=204)
    (one,) = client("GET", "/api/artifacts?deleted=true")["items"]
    until(lambda: time.time() > datetime.fromisoformat(one["deleted"]).timestamp() + 0.001)
    client("DELETE", f"/api/artifacts/{later}", status=204)
    path = "/api/artifacts/bin?until="
    assert client("DELETE", f"{path}{one['deleted']}")["deleted"] == 1
    client("POST", f"/api/artifacts/{later}/undelete")
    client("POST", f"/api/artifacts/{seen}/undelete", status=404)
    for odd in ("yesterday", "2026-01-01T00:00:00"):
        client("DELETE", path + odd, status=422)


def test_what_another_server_makes_is_not_deleted_under_it(
    serve_app: Start, scripted: Start, api: type[Api], tmp_path: Path
) -> None:
    """It can be stopped only where it is made, and is paid for until then."""
    model = scripted(answers({"text": fenced(GOOD), "tokens_per_second": 20}))
    data = tmp_path / "data"
    first, second = (
        api(serve_app(data, OPENAI_BASE_URL=model.url).url),
        api(serve_app(data).url),
    )
    made = first("POST", "/api/artifacts", status=201, prompt="a counter")
    artifact = made["artifact"]["id"]
    path = f"/api/artifacts/{artifact}"
    told = second("DELETE", path, status=409)
    assert "Another Sandwright" in told["detail"]
    assert "Stop it there" in told["action"]
    assert second("POST", "/api/artifacts/bin", status=409, ids=[artifact])["action"]
    assert second("GET", path)["deleted"] is None
    # As one that knew nothing of this may have left it.
    with contextlib.closing(sqlite3.connect(data / "sandwright.db")) as database:
        database.execute("UPDATE artifacts SET deleted = created")
        database.commit()
    assert second("DELETE", "/api/artifacts/bin", status=409)["detail"] == told["detail"]
    second("POST", f"{path}/undelete")
    first("POST", f"/api/generations/{made['generation']['id']}/cancel", status=202)
    second("DELETE", path, status=204)
    assert second("DELETE", "/api/artifacts/bin")["deleted"] == 1


def test_what_is_gone_for_good_is_paid_for_no_longer(
    serve_app: Start, scripted: Start, api: type[Api], tmp_path: Path
) -> None:
    model = scripted(answers({"text": fenced(long_document()), "tokens_per_second": 20}))
    app = serve_app(tmp_path / "data", OPENAI_BASE_URL=model.url)
    client = api(app.url)
    made = client("POST", "/api/artifacts", status=201, prompt="a counter")
    until(lambda: journal(tmp_path / "data"))

    async def empty() -> None:
        database = Database(f"sqlite+aiosqlite:///{tmp_path}/data/sandwright.db")
        try:
            async with database.write() as connection:
                await artifacts.bin_(connection, made["artifact"]["id"])
                await artifacts.delete_for_good(connection, [made["artifact"]["id"]])
        finally:
            await database.aclose()

    asyncio.run(empty())

    def hung_up() -> bool:
        log = httpx.get(httpx.URL(model.url).copy_with(path="/_scripted/log"))
        (call,) = log.json()["calls"]
        return call["disconnected"] is not None

    until(hung_up)
    app.stop()
    assert not any("Traceback" in line for line in app.errors), app.errors
