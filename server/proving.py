"""A proof: the shipped attacks, documents for them, and a canary on this machine that listens.

Everything here lives only while a proof runs. The canary and the pages without walls share one
port of their own that is opened for it: the canary is `http://127.0.0.1:<port>`, an unconfined
page is `http://control-….localhost:<port>`, so neither is the origin of our pages or of a tool.
What arrives changes nothing but a note that a path was asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sandbox.frame import FrameDocument
from sandbox.grants import NO_GRANTS
from sandbox.prove.canaries import ZONE
from sandbox.prove.cases import Act, Attack, Canary, Kind
from sandbox.prove.catalogue import attacks
from sandbox.prove.listening import HEARD, HOST, Listening
from server.identifiers import new_id, new_secret

LONGEST_SECONDS = 900.0

_HEAD = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncache-control: no-store\r\n"
_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
# These would take, freeze or fool the very page that shows the proof, were they unconfined.
_NOT_IN_A_PAGE = frozenset({Kind.DENIAL, Kind.HOST, Kind.MESSAGES})
_HEARD_HERE = frozenset({Canary.HTTP, Canary.TCP, Canary.UDP})


@dataclass(slots=True)
class Case:
    """One attack of a proof; `secret` opens it confined, `control` unconfined.

    `needs` is what a page alone cannot give it: a person's `hand`, a `tab` of its own, `eyes` in
    the tool, a server of `names`; or `outside`, for what would take this page itself.
    """

    attack: Attack
    needs: tuple[str, ...] = ()
    label: str = field(default_factory=new_id)
    secret: str = field(default_factory=new_secret)
    control: str = field(default_factory=new_secret)
    key: str = field(default_factory=new_id)  # of the bridge
    heard: set[str] = field(default_factory=set)  # of `secret` and `control`
    ports: dict[str, int] = field(default_factory=dict)  # by the same two

    @property
    def runs(self) -> bool:
        return "outside" not in self.needs

    @property
    def mark(self) -> str:
        """What the confined document says when it begins, and when it has been read to its end."""
        return self.secret[:16]


@dataclass
class Proof:
    """`open` starts to listen; `close` ends everything."""

    id: str = field(default_factory=new_id)
    cases: list[Case] = field(default_factory=lambda: [_case(one) for one in attacks()])
    port: int = 0
    _listening: Listening | None = None
    _timer: asyncio.TimerHandle | None = None

    @property
    def control_origin(self) -> str:
        return f"http://control-{self.id}.localhost:{self.port}"

    async def open(self) -> None:
        self._listening = Listening()
        self.port = await self._listening.open_http(self._answer)
        for case in self.cases:
            for secret in (case.secret, case.control):
                await self._open_port(self._listening, case, secret)
        self._timer = asyncio.get_running_loop().call_later(LONGEST_SECONDS, self.close)

    async def _open_port(self, listening: Listening, case: Case, secret: str) -> None:
        def hear() -> None:
            case.heard.add(secret)

        if case.runs and case.attack.canary is Canary.TCP:
            case.ports[secret] = await listening.open_tcp(hear)
        elif case.runs and case.attack.canary is Canary.UDP:
            case.ports[secret] = await listening.open_udp(hear)

    def close(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        if self._timer is not None:
            self._timer.cancel()

    @property
    def is_open(self) -> bool:
        return self._listening is not None

    def case(self, secret: str) -> Case | None:
        """Return the case whose confined document this secret opens."""
        return next((one for one in self.cases if one.secret == secret and one.runs), None)

    def document(self, case: Case) -> str:
        """Return the attack, aimed at the canary, with the mark around it."""
        return case.attack.document(self._addresses(case, case.secret), case.mark)

    def _addresses(self, case: Case, path: str) -> Mapping[str, str]:
        authority = f"{HOST}:{self.port}"
        own = f"{HOST}:{case.ports.get(path, self.port)}"
        over_tcp = own if case.attack.canary is Canary.TCP else authority
        return {
            "authority": over_tcp,
            "origin": f"http://{over_tcp}",
            "http": f"http://{authority}/{path}",
            "ws": f"ws://{authority}/{path}",
            "wt": f"https://{own}/{path}",
            "stun": own,
            "dns": f"{path}.{ZONE}",
            "page": self.control_origin,
        }

    def _answer(self, host: str, path: str) -> bytes:
        if host == self.control_origin.removeprefix("http://"):
            return self._unconfined(path)
        wanted = path.partition("/")[0]
        for case in self.cases:
            if wanted in (case.secret, case.control):
                case.heard.add(wanted)
        return HEARD

    def _unconfined(self, path: str) -> bytes:
        kind, _, secret = path.partition("-")
        case = next((one for one in self.cases if one.control == secret and one.runs), None)
        inner = {"shell": "inner", "inner": "page"}.get(kind)
        if case is None:
            return _NOT_FOUND
        if inner is not None:  # two, so that what goes to its parent answers to no policy of ours
            body = f'<!doctype html><title>Unconfined</title><iframe src="/{inner}-{secret}">'
        else:
            body = case.attack.document(self._addresses(case, case.control))
        data = body.encode("utf-8", "replace")
        kind_of = b"content-type: text/html; charset=utf-8\r\n"
        return _HEAD + kind_of + f"content-length: {len(data)}\r\n\r\n".encode() + data


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

    def document(self, secret: str) -> FrameDocument | None:
        current = self._current
        case = current.case(secret) if current is not None and current.is_open else None
        if current is None or case is None:
            return None
        return FrameDocument(_whole(current.document(case)), NO_GRANTS, "Attack", case.key)

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
        return self.proofs.document(secret) or await self.documents.open_document(secret)


async def _whole(html: str) -> AsyncIterator[str]:
    yield html


def _case(attack: Attack) -> Case:
    is_watched = attack.canary in _HEARD_HERE or attack.canary in (Canary.DNS, Canary.PROOF)
    if attack.kind in _NOT_IN_A_PAGE or not is_watched:
        return Case(attack, ("outside",))
    needs = {
        "names": attack.canary is Canary.DNS,
        "eyes": attack.canary is Canary.PROOF,
        "tab": attack.tab,
        "hand": attack.act is not Act.NOTHING,
    }
    return Case(attack, tuple(name for name, yes in needs.items() if yes))
