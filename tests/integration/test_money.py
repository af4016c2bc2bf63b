"""What tools cost: the scripted model with prices, through the real server."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import NO_BROWSER, Api, Start, connected_server
from tests.integration.tools import GOOD, fenced

PRICE = ("--price", "2/8")  # dollars for a million tokens


def costing(match: str, read: int, made: int, **details: int) -> dict[str, Any]:
    """An answer of which the host says that so many tokens were read and made."""
    usage = {"prompt_tokens": read, "completion_tokens": made}
    usage["prompt_tokens_details"] = {
        "cached_tokens": details.get("cached", 0),
        "cache_write_tokens": details.get("written", 0),
    }
    usage["completion_tokens_details"] = {"reasoning_tokens": details.get("reasoning", 0)}
    told = [
        {"choices": [{"delta": {"content": fenced(GOOD)}, "finish_reason": "stop"}]},
        {"choices": [], "usage": usage},
    ]
    lines = "".join(f"data: {json.dumps(one)}\n\n" for one in told)
    return {"match": match, "raw": f"{lines}data: [DONE]\n\n"}


ANSWERS = [
    costing("wish-exact", 1_003, 707, cached=400, written=500, reasoning=100),
    costing("wish-odd", 1, 0),
    costing("wish-ten", 5_000, 0),
    costing("wish-late", 5_000, 0) | {"first_token_seconds": 2},
    {"match": "wish-untold", "text": fenced(GOOD), "usage": False},
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("money")


@pytest.fixture(scope="module")
def connected(folder: Path) -> Iterator[str]:
    with connected_server(folder, ANSWERS, *PRICE, **NO_BROWSER) as url:
        yield url


@pytest.fixture
def client(api: type[Api], connected: str) -> Api:
    return api(connected)


def made(client: Api, prompt: str) -> tuple[dict[str, Any], dict[str, Any]]:
    asked = client("POST", "/api/artifacts", status=201, prompt=prompt)
    return asked["artifact"], client.ended(asked["generation"])


def test_a_call_costs_what_the_host_says_of_its_tokens_and_of_its_prices(client: Api) -> None:
    tool, ended = made(client, "wish-exact")
    told = {"input": 1_003, "output": 707, "reasoning": 100, "cached": 400, "written": 500}
    assert ended["usage"] == told
    assert ended["cost"] == {"amount": 0.007662, "currency": "USD"}  # 1,003 × $2 and 707 × $8
    version = client("GET", f"/api/artifacts/{tool['id']}/versions/1")
    assert (version["usage"], version["cost"]) == (told, ended["cost"])
    listed = client("GET", "/api/models")["items"][0]
    assert (listed["price"]["input"], listed["price"]["output"]) == (2, 8)


def test_a_call_whose_tokens_nobody_counted_has_no_cost_and_not_none_of_it(client: Api) -> None:
    tool, ended = made(client, "wish-untold")
    assert ended["cost"] is None
    page = client.client.get(f"/artifacts/{tool['id']}").text
    assert "price unknown" in page
    assert "$0" not in page


def test_page_api_and_database_agree_on_every_sum(client: Api, folder: Path) -> None:
    first, one = made(client, "wish-exact")
    asked = client("POST", f"/api/artifacts/{first['id']}/messages", status=202, prompt="wish-odd")
    two = client.ended(asked["generation"])
    second, three = made(client, "wish-untold")
    assert (one["cost"]["amount"], two["cost"]["amount"]) == (0.007662, 0.000002)

    with contextlib.closing(sqlite3.connect(folder / "data" / "sandwright.db")) as database:
        rows = database.execute("SELECT cost FROM generations").fetchall()
    costs = [json.loads(row[0])["amount"] for row in rows if json.loads(row[0] or "null")]
    micros = sum(round(Decimal(str(cost)) * 1_000_000) for cost in costs)

    def spending(query: str) -> dict[str, Any]:
        told: dict[str, Any] = client("GET", f"/api/spending?{query}")
        sums = [item["cost"]["amount"] for item in told["items"] if item["cost"]]
        assert sum(round(amount * 1_000_000) for amount in sums) == round(
            told["total"]["cost"]["amount"] * 1_000_000
        )
        return told

    for by in ("day", "model", "artifact"):
        total = spending(f"by={by}")["total"]
        assert total["cost"] == {"amount": micros / 1_000_000, "currency": "USD"}
        assert total["calls"] == len(rows)
        assert total["unknown"] == len(rows) - len(costs)
    versions = spending(f"by=version&artifact={first['id']}")
    assert [item["key"] for item in versions["items"]] == ["2", "1"]
    assert versions["total"]["cost"]["amount"] == 0.007664
    assert versions["total"]["usage"]["cached"] == 400
    untold = client("GET", f"/api/spending?by=artifact&artifact={second['id']}")["total"]
    assert (untold["cost"], untold["unknown"], three["cost"]) == (None, 1, None)

    page = client.client.get("/spending").text
    assert f"at least ${micros / 1_000_000:.4f}" in page
    assert f"/spending?artifact={first['id']}" in page
    own = client.client.get(f"/spending?artifact={first['id']}").text
    assert "$0.0077" in own
    assert "400 from the host" in own
    alone = client.client.get(f"/spending?artifact={second['id']}").text
    assert "price unknown" in alone
    assert "$" not in alone.partition("<main")[2]


def test_an_archive_that_claims_a_fortune_breaks_no_sum(client: Api, folder: Path) -> None:
    """Its costs are a stranger's; a sum beyond 64 bits would be no answer at all."""
    tool, _ = made(client, "wish-exact")
    with contextlib.closing(sqlite3.connect(folder / "data" / "sandwright.db")) as database:
        claimed = json.dumps({"amount": 1e300, "currency": "USD"})
        counted = json.dumps({"input": 2**62, "output": "many"})
        database.execute(
            "UPDATE generations SET cost = ?, usage = ? WHERE artifact_id = ?",
            (claimed, counted, tool["id"]),
        )
        database.commit()
    told = client("GET", f"/api/spending?by=artifact&artifact={tool['id']}")["total"]
    assert (told["cost"], told["unknown"], told["usage"]["input"]) == (None, 1, 0)
    assert client("GET", "/api/spending")["total"]["calls"]


def test_the_versions_of_every_tool_are_no_list(client: Api) -> None:
    problem = client("GET", "/api/spending?by=version", status=422)
    assert "one tool" in problem["detail"]
    client("GET", "/api/spending?by=weekday", status=422)
    client("GET", "/api/spending?by=day&artifact=nothing", status=404)


@pytest.fixture
def held(
    scripted: Start, serve_app: Start, api: type[Api]
) -> tuple[Api, Callable[[], list[dict[str, Any]]]]:
    """A server with budgets, and what its model was asked."""
    model = scripted(json.dumps(ANSWERS), 2_000, *PRICE)
    budgets = {"SANDWRIGHT_BUDGET_PER_DAY": "0.025", "SANDWRIGHT_BUDGET_PER_TOOL": "0.01"}
    server = serve_app(OPENAI_BASE_URL=model.url, OPENAI_API_KEY="none", **budgets)

    def asked() -> list[dict[str, Any]]:
        log = httpx.get(f"{model.url.removesuffix('/v1')}/_scripted/log").json()
        calls: list[dict[str, Any]] = log["calls"]
        return calls

    return api(server.url), asked


def test_the_call_over_budget_is_not_made_and_nothing_written_is_lost(held: Any) -> None:
    client, asked = held
    tool, ended = made(client, "wish-ten")
    assert ended["cost"]["amount"] == 0.01
    path = f"/api/artifacts/{tool['id']}"
    for problem in (
        client("POST", f"{path}/messages", status=402, prompt="wish-more"),
        client("POST", f"/api/generations/{ended['id']}/retry", status=402),
    ):
        assert problem["code"] == "over_budget"
        assert "this tool's budget of $0.01 is spent ($0.0100 so far)" in problem["detail"]
        assert "SANDWRIGHT_BUDGET_PER_TOOL" in problem["detail"]
        assert "kept" in problem["action"]
    assert len(client("GET", f"{path}/messages")["items"]) == 2
    assert len(asked()) == 1

    # What waited for its turn is refused then; the words stay in the conversation.
    made_late = client("POST", "/api/artifacts", status=201, prompt="wish-late")
    late = f"/api/artifacts/{made_late['artifact']['id']}"
    waits = client("POST", f"{late}/messages", status=202, prompt="wish-waits")["generation"]
    client.ended(made_late["generation"])
    ended = client.ended(waits)
    assert (ended["state"], ended["error"]["code"]) == ("failed", "over_budget")
    said = [one["text"] for one in client("GET", f"{late}/messages")["items"]]
    assert "wish-waits" in said
    assert len(asked()) == 2

    made(client, "wish-ten")  # for which there is room still
    problem = client("POST", "/api/artifacts", status=402, prompt="wish-ten")
    assert "today's budget of $0.025 is spent ($0.0300 so far)" in problem["detail"]
    assert "SANDWRIGHT_BUDGET_PER_DAY" in problem["detail"]
    assert len(asked()) == 3
    assert client("GET", "/api/spending")["total"]["cost"]["amount"] == 0.03

    free = client("POST", "/api/artifacts", status=201, prompt="tip", model="recipes/built-in")
    assert client.ended(free["generation"])["state"] == "done"


def test_an_estimate_is_of_the_request_that_would_be_sent(held: Any) -> None:
    client, asked = held
    prompt = "wish-odd"
    first = client("POST", "/api/estimate", prompt=prompt)
    tool, _ = made(client, prompt)
    sent = sum(len(turn["content"]) for turn in asked()[0]["body"]["messages"])
    assert first["tokens_in"] == sent // 4
    assert (first["tokens_out_least"], first["tokens_out"]) == (3_000, 5_000)
    expected = (sent // 4 * 2 + 4_000 * 8) / 1_000_000
    assert first["cost"] == {"amount": round(expected, 6), "currency": "USD"}

    path = f"/api/artifacts/{tool['id']}/messages"
    question = {"prompt": "in euros", "artifact": tool["id"], "base_version": 1}
    client("POST", "/api/estimate", status=404, prompt="x", artifact="nothing")
    change = client("POST", "/api/estimate", **question)
    assert 0 < change["tokens_out_least"] < change["tokens_out"]
    assert len(asked()) == 1, "it asks no model"
    asked_for = client("POST", path, status=202, prompt="in euros", base_version=1)
    client.ended(asked_for["generation"])
    messages = asked()[1]["body"]["messages"]
    assert len(messages) == 4, "with the words that led to it"
    assert change["tokens_in"] == sum(len(turn["content"]) for turn in messages) // 4
