"""The one module that speaks HTTP to model hosts; everything about httpx stays in here.

It gives events and values, never httpx's types or exceptions: a network failure is a protocol
`Error` whose message names the host. Proxies and certificate authorities come from the usual
variables, which httpx reads (HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE, SSL_CERT_DIR); this machine
itself is never asked through a proxy.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

import anyio._backends._asyncio  # noqa: F401 - loaded with the server, not under the first call
import httpcore  # noqa: F401 - the same: httpx imports it on first use
import httpx
import httpx_sse

from server.providers.protocol import Error

_GATHER_SECONDS = 0.004
_BODY_LIMIT = 8 * 1024 * 1024
_REFUSAL_LIMIT = 256 * 1024
QUIET_LIMIT = 16_000_000
"""Characters of a stream without anything in them: no event here, no words in `openai`."""
_LINES = "application/x-ndjson"
_UNANSWERED = "without sending a response"  # httpcore's words
DIRECT = ("all://localhost", "all://127.0.0.1", "all://[::1]")
"""What no proxy is asked for."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, and without anything coming or going."""

    connect: float = 10.0
    silence: float = 60.0


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One server-sent event."""

    event: str
    data: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer where a stream was expected: an error, or JSON or HTML in its place."""

    status: int
    content_type: str
    body: str
    retry_after: float | None = None

    def json(self) -> Any:
        """Return the body as JSON; None when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class Transport:
    """Pooled connections to model hosts. `aclose` when done."""

    def __init__(self, timeouts: Timeouts | None = None) -> None:
        self._timeouts = timeouts or Timeouts()
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(self._timeouts.silence, connect=self._timeouts.connect),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
            mounts=dict.fromkeys(DIRECT),
            follow_redirects=False,
            # Unpacked, a packet of a bomb would have 64 MB.
            headers={"User-Agent": "sandwright", "Accept-Encoding": "identity"},
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    async def stream_events(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: Any = None,
        silence: float | None = None,
    ) -> AsyncGenerator[ServerEvent | Reply | Error, None]:
        """Send JSON and yield the answer's server-sent events, or its lines of JSON, as they come.

        An answer that is no such stream is one `Reply`; a network failure is one `Error`, the
        last item. Closing the generator, or cancelling its task, closes the connection.
        """
        answered = False
        try:
            async with self._request(method, url, headers, body, silence) as response:
                answered = True
                if not _is_stream(response):
                    yield await _reply(response)
                    return
                response.encoding = "utf-8"  # the only one server-sent events have
                counted = _Counted(response)
                source = httpx_sse.EventSource(cast("httpx.Response", counted))
                events = _lines(counted) if _is_lines(response) else source.aiter_sse()
                async with contextlib.aclosing(events):
                    with gathering(response.extensions["network_stream"]):
                        async for event in events:
                            counted.quiet = 0
                            yield ServerEvent(event.event, event.data)
        except _EndlessError:
            yield endless(host_of(url))
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            reset = isinstance(error, (httpx.ReadError, httpx.WriteError)) and not answered
            if reset:
                error = httpx.RemoteProtocolError(_UNANSWERED)
            yield self._failure(error, url, silence)

    async def get_json(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        silence: float | None = None,
        body: Any = None,
    ) -> Reply | Error:
        """Get a whole answer; `silence` in seconds replaces the time allowed without any.

        With a `body` it is posted.
        """
        method = "GET" if body is None else "POST"
        try:
            async with self._request(method, url, headers, body, silence) as response:
                return await _reply(response)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            return self._failure(error, url, silence)

    @contextlib.asynccontextmanager
    async def _request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Any,
        silence: float | None = None,
    ) -> AsyncIterator[httpx.Response]:
        limits = (
            httpx.USE_CLIENT_DEFAULT
            if silence is None
            else httpx.Timeout(silence, connect=min(silence, self._timeouts.connect))
        )
        async with self._client.stream(
            method, url, headers=headers, json=body, timeout=limits
        ) as response:
            yield response

    def _failure(self, error: Exception, url: str, silence: float | None = None) -> Error:
        host = host_of(url)
        if isinstance(error, httpx.ConnectError):
            return _unconnected(error, host)
        text = str(error)
        for failure in _FAILURES:
            if isinstance(error, failure.kind) and failure.marker in text:
                message = failure.message.format(
                    host=host,
                    connect=self._timeouts.connect,
                    silence=self._timeouts.silence if silence is None else silence,
                )
                return Error(failure.code, message, failure.action)
        # What httpx says of a bad header or address may quote the key: it is not repeated.
        return Error(
            "bad_request",
            f"The request to {host} could not be written: its address or key has characters "
            "that cannot be sent.",
            "Check the base URL and the key for stray characters.",
        )


class _EndlessError(Exception):
    """A stream went on and on without an event."""


class _Counted:
    """What `httpx_sse` reads of a response; it keeps a line until its end, however far that is."""

    def __init__(self, response: httpx.Response) -> None:
        self.headers = response.headers
        self.quiet = 0
        self._response = response

    async def aiter_text(self) -> AsyncGenerator[str, None]:
        async for text in self._response.aiter_text():
            self.quiet += len(text)
            if self.quiet > QUIET_LIMIT:
                raise _EndlessError
            yield text


async def _lines(counted: _Counted) -> AsyncGenerator[ServerEvent, None]:
    """Cut newline-delimited JSON, in which only a line feed ends a line."""
    pieces: list[str] = []
    async with contextlib.aclosing(counted.aiter_text()) as texts:
        async for text in texts:
            *ended, rest = text.split("\n")
            for line in ended:
                whole = "".join((*pieces, line))
                pieces.clear()
                if whole.strip():
                    yield ServerEvent("message", whole)
            pieces.append(rest)
    if last := "".join(pieces).strip():
        yield ServerEvent("message", last)


def endless(host: str) -> Error:
    """Say that a host sends and sends, and nothing comes of it."""
    return Error(
        "too_large",
        f"{host} sent {QUIET_LIMIT // 1_000_000} MB with no words in them, so it was stopped.",
        "Try again; if it happens often, choose another model.",
    )


class _Failure(NamedTuple):
    kind: type[httpx.HTTPError]
    marker: str  # what httpx's own words contain
    code: str
    message: str
    action: str


_FAILURES = (
    _Failure(
        httpx.ConnectTimeout,
        "",
        "unreachable",
        "{host} did not accept a connection within {connect:g} s.",
        "Check the address and your network, then try again.",
    ),
    _Failure(
        httpx.TimeoutException,
        "",
        "timeout",
        "{host} sent nothing for {silence:g} s.",
        "Try again; if it happens often, choose another model.",
    ),
    _Failure(
        httpx.ProxyError,
        "",
        "unreachable",
        "The proxy on the way to {host} refused the connection.",
        "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY.",
    ),
    _Failure(
        httpx.RemoteProtocolError,
        _UNANSWERED,
        "unavailable",
        "{host} closed the connection without an answer.",
        "Try again.",
    ),
    _Failure(
        httpx.RemoteProtocolError,
        "incomplete",
        "truncated",
        "{host} closed the connection in the middle of the answer.",
        "Press Continue to go on from there, or try again.",
    ),
    _Failure(
        httpx.RemoteProtocolError,
        "",
        "garbage",
        "{host} answered something that is not HTTP.",
        "Check the address: is it a model API, and is it http or https?",
    ),
    _Failure(
        httpx.NetworkError,
        "",
        "truncated",
        "{host} closed the connection in the middle of the answer.",
        "Press Continue to go on from there, or try again.",
    ),
    _Failure(
        httpx.DecodingError,
        "",
        "garbage",
        "{host} sent an answer that cannot be unpacked.",
        "Try again.",
    ),
)


def host_of(url: str) -> str:
    """Return host and port of a URL, never its user, password, path or query."""
    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        if parts.hostname:
            return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
    return "the address"


def _unconnected(error: httpx.ConnectError, host: str) -> Error:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLError):
        reason = getattr(cause, "verify_message", "") or cause.reason or "unknown reason"
        return Error(
            "unreachable",
            f"No secure connection to {host}: {str(reason).replace('_', ' ').lower()}.",
            "If the host uses a private certificate authority, name its file in SSL_CERT_FILE; "
            "if it speaks plain HTTP, write http:// in the base URL.",
        )
    text = str(error).lower()
    if "name" in text or "address associated" in text or "nodename" in text:
        reason = f"The name {host} cannot be found"
    elif "refused" in text or "all connection attempts failed" in text:
        reason = f"Nothing answers at {host}"
    else:
        reason = f"No connection to {host}"
    return Error(
        "unreachable",
        f"{reason}.",
        "Is the address right, is the server running, and is there a network?",
    )


@contextlib.contextmanager
def gathering(stream: Any) -> Iterator[None]:
    """Let a fast host's packets gather: a read of the network begins 4 ms after the last one.

    Hosts send a packet a token, and a read costs more than the token in it. `stream` is the
    connection of an answer (httpcore's `network_stream`). What is on this machine already is
    given at once, the records of a packet over TLS too, and a host slower than 125 packets a
    second is never waited for.
    """
    read, loop = stream.read, asyncio.get_running_loop()
    # When the network was last waited for, and the time before that; whether a wait is due.
    last, before, due = 0.0, float("-inf"), False

    async def gathered(max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        nonlocal last, before, due
        if due and last - before < 2 * _GATHER_SECONDS:
            await asyncio.sleep(last + _GATHER_SECONDS - loop.time())
        waited: list[None] = []
        # Runs only if nothing was here yet, and the loop had to turn for it.
        mark = loop.call_soon(waited.append, None)
        try:
            data: bytes = await read(max_bytes, timeout)
        finally:
            mark.cancel()
        due = bool(waited)
        if due:
            last, before = loop.time(), last
        return data

    stream.read = gathered
    try:
        yield
    finally:
        if vars(stream).get("read") is gathered:
            del stream.read


def _is_stream(response: httpx.Response) -> bool:
    kind = response.headers.get("content-type", "").lower()
    return response.is_success and (kind.startswith("text/event-stream") or _is_lines(response))


def _is_lines(response: httpx.Response) -> bool:
    return bool(response.headers.get("content-type", "").lower().startswith(_LINES))


async def _reply(response: httpx.Response) -> Reply:
    most = _BODY_LIMIT if response.is_success else _REFUSAL_LIMIT
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > most:
            break
    return Reply(
        response.status_code,
        response.headers.get("content-type", "").partition(";")[0].strip().lower(),
        body[:most].decode("utf-8", "replace"),
        _retry_after(response.headers.get("retry-after")),
    )


def _retry_after(value: str | None) -> float | None:
    """Read Retry-After (RFC 9110, 10.2.3): seconds, or a date. Return seconds from now."""
    if not value:
        return None
    with contextlib.suppress(ValueError):
        seconds = float(value)
        return seconds if 0 <= seconds < float("inf") else None
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    return None
