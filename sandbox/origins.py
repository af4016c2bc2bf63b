"""Addresses: where a tool is framed from, and which pages may frame it.

Pure. A level is one way to keep tools on an origin that is not the pages' own. Which ones a page
may use follows from the address that it was opened under, the strongest first:

- `site`: a site for each tool, `http://{label}.localhost:<frame port>` on loopback, or what the
  template (`FRAME_URL`) says in deployment;
- `port`: the same host on the frame port, one origin for all tools;
- `path`: a path of the page's own origin, where only the sandbox header keeps the tool out of it.

A template is the operator's word: with one, no weaker level is used in its place.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum

_HOST = re.compile(
    r"(?P<name>\[[0-9a-f:.]{2,45}\]|(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,20})"
    r"(?::(?P<port>\d{1,5}))?",
    re.ASCII | re.IGNORECASE,
)

FRAME_PATH = "/frame/"
"""Where the pages' own origin serves tools, at the level `path`."""


class Level(StrEnum):
    """How a tool is kept apart from the page, the strongest first."""

    SITE = "site"
    PORT = "port"
    PATH = "path"


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


@dataclass(frozen=True, slots=True)
class Opened:
    """How a page was opened: Host header and scheme, and what its browser found to work.

    `found` is a level, or nothing yet. `renamed` says that the browser knows the page under
    another origin than Host tells: a proxy between them has its own name.
    """

    host: str
    scheme: str = "http"
    found: Level | None = None
    renamed: bool = False

    @property
    def origin(self) -> str:
        host = parse_host(self.host)
        return "" if host is None else f"{self.scheme}://{host.with_port(host.port)}"


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


def levels(opened: Opened, address: FrameAddress) -> tuple[Level, ...]:
    """Return the levels that a page opened like this may use, the strongest first.

    Left out is what would refuse the page as its holder; a probe finds what cannot be reached.
    """
    host = parse_host(opened.host)
    if host is None:
        return ()
    if address.template is not None:
        offered: tuple[Level, ...] = (Level.SITE,)
    elif host.is_loopback:
        offered = (Level.SITE, Level.PORT, Level.PATH)
    else:
        offered = (Level.PORT, Level.PATH)
    return tuple(level for level in offered if _may_hold(opened.origin, host, level, address))


def level_of(opened: Opened, address: FrameAddress) -> Level | None:
    """Return the level in use: what the browser found, else the strongest; `None` without any."""
    offered = levels(opened, address)
    if opened.found in offered:
        return opened.found
    return offered[0] if offered else None


def frame_base(label: str, opened: Opened, address: FrameAddress) -> str:
    """Return what stands before `/<secret>` in the address of the tool `label`."""
    level = level_of(opened, address)
    return _base(label, opened, address, level or _preferred(opened, address))


def probe_url(level: Level, opened: Opened, address: FrameAddress) -> str | None:
    """Return what a page asks whether it can use `level`; its own origin needs no asking."""
    return None if level is Level.PATH else f"{_base('probe', opened, address, level)}/probe"


def frame_sources(opened: Opened, address: FrameAddress) -> tuple[str, ...]:
    """Return the CSP sources of what a page may frame: the level in use, and those below it."""
    level, offered = level_of(opened, address), levels(opened, address)
    usable = offered[offered.index(level) :] if level else ()
    return tuple(_source(one, opened, address) for one in usable)


def probe_sources(opened: Opened, address: FrameAddress) -> tuple[str, ...]:
    """Return the CSP sources of what a page may ask which levels work."""
    return tuple(
        _base("probe", opened, address, level)
        for level in levels(opened, address)
        if level is not Level.PATH
    )


def host_origins(frame_host: str, address: FrameAddress) -> tuple[str, ...]:
    """Return the CSP sources of our pages that may frame what is served under `frame_host`.

    CSP has no notation for IPv6 addresses, so a page opened under one cannot be named.
    """
    host = parse_host(frame_host)
    if host is None:
        return ()
    port = address.host_port
    here = [f"http://{name}:{port}" for name in ("127.0.0.1", "localhost", "*.localhost")]
    named = [origin for name in address.allowed_hosts for origin in _named(name, port)]
    if host.is_loopback:
        own = [*here, f"http://{host.name}:{port}"] if _is_ipv4(host.name) else here
    elif address.template is not None:
        own = here
    elif ":" not in host.name:
        own = [f"{scheme}://{host.name}:{port}" for scheme in ("http", "https")]
    else:
        own = []
    return tuple(dict.fromkeys((*own, *named)))


def public_origin(frame_host: str, scheme: str, address: FrameAddress) -> str:
    """Return the origin that a browser knows what is served under `frame_host` by."""
    host = parse_host(frame_host)
    if host is not None and address.template is not None and _is_of(address.template, host):
        # A proxy in front may speak https where we are asked in plain http.
        scheme = address.template.partition("://")[0]
    return f"{scheme}://{frame_host}"


def is_named(origin: str, sources: tuple[str, ...]) -> bool:
    """Whether CSP sources, as `host_origins` makes them, name an origin as a browser writes it."""
    return any(_matches(source, origin) for source in sources)


def is_frame_host(header: str, address: FrameAddress) -> bool:
    """Whether the frame origin answers under this Host header; any other may be a rebound name."""
    host = parse_host(header)
    if host is None:
        return False
    if host.is_loopback or host.is_ip or host.name in address.allowed_hosts:
        return True
    return address.template is not None and _is_of(address.template, host)


def _preferred(opened: Opened, address: FrameAddress) -> Level:
    """Where a tool is said to be although no page under this address could hold it."""
    host = parse_host(opened.host)
    is_site = address.template is not None or host is None or host.is_loopback
    return Level.SITE if is_site else Level.PORT


def _base(label: str, opened: Opened, address: FrameAddress, level: Level) -> str:
    host = parse_host(opened.host) or HostAddress("localhost")
    if level is Level.PATH:
        path = f"{FRAME_PATH}{label}"
        return path if opened.renamed else f"{opened.origin}{path}"
    if level is Level.PORT:
        return f"{opened.scheme}://{host.with_port(address.frame_port)}"
    if address.template is not None:
        return address.template.replace("{id}", label).rstrip("/")
    return f"http://{label}.localhost:{address.frame_port}"


def _source(level: Level, opened: Opened, address: FrameAddress) -> str:
    if level is not Level.PATH:
        return _base("*", opened, address, level)
    # Neither an IPv6 address nor a name that only a proxy knows can be written here.
    return "'self'" if opened.renamed or "[" in opened.origin else f"{opened.origin}{FRAME_PATH}"


def _may_hold(origin: str, host: HostAddress, level: Level, address: FrameAddress) -> bool:
    if level is Level.PATH:
        return True
    if level is Level.PORT:
        frame_host = host.with_port(address.frame_port)
    elif address.template is not None:
        frame_host = address.template.replace("{id}", "x").partition("://")[2].rstrip("/")
    else:
        frame_host = f"x.localhost:{address.frame_port}"
    return is_named(origin, host_origins(frame_host, address))


def _matches(source: str, origin: str) -> bool:
    scheme, _, host = source.partition("://")
    # A browser leaves the default port out.
    host = host.removesuffix({"http": ":80", "https": ":443"}.get(scheme, ":"))
    pattern = re.escape(f"{scheme}://{host}").replace(r"\*", "[a-z0-9_.-]+")
    return re.fullmatch(pattern, origin) is not None


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


def _is_ipv4(name: str) -> bool:
    return isinstance(_ip(name), ipaddress.IPv4Address)


def _ip(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None
