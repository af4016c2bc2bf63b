"""Addresses: which origin a tool is framed from, and which pages may frame it.

Pure. The level is chosen by the address under which the page was opened:

1. loopback → a site of its own for each tool, `http://{label}.localhost:<frame port>`;
2. a template (`FRAME_URL`) → the same in deployment, `https://{id}.example-usercontent.net`;
3. another machine's address → the same host on the frame port.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

_HOST = re.compile(
    r"(?P<name>\[[0-9a-f:.]{2,45}\]|(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,20})"
    r"(?::(?P<port>\d{1,5}))?",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class HostAddress:
    """A Host header, read: a lower-case name or address (IPv6 without brackets), and a port."""

    name: str
    port: int | None = None

    @property
    def is_ip(self) -> bool:
        return _ip(self.name) is not None

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine answers there (RFC 6761 for `*.localhost`)."""
        address = _ip(self.name)
        if address is None:
            return self.name == "localhost" or self.name.endswith(".localhost")
        # 0.0.0.0 and [::] reach this machine too.
        return address.is_loopback or address.is_unspecified

    def with_port(self, port: int | None) -> str:
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if port is None else f"{name}:{port}"


@dataclass(frozen=True, slots=True)
class FrameAddress:
    """The inputs, as settings have them.

    `template` begins with the label `{id}`, or is one fixed origin; `allowed_hosts` are names.
    """

    host_port: int
    frame_port: int
    template: str | None = None
    allowed_hosts: tuple[str, ...] = ()


def parse_host(header: str) -> HostAddress | None:
    """Read a Host header; `None` for anything that is not a plain name or address."""
    match = _HOST.fullmatch(header)
    if match is None:
        return None
    name = match["name"].lower().removesuffix(".")
    port = int(match["port"]) if match["port"] else None
    if name.startswith("["):
        name = name[1:-1]
        if _ip(name) is None:
            return None
    return None if port is not None and port > 65535 else HostAddress(name, port)  # noqa: PLR2004


def is_safe_host(header: str) -> bool:
    """Whether a Host header cannot be a rebound DNS name: loopback names and bare addresses."""
    address = parse_host(header)
    return address is not None and (address.is_loopback or address.is_ip)


def frame_origin(label: str, host_header: str, address: FrameAddress, scheme: str = "http") -> str:
    """Return the origin that serves the tool `label` to a page opened under `host_header`."""
    if address.template is not None:
        return address.template.replace("{id}", label).rstrip("/")
    host = parse_host(host_header)
    if host is None or host.is_loopback:
        return f"http://{label}.localhost:{address.frame_port}"
    return f"{scheme}://{host.with_port(address.frame_port)}"


def frame_sources(host_header: str, address: FrameAddress, scheme: str = "http") -> tuple[str, ...]:
    """Return the CSP sources for all tools framed by a page opened under `host_header`."""
    return (frame_origin("*", host_header, address, scheme),)


def host_origins(frame_host: str, address: FrameAddress) -> tuple[str, ...]:
    """Return the origins of our pages that may frame what is served under `frame_host`.

    CSP has no notation for IPv6 addresses, so a page opened under one cannot be named.
    """
    host = parse_host(frame_host)
    if host is None:
        return ()
    named = [origin for name in address.allowed_hosts for origin in _named(name, address.host_port)]
    if host.is_loopback:
        own = [f"http://{name}:{address.host_port}" for name in ("127.0.0.1", "localhost")]
    elif address.template is None and ":" not in host.name:
        own = [f"{scheme}://{host.name}:{address.host_port}" for scheme in ("http", "https")]
    else:
        own = []
    return tuple(dict.fromkeys((*own, *named)))


def is_frame_host(header: str, address: FrameAddress) -> bool:
    """Whether the frame origin answers under this Host header; any other may be a rebound name."""
    host = parse_host(header)
    if host is None:
        return False
    if host.is_loopback or host.is_ip or host.name in address.allowed_hosts:
        return True
    return address.template is not None and _is_of(address.template, host)


def _is_of(template: str, host: HostAddress) -> bool:
    """Whether `FRAME_URL` serves this host: its own name, or one label before the rest of it."""
    authority = template.partition("://")[2].rstrip("/")
    named = parse_host(authority.removeprefix("{id}."))
    if named is None or named.port not in (None, host.port):
        return False
    if not authority.startswith("{id}."):
        return host.name == named.name
    label, _, rest = host.name.partition(".")
    return rest == named.name and re.fullmatch("[a-z0-9-]+", label) is not None


def _named(name: str, host_port: int) -> tuple[str, ...]:
    """Return the origins of one of `ALLOWED_HOSTS`, as a proxy or the server has them."""
    if ":" in name:
        return ()
    return (f"https://{name}", f"http://{name}", f"http://{name}:{host_port}")


def _ip(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None
