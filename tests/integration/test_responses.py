"""What is OpenAI's own in the Responses format; test_wire_formats.py has what all share."""

from __future__ import annotations

import json

import pytest

from server.providers.openai import OpenAIProvider
from server.providers.protocol import ModelRequest, Reasoning, Start, Stop, Text, Turn, Usage
from server.providers.responses import ResponsesProvider
from tests.integration.wires import (
    REQUEST,
    Played,
    gathered,
    only_error,
    playing,
    refused,
    text_of,
    thoughts_of,
    transport_of,
    typed_events,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("transports")]


async def said(*values, request=REQUEST, more=b""):
    async with playing(Played(typed_events(*values) + more)) as host:
        return await gathered(
            ResponsesProvider(transport_of(), base_url=host.url, key="k"), request
        )


def end(kind, **more):
    return {"type": f"response.{kind}", "response": {"model": "m", "status": kind, **more}}


def delta(kind, words):
    return {"type": f"response.{kind}.delta", "delta": words}


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        (end("completed"), "stop"),
        (end("incomplete", incomplete_details={"reason": "max_output_tokens"}), "length"),
        (end("incomplete", incomplete_details={"reason": "content_filter"}), "refusal"),
        (end("incomplete", incomplete_details=None), "length"),
    ],
)
async def test_the_last_event_is_the_end_and_there_is_no_done(ending, expected):
    events = await said(delta("output_text", "hi"), ending)
    assert text_of(events) == "hi"
    assert events[-1] == Stop(expected)


async def test_a_done_line_of_another_host_is_no_harm_and_no_finish():
    events = await said(delta("output_text", "hi"), end("completed"), more=b"data: [DONE]\n\n")
    assert events[-1] == Stop("stop")
    events = await said(delta("output_text", "hi"), more=b"data: [DONE]\n\n")
    assert events[-1].code == "truncated"


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("server_error", "The server had an error", "unavailable"),
        ("rate_limit_exceeded", "Rate limit reached", "rate_limited"),
        ("insufficient_quota", "You exceeded your current quota", "payment_required"),
        ("invalid_prompt", "Flagged", "bad_request"),
        ("image_too_large", "The image is too large", "bad_request"),
        ("context_length_exceeded", "Your input exceeds the context window", "bad_request"),
    ],
)
async def test_a_response_that_failed_and_an_error_event_say_the_same(code, message, expected):
    error = {"code": code, "message": message}
    for value in (end("failed", error=error), {"type": "error", **error, "param": None}):
        events = await said(delta("output_text", "half"), value)
        assert (events[-1].code, text_of(events)) == (expected, "half")
        assert message in events[-1].message


async def test_a_cancelled_response_is_an_error():
    assert (await said(end("cancelled")))[-1].code == "unavailable"


async def test_parts_of_a_summary_are_paragraphs_and_raw_reasoning_is_reasoning():
    part = {"type": "response.reasoning_summary_part.added", "summary_index": 1}
    summary = delta("reasoning_summary_text", "One.")
    events = await said(summary, part, summary, delta("reasoning_text", "Raw"), end("completed"))
    assert thoughts_of(events) == "One.\n\nOne.Raw"
    assert sum(isinstance(event, Reasoning) for event in events) == 4


async def test_words_that_come_only_with_the_end_are_not_lost_and_those_before_not_doubled():
    output = [{"type": "reasoning"}, {"type": "message", "content": [{"text": "late"}]}]
    assert text_of(await said(end("completed", output=output))) == "late"
    events = await said(delta("output_text", "early"), end("completed", output=output))
    assert text_of(events) == "early"


async def test_a_host_that_does_not_stream_still_answers():
    whole = {
        "object": "response",
        "model": "m",
        "status": "completed",
        "error": None,
        "output": [{"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}],
        "usage": {"input_tokens": 1, "output_tokens": 3},
    }
    async with playing(Played(whole, content_type="application/json")) as host:
        events = await gathered(ResponsesProvider(transport_of(), base_url=host.url))
    assert events == [Start("m"), Text("No."), Usage(1, 3), Stop("refusal")]


async def test_nothing_is_stored_and_the_system_prompt_are_instructions():
    turns = (Turn("user", "a"), Turn("assistant", "b"), Turn("user", "c"))
    request = ModelRequest("m", "Be brief.", turns, (), max_output_tokens=99)
    async with playing(Played(typed_events(end("completed")))) as host:
        await gathered(ResponsesProvider(transport_of(), base_url=host.url), request)
    assert host.requests[0].path == "/v1/responses"
    assert host.body() == {
        "model": "m",
        "input": [{"role": turn.role, "content": turn.text} for turn in turns],
        "instructions": "Be brief.",
        "max_output_tokens": 99,
        "store": False,
        "stream": True,
    }


async def test_a_model_that_speaks_this_format_alone_says_how_to_reach_it():
    message = "This model is only supported in v1/responses and not in v1/chat/completions."
    async with playing(refused(404, {"error": {"message": message}})) as host:
        error = only_error(await gathered(OpenAIProvider(transport_of(), base_url=host.url)))
    assert "OPENAI_FORMAT=responses" in error.action


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"type": 7},
        {"type": "response.created", "response": "r"},
        {"type": "response.output_text.delta", "delta": 7},
        end("completed", usage=7),
        end("completed", output="x"),
        end("completed", output=[{"type": "message", "content": ["x"]}]),
        end("incomplete", incomplete_details="x"),
    ],
)
async def test_json_of_another_shape_is_garbage(value):
    async with playing(Played(f"data: {json.dumps(value)}\n\n".encode())) as host:
        events = await gathered(ResponsesProvider(transport_of(), base_url=host.url))
    assert [event.code for event in events] == ["garbage"]
