"""What is Gemini's own in its format; test_wire_formats.py has what all share."""

from __future__ import annotations

import json

import pytest

from server.providers.gemini import GeminiProvider
from server.providers.protocol import Error, ModelRequest, Start, Stop, Text, Turn, Usage
from tests.integration.wires import (
    REQUEST,
    Played,
    crlf_events,
    gathered,
    only_error,
    playing,
    refused,
    text_of,
    transport_of,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("transports")]


def connected(host, suffix=""):
    return GeminiProvider(transport_of(), base_url=host.url + suffix, key="AIza-0123456789")


async def said(*answers, request=REQUEST):
    async with playing(*answers) as host:
        return await gathered(connected(host), request), host


def chunk(text="hi", finish=None, **more):
    candidate = {"content": {"parts": [{"text": text}]}, "finishReason": finish}
    return {"candidates": [candidate], "modelVersion": "m", **more}


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        ("SAFETY", "refusal"),
        ("RECITATION", "refusal"),
        ("PROHIBITED_CONTENT", "refusal"),
        ("SOMETHING_NEWER", "stop"),
    ],
)
async def test_finish_reasons(reason, expected):
    events, _ = await said(Played(crlf_events(chunk(), chunk("", reason))))
    assert events[-1] == Stop(expected)


async def test_a_reason_that_is_not_specified_is_none():
    events, _ = await said(Played(crlf_events(chunk("hi", "FINISH_REASON_UNSPECIFIED"))))
    assert events[-1].code == "truncated"


async def test_a_model_that_fell_over_is_an_error_with_what_it_said():
    events, _ = await said(Played(crlf_events(chunk(), chunk("", "MALFORMED_FUNCTION_CALL"))))
    assert isinstance(events[-1], Error)
    assert "MALFORMED_FUNCTION_CALL" in events[-1].message


async def test_a_blocked_prompt_has_no_candidates_and_is_a_refusal_that_says_so():
    blocked = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "modelVersion": "m"}
    events, _ = await said(Played(crlf_events(blocked)))
    assert "PROHIBITED_CONTENT" in text_of(events)
    assert events[-1] == Stop("refusal")
    fine = chunk("hi", "STOP", promptFeedback={"safetyRatings": []})
    events, _ = await said(Played(crlf_events(fine)))
    assert (text_of(events), events[-1]) == ("hi", Stop("stop"))


async def test_thoughts_are_counted_beside_the_candidates_and_so_added():
    counts = {"promptTokenCount": 34, "candidatesTokenCount": 418, "thoughtsTokenCount": 438}
    events, _ = await said(Played(crlf_events(chunk("hi", "STOP", usageMetadata=counts))))
    assert Usage(34, 856, 438) in events
    alone = {"promptTokenCount": 34}
    events, _ = await said(Played(crlf_events(chunk("hi", "STOP", usageMetadata=alone))))
    assert Usage(34) in events


@pytest.mark.parametrize(
    ("status", "kind", "message", "code"),
    [
        (
            400,
            "INVALID_ARGUMENT",
            "API key not valid. Please pass a valid one.",
            "unauthorized",
        ),
        (403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers", "unauthorized"),
        (404, "NOT_FOUND", "models/m-1.5 is not found for API version v1beta", "model_not_found"),
        (429, "RESOURCE_EXHAUSTED", "You exceeded your current quota", "payment_required"),
        (400, "INVALID_ARGUMENT", "The input token count (9) exceeds the maximum", "bad_request"),
        (500, "INTERNAL", "An internal error has occurred", "unavailable"),
        (503, "UNAVAILABLE", "The model is overloaded", "overloaded"),
        (504, "DEADLINE_EXCEEDED", "Deadline expired", "timeout"),
    ],
)
async def test_refusals_in_the_body_of_an_answer_and_inside_a_stream(status, kind, message, code):
    error = {"error": {"code": status, "message": message, "status": kind}}
    for answer in (refused(status, error), refused(status, [error]), Played(crlf_events(error))):
        events, _ = await said(answer)
        assert only_error(events).code == code
        assert message.rstrip(".") in events[0].message


async def test_a_limit_that_ends_by_itself_is_no_lack_of_credit_and_says_how_long():
    wait = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "36.5s"}
    message = "You exceeded your current quota, please check your plan and billing details."
    error = {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED", "details": [wait]}
    for answer in (refused(429, {"error": error}), Played(crlf_events({"error": error}))):
        events, _ = await said(answer)
        assert (events[0].code, events[0].retry_after) == ("rate_limited", 36.5)
        assert "36 s" in events[0].action


async def test_a_host_that_answers_with_one_list_of_chunks_is_read():
    whole = [chunk("all "), chunk("at once", "STOP", usageMetadata={"promptTokenCount": 1})]
    events, _ = await said(Played(whole, content_type="application/json"))
    assert events == [Start("m"), Text("all "), Text("at once"), Usage(1), Stop("stop")]
    events, _ = await said(Played([], content_type="application/json"))
    assert only_error(events).code == "garbage"


async def test_a_request_names_the_model_in_its_address_and_the_roles_are_geminis():
    turns = (Turn("user", "a"), Turn("assistant", "b"), Turn("assistant", ""), Turn("user", "c"))
    request = ModelRequest("models/odd name?key=x/../y", "Be brief.", turns, (), 99)
    _, host = await said(Played(crlf_events(chunk("hi", "STOP"))), request=request)
    path = "/v1beta/models/odd%20name%3Fkey%3Dx%2F..%2Fy:streamGenerateContent"
    assert host.requests[0].path == path
    assert host.body() == {
        "contents": [
            {"role": role, "parts": [{"text": text}]}
            for role, text in (("user", "a"), ("model", "b"), ("user", "c"))
        ],
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "generationConfig": {"maxOutputTokens": 99},
    }


@pytest.mark.parametrize(
    "value",
    [
        {"candidates": "x"},
        {"candidates": ["x"]},
        {"candidates": [{"content": []}]},
        {"candidates": [{"content": {"parts": ["x"]}}]},
        {"candidates": [{"content": {"parts": [{"text": 7}]}}]},
        {"candidates": [{"finishReason": 1}]},
        {"usageMetadata": 7},
        {"promptFeedback": "x"},
    ],
)
async def test_json_of_another_shape_is_garbage(value):
    for answer in (
        Played(f"data: {json.dumps(value)}\r\n\r\n".encode()),
        Played(value, content_type="application/json"),
    ):
        events, _ = await said(answer)
        assert [event.code for event in events] == ["garbage"]
        assert "GEMINI_BASE_URL" in events[0].action


async def test_models_are_listed_without_those_that_make_no_text():
    able = ["generateContent", "countTokens"]
    models = [
        {"name": "models/m-2", "displayName": "Two", "inputTokenLimit": 1_048_576},
        {"name": "models/embedder", "supportedGenerationMethods": ["embedContent"]},
        {"name": "models/m-3", "supportedGenerationMethods": able},
        {"name": 7},
    ]
    async with playing(Played({"models": models}, content_type="application/json")) as host:
        listing = await connected(host).models()
    told = [(one.model, one.label, one.context) for one in listing.models]
    assert told == [("m-2", "Two", 1_048_576), ("m-3", "m-3", None)]
    assert host.requests[0].path == "/v1beta/models"


@pytest.mark.parametrize("suffix", ["/", "/v1beta", "/v1beta/models/"])
async def test_a_base_url_works_in_every_form_people_paste(suffix):
    async with playing(Played(crlf_events(chunk("hi", "STOP")))) as host:
        assert (await gathered(connected(host, suffix)))[-1] == Stop("stop")
