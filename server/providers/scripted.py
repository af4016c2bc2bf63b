"""The scripted model: a server that speaks OpenAI's chat completions and replays answers.

A real server on a real port, shipped for demos without a key, for tests and for `make bench`.
It sends each token by its own deadline (never by summing sleeps), so that it keeps its pace on
a busy machine, and writes down what it received and when it sent what. docs/providers.md tells
people how to use it and how to write answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sandbox.own_command import own_command
from server.providers.scripted_answers import (
    Answer,
    AnswersError,
    Script,
    ScriptedError,
    default_answers,
    load_answers,
    split,
)
from server.providers.scripted_wire import (
    BadRequestError,
    Chunks,
    Request,
    dump,
    event,
    head,
    http_chunks,
    pricing,
    read_request,
)

TOKENS_PER_SECOND = 200.0
MODEL = "scripted"
_LOG_LIMIT = 1000
_COMMENT_EVERY = 50
_BATCH = 256  # chunks to a write when nothing paces them


class _GoneError(Exception):
    """The client closed the connection."""


@dataclass(slots=True)
class Call:
    """One request as the server saw it. Moments are of `time.monotonic()`, in seconds.

    The clock is the machine's, so a test or benchmark in another process may compare.
    """

    number: int
    path: str
    body: dict[str, Any]
    message: str
    authorized: bool
    received: float
    first_token: float | None = None
    last_text: float | None = None
    last_byte: float | None = None
    disconnected: float | None = None
    chunks: int = 0
    status: int | None = None
    done: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    def as_json(self, wall: float) -> dict[str, Any]:
        """Return it as `/_scripted/log` tells it; `wall` is what turns moments into Unix time."""
        moments = {
            name: {"monotonic": moment, "wall": moment + wall} if moment is not None else None
            for name, moment in (
                ("received", self.received),
                ("first_token", self.first_token),
                ("last_text", self.last_text),
                ("last_byte", self.last_byte),
                ("disconnected", self.disconnected),
            )
        }
        return {
            "number": self.number,
            "path": self.path,
            "status": self.status,
            "message": self.message,
            "authorized": self.authorized,
            "chunks": self.chunks,
            "body": self.body,
            **moments,
        }


class ScriptedServer:
    """The server, as an async context manager: `async with ScriptedServer(answers) as server`.

    `tokens_per_second` of None sends as fast as the client reads; an answer's own rate wins.
    Raises `OSError` on entering when the port is taken.
    """

    def __init__(
        self,
        answers: Sequence[Answer] | None = None,
        *,
        tokens_per_second: float | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        models: Sequence[str] = (MODEL,),
        price: tuple[Decimal, Decimal] | None = None,
    ) -> None:
        self._script = Script(default_answers() if answers is None else answers)
        self._rate = tokens_per_second
        self._host = host
        self._port = port
        self._models = tuple(models)
        self._pricing = pricing(*price) if price else {}
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._count = 0
        self._arrived = asyncio.Event()
        self._stalls = _Stalls()
        self.calls: list[Call] = []

    async def call(self, number: int) -> Call:
        """Wait for the call of that number (the first is 1) to arrive."""
        while self._count < number:
            await self._arrived.wait()
        return next(call for call in self.calls if call.number == number)

    @property
    def base_url(self) -> str:
        """What `OPENAI_BASE_URL` takes."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}/v1"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, self._host, self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while (request := await read_request(reader)) is not None:
                if not await self._answer(_Connection(reader, writer), request):
                    break
        except BadRequestError:
            writer.write(head(400, "text/plain", {"Content-Length": "0", "Connection": "close"}))
        except (ConnectionError, asyncio.CancelledError):
            pass  # nothing is owed to a client that left
        finally:
            self._connections.discard(task)
            writer.close()

    async def _answer(self, connection: _Connection, request: Request) -> bool:
        """Answer one request; return whether the connection may carry another."""
        path = request.path.rstrip("/").removeprefix("/v1")
        if (request.method, path) == ("POST", "/chat/completions"):
            return await self._complete(connection, request)
        if (request.method, path) == ("GET", "/models"):
            same = {"object": "model", "owned_by": MODEL, **self._pricing}
            entries = [{"id": name, **same} for name in self._models]
            await connection.json(200, {"object": "list", "data": entries})
        elif (request.method, path) == ("GET", "/_scripted/log"):
            wall = time.time() - time.monotonic()
            await connection.json(200, {"calls": [call.as_json(wall) for call in self.calls]})
        elif (request.method, path) == ("POST", "/_scripted/go"):
            return await self._go_on(connection)
        else:
            message = f"The scripted model has nothing at {request.method} {request.path}."
            await connection.json(404, {"error": {"message": message, "type": "not_found"}})
        return True

    async def _go_on(self, connection: _Connection) -> bool:
        try:
            async with connection.watched():
                await connection.wait_until(time.monotonic() + 3600, self._stalls.some)
        except _GoneError:
            return False
        self._stalls.end()
        await connection.json(200, {})
        return True

    async def _complete(self, connection: _Connection, request: Request) -> bool:
        try:
            body = json.loads(request.body)
            messages = [(str(turn["role"]), _text(turn["content"])) for turn in body["messages"]]
        except (ValueError, KeyError, TypeError):
            await connection.json(400, {"error": {"message": "not a chat completions request"}})
            return True
        said = [text for role, text in messages if role == "user"]
        call = self._log(request, body, said[-1] if said else "")
        before = messages[-2:-1]
        so_far = before[0][1] if before and before[0][0] == "assistant" else ""
        answer = self._script.choose(call.message, follow_up=len(said) > 1, so_far=so_far)
        try:
            async with connection.watched():
                return await self._deliver(connection, call, answer)
        except (_GoneError, ConnectionError):
            call.disconnected = time.monotonic()
            return False
        finally:
            call.done.set()

    def _log(self, request: Request, body: dict[str, Any], message: str) -> Call:
        self._count += 1
        authorized = "authorization" in request.headers
        call = Call(self._count, request.path, body, message, authorized, request.received)
        self.calls.append(call)
        del self.calls[:-_LOG_LIMIT]
        self._arrived.set()
        self._arrived = asyncio.Event()
        return call

    async def _deliver(self, connection: _Connection, call: Call, answer: Answer) -> bool:
        refused = next((name for name in answer.refuse if name in call.body), None)
        if refused is not None:
            self._script.put_back(answer)
            message = f"Unsupported parameter: '{refused}' is not supported with this model."
            error = ScriptedError(400, {"error": {"message": message, "param": refused}})
            await _fail(connection, call, error)
            return True
        start = call.received + answer.first_token_seconds
        if answer.error is not None and answer.error.at == "start":
            await connection.wait_until(start)
            await _fail(connection, call, answer.error)
            return True
        rate = answer.tokens_per_second or self._rate
        delivery = _Delivery(connection, call, answer, rate, self._stalls)
        if not call.body.get("stream"):
            return await delivery.whole(start)
        return await delivery.stream(start)


class _Stalls:
    """The answers that are silent now; `some` is set while there are any."""

    def __init__(self) -> None:
        self.some = asyncio.Event()
        self._all: set[asyncio.Event] = set()

    @contextlib.contextmanager
    def one(self) -> Iterator[asyncio.Event]:
        """While this is entered one more is silent; what it yields is set when it may go on."""
        go = asyncio.Event()
        self._all.add(go)
        self.some.set()
        try:
            yield go
        finally:
            self._all.remove(go)
            if not self._all:
                self.some.clear()

    def end(self) -> None:
        for go in self._all:
            go.set()


class _Connection:
    """One client's connection: writing, and noticing that it has gone."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._watch: asyncio.Task[bytes] | None = None

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """While this is entered, `wait_until` and `write` raise `_GoneError` for a client gone."""
        self._watch = asyncio.ensure_future(self._reader.read(1))
        try:
            yield
        finally:
            self._watch.cancel()
            # Awaited, so that the next request may be read; a reset is how some clients leave.
            await asyncio.gather(self._watch, return_exceptions=True)
            self._watch = None

    async def wait_until(self, moment: float, go: asyncio.Event | None = None) -> None:
        """Wait for a moment of the monotonic clock, or for `go`; at once when it has passed."""
        assert self._watch is not None
        delay = moment - time.monotonic()
        if delay > 0:
            going = {asyncio.ensure_future(go.wait())} if go else set()
            first = asyncio.FIRST_COMPLETED
            await asyncio.wait({self._watch, *going}, timeout=delay, return_when=first)
            for one in going:
                one.cancel()
        if self._watch.done():
            raise _GoneError

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def json(self, status: int, value: Any) -> None:
        data = dump(value).encode()
        extra = {"Content-Length": str(len(data))}
        await self.write(head(status, "application/json", extra) + data)


async def _fail(connection: _Connection, call: Call, error: ScriptedError) -> None:
    call.status = error.status
    body = error.body
    if body is None:
        body = {"error": {"message": f"scripted error {error.status}", "type": "scripted"}}
    data = (body if isinstance(body, str) else dump(body)).encode()
    extra = {"Content-Length": str(len(data))}
    if error.retry_after is not None:
        extra["Retry-After"] = error.retry_after
    await connection.write(head(error.status, error.content_type, extra) + data)
    call.last_byte = time.monotonic()


class _Delivery:
    """Sends one answer in its manner."""

    def __init__(
        self,
        connection: _Connection,
        call: Call,
        answer: Answer,
        rate: float | None,
        stalls: _Stalls,
    ) -> None:
        self._connection = connection
        self._stalls = stalls
        self._call = call
        self._answer = answer
        self._rate = rate
        self._line_end = "\r\n" if answer.framing == "crlf" else "\n"
        self._model = str(call.body.get("model") or MODEL)
        self._chunks = Chunks(f"chatcmpl-scripted-{call.number}", self._model)

    async def whole(self, start: float) -> bool:
        """Answer in one JSON object, after the time that a stream would have taken."""
        pieces = self._answer.pieces()
        await self._connection.wait_until(start + (len(pieces) / self._rate if self._rate else 0))
        self._call.status, self._call.chunks = 200, len(pieces)
        message = {"role": "assistant", "content": "".join(pieces)}
        reason = self._answer.finish_reason
        choice = {"index": 0, "message": message, "finish_reason": reason}
        value = {"object": "chat.completion", "model": self._model, "choices": [choice]}
        await self._connection.json(200, {**value, "usage": self._usage()})
        self._call.last_byte = time.monotonic()
        return True

    async def stream(self, start: float) -> bool:
        """Answer in server-sent events; return whether the connection may carry another."""
        self._call.status = 200
        extra = {"Cache-Control": "no-cache", "Transfer-Encoding": "chunked"}
        await self._connection.write(head(200, "text/event-stream; charset=utf-8", extra))
        if self._answer.comments:
            await self._send(f": SCRIPTED PROCESSING{self._line_end}{self._line_end}".encode())
        await self._connection.wait_until(start)
        if self._answer.raw is not None:
            await self._send(self._answer.raw.encode())
        else:
            await self._body(start)
            await self._send(b"".join(self._ending()))
        return await self._close()

    async def _body(self, start: float) -> None:
        await self._send(self._event(self._chunks.delta({"role": "assistant", "content": ""})))
        answer = self._answer
        reasoning = [(answer.reasoning_field, piece) for piece in split(answer.reasoning, "token")]
        text = [("content", piece) for piece in answer.pieces()]
        if answer.error is not None and answer.truncate_at is None:
            text = text[: len(text) // 2]
        sent = position = 0
        chunks = reasoning + text
        while sent < len(chunks):
            if self._rate is not None:
                await self._connection.wait_until(start + sent / self._rate)
                due = int((time.monotonic() - start) * self._rate) + 1
            else:
                await self._connection.wait_until(0)
                due = sent + _BATCH
            batch: list[bytes] = []
            stalls = False
            while sent < min(due, len(chunks)):
                name, piece = chunks[sent]
                batch.append(self._event(self._chunks.delta({name: piece})))
                sent += 1
                before, position = position, position + (len(piece) if name == "content" else 0)
                if answer.comments and sent % _COMMENT_EVERY == 0:
                    batch.append(f": still here{self._line_end}{self._line_end}".encode())
                if answer.stall_at is not None and before < answer.stall_at <= position:
                    stalls = True
                    break
            if position and self._call.first_token is None:
                self._call.first_token = time.monotonic()
            await self._send(*batch)
            self._call.chunks = sent
            if stalls:
                begun = time.monotonic()
                with self._stalls.one() as go:
                    await self._connection.wait_until(begun + answer.stall_seconds, go)
                start += time.monotonic() - begun
        self._call.last_text = time.monotonic()

    def _ending(self) -> list[bytes]:
        answer = self._answer
        if answer.error is not None:
            body = answer.error.body or {"message": "scripted error", "code": answer.error.status}
            return [self._event(dump(body if "error" in body else {"error": body}))]
        events = []
        if answer.finish_reason is not None:
            events.append(self._event(self._chunks.delta({}, answer.finish_reason)))
            options = self._call.body.get("stream_options") or {}
            if answer.usage and options.get("include_usage"):
                events.append(self._event(self._chunks.usage(self._usage())))
        if answer.ending == "done":
            events.append(self._event("[DONE]"))
        return events

    async def _close(self) -> bool:
        ending = self._answer.ending
        if ending == "open":
            while True:  # until the client has gone
                await self._connection.wait_until(time.monotonic() + 3600)
        if ending != "cut":
            await self._connection.write(b"0\r\n\r\n")
        self._call.last_byte = time.monotonic()
        return ending != "cut"

    async def _send(self, *events: bytes) -> None:
        size = self._answer.split_bytes
        data = b"".join(http_chunks(item, size) for item in events if item)
        if data:
            await self._connection.write(data)

    def _event(self, data: str) -> bytes:
        return event(data, self._line_end)

    def _usage(self) -> dict[str, Any]:
        prompt = "".join(_text(turn["content"]) for turn in self._call.body["messages"])
        reasoning = len(split(self._answer.reasoning, "token"))
        tokens_in = len(split(prompt, "token"))
        text = self._answer.text[: self._answer.truncate_at]
        tokens_out = len(split(text, "token")) + reasoning
        return {
            "prompt_tokens": tokens_in,
            "completion_tokens": tokens_out,
            "total_tokens": tokens_in + tokens_out,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": reasoning},
        }


def _text(content: Any) -> str:
    """Return a message's words, whether they come as a string or in parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(str(part.get("text", "")) for part in parts)


def run(
    port: int,
    tokens_per_second: float = TOKENS_PER_SECOND,
    answers: Path | None = None,
    host: str = "127.0.0.1",
    price: tuple[Decimal, Decimal] | None = None,
) -> int:
    """Serve until interrupted; print the base URL alone on its line. Return the exit code.

    Port 0 takes a free one. Exit 2: the answers cannot be used, or the port is taken.
    """
    try:
        script = default_answers() if answers is None else load_answers(answers)
        server = ScriptedServer(
            script, tokens_per_second=tokens_per_second, host=host, port=port, price=price
        )
        asyncio.run(_serve(server, tokens_per_second))
    except AnswersError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"The scripted model cannot listen on {host}:{port}: {error.strerror}.\n")
        return 2
    return 0


async def _serve(serving: ScriptedServer, rate: float) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C ends the loop by itself
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serving as server:
        sys.stdout.write(
            f"{server.base_url}\n"
            f"The scripted model answers here at {rate:g} tokens a second. Connect with:\n"
            f"  OPENAI_BASE_URL={server.base_url} {own_command('serve')}\n"
        )
        sys.stdout.flush()
        await stop.wait()
