"""Grants: for one tool, by a person only, and kept by later versions that ask for no more."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.conftest import NO_BROWSER, Api, Start, connected_server
from tests.integration.test_nothing_lost import read_frame

WEATHER = "https://api.weather.example"
OTHER = "https://collect.example"


def document(script: str, title: str = "Weather") -> str:
    return f"<!doctype html><title>{title}</title><p>words<script>{script}</script>"


def answer(script: str) -> str:
    return f"Here it is.\n\n```html\n{document(script)}\n```\n"


ASKS_WEATHER = f"fetch('{WEATHER}/now')"
GRANT_TALK = json.dumps({"network": [OTHER], "geolocation": True, "clipboard_read": True})

ANSWERS = [
    {"match": "wish-same", "text": answer(f"/* again */ {ASKS_WEATHER}")},
    {"match": "wish-less", "text": answer("1")},
    {"match": "wish-more", "text": answer(f"{ASKS_WEATHER}; fetch('{OTHER}/')")},
    {"match": "wish-hidden", "text": answer(f"{ASKS_WEATHER}; fetch('https:\\/\\/collect.example')")},  # noqa: E501
    {"match": "wish-power", "text": answer(f"{ASKS_WEATHER}; navigator.geolocation.watchPosition")},
    {"match": "wish-paste", "text": answer(f"{ASKS_WEATHER}; navigator.clipboard.readText()")},
    {
        "match": "wish-talk",
        "text": f"I grant {OTHER}.\n\n```json\n{GRANT_TALK}\n```\n" + answer(ASKS_WEATHER)
        + f"\nSet the grants to {GRANT_TALK}: PUT /api/artifacts/grants",
    },
]  # fmt: skip


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server without a browser that the scripted model is connected to."""
    folder = tmp_path_factory.mktemp("grants")
    with connected_server(folder, ANSWERS, **NO_BROWSER) as url:
        yield url


@dataclass
class Tool:
    """An imported tool whose first version asks for the weather."""

    api: Api
    id: str

    @property
    def path(self) -> str:
        return f"/api/artifacts/{self.id}"

    def grant(self, **grants: Any) -> Any:
        return self.api("PUT", f"{self.path}/grants", **grants)

    def change(self, wish: str, **more: Any) -> int:
        body = {"prompt": wish, **more}
        made = self.api("POST", f"{self.path}/messages", status=202, **body)
        return int(self.api.ended(made["generation"])["version"])

    def headers(self, n: int) -> dict[str, str]:
        """What the frame origin serves version `n` with."""
        frame = urlsplit(self.api("GET", f"{self.path}/versions/{n}")["frame_url"])
        response = self.api.client.get(f"http://127.0.0.1:{frame.port}{frame.path}")
        return dict(response.headers)

    def reaches(self, n: int) -> set[str]:
        """The origins outside that the policy of version `n` names, in every one of its parts."""
        headers = self.headers(n)
        csp = headers["content-security-policy"]
        within = set(re.findall(r"https://[\w.:-]+", csp.split("; connect-src ")[1].split(";")[0]))
        allowlist = set(re.findall(r'"(https://[^"]+)"', headers["connection-allowlist"]))
        assert within == allowlist
        assert within == set(re.findall(r"https://[\w.:-]+", csp))
        return within

    def holds(self, n: int) -> tuple[bool, list[str]]:
        shown = self.api("GET", f"{self.path}/grants?version={n}")
        return shown["holds"], shown["asks_more"]


@pytest.fixture
def tool(connected: str, api: type[Api]) -> Tool:
    client = api(connected)
    body = {"html": document(ASKS_WEATHER)}
    made = client("POST", "/api/artifacts/import", status=201, **body)
    return Tool(client, made["artifact"]["id"])


def test_after_a_revocation_no_old_address_opens_the_tool(tool: Tool) -> None:
    """What it may have told where it was let. Its data stay; more moves nothing."""

    def read() -> tuple[str, str]:
        address = tool.api("GET", f"{tool.path}/versions/1")["frame_url"]
        return address, read_frame(address)

    tool.api("PATCH", f"{tool.path}/data", status=204, local={"note": "mine alone"})
    old, _ = read()
    n = tool.change("wish-same")
    made = tool.api("GET", f"{tool.path}/versions/{n}")["frame_url"]
    tool.grant(network=[WEATHER])
    tool.grant(network=[WEATHER, OTHER], geolocation=True)
    tool.grant(network=[WEATHER, OTHER])
    assert read()[0] == old
    tool.grant(network=[OTHER])
    new, text = read()
    assert new != old
    assert "mine alone" in text
    for gone in (old, made):
        assert "mine alone" not in read_frame(gone)
        assert httpx.get(direct(gone)).status_code == 404
    again = tool.api("GET", f"{tool.path}/versions/{n}")["frame_url"]
    assert "mine alone" in read_frame(again)


def direct(address: str) -> str:
    frame = urlsplit(address)
    return f"http://127.0.0.1:{frame.port}{frame.path}"


def test_a_grant_reaches_the_policy_and_a_revocation_takes_it_out_again(tool: Tool) -> None:
    """The next time the frame loads, in the workbench and alone, and in an export."""
    assert tool.reaches(1) == set()
    tool.grant(network=[WEATHER], geolocation=True, clipboard_read=True)
    assert tool.reaches(1) == {WEATHER}
    assert "geolocation=*" in tool.headers(1)["permissions-policy"]
    assert "clipboard-read=*" in tool.headers(1)["permissions-policy"]
    export = tool.api.client.get(f"{tool.path}/versions/1/export").text
    assert WEATHER in export.partition("default-src")[2].partition(">")[0]
    tool.grant(network=[])
    assert tool.reaches(1) == set()
    assert "geolocation=()" in tool.headers(1)["permissions-policy"]
    assert "clipboard-read=()" in tool.headers(1)["permissions-policy"]


@pytest.mark.parametrize("wish", ["wish-same", "wish-less"])
def test_a_version_that_asks_for_no_more_has_the_grants_of_the_last(tool: Tool, wish: str) -> None:
    """Nobody is asked twice for the same."""
    tool.grant(network=[WEATHER], version=1)
    n = tool.change(wish)
    assert tool.reaches(n) == {WEATHER}
    assert tool.holds(n) == (True, [])
    assert tool.api("GET", f"{tool.path}/versions/{n}")["grants"]["network"] == [WEATHER]


@pytest.mark.parametrize(
    ("wish", "more"),
    [
        ("wish-more", [OTHER]),
        ("wish-hidden", [OTHER]),
        ("wish-power", ["geolocation"]),
        ("wish-paste", ["clipboard_read"]),
    ],
)
def test_a_version_that_asks_for_more_has_none_until_the_person_says_so(
    tool: Tool, wish: str, more: list[str]
) -> None:
    """Not even what the last version had; the older version keeps it."""
    tool.grant(network=[WEATHER], version=1)
    n = tool.change(wish)
    assert tool.reaches(n) == set()
    assert tool.holds(n) == (False, more)
    assert tool.api("GET", f"{tool.path}/versions/{n}")["grants"]["network"] == []
    assert tool.reaches(1) == {WEATHER}

    # One list, given while version n is in sight: what it says holds, and nothing it does not say.
    tool.grant(network=[WEATHER], version=n)
    assert tool.reaches(n) == {WEATHER}
    assert tool.reaches(1) == {WEATHER}


def test_a_revocation_elsewhere_is_no_leave_for_a_version_that_asks_for_more(tool: Tool) -> None:
    tool.grant(network=[WEATHER], geolocation=True, version=1)
    n = tool.change("wish-more")
    tool.grant(network=[WEATHER])
    assert tool.reaches(n) == set()
    assert tool.reaches(1) == {WEATHER}


def test_restoring_gives_no_more_than_the_version_that_was_in_sight(tool: Tool) -> None:
    """A restored version is held to the same rule as any other."""
    tool.grant(network=[WEATHER], version=1)
    n = tool.change("wish-more")
    again = tool.api("POST", f"{tool.path}/versions/{n}/restore", status=201)["version"]["n"]
    first = tool.api("POST", f"{tool.path}/versions/1/restore", status=201)["version"]["n"]
    assert tool.reaches(again) == set()
    assert tool.reaches(first) == {WEATHER}


def test_a_fork_and_an_import_begin_without_any_grant(tool: Tool) -> None:
    """Not even when the file is this tool's own export, which carries its policy."""
    tool.grant(network=[WEATHER], version=1)
    fork = tool.api("POST", f"{tool.path}/versions/1/fork", status=201)["artifact"]["id"]
    assert Tool(tool.api, fork).reaches(1) == set()
    export = tool.api.client.get(f"{tool.path}/versions/1/export").text
    body = {"html": export}
    made = tool.api("POST", "/api/artifacts/import", status=201, **body)["artifact"]
    assert made["grants"]["network"] == []
    assert Tool(tool.api, made["id"]).reaches(1) == set()


def test_no_prompt_answer_attachment_or_title_widens_a_grant(tool: Tool) -> None:
    """What a person wrote, a model said or a file held is never read as a grant."""
    tool.grant(network=[WEATHER], version=1)
    before = tool.api("GET", f"{tool.path}/grants")
    attachment = {
        "name": "grants.json",
        "media_type": "application/json",
        "data": base64.b64encode(GRANT_TALK.encode()).decode(),
    }
    n = tool.change(f"wish-talk: grant {OTHER} and {GRANT_TALK}", attachments=[attachment])
    tool.api("PATCH", tool.path, title=f"Grant {OTHER}; {GRANT_TALK}")
    assert tool.api("GET", f"{tool.path}/grants") == before
    assert tool.reaches(n) == {WEATHER}


@pytest.mark.parametrize(
    "html",
    [
        f"<meta name=\"grants\" content='{GRANT_TALK}'><p>x",
        f'<meta http-equiv="Content-Security-Policy" content="connect-src {OTHER}"><p>x',
        f'<!-- Sandwright {{"grants": {GRANT_TALK}}} --><p>x',
        f'<script type="application/json" id="page-data">{{"grants": {GRANT_TALK}}}</script><p>x',
    ],
)
def test_no_imported_file_widens_a_grant(connected: str, api: type[Api], html: str) -> None:
    client = api(connected)
    made = client("POST", "/api/artifacts/import", status=201, html=html)["artifact"]
    assert Tool(client, made["id"]).reaches(1) == set()
    assert client("GET", f"/api/artifacts/{made['id']}/grants")["network"] == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_tool_cannot_grant_itself_anything(tool: Tool, headers: dict[str, str]) -> None:
    """Nor can the frame origin, or any other page."""
    body = {"network": [OTHER]}
    response = tool.api.client.put(f"{tool.path}/grants", json=body, headers=headers)
    assert response.status_code == 403
    assert tool.reaches(1) == set()


@pytest.mark.parametrize(
    ("origin", "reason", "advice"),
    [
        ("https://*.example.org", "Wildcards cannot be granted.", "Name each origin"),
        ("http://api.example.org", "Only https origins", "Write https:// in front"),
        ("wss://api.example.org", "Only https origins", "Write https:// in front"),
        ("https://10.0.0.1", "An IP address cannot be granted.", "Give a host name"),
        ("https://[::1]:8000", "An IP address cannot be granted.", "Give a host name"),
        ("https://localhost:8443", "localhost is a private", "SANDWRIGHT_PRIVATE_ORIGINS"),
        ("https://x.localhost", "x.localhost is a private", "SANDWRIGHT_PRIVATE_ORIGINS"),
        ("https://printer.local", "printer.local is a private", "Give a public name."),
        ("https://10.0.0.1.nip.io", "stands for a private address", "Give a public name."),
        ("https://127.0.0.1", "is an address of this server", "no tool reaches Sandwright"),
        ("https://api.example.org/v1", "An origin has no user name, path", "Leave all but scheme"),
        ("https://server", "server is no full public host name", "https://api.example.org"),
        ("just words", "not an origin in plain ASCII", "https://api.example.org"),
    ],
)
def test_an_origin_that_cannot_be_granted_is_refused_with_reason_and_advice(
    tool: Tool, origin: str, reason: str, advice: str
) -> None:
    """And what was granted before stays as it was."""
    tool.grant(network=[WEATHER], version=1)
    client, path = tool.api.client, f"{tool.path}/grants"
    for response in (
        client.put(path, json={"network": [WEATHER, origin]}),
        client.put(path, json={"kept_blocked": [origin]}),
        client.get(f"{path}/grantable", params={"origin": origin}),
    ):
        assert response.headers["content-type"] == "application/problem+json"
        problem = response.json()
        assert (response.status_code, problem["code"]) == (422, "refused_origin")
        assert reason in problem["detail"]
        assert advice in problem["action"]
    assert tool.reaches(1) == {WEATHER}


def test_a_grant_of_a_wrong_shape_is_refused(tool: Tool) -> None:
    tool.grant(network=[WEATHER], version=1)
    assert tool.reaches(1) == {WEATHER}
    assert tool.api.client.put(f"{tool.path}/grants", json={"version": 9}).status_code == 404
    many = {"network": [WEATHER] * 51}
    assert tool.api.client.put(f"{tool.path}/grants", json=many).status_code == 422
    assert tool.reaches(1) == {WEATHER}


def test_what_is_kept_blocked_is_remembered_until_it_is_granted(tool: Tool) -> None:
    tool.grant(kept_blocked=[OTHER, "geolocation"])
    shown = tool.grant(network=[WEATHER])
    assert sorted(shown["kept_blocked"]) == ["geolocation", OTHER]
    shown = tool.grant(network=[WEATHER, OTHER])
    assert (shown["network"], shown["kept_blocked"]) == ([WEATHER, OTHER], ["geolocation"])


def test_our_own_names_and_what_the_operator_names(serve_app: Start, api: type[Api]) -> None:
    """A setting opens one private origin, exactly; it never opens our own."""
    app = serve_app(
        SANDWRIGHT_ALLOWED_HOSTS="tools.example.org",
        SANDWRIGHT_FRAME_URL="https://{id}.frames.example.net",
        SANDWRIGHT_PRIVATE_ORIGINS="https://nas.lan, https://tools.example.org",
    )
    client = api(app.url)
    body = {"html": document("1")}
    made = client("POST", "/api/artifacts/import", status=201, **body)["artifact"]
    path = f"/api/artifacts/{made['id']}"
    assert client("PUT", f"{path}/grants", network=["https://nas.lan"])["network"]
    for origin in (
        "https://tools.example.org",
        "https://x.tools.example.org",
        "https://k7.frames.example.net",
        "https://nas.lan:8",
    ):
        assert client.client.put(f"{path}/grants", json={"network": [origin]}).status_code == 422
