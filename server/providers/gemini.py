"""Google's Gemini.

Format: `streamGenerateContent` with `alt=sse` in the Gemini API reference (ai.google.dev), and
the types of the official SDK (github.com/googleapis/python-genai: `GenerateContentResponse`,
`FinishReason`, `BlockedReason`, `GenerateContentResponseUsageMetadata`). What is handled here and
has a test: events with CRLF and no `[DONE]`; thoughts that are parts, and are counted beside the
candidates' tokens; stops for safety and other filters; a prompt that was blocked, which has no
candidates at all; a wrong key, which is a 400; the wait inside a 429's details; an answer that
comes as one JSON list, from hosts that do not stream.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from server.providers.hosted import HostedProvider
from server.providers.hosts import GEMINI
from server.providers.protocol import (
    Error,
    Event,
    ModelInfo,
    ModelRequest,
    Reasoning,
    Stop,
    Text,
    Turn,
    Usage,
)
from server.providers.reading import MalformedError, Reader, count, typed, words
from server.providers.refusals import Refusals

_FILTERS = (
    "SAFETY",
    "RECITATION",
    "LANGUAGE",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "IMAGE_SAFETY",
    "MODEL_ARMOR",
    "JAILBREAK",
)
_FAILURES = ("OTHER", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MALFORMED_RESPONSE")
_FIELDS = {"candidates", "promptFeedback", "usageMetadata"}
_UNSPECIFIED = re.compile(r"\w*_UNSPECIFIED")
# Models in the list that make no text.
_OTHER_WORK = ("embedding", "image", "tts", "audio", "live", "robotics", "computer-use")


class GeminiProvider(HostedProvider):
    """One host that speaks Gemini's format."""

    usual = GEMINI
    path = "/models"
    version = "v1beta"

    def reader(self, refusals: Refusals) -> Reader:
        return _Generated(refusals)

    def headers(self) -> dict[str, str]:
        return {"x-goog-api-key": self.key} if self.key else {}

    def address(self, request: ModelRequest) -> str:
        model = quote(request.model.removeprefix("models/"), safe="", errors="replace")
        return f"{self.base_url}/models/{model}:streamGenerateContent?alt=sse"

    async def body(self, request: ModelRequest) -> dict[str, Any]:
        contents = [
            {"role": "model" if turn.role == "assistant" else "user", "parts": _parts(turn)}
            for turn in request.turns
            if turn.text.strip() or turn.images
        ]
        body: dict[str, Any] = {"contents": contents}
        if request.system:
            body["systemInstruction"] = {"parts": [{"text": request.system}]}
        if request.max_output_tokens is not None:
            body["generationConfig"] = {"maxOutputTokens": request.max_output_tokens}
        return body

    def entries(self, data: Any) -> Any:
        return data.get("models") if isinstance(data, dict) else data

    def identity(self, entry: Mapping[str, Any]) -> str | None:
        identity = entry.get("name")
        return identity.removeprefix("models/") if isinstance(identity, str) else None

    def model(self, identity: str, entry: Mapping[str, Any]) -> ModelInfo | None:
        able = entry.get("supportedGenerationMethods")
        if isinstance(able, list) and "generateContent" not in able:
            return None
        if self.is_official and any(word in identity for word in _OTHER_WORK):
            return None
        return self.info(identity, entry.get("displayName"), count(entry.get("inputTokenLimit")))


def _parts(turn: Turn) -> list[dict[str, Any]]:
    images = [
        {"inlineData": {"mimeType": image.media_type, "data": image.data}} for image in turn.images
    ]
    return [{"text": turn.text}, *images]


class _Generated(Reader):
    """Reads `GenerateContentResponse` chunks."""

    def whole(self, value: Mapping[str, Any]) -> list[Event] | None:
        return self.read(value) if _FIELDS & set(value) else None

    def read(self, value: Mapping[str, Any]) -> list[Event]:
        spoken: list[Event] = []
        for candidate in typed(value, "candidates", list) or ():
            if not isinstance(candidate, dict):
                raise MalformedError
            content = typed(candidate, "content", dict) or {}
            for part in typed(content, "parts", list) or ():
                spoken += _spoken(part)
            reason = typed(candidate, "finishReason", str)
            if reason and not _UNSPECIFIED.fullmatch(reason):
                self.finish = self._finished(reason, candidate)
        usage = _usage(typed(value, "usageMetadata", dict))
        events = [*self.started(value.get("modelVersion")), *spoken, *self.used(usage)]
        feedback = typed(value, "promptFeedback", dict) or {}
        blocked = typed(feedback, "blockReason", str)
        if blocked and self.finish is None:
            self.finish = Stop("refusal")
            said = words(feedback.get("blockReasonMessage"))
            events.append(Text(said or f"The host blocked this request ({blocked})."))
        return events

    def _finished(self, reason: str, candidate: Mapping[str, Any]) -> Stop | Error:
        if reason == "MAX_TOKENS":
            return Stop("length")
        if reason in _FILTERS:
            return Stop("refusal")
        if reason in _FAILURES:
            said = words(candidate.get("finishMessage")) or reason
            return self.refusals.from_chunk({"message": said})
        return Stop("stop")


def _spoken(part: Any) -> list[Event]:
    if not isinstance(part, dict):
        raise MalformedError
    text = typed(part, "text", str)
    if not text:  # a signature of the thoughts alone, for example
        return []
    return [Reasoning(text) if part.get("thought") is True else Text(text)]


def _usage(usage: Mapping[str, Any] | None) -> Usage | None:
    """Read counts: what the model thought is not among the candidates' tokens."""
    if usage is None:
        return None
    thought = count(usage.get("thoughtsTokenCount"))
    spoken = count(usage.get("candidatesTokenCount"))
    known = thought is not None or spoken is not None
    return Usage(
        input=count(usage.get("promptTokenCount")),
        output=(thought or 0) + (spoken or 0) if known else None,
        reasoning=thought,
        cached=count(usage.get("cachedContentTokenCount")),
    )
