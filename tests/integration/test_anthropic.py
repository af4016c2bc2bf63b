"""What is Anthropic's own in the Messages format; test_wire_formats.py has what all share."""

from __future__ import annotations

import json

import pytest

from server.providers.anthropic import AnthropicProvider
from server.providers.protocol import ModelRequest, Start, Stop, Text, Turn, Usage
from tests.integration.wires import (
    REQUEST,
    Played,
    gathered,
    only_error,
    playing,
    refused,
    transport_of,
    typed_events,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("transports")]


def connected(host, suffix=""):
    return AnthropicProvider(transport_of(), base_url=host.url + suffix, key="sk-ant-0123456789")


def answer(reason="end_turn", details=None, usage=None):
    start = {"type": "message", "model": "m", "usage": {"input_tokens": 20, "output_tokens": 1}}
    delta = {"stop_reason": reason, "stop_details": details}
    return Played(
        typed_events(
            {"type": "message_start", "message": start},
            {"type": "message_delta", "delta": delta, "usage": usage or {"output_tokens": 9}},
            {"type": "message_stop"},
        )
    )


async def said(*answers, request=REQUEST):
    async with playing(*answers) as host:
        return await gathered(connected(host), request), host


async def test_output_tokens_are_cumulative_and_input_counts_what_the_cache_took():
    usage = {"output_tokens": 90, "cache_read_input_tokens": 500}
    events, _ = await said(answer(usage=usage))
    told = [event for event in events if isinstance(event, Usage)]
    assert told == [Usage(20, 1), Usage(520, 90, None, 500)]


async def test_a_refusal_without_a_word_says_what_the_host_explains():
    details = {"type": "refusal", "category": "cyber", "explanation": "Refused due to policy."}
    events, _ = await said(answer("refusal", details))
    assert [event for event in events if isinstance(event, Text)] == [
        Text("Refused due to policy.")
    ]
    assert events[-1] == Stop("refusal")


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("pause_turn", "length"),
        ("model_context_window_exceeded", "length"),
        ("something_newer", "stop"),
    ],
)
async def test_stop_reasons(reason, expected):
    events, _ = await said(answer(reason))
    assert events[-1] == Stop(expected)


async def test_max_tokens_is_always_sent_and_comes_down_to_what_the_model_can():
    message = "max_tokens: 32000 > 8192, which is the maximum allowed number of output tokens for m"
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
    async with playing(refused(400, error), answer(), answer()) as host:
        provider = connected(host)
        for _ in range(2):
            assert (await gathered(provider))[-1] == Stop("stop")
    assert [host.body(n)["max_tokens"] for n in range(3)] == [32000, 8192, 8192]


async def test_a_limit_that_is_none_is_a_refusal_and_no_loop():
    for most in ("0", "32000", "99999"):
        message = f"max_tokens: 32000 > {most}, which is the maximum"
        events, host = await said(refused(400, {"error": {"message": message}}))
        assert only_error(events).code == "bad_request"
        assert len(host.requests) == 1


async def test_a_conversation_that_ends_with_the_models_words_is_no_prefill():
    turns = (Turn("user", "hello"), Turn("assistant", "  "), Turn("assistant", "half an"))
    _, host = await said(answer(), request=ModelRequest("m", "", turns, ()))
    messages = host.body()["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "user"]
    assert "system" not in host.body()


async def test_no_parameter_is_sent_that_newer_models_refuse():
    _, host = await said(answer())
    sent = {"model", "max_tokens", "messages", "stream", "system"}
    assert set(host.body()) == sent
    assert host.requests[0].headers["anthropic-version"] == "2023-06-01"
    assert host.requests[0].path == "/v1/messages"


async def test_a_host_that_does_not_stream_still_answers():
    whole = {
        "type": "message",
        "model": "m",
        "content": [{"type": "text", "text": "all at once"}],
        "stop_reason": "max_tokens",
        "usage": {"input_tokens": 1, "output_tokens": 3},
    }
    events, _ = await said(Played(whole, content_type="application/json"))
    assert events == [Start("m"), Text("all at once"), Usage(1, 3), Stop("length")]


@pytest.mark.parametrize(
    ("status", "kind", "message", "code"),
    [
        (401, "authentication_error", "invalid x-api-key", "unauthorized"),
        (404, "not_found_error", "model: claude-none", "model_not_found"),
        (400, "invalid_request_error", "Your credit balance is too low", "payment_required"),
        (402, "billing_error", "Pay first", "payment_required"),
        (429, "rate_limit_error", "This request would exceed your rate limit", "rate_limited"),
        (413, "request_too_large", "Request exceeds the maximum size", "bad_request"),
        (400, "invalid_request_error", "prompt is too long: 210000 tokens", "bad_request"),
        (500, "api_error", "Internal server error", "unavailable"),
        (529, "overloaded_error", "Overloaded", "overloaded"),
    ],
)
async def test_refusals_and_the_same_errors_inside_a_stream(status, kind, message, code):
    error = {"type": "error", "error": {"type": kind, "message": message}}
    refusal, _ = await said(refused(status, error))
    assert only_error(refusal).code == code
    assert message in refusal[0].message
    broken, _ = await said(Played(typed_events(error)))
    assert broken[-1].code == code  # by its kind: inside a stream there is no status
    assert message in broken[-1].message


@pytest.mark.parametrize(
    "data",
    [
        {"type": 7},
        {"kind": "message_start"},
        {"type": "message_start", "message": "m"},
        {"type": "content_block_delta", "delta": ["x"]},
        {"type": "message_delta", "delta": {"stop_reason": {}}},
        {"type": "message_delta", "delta": {}, "usage": 7},
        {"type": "message_delta", "usage": {"output_tokens_details": []}},
    ],
)
async def test_json_of_another_shape_is_garbage(data):
    events, _ = await said(Played(f"data: {json.dumps(data)}\n\n".encode()))
    assert events[-1].code == "garbage"
    assert "Anthropic format" in events[-1].message
    assert "ANTHROPIC_BASE_URL" in events[-1].action


async def test_models_say_their_name_context_and_eyes_and_their_limit_is_kept():
    entry = {
        "type": "model",
        "id": "claude-x",
        "display_name": "Claude X",
        "max_input_tokens": 200_000,
        "max_tokens": 4096,
        "capabilities": {"image_input": {"supported": True}},
    }
    listing = Played({"data": [entry, {"id": 7}, "junk"]}, content_type="application/json")
    async with playing(listing, answer()) as host:
        provider = connected(host)
        (model,) = (await provider.models()).models
        assert (model.provider, model.label, model.context) == ("anthropic", "Claude X", 200_000)
        assert model.images is True
        await gathered(provider, ModelRequest("claude-x", "", REQUEST.turns, ()))
        assert host.body()["max_tokens"] == 4096
        assert host.requests[0].path == "/v1/models"


@pytest.mark.parametrize("suffix", ["/", "/v1", "/v1/messages"])
async def test_a_base_url_works_in_every_form_people_paste(suffix):
    async with playing(answer()) as host:
        assert (await gathered(connected(host, suffix)))[-1] == Stop("stop")
        assert host.requests[0].path == "/v1/messages"
