"""OpenAI's Responses.

Format: the Responses API reference, and the types of the official SDK
(github.com/openai/openai-python, `types/responses`: `ResponseStreamEvent`, `Response`,
`ResponseUsage`, `ResponseError`). Typed events and no `[DONE]`; what is handled here and has a
test: `response.incomplete` as the end of an answer that ran out of tokens or was filtered,
`response.failed` and `error`, refusals as words of their own, reasoning and its summaries, an
answer that comes only with `response.completed`. Nothing is stored at the host (`store`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.providers.openai import DONE, OpenAIProvider
from server.providers.protocol import (
    Error,
    Event,
    ModelRequest,
    Reasoning,
    Stop,
    Text,
    Turn,
    Usage,
)
from server.providers.reading import MalformedError, Reader, count, typed, words
from server.providers.refusals import Refusals
from server.providers.transport import Reply

_SPOKEN = ("response.output_text.delta", "response.refusal.delta")
_THOUGHT = ("response.reasoning_text.delta", "response.reasoning_summary_text.delta")
_ENDS = ("response.completed", "response.incomplete", "response.failed", "response.cancelled")


class ResponsesProvider(OpenAIProvider):
    """One host that speaks Responses; its list of models is that of the other format."""

    path = "/responses"

    def reader(self, refusals: Refusals) -> Reader:
        return _Response(refusals)

    async def body(self, request: ModelRequest) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": request.model,
            "input": [{"role": turn.role, "content": _content(turn)} for turn in request.turns],
            "stream": True,
            "store": False,
        }
        if request.system:
            body["instructions"] = request.system
        if request.max_output_tokens is not None:
            body["max_output_tokens"] = request.max_output_tokens
        return body

    def adapts(self, reply: Reply, body: Mapping[str, Any]) -> bool:  # noqa: ARG002 - nothing to
        return False


def _content(turn: Turn) -> str | list[dict[str, Any]]:
    if not turn.images:
        return turn.text
    images = (f"data:{image.media_type};base64,{image.data}" for image in turn.images)
    return [
        {"type": "input_text", "text": turn.text},
        *({"type": "input_image", "image_url": url} for url in images),
    ]


class _Response(Reader):
    """Reads Responses events."""

    def __init__(self, refusals: Refusals) -> None:
        super().__init__(refusals)
        self._spoke = False
        self._refused = False

    def read_data(self, data: str) -> list[Event]:
        if data.strip() == DONE:  # of other hosts; it says nothing of how the answer ended
            return [self.end()]
        return super().read_data(data)

    def read(self, value: Mapping[str, Any]) -> list[Event]:
        kind = typed(value, "type", str)
        if kind is None:
            raise MalformedError
        if kind in _SPOKEN:
            self._refused = self._refused or kind == "response.refusal.delta"
            return self._say(typed(value, "delta", str) or "")
        if kind in _THOUGHT:
            thought = typed(value, "delta", str)
            return [Reasoning(thought)] if thought else []
        if kind == "response.reasoning_summary_part.added":
            return [Reasoning("\n\n")] if count(value.get("summary_index")) else []
        if kind == "error":
            return [self.refusals.from_chunk(value)]
        response = typed(value, "response", dict)
        if kind in _ENDS:
            return self._ended(response or {})
        return self.started(response.get("model")) if response else []

    def whole(self, value: Mapping[str, Any]) -> list[Event] | None:
        return self._ended(value) if value.get("object") == "response" else None

    def _say(self, text: str) -> list[Event]:
        self._spoke = self._spoke or bool(text)
        return [Text(text)] if text else []

    def _ended(self, response: Mapping[str, Any]) -> list[Event]:
        events = self.started(response.get("model"))
        usage = _usage(typed(response, "usage", dict))
        if not self._spoke:
            events += self._output(typed(response, "output", list) or [])
        self.finish = self._finished(response)
        return [*events, *self.used(usage), self.end()]

    def _output(self, items: list[Any]) -> list[Event]:
        """Read words that no delta brought."""
        events: list[Event] = []
        for item in items:
            parts = typed(item, "content", list) if isinstance(item, dict) else None
            if not isinstance(item, dict) or item.get("type") != "message":
                continue
            for part in parts or []:
                if not isinstance(part, dict):
                    raise MalformedError
                refusal = words(part.get("refusal"))
                self._refused = self._refused or bool(refusal)
                events += self._say(words(part.get("text")) or refusal)
        return events

    def _finished(self, response: Mapping[str, Any]) -> Stop | Error:
        status = typed(response, "status", str)
        if status in ("failed", "cancelled"):
            said = response.get("error") or {"message": f"the response is {status}"}
            return self.refusals.from_chunk(said)
        if status == "incomplete":
            details = typed(response, "incomplete_details", dict) or {}
            return Stop("refusal" if details.get("reason") == "content_filter" else "length")
        return Stop("refusal" if self._refused else "stop")


def _usage(usage: Mapping[str, Any] | None) -> Usage | None:
    if usage is None:
        return None
    sent = typed(usage, "input_tokens_details", dict) or {}
    made = typed(usage, "output_tokens_details", dict) or {}
    return Usage(
        input=count(usage.get("input_tokens")),
        output=count(usage.get("output_tokens")),
        reasoning=count(made.get("reasoning_tokens")),
        cached=count(sent.get("cached_tokens")),
        written=count(sent.get("cache_write_tokens")),
    )
