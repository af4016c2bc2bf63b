"""Where a document is shown to the browser: a frame app of our own, on a port of its own."""

from __future__ import annotations

import asyncio
import secrets
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn

from sandbox.frame import FrameDocument, create_frame_app
from sandbox.live import LiveDocument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.grants import Grants


@dataclass(frozen=True, slots=True)
class Play:
    """One document on the stage. Nothing of it is sent until `begin`, so no one misses its start.

    `secret` opens it, and only while it is on the stage.
    """

    url: str
    secret: str
    html: str
    grants: Grants
    live: LiveDocument

    def begin(self) -> None:
        if not self.live.finished:
            self.live.append(self.html)
            self.live.finish()


class Stage:
    """An in-memory `DocumentSource` behind the same frame app, and so the same policy, as users."""

    def __init__(self) -> None:
        self._plays: dict[str, Play] = {}
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._port = 0

    async def open_document(self, secret: str) -> FrameDocument | None:
        play = self._plays.get(secret)
        if play is None:
            return None
        return FrameDocument(chunks=play.live.chunks(), grants=play.grants)

    async def start(self) -> None:
        app = create_frame_app(self, ancestors=lambda _host: ())
        listener = socket.create_server(("127.0.0.1", 0))
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = _QuietServer(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))

    def put(self, html: str, grants: Grants) -> Play:
        """Put a document on the stage, under a host and a path that nobody can guess."""
        label = secrets.token_hex(10)
        secret = secrets.token_hex(16)
        url = f"http://{label}.localhost:{self._port}/{secret}"
        play = Play(url, secret, html, grants, LiveDocument())
        self._plays[secret] = play
        return play

    def remove(self, play: Play) -> None:
        del self._plays[play.secret]
        play.begin()  # lets a response that still waits come to its end

    async def aclose(self) -> None:
        if self._server is None or self._serving is None:
            return
        self._server.should_exit = True
        self._server.force_exit = True
        await self._serving
        self._server = self._serving = None


class _QuietServer(uvicorn.Server):
    """Leaves the process's signals to the program that it runs in."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
