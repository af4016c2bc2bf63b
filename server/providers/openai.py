"""OpenAI's chat completions, at any base URL that speaks them.

Format: the chat completions API reference, streamed as server-sent events. Hosts differ in
small ways, and each way that is handled here has a test: usage in a chunk behind the finish
with empty `choices`, and only when asked for; `reasoning` and `reasoning_content`; comment
lines; errors inside a stream that began well; `[DONE]` missing; parameters refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sandbox.text import without_lone_surrogates
from server.providers.openai_errors import Refusals
from server.providers.protocol import (
    Error,
    Event,
    ModelInfo,
    ModelList,
    ModelRequest,
    Price,
    Reasoning,
    Start,
    Stop,
    StopReason,
    Text,
    Turn,
    Usage,
)
from server.providers.transport import (
    QUIET_LIMIT,
    Reply,
    ServerEvent,
    Transport,
    endless,
    host_of,
)

DEFAULT_BASE_URL = "https://api.openai.com/v1"
_LEAST = 8  # characters that an event has besides its data
_VERSION_SEGMENT = re.compile(r"v\d")
_STOPS: Mapping[str, StopReason] = {
    "length": "length",
    "max_tokens": "length",
    "content_filter": "refusal",
    "refusal": "refusal",
}
# Models in OpenAI's own list that do not chat.
_OTHER_WORK = (
    "audio",
    "babbage",
    "dall-e",
    "davinci",
    "embedding",
    "image",
    "moderation",
    "realtime",
    "sora",
    "transcribe",
    "tts",
    "whisper",
)
_AFTER_FINISH = 5.0  # how long usage may stay out once the model has finished, in seconds
_LISTING = 5.0  # how long a host may stay silent when asked for its models, in seconds
_MOST_MODELS = 800  # of one host; a menu of more helps nobody
_MOST_NAME = 300  # characters: some hosts name models by their files' paths
_LARGEST = 2**53  # what every reader of JSON holds exactly
_DONE = "[DONE]"


class OpenAIProvider:
    """One host. The key is optional: local servers need none."""

    name = "openai"

    def __init__(
        self, transport: Transport, *, base_url: str | None = None, key: str | None = None
    ) -> None:
        self._transport = transport
        self.base_url = normalised(base_url or DEFAULT_BASE_URL)
        self._host = host_of(self.base_url)
        self._key = (key or "").strip()
        self._include_usage = True
        self._tokens_field = (
            "max_completion_tokens" if self.base_url == DEFAULT_BASE_URL else "max_tokens"
        )

    @property
    def label(self) -> str:
        if self.base_url == DEFAULT_BASE_URL:
            return f"OpenAI, {self._host}"
        return f"OpenAI-compatible, {self._host}"

    @property
    def is_official(self) -> bool:
        """Whether this is OpenAI's own API rather than a host that speaks its format."""
        return self.base_url == DEFAULT_BASE_URL

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Event, None]:
        """Run one call; see the protocol for the order of events.

        A request that the host refuses is one `Error`, without a `Start` before it.
        """
        call = _Call(Refusals(self._host, self._key, request.model))
        while True:
            body = self._body(request)
            items = self._transport.stream_events(
                "POST", f"{self.base_url}/chat/completions", headers=self._headers(), body=body
            )
            async with contextlib.aclosing(items):
                first = await anext(items, None)
                if isinstance(first, Reply) and self._adapts(first, body):
                    continue
                async with contextlib.aclosing(call.events(first, items)) as events:
                    async for event in events:
                        yield event
            return

    async def models(self) -> ModelList:
        """Ask the host which models it has."""
        reply = await self._transport.get_json(
            f"{self.base_url}/models", headers=self._headers(), silence=_LISTING
        )
        if isinstance(reply, Error):
            return ModelList(error=without_lone_surrogates(reply.message))
        data = reply.json() if reply.status == 200 else None  # noqa: PLR2004 - OK
        entries = data.get("data") if isinstance(data, dict) else data
        if not isinstance(entries, list):
            refusal = Refusals(self._host, self._key).from_reply(reply)
            return ModelList(error=without_lone_surrogates(refusal.message))
        entries = [entry for entry in entries if isinstance(entry, dict)]
        too_long = sum(len(_identity(entry) or "") > _MOST_NAME for entry in entries)
        read = (self._model(entry) for entry in entries)
        found = [model for model in read if model is not None]
        shown = tuple(found[:_MOST_MODELS])
        return ModelList(shown, left_out=len(found) - len(shown) + too_long)

    async def aclose(self) -> None:
        """Hold nothing: the transport belongs to who made it."""

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._key}"} if self._key else {}

    def _body(self, request: ModelRequest) -> dict[str, Any]:
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

    def _adapts(self, reply: Reply, body: Mapping[str, Any]) -> bool:
        """Leave out or rename what the host refused; return whether another try makes sense."""
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

    def _model(self, entry: Mapping[str, Any]) -> ModelInfo | None:
        identity = _identity(entry)
        if identity is None or len(identity) > _MOST_NAME:
            return None
        identity = without_lone_surrogates(identity)
        if self.is_official and any(word in identity for word in _OTHER_WORK):
            return None
        told = ("context_length", "context_window", "max_model_len")
        contexts = (_count(entry.get(name)) for name in told)
        label = entry.get("name")
        return ModelInfo(
            self.name,
            identity,
            without_lone_surrogates(label[:_MOST_NAME]) if isinstance(label, str) else identity,
            next((context for context in contexts if context is not None), None),
            _price(entry.get("pricing")),
            _sees(entry.get("architecture")),
        )


def _identity(entry: Mapping[str, Any]) -> str | None:
    identity = entry.get("id") or entry.get("name")
    return identity if isinstance(identity, str) else None


class _Call:
    """Reads one answer."""

    def __init__(self, refusals: Refusals) -> None:
        self._refusals = refusals
        self._host = refusals.host
        self._started = False
        self._finish: str | None = None
        self._usage: Usage | None = None
        self._quiet = 0  # characters since the last words

    async def events(
        self,
        first: ServerEvent | Reply | Error | None,
        items: AsyncIterator[ServerEvent | Reply | Error],
    ) -> AsyncGenerator[Event, None]:
        item = first
        while item is not None:
            ended = False
            self._quiet += len(item.data) + _LEAST if isinstance(item, ServerEvent) else 0
            for event in self._read(item):
                if isinstance(event, (Text, Reasoning)):
                    self._quiet = 0
                ended = isinstance(event, (Stop, Error))
                yield event
            if ended:
                return
            if self._quiet > QUIET_LIMIT:
                yield endless(self._host)
                return
            item = await self._following(items)
        yield self._end()

    async def _following(
        self, items: AsyncIterator[ServerEvent | Reply | Error]
    ) -> ServerEvent | Reply | Error | None:
        if self._finish is None:
            return await anext(items, None)
        try:
            async with asyncio.timeout(_AFTER_FINISH):
                return await anext(items, None)
        except TimeoutError:
            return None

    def _read(self, item: ServerEvent | Reply | Error) -> list[Event]:
        match item:
            case Error():
                return [self._end() if self._finish else item]
            case Reply():
                return self._read_reply(item)
            case ServerEvent(data=data):
                return self._read_data(data)

    def _read_reply(self, reply: Reply) -> list[Event]:
        """Read an answer that is no stream: a refusal, or a host that does not stream."""
        data = reply.json() if reply.status < 300 else None  # noqa: PLR2004 - accepted
        if isinstance(data, dict) and data.get("choices"):
            events = self._read_object(data, reply.body)
            is_over = isinstance(events[-1], Error) if events else False
            return events if is_over else [*events, self._end()]
        return [self._refusals.from_reply(reply)]

    def _read_data(self, data: str) -> list[Event]:
        if data.strip() == _DONE:
            self._finish = self._finish or "stop"  # the host's own word that it is over
            return [self._end()]
        if not data:
            return []
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            value = None
        return self._read_object(value, data)

    def _read_object(self, value: Any, said: str) -> list[Event]:
        """Read one chunk; `said` is how the host wrote it, for the message if it is none."""
        if isinstance(value, dict) and value.get("error"):
            return [self._refusals.from_chunk(value["error"])]
        chunk = _chunk(value)
        if chunk is None:
            return [self._garbage(said)]
        events: list[Event] = []
        if not self._started:
            self._started = True
            events.append(Start(chunk.model or self._refusals.model))
        for choice in chunk.choices:
            if choice.error:
                return [*events, self._refusals.from_chunk(choice.error)]
            _read_delta(choice.delta, events)
            self._finish = choice.finish or self._finish
        if chunk.usage is not None and chunk.usage != self._usage:
            self._usage = chunk.usage
            events.append(chunk.usage)
        return events

    def _garbage(self, said: str) -> Error:
        return Error(
            "garbage",
            f"{self._host} sent something that is not the OpenAI format: "
            f"“{self._refusals.redacted(said)[:80]}”.",
            "Check that the base URL is that of an OpenAI-compatible API.",
        )

    def _end(self) -> Stop | Error:
        if self._finish == "error":
            return Error("unavailable", f"{self._host} stopped with an error.", "Try again.")
        if self._finish is None:
            return Error(
                "truncated",
                f"{self._host} ended the answer without saying that it was finished.",
                "Press Continue to go on from there, or try again.",
            )
        return Stop(_STOPS.get(self._finish, "stop"))


def normalised(base_url: str) -> str:
    """Return a base URL as the paths are added to it: with a version, without a last slash.

    `https://host`, `https://host/v1/` and `https://host/v1/chat/completions` are the same.
    """
    url = base_url.strip().rstrip("/").removesuffix("/chat/completions")
    with contextlib.suppress(ValueError):
        if "://" not in url:
            local = (urlsplit(f"//{url}").hostname or "") in ("localhost", "127.0.0.1", "::1")
            url = f"{'http' if local else 'https'}://{url}"
        if not any(_VERSION_SEGMENT.match(part) for part in urlsplit(url).path.split("/")):
            url += "/v1"
    return url


def _content(turn: Turn) -> str | list[dict[str, Any]]:
    if not turn.images:
        return turn.text
    images = (f"data:{image.media_type};base64,{image.data}" for image in turn.images)
    return [
        {"type": "text", "text": turn.text},
        *({"type": "image_url", "image_url": {"url": url}} for url in images),
    ]


@dataclass(frozen=True, slots=True)
class _Choice:
    delta: Mapping[str, Any]
    finish: str | None
    error: Any


@dataclass(frozen=True, slots=True)
class _Chunk:
    model: str | None
    choices: tuple[_Choice, ...]
    usage: Usage | None


class _MalformedError(ValueError):
    """A field has another type than the format gives it."""


def _chunk(value: Any) -> _Chunk | None:
    """Read a chunk or a whole answer; None when it is not the format. Absent is null is empty."""
    try:
        if not isinstance(value, dict):
            return None
        choices = tuple(_choice(choice) for choice in _typed(value, "choices", list) or ())
        groq = _typed(value, "x_groq", dict) or {}
        usage = _typed(value, "usage", dict) or _typed(groq, "usage", dict)
        model = value.get("model")
        return _Chunk(
            model if isinstance(model, str) else None, choices, _usage(usage) if usage else None
        )
    except _MalformedError:
        return None


def _choice(value: Any) -> _Choice:
    if not isinstance(value, dict):
        raise _MalformedError
    delta = _typed(value, "delta", dict) or _typed(value, "message", dict) or {}
    return _Choice(delta, _typed(value, "finish_reason", str) or None, value.get("error"))


T = TypeVar("T")


def _typed(value: Mapping[str, Any], name: str, kind: type[T]) -> T | None:
    found = value.get(name)
    if found is None or isinstance(found, kind):
        return found
    raise _MalformedError


def _read_delta(delta: Mapping[str, Any], events: list[Event]) -> None:
    reasoning = delta.get("reasoning_content") or delta.get("reasoning")
    if isinstance(reasoning, str) and reasoning:
        events.append(Reasoning(reasoning))
    text = delta.get("content") or delta.get("refusal")
    if isinstance(text, str) and text:
        events.append(Text(text))


def _usage(value: Mapping[str, Any]) -> Usage:
    sent = _typed(value, "prompt_tokens_details", dict) or {}
    made = _typed(value, "completion_tokens_details", dict) or {}
    return Usage(
        input=_count(value.get("prompt_tokens")),
        output=_count(value.get("completion_tokens")),
        reasoning=_count(made.get("reasoning_tokens")),
        cached=_count(sent.get("cached_tokens", value.get("prompt_cache_hit_tokens"))),
    )


def _count(value: Any) -> int | None:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 <= value < _LARGEST else None


def _price(pricing: Any) -> Price | None:
    """Read a host's own price list (OpenRouter's form: dollars a token, as strings)."""
    if not isinstance(pricing, dict):
        return None
    try:
        rates = [_rate(pricing[name]) for name in ("prompt", "completion")]
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return Price(*rates) if all(math.isfinite(rate) and rate >= 0 for rate in rates) else None


def _rate(price: Any) -> float:
    if isinstance(price, bool):
        raise TypeError
    return float(price) * 1e6


def _sees(architecture: Any) -> bool | None:
    if not isinstance(architecture, dict):
        return None
    kinds = architecture.get("input_modalities")
    return "image" in kinds if isinstance(kinds, list) else None
