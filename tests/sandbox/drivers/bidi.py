"""A client of WebDriver BiDi: commands that are answered, events that are told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from itertools import count
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.sandbox.drivers.page import DriverError

Listener = Callable[[str, dict[str, Any]], None]


class Bidi:
    """One connection. `listener` is called with the name and the content of each event."""

    def __init__(self, socket: ClientConnection, listener: Listener) -> None:
        self._socket = socket
        self._listener = listener
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, url: str, listener: Listener) -> Bidi:
        return cls(await connect(url, max_size=None, ping_interval=None, proxy=None), listener)

    async def command(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and wait for its answer. Raises `DriverError`."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            if self._reading.done():
                raise DriverError("the browser has gone")
            try:
                await self._socket.send(
                    json.dumps({"id": number, "method": method, "params": params})
                )
            except (WebSocketException, OSError) as error:
                raise DriverError(str(error)) from error
            result: dict[str, Any] = await answer
            return result
        finally:
            del self._waiting[number]

    async def close(self) -> None:
        self._reading.cancel()
        await self._socket.close()

    async def _read(self) -> None:
        try:
            async for text in self._socket:
                self._take(json.loads(text))
        except (WebSocketException, OSError):
            pass
        finally:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(DriverError("the browser has gone"))

    def _take(self, message: dict[str, Any]) -> None:
        answer = self._waiting.get(message.get("id") or 0)
        if message["type"] == "event":
            self._listener(message["method"], message["params"])
        elif answer is None or answer.done():
            return
        elif message["type"] == "success":
            answer.set_result(message["result"])
        else:
            answer.set_exception(DriverError(f"{message['error']}: {message['message']}"[:300]))
