"""What is Ollama's own in its format; test_wire_formats.py has what all share."""

from __future__ import annotations

import json

import pytest

from server.providers.ollama import OllamaProvider
from server.providers.protocol import Image, ModelRequest, Start, Stop, Text, Turn, Usage
from tests.integration.wires import (
    REQUEST,
    Played,
    gathered,
    model_of,
    ndjson,
    only_error,
    playing,
    refused,
    text_of,
    transport_of,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("transports")]
LINES = "application/x-ndjson"


def line(text="", done=False, **more):
    return {"model": "m", "message": {"content": text}, "done": done, **more}


FINE = Played(ndjson(line("hi"), line(done=True, done_reason="stop")), content_type=LINES)


async def said(*answers, request=REQUEST, shown=None):
    async with playing(*answers, shown=shown) as host:
        return await gathered(OllamaProvider(transport_of(), base_url=host.url), request), host


def asking(characters, most=None, images=()):
    turns = (Turn("user", "x" * characters, images),)
    return ModelRequest("m", "", turns, (), max_output_tokens=most)


def room(host, number=-1):
    return host.body(number)["options"]["num_ctx"]


async def test_the_context_is_what_the_request_needs():
    for characters, at_least in ((10, 8192), (60_000, 28_192), (300_000, 108_192)):
        _, host = await said(FINE, request=asking(characters))
        assert at_least <= room(host) <= at_least + 4096
    assert json.loads(host.shown[0].body) == {"model": "m"}
    _, host = await said(FINE, request=asking(10, 100))
    assert room(host) == 4096
    assert host.body()["options"]["num_predict"] == 100


async def test_the_context_is_never_more_than_the_model_can():
    _, host = await said(FINE, request=asking(300_000), shown=model_of(32_768))
    assert room(host) == 32_768


@pytest.mark.parametrize(
    "shown",
    [
        refused(404, {"error": "model 'm' not found"}),
        Played(b"<html>", content_type="text/html"),
        Played(b"[1]", content_type="application/json"),
        model_of(True),
        model_of("many"),
        model_of(0),
    ],
)
async def test_a_model_that_shows_no_context_is_given_what_is_needed(shown):
    events, host = await said(FINE, request=asking(60_000), shown=shown)
    assert events[-1] == Stop("stop")
    assert room(host) == 28_672


async def test_other_letters_and_pictures_take_more_room_than_they_look():
    turns = (Turn("user", "世" * 30_000),)
    _, host = await said(FINE, request=ModelRequest("m", "", turns, ()))
    assert room(host) >= 38_192
    pictures = (Image("image/png", "aGk="),) * 4
    _, host = await said(FINE, request=asking(10, images=pictures))
    assert room(host) == 16_384 + 4096


async def test_a_model_is_asked_once_and_its_context_never_shrinks_between_calls():
    async with playing(FINE) as host:
        provider = OllamaProvider(transport_of(), base_url=host.url)
        for characters in (60_000, 10):
            await gathered(provider, asking(characters))
    assert len(host.shown) == 1
    assert room(host, 0) == room(host, 1)  # another size would load the model again


async def test_what_does_not_fit_is_told_by_ollama_and_given_more_room_while_there_is_some():
    too_long = refused(400, {"error": "the input length exceeds the context length"})
    async with playing(too_long, FINE) as host:
        events = await gathered(OllamaProvider(transport_of(), base_url=host.url))
        assert events[-1] == Stop("stop")
        assert room(host, 1) == 2 * room(host, 0)
    assert host.body()["truncate"] is False
    assert host.body()["shift"] is False
    events, host = await said(too_long, shown=model_of(8192))
    error = only_error(events)
    assert (error.code, len(host.requests)) == ("bad_request", 1)
    assert "larger context" in error.action


async def test_a_host_that_never_has_room_is_not_asked_for_ever_more():
    too_long = refused(400, {"error": "the input length exceeds the context length"})
    async with playing(too_long, shown=refused(404, {"error": "none"})) as host:
        provider = OllamaProvider(transport_of(), base_url=host.url)
        for _ in range(3):
            only_error(await gathered(provider))
    assert max(room(host, number) for number in range(len(host.requests))) == 131_072


async def test_a_broken_runner_has_no_reason_and_is_truncated():
    played = Played(ndjson(line("half"), line(done=True, eval_count=3)), content_type=LINES)
    events, _ = await said(played)
    assert (text_of(events), events[-1].code) == ("half", "truncated")


async def test_a_last_line_without_a_line_end_and_lines_of_nothing_are_read():
    body = b"\n\r\n" + FINE.sent.rstrip(b"\n")
    events, _ = await said(Played(body, content_type=LINES + "; charset=utf-8"))
    assert events[1:] == [Text("hi"), Usage(), Stop("stop")]


async def test_only_a_line_feed_ends_a_line():
    text = "a\u2028b\u0085c\x0cd"
    raw = json.dumps(line(text, done=True, done_reason="stop"), ensure_ascii=False).encode()
    events, _ = await said(Played(raw.replace(b"\\u000c", b"\\f") + b"\n", content_type=LINES))
    assert text_of(events) == text


async def test_a_host_that_does_not_stream_still_answers():
    whole = line("all at once", done=True, done_reason="length", prompt_eval_count=1, eval_count=3)
    events, _ = await said(Played(whole, content_type="application/json"))
    assert events == [Start("m"), Text("all at once"), Usage(1, 3), Stop("length")]


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (404, "model 'm-1' not found", "model_not_found"),
        (404, 'model "m-1" not found, try pulling it first', "model_not_found"),
        (400, "invalid options", "bad_request"),
        (401, "unauthorized", "unauthorized"),
        (503, "server busy, please try again. maximum pending requests exceeded", "overloaded"),
        (500, "llama runner process has terminated", "unavailable"),
    ],
)
async def test_refusals(status, message, code):
    events, _ = await said(refused(status, {"error": message}))
    assert only_error(events).code == code
    assert message in events[0].message


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"message": "x"},
        {"message": {"content": 7}},
        {"message": {"thinking": []}},
        {"done": True, "done_reason": 7},
    ],
)
async def test_json_of_another_shape_is_garbage(value):
    events, _ = await said(Played(ndjson(value), content_type=LINES))
    assert events[-1].code == "garbage"
    assert "OLLAMA_HOST" in events[-1].action


async def test_lines_without_words_and_without_end_are_stopped(monkeypatch):
    monkeypatch.setattr("server.providers.reading.QUIET_LIMIT", 10_000)
    events, _ = await said(Played(ndjson(*[line()] * 400), content_type=LINES))
    assert events[-1].code == "too_large"
    monkeypatch.setattr("server.providers.transport.QUIET_LIMIT", 10_000)
    events, _ = await said(Played(b"x" * 20_000, content_type=LINES))
    assert only_error(events).code == "too_large"


async def test_models_are_listed_without_those_that_embed():
    models = [
        {"name": "a:1b", "model": "a:1b", "capabilities": ["completion", "vision"]},
        {"name": "nomic-embed-text:latest"},
        {"name": "picture", "capabilities": ["image"]},
        {"name": "b"},
        {"name": 7},
    ]
    async with playing(Played({"models": models}, content_type="application/json")) as host:
        listing = await OllamaProvider(transport_of(), base_url=host.url).models()
    assert [(one.model, one.images) for one in listing.models] == [("a:1b", True), ("b", None)]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:11434/api"),
        ("0.0.0.0", "http://127.0.0.1:11434/api"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080/api"),
        (":8080", "http://127.0.0.1:8080/api"),
        ("localhost:11434/", "http://localhost:11434/api"),
        ("::1", "http://[::1]:11434/api"),
        ("[::]:8080", "http://[::1]:8080/api"),
        ("http://box", "http://box/api"),
        ("https://box.example/ollama/api/chat", "https://box.example/ollama/api"),
        ("http://box:11434/v1", "http://box:11434/api"),
        ("ollama.com", "https://ollama.com/api"),
        ("https://ollama.com/api", "https://ollama.com/api"),
    ],
)
async def test_addresses_are_read_as_ollama_reads_them(given, expected):
    assert OllamaProvider.normalised(given) == expected
