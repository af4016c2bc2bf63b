"""Bad input gets the right status and a sentence that says what to change."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from server.app import create_application
from server.routes import door, guesses
from server.settings import load_settings
from server.store.database import Database
from tests.conftest import NO_BROWSER, Api, Process, Start, clean_environment
from tests.integration.test_nothing_lost import read_frame
from tests.integration.tools import GOOD, answers, fenced, limit_files

JSON = "application/problem+json"
BAD_FILE = {"name": "a.txt", "media_type": "text/plain", "data": "?"}


def failing(status: int, said: str) -> dict[str, Any]:
    return {"error": {"status": status, "body": {"error": {"message": said}}}}


PAGE = {"error": {"status": 200, "body": "<html>hello</html>", "content_type": "text/html"}}
CUT = {"text": fenced(GOOD), "truncate_at": 100, "ending": "cut", "finish_reason": None}


def refused(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith(JSON)
    problem: dict[str, Any] = response.json()
    assert problem["status"] == status
    assert problem["detail"]
    assert problem["title"]
    return problem


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"prompt": ""}, 422, "prompt"),
        ({"prompt": "   \n "}, 422, "prompt"),
        ({}, 422, "prompt"),
        ({"prompt": "x" * 100_001}, 413, "100,000"),
        ({"prompt": "x", "model": "nowhere/model"}, 422, "nowhere/model"),
        ({"prompt": "x", "extra": 1}, 422, "extra"),
        ({"prompt": "x", "attachments": [BAD_FILE]}, 422, "base64"),
    ],
)
def test_a_bad_wish_is_refused(
    server: Process, api: type[Api], body: dict[str, Any], status: int, word: str
) -> None:
    """Nothing is made of it, and the answer says why."""
    response = api(server.url).client.post("/api/artifacts", json=body)
    assert word in refused(response, status)["detail"]


def test_an_unknown_model_names_those_connected(server: Process, api: type[Api]) -> None:
    """The answer to a wrong model is a list of right ones."""
    response = api(server.url).client.post("/api/artifacts", json={"prompt": "x", "model": "a/b"})
    assert "recipes" in refused(response, 422)["action"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/artifacts/nosuchid",
        "/api/artifacts/nosuchid/versions/1/source",
        "/api/generations/nosuchid",
        "/api/generations/nosuchid/events",
        "/api/nothing",
    ],
)
def test_an_unknown_id_is_not_found(server: Process, api: type[Api], path: str) -> None:
    """404 as problem+json on the API."""
    refused(api(server.url).client.get(path), 404)


def test_an_unknown_page_shows_a_way_home(server: Process, api: type[Api]) -> None:
    """404 as a page with a link to the home page."""
    response = api(server.url).client.get("/artifacts/nosuchid", headers={"Accept": "text/html"})
    assert response.status_code == 404
    assert 'href="/"' in response.text


@pytest.mark.parametrize(
    "origin", ["http://api.example.org", "https://*.example.org", "https://10.0.0.1", "https://localhost"]
)  # fmt: skip
def test_a_grant_for_a_wrong_origin_is_refused(
    server: Process, api: type[Api], origin: str
) -> None:
    """Only https origins of public names can be granted."""
    client = api(server.url)
    made = client("POST", "/api/artifacts/import", status=201, html=GOOD)
    path = f"/api/artifacts/{made['artifact']['id']}/grants"
    refused(client.client.put(path, json={"network": [origin]}), 422)


@pytest.mark.parametrize(
    ("html", "status"),
    [("", 422), ("just words", 422), ("%PDF-1.7 <", 422), ("<p>" + "x" * 20_000_001, 413)],
)
def test_what_is_not_a_document_is_not_imported(
    server: Process, api: type[Api], html: str, status: int
) -> None:
    """A file that is no HTML, or too large, says so."""
    response = api(server.url).client.post("/api/artifacts/import", json={"html": html})
    refused(response, status)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Host": "evil.example"}, 421),
        ({}, 422),
    ],
)
def test_another_sites_page_changes_nothing(
    server: Process, api: type[Api], headers: dict[str, str], status: int
) -> None:
    """Cross-origin changes and foreign host names stop at the door; no header at all passes it."""
    response = api(server.url).client.post("/api/artifacts", json={}, headers=headers)
    refused(response, status)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A server with the token "open-sesame", on which nothing is made."""
    arguments = ["serve", "--no-open", "--port", "0", "--frame-port", "0"]
    arguments += ["--data-dir", str(tmp_path_factory.mktemp("guarded"))]
    environment = clean_environment(SANDWRIGHT_ACCESS_TOKEN="open-sesame", **NO_BROWSER)
    process = Process(arguments, environment).start()
    yield process
    process.stop()


def test_a_wrong_token_is_answered_late(guarded: Process) -> None:
    """However it is given: in the form, as a header, or as what would be the cookie of it."""
    wrong = [
        ("POST", "/access", {"data": {"token": "wrong"}}),
        ("GET", "/api/models", {"headers": {"Authorization": "Bearer wrong"}}),
        ("GET", "/api/models", {"headers": {"Cookie": f"{door.COOKIE}=wrong"}}),
    ]
    for method, path, given in wrong:
        began = time.monotonic()
        assert httpx.request(method, guarded.url + path, **given).status_code == 401
        assert time.monotonic() - began >= 0.5


@pytest.mark.parametrize(
    "head",
    [
        "POST /access HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded",
        "GET /api/models HTTP/1.1\r\nAuthorization: Bearer wrong",
    ],
)
def test_of_many_guesses_few_are_waited_for_and_the_token_enters(
    guarded: Process, head: str
) -> None:
    """All that 300 connections still owe comes at once; who has the token is not kept out."""
    url = urlsplit(guarded.url)
    head += f"\r\nHost: {url.netloc}\r\nContent-Length: 11\r\nConnection: close\r\n\r\n"
    with contextlib.ExitStack() as stack:
        connections = [
            stack.enter_context(socket.create_connection((url.hostname, url.port), 60))
            for _ in range(300)
        ]
        cut = len(head) if head.startswith("POST") else len(head) - 1
        for connection in connections:
            connection.sendall(head[:cut].encode())
        assert httpx.get(f"{guarded.url}/healthz", timeout=60).status_code == 200
        for connection in connections:
            connection.sendall((head[cut:] + "token=wrong").encode())
        entered = httpx.post(f"{guarded.url}/access", data={"token": "open-sesame"}, timeout=60)
        bearer = {"Authorization": "Bearer open-sesame"}
        asked = httpx.get(f"{guarded.url}/api/models", headers=bearer, timeout=60)
        answers = [connection.recv(12).decode()[-3:] for connection in connections]
    assert (entered.status_code, asked.status_code) == (303, 200)
    # A machine that stalls makes several rounds of 20 of them, never fifteen.
    assert set(answers) == {"401", "429"}


def test_while_many_guesses_wait_no_other_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guesses, "_slots", asyncio.Semaphore(0))
    environment = {"SANDWRIGHT_DATA_DIR": str(tmp_path), "SANDWRIGHT_ACCESS_TOKEN": "open-sesame"}
    settings = load_settings(environment)

    async def tried() -> list[httpx.Response]:
        async with create_application(settings) as made:
            transport = httpx.ASGITransport(made.host)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1:8000"
            ) as client:
                found = []
                for token in ("wrong", "open-sesame"):
                    found.append(await client.post("/access", data={"token": token}))
                    bearer = {"Authorization": f"Bearer {token}"}
                    client.cookies.clear()
                    found.append(await client.get("/api/models", headers=bearer))
                found.append(await client.get("/api/models"))
                return found

    found = asyncio.run(tried())
    assert [one.status_code for one in found] == [429, 429, 303, 200, 401]
    for refused in found[:2]:
        assert "Wait a few seconds" in refused.text
        assert refused.headers["retry-after"] == "5"


def test_the_access_token_guards_everything(guarded: Process, api: type[Api]) -> None:
    """With a token set: 401 without, 200 with Bearer or our cookie, and health stays open."""
    app = guarded
    client = api(app.url)
    refused(client.client.get("/api/artifacts"), 401)
    page = client.client.get("/", headers={"Accept": "text/html"})
    assert page.headers["location"] == "/access"
    assert client("GET", "/healthz") == {"status": "ok"}
    refused(client.client.get("/healthz.txt"), 401)
    assert api(app.url, Authorization="Bearer open-sesame")("GET", "/api/artifacts")["items"] == []
    assert api(app.url, Authorization="Bearer wrong").client.get("/api/models").status_code == 401
    assert client.client.post("/access", data={"token": "wrong"}).status_code == 401
    entered = client.client.post("/access", data={"token": "open-sesame"})
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "open-sesame" not in cookie
    assert client("GET", "/api/artifacts")["items"] == []
    name, value = entered.headers["set-cookie"].partition(";")[0].split("=")
    for other in ("a/b=1", 'x={"a": 1}', 'x="', "=;;"):
        cookies = {"Cookie": f"{other}; {name}={value}"}
        assert httpx.get(f"{app.url}/api/artifacts", headers=cookies).status_code == 200, other
        assert httpx.get(f"{app.url}/", headers={"Cookie": other}).status_code == 401, other


def test_the_api_refuses_in_its_own_form_whatever_is_accepted(
    guarded: Process, api: type[Api]
) -> None:
    """A browser that opens an API address gets problem+json, not a page."""
    app = guarded
    accept = {"Accept": "text/html"}
    refused(api(app.url).client.get("/api/artifacts", headers=accept), 401)
    foreign = {**accept, "Host": "evil.example"}
    refused(api(app.url).client.get("/api/artifacts", headers=foreign), 421)


FAILURES = {
    "unauthorized": failing(401, "bad key"),
    "payment_required": failing(402, "no credit"),
    "rate_limited": failing(429, "slow down"),
    "unavailable": failing(500, "broken"),
    "garbage": PAGE,
    "truncated": CUT,
}


def test_a_failing_model_keeps_the_prompt_and_can_be_tried_again(
    serve_app: Start, scripted: Start, api: type[Api]
) -> None:
    """The message names the provider and what to do, and "Try again" works."""
    # One server for all: each wish fails in its own way, and the next answer is a tool.
    told = [({"text": "", **answer}, {"text": fenced(GOOD)}) for answer in FAILURES.values()]
    model = scripted(answers(*(one for pair in told for one in pair)))
    app = serve_app(OPENAI_BASE_URL=model.url, OPENAI_API_KEY="sk-very-secret")
    client = api(app.url)
    for code in FAILURES:
        made = client("POST", "/api/artifacts", status=201, prompt=f"a counter, {code}")
        ended = client.ended(made["generation"])
        assert (ended["state"], ended["error"]["code"]) == ("failed", code)
        assert ended["prompt"] == f"a counter, {code}"
        assert "127.0.0.1" in ended["error"]["message"]
        assert ended["error"]["action"]
        assert "sk-very-secret" not in json.dumps(ended)
        path = f"/api/generations/{ended['id']}/retry"
        for wrong in ("nowhere/model", "recipes/other"):
            unknown = refused(client.client.post(path, json={"model": wrong}), 422)
            assert "openai, recipes" in unknown["action"]
        again = client("POST", path, status=202, model="openai/another")["generation"]
        assert (again["provider"], again["model"]) == ("openai", "another")
        assert client.ended(again)["version"] == 1


@pytest.mark.parametrize("chunk", [50_000, 6_000_000])
def test_a_document_over_five_megabytes_stops(
    chunk: int, serve_app: Start, scripted: Start, api: type[Api]
) -> None:
    """The model is stopped with the reason, and what came is kept; also if it came at once."""
    huge = fenced(GOOD.replace("<h1>", "<!-- " + "x " * 2_700_000 + "--><h1>"))
    model = scripted(answers({"text": huge, "chunk": chunk}), 1_000_000)
    client = api(serve_app(OPENAI_BASE_URL=model.url).url)
    made = client("POST", "/api/artifacts", status=201, prompt="a huge counter")
    ended = client.ended(made["generation"])
    assert (ended["state"], ended["error"]["code"]) == ("failed", "too_large")
    # To go on would be stopped as well, and what came would be paid for once more.
    assert (ended["kept"], ended["can_continue"]) == (True, False)
    path = f"/api/generations/{ended['id']}"
    assert "too large" in refused(client.client.post(f"{path}/continue"), 409)["detail"]
    assert len(read_frame(ended["frame_url"])) > 5_000_000
    page = client.client.get(made["artifact"]["url"]).text
    assert ended["frame_url"] in page
    assert "data-continue" not in page


def test_the_api_describes_itself(server: Process, api: type[Api]) -> None:
    """Every endpoint of the contract is in the OpenAPI document."""
    paths = api(server.url)("GET", "/api/openapi.json")["paths"]
    for path, methods in {
        "/api/artifacts": {"get", "post"},
        "/api/artifacts/import": {"post"},
        "/api/spending": {"get"},
        "/api/artifacts/bin": {"post", "delete"},
        "/api/artifacts/bin/{artifact_id}": {"delete"},
        "/api/artifacts/undelete": {"post"},
        "/api/artifacts/{artifact_id}": {"get", "patch", "delete"},
        "/api/artifacts/{artifact_id}/undelete": {"post"},
        "/api/artifacts/{artifact_id}/messages": {"get", "post"},
        "/api/artifacts/{artifact_id}/ledger": {"get"},
        "/api/artifacts/{artifact_id}/fix": {"post"},
        "/api/artifacts/{artifact_id}/versions": {"get"},
        "/api/artifacts/{artifact_id}/versions/{n}": {"get"},
        "/api/artifacts/{artifact_id}/versions/{n}/source": {"get"},
        "/api/artifacts/{artifact_id}/versions/{n}/export": {"get"},
        "/api/artifacts/{artifact_id}/versions/{n}/export/check": {"post"},
        "/api/artifacts/{artifact_id}/versions/{n}/diff": {"get"},
        "/api/artifacts/{artifact_id}/versions/{n}/restore": {"post"},
        "/api/artifacts/{artifact_id}/versions/{n}/fork": {"post"},
        "/api/artifacts/{artifact_id}/versions/{n}/test": {"post"},
        "/api/artifacts/{artifact_id}/versions/{n}/pin": {"post", "delete"},
        "/api/artifacts/{artifact_id}/grants": {"get", "put"},
        "/api/artifacts/{artifact_id}/grants/grantable": {"get"},
        "/api/generations/{generation_id}": {"get"},
        "/api/generations/{generation_id}/cancel": {"post"},
        "/api/generations/{generation_id}/retry": {"post"},
        "/api/generations/{generation_id}/continue": {"post"},
        "/api/generations/{generation_id}/events": {"get"},
        "/api/estimate": {"post"},
        "/api/export": {"get"},
        "/api/import": {"post"},
        "/api/models": {"get"},
        "/healthz": {"get"},
        "/readyz": {"get"},
    }.items():
        assert methods <= set(paths[path]), path


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/versions/99999999999999999999/source", 422),
        ("/versions/0", 422),
        ("/versions/1/diff?against=99999999999999999999", 422),
        ("/versions/2", 404),
    ],
)
def test_a_number_out_of_range_is_refused(
    server: Process, api: type[Api], path: str, status: int
) -> None:
    """No number reaches the database that it cannot hold."""
    client = api(server.url)
    made = client("POST", "/api/artifacts/import", status=201, html=GOOD)
    refused(client.client.get(f"/api/artifacts/{made['artifact']['id']}{path}"), status)


def test_a_wrong_cursor_is_refused(server: Process, api: type[Api]) -> None:
    """Whatever it decodes to."""
    early = base64.urlsafe_b64encode(b"0001-01-01T00:00:00+14:00 a").decode()
    for cursor in ("nonsense", early, "²"):
        refused(api(server.url).client.get("/api/artifacts", params={"cursor": cursor}), 422)


def test_every_error_is_described_as_the_problem_that_it_is(
    server: Process, api: type[Api]
) -> None:
    """Only problem+json for errors, and each only where it happens."""
    described = api(server.url)("GET", "/api/openapi.json")
    assert "Problem" in described["components"]["schemas"]
    assert "HTTPValidationError" not in json.dumps(described)
    errors = {}
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            failed = {k: v for k, v in operation["responses"].items() if not k.startswith("2")}
            assert all(list(one["content"]) == [JSON] for one in failed.values()), path
            errors[method, path] = set(failed)
    artifact = "/api/artifacts/{artifact_id}"
    assert errors["get", "/healthz"] == {"421"}
    assert errors["get", "/readyz"] == {"421", "503"}
    assert errors["get", "/api/models"] == {"401", "421", "429"}
    assert errors["get", "/api/export"] == {"401", "403", "421", "429", "503"}
    stored = {"401", "421", "429", "503", "507"}
    assert errors["get", artifact] == {"404", *stored}
    assert errors["post", "/api/estimate"] == {"403", "404", "413", "422", *stored}
    assert errors["get", f"{artifact}/versions/{{n}}"] == {"404", "422", *stored}
    assert errors["post", "/api/artifacts"] == {"402", "403", "413", "422", *stored}
    assert errors["post", f"{artifact}/fix"] == {"402", "403", "404", "409", "413", "422", *stored}
    assert errors["delete", artifact] == {"403", "404", "409", *stored}
    assert errors["delete", "/api/artifacts/bin"] == {"403", "409", "422", *stored}
    assert errors["post", "/api/artifacts/bin"] == {"403", "409", "413", "422", *stored}
    can_conflict = {one for one, found in errors.items() if "409" in found}
    generation = "/api/generations/{generation_id}"
    assert can_conflict == {
        ("delete", artifact),
        ("delete", "/api/artifacts/bin"),
        ("post", "/api/artifacts/bin"),
        ("delete", "/api/artifacts/bin/{artifact_id}"),
        ("post", f"{artifact}/fix"),
        ("delete", f"{artifact}/versions/{{n}}/pin"),
        *(("post", f"{generation}/{done}") for done in ("cancel", "retry", "continue")),
        ("post", "/api/import"),
    }


def test_strangers_cannot_send_much(guarded: Process, api: type[Api]) -> None:
    """The sign-in form takes a few kB and any fields; other requests a size that fits them."""
    client = api(guarded.url).client
    assert client.post("/access", content=b"token=" + b"%41" * 5_000).status_code == 413
    # Without a word on its length.
    assert client.post("/access", content=iter([b"%41" * 5_000])).status_code == 413
    assert client.post("/access", content=b"a=1&b=2&c=3&d=4&e=5&f=6&g=7").status_code == 401
    signed = {"Authorization": "Bearer open-sesame"}
    huge = json.dumps({"prompt": "x" * 2_000_000})
    refused(client.post("/api/estimate", content=huge, headers=signed), 413)


def test_a_wish_is_not_run_twice_at_once(serve_app: Start, scripted: Start, api: type[Api]) -> None:
    """Two clicks on "Try again" are one generation; the second is told so."""
    slow = {"text": fenced(GOOD), "tokens_per_second": 20}
    model = scripted(answers(failing(500, "broken") | {"text": ""}, slow))
    client = api(serve_app(OPENAI_BASE_URL=model.url).url)
    made = client("POST", "/api/artifacts", status=201, prompt="a counter")
    path = f"/api/generations/{client.ended(made['generation'])['id']}"
    client("POST", f"{path}/retry", status=202)
    refused(client.client.post(f"{path}/retry"), 409)


def test_a_model_name_that_is_no_text_is_refused(server: Process, api: type[Api]) -> None:
    """A lone surrogate in a name is the sender's mistake, not ours."""
    body = b'{"prompt": "x", "model": "openai/\\ud800"}'
    headers = {"Content-Type": "application/json"}
    response = api(server.url).client.post("/api/artifacts", content=body, headers=headers)
    refused(response, 422)


def test_emptying_the_bin_stops_what_still_runs(
    serve_app: Start, scripted: Start, api: type[Api]
) -> None:
    """Nothing of a deleted tool is written after it is gone for good."""
    model = scripted(answers({"text": fenced(GOOD), "tokens_per_second": 20}))
    app = serve_app(OPENAI_BASE_URL=model.url)
    client = api(app.url)
    for one in (True, False):
        made = client("POST", "/api/artifacts", status=201, prompt="a counter")["artifact"]["id"]
        client("DELETE", f"/api/artifacts/{made}", status=204)
        if one:
            client("DELETE", f"/api/artifacts/bin/{made}", status=204)
        else:
            assert client("DELETE", "/api/artifacts/bin")["deleted"] == 1
    app.stop()
    assert not any("Traceback" in line for line in app.errors), app.errors


def test_a_full_disk_is_no_mistake_of_ours(serve_app: Start, api: type[Api]) -> None:
    """Whatever is asked, the answer says what to do; with room again, the same is done."""
    app = serve_app()
    client = api(app.url)
    made = client("POST", "/api/artifacts/import", status=201, html=GOOD)["artifact"]
    path = f"/api/artifacts/{made['id']}"
    asked: list[tuple[str, str, dict[str, Any], int]] = [
        ("POST", "/api/artifacts/import", {"html": GOOD}, 201),
        ("POST", "/api/artifacts", {"prompt": "a counter"}, 201),
        ("PATCH", f"{path}/data", {"local": {"k": "v" * 50_000}}, 204),
        ("POST", f"{path}/messages", {"prompt": "bigger"}, 202),
        ("PATCH", path, {"title": "Other"}, 200),
    ]
    limit_files(app, 1)
    for method, where, body, _ in asked:
        problem = refused(client.client.request(method, where, json=body), 507)
        assert problem["detail"] == "The disk is full: nothing could be saved."
        assert "Free some space" in problem["action"]
    assert client("GET", path)["title"] == made["title"]
    limit_files(app)
    for method, where, body, status in asked:
        client(method, where, status=status, **body)
    app.stop()
    # So a fault of ours is logged, with a traceback. What runs beside may log its own.
    faults = [line for line in app.errors if line.rstrip().endswith(" failed") and "/api/" in line]
    assert not faults, app.errors


@pytest.mark.sandbox
def test_a_database_that_another_program_holds_is_told_so(
    serve_app: Start, api: type[Api], tmp_path: Path
) -> None:
    app = serve_app(tmp_path / "data")
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "sandwright.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        response = api(app.url).client.post("/api/artifacts/import", json={"html": GOOD})
    problem = refused(response, 503)
    assert int(response.headers["retry-after"]) > 0
    assert "another program" in problem["detail"]
    assert "ry again" in problem["action"]


def test_a_page_says_that_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = sqlite3.OperationalError("disk I/O error")
    full.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE

    def failing_read(_: Database) -> None:
        raise OperationalError(None, None, full)

    async def page() -> httpx.Response:
        data = {"SANDWRIGHT_DATA_DIR": str(tmp_path), **NO_BROWSER}
        async with create_application(load_settings(data)) as made:
            monkeypatch.setattr(Database, "read", failing_read)
            transport = httpx.ASGITransport(made.host)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1:8000"
            ) as client:
                found = await client.get("/", headers={"Accept": "text/html"})
            monkeypatch.undo()
            return found

    response = asyncio.run(page())
    assert response.status_code == 507
    assert response.headers["content-type"].startswith("text/html")
    assert "The disk is full: nothing could be read." in response.text
    assert "Free some space" in response.text
