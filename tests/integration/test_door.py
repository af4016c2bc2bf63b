"""The doors of both origins, attacked: whose requests are answered, and what is told to whom."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from sandbox.libraries.manifest import VENDORED, libraries
from tests.conftest import Process, Start

DOCUMENT = "<!doctype html><title>Tool</title><h1>Tool</h1>"
LOOPBACK = "127.0.0.1"


def imported(url: str) -> tuple[str, str]:
    """Make a tool; return its address in the API, and the path that opens its frame."""
    made = httpx.post(f"{url}/api/artifacts/import", json={"html": DOCUMENT}).json()
    frame = urlsplit(made["version"]["frame_url"])
    return f"{url}/api/artifacts/{made['artifact']['id']}", f"{frame.port}{frame.path}"


def framed(frame: str, **headers: str) -> httpx.Response:
    port, _, path = frame.partition("/")
    host = {"Host": f"k7.localhost:{port}"}
    return httpx.get(f"http://{LOOPBACK}:{port}/{path}", headers=host | headers)


def below(url: str, frame: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{url}/frame/k7/{frame.partition('/')[2]}", headers=headers)


def confined(response: httpx.Response, status: int) -> None:
    assert response.status_code == status, response.text
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "; sandbox allow-scripts" in policy
    assert "allow-same-origin" not in policy
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert "x-frame-options" not in response.headers


def test_a_tool_below_a_path_has_the_walls_of_the_frame_origin(server: Process) -> None:
    """Header for header, although the pages' own origin serves it."""
    _, frame = imported(server.url)
    there, here = framed(frame), below(server.url, frame)
    confined(here, 200)
    # Each has the libraries on its own origin.
    folder = re.compile(r'"[^"]*/libraries/"')
    assert folder.sub("", here.text) == folder.sub("", there.text)
    assert "frame-ancestors" in here.headers["content-security-policy"]
    names = ("content-security-policy", "connection-allowlist", "permissions-policy")
    for name in names[1:]:
        assert here.headers[name] == there.headers[name]
    confined(below(server.url, "0/unknown"), 404)
    alone = below(server.url, frame, **{"Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"})
    assert "frame-src 'self'" in alone.headers["content-security-policy"]
    assert "<h1>Tool</h1>" not in alone.text


def test_below_a_path_libraries_are_given_to_anybody_and_nothing_else_is(server: Process) -> None:
    """A sandboxed tool asks for them as another site's page, without a secret."""
    tool = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Origin": "null"}
    listed = next(one for one in libraries() if one.name == "d3").id
    for folder in ("k7", "other"):
        found = httpx.get(
            f"{server.url}/frame/{folder}/libraries/{listed}/dist/d3.min.js", headers=tool
        )
        assert found.status_code == (200 if (VENDORED / listed).is_dir() else 404)
        assert found.headers["access-control-allow-origin"] == "*"
        assert "set-cookie" not in found.headers
    for path in ("libraries/", "libraries/a/b?c=d", "libraries/..%2f..%2fapi/artifacts"):
        confined(httpx.get(f"{server.url}/frame/k7/{path}", headers=tool), 404)
    for method, path in (("POST", "libraries/x"), ("GET", "x"), ("DELETE", "libraries/x")):
        refused = httpx.request(method, f"{server.url}/frame/k7/{path}", headers=tool)
        assert refused.status_code == 403, (method, path)
    _, frame = imported(server.url)
    policy = below(server.url, frame).headers["content-security-policy"]
    assert f" {server.url}/frame/k7/libraries/;" in policy


def test_a_deleted_or_unknown_tool_is_a_confined_404(server: Process) -> None:
    """On both origins, and back again once it is out of the bin."""
    tool, frame = imported(server.url)
    confined(framed(frame), 200)
    httpx.delete(tool).raise_for_status()
    for response in (framed(frame), below(server.url, frame)):
        confined(response, 404)
        assert "There is no tool at this address." in response.text
        assert frame.partition("/")[2] not in response.text
    httpx.post(f"{tool}/undelete").raise_for_status()
    confined(framed(frame), 200)
    port = frame.partition("/")[0]
    for path in ("unknown", "a/b", "..%2f..%2fetc", "probe/x", "%00", "x" * 2000):
        confined(framed(f"{port}/{path}"), 404)


def test_a_tool_that_is_deleted_while_it_is_written_is_gone(
    serve_app: Start, scripted: Start
) -> None:
    """Whoever has its frame's address has nothing."""
    text = f"```html\n{DOCUMENT}{'<p>words</p>' * 500}\n```"
    answers = json.dumps([{"text": text, "tokens_per_second": 20}])
    app = serve_app(OPENAI_BASE_URL=scripted(answers).url)
    made = httpx.post(f"{app.url}/api/artifacts", json={"prompt": "a long tool"}).json()
    frame = urlsplit(made["generation"]["frame_url"])
    httpx.delete(f"{app.url}/api/artifacts/{made['artifact']['id']}").raise_for_status()
    confined(framed(f"{frame.port}{frame.path}"), 404)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Origin": "null"},
        # Another port of this machine, which shares our cookies.
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        *(
            {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": within}
            for within in ("frame", "object", "embed", "fencedframe")
        ),
    ],
)
def test_another_sites_page_can_neither_load_nor_frame_ours(
    server: Process, headers: dict[str, str]
) -> None:
    """Not even to measure it: nothing but a link, opened as a page, leads here."""
    for path in ("/", "/api/artifacts", "/static/css/base.css"):
        refused = httpx.get(f"{server.url}{path}", headers=headers)
        assert refused.status_code == 403
        assert "frame-ancestors 'none'" in refused.headers["content-security-policy"]
    link = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    assert httpx.get(server.url, headers=link).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": ""},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:80@evil.example"},
        {"Origin": "http://k7.localhost:8001"},
        {"Origin": ""},
    ],
)
def test_another_sites_page_changes_nothing(server: Process, headers: dict[str, str]) -> None:
    """By whichever of a browser's two headers it is known."""
    before = httpx.get(f"{server.url}/api/artifacts").json()["items"]
    for method, path, body in (
        ("POST", "/api/artifacts/import", {"html": DOCUMENT}),
        ("DELETE", "/api/artifacts/bin", None),
        ("DELETE", "/api/artifacts/bin/k7", None),
        ("POST", "/level", {"level": "path"}),
        ("POST", "/frame/k7/x", {}),
    ):
        answer = httpx.request(method, f"{server.url}{path}", json=body, headers=headers)
        assert answer.status_code == 403, (method, path)
        assert "set-cookie" not in answer.headers
    assert httpx.get(f"{server.url}/api/artifacts").json()["items"] == before


def test_rebound_names_find_nothing_on_either_origin(server: Process) -> None:
    """Whatever the name looks like."""
    _, frame = imported(server.url)
    port = urlsplit(server.url).port
    for name in (
        *(
            "evil.example",
            f"evil.example:{port}",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
        ),
        *(
            "127.0.0.1:x",
            "[::1",
            "",
            "localhost, evil.example",
            "evil.example#.localhost",
            "0x7f.1",
        ),
    ):
        assert httpx.get(server.url, headers={"Host": name}).status_code in (400, 421), name
        assert framed(frame, Host=name).status_code in (400, 421), name
        assert below(server.url, frame, Host=name).status_code in (400, 421), name


def test_a_level_is_kept_in_a_cookie_that_no_script_reads(server: Process) -> None:
    """Only a level that the address offers; the strongest needs no cookie."""
    kept = httpx.post(f"{server.url}/level", json={"level": "path"}, headers={"Origin": server.url})
    cookie = kept.headers["set-cookie"].lower()
    assert kept.status_code == 204
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    name, value = kept.headers["set-cookie"].partition(";")[0].split("=")
    page = httpx.get(server.url, cookies={name: value})
    assert f"frame-src {server.url}/frame/;" in page.headers["content-security-policy"]
    gone = httpx.post(f"{server.url}/level", json={"level": "site"}).headers["set-cookie"]
    assert "max-age=0" in gone.lower()
    there = {"Host": f"192.0.2.7:{urlsplit(server.url).port}"}
    wrong = httpx.post(f"{server.url}/level", json={"level": "site"}, headers=there)
    assert wrong.status_code == 422
    for odd in ("nothing", "site; frame-src *", "path-renamed-x"):
        policy = httpx.get(server.url, headers={"Cookie": f"{name}={odd}"}).headers
        assert "frame-src http://*.localhost" in policy["content-security-policy"]


def test_an_ipv6_page_has_its_tools_below_a_path(server: Process) -> None:
    """CSP cannot name such an address; the page's own origin needs no name."""
    host = {"Host": f"[2001:db8::1]:{urlsplit(server.url).port}"}
    page = httpx.get(server.url, headers=host)
    assert "frame-src 'self';" in page.headers["content-security-policy"]
    made = httpx.post(
        f"{server.url}/api/artifacts/import", json={"html": DOCUMENT}, headers=host
    ).json()
    assert made["version"]["frame_url"].startswith(f"http://{host['Host']}/frame/")


def test_no_log_tells_a_secret(serve_app: Start, tmp_path: Path) -> None:
    """Neither the secret in a frame's address nor a tool's id nor the token, whatever breaks."""
    token = "open-sesame-0123456789"
    app = serve_app(SANDWRIGHT_ACCESS_TOKEN=token)
    client = httpx.Client(base_url=app.url, headers={"Authorization": f"Bearer {token}"})
    made: Any = client.post("/api/artifacts/import", json={"html": DOCUMENT}).json()
    frame = urlsplit(made["version"]["frame_url"])
    secret, identity = frame.path.removeprefix("/"), made["artifact"]["id"]
    with sqlite3.connect(tmp_path / "data" / "sandwright.db") as database:
        database.execute("ALTER TABLE versions RENAME TO versions_gone")
    for url in (
        f"http://{LOOPBACK}:{frame.port}/{secret}",
        f"{app.url}/frame/k7/{secret}",
        f"{app.url}/api/artifacts/{identity}/versions",
        f"{app.url}/artifacts/{identity}",
    ):
        # The frame's app has no words for what it cannot know: the connection may just end.
        with contextlib.suppress(httpx.ReadError, httpx.RemoteProtocolError):
            assert client.get(url).status_code == 500, url
    client.close()
    app.stop()
    said = "".join(app.errors)
    assert "no such table" in said
    for word in (secret, identity, token):
        assert word not in said
