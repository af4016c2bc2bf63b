"""Ollama's own chat.

Format: `POST /api/chat`, `/api/show` and `/api/tags` in Ollama's API documentation and source
(github.com/ollama/ollama: `docs/api.md`, `api/types.go`, `server/routes.go`). Answers are lines of
JSON. What is handled here and has a test: the context, which is a few thousand tokens unless
`num_ctx` says otherwise, and beyond which the beginning of a conversation is dropped in silence:
`/api/show` is asked how much the model can, and `num_ctx` set to what the request needs; an error
line in a stream that began well; `thinking`; an end without a reason.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from server.providers.hosted import HostedProvider
from server.providers.hosts import OLLAMA
from server.providers.protocol import (
    Error,
    Event,
    ModelInfo,
    ModelRequest,
    Reasoning,
    Stop,
    Text,
    Usage,
)
from server.providers.reading import MalformedError, Reader, count, typed
from server.providers.refusals import Refusals
from server.providers.transport import Reply

PORT = "11434"
# A server's own addresses to listen on are none to ask.
_ASKED_AT = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
_BYTES_PER_TOKEN = 3  # fewer than there are in most languages, so that the room is enough
_IMAGE_TOKENS = 2048
_ANSWER_TOKENS = 8192  # room for the answer where no limit is asked for
_LEAST = 4096  # what Ollama itself takes at least
_STEP = 4096  # a model is loaded again for another size: near sizes are one
_MOST_UNKNOWN = 131_072  # for a model that does not show what it can
_SHOWING = 5.0  # how long Ollama may stay silent when asked for a model, in seconds


class OllamaProvider(HostedProvider):
    """One Ollama."""

    usual = OLLAMA
    path = "/chat"
    silence = 300.0  # a model is loaded first, and a slow machine reads long

    def know_nothing(self) -> None:
        self._contexts: dict[str, int] = {}  # tokens that a model can take
        self._sizes: dict[str, int] = {}  # the largest `num_ctx` that was asked for

    @property
    def label(self) -> str:
        return f"Ollama, {self._host}"

    def reader(self, refusals: Refusals) -> Reader:
        return _Chat(refusals)

    async def body(self, request: ModelRequest) -> dict[str, Any]:
        messages: list[dict[str, Any]] = []
        if request.system:
            messages.append({"role": "system", "content": request.system})
        for turn in request.turns:
            message: dict[str, Any] = {"role": turn.role, "content": turn.text}
            if turn.images:
                message["images"] = [image.data for image in turn.images]
            messages.append(message)
        options: dict[str, Any] = {"num_ctx": await self._size(request)}
        if request.max_output_tokens is not None:
            options["num_predict"] = request.max_output_tokens
        return {
            "model": request.model,
            "messages": messages,
            "stream": True,
            "options": options,
            # What does not fit is an error and an end, never a beginning that is dropped.
            "truncate": False,
            "shift": False,
        }

    def adapts(self, reply: Reply, body: Mapping[str, Any]) -> bool:
        """Make room where the request was larger than it looked."""
        size: int = body["options"]["num_ctx"]
        most = self._contexts.get(body["model"], _MOST_UNKNOWN)
        if reply.status != 400 or "context length" not in reply.body:  # noqa: PLR2004
            return False
        if size >= most:
            return False
        self._sizes[body["model"]] = min(size * 2, most)
        return True

    def entries(self, data: Any) -> Any:
        return data.get("models") if isinstance(data, dict) else data

    def identity(self, entry: Mapping[str, Any]) -> str | None:
        identity = entry.get("model") or entry.get("name")
        return identity if isinstance(identity, str) else None

    def model(self, identity: str, entry: Mapping[str, Any]) -> ModelInfo | None:
        able = entry.get("capabilities")
        able = able if isinstance(able, list) and able else None
        if "embed" in identity or (able is not None and "completion" not in able):
            return None
        images = None if able is None else "vision" in able
        return self.info(identity, identity, self._contexts.get(identity), images)

    @classmethod
    def normalised(cls, base_url: str) -> str:
        """Return an address as Ollama reads `OLLAMA_HOST`, with `/api`.

        `0.0.0.0`, which a server listens on, is asked at 127.0.0.1; a port that is left out is
        Ollama's own, unless the scheme is written.
        """
        url = base_url.strip().rstrip("/")
        for pasted in (cls.path, "/api", "/v1"):
            url = url.removesuffix(pasted)
        scheme, _, rest = url.rpartition("://")
        place, slash, path = rest.partition("/")
        user, at, place = place.rpartition("@")
        host, port = _split(place)
        if not scheme:
            scheme, port = ("https", port) if host == "ollama.com" else ("http", port or PORT)
        host = _ASKED_AT.get(host, host)
        host = f"[{host}]" if ":" in host else host
        return f"{scheme}://{user}{at}{host}{':' if port else ''}{port}{slash}{path}/api"

    async def _size(self, request: ModelRequest) -> int:
        """Return the context that a request needs, as far as the model can."""
        texts = (request.system, *(turn.text for turn in request.turns))
        text = sum(len(one.encode("utf-8", "replace")) for one in texts)
        images = sum(len(turn.images) for turn in request.turns)
        answer = request.max_output_tokens or _ANSWER_TOKENS
        need = text // _BYTES_PER_TOKEN + images * _IMAGE_TOKENS + answer
        size = max(_LEAST, math.ceil(need / _STEP) * _STEP, self._sizes.get(request.model, 0))
        size = min(size, await self._context(request.model) or size)
        self._sizes[request.model] = size
        return size

    async def _context(self, model: str) -> int | None:
        """Ask what a model can take; None when it cannot be known, and a call will tell why."""
        if model not in self._contexts:
            reply = await self._transport.get_json(
                f"{self.base_url}/show",
                headers=self.headers(),
                silence=_SHOWING,
                body={"model": model},
            )
            data = None if isinstance(reply, Error) else reply.json()
            told = data.get("model_info") if isinstance(data, dict) else None
            if not isinstance(told, dict):
                return None
            named = (told[name] for name in told if name.endswith(".context_length"))
            found = next((number for one in named if (number := count(one))), None)
            if found is None:
                return None
            self._contexts[model] = found
        return self._contexts[model]


def _split(place: str) -> tuple[str, str]:
    """Return host and port; the port is empty where there is none."""
    if place.startswith("["):
        host, _, rest = place[1:].partition("]")
        return host, rest.removeprefix(":")
    host, _, port = place.partition(":")
    return (place, "") if ":" in port else (host, port)


class _Chat(Reader):
    """Reads the lines of a chat."""

    def whole(self, value: Mapping[str, Any]) -> list[Event] | None:
        return self.read(value) if "message" in value else None

    def read(self, value: Mapping[str, Any]) -> list[Event]:
        if "message" not in value and "done" not in value:
            raise MalformedError
        message = typed(value, "message", dict) or {}
        thought, text = typed(message, "thinking", str), typed(message, "content", str)
        events = self.started(value.get("model"))
        if thought:
            events.append(Reasoning(thought))
        if text:
            events.append(Text(text))
        if value.get("done") is True:
            events += self.used(
                Usage(count(value.get("prompt_eval_count")), count(value.get("eval_count")))
            )
            # The runner's connection broke off: it has no word for that.
            if reason := typed(value, "done_reason", str):
                self.finish = Stop("length" if reason == "length" else "stop")
            events.append(self.end())
        return events
