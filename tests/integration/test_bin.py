"""Emptying the bin while its tools are still written, tested and stored in."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.conftest import Start
from tests.integration.tools import GOOD, answers, fenced, long_document

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
