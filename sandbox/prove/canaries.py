"""Servers outside the walls that hear who reaches them: TCP, HTTP, UDP and DNS.

Each run of an attack has ears of its own, a TCP port, a UDP port and a name, so that whatever is
heard belongs to that run alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import subprocess
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from sandbox.prove.cases import Canary

LOOPBACK = "127.0.0.1"
ZONE = "canary-of-sandwright.test"
_NUMBERS = count(1)
_ANSWER = (
    b"HTTP/1.1 204 No Content\r\nconnection: close\r\n"
    b"access-control-allow-origin: *\r\naccess-control-allow-headers: *\r\n\r\n"
)


@dataclass
class Ear:
    """What one run of one attack could be heard by."""

    label: str
    address: str = LOOPBACK
    tcp_port: int = 0
    udp_port: int = 0
    heard: dict[Canary, list[str]] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def addresses(self, page: str = "") -> Mapping[str, str]:
        """Return what the fields of an attack's document are filled with."""
        authority = f"{self.address}:{self.tcp_port}"
        return {
            "authority": authority,
            "origin": f"http://{authority}",
            "http": f"http://{authority}/{self.label}",
            "ws": f"ws://{authority}/{self.label}",
            "wt": f"https://{self.address}:{self.udp_port}/{self.label}",
            "stun": f"{self.address}:{self.udp_port}",
            "dns": f"{self.label}.{ZONE}",
            "page": page,
        }

    def hear(self, canary: Canary, what: str) -> None:
        self.heard.setdefault(canary, []).append(what)
        self._news.set()

    async def hears(self, canary: Canary, seconds: float) -> bool:
        """Wait until the canary heard anything; `False` when it did not in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while canary not in self.heard:
                    self._news.clear()
                    await self._news.wait()
        return canary in self.heard

    async def on_connection(self, reader: asyncio.StreamReader, writer: Any) -> None:
        self.hear(Canary.TCP, "a connection")
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            async with asyncio.timeout(20):
                head = await reader.readuntil(b"\r\n\r\n")
            self.hear(Canary.HTTP, head.split(b"\r\n", 1)[0].decode("latin-1"))
            writer.write(_ANSWER)
            await writer.drain()
        writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, ear: Ear) -> None:
        self._ear = ear

    def datagram_received(self, data: bytes, _address: Any) -> None:
        self._ear.hear(Canary.UDP, f"{len(data)} bytes")


@contextlib.asynccontextmanager
async def open_ear(
    name_server: NameServer | None = None, address: str = LOOPBACK
) -> AsyncIterator[Ear]:
    """Open the canaries of one run, on an address of this machine's own."""
    ear = Ear(label=f"a{next(_NUMBERS)}", address=address)
    server = await asyncio.start_server(ear.on_connection, address, 0)
    ear.tcp_port = server.sockets[0].getsockname()[1]
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Datagrams(ear), local_addr=(address, 0)
    )
    ear.udp_port = transport.get_extra_info("sockname")[1]
    if name_server is not None:
        name_server.ears[ear.label] = ear
    try:
        yield ear
    finally:
        transport.close()
        server.close()
        if name_server is not None:
            del name_server.ears[ear.label]


class NameServer(asyncio.DatagramProtocol):
    """A DNS server that answers every name with this machine, and tells the ear it belongs to."""

    def __init__(self) -> None:
        self.ears: dict[str, Ear] = {}
        self.address = ""
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: Any) -> None:
        labels, end = _question(data)
        ear = self.ears.get(labels[0]) if labels else None
        if ear is not None and ".".join(labels[1:]) == ZONE:
            ear.hear(Canary.DNS, ".".join(labels))
        # Only A records have an answer; no error, so that nobody asks again by another name.
        wants_address = data[end - 4 : end - 2] == b"\x00\x01"
        head = data[:2] + b"\x81\x80\x00\x01" + (b"\x00\x01" if wants_address else b"\x00\x00")
        record = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x00\x00\x04\x7f\x00\x00\x01"
        body = data[12:end] + (record if wants_address else b"")
        self._transport.sendto(head + b"\x00\x00\x00\x00" + body, address)


def _question(data: bytes) -> tuple[list[str], int]:
    labels, at = [], 12
    while at < len(data) and data[at]:
        labels.append(data[at + 1 : at + 1 + data[at]].decode("latin-1").lower())
        at += 1 + data[at]
    return labels, at + 5


NO_NAME_SERVER = "a browser can be pointed at a name server of ours only by root on Linux"


@contextlib.asynccontextmanager
async def open_name_server() -> AsyncIterator[NameServer | None]:
    """Open it on a loopback address of its own, port 53; `None` where that is not allowed."""
    server = NameServer()
    server.address = f"127.{64 + secrets.randbelow(180)}.{1 + secrets.randbelow(250)}.53"
    loop = asyncio.get_running_loop()
    try:
        transport, _ = await loop.create_datagram_endpoint(
            lambda: server, local_addr=(server.address, 53)
        )
    except OSError:
        yield None
        return
    try:
        yield server
    finally:
        transport.close()


def pointed_at(server: NameServer | None, browser: str, folder: Path) -> str:
    """Return a program that starts the browser so that it asks this name server only.

    The browser reads /etc/resolv.conf, so it gets one of its own in a mount namespace.
    """
    if server is None:
        return browser
    resolver = folder / "resolv.conf"
    resolver.write_text(f"nameserver {server.address}\noptions timeout:1 attempts:1\n")
    program = folder / "browser"
    program.write_text(
        "#!/bin/sh\n"
        "exec unshare --mount sh -c 'mount --make-rprivate / && "
        f'mount --bind "{resolver}" /etc/resolv.conf && exec "{browser}" "$@"\' sh "$@"\n'
    )
    program.chmod(0o755)
    return str(program)


def can_point_browsers() -> bool:
    """Whether this process may give a browser a mount namespace and listen on port 53."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.63.1.53", 53))
        trial = subprocess.run(
            ["unshare", "--mount", "true"],  # noqa: S607 - where it is differs
            check=False,
            capture_output=True,
            timeout=10,
        )
        return trial.returncode == 0
    return False
