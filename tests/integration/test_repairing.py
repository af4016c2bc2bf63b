"""Repairs that start by themselves prove progress or stop: six models, through the real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import unescape
from typing import Any

import httpx
import pytest

from tests.conftest import Api, Connected, Process, Start, connected_server, until
from tests.integration.tools import BROKEN, GOOD, answers, fenced


def faulty(*faults: str) -> str:
    """A tool in which each of these functions is missing."""
    calls = "\n".join(f"<script>{one}()</script>" for one in faults)
    return GOOD.replace("</body>", f"{calls}\n</body>")


def answer(match: str, *faults: str, **more: Any) -> dict[str, Any]:
    return {"match": match, "text": fenced(faulty(*faults)), **more}


def dear(match: str, *faults: str, tokens: int) -> dict[str, Any]:
    """An answer that costs so many tokens, half of them read."""
    told = [
        {"choices": [{"delta": {"content": fenced(faulty(*faults))}, "finish_reason": "stop"}]},
        {"choices": [], "usage": {"prompt_tokens": tokens // 2, "completion_tokens": tokens // 2}},
    ]
    lines = "".join(f"data: {json.dumps(one)}\n\n" for one in told)
    return {"match": match, "raw": f"{lines}data: [DONE]\n\n"}


ANSWERS = [
    answer("wish-good"),
    answer("wish-fixes", "fixA"),
    answer("fixA is not defined"),
    answer("wish-flips", "flipA"),
    answer("flipA is not defined", "flipB"),
    answer("flipB is not defined", "flipA"),
    answer("wish-worse", "badA"),
    answer("badA is not defined", "badA", "badB"),
    answer("wish-words", "wordA"),
    {"match": "wordA is not defined", "text": "I see nothing wrong with it."},
    answer("wish-stalls", "stallA"),
    answer("stallA is not defined", stall_at=40, stall_seconds=3600),
    answer("wish-cut", "cutA"),
    answer("cutA is not defined", "cutA", "cutB", stall_at=40, stall_seconds=3600),
    answer("wish-dear", "dearA", "dearB"),
    dear("dearA is not defined", "dearB", tokens=210_000),
    {"match": "wish-torn", "text": fenced(GOOD.replace("</script>", ""))},
    answer("wish-away", "awayA"),
    {"match": "awayA is not defined", "error": {"status": 403, "at": "start"}},
    {"match": "missingFunction is not defined", "text": fenced(BROKEN)},
]


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connected]:
    with connected_server(tmp_path_factory.mktemp("repairs"), ANSWERS) as url:
        yield url


@pytest.fixture
def client(api: type[Api], connected: str) -> Api:
    return api(connected)


class Tool:
    """A tool as its API tells it."""

    def __init__(self, client: Api, artifact: str) -> None:
        self.client, self.path = client, f"/api/artifacts/{artifact}"

    def ledger(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.client("GET", f"{self.path}/ledger")["items"]
        return items

    def settled(self) -> list[dict[str, Any]]:
        """Wait for the sentence that the last ledger ends with."""
        until(lambda: [one for one in self.ledger()[-1:] if one["outcome"]])
        return self.ledger()

    def versions(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.client("GET", f"{self.path}/versions")["items"]
        return items

    def verdicts(self) -> list[str]:
        return [one["report"]["verdict"] for one in self.versions()]

    def live(self) -> int:
        number: int = self.client("GET", self.path)["live_version"]
        return number

    def messages(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.client("GET", f"{self.path}/messages")["items"]
        return items


def made(client: Api, prompt: str, **more: str) -> Tool:
    asked = client("POST", "/api/artifacts", status=201, prompt=prompt, **more)
    client.ended(asked["generation"])
    return Tool(client, asked["artifact"]["id"])


def tried(entries: list[dict[str, Any]]) -> list[tuple[int, int | None, int, int | None]]:
    """From which version to which, and how many faults before and after."""
    return [
        (
            one["base"],
            one["version"],
            len(one["before"]),
            None if one["after"] is None else len(one["after"]),
        )
        for one in entries
    ]


def test_a_model_that_mends_it_at_once_is_asked_once(client: Api) -> None:
    tool = made(client, "wish-fixes")
    (entry,) = tool.settled()
    assert tried([entry]) == [(1, 2, 1, 0)]
    assert (tool.verdicts(), tool.live()) == (["failed", "passed"], 2)
    assert entry["changed"] == "1 line added, 1 taken away"
    repaired = tool.versions()[1]
    assert (repaired["origin"], repaired["parent"]) == ("repair", 1)
    assert entry["tokens"] == repaired["usage"]["input"] + repaired["usage"]["output"]
    generation = client("GET", f"/api/generations/{entry['generation']}")
    assert generation["repairs"] == tool.messages()[0]["generation"]
    assert "fixA is not defined" in generation["prompt"]
    assert [one["kind"] for one in tool.messages()] == ["prompt", "answer", "repair", "answer"]


def test_faults_that_come_and_go_end_it_and_what_passed_stays_live(client: Api) -> None:
    tool = made(client, "wish-good")
    asked = client("POST", f"{tool.path}/messages", status=202, prompt="wish-flips")
    client.ended(asked["generation"])
    entries = tool.settled()
    assert tried(entries) == [(2, 3, 1, 1), (3, 4, 1, 1)]
    assert entries[0]["before"] == entries[1]["after"] != entries[0]["after"]
    assert "a fault came back that had been mended" in entries[1]["outcome"]
    assert (tool.verdicts(), tool.live()) == (["passed", "failed", "failed", "failed"], 1)
    last = tool.messages()[-1]
    assert (last["kind"], last["text"], last["html"]) == ("outcome", entries[1]["outcome"], None)
    spent = sum(one["tokens"] for one in entries)
    assert f"({spent:,} tokens, price unknown)" in last["text"]


def test_a_model_that_makes_it_worse_begins_from_the_best_version_each_time(client: Api) -> None:
    tool = made(client, "wish-worse")
    entries = tool.settled()
    assert tried(entries) == [(1, 2, 1, 2), (1, 3, 1, 2)]
    assert "Version 1 is the best so far" in entries[1]["outcome"]
    page = client.client.get(tool.path.removeprefix("/api")).text
    assert unescape(page).count(entries[1]["outcome"]) == 2, "said, and beside what to do next"
    assert f'<a href="{tool.path.removeprefix("/api")}/versions/1">Version 1</a> has fewer' in page


def test_words_without_a_document_are_two_attempts_and_no_version(client: Api) -> None:
    tool = made(client, "wish-words")
    entries = tool.settled()
    assert tried(entries) == [(1, None, 1, None)] * 2
    assert "two in a row left no fewer faults" in entries[1]["outcome"]
    assert tool.verdicts() == ["failed"]


def test_a_model_that_stalls_is_stopped_by_the_person(client: Api) -> None:
    """And what it costs is no secret: what came is counted where the host did not say."""
    tool = made(client, "wish-stalls")
    until(lambda: tool.messages()[-1]["kind"] == "repair")
    generation = tool.messages()[-1]["generation"]
    running = client("GET", f"/api/generations/{generation}")
    assert running["attempt"] == {"number": 1, "of": 2}
    client("POST", f"/api/generations/{generation}/cancel", status=202)
    (entry,) = tool.settled()
    assert "it was stopped" in entry["outcome"]
    assert entry["tokens"] > len(GOOD) // 4, "what was asked is paid too"
    assert tool.verdicts() == ["failed"]
    assert tool.messages()[-1]["kind"] == "repair", "who stopped it need not be told so"


def test_a_wish_that_comes_in_between_ends_the_ledger_with_a_sentence(
    client: Api, connected: Connected
) -> None:
    tool = made(client, "wish-cut")
    until(lambda: tool.messages()[-1]["kind"] == "repair")
    asked = client("POST", f"{tool.path}/messages", status=202, prompt="wish-good")
    connected.go_on()
    client.ended(asked["generation"])
    (entry,) = tool.settled()
    assert tried([entry]) == [(1, 2, 1, 2)]
    assert "something else came before it" in entry["outcome"]


def test_a_model_that_costs_too_much_is_not_asked_again(client: Api) -> None:
    tool = made(client, "wish-dear")
    (entry,) = tool.settled()
    assert (entry["tokens"], tried([entry])) == (210_000, [(1, 2, 2, 1)])
    assert "the budget of 200,000 tokens is spent" in entry["outcome"]
    assert "Version 2 is the best so far" in entry["outcome"]


def test_a_host_that_refuses_is_not_asked_again(client: Api) -> None:
    tool = made(client, "wish-away")
    (entry,) = tool.settled()
    assert "the model did not end its answer" in entry["outcome"]
    assert (entry["tokens"], tool.verdicts()) == (0, ["failed"])


def test_what_needs_no_model_is_mended_without_one(client: Api) -> None:
    """As a version of its own, that costs nothing and says what was done."""
    tool = made(client, "wish-torn", model="openai/torn")
    (entry,) = tool.settled()
    assert (entry["mechanical"], entry["tokens"], tried([entry])) == (True, 0, [(1, 2, 1, 0)])
    assert entry["cost"] == {"amount": 0, "currency": "USD"}
    mended = tool.versions()[1]
    assert (mended["origin"], mended["provider"]) == ("mechanical", "mechanical")
    assert (tool.verdicts(), tool.live()) == (["failed", "passed"], 2)
    said = tool.messages()[-1]
    assert said["text"] == (
        "Mended without a model. Took away what stood around the document. "
        "Closed what was never closed: `<script>`."
    )
    source = client.client.get(f"{tool.path}/versions/2/source").text
    assert source.split() == GOOD.replace("</script>", "</script> ").split()
    page = client.client.get(tool.path.removeprefix("/api")).text
    assert "Mechanical repair, no model, no cost" in page
    again = client("POST", f"/api/generations/{entry['generation']}/retry", status=202)
    assert again["generation"]["model"] == "torn", "by who made it, not by the default"
    client.ended(again["generation"])


def test_an_import_is_left_alone_until_its_person_presses_fix(client: Api) -> None:
    """Then the same rules hold, and pressing it is the first attempt."""
    brought = client("POST", "/api/artifacts/import", status=201, html=BROKEN)
    tool = Tool(client, brought["artifact"]["id"])
    until(lambda: tool.versions()[0]["report"])
    assert tool.ledger() == []
    asked = client("POST", f"{tool.path}/fix", status=202, version=1)
    assert asked["generation"]["attempt"] == {"number": 1, "of": 2}
    entries = tool.settled()
    assert tried(entries) == [(1, 2, 1, 1), (2, 3, 1, 1)]
    assert [one["origin"] for one in tool.versions()] == ["import", "fix", "repair"]


def test_none_starts_where_the_setting_is_0(
    serve_app: Start, scripted: Start, api: type[Api]
) -> None:
    model: Process = scripted(answers({"text": fenced(BROKEN)}))
    app = serve_app(tests=True, OPENAI_BASE_URL=model.url, SANDWRIGHT_MAX_REPAIRS="0")
    client = api(app.url)
    tool = made(client, "a counter")
    asked = client("POST", f"{tool.path}/fix", status=202, version=1)
    assert client.ended(asked["generation"])["version"] == 2
    (entry,) = tool.settled()
    assert tool.messages()[-1]["kind"] == "answer"
    assert tried([entry]) == [(1, 2, 1, 1)]
    log = httpx.get(f"{model.url.removesuffix('/v1')}/_scripted/log").json()
    assert len(log["calls"]) == 2
    asked = client("POST", f"{tool.path}/messages", status=202, prompt="in euros")
    client.ended(asked["generation"])
    log = httpx.get(f"{model.url.removesuffix('/v1')}/_scripted/log").json()
    told = [one["content"] for one in log["calls"][-1]["body"]["messages"]]
    assert "a counter" in told[1]
    assert not any("A test in a real browser" in one for one in told), "wishes count, not repairs"


def test_a_server_that_dies_in_a_repair_says_so_in_the_ledger(
    serve_app: Start, scripted: Start, api: type[Api]
) -> None:
    stalls = {"text": fenced(GOOD), "stall_at": 40, "stall_seconds": 3600}
    model: Process = scripted(answers({"text": fenced(BROKEN)}, stalls))
    app = serve_app(tests=True, OPENAI_BASE_URL=model.url)
    tool = made(api(app.url), "a counter")
    until(lambda: tool.messages()[-1]["kind"] == "repair")
    app.kill()
    again = api(serve_app(OPENAI_BASE_URL=model.url).url)
    (entry,) = Tool(again, tool.path.rpartition("/")[2]).ledger()
    assert (entry["base"], entry["version"], entry["attempt"]) == (1, None, 1)
    assert entry["outcome"] == "The server stopped before this attempt had ended."


def test_the_repair_of_an_import_is_called_so(client: Api) -> None:
    brought = client("POST", "/api/artifacts/import", status=201, html=faulty("stallA"))
    tool = Tool(client, brought["artifact"]["id"])
    until(lambda: tool.versions()[0]["report"])
    asked = client("POST", f"{tool.path}/fix", status=202, version=1)
    page = client.client.get(tool.path.removeprefix("/api")).text
    assert "data-activity>Repairing</p>" in page
    client("POST", f"/api/generations/{asked['generation']['id']}/cancel", status=202)


def test_a_repair_over_budget_is_not_begun_and_the_conversation_says_so(
    serve_app: Start, scripted: Start, api: type[Api]
) -> None:
    told = answers(
        dear("wish-dear", "dearA", "dearB", tokens=2_000),
        {"match": "is not defined", "text": "No."},
    )
    model = scripted(told, 2_000, "--price", "100/100")
    settings = {"SANDWRIGHT_BUDGET_PER_TOOL": "0.2", "OPENAI_BASE_URL": model.url}
    app = serve_app(tests=True, **settings)
    tool = made(api(app.url), "wish-dear")
    said = until(lambda: [one for one in tool.messages() if one["kind"] == "outcome"])[-1]["text"]
    assert "No repair was tried; no other was begun." in said
    assert "this tool's budget of $0.20 is spent ($0.2000 so far)" in said
    log = httpx.get(f"{model.url.removesuffix('/v1')}/_scripted/log").json()
    assert len(log["calls"]) == 1
