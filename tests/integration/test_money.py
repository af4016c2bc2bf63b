"""What tools cost: the scripted model with prices, through the real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NO_BROWSER, Api, connected_server
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
