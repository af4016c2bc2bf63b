"""A server outside the walls that counts who reaches it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field


@dataclass
class Canary:
    """Counts connections, and the paths of requests, in any protocol that begins like HTTP."""

    port: int = 0
    connections: int = 0
    paths: list[str] = field(default_factory=list)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def heard(self, path: str, seconds: float = 30) -> bool:
        """Wait until a path was asked for; `False` when it was not in time."""
        return await self._wait(lambda: path in self.paths, seconds)

    async def connected(self, seconds: float = 30) -> bool:
        return await self._wait(lambda: self.connections > 0, seconds)

    def forget(self) -> None:
        self.connections = 0
        self.paths.clear()

    async def _wait(self, condition: object, seconds: float) -> bool:
        assert callable(condition)
        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(condition)
        except TimeoutError:
            return False
        return True

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with self._news:
            self.connections += 1
            self._news.notify_all()
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            async with self._news:
                self.paths.append(head.split(b" ", 2)[1].decode("latin-1").partition("?")[0])
                self._news.notify_all()
            # An idle connection kept alive would hide a later attack that only connects.
            writer.write(
                b"HTTP/1.1 204 No Content\r\nconnection: close\r\n"
                b"access-control-allow-origin: *\r\n\r\n"
            )
            await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def open_canary() -> AsyncIterator[Canary]:
    canary = Canary()
    server = await asyncio.start_server(canary._hear, "127.0.0.1", 0)
    canary.port = server.sockets[0].getsockname()[1]
    try:
        yield canary
    finally:
        server.close()
