"""The scripted model: paced, recorded, replayed as its answers file says."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time

import httpx
import httpx_sse
import pytest

from server.generation.answer import AnswerParser, DocumentEnd, DocumentText
from server.generation.prompts import continue_request
from server.providers.protocol import ModelRequest, Turn
from server.providers.scripted import ScriptedServer
from server.providers.scripted_answers import (
    Answer,
    AnswersError,
    ScriptedError,
    default_answers,
    load_answers,
    split,
)


def request_for(*messages, **extra):
    turns = [{"role": "user", "content": message} for message in messages]
    return {"model": "scripted", "stream": True, "messages": turns, **extra}


async def ask(server, *messages, **extra):
    """The chunks of one streamed answer, as plain JSON."""
    async with (
        httpx.AsyncClient(trust_env=False) as client,
        httpx_sse.aconnect_sse(
            client,
            "POST",
            f"{server.base_url}/chat/completions",
            json=request_for(*messages, **extra),
        ) as source,
    ):
        return [event.data async for event in source.aiter_sse()]


def text_of(events):
    chunks = [json.loads(event) for event in events if event != "[DONE]"]
    return "".join(
        choice["delta"].get("content", "") for chunk in chunks for choice in chunk["choices"]
    )


async def said(server, *messages):
    return text_of(await ask(server, *messages))


@pytest.mark.parametrize("rate", [200, 2000])
async def test_tokens_keep_their_pace_and_come_one_to_a_chunk(rate):
    text = "".join(f"word{number:03} " for number in range(rate // 2))
    answer = Answer(text=text)
    tokens = len(split(text, "token"))
    due = (tokens - 1) / rate
    # Late by no more than a hiccup, however many tokens there are; a busy machine has longer ones.
    latest = due * 1.03 + 0.1
    took = []
    async with ScriptedServer([answer], tokens_per_second=rate) as server:
        while not took or (took[-1] > latest and len(took) < 6):
            events = await ask(server, "go")
            call = server.calls[-1]
            took.append(call.last_text - call.received)
            assert text_of(events) == text
            assert call.chunks == tokens
            assert len(events) == tokens + 3  # the role, the finish and [DONE]
    assert due <= min(took) <= latest, took


async def test_the_log_tells_what_came_and_when_over_http():
    async with ScriptedServer([Answer(text="one two", first_token_seconds=0.1)]) as server:
        await ask(server, "hello there")
        async with httpx.AsyncClient(trust_env=False) as client:
            address = server.base_url.removesuffix("/v1") + "/_scripted/log"
            (call,) = (await client.get(address)).json()["calls"]
    moments = [call[name]["monotonic"] for name in ("received", "first_token", "last_byte")]
    assert moments == sorted(moments)
    assert moments[1] - moments[0] >= 0.1
    assert call["received"]["wall"] == pytest.approx(time.time(), abs=30)
    assert call["message"] == "hello there"
    assert call["disconnected"] is None


@pytest.mark.alone
async def test_a_disconnect_is_noticed_and_written_down():
    took = []
    async with ScriptedServer([Answer(text="word " * 500, tokens_per_second=20)]) as server:
        while not took or (took[-1] >= 0.25 and len(took) < 4):  # the machine may have stood still
            asking = asyncio.create_task(ask(server, "go"))
            call = await server.call(len(took) + 1)
            asking.cancel()
            left = time.monotonic()
            async with asyncio.timeout(60):
                await call.done.wait()
            took.append(call.disconnected - left)
            assert call.last_byte is None
    assert min(took) < 0.25, took


async def test_answers_go_by_match_first_and_in_turn_otherwise():
    answers = [
        Answer(text="A"),
        Answer(text="B"),
        Answer(text="tip", match="tip split"),
        Answer(text="dark", match=r"/\bdark\b/"),
        Answer(text="later", turn="follow-up"),
    ]
    async with ScriptedServer(answers) as server:
        assert [await said(server, "x") for _ in range(3)] == ["A", "B", "A"]
        assert await said(server, "A Tip Splitter please") == "tip"
        assert await said(server, "in DARK colours") == "dark"
        assert await said(server, "first", "second") == "later"


async def test_truncation_stalls_and_missing_ends_play_as_written():
    cut = Answer(text="abcdef", truncate_at=3, finish_reason="length", chunk="char")
    stalled = Answer(text="abcdef", chunk="char", stall_at=3, stall_seconds=0.3)
    silent = Answer(text="abcdef", finish_reason=None, ending="no_done")
    async with ScriptedServer([cut, stalled, silent]) as server:
        events = await ask(server, "1")
        assert text_of(events) == "abc"
        assert '"finish_reason":"length"' in events[-2]
        begun = time.monotonic()
        assert await said(server, "2") == "abcdef"
        assert time.monotonic() - begun >= 0.3
        events = await ask(server, "3")
        assert text_of(events) == "abcdef"
        assert "[DONE]" not in events


async def test_a_stall_ends_when_it_is_told_to():
    answer = Answer(text="abcdef", chunk="char", stall_at=3, stall_seconds=3600)
    async with ScriptedServer([answer]) as server, httpx.AsyncClient(trust_env=False) as client:
        address = server.base_url.removesuffix("/v1") + "/_scripted/go"
        # The one that is asked to end it waits for it, if need be.
        going = asyncio.create_task(client.post(address))
        await asyncio.sleep(0)
        assert await said(server, "x") == "abcdef"
        (await going).raise_for_status()


async def test_usage_is_sent_only_when_asked_for():
    async with ScriptedServer([Answer(text="a b c", reasoning="well now")]) as server:
        assert not any("usage" in event for event in await ask(server, "x"))
        events = await ask(server, "x", stream_options={"include_usage": True})
    usage = json.loads(events[-2])["usage"]
    assert usage["completion_tokens_details"]["reasoning_tokens"] == len(split("well now", "token"))


async def test_an_answer_can_come_whole_and_models_are_listed():
    async with (
        ScriptedServer([Answer(text="whole")], models=("one", "two")) as server,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        body = {**request_for("x"), "stream": False}
        reply = (await client.post(f"{server.base_url}/chat/completions", json=body)).json()
        assert reply["choices"][0]["message"]["content"] == "whole"
        listing = (await client.get(f"{server.base_url}/models")).json()
        assert [entry["id"] for entry in listing["data"]] == ["one", "two"]
        assert (await client.get(f"{server.base_url}/else")).status_code == 404
        wrong = await client.post(f"{server.base_url}/chat/completions", json={"messages": 7})
        assert wrong.status_code == 400


async def test_an_error_plays_in_place_of_the_answer():
    error = ScriptedError(429, {"error": {"message": "slow"}}, retry_after="3")
    async with (
        ScriptedServer([Answer(error=error)]) as server,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        reply = await client.post(f"{server.base_url}/chat/completions", json=request_for("x"))
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "3")
    assert reply.json()["error"]["message"] == "slow"


@pytest.mark.parametrize("turn", [0, 1])
def test_a_built_in_answer_is_a_whole_tool_with_an_early_heading(turn):
    answer = default_answers()[turn]
    parser = AnswerParser()
    parts = parser.feed(answer.text) + parser.end()
    (document,) = (part.text for part in parts if isinstance(part, DocumentText))
    assert [part.complete for part in parts if isinstance(part, DocumentEnd)] == [True]
    assert 10_500 <= len(document) <= 13_500
    assert answer.text.index("</h1>") < len(answer.text) * 0.085
    assert not re.search(r"https?://", document)


async def test_the_built_in_answers_serve_a_first_wish_and_a_change():
    async with ScriptedServer() as server:
        assert "<h1>Who owes whom</h1>" in await said(server, "share expenses")
        assert "in euros</h1>" in await said(server, "share expenses", "in euros")


@pytest.mark.parametrize("cut", [10, 140, 3000])
@pytest.mark.parametrize("turn", [0, 1])
async def test_a_request_to_go_on_gets_the_rest_of_what_was_begun(turn, cut):
    """Like a model: from where the text ends, also where white space came back otherwise."""
    whole = default_answers()[turn].text
    begun = Turn("assistant", whole[:cut].replace("\n\n```", "\n```"))
    wishes = [Turn("user", "a tool"), Turn("assistant", "Done."), Turn("user", "in euros")]
    asked = ModelRequest("scripted", "", tuple(wishes[: 1 + 2 * turn]), ())
    turns = continue_request(asked, begun.text).turns
    messages = [{"role": turn.role, "content": turn.text} for turn in turns]
    async with ScriptedServer() as server:
        assert whole[:cut] + text_of(await ask(server, messages=messages)) == whole


async def test_an_answer_written_for_the_request_to_go_on_goes_first():
    """And what was said to its end, or never begun, is answered like any other message."""
    go_on = continue_request(ModelRequest("scripted", "", (Turn("user", "a tool"),), ()), "abc")
    messages = [{"role": turn.role, "content": turn.text} for turn in go_on.turns]
    for script, said_first in (
        ([Answer("abcdef"), Answer("own", match="cut off")], "own"),
        ([Answer("abc"), Answer("def")], "abc"),
        ([Answer("xyz"), Answer("def")], "xyz"),
        ([Answer("abcdef", truncate_at=3, finish_reason="length")], "def"),
    ):
        async with ScriptedServer(script) as server:
            assert text_of(await ask(server, messages=messages)) == said_first


def test_answers_are_read_from_json_from_words_and_from_a_directory(tmp_path):
    (tmp_path / "tool.html").write_text("<p>tool", encoding="utf-8")
    entries = [
        "just words",
        {"file": "tool.html", "match": "tool", "chunk": 3},
        {"text": "abc", "truncate_at": 1},
        {"error": {"status": 503, "body": {"error": "busy"}}},
    ]
    path = tmp_path / "answers.json"
    path.write_text(json.dumps({"answers": entries}), encoding="utf-8")
    words, tool, cut, error = load_answers(path)
    assert words == Answer(text="just words")
    assert (tool.text, tool.pieces()) == ("<p>tool", ["<p>", "too", "l"])
    assert cut.finish_reason == "length"
    assert error.error == ScriptedError(503, {"error": "busy"})
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "2.txt").write_bytes(b"second\r\n")
    (folder / "1.md").write_text("---\nmatch: tip\ntokens_per_second: 9\n---\nfirst\n")
    first, second = load_answers(folder)
    assert (first.text, first.match, first.tokens_per_second) == ("first\n", "tip", 9)
    assert second.text == "second\r\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "line 1"),
        ("{}", "expected a list"),
        ('[{"txt": "x"}]', "unknown key “txt”"),
        ('[{"text": "x", "chunk": 0}]', "“chunk”"),
        ('[{"text": "x", "tokens_per_second": -1}]', "“tokens_per_second”"),
        ('[{"text": "x", "match": "/(/"}]', "no regular expression"),
        ('[{"text": "x", "error": {"sttus": 1}}]', "unknown key “sttus”"),
        ('[{"file": "absent.html"}]', "absent.html"),
        ("[7]", "expected an object or a string"),
        ("[]", "no answers in it"),
    ],
)
def test_an_answers_file_that_cannot_be_used_says_why(tmp_path, content, reason):
    path = tmp_path / "answers.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(AnswersError, match=re.escape(reason)):
        load_answers(path)


def test_tokens_and_chunks_join_to_the_text():
    text = '<div class="x_y">Grüße, 世界 😀</div>\n\n\t const a = 12345678901234;\n'
    for chunk in ("token", "char", 7):
        assert "".join(split(text, chunk)) == text
    assert 2.5 < len(text) / len(split(text, "token")) < 5


RUN = "import sys; from server.providers.scripted import run; sys.exit(run(int(sys.argv[1]), 500))"


def start(port):
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def test_the_command_prints_its_address_alone_serves_and_leaves_on_interrupt():
    with start(0) as process:
        url = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v1", url)
        assert httpx.get(f"{url}/models", trust_env=False).status_code == 200
        with start(url.split(":")[2].split("/")[0]) as second:
            assert second.wait(60) == 2
            assert "cannot listen" in second.stderr.read()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert f"OPENAI_BASE_URL={url}" in process.stdout.read()
