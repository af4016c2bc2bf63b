"""OpenAI's chat completions, at any base URL that speaks them.

Format: the chat completions API reference, streamed as server-sent events. Hosts differ in
small ways, and each way that is handled here has a test: usage in a chunk behind the finish
with empty `choices`, and only when asked for; `reasoning` and `reasoning_content`; comment
lines; errors inside a stream that began well; `[DONE]` missing; parameters refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from server.providers.hosted import HostedProvider
from server.providers.hosts import OPENAI
from server.providers.protocol import (
    Error,
    Event,
    ModelInfo,
    ModelRequest,
    Price,
    Reasoning,
    Stop,
    StopReason,
    Text,
    Turn,
    Usage,
)
from server.providers.reading import MalformedError, Reader, count, typed
from server.providers.refusals import Refusals
from server.providers.transport import Reply

_STOPS: Mapping[str, StopReason] = {
    "length": "length",
    "max_tokens": "length",
    "content_filter": "refusal",
    "refusal": "refusal",
}
# Models in a host's own list that do not chat.
_OTHER_WORK = (
    "audio",
    "babbage",
    "dall-e",
    "davinci",
    "embed",
    "guard",
    "image",
    "moderation",
    "ocr",
    "realtime",
    "sora",
    "transcribe",
    "tts",
    "whisper",
)
_CHATS = ("chat", "language", "code", "model", "base")  # what lists that tell a type call it
DONE = "[DONE]"


class OpenAIProvider(HostedProvider):
    """One host that speaks chat completions."""

    usual = OPENAI
    path = "/chat/completions"

    def know_nothing(self) -> None:
        self._include_usage = True
        self._tokens_field = self.known.tokens_field if self.is_official else "max_tokens"

    def reader(self, refusals: Refusals) -> Reader:
        return _Chat(refusals)

    async def body(self, request: ModelRequest) -> dict[str, Any]:
        messages: list[dict[str, Any]] = []
        if request.system:
            messages.append({"role": "system", "content": request.system})
        messages += [{"role": turn.role, "content": _content(turn)} for turn in request.turns]
        body: dict[str, Any] = {"model": request.model, "messages": messages, "stream": True}
        if self._include_usage:
            body["stream_options"] = {"include_usage": True}
        if request.max_output_tokens is not None:
            body[self._tokens_field] = request.max_output_tokens
        return body

    def adapts(self, reply: Reply, body: Mapping[str, Any]) -> bool:
        if reply.status not in (400, 422):
            return False
        if "stream_options" in body and re.search("stream_options|include_usage", reply.body):
            self._include_usage = False
            return True
        other = "max_tokens" if "max_completion_tokens" in body else "max_completion_tokens"
        if self._tokens_field in body and self._tokens_field != other:
            refused = f"{self._tokens_field}['\"` ]"
            if re.search(refused, reply.body) and re.search("nsupported|nknown|extra", reply.body):
                self._tokens_field = other
                return True
        return False

    def model(self, identity: str, entry: Mapping[str, Any]) -> ModelInfo | None:
        if self.is_official and not _chats(identity, entry):
            return None
        told = ("context_length", "context_window", "max_model_len", "max_context_length")
        contexts = (count(entry.get(name)) for name in told)
        context = next((context for context in contexts if context is not None), None)
        info = self.info(identity, entry.get("name"), context, _sees(entry))
        return replace(info, price=_price(entry.get("pricing")))


def _chats(identity: str, entry: Mapping[str, Any]) -> bool:
    able = entry.get("capabilities")
    if isinstance(able, dict) and able.get("completion_chat") is False:
        return False
    kind = entry.get("type")
    if isinstance(kind, str) and kind not in _CHATS:
        return False
    return not any(word in identity for word in _OTHER_WORK)


class _Chat(Reader):
    """Reads chat completion chunks."""

    def read_data(self, data: str) -> list[Event]:
        if data.strip() == DONE:
            self.finish = self.finish or Stop("stop")  # the host's own word that it is over
            return [self.end()]
        return super().read_data(data)

    def whole(self, value: Mapping[str, Any]) -> list[Event] | None:
        return self.read(value) if value.get("choices") else None

    def read(self, value: Mapping[str, Any]) -> list[Event]:
        choices = [_choice(choice) for choice in typed(value, "choices", list) or ()]
        groq = typed(value, "x_groq", dict) or {}
        usage = typed(value, "usage", dict) or typed(groq, "usage", dict)
        read = _usage(usage) if usage else None
        events = self.started(value.get("model"))
        for choice in choices:
            if choice.get("error"):
                return [*events, self.refusals.from_chunk(choice["error"])]
            _read_delta(choice.get("delta") or choice.get("message") or {}, events)
            if choice.get("finish_reason"):
                self.finish = self._finished(choice["finish_reason"])
        return [*events, *self.used(read)]

    def _finished(self, reason: str) -> Stop | Error:
        if reason == "error":
            return Error(
                "unavailable", f"{self.refusals.host} stopped with an error.", "Try again."
            )
        return Stop(_STOPS.get(reason, "stop"))


def _content(turn: Turn) -> str | list[dict[str, Any]]:
    if not turn.images:
        return turn.text
    images = (f"data:{image.media_type};base64,{image.data}" for image in turn.images)
    return [
        {"type": "text", "text": turn.text},
        *({"type": "image_url", "image_url": {"url": url}} for url in images),
    ]


def _choice(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise MalformedError
    for name, kind in (("delta", dict), ("message", dict), ("finish_reason", str)):
        typed(value, name, kind)
    return value


def _read_delta(delta: Mapping[str, Any], events: list[Event]) -> None:
    reasoning = delta.get("reasoning_content") or delta.get("reasoning")
    if isinstance(reasoning, str) and reasoning:
        events.append(Reasoning(reasoning))
    text = delta.get("content") or delta.get("refusal")
    if isinstance(text, str) and text:
        events.append(Text(text))


def _usage(value: Mapping[str, Any]) -> Usage:
    sent = typed(value, "prompt_tokens_details", dict) or {}
    made = typed(value, "completion_tokens_details", dict) or {}
    return Usage(
        input=count(value.get("prompt_tokens")),
        output=count(value.get("completion_tokens")),
        reasoning=count(made.get("reasoning_tokens")),
        cached=count(sent.get("cached_tokens", value.get("prompt_cache_hit_tokens"))),
        written=count(sent.get("cache_write_tokens")),
    )


def _price(pricing: Any) -> Price | None:
    """Read a host's own price list (OpenRouter's form: dollars a token, as strings)."""
    if not isinstance(pricing, dict):
        return None
    read, made = _rate(pricing.get("prompt")), _rate(pricing.get("completion"))
    if read is None or made is None:
        return None
    cached, written, reasoning = (
        _rate(pricing.get(name))
        for name in ("input_cache_read", "input_cache_write", "internal_reasoning")
    )
    # Its "0" for thinking means that it is charged as any other output.
    return Price(read, made, cached=cached, written=written, reasoning=reasoning or None)


def _rate(price: Any) -> float | None:
    """Return dollars for a million tokens, without the noise that a float's own product has."""
    if isinstance(price, bool):
        return None
    try:
        rate = float(Decimal(str(price)) * 1_000_000)
    except (ArithmeticError, ValueError):
        return None
    return rate if math.isfinite(rate) and rate >= 0 else None


def _sees(entry: Mapping[str, Any]) -> bool | None:
    architecture = entry.get("architecture")
    kinds = architecture.get("input_modalities") if isinstance(architecture, dict) else None
    return "image" in kinds if isinstance(kinds, list) else None
