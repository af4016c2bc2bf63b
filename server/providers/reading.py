"""Reading one answer, whatever its format: order, limits, the end, and what is none of it."""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any, TypeVar

from server.providers.protocol import Error, Event, Reasoning, Start, Stop, Text, Usage
from server.providers.refusals import Refusals
from server.providers.transport import QUIET_LIMIT, Reply, ServerEvent, endless

AFTER_FINISH = 5.0
"""How long usage may stay out once the model has finished, in seconds."""
_LEAST = 8  # characters that an event has besides its data
_LARGEST = 2**53  # what every reader of JSON holds exactly


class MalformedError(ValueError):
    """A field has another type than the format gives it."""


class Reader(ABC):
    """Reads one answer; a format says what a value of its stream means."""

    def __init__(self, refusals: Refusals) -> None:
        self.refusals = refusals
        self.finish: Stop | Error | None = None
        """What the host said of the end; None until it has said so."""
        self._host = refusals.host
        self._started = False
        self._usage: Usage | None = None
        self._quiet = 0  # characters since the last words

    @abstractmethod
    def read(self, value: Mapping[str, Any]) -> list[Event]:
        """Read one JSON object of the stream. Raises `MalformedError` for one that is none."""

    @abstractmethod
    def whole(self, value: Mapping[str, Any]) -> list[Event] | None:
        """Read an answer that came in one piece; None when it is no answer of this format."""

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
        yield self.end()

    def started(self, model: Any) -> list[Event]:
        """Return the `Start` of an answer, once."""
        if self._started:
            return []
        self._started = True
        return [Start(model if isinstance(model, str) and model else self.refusals.model)]

    def used(self, usage: Usage | None) -> list[Event]:
        """Return a `Usage` that says something new."""
        if usage is None or usage == self._usage:
            return []
        self._usage = usage
        return [usage]

    def end(self) -> Stop | Error:
        return self.finish or Error(
            "truncated",
            f"{self._host} ended the answer without saying that it was finished.",
            "Press Continue to go on from there, or try again.",
        )

    def read_data(self, data: str) -> list[Event]:
        """Read the data of one event."""
        if not data.strip():
            return []
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            value = None
        return self._read_object(value, data)

    async def _following(
        self, items: AsyncIterator[ServerEvent | Reply | Error]
    ) -> ServerEvent | Reply | Error | None:
        if self.finish is None:
            return await anext(items, None)
        try:
            async with asyncio.timeout(AFTER_FINISH):
                return await anext(items, None)
        except TimeoutError:
            return None

    def _read(self, item: ServerEvent | Reply | Error) -> list[Event]:
        match item:
            case Error():
                return [self.end() if self.finish else item]
            case Reply():
                return self._read_reply(item)
            case ServerEvent(data=data):
                return self.read_data(data)

    def _read_reply(self, reply: Reply) -> list[Event]:
        """Read an answer that is no stream: a refusal, or a host that does not stream."""
        data = reply.json() if reply.status < 300 else None  # noqa: PLR2004 - accepted
        try:
            events = self._whole(data)
        except MalformedError:
            return [self._garbage(reply.body)]
        if events is None:
            return [self.refusals.from_reply(reply)]
        is_over = bool(events) and isinstance(events[-1], (Stop, Error))
        return events if is_over else [*events, self.end()]

    def _whole(self, data: Any) -> list[Event] | None:
        """Read an answer in one piece, or in a list of them."""
        pieces = data if isinstance(data, list) else [data]
        events: list[Event] = []
        for piece in pieces:
            if not isinstance(piece, dict) or piece.get("error"):
                return None
            read = self.whole(piece)
            if read is None:
                return None
            events += read
        return events if pieces else None

    def _read_object(self, value: Any, said: str) -> list[Event]:
        """Read one object; `said` is how the host wrote it, for the message if it is none."""
        if isinstance(value, dict) and value.get("error"):
            return [self.refusals.from_chunk(value["error"])]
        if isinstance(value, dict):
            try:
                return self.read(value)
            except MalformedError:
                pass
        return [self._garbage(said)]

    def _garbage(self, said: str) -> Error:
        return Error(
            "garbage",
            f"{self._host} sent something that is not the {self.refusals.known.format_name} "
            f"format: “{self.refusals.redacted(said)[:80]}”.",
            self.refusals.wrong_format,
        )


T = TypeVar("T")


def typed(value: Mapping[str, Any], name: str, kind: type[T]) -> T | None:
    """Return a field. Absent is null; another type raises `MalformedError`."""
    found = value.get(name)
    if found is None or isinstance(found, kind):
        return found
    raise MalformedError


def words(value: Any) -> str:
    """Return text where there is some."""
    return value if isinstance(value, str) else ""


def count(value: Any) -> int | None:
    """Return a number of tokens; None for what is none."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 <= value < _LARGEST else None
