"""Anthropic's Messages.

Format: the Messages API reference and its streaming page (platform.claude.com/docs), and the
types of the official SDK (github.com/anthropics/anthropic-sdk-python, `RawMessageStreamEvent`,
`MessageDeltaUsage`, `StopReason`, `RefusalStopDetails`, `ErrorType`). Typed events, no `[DONE]`.
What is handled here and has a test: output tokens are cumulative, and the input's are told apart
by cache; `refusal` with its explanation; `model_context_window_exceeded`; `ping`; an `error`
event inside a stream (overloaded); `max_tokens`, which is required, above what the model can;
a conversation that ends with the model's own words (a prefill), which models since 4.6 refuse.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from server.providers.hosted import HostedProvider
from server.providers.hosts import ANTHROPIC
from server.providers.protocol import (
    Event,
    ModelInfo,
    ModelRequest,
    Reasoning,
    Stop,
    StopReason,
    Text,
    Turn,
    Usage,
)
from server.providers.reading import MalformedError, Reader, count, typed, words
from server.providers.refusals import Refusals
from server.providers.transport import Reply

_VERSION = "2023-06-01"
_MOST_TOKENS = 32_000  # asked for where the model's own limit is not known; see `adapts`
_TOO_MANY = re.compile(r"max_tokens: \d{1,9} > (\d{1,9})")
_GO_ON = "Go on from exactly where you stopped."
_STOPS: Mapping[str, StopReason] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "pause_turn": "length",
    "refusal": "refusal",
}
_INPUT = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
_COUNTS = (*_INPUT, "output_tokens")


class AnthropicProvider(HostedProvider):
    """One host that speaks Messages."""

    usual = ANTHROPIC
    path = "/messages"

    def know_nothing(self) -> None:
        self._most: dict[str, int] = {}  # output tokens, by model

    def reader(self, refusals: Refusals) -> Reader:
        return _Messages(refusals)

    def headers(self) -> dict[str, str]:
        key = {"x-api-key": self.key} if self.key else {}
        return {**key, "anthropic-version": _VERSION}

    async def body(self, request: ModelRequest) -> dict[str, Any]:
        most = self._most.get(request.model, _MOST_TOKENS)
        body: dict[str, Any] = {
            "model": request.model,
            "max_tokens": min(request.max_output_tokens or most, most),
            "messages": _messages(request.turns),
            "stream": True,
        }
        return {**body, "system": request.system} if request.system else body

    def adapts(self, reply: Reply, body: Mapping[str, Any]) -> bool:
        too_many = _TOO_MANY.search(reply.body) if reply.status == 400 else None  # noqa: PLR2004
        if too_many is None or not 0 < int(too_many[1]) < body["max_tokens"]:
            return False
        self._most[body["model"]] = int(too_many[1])
        return True

    def model(self, identity: str, entry: Mapping[str, Any]) -> ModelInfo | None:
        most = count(entry.get("max_tokens"))
        if most:
            self._most[identity] = most
        able = entry.get("capabilities")
        sees = able.get("image_input") if isinstance(able, dict) else None
        images = sees.get("supported") if isinstance(sees, dict) else None
        return self.info(
            identity,
            entry.get("display_name"),
            count(entry.get("max_input_tokens")) or None,
            images if isinstance(images, bool) else None,
        )


def _messages(turns: tuple[Turn, ...]) -> list[dict[str, Any]]:
    # A text of nothing is refused.
    messages = [
        {"role": turn.role, "content": _content(turn)}
        for turn in turns
        if turn.text.strip() or turn.images
    ]
    if messages and messages[-1]["role"] == "assistant":
        messages.append({"role": "user", "content": _GO_ON})
    return messages


def _content(turn: Turn) -> str | list[dict[str, Any]]:
    if not turn.images:
        return turn.text
    parts: list[dict[str, Any]] = [
        {
            "type": "image",
            "source": {"type": "base64", "media_type": image.media_type, "data": image.data},
        }
        for image in turn.images
    ]
    return [*parts, {"type": "text", "text": turn.text}] if turn.text.strip() else parts


class _Messages(Reader):
    """Reads Messages events."""

    def __init__(self, refusals: Refusals) -> None:
        super().__init__(refusals)
        self._spoke = False
        self._counts: dict[str, int] = {}

    def read(self, value: Mapping[str, Any]) -> list[Event]:
        match typed(value, "type", str):
            case "message_start":
                message = typed(value, "message", dict) or {}
                usage = self._usage_of(message)
                return [*self.started(message.get("model")), *self.used(usage)]
            case "content_block_start":
                return self._block(typed(value, "content_block", dict) or {})
            case "content_block_delta":
                return self._block(typed(value, "delta", dict) or {})
            case "message_delta":
                usage = self._usage_of(value)
                return [*self._finished(typed(value, "delta", dict) or {}), *self.used(usage)]
            case "message_stop":
                return [self.end()]
            case None:
                raise MalformedError
        return []  # a ping, the end of a block, or what is newer than this

    def whole(self, value: Mapping[str, Any]) -> list[Event] | None:
        if value.get("type") != "message":
            return None
        usage = self._usage_of(value)
        blocks = typed(value, "content", list) or []
        if not all(isinstance(block, dict) for block in blocks):
            raise MalformedError
        spoken = [event for block in blocks for event in self._block(block)]
        finished = self._finished(value)
        return [*self.started(value.get("model")), *spoken, *finished, *self.used(usage)]

    def _block(self, block: Mapping[str, Any]) -> list[Event]:
        if thought := words(block.get("thinking")):
            return [Reasoning(thought)]
        if text := words(block.get("text")):
            self._spoke = True
            return [Text(text)]
        return []

    def _finished(self, delta: Mapping[str, Any]) -> list[Event]:
        reason = typed(delta, "stop_reason", str)
        if reason:
            self.finish = Stop(_STOPS.get(reason, "stop"))
        details = typed(delta, "stop_details", dict) or {}
        explanation = words(details.get("explanation"))
        return [Text(explanation)] if explanation and not self._spoke else []

    def _usage_of(self, value: Mapping[str, Any]) -> Usage | None:
        """Read counts: each is cumulative, and one that is not repeated stays."""
        usage = typed(value, "usage", dict)
        if usage is None:
            return None
        details = typed(usage, "output_tokens_details", dict) or {}
        told = {name: count(usage.get(name)) for name in _COUNTS}
        told["thinking_tokens"] = count(details.get("thinking_tokens"))
        self._counts |= {name: number for name, number in told.items() if number is not None}
        sent = [self._counts[name] for name in _INPUT if name in self._counts]
        return Usage(
            input=sum(sent) if sent else None,
            output=self._counts.get("output_tokens"),
            reasoning=self._counts.get("thinking_tokens"),
            cached=self._counts.get("cache_read_input_tokens"),
            written=self._counts.get("cache_creation_input_tokens"),
        )
