"""Reload, second reader, stop, `kill -9`, restart: what arrived is there, and can go on."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from pathlib import Path

import httpx
import pytest

from server.app import open_services
from server.generation.run import COALESCE_SECONDS
from server.providers.scripted import ScriptedServer
from server.providers.scripted_answers import Answer, default_answers
from server.settings import load_settings
from server.store.records import State
from tests.conftest import NO_BROWSER, Api, Process, Start, until
from tests.integration.tools import GOOD, answers, fenced, journal, long_document

LONG = long_document()
CUT = "of the long table"


def until_written(client: Api, generation: dict[str, object], characters: int) -> str:
    """Follow the events until so much of the document has arrived; returns it."""
    text = ""
    with client.client.stream("GET", f"/api/generations/{generation['id']}/events") as response:
        kind = ""
        for line in response.iter_lines():
            if line.startswith("event: "):
                kind = line[7:]
            elif line.startswith("data: ") and kind == "document":
                text += json.loads(line[6:])["text"]
                if len(text) >= characters:
                    return text
            assert kind != "end", "the generation ended before"
    raise AssertionError("the stream ended before")


def read_frame(url: str) -> str:
    """Read what a frame serves; `*.localhost` is this machine (RFC 6761)."""
    address = httpx.URL(url)
    host = f"{address.host}:{address.port}"
    direct = address.copy_with(host="127.0.0.1")
    return httpx.get(direct, headers={"Host": host}).text


# Slow enough for a busy machine to come in between.
SLOWLY = 300


def start_long(
    serve_app: Start, scripted: Start, data: Path | None = None, pace: int = 1500
) -> tuple[Process, str]:
    rest = LONG[LONG.index(CUT, 4000) :]
    script = answers(
        {"match": "cut off", "text": rest, "tokens_per_second": 5000},
        {"text": fenced(LONG), "tokens_per_second": pace},
    )
    model = scripted(script)
    return serve_app(data, OPENAI_BASE_URL=model.url), model.url


def test_kill_nine_loses_at_most_one_batch(
    serve_app: Start, scripted: Start, api: type[Api], tmp_path: Path
) -> None:
    """After a restart it reads `interrupted`, its text is there, both ways on finish it."""
    data = tmp_path / "kept"
    app, _ = start_long(serve_app, scripted, data, SLOWLY)
    client = api(app.url)
    made = client("POST", "/api/artifacts", status=201, prompt="a long counter")
    generation = made["generation"]
    early = until_written(client, generation, 3000)
    until(lambda: early in journal(data))
    app.kill()

    app, _ = start_long(serve_app, scripted, data)  # a quicker model: nothing comes in between now
    again = api(app.url)
    ended = again("GET", f"/api/generations/{generation['id']}")
    assert ended["state"] == "interrupted"
    assert ended["error"]["action"]
    assert ended["can_continue"] is True
    told = whole_stream(again, generation["id"], last_event="300")
    assert [json.loads(data)["state"] for _, data in told] == ["interrupted"] * 2
    kept = read_frame(ended["frame_url"])
    assert early in kept

    continued = again("POST", f"/api/generations/{generation['id']}/continue", status=202)
    assert again.ended(continued["generation"])["state"] == "done"
    retried = again("POST", f"/api/generations/{generation['id']}/retry", status=202)
    assert again.ended(retried["generation"])["state"] == "done"
    source = again.client.get(f"/api/artifacts/{made['artifact']['id']}/versions/2/source").text
    assert source == LONG


async def test_the_journal_follows_at_most_250_ms_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What came is on disk while the model still holds its stream open.

    A clock would say as much of a busy machine, so what is asserted is what the journal waits for.
    """
    sleep, waited = asyncio.sleep, []

    async def noted(seconds: float) -> None:
        task = asyncio.current_task()
        assert task is not None
        if task.get_coro().__qualname__.endswith("_write_journal"):
            waited.append(seconds)
        await sleep(seconds)

    monkeypatch.setattr(asyncio, "sleep", noted)
    environment = {"SANDWRIGHT_DATA_DIR": str(tmp_path), **NO_BROWSER}
    async with ScriptedServer([Answer(fenced(GOOD), ending="open")]) as model:
        settings = load_settings({**environment, "OPENAI_BASE_URL": model.base_url})
        async with open_services(settings) as services:
            choice = await services.registry.default()
            made = await services.generator.create("a counter", choice)
            while "</html>" not in journal(tmp_path):
                await sleep(0.02)
            run = services.hub.get(made.generation.id)
            assert run is not None
            assert run.state is State.STREAMING
    assert waited
    # Text is gathered before it becomes an entry.
    assert COALESCE_SECONDS + max(waited) <= 0.25


def test_two_readers_and_a_late_one_see_the_same(
    serve_app: Start, scripted: Start, api: type[Api]
) -> None:
    """A second tab that joins mid-stream reads the same document as the first; so does resuming."""
    app, _ = start_long(serve_app, scripted)
    client, other = api(app.url), api(app.url)
    made = client("POST", "/api/artifacts", status=201, prompt="a long counter")
    until_written(client, made["generation"], 2000)
    late = read_frame(made["generation"]["frame_url"])
    assert LONG in late
    first, second = (whole_stream(one, made["generation"]["id"]) for one in (client, other))
    assert first == second
    offset = first[len(first) // 2][0]
    resumed = whole_stream(client, made["generation"]["id"], last_event=offset)
    assert resumed == first[len(first) // 2 + 1 :]
    assert whole_stream(client, made["generation"]["id"], last_event="999999") == []


def whole_stream(client: Api, generation: str, last_event: str = "") -> list[tuple[str, str]]:
    headers = {"Last-Event-ID": last_event} if last_event else {}
    found: list[tuple[str, str]] = []
    path = f"/api/generations/{generation}/events"
    with client.client.stream("GET", path, headers=headers) as response:
        offset = ""
        for line in response.iter_lines():
            if line.startswith("id: "):
                offset = line[4:]
            elif line.startswith("data: "):
                found.append((offset, line[6:]))
    return found


@pytest.mark.alone
def test_stop_reaches_the_model_at_once_and_keeps_what_came(
    serve_app: Start, scripted: Start, api: type[Api]
) -> None:
    """Cancelled, the upstream request is gone within 250 ms, and the text can be continued."""
    app, model = start_long(serve_app, scripted, pace=SLOWLY)
    client = api(app.url)
    took = []
    while not took or (took[-1] >= 0.25 and len(took) < 4):  # the machine may have stood still
        made = client("POST", "/api/artifacts", status=201, prompt="a long counter")
        early = until_written(client, made["generation"], 3000)
        asked = time.monotonic()
        path = f"/api/generations/{made['generation']['id']}"
        stopped = client("POST", f"{path}/cancel", status=202)["generation"]
        assert stopped["state"] == "cancelled"
        log = until_disconnected(model.removesuffix("/v1"), len(took))
        took.append(log["disconnected"]["monotonic"] - asked)
        assert early in read_frame(stopped["frame_url"])
    assert min(took) < 0.25, took
    continued = client("POST", f"{path}/continue", status=202)
    assert client.ended(continued["generation"])["state"] == "done"


def test_the_page_tells_truly_what_is_left_of_what_was_stopped(
    serve_app: Start, scripted: Start, api: type[Api]
) -> None:
    """The words that came stand in the conversation; a stopped change says that the tool stays."""
    app, _ = start_long(serve_app, scripted, pace=SLOWLY)
    client = api(app.url)

    def stopped(started: dict[str, dict[str, str]]) -> tuple[str, str]:
        until_written(client, started["generation"], 100)
        client("POST", f"/api/generations/{started['generation']['id']}/cancel", status=202)
        page = client.client.get(f"/artifacts/{started['generation']['artifact']}").text
        page = " ".join(page.split())
        assert "Here is a counter." in page
        return page, f'href="{started["generation"]["frame_url"]}"'

    page, _ = stopped(client("POST", "/api/artifacts", status=201, prompt="a counter"))
    assert "Stopped.</strong> What came is kept" in page
    assert "No version yet: continue, try again, or say it another way" in page
    tool = client("POST", "/api/artifacts/import", status=201, html=GOOD)["artifact"]
    path = f"/api/artifacts/{tool['id']}/messages"
    page, link = stopped(client("POST", path, status=202, prompt="with a table"))
    assert "Stopped.</strong> The tool is as it was. What came is kept" in page
    assert link in page

    asked = client("POST", path, status=202, prompt="as a seating chart", model="recipes/built-in")
    client.ended(asked["generation"])
    page = client.client.get(tool["url"]).text
    assert "The built-in recipes cannot change this tool." in page
    assert "The nearest" not in page


def until_disconnected(model: str, call: int = 0) -> dict[str, dict[str, float]]:
    def disconnected() -> list[dict[str, dict[str, float]]]:
        calls = httpx.get(f"{model}/_scripted/log").json()["calls"]
        return [one for one in calls[call : call + 1] if one["disconnected"]]

    return dict(until(disconnected)[0])


def test_closing_the_reader_does_not_stop_the_generation(
    serve_app: Start, scripted: Start, api: type[Api]
) -> None:
    """Nobody watches, and the version is made all the same."""
    app, _ = start_long(serve_app, scripted)
    client = api(app.url)
    made = client("POST", "/api/artifacts", status=201, prompt="a long counter")
    until_written(client, made["generation"], 500)
    ended = client.ended(made["generation"])
    assert (ended["state"], ended["version"]) == ("done", 1)


@pytest.mark.parametrize("rounds", [1, 5])
def test_a_model_at_its_length_limit_is_continued(
    serve_app: Start, scripted: Start, api: type[Api], rounds: int
) -> None:
    """Up to three continuations by itself; after that what came is kept and Continue works."""
    whole = fenced(LONG)
    cuts = [len(whole) * part // (rounds + 1) for part in range(rounds + 2)]
    pieces = [whole[start:end] for start, end in itertools.pairwise(cuts)]
    script = [{"text": piece, "finish_reason": "length"} for piece in pieces]
    script[-1]["finish_reason"] = "stop"
    model = scripted(answers(*script), 20_000)
    client = api(serve_app(OPENAI_BASE_URL=model.url).url)
    made = client("POST", "/api/artifacts", status=201, prompt="a long counter")
    ended = client.ended(made["generation"])
    if rounds > 3:
        assert (ended["state"], ended["error"]["code"]) == ("failed", "cut_off")
        assert LONG[:2000] in read_frame(ended["frame_url"])
        path = f"/api/generations/{ended['id']}/continue"
        told = client("POST", path, status=409, model="recipes/built-in")
        assert "recipes cannot go on" in told["detail"]
        more = client("POST", path, status=202)
        ended = client.ended(more["generation"])
    assert (ended["state"], ended["version"]) == ("done", 1), ended["error"]
    path = f"/api/artifacts/{made['artifact']['id']}/versions/1/source"
    assert client.client.get(path).text == LONG


def made_whole(client: Api) -> str:
    """Make a tool and follow it to its end; returns its path in the API."""
    made = client("POST", "/api/artifacts", status=201, prompt="a counter")
    assert client.ended(made["generation"])["state"] == "done"
    return f"/api/artifacts/{made['artifact']['id']}"


def test_the_last_complete_of_two_documents_counts(
    serve_app: Start, scripted: Start, api: type[Api]
) -> None:
    """A draft followed by the real thing: the version is the second, prose of both is kept."""
    text = fenced(GOOD, "A draft:") + fenced(LONG, "Better:") + "Done."
    model = scripted(answers({"text": text}), 20_000)
    client = api(serve_app(OPENAI_BASE_URL=model.url).url)
    path = made_whole(client)
    assert client.client.get(f"{path}/versions/1/source").text == LONG
    assert "Better:" in client("GET", f"{path}/messages")["items"][-1]["text"]


def test_an_answer_begun_anew_where_its_rest_was_asked_for_counts_alone(
    serve_app: Start, scripted: Start, api: type[Api]
) -> None:
    """Words and a whole document in reply to the request to go on: no two documents in one."""
    cut = {"text": fenced(LONG), "truncate_at": 3000}
    model = scripted(answers(cut, {"match": "cut off", "text": fenced(GOOD, "I made it shorter.")}))
    client = api(serve_app(OPENAI_BASE_URL=model.url).url)
    path = made_whole(client)
    assert client.client.get(f"{path}/versions/1/source").text == GOOD
    assert "I made it shorter." in client("GET", f"{path}/messages")["items"][-1]["text"]


def test_the_shipped_model_goes_on_after_a_stop(
    serve_app: Start, scripted: Start, api: type[Api]
) -> None:
    """With its own two answers too, Continue ends in the one document that was begun."""
    whole = default_answers()[0].text.partition("```html\n")[2].partition("```")[0]
    model = scripted(None, 1_000)
    client = api(serve_app(OPENAI_BASE_URL=model.url).url)
    made = client("POST", "/api/artifacts", status=201, prompt="a tool")
    until_written(client, made["generation"], 3000)
    path = f"/api/generations/{made['generation']['id']}"
    client("POST", f"{path}/cancel", status=202)
    continued = client("POST", f"{path}/continue", status=202)
    assert client.ended(continued["generation"])["state"] == "done"
    path = f"/api/artifacts/{made['artifact']['id']}/versions/1/source"
    assert client.client.get(path).text == whole


def test_a_question_back_is_a_message_and_no_version(
    serve_app: Start, scripted: Start, api: type[Api]
) -> None:
    """Words only: done, no version, the frame says that there is no document."""
    model = scripted(answers({"text": "Which **currency** do you use?"}))
    client = api(serve_app(OPENAI_BASE_URL=model.url).url)
    made = client("POST", "/api/artifacts", status=201, prompt="a tool")
    ended = client.ended(made["generation"])
    assert (ended["state"], ended["version"]) == ("done", None)
    said = client("GET", f"/api/artifacts/{made['artifact']['id']}/messages")["items"][-1]
    assert "<strong>currency</strong>" in said["html"]
    assert "no document" in read_frame(ended["frame_url"]).lower()


def test_stop_while_testing_leaves_a_version_that_was_not_tested(
    serve_app: Start, scripted: Start, api: type[Api]
) -> None:
    """The version exists, so the generation is done; the verdict says "not tested" and why."""
    # Its test takes all the time that there is.
    buttons = "".join(f"<button>Word {letter}</button>" for letter in "abcdefghijklmnop")
    busy = "onclick = () => { const end = Date.now() + 1500; while (Date.now() < end); };"
    slow = GOOD.replace("<script>", f"{buttons}<script>{busy}")
    model = scripted(answers({"text": fenced(slow)}))
    client = api(serve_app(tests=True, OPENAI_BASE_URL=model.url).url)
    made = client("POST", "/api/artifacts", status=201, prompt="a counter")
    path = f"/api/generations/{made['generation']['id']}"
    with client.client.stream("GET", f"{path}/events") as response:
        next(line for line in response.iter_lines() if '"state": "testing"' in line)
    client("POST", f"{path}/cancel", status=202)
    ended = client("GET", path)
    assert (ended["state"], ended["version"]) == ("done", 1)
    version = client("GET", f"/api/artifacts/{made['artifact']['id']}/versions/1")
    assert version["report"]["verdict"] == "not tested"
    assert version["report"]["reason"]


def test_deleting_a_tool_stops_its_model(serve_app: Start, scripted: Start, api: type[Api]) -> None:
    """Nobody pays for what is in the bin, and what came is there after undelete."""
    app, model = start_long(serve_app, scripted, pace=SLOWLY)
    client = api(app.url)
    made = client("POST", "/api/artifacts", status=201, prompt="a long counter")
    until_written(client, made["generation"], 500)
    path = f"/api/artifacts/{made['artifact']['id']}"
    client("DELETE", path, status=204)
    until_disconnected(model.removesuffix("/v1"))
    client("POST", f"{path}/undelete")
    assert client("GET", f"/api/generations/{made['generation']['id']}")["state"] == "cancelled"


def test_a_wish_outlives_a_failed_first_try(
    serve_app: Start, scripted: Start, api: type[Api]
) -> None:
    """With no version yet, the next message is read together with the wish before it."""
    refused = {"text": "", "error": {"status": 500, "body": {"error": {"message": "no"}}}}
    model = scripted(answers(refused, {"text": fenced(GOOD)}))
    client = api(serve_app(OPENAI_BASE_URL=model.url).url)
    made = client("POST", "/api/artifacts", status=201, prompt="a counter of sheep")
    assert client.ended(made["generation"])["can_continue"] is False
    path = f"/api/artifacts/{made['artifact']['id']}/messages"
    asked = client("POST", path, status=202, prompt="in blue")
    assert client.ended(asked["generation"])["version"] == 1
    calls = httpx.get(f"{model.url.removesuffix('/v1')}/_scripted/log").json()["calls"]
    sent = json.dumps(calls[-1]["body"])
    assert "a counter of sheep" in sent
    assert "in blue" in sent
