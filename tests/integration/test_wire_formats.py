"""Every wire format against byte-exact fixtures on a real socket: one table, the same promises."""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import dataclass, replace
from typing import Any

import pytest

from server.providers.anthropic import AnthropicProvider
from server.providers.gemini import GeminiProvider
from server.providers.ollama import OllamaProvider
from server.providers.openai import OpenAIProvider
from server.providers.protocol import Error, Event, Reasoning, Start, Stop, Text, Usage
from server.providers.responses import ResponsesProvider
from tests.integration.wires import (
    KEY,
    PICTURED,
    PIECES,
    TEXT,
    Played,
    crlf_events,
    gathered,
    ndjson,
    only_error,
    plain_events,
    playing,
    refused,
    text_of,
    thoughts_of,
    transport_of,
    typed_events,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("transports")]


@dataclass(frozen=True)
class Wire:
    """One format: what its hosts send, and what is to come of it."""

    provider: Any
    begun: tuple[dict[str, Any], ...]  # up to the first words
    spoken: tuple[dict[str, Any], ...]  # TEXT
    finished: tuple[dict[str, Any], ...]  # the end, and usage
    cut_short: tuple[dict[str, Any], ...]  # the end where the model ran out of tokens
    refusing: tuple[dict[str, Any], ...] | None  # the end where it will not
    failing: dict[str, Any]  # overloaded, in mid-stream
    usage: Usage
    image: Any  # where in a request the picture lies, and what is there
    frames: Any = plain_events
    frame: str = "data: {}\n\n"
    content_type: str = "text/event-stream"
    overloaded: int = 503
    done: bytes = b""

    def stream(self, *ending: dict[str, Any]) -> bytes:
        return self.frames(*self.begun, *self.spoken, *ending) + (self.done if ending else b"")

    def played(self, body: bytes, **options: Any) -> Played:
        return Played(body, content_type=self.content_type, **options)


def _chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"object": "chat.completion.chunk", "model": "m-1-of-may", "choices": choices}


CHAT = Wire(
    OpenAIProvider,
    begun=(_chunk({"role": "assistant", "content": ""}), _chunk({"reasoning_content": "Hm. "})),
    spoken=tuple(_chunk({"content": piece}) for piece in PIECES),
    finished=(
        _chunk({}, "stop"),
        {
            "choices": [],
            "usage": {
                "prompt_tokens": 30,
                "completion_tokens": 12,
                "prompt_tokens_details": {"cached_tokens": 10},
                "completion_tokens_details": {"reasoning_tokens": 4},
            },
        },
    ),
    cut_short=(_chunk({}, "length"),),
    refusing=(_chunk({}, "content_filter"),),
    failing={"error": {"code": 503, "message": "Overloaded, sorry"}},
    usage=Usage(30, 12, 4, 10),
    image=lambda body: body["messages"][0]["content"][1]["image_url"]["url"].split(",")[1],
    done=b"data: [DONE]\n\n",
)


def _delta(kind: str, name: str, text: str, index: int = 1) -> dict[str, Any]:
    delta = {"type": kind, name: text}
    return {"type": "content_block_delta", "index": index, "delta": delta}


def _message_end(reason: str) -> tuple[dict[str, Any], ...]:
    return (
        {"type": "content_block_stop", "index": 1},
        {
            "type": "message_delta",
            "delta": {"stop_reason": reason, "stop_sequence": None},
            "usage": {"output_tokens": 12, "output_tokens_details": {"thinking_tokens": 4}},
        },
        {"type": "message_stop"},
    )


MESSAGES = Wire(
    AnthropicProvider,
    begun=(
        {
            "type": "message_start",
            "message": {
                "type": "message",
                "model": "m-1-of-may",
                "content": [],
                "stop_reason": None,
                "usage": {
                    "input_tokens": 13,
                    "cache_creation_input_tokens": 7,
                    "cache_read_input_tokens": 10,
                    "output_tokens": 1,
                },
            },
        },
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "thinking", "thinking": "", "signature": ""},
        },
        {"type": "ping"},
        _delta("thinking_delta", "thinking", "Hm. ", 0),
        _delta("signature_delta", "signature", "EqQBCgIYAhIM", 0),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "content_block_start",
            "index": 1,
            "content_block": {"type": "text", "text": ""},
        },
    ),
    spoken=tuple(_delta("text_delta", "text", piece) for piece in PIECES),
    finished=_message_end("end_turn"),
    cut_short=_message_end("model_context_window_exceeded"),
    refusing=_message_end("refusal"),
    failing={
        "type": "error",
        "error": {"type": "overloaded_error", "message": "Overloaded, sorry"},
    },
    usage=Usage(30, 12, 4, 10, 7),
    image=lambda body: body["messages"][0]["content"][0]["source"]["data"],
    frames=typed_events,
    overloaded=529,
)


def _response(kind: str, **more: Any) -> dict[str, Any]:
    status = kind.rpartition(".")[2]
    status = "in_progress" if status == "created" else status
    response = {"object": "response", "model": "m-1-of-may", "status": status, "error": None}
    return {"type": kind, "response": {**response, "output": [], "usage": None, **more}}


def _part(kind: str, delta: str) -> dict[str, Any]:
    return {"type": kind, "item_id": "i", "output_index": 0, "content_index": 0, "delta": delta}


RESPONSES = Wire(
    ResponsesProvider,
    begun=(
        _response("response.created"),
        {"type": "response.output_item.added", "item": {"type": "reasoning", "summary": []}},
        {"type": "response.reasoning_summary_part.added", "summary_index": 0},
        _part("response.reasoning_summary_text.delta", "Hm. "),
        {"type": "response.content_part.added", "part": {"type": "output_text", "text": ""}},
    ),
    spoken=tuple(_part("response.output_text.delta", piece) for piece in PIECES),
    finished=(
        {"type": "response.output_text.done", "text": TEXT},
        _response(
            "response.completed",
            output=[{"type": "message", "content": [{"type": "output_text", "text": TEXT}]}],
            usage={
                "input_tokens": 30,
                "input_tokens_details": {"cached_tokens": 10, "cache_write_tokens": 7},
                "output_tokens": 12,
                "output_tokens_details": {"reasoning_tokens": 4},
                "total_tokens": 42,
            },
        ),
    ),
    cut_short=(
        _response("response.incomplete", incomplete_details={"reason": "max_output_tokens"}),
    ),
    refusing=(_part("response.refusal.delta", "I cannot."), _response("response.completed")),
    failing={
        "type": "error",
        "code": "server_is_overloaded",
        "message": "Overloaded, sorry",
        "param": None,
    },
    usage=Usage(30, 12, 4, 10, 7),
    image=lambda body: body["input"][0]["content"][1]["image_url"].split(",")[1],
    frames=typed_events,
)


def _candidate(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    candidate = {"content": {"role": "model", "parts": [*parts]}, "index": 0}
    usage = {"promptTokenCount": 30, "totalTokenCount": 30}
    return {
        "candidates": [{**candidate, **more}],
        "usageMetadata": usage,
        "modelVersion": "m-1-of-may",
    }


GEMINI = Wire(
    GeminiProvider,
    begun=(_candidate({"text": "Hm. ", "thought": True}),),
    spoken=tuple(_candidate({"text": piece}) for piece in PIECES),
    finished=(
        {
            **_candidate({"text": "", "thoughtSignature": "EjQK"}, finishReason="STOP"),
            "usageMetadata": {
                "promptTokenCount": 30,
                "cachedContentTokenCount": 10,
                "candidatesTokenCount": 8,
                "thoughtsTokenCount": 4,
                "totalTokenCount": 42,
            },
        },
    ),
    cut_short=(_candidate(finishReason="MAX_TOKENS"),),
    refusing=(_candidate(finishReason="SAFETY"),),
    failing={
        "error": {"code": 503, "message": "Overloaded, sorry", "status": "UNAVAILABLE"},
    },
    usage=Usage(30, 12, 4, 10),
    image=lambda body: body["contents"][0]["parts"][1]["inlineData"]["data"],
    frames=crlf_events,
)


def _line(done: bool = False, **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": ""}
    return {"model": "m-1-of-may", "message": message, "done": done, **more}


def _said(**more: str) -> dict[str, Any]:
    return _line(message={"role": "assistant", "content": "", **more})


OLLAMA = Wire(
    OllamaProvider,
    begun=(_said(thinking="Hm. "),),
    spoken=tuple(_said(content=piece) for piece in PIECES),
    finished=(_line(True, done_reason="stop", prompt_eval_count=30, eval_count=12),),
    cut_short=(_line(True, done_reason="length"),),
    refusing=None,
    failing={"error": "Overloaded, sorry"},
    usage=Usage(30, 12),
    image=lambda body: body["messages"][0]["images"][0],
    frames=ndjson,
    frame="{}\n",
    content_type="application/x-ndjson",
)

WIRES = {
    "chat": CHAT,
    "messages": MESSAGES,
    "responses": RESPONSES,
    "gemini": GEMINI,
    "ollama": OLLAMA,
}
REFUSING = {name: wire for name, wire in WIRES.items() if wire.refusing}  # Ollama has no word


@pytest.fixture(params=WIRES)
def wire(request):
    return WIRES[request.param]


def connected(wire, host, key=KEY):
    return wire.provider(transport_of(), base_url=host.url, key=key)


async def played(wire, *answers, **options):
    async with playing(*answers) as host:
        return await gathered(connected(wire, host), **options)


def joined(events: list[Event]) -> list[Event]:
    """The same events, with neighbours of a kind made one and only the last usage."""
    last = max((n for n, one in enumerate(events) if isinstance(one, Usage)), default=None)
    told: list[Event] = []
    for number, event in enumerate(events):
        kind = type(event)
        if isinstance(event, Usage) and number != last:
            continue
        if isinstance(event, (Text, Reasoning)) and told and isinstance(told[-1], kind):
            told[-1] = kind(told[-1].text + event.text)
        else:
            told.append(event)
    return told


async def test_a_stream_is_start_thoughts_words_usage_and_one_stop(wire):
    events = await played(wire, wire.played(wire.stream(*wire.finished)))
    whole = [Start("m-1-of-may"), Reasoning("Hm. "), Text(TEXT), wire.usage, Stop("stop")]
    assert joined(events) == whole
    assert [event.text for event in events if isinstance(event, Text)] == list(PIECES)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"], ids=["lf", "crlf"])
async def test_bytes_cut_anywhere_change_nothing(wire, line_end):
    stream = wire.stream(*wire.finished)
    expected = await played(wire, wire.played(stream))
    stream = stream.replace(b"\r\n", b"\n").replace(b"\n", line_end)
    pieces = [wire.played(stream, pieces=size) for size in (1, 2, 3, 7, 64)]
    async with playing(*pieces) as host:
        for _ in pieces:
            assert await gathered(connected(wire, host)) == expected


async def test_a_stream_closed_at_any_byte_is_truncated_until_the_model_has_finished(wire):
    stream, unfinished = wire.stream(*wire.finished), len(wire.stream())
    places = random.Random(7).sample(range(1, len(stream)), 24)
    answers = [wire.played(stream[:place], ending="cut") for place in places]
    async with playing(*answers) as host:
        for place in places:
            events = await gathered(connected(wire, host))
            assert TEXT.startswith(text_of(events))
            ended = [event for event in events if isinstance(event, (Stop, Error))]
            assert ended == events[-1:]
            if place <= unfinished:
                assert events[-1].code == "truncated"
                assert "127.0.0.1" in events[-1].message
            else:
                assert isinstance(ended[0], Stop) or ended[0].code == "truncated"


@pytest.mark.parametrize("ending", ["whole", "cut"])
async def test_an_end_without_a_stop_reason_is_truncated(wire, ending):
    events = await played(wire, wire.played(wire.stream(), ending=ending))
    assert text_of(events) == TEXT
    assert events[-1].code == "truncated"


async def test_a_host_that_stays_open_behind_the_end_does_not_hold_the_answer(wire, monkeypatch):
    monkeypatch.setattr("server.providers.reading.AFTER_FINISH", 0.05)
    events = await played(wire, wire.played(wire.stream(*wire.finished), ending="open"))
    assert events[-1] == Stop("stop")


async def test_running_out_of_tokens_is_a_stop_for_length(wire):
    events = await played(wire, wire.played(wire.stream(*wire.cut_short)))
    assert events[-1] == Stop("length")


@pytest.mark.parametrize("wire", REFUSING.values(), ids=REFUSING)
async def test_a_model_that_will_not_is_a_stop_for_refusal(wire):
    events = await played(wire, wire.played(wire.stream(*wire.refusing)))
    assert events[-1] == Stop("refusal")


async def test_an_error_in_the_middle_ends_the_stream_with_what_the_host_said(wire):
    events = await played(wire, wire.played(wire.stream(wire.failing, *wire.finished)))
    assert text_of(events) == TEXT
    assert events[-1].code == "overloaded"
    assert "Overloaded, sorry" in events[-1].message
    assert sum(isinstance(event, (Stop, Error)) for event in events) == 1


@pytest.mark.parametrize("data", ["<oops>", "[1]", "7", '"x"', "[" * 5000])
async def test_what_is_not_the_format_is_garbage_and_names_the_host(wire, data):
    error = (await played(wire, wire.played(wire.frame.format(data).encode())))[-1]
    assert error.code == "garbage"
    assert "127.0.0.1" in error.message
    assert wire.provider(transport_of()).known.url_variable in error.action


async def test_a_web_page_is_garbage_and_its_title_is_told(wire):
    page = b"<!doctype html><title>Welcome to nginx</title>"
    error = only_error(await played(wire, Played(page, content_type="text/html")))
    assert error.code == "garbage"
    assert "Welcome to nginx" in error.message


async def test_too_many_requests_say_when_to_come_back(wire):
    answer = refused(429, {"error": {"message": "Slow down"}}, **{"Retry-After": "7"})
    error = only_error(await played(wire, answer))
    assert (error.code, error.retry_after) == ("rate_limited", 7.0)
    assert "7 s" in error.action


async def test_an_overloaded_host_is_told_as_that(wire):
    answer = refused(wire.overloaded, {"error": {"message": "Overloaded"}})
    assert only_error(await played(wire, answer)).code == "overloaded"


async def test_a_key_that_is_not_accepted_names_its_variable_and_stays_secret(wire):
    answer = refused(401, {"error": {"message": f"Bad key {KEY}"}})
    error = only_error(await played(wire, answer))
    assert error.code == "unauthorized"
    assert wire.provider(transport_of()).known.key_variables[0] in error.action
    assert "secret" not in repr(error)


@pytest.mark.parametrize("how", ["close", "cancel"])
async def test_the_host_sees_that_nobody_listens_any_more(wire, how):
    async with playing(wire.played(wire.stream(), ending="open")) as host:
        stream = connected(wire, host).stream(PICTURED)
        spoken = asyncio.Event()

        async def listen():
            async for event in stream:
                if isinstance(event, Text):
                    spoken.set()

        if how == "close":
            async for event in stream:
                if isinstance(event, Text):
                    break
            await stream.aclose()
        else:
            task = asyncio.create_task(listen())
            await spoken.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        await host.gone.wait()  # nothing else is waited for: no answer, no time-out


async def test_a_picture_travels_with_the_words(wire):
    async with playing(wire.played(wire.stream(*wire.finished))) as host:
        await gathered(connected(wire, host), PICTURED)
        assert wire.image(host.body()) == "aGk="
        assert "like this" in host.requests[0].body.decode()


async def test_the_key_travels_in_a_header_alone(wire):
    async with playing(wire.played(wire.stream(*wire.finished))) as host:
        await gathered(connected(wire, host))
        await gathered(connected(wire, host, key=None))
    with_key, without = host.requests
    assert any(KEY in value for value in with_key.headers.values())
    assert KEY not in with_key.path + with_key.body.decode()
    assert not {"authorization", "x-api-key", "x-goog-api-key"} & set(without.headers)


async def test_halves_of_characters_are_an_error_or_sent_and_never_an_exception(wire):
    request = replace(PICTURED, model="m\ud800", system="\udfff")
    async with playing(wire.played(wire.stream(*wire.finished))) as host:
        ended = (await gathered(connected(wire, host), request))[-1]
    assert ended == Stop("stop") or ended.code == "bad_request"


async def test_a_tool_is_made_through_every_format_at_once(serve_app, api):
    """From the environment to a stored version, in one server that knows all of them."""
    named = {"OPENAI_BASE_URL": RESPONSES, "ANTHROPIC_BASE_URL": MESSAGES}
    named |= {"GEMINI_BASE_URL": GEMINI, "OLLAMA_HOST": OLLAMA, "MISTRAL_BASE_URL": CHAT}
    async with contextlib.AsyncExitStack() as stack:
        variables = {"OPENAI_FORMAT": "responses", "GOOGLE_API_KEY": KEY}
        for variable, wire in named.items():
            answer = wire.played(wire.stream(*wire.finished))
            variables[variable] = (await stack.enter_async_context(playing(answer))).url
        app = await asyncio.to_thread(serve_app, **variables)

        def make(provider):
            asked = {"prompt": "an ok", "model": f"{provider}/m-1"}
            client = api(app.url)
            made = client("POST", "/api/artifacts", status=201, **asked)
            ended = client.ended(made["generation"])
            path = f"/api/artifacts/{made['artifact']['id']}/versions/1/source"
            return ended["state"], ended["usage"]["output"], client.client.get(path).text

        for provider in ("openai", "anthropic", "gemini", "ollama", "mistral"):
            state, output, source = await asyncio.to_thread(make, provider)
            assert (state, output) == ("done", 12), provider
            assert "<p>ok</p>" in source


async def test_thoughts_are_told_apart_from_words(wire):
    events = await played(wire, wire.played(wire.stream(*wire.finished)))
    assert thoughts_of(events) == "Hm. "
    assert "Hm" not in text_of(events)


async def test_a_host_that_refuses_over_and_over_is_not_asked_for_ever(wire):
    said = "Unsupported parameter: 'max_tokens' 'max_completion_tokens' stream_options"
    async with playing(refused(400, {"error": {"message": said}})) as host:
        request = replace(PICTURED, max_output_tokens=9)
        assert only_error(await gathered(connected(wire, host), request)).code == "bad_request"
    assert len(host.requests) <= 4
