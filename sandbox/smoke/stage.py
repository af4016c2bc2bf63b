"""Where a document is shown to the browser: a frame app of our own, which is all its network.

The stage is the browser's HTTP proxy too. Whatever address a page asks for, the request ends here:
what is on the stage is answered, anything else is refused, and nothing in here connects anywhere.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import uvicorn

from sandbox.frame import LIBRARIES, FrameDocument, create_frame_app
from sandbox.grants import NO_GRANTS
from sandbox.live import LiveDocument
from sandbox.saving import Refusal
from sandbox.serving import QuietServer
from sandbox.stored import QUOTA, Area, Changes, units

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sandbox.frame import ASGIApp, Receive, Scope, Send
    from sandbox.grants import Grants


_MOST_ASKED = 300


@dataclass(frozen=True, slots=True)
class Play:
    """One document on the stage. Nothing of it is sent until `begin`, so no one misses its start.

    `secret` opens it, and only while it is on the stage. `asked` is what it loads of the libraries;
    `kept` is what it stores, which is there at its next visit and gone with the play.
    `from_disk`: it is a file, and the stage only stands for a network in which there is nothing.
    """

    url: str
    secret: str
    host: str
    html: str
    grants: Grants
    live: LiveDocument
    asked: dict[str, None] = field(default_factory=dict)
    kept: dict[Area, dict[str, str]] = field(default_factory=lambda: {one: {} for one in Area})
    from_disk: bool = False

    def begin(self) -> None:
        if not self.live.finished:
            self.live.append(self.html)
            self.live.finish()


class Stage:
    """An in-memory `DocumentSource` behind the same frame app, and so the same policy, as users."""

    def __init__(self) -> None:
        self._plays: dict[str, Play] = {}
        self._servers: list[tuple[uvicorn.Server, asyncio.Task[None]]] = []
        self._app = self._noting(
            create_frame_app(
                self,
                ancestors=lambda _host: (),
                allows_host=self._is_on_stage,
                save=self._save,
            )
        )
        self.port = 0

    async def open_document(self, secret: str) -> FrameDocument | None:
        play = self._plays.get(secret)
        if play is None:
            return None

        async def stored(area: Area) -> Mapping[str, str]:
            return play.kept[area]

        return FrameDocument(chunks=play.live.chunks(), grants=play.grants, stored=stored)

    async def _save(self, secret: str, changes: Changes) -> Refusal | None:
        play = self._plays.get(secret)
        if play is None:
            return Refusal(404, "It is not on the stage.")
        for area, values in changes.items():
            new = {**play.kept[area], **values}
            kept = {key: value for key, value in new.items() if value is not None}
            if sum(units(key) + units(value) for key, value in kept.items()) > QUOTA[area]:
                return Refusal(413, "That is more than a tool may keep.")
            play.kept[area] = kept
        return None

    def _is_on_stage(self, host: str) -> bool:
        return any(play.host == host for play in self._plays.values())

    async def start(self) -> None:
        # The protocol said, asyncio sends small parts at once.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        self.port = listener.getsockname()[1]
        self.serve_on(listener)

    def serve_on(self, listener: socket.socket) -> None:
        """Answer on this socket too: it may be of another network than ours."""
        config = uvicorn.Config(
            as_proxy(self._app),
            http="h11",  # as_proxy knows how it tells a proxy's requests
            ws="none",
            log_config=None,
            access_log=False,
            lifespan="off",
            proxy_headers=False,  # nobody stands between the browser and the stage
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        server = QuietServer(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        self._servers.append((server, serving))

    def put(self, html: str, grants: Grants) -> Play:
        """Put a document on the stage, under a host and a path that nobody can guess."""
        host = f"{secrets.token_hex(10)}.localhost:{self.port}"
        secret = secrets.token_hex(16)
        play = Play(f"http://{host}/{secret}", secret, host, html, grants, LiveDocument())
        self._plays[secret] = play
        return play

    def remove(self, play: Play) -> None:
        self._plays.pop(play.secret, None)
        play.begin()  # lets a response that still waits come to its end

    def _noting(self, app: ASGIApp) -> ASGIApp:
        """Note what each document loads of the libraries."""

        async def noted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and scope["path"].startswith(LIBRARIES):
                host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
                query = scope["query_string"].decode("latin-1")
                address = scope["path"].removeprefix(LIBRARIES) + (f"?{query}" if query else "")
                for play in self._plays.values():
                    if play.host == host and len(play.asked) < _MOST_ASKED:
                        play.asked.setdefault(address)
            await app(scope, receive, send)

        return noted

    async def leave_all_but_own(self) -> None:
        """Close what `serve_on` added, once the browser that it was for is gone."""
        await self._close(1)

    async def aclose(self) -> None:
        await self._close(0)

    async def _close(self, kept: int) -> None:
        closing, self._servers = self._servers[kept:], self._servers[:kept]
        for server, serving in closing:
            server.should_exit = True
            server.force_exit = True
            await serving


def play_from_disk(path: Path, html: str) -> Play:
    return Play(path.as_uri(), "", "", html, NO_GRANTS, LiveDocument(), from_disk=True)


def as_proxy(app: ASGIApp) -> ASGIApp:
    """Let an app be asked as proxies are, with whole addresses (RFC 9112, section 3.2.2).

    A tunnel is always refused: it would have nowhere to lead.
    """

    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "CONNECT":
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        if scope["type"] == "http" and scope["path"].startswith("http://"):
            authority, slash, path = scope["path"].removeprefix("http://").partition("/")
            headers = [pair for pair in scope["headers"] if pair[0] != b"host"]
            scope["headers"] = [(b"host", authority.encode("latin-1")), *headers]
            scope["path"] = slash + path or "/"
        await app(scope, receive, send)

    return asked
