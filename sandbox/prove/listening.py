"""What listens outside while a proof runs: one port for HTTP, and ports for what says no path.

An attack over HTTP names itself in the path that it asks for. A bare connection or a packet names
nobody, so each run of such an attack has a port of its own. Nothing that arrives is kept but the
fact; heads and connections are bounded.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

HOST = "127.0.0.1"
MOST_CONNECTIONS = 64
MOST_HEAD_BYTES = 16_384
PATIENCE_SECONDS = 10.0

# A page that is sent here stays where it is: it was heard, and nothing is to be seen.
HEARD = (
    b"HTTP/1.1 204 No Content\r\nconnection: close\r\ncache-control: no-store\r\n"
    b"access-control-allow-origin: *\r\n\r\n"
)

Answer = Callable[[str, str], bytes]
"""From the host and the path that were asked for to the whole response."""


Converse = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


@dataclass
class Listening:
    """`open_http` first; `open_tcp` and `open_udp` call `hear` at the first sign; `close` ends."""

    _servers: list[asyncio.Server] = field(default_factory=list)
    _transports: list[asyncio.DatagramTransport] = field(default_factory=list)
    _connections: int = 0

    async def open_http(self, answer: Answer) -> int:
        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = [*head.split(" ", 2), ""][1].partition("?")[0].removeprefix("/")
            writer.write(answer(_host(head), path))
            await writer.drain()

        return await self._serve(converse)

    async def open_tcp(self, hear: Callable[[], None]) -> int:
        async def converse(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            hear()
            await reader.read(MOST_HEAD_BYTES)

        return await self._serve(converse)

    async def open_udp(self, hear: Callable[[], None]) -> int:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(hear), local_addr=(HOST, 0)
        )
        self._transports.append(transport)
        return int(transport.get_extra_info("sockname")[1])

    async def _serve(
        self,
        converse: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]],
    ) -> int:
        async def on_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if self._connections >= MOST_CONNECTIONS:
                writer.close()
                return
            self._connections += 1
            try:
                with contextlib.suppress(
                    OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
                ):
                    async with asyncio.timeout(PATIENCE_SECONDS):
                        await converse(reader, writer)
            finally:
                self._connections -= 1
                writer.close()

        server = await asyncio.start_server(on_connection, HOST, 0, limit=MOST_HEAD_BYTES)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    def close(self) -> None:
        for server in self._servers:
            server.close()
        for transport in self._transports:
            transport.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, hear: Callable[[], None]) -> None:
        self._hear = hear

    def datagram_received(self, _data: bytes, _address: Any) -> None:
        self._hear()


def _host(head: str) -> str:
    for line in head.split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.lower() == "host":
            return value.strip().lower()
    return ""
