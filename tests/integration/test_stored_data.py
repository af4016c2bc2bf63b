"""Stored data over the API: kept key by key, never carried, honest about what does not fit."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from tests.conftest import Process
from tests.integration.tools import GOOD

QUOTA = 5 * 1024 * 1024


class Tool:
    def __init__(self, api: Any, id_: str) -> None:
        self.api = api
        self.id = id_
        self.path = f"/api/artifacts/{id_}/data"

    def local(self, **query: Any) -> dict[str, str]:
        kept: dict[str, str] = self.api("GET", self.path, **query)["local"]
        return kept


@pytest.fixture
def tool(server: Process, api: Any) -> Tool:
    client = api(server.url)
    made = client("POST", "/api/artifacts/import", status=201, html=GOOD)
    return Tool(client, made["artifact"]["id"])


def test_changes_touch_the_keys_they_name(tool: Tool) -> None:
    """PATCH sets and drops by key, PUT replaces, DELETE clears."""
    tool.api("PATCH", tool.path, status=204, local={"a": "1", "b": "2"})
    tool.api("PATCH", tool.path, status=204, local={"b": None, "c": "3"})
    assert tool.local() == {"a": "1", "c": "3"}
    tool.api("PUT", tool.path, status=204, local={"d": "4"})
    assert tool.local() == {"d": "4"}
    told = tool.api("GET", tool.path)
    assert told["used"]["local"] == 2
    assert told["quota"]["local"] == QUOTA
    tool.api("DELETE", tool.path, status=204)
    assert tool.local() == {}


def test_a_thousand_keys_are_kept_and_dropped_at_once(tool: Tool) -> None:
    """More keys than a statement takes parameters."""
    many = {f"key {n}": "x" for n in range(3000)}
    tool.api("PATCH", tool.path, status=204, local=many)
    assert tool.local() == many
    tool.api("PATCH", tool.path, status=204, local=dict.fromkeys(many))
    assert tool.local() == {}


def test_what_does_not_fit_is_refused_whole(tool: Tool) -> None:
    """413 with the numbers, and everything is as it was."""
    tool.api("PATCH", tool.path, status=204, local={"a": "x" * (QUOTA - 2)})
    answer = tool.api.client.patch(tool.path, json={"local": {"a": "y", "b": "x" * QUOTA}})
    assert answer.status_code == 413
    assert answer.json()["code"] == "quota_exceeded"
    assert "5,242,880" in answer.json()["detail"]
    assert tool.local() == {"a": "x" * (QUOTA - 2)}


def test_an_area_has_so_many_keys_and_what_was_there_before_stays(tool: Tool) -> None:
    """Each costs more than its letters. A person puts back whatever there was."""
    many = {f"{n}": "" for n in range(20_001)}
    answer = tool.api.client.patch(tool.path, json={"local": many})
    assert answer.status_code == 413
    assert "20,001 keys would be kept; at most 20,000 fit." in answer.json()["detail"]
    assert tool.local() == {}
    tool.api("PUT", tool.path, status=204, local=many)
    tool.api("PATCH", tool.path, status=204, local=many)
    tool.api("PATCH", tool.path, status=204, local={"0": "new"})
    tool.api("PATCH", tool.path, status=413, local={"another": "new"})
    tool.api("PATCH", tool.path, status=413, local={"1": None, "another": "", "more": ""})
    tool.api("PATCH", tool.path, status=204, local={"1": None, "2": None})
    tool.api("PATCH", tool.path, status=204, local={"another": ""})
    assert len(tool.local()) == 20_000
    assert tool.local()["0"] == "new"


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"cookies": {}}', b'{"local": []}', b'{"local": {"a": 1}}', b"[" * 9999],
)
def test_a_wrong_body_is_refused(tool: Tool, body: bytes) -> None:
    """422 with a sentence, as problem+json."""
    answer = tool.api.client.patch(tool.path, content=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_no_copy_version_or_export_carries_them(tool: Tool) -> None:
    """A fork begins with nothing, a restored version is the document alone, so is an export."""
    tool.api("PATCH", tool.path, status=204, local={"secret": "mine-alone"})
    versions = f"/api/artifacts/{tool.id}/versions"
    fork = tool.api("POST", f"{versions}/1/fork", status=201)["artifact"]["id"]
    assert Tool(tool.api, fork).local() == {}
    tool.api("POST", f"{versions}/1/restore", status=201)
    for n in (1, 2):
        for kind in ("source", "export"):
            assert "mine-alone" not in tool.api.client.get(f"{versions}/{n}/{kind}").text
    assert tool.local() == {"secret": "mine-alone"}
    # Positive control: the frame of this tool, and of no other, holds them.
    assert "mine-alone" in framed(tool.api("GET", f"{versions}/2")["frame_url"])
    other = tool.api("GET", f"/api/artifacts/{fork}/versions/1")["frame_url"]
    assert "mine-alone" not in framed(other)


def framed(url: str) -> str:
    found = re.fullmatch(r"http://([\w.]+):(\d+)(/\w+)", url)
    assert found
    host = f"{found[1]}:{found[2]}"
    return httpx.get(f"http://127.0.0.1:{found[2]}{found[3]}", headers={"Host": host}).text


def test_the_bin_keeps_them_until_it_is_emptied(tool: Tool) -> None:
    """In the bin nothing is read or written; out of it all is there; emptied, it is gone."""
    tool.api("PATCH", tool.path, status=204, local={"a": "1"})
    artifact = f"/api/artifacts/{tool.id}"
    tool.api("DELETE", artifact, status=204)
    tool.api("GET", tool.path, status=404)
    tool.api("PATCH", tool.path, status=404, local={"a": "2"})
    tool.api("POST", f"{artifact}/undelete")
    assert tool.local() == {"a": "1"}
    tool.api("DELETE", artifact, status=204)
    assert tool.api("DELETE", "/api/artifacts/bin")["deleted"] >= 1
    tool.api("GET", tool.path, status=404)
