"""A model host that answers with given bytes, on a real port; and streams written as hosts do."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import Any, Literal

from server.providers.protocol import Error, Image, ModelRequest, Reasoning, Text, Turn
from server.providers.scripted_wire import Request, dump, head, http_chunks, read_request
from server.providers.transport import Timeouts, Transport

PATIENT = Timeouts(connect=60, silence=60)
KEY = "sk-secret-0123456789"
TEXT = "Grüße, 世界! 😀 <b>done</b>\n```html\n<p>ok</p>\n```\n"
PIECES = ("Grü", "ße, 世", "界! ", "😀 <b>done", "</b>\n```html\n<p>ok</p>", "\n```\n")
REQUEST = ModelRequest("m-1", "Be brief.", (Turn("user", "hello"),), ("hello",))
PICTURED = ModelRequest(
    "m-1",
    "",
    (Turn("user", "like this", (Image("image/png", "aGk="),)),),
    (),
)

# One transport for all tests of a file, as in the server: each new one reads the machine's
# certificate authorities again.
_OPEN: dict[Timeouts, Transport] = {}


def transport_of(timeouts: Timeouts = PATIENT) -> Transport:
    """Return the open one; the fixture `transports` closes it."""
    if timeouts not in _OPEN:
        _OPEN[timeouts] = Transport(timeouts)
    return _OPEN[timeouts]


async def close_transports() -> None:
    while _OPEN:
        await _OPEN.popitem()[1].aclose()


@dataclass(frozen=True)
class Played:
    """What the host says to one request, byte for byte."""

    body: bytes | Any
    status: int = 200
    content_type: str = "text/event-stream"
    headers: dict[str, str] = field(default_factory=dict)
    pieces: int | None = None  # bytes that come at once
    ending: Literal["whole", "cut", "open"] = "whole"

    @property
    def sent(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def refused(status: int, body: Any, **headers: str) -> Played:
    return Played(body, status, "application/json", headers)


class Host:
    """Answers one request after another; the last answer stays."""

    def __init__(self, played: tuple[Played, ...], shown: Played) -> None:
        self.url = ""
        self.requests: list[Request] = []
        self.shown: list[Request] = []  # what Ollama is asked of a model, before
        self.gone = asyncio.Event()  # a client went before its answer had ended
        self._played = played
        self._shown = shown
        self._serving: set[asyncio.Task[None]] = set()

    async def aclose(self) -> None:
        """Leave no connection open."""
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def body(self, number: int = -1) -> Any:
        return json.loads(self.requests[number].body)

    def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.add(asyncio.create_task(self._answer(reader, writer)))

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError), contextlib.closing(writer):
            while (request := await read_request(reader)) is not None:
                if request.path == "/api/show":
                    self.shown.append(request)
                    played = self._shown
                else:
                    played = self._played[min(len(self.requests), len(self._played) - 1)]
                    self.requests.append(request)
                await self._say(played, reader, writer)
                if played.ending != "whole":
                    break

    async def _say(
        self, played: Played, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        headers = {"Transfer-Encoding": "chunked", **played.headers}
        writer.write(head(played.status, played.content_type, headers))
        writer.write(http_chunks(played.sent, played.pieces))
        if played.ending == "whole":
            writer.write(b"0\r\n\r\n")
        await writer.drain()
        if played.ending == "open":
            with contextlib.suppress(OSError):
                await reader.read()
            self.gone.set()


def ndjson(*values: dict[str, Any]) -> bytes:
    return "".join(f"{dump(value)}\n" for value in values).encode()


def model_of(context: Any) -> Played:
    """What Ollama shows of a model that takes so many tokens."""
    told = {"general.architecture": "llama", "llama.context_length": context}
    return Played({"model_info": told}, content_type="application/json")


@contextlib.asynccontextmanager
async def playing(*played: Played, shown: Played | None = None):
    host = Host(played, shown or model_of(131_072))
    async with await asyncio.start_server(host.connect, "127.0.0.1", 0) as server:
        host.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield host
        finally:
            await host.aclose()


def typed_events(*values: dict[str, Any]) -> bytes:
    """Server-sent events that carry their type as their name, too."""
    lines = (f"event: {value['type']}\ndata: {dump(value)}\n\n" for value in values)
    return "".join(lines).encode()


def plain_events(*values: dict[str, Any]) -> bytes:
    return "".join(f"data: {dump(value)}\n\n" for value in values).encode()


def crlf_events(*values: dict[str, Any]) -> bytes:
    return plain_events(*values).replace(b"\n", b"\r\n")


async def gathered(provider, request=REQUEST):
    return [event async for event in provider.stream(request)]


def text_of(events) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


def thoughts_of(events) -> str:
    return "".join(event.text for event in events if isinstance(event, Reasoning))


def only_error(events) -> Error:
    assert [type(event) for event in events] == [Error], events
    return events[0]
