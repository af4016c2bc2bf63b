"""Several ASGI apps in one event loop, on sockets that listen already, until a signal."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvicorn

from sandbox.serving import QuietServer

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable, Iterator, Sequence

SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Longer than clients keep an idle connection (httpx: 5 s): who closes first does so unasked, and a
# request that meets a closing server is lost.
IDLE = 15
GRACE = 1  # seconds that open responses, event streams among them, are given at the end


@dataclass(frozen=True, slots=True)
class Listener:
    app: Any  # an ASGI application; the frame's and the pages' are typed by different libraries
    socket: socket.socket


class _Server(QuietServer):
    """Says when it has started."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.has_started = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.has_started.set()


@contextlib.contextmanager
def stop_signals() -> Iterator[asyncio.Event]:
    """Set the event at the first SIGINT or SIGTERM, cancel the current task at the second."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()

    def received() -> None:
        if stop.is_set() and task is not None:
            task.cancel()
        stop.set()

    previous = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:
        # signal.signal works on every system; the loop's own handlers do not exist on Windows.
        signal.signal(number, lambda _number, _frame: loop.call_soon_threadsafe(received))
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


async def serve(
    listeners: Sequence[Listener], *, ready: Callable[[], Awaitable[None]], stop: asyncio.Event
) -> None:
    """Serve until `stop`; `ready` is awaited once, when every listener has answered a request."""
    servers = [_Server(_config(listener.app)) for listener in listeners]
    async with asyncio.TaskGroup() as group:
        for server, listener in zip(servers, listeners, strict=True):
            group.create_task(server.serve(sockets=[listener.socket]))
        try:
            for server, listener in zip(servers, listeners, strict=True):
                await _answering(server, listener)
            await ready()
            await stop.wait()
        finally:
            for server in servers:
                server.should_exit = True


def _config(app: Any) -> uvicorn.Config:
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    return uvicorn.Config(
        app,
        access_log=False,
        lifespan="off",
        log_config=None,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=IDLE,
        ws="none",
    )


def _is_news(record: logging.LogRecord) -> bool:
    """Event streams never end by themselves: cutting them at the end is the plan, not an error."""
    if record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError):
        return False
    return "timeout graceful shutdown exceeded" not in record.getMessage()


async def _answering(server: _Server, listener: Listener) -> None:
    await server.has_started.wait()
    address = listener.socket.getsockname()
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address[0], address[0])  # noqa: S104
    reader, writer = await asyncio.open_connection(host, address[1])
    try:
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        await reader.readline()
    finally:
        writer.close()


def log_to_stderr() -> None:
    """Warnings and worse, one line each, where the person who started the server sees them."""
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
    )
