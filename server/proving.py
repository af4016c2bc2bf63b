"""A proof: the shipped attacks, documents for them, and a canary on this machine that listens.

Everything here lives only while a proof runs. The canary and the pages without walls share one
port of their own that is opened for it: the canary is `http://127.0.0.1:<port>`, an unconfined
page is `http://control-….localhost:<port>`, so neither is the origin of our pages or of a tool.
What arrives changes nothing but a note that a path was asked for.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sandbox.frame import FrameDocument
from sandbox.grants import NO_GRANTS
from sandbox.prove.cases import Act, Attack, Canary, Kind
from sandbox.prove.catalogue import attacks
from server.identifiers import new_id, new_secret

LONGEST_SECONDS = 600.0
MOST_CONNECTIONS = 64
MOST_HEAD_BYTES = 16_384
PATIENCE_SECONDS = 10.0

_HEARD = (
    b"HTTP/1.1 204 No Content\r\nconnection: close\r\ncache-control: no-store\r\n"
    b"access-control-allow-origin: *\r\n\r\n"
)
# These would take, freeze or fool the very page that shows the proof, were they unconfined.
_NOT_IN_A_PAGE = frozenset({Kind.DENIAL, Kind.HOST, Kind.MESSAGES})


@dataclass(slots=True)
class Case:
    """One attack of a proof; `secret` opens it confined, `control` unconfined."""

    attack: Attack
    skipped: str = ""
    label: str = field(default_factory=new_id)
    secret: str = field(default_factory=new_secret)
    control: str = field(default_factory=new_secret)
    heard: set[str] = field(default_factory=set)  # of `secret` and `control`


@dataclass
class Proof:
    """`open` starts to listen; `close` ends everything."""

    id: str = field(default_factory=new_id)
    cases: list[Case] = field(default_factory=lambda: [_case(one) for one in attacks()])
    port: int = 0
    _connections: int = 0
    _server: asyncio.Server | None = None
    _timer: asyncio.TimerHandle | None = None

    @property
    def control_origin(self) -> str:
        return f"http://control-{self.id}.localhost:{self.port}"

    @property
    def canary_origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def open(self) -> None:
        self._server = await asyncio.start_server(
            self._answer, "127.0.0.1", 0, limit=MOST_HEAD_BYTES
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._timer = asyncio.get_running_loop().call_later(LONGEST_SECONDS, self.close)

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._timer is not None:
            self._timer.cancel()

    @property
    def is_open(self) -> bool:
        return self._server is not None

    def document(self, secret: str) -> str | None:
        """Return the attack that this secret opens, aimed at the canary."""
        for case in self.cases:
            if secret == case.secret and not case.skipped:
                return case.attack.document(self._addresses(secret))
        return None

    def _addresses(self, path: str) -> Mapping[str, str]:
        authority = f"127.0.0.1:{self.port}"
        return {
            "authority": authority,
            "origin": f"http://{authority}",
            "http": f"http://{authority}/{path}",
            "ws": f"ws://{authority}/{path}",
            "wt": f"https://{authority}/{path}",
            "stun": authority,
            "dns": f"{path[:32]}.invalid",
            "page": self.control_origin,
        }

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._connections >= MOST_CONNECTIONS:
            writer.close()
            return
        self._connections += 1
        try:
            with contextlib.suppress(
                OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
            ):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                    writer.write(self._answered(head))
                    await writer.drain()
        finally:
            self._connections -= 1
            writer.close()

    def _answered(self, head: str) -> bytes:
        path = [*head.split(" ", 2), ""][1].removeprefix("/").split("?")[0]
        host = _header(head, "host")
        if host == self.control_origin.removeprefix("http://"):
            return self._unconfined(path)
        wanted = path.split("/")[0]
        for case in self.cases:
            if wanted in (case.secret, case.control):
                case.heard.add(wanted)
        return _HEARD

    def _unconfined(self, path: str) -> bytes:
        kind, _, secret = path.partition("-")
        case = next((one for one in self.cases if one.control == secret), None)
        if case is None or case.skipped:
            return b"HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        if kind == "shell":  # so that the attack's own frame answers to no policy of ours
            body = f'<!doctype html><title>Unconfined</title><iframe src="/page-{secret}"></iframe>'
        else:
            body = case.attack.document(self._addresses(secret))
        data = body.encode("utf-8", "replace")
        return (
            b"HTTP/1.1 200 OK\r\nconnection: close\r\ncache-control: no-store\r\n"
            b"content-type: text/html; charset=utf-8\r\n"
            + f"content-length: {len(data)}\r\n\r\n".encode()
            + data
        )


class Proofs:
    """At most one proof at a time: a new one ends the last."""

    def __init__(self) -> None:
        self._current: Proof | None = None

    async def start(self) -> Proof:
        self.close()
        self._current = Proof()
        await self._current.open()
        return self._current

    def get(self, proof_id: str) -> Proof | None:
        current = self._current
        return current if current is not None and current.id == proof_id else None

    def document(self, secret: str) -> str | None:
        current = self._current
        return current.document(secret) if current is not None and current.is_open else None

    def close(self) -> None:
        if self._current is not None:
            self._current.close()
            self._current = None


class _Documents(Protocol):
    async def open_document(self, secret: str) -> FrameDocument | None: ...


@dataclass(frozen=True, slots=True)
class WithProofs:
    """A `sandbox.frame.DocumentSource`: the attacks of a proof, then everything else."""

    documents: _Documents
    proofs: Proofs

    async def open_document(self, secret: str) -> FrameDocument | None:
        html = self.proofs.document(secret)
        if html is None:
            return await self.documents.open_document(secret)
        return FrameDocument(_whole(html), NO_GRANTS, "Attack")


async def _whole(html: str) -> AsyncIterator[str]:
    yield html


def _case(attack: Attack) -> Case:
    return Case(attack, skipped=_reason(attack))


def _reason(attack: Attack) -> str:
    if attack.kind in _NOT_IN_A_PAGE:
        return "aims at the page itself: the project's own tests watch it from outside"
    if attack.canary is not Canary.HTTP:
        return f"not heard over HTTP ({attack.canary.value}): the project's own tests listen for it"
    if attack.act is not Act.NOTHING:
        return f"needs a person's hand ({attack.act.value}): the project's own tests lend one"
    return ""


def _header(head: str, name: str) -> str:
    for line in head.split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.lower() == name:
            return value.strip().lower()
    return ""
