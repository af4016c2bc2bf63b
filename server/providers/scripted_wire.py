"""The scripted server's side of the wire: HTTP/1.1 by hand, OpenAI's chunks as text.

By hand, since it must do what no web framework lets it: pace chunks by deadline, cut UTF-8
between bytes, close early, and notice at once that the client has gone (RFC 9112; server-sent
events after the WHATWG HTML standard, section 9.2).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Any

_BODY_LIMIT = 64 * 1024 * 1024


def pricing(read: Decimal, made: Decimal) -> dict[str, Any]:
    """Tell what a million tokens cost, in dollars, as OpenRouter's list does: dollars a token."""
    told = {"prompt": f"{read / 1_000_000:f}", "completion": f"{made / 1_000_000:f}"}
    return {"pricing": told}


class BadRequestError(Exception):
    """What came is no HTTP request that this server understands."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    received: float  # the monotonic time of its first line


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """Read one request; None when the client closed instead. Raises `BadRequestError`."""
    try:
        first = await reader.read(1)
        received = time.monotonic()
        if not first:
            return None
        if not first.isalpha():
            raise BadRequestError("not HTTP: TLS, perhaps")
        line = first + await reader.readline()
        head = await reader.readuntil(b"\r\n\r\n") if line.strip() else b""
        method, path, _ = line.decode("latin-1").split(" ", 2)
        headers = _headers(head)
        body = await _body(reader, headers)
    except (ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise BadRequestError(str(error)) from error
    return Request(method, path.partition("?")[0], headers, body, received)


def _headers(head: bytes) -> dict[str, str]:
    headers = {}
    for line in head.decode("latin-1").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return headers


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if "chunked" in headers.get("transfer-encoding", ""):
        parts = []
        while size := int((await reader.readline()).split(b";")[0], 16):
            parts.append(await reader.readexactly(size))
            await reader.readline()
        await reader.readline()
        return b"".join(parts)
    size = int(headers.get("content-length", "0"))
    if not 0 <= size <= _BODY_LIMIT:
        raise ValueError("a body of this size is not read")
    return await reader.readexactly(size)


def head(status: int, content_type: str, extra: Mapping[str, str]) -> bytes:
    """Write a response's status line and headers."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Scripted"
    lines = [f"HTTP/1.1 {status} {phrase}", f"Content-Type: {content_type}"]
    lines += [f"{name}: {value}" for name, value in extra.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def http_chunks(data: bytes, size: int | None) -> bytes:
    """Frame data as one chunk of a chunked response, or as many of at most `size` bytes."""
    size = size or len(data)
    pieces = (data[start : start + size] for start in range(0, len(data), size))
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


def event(data: str, line_end: str) -> bytes:
    """Frame one server-sent event."""
    return f"data: {data}{line_end}{line_end}".encode()


def dump(value: Any) -> str:
    """Write JSON as hosts do: UTF-8 as it is, save for halves of characters."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))
    return text


class Chunks:
    """Writes `chat.completion.chunk` objects of one answer."""

    def __init__(self, identity: str, model: str) -> None:
        self._base = {
            "id": identity,
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
        }

    def delta(self, delta: Mapping[str, str], finish_reason: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return dump({**self._base, "choices": [choice]})

    def usage(self, usage: Mapping[str, Any]) -> str:
        return dump({**self._base, "choices": [], "usage": usage})
