"""What every provider speaks: a request in, a stream of events out.

A stream begins with `Start`, unless the host refused the call, and ends with exactly one
`Stop` or `Error`. Expected
failures (a wrong key, a rate limit, a silent host) are `Error` events, never exceptions.
Closing the generator (`aclose`) cancels the upstream request at once.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Literal, Protocol

Role = Literal["user", "assistant"]
StopReason = Literal["stop", "length", "refusal", "declined"]


@dataclass(frozen=True, slots=True)
class Image:
    """An attached image, base64 without a data-URL prefix."""

    media_type: str
    data: str


@dataclass(frozen=True, slots=True)
class File:
    """An attached file of any kind, base64."""

    name: str
    media_type: str
    data: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn as the model reads it (documents, files and findings already written in)."""

    role: Role
    text: str
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """Everything one model call needs.

    `wishes` are the person's own sentences in order, unadorned, `files` what came with the last
    one, `document` what it is to change: the built-in recipes read those, a language model reads
    `system` and `turns`.
    """

    model: str
    system: str
    turns: tuple[Turn, ...]
    wishes: tuple[str, ...]
    max_output_tokens: int | None = None
    files: tuple[File, ...] = ()
    document: str | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """The host accepted the request; `model` is the model in the host's own words."""

    model: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    text: str


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, cumulative for this call; a later `Usage` replaces an earlier one.

    `input` is all that was read: `cached` of it came from the host's cache, and `written` went into
    it. `output` is all that was made: `reasoning` of it was thinking.
    """

    input: int | None = None
    output: int | None = None
    reasoning: int | None = None
    cached: int | None = None
    written: int | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """The model's own end. `declined`: the built-in provider has no recipe for this wish."""

    reason: StopReason


@dataclass(frozen=True, slots=True)
class Error:
    """The call failed. `message` names the host and what it said; `action` the next step.

    Codes: `unauthorized` (401, 403) · `payment_required` (402, or 429 for lack of credit) ·
    `rate_limited` (429) · `model_not_found` · `bad_request` (other 4xx) · `unavailable` (5xx) ·
    `overloaded` · `timeout` (nothing for 60 s) · `unreachable` (connect, DNS, TLS) ·
    `garbage` (not the wire format) · `truncated` (the stream ended without a stop reason) ·
    `too_large` (the stream has no end and no words in it).
    """

    code: str
    message: str
    action: str
    retry_after: float | None = None


Event = Start | Reasoning | Text | Usage | Stop | Error


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens; what has no price of its own costs as its kind does."""

    input: float
    output: float
    cached: float | None = None
    written: float | None = None
    reasoning: float | None = None


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that a provider can reach; `None` where it is not known."""

    provider: str
    model: str
    label: str
    context: int | None = None
    price: Price | None = None
    images: bool | None = None


@dataclass(frozen=True, slots=True)
class ModelList:
    """What a provider says it has; `error` is a sentence when it could not be asked.

    `left_out` counts the models that a menu has no room for: behind its last, or too long.
    """

    models: tuple[ModelInfo, ...] = field(default=())
    error: str | None = None
    left_out: int = 0


class Provider(Protocol):
    """An adapter to one model API."""

    @property
    def name(self) -> str:
        """The part of `provider/model` before the slash."""
        ...

    @property
    def label(self) -> str:
        """How pages name it, host included: "OpenAI-compatible, api.example.org"."""
        ...

    def stream(self, request: ModelRequest) -> AsyncGenerator[Event, None]:
        """Run one call; see the module for the order of events."""
        ...

    async def models(self) -> ModelList:
        """Ask which models there are; never raises for a host that is away."""
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...
