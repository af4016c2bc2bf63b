"""Ports: bound before anything starts, so that a taken one is known while it can still move."""

from __future__ import annotations

import errno
import os
import socket
from dataclasses import dataclass

from server.settings import is_loopback

REACH = 100  # how many ports above the default are tried


@dataclass(frozen=True, slots=True)
class BoundPort:
    """A listening socket; `moved_from` is the default port that was taken, if it was."""

    socket: socket.socket
    port: int
    moved_from: int | None = None


@dataclass(frozen=True, slots=True)
class RefusedPort:
    """The port cannot be had; `reason` is one sentence."""

    port: int
    reason: str


def bind(
    host: str, port: int, *, chosen: bool, avoid: frozenset[int] = frozenset()
) -> BoundPort | RefusedPort:
    """Listen on `host:port`; a default port that is taken moves up to the next free one.

    A port that the person chose never moves. `avoid` are ports promised to somebody else.
    """
    first = _listen(host, port) if port not in avoid else _taken(port)
    if isinstance(first, BoundPort) or chosen:
        return first
    for other in range(port + 1, min(port + REACH, 65535) + 1):
        attempt = _listen(host, other) if other not in avoid else _taken(other)
        if isinstance(attempt, BoundPort):
            return BoundPort(attempt.socket, attempt.port, moved_from=port)
    return first


def _taken(port: int) -> RefusedPort:
    return RefusedPort(port, f"Port {port} is taken by another program.")


def _listen(host: str, port: int) -> BoundPort | RefusedPort:
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        return RefusedPort(port, f"{host} is no address of this machine: {error.strerror}.")
    if family == socket.AF_INET and is_loopback(host) and _is_taken_on_ipv6(port):
        return _taken(port)
    # Where the protocol is said, asyncio sends small parts at once (TCP_NODELAY); else the second
    # part of an answer waits some 40 ms for the browser's word that it has the first.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":  # elsewhere this would share the port with its present owner
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        return _refused(host, port, error)
    listener.setblocking(False)
    return BoundPort(listener, listener.getsockname()[1])


def _is_taken_on_ipv6(port: int) -> bool:
    """Browsers try `[::1]` too for names under localhost: a stranger there would get our frames."""
    if port == 0 or not socket.has_ipv6:
        return False
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("::1", port))
        except OSError as error:  # without IPv6 the address itself is unknown
            return error.errno == errno.EADDRINUSE
    return False


def _refused(host: str, port: int, error: OSError) -> RefusedPort:
    if error.errno == errno.EADDRINUSE:
        return _taken(port)
    if error.errno in (errno.EACCES, errno.EPERM):
        return RefusedPort(port, f"Port {port} may not be used by this user.")
    if error.errno == errno.EADDRNOTAVAIL:
        return RefusedPort(port, f"{host} is no address of this machine.")
    return RefusedPort(port, f"{host} port {port} cannot be used: {error.strerror}.")
