"""The OpenAI format against a real server on a real socket: every trap, every refusal."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time

import httpx
import pytest

from server.providers.openai import OpenAIProvider
from server.providers.protocol import (
    Error,
    Image,
    ModelRequest,
    Reasoning,
    Start,
    Stop,
    Text,
    Turn,
    Usage,
)
from server.providers.refusals import Refusals
from server.providers.scripted import ScriptedServer
from server.providers.scripted_answers import Answer, ScriptedError
from server.providers.transport import Reply, Timeouts
from tests.integration.wires import KEY, PATIENT, TEXT, transport_of

REQUEST = ModelRequest("scripted", "Be brief.", (Turn("user", "hello"),), ("hello",))

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("transports")]


@contextlib.asynccontextmanager
async def connected(*answers, key=KEY, timeouts=PATIENT, models=("scripted",)):
    async with ScriptedServer(answers, models=models) as server:
        yield server, OpenAIProvider(transport_of(timeouts), base_url=server.base_url, key=key)


async def gathered(provider, request=REQUEST):
    return [event async for event in provider.stream(request)]


async def played(*answers, **options):
    async with connected(*answers, **options) as (_, provider):
        return await gathered(provider)


def text_of(events):
    return "".join(event.text for event in events if isinstance(event, Text))


async def test_a_stream_is_start_text_usage_and_one_stop():
    events = await played(Answer(text=TEXT))
    assert events[0] == Start("scripted")
    assert text_of(events) == TEXT
    assert isinstance(events[-2], Usage)
    assert events[-2].output > 0
    assert events[-1] == Stop("stop")
    assert sum(isinstance(event, (Stop, Error)) for event in events) == 1


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("framing", ["lf", "crlf"])
async def test_characters_and_lines_cut_between_bytes_arrive_whole(size, framing):
    events = await played(Answer(text=TEXT, split_bytes=size, framing=framing, comments=True))
    assert text_of(events) == TEXT
    assert events[-1] == Stop("stop")


async def test_usage_comes_behind_the_finish_chunk_with_all_its_kinds():
    raw = (
        'data: {"choices":[{"delta":{"content":"hi"},"finish_reason":null}]}\n\n'
        'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
        'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":5,'
        '"prompt_tokens_details":{"cached_tokens":4},'
        '"completion_tokens_details":{"reasoning_tokens":2}}}\n\ndata: [DONE]\n\n'
    )
    events = await played(Answer(raw=raw))
    assert events[1:] == [Text("hi"), Usage(7, 5, 2, 4), Stop("stop")]


async def test_usage_is_absent_when_the_host_sends_none():
    events = await played(Answer(text="hi", usage=False))
    assert not [event for event in events if isinstance(event, Usage)]
    assert events[-1] == Stop("stop")


async def test_a_host_that_refuses_stream_options_is_asked_again_without_them():
    answers = Answer(text="one", refuse=("stream_options",)), Answer(text="two")
    async with connected(*answers) as (server, provider):
        assert text_of(await gathered(provider)) == "one"
        assert text_of(await gathered(provider)) == "two"
        assert [call.status for call in server.calls] == [400, 200, 200]


async def test_a_host_that_refuses_max_tokens_is_asked_with_the_newer_name():
    request = ModelRequest("m", "", (Turn("user", "hello"),), (), max_output_tokens=99)
    async with connected(Answer(text="fine", refuse=("max_tokens",))) as (server, provider):
        assert text_of(await gathered(provider, request)) == "fine"
        assert server.calls[0].body["max_tokens"] == 99
        assert server.calls[1].body["max_completion_tokens"] == 99


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
async def test_reasoning_is_told_apart_from_text(field):
    events = await played(Answer(text="answer", reasoning="let me see", reasoning_field=field))
    thought = "".join(event.text for event in events if isinstance(event, Reasoning))
    assert (thought, text_of(events)) == ("let me see", "answer")


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("stop", "stop"), ("length", "length"), ("content_filter", "refusal"), ("eos", "stop")],
)
async def test_finish_reasons_become_stop_reasons(reason, expected):
    assert (await played(Answer(text="x", finish_reason=reason)))[-1] == Stop(expected)


async def test_a_missing_done_line_is_no_loss_once_the_model_finished():
    events = await played(Answer(text="x", ending="no_done"))
    assert events[-1] == Stop("stop")
    assert isinstance(events[-2], Usage)


async def test_a_host_that_holds_the_connection_after_the_finish_does_not_hold_the_answer(
    monkeypatch,
):
    monkeypatch.setattr("server.providers.reading.AFTER_FINISH", 0.2)
    begun = time.monotonic()
    events = await played(Answer(text="x", ending="open", usage=False))
    assert events[-1] == Stop("stop")
    assert time.monotonic() - begun < PATIENT.silence / 2


@pytest.mark.parametrize("ending", ["no_done", "cut"])
async def test_a_stream_that_ends_without_a_stop_reason_is_truncated(ending):
    events = await played(Answer(text="half an", finish_reason=None, ending=ending))
    assert text_of(events) == "half an"
    assert events[-1].code == "truncated"
    assert "127.0.0.1" in events[-1].message


async def test_an_error_in_the_middle_of_a_stream_ends_it_with_what_the_host_said():
    error = ScriptedError(at="mid", body={"code": 502, "message": "Upstream fell over"})
    events = await played(Answer(text="one two three four", error=error))
    assert text_of(events)
    assert events[-1].code == "unavailable"
    assert "Upstream fell over" in events[-1].message


async def test_a_code_that_only_looks_like_a_number_is_none():
    for code in ("²", "9" * 5000):
        error = ScriptedError(at="mid", body={"code": code, "message": "Fell over"})
        assert (await played(Answer(text="x y", error=error)))[-1].code == "unavailable"


async def test_a_finish_reason_of_error_is_an_error():
    assert (await played(Answer(text="x", finish_reason="error")))[-1].code == "unavailable"


async def test_a_line_that_is_not_json_is_garbage():
    events = await played(Answer(raw="data: <oops>\n\n"))
    assert events[-1].code == "garbage"
    assert "<oops>" in events[-1].message


MALFORMED = [
    '{"choices":["x"]}',
    '{"choices":[{"delta":"hi"}]}',
    '{"choices":5}',
    '{"choices":{"delta":{}}}',
    '{"x_groq":"a"}',
    '{"x_groq":{"usage":7}}',
    '{"usage":[1]}',
    '{"usage":{"prompt_tokens_details":[1]}}',
    '{"usage":{"completion_tokens_details":"x"}}',
    '{"choices":[{"delta":{},"finish_reason":{"a":1}}]}',
    "[" * 5000,
]


@pytest.mark.parametrize("data", MALFORMED)
async def test_json_of_another_shape_is_garbage_and_names_the_host(data):
    events = await played(Answer(raw=f"data: {data}\n\n"))
    assert events[-1].code == "garbage"
    assert "127.0.0.1" in events[-1].message


async def test_a_whole_answer_of_another_shape_is_garbage_and_the_only_end():
    events = await played(error_answer(200, {"choices": ["x"]}))
    assert [event.code for event in events] == ["garbage"]


async def test_a_host_that_answers_html_is_garbage_and_its_title_is_told():
    page = "<!doctype html><title>Welcome to nginx</title><p>hello"
    events = await played(error_answer(200, page, content_type="text/html"))
    assert events[-1].code == "garbage"
    assert "a web page" in events[-1].message
    assert "Welcome to nginx" in events[-1].message
    assert "OPENAI_BASE_URL" in events[-1].action


async def test_a_host_that_does_not_stream_still_answers():
    whole = {
        "model": "m-1",
        "choices": [{"message": {"content": "all at once"}, "finish_reason": "length"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 3},
    }
    events = await played(error_answer(200, whole))
    assert events == [Start("m-1"), Text("all at once"), Usage(1, 3), Stop("length")]


def error_answer(status, body=None, **options):
    return Answer(error=ScriptedError(status, body, **options))


@pytest.mark.parametrize(
    ("status", "said", "code"),
    [
        (401, "Incorrect API key provided", "unauthorized"),
        (403, "Country not supported", "unauthorized"),
        (402, "Insufficient Balance", "payment_required"),
        (429, "Rate limit reached for requests", "rate_limited"),
        (429, "You exceeded your current quota, please check your plan", "payment_required"),
        (404, "The model `scripted` does not exist", "model_not_found"),
        (400, "scripted is not a valid model ID", "model_not_found"),
        (400, "messages must alternate", "bad_request"),
        (404, "Not Found", "bad_request"),
        (500, "Internal error", "unavailable"),
        (502, "Bad gateway", "unavailable"),
        (503, "The engine is currently overloaded", "overloaded"),
        (529, "Overloaded", "overloaded"),
    ],
)
async def test_a_refusal_names_the_host_what_it_said_and_what_to_do(status, said, code):
    events = await played(error_answer(status, {"error": {"message": said}}))
    assert len(events) == 1
    assert events[0].code == code
    assert "127.0.0.1" in events[0].message
    assert said in events[0].message
    assert str(status) in events[0].message
    assert events[0].action


@pytest.mark.parametrize(
    "body", ["plain words", {"detail": "plain words"}, [{"error": {"message": "plain words"}}]]
)
async def test_refusals_are_understood_in_other_shapes(body):
    assert "plain words" in (await played(error_answer(500, body)))[0].message


async def test_retry_after_is_passed_on_in_seconds():
    error = (await played(error_answer(429, retry_after="7")))[0]
    assert (error.code, error.retry_after) == ("rate_limited", 7.0)
    assert "7 s" in error.action
    dated = (await played(error_answer(429, retry_after="Wed, 21 Oct 2015 07:28:00 GMT")))[0]
    assert dated.retry_after == 0.0
    assert (await played(error_answer(429, retry_after="soon")))[0].retry_after is None


async def test_insufficient_quota_in_the_code_alone_is_a_matter_of_payment():
    body = {"error": {"message": "Sorry", "code": "insufficient_quota"}}
    assert (await played(error_answer(429, body)))[0].code == "payment_required"


async def test_the_key_is_never_in_a_message_though_the_host_repeats_it():
    for answer in (
        error_answer(401, {"error": {"message": f"Bad key {KEY}"}}),
        error_answer(401, {"error": {"message": "x" * 290 + KEY}}),
        error_answer(200, f"<title>{KEY}</title>", content_type="text/html"),
        Answer(raw=f"data: {KEY}\n\n"),
        Answer(text="a b", error=ScriptedError(at="mid", body={"message": KEY})),
    ):
        event = (await played(answer))[-1]
        assert isinstance(event, Error)
        assert "secret" not in repr(event)


async def test_a_key_that_no_header_can_carry_is_an_error_that_does_not_repeat_it():
    for key in ("sk-secret\n0123", "sk-sécret-0123"):
        events = await played(Answer(text="x"), key=key)
        assert [event.code for event in events] == ["bad_request"]
        assert "cret" not in repr(events)


async def test_no_key_sends_no_authorization():
    async with connected(Answer(text="x"), key=None) as (server, provider):
        await gathered(provider)
        assert not server.calls[0].authorized
    async with connected(Answer(text="x")) as (server, provider):
        await gathered(provider)
        assert server.calls[0].authorized


async def test_nothing_for_the_time_allowed_is_a_timeout():
    quick = Timeouts(connect=60, silence=0.3)
    events = await played(Answer(text="x", first_token_seconds=90), timeouts=quick)
    assert events[-1].code == "timeout"
    assert "sent nothing for 0.3 s" in events[-1].message
    stalled = Answer(text="one two three", stall_at=4, stall_seconds=90)
    # A busy machine may send nothing before the first word either.
    for silence in (0.3, 3, 20):
        events = await played(stalled, timeouts=Timeouts(connect=60, silence=silence))
        if text_of(events):
            break
    assert text_of(events)
    assert events[-1].code == "timeout"


async def test_an_address_where_nothing_listens_is_unreachable():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        port = taken.getsockname()[1]
        provider = OpenAIProvider(transport_of(), base_url=f"http://127.0.0.1:{port}")
        events = await gathered(provider)
        listing = await provider.models()
    assert [event.code for event in events] == ["unreachable"]
    assert f"127.0.0.1:{port}" in events[0].message
    assert f"127.0.0.1:{port}" in listing.error


async def test_a_name_that_does_not_exist_is_unreachable():
    events = await gathered(OpenAIProvider(transport_of(), base_url="http://nowhere.invalid"))
    assert events[0].code == "unreachable"
    assert "nowhere.invalid" in events[0].message


async def test_plain_http_where_tls_is_expected_is_unreachable_and_says_so():
    async with ScriptedServer([Answer()]) as server:
        provider = OpenAIProvider(
            transport_of(), base_url=server.base_url.replace("http:", "https:")
        )
        events = await gathered(provider)
    assert events[0].code == "unreachable"
    assert "secure connection" in events[0].message


@pytest.mark.parametrize(
    ("base_url", "code"), [("http://[oops", "unreachable"), ("ftp://x.example", "bad_request")]
)
async def test_an_address_that_is_none_is_an_error_event(base_url, code):
    events = await gathered(OpenAIProvider(transport_of(), base_url=base_url))
    assert [event.code for event in events] == [code]


async def test_a_server_that_speaks_no_http_is_garbage_and_one_that_hangs_up_unavailable():
    for said, code in ((b"SSH-2.0-x\r\n\r\n", "garbage"), (b"", "unavailable")):

        async def answer(reader, writer, said=said):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(said)
            await writer.drain()
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            events = await gathered(
                OpenAIProvider(transport_of(), base_url=f"http://127.0.0.1:{port}")
            )
        assert [event.code for event in events] == [code]


async def test_a_server_that_resets_the_connection_before_an_answer_is_unavailable():
    async def answer(_reader, writer):
        writer.transport.abort()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        events = await gathered(OpenAIProvider(transport_of(), base_url=f"http://127.0.0.1:{port}"))
    assert [event.code for event in events] == ["unavailable"]


@pytest.mark.alone
async def test_closing_the_stream_is_noticed_upstream_within_250_ms():
    async with connected(Answer(text="word " * 2000, tokens_per_second=200)) as (server, provider):

        async def once():
            stream = provider.stream(REQUEST)
            async for event in stream:
                if isinstance(event, Text):
                    break
            closed = time.monotonic()
            await stream.aclose()
            async with asyncio.timeout(60):
                await server.calls[-1].done.wait()
            return server.calls[-1].disconnected - closed

        await soon(once)


async def soon(once):
    """One of a few tries is quick: between the others the machine may have stood still."""
    took = [await once()]
    while took[-1] >= 0.25 and len(took) < 4:
        took.append(await once())
    assert min(took) < 0.25, took


@pytest.mark.alone
@pytest.mark.parametrize("first_token_seconds", [0, 30])
async def test_cancelling_the_task_is_noticed_upstream_within_250_ms(first_token_seconds):
    answer = Answer(
        text="word " * 2000, tokens_per_second=5, first_token_seconds=first_token_seconds
    )
    begun = asyncio.Event()

    async def listen(provider):
        async for event in provider.stream(REQUEST):
            if isinstance(event, Text):
                begun.set()

    async with connected(answer) as (server, provider):

        async def once():
            begun.clear()
            next_one = len(server.calls) + 1
            task = asyncio.create_task(listen(provider))
            async with asyncio.timeout(60):
                await (server.call(next_one) if first_token_seconds else begun.wait())
            cancelled = time.monotonic()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            async with asyncio.timeout(60):
                await server.calls[-1].done.wait()
            return server.calls[-1].disconnected - cancelled

        await soon(once)


async def test_connections_are_used_again():
    async with connected(Answer(text="x")) as (server, provider):
        for _ in range(3):
            await gathered(provider)
        assert len(server._connections) == 1


async def test_images_travel_as_content_parts_and_the_system_prompt_comes_first():
    turn = Turn("user", "like this", (Image("image/png", "aGk="),))
    request = ModelRequest("scripted", "Be brief.", (turn,), ())
    async with connected(Answer(text="x")) as (server, provider):
        await gathered(provider, request)
        messages = server.calls[0].body["messages"]
    assert messages[0] == {"role": "system", "content": "Be brief."}
    assert messages[1]["content"] == [
        {"type": "text", "text": "like this"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
    ]


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
async def test_a_base_url_works_in_every_form_people_paste(suffix):
    async with ScriptedServer([Answer(text="x")]) as server:
        base_url = server.base_url.removesuffix("/v1") + suffix
        events = await gathered(OpenAIProvider(transport_of(), base_url=base_url))
    assert events[-1] == Stop("stop")


async def test_models_are_listed_in_the_hosts_order():
    async with connected(models=("b-model", "a/model:x")) as (_, provider):
        listing = await provider.models()
    assert [model.model for model in listing.models] == ["b-model", "a/model:x"]
    assert listing.error is None


async def test_context_price_and_eyes_are_read_where_a_host_tells_them():
    entry = {
        "id": "vendor/one",
        "name": "One",
        "context_length": 128000,
        "pricing": {"prompt": "0.000002", "completion": "0.00001"},
        "architecture": {"input_modalities": ["text", "image"]},
    }
    async with listing_host(json.dumps({"data": [entry, {"id": 7}, "junk"]})) as base_url:
        listing = await OpenAIProvider(transport_of(), base_url=base_url).models()
    (model,) = listing.models
    assert (model.label, model.context, model.images) == ("One", 128000, True)
    assert (model.price.input, model.price.output) == (2.0, 10.0)


@contextlib.asynccontextmanager
async def listing_host(body):
    """The address of a host that has this to say about its models."""
    said = body.encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head + b"%d" % len(said) + b"\r\n\r\n" + said)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@contextlib.asynccontextmanager
async def endless_host(begin, piece):
    """The address of a host that sends one piece for ever, and a list of how many it sent."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    sent = []

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head + begin)
        with contextlib.suppress(OSError):
            while sum(sent) < 200_000_000:
                writer.write(piece)
                await writer.drain()
                sent.append(len(piece))
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", sent


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (b"data: ", b"x" * 1_000_000),
        (b"", b": still here\n" * 80_000),
        pytest.param(b"", b"data: {}\n\n" * 20_000, marks=pytest.mark.sandbox),
        pytest.param(b"id: 1\n", b"\n" * 100_000, marks=pytest.mark.sandbox),
        (b"", b'data: {"choices":[{"delta":{"content":""}}]}\n\n' * 8_000),
    ],
    ids=["no line end", "comments", "nothing", "empty events", "empty words"],
)
async def test_a_stream_without_words_and_without_end_is_stopped(begin, piece):
    async with endless_host(begin, piece) as (base_url, sent):
        events = await gathered(OpenAIProvider(transport_of(), base_url=base_url))
    assert events[-1].code == "too_large"
    assert "127.0.0.1" in events[-1].message
    assert "16 MB" in events[-1].message
    assert sum(sent) < 60_000_000


async def test_a_refusal_is_read_in_time_however_long_it_is():
    for words in ("model ", "<script ", "<title>", "<" * 8, "credit "):
        said = words * 200_000
        for body in ({"error": {"message": "x", "d": said}}, said, f"<html>{said}"):
            kind = "text/html" if body is not said else "application/json"
            began = time.thread_time()
            reply = Reply(400, kind, body if isinstance(body, str) else json.dumps(body))
            error = Refusals("host", "", "m").from_reply(reply)
            assert time.thread_time() - began < 0.5, words
            assert error.code == "bad_request"
            assert len(error.message) < 1000


@pytest.mark.parametrize(
    "pricing", ["1" * 401, "NaN", '"nan"', '"inf"', "1e308", "true", "-1", "[]", "null"]
)
async def test_a_price_that_is_none_is_unknown(pricing):
    body = '{"data":[{"id":"m","pricing":{"prompt":PRICE,"completion":1}}]}'
    async with listing_host(body.replace("PRICE", pricing)) as base_url:
        listing = await OpenAIProvider(transport_of(), base_url=base_url).models()
    assert [(model.model, model.price) for model in listing.models] == [("m", None)]


@pytest.mark.parametrize("context", ["1" + "0" * 300, "true", "-1"])
async def test_a_context_that_is_none_is_unknown(context):
    body = '{"data":[{"id":"m","context_length":CONTEXT}]}'.replace("CONTEXT", context)
    async with listing_host(body) as base_url:
        listing = await OpenAIProvider(transport_of(), base_url=base_url).models()
    assert [(model.model, model.context) for model in listing.models] == [("m", None)]


LISTS = [
    r'{"data":[{"id":"m\ud800"}]}',
    r'{"data":[{"id":"m","name":"M\udfff"}]}',
    r'{"error":{"message":"no \ud800 list"}}',
    f'{{"data":[{{"id":"m","pricing":{{"prompt":{"1" * 401},"completion":1}}}}]}}',
    '{"data":[{"id":"m","pricing":{"prompt":NaN,"completion":1}}]}',
    json.dumps({"data": [{"id": f"m{n}", "name": "long" * 500} for n in range(3000)]}),
]


@pytest.mark.parametrize("body", LISTS, ids=range(len(LISTS)))
async def test_pages_stand_whatever_a_host_says_of_its_models(body, serve_app):
    async with listing_host(body) as base_url:
        app = await asyncio.to_thread(serve_app, OPENAI_BASE_URL=base_url)
        async with httpx.AsyncClient(base_url=app.url) as client:
            models = await client.get("/api/models")
            pages = [await client.get(path) for path in ("/", "/settings")]
    assert [models.status_code, *(page.status_code for page in pages)] == [200, 200, 200]
    assert len(models.content) < 1_000_000
    assert all(len(page.content) < 1_000_000 for page in pages)


async def test_a_model_of_a_very_long_name_is_left_out_and_it_is_said(serve_app):
    path = "/models/" + "x" * 280 + ".gguf"
    body = json.dumps({"data": [{"id": one} for one in ("m" * 301, "m" * 400, path)]})
    async with listing_host(body) as base_url:
        app = await asyncio.to_thread(serve_app, OPENAI_BASE_URL=base_url)
        async with httpx.AsyncClient(base_url=app.url) as client:
            models = (await client.get("/api/models")).json()
    of_host = [item["model"] for item in models["items"] if item["provider"] == "openai"]
    assert of_host == [path]
    (note,) = models["notes"]
    assert "1 of 3 models" in note["message"]


async def test_of_a_very_long_list_the_first_models_are_offered_and_it_is_said(serve_app):
    body = json.dumps({"data": [{"id": f"m{n}"} for n in range(3000)]})
    async with listing_host(body) as base_url:
        app = await asyncio.to_thread(serve_app, OPENAI_BASE_URL=base_url)
        async with httpx.AsyncClient(base_url=app.url) as client:
            models = (await client.get("/api/models")).json()
            settings = (await client.get("/settings")).text
    of_host = [item["model"] for item in models["items"] if item["provider"] == "openai"]
    assert of_host == [f"m{n}" for n in range(800)]
    assert models["errors"] == []
    (note,) = models["notes"]
    assert note["provider"] == "openai"
    assert "800 of 3,000 models" in note["message"]
    assert note["message"] in settings
