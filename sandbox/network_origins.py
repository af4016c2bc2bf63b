"""Which network origins a person may be asked to grant, and how each is written.

Pure. An origin is refused by its name alone: what a name resolves to is asked elsewhere, and
only once a person has said yes, since a look-up tells a name server that somebody asked.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

_GIVE_ONE = "such as https://api.example.org"
_OPERATOR = (
    "Give a public name. Whoever runs this server can let you grant one private origin by "
    "SANDWRIGHT_PRIVATE_ORIGINS."
)
# Names that never leave the machine or the network they are used on (RFC 6761, RFC 6762,
# RFC 8375, RFC 7686, the ICANN reservations of `internal` and of what collides, and what home
# routers hand out).
_PRIVATE_SUFFIXES = (
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "private",
    "home.arpa",
    "in-addr.arpa",
    "ip6.arpa",
    "lan",
    "home",
    "corp",
    "mail",
    "test",
    "invalid",
    "onion",
    "alt",
)
# Public names that hold an address, which is then nobody's but this machine's or network's.
_ADDRESS_SUFFIXES = ("nip.io", "sslip.io", "xip.io", "localtest.me", "lvh.me", "vcap.me")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII)
_MOST = 253  # RFC 1035


@dataclass(frozen=True, slots=True)
class RefusedOrigin:
    """Why an origin cannot be granted, and what to do instead: a sentence each, for a person."""

    reason: str
    advice: str = f"Give one {_GIVE_ONE}."


@dataclass(frozen=True, slots=True)
class OriginRules:
    """What this server adds.

    `ours` are its own host names, which are never granted, nor is any name below them;
    `private` are origins that the operator lets people grant although they are private.
    """

    ours: Collection[str] = ()
    private: Collection[str] = ()


NO_RULES = OriginRules()


def parse_network_origin(text: str, rules: OriginRules = NO_RULES) -> str | RefusedOrigin:
    """Return the canonical origin ("https://api.example.org"), or why it cannot be granted."""
    spelled = _spelled(text.strip(" \t\r\n"))
    if isinstance(spelled, RefusedOrigin):
        return spelled
    host, port = spelled
    if port == 0:
        return RefusedOrigin("This is not an origin.")
    canonical = _canonical(host, port)
    if _is_below(host, rules.ours):
        return RefusedOrigin(
            f"{host} is an address of this server and cannot be granted.",
            "Give the tool what it needs in another way: no tool reaches Sandwright itself.",
        )
    if canonical in rules.private:
        return canonical
    return _refusal(host) or canonical


def _spelled(text: str) -> tuple[str, int | None] | RefusedOrigin:
    """Read host and port of what is nothing but an https origin."""
    if "*" in text:
        return RefusedOrigin("Wildcards cannot be granted.", f"Name each origin, {_GIVE_ONE}.")
    # Before anything is lower-cased: some letters beyond ASCII become ASCII by it.
    if re.fullmatch(r"[A-Za-z0-9.:/@?#\[\]_%&=+-]+", text, re.ASCII) is None:
        return RefusedOrigin(
            "This is not an origin in plain ASCII.",
            f"Give one {_GIVE_ONE}; a name with other letters in its xn-- form.",
        )
    text = text.lower()
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return RefusedOrigin("This is not an origin.")
    if parts.scheme != "https":
        return RefusedOrigin(
            "Only https origins can be granted.",
            f"Write https:// in front, {_GIVE_ONE}; a server without https cannot be had.",
        )
    if "@" in parts.netloc or parts.path not in ("", "/") or "?" in text or "#" in text:
        return RefusedOrigin(
            "An origin has no user name, path, query or fragment.",
            f"Leave all but scheme, name and port out, {_GIVE_ONE}.",
        )
    return (f"[{host}]" if "[" in parts.netloc else host), port


def private_origin(text: str) -> str | RefusedOrigin:
    """Read an origin that the operator names: https, and any host that a policy can hold."""
    given = text.strip().lower()
    try:
        parts = urlsplit(given)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return RefusedOrigin("This is not an origin.")
    if not all(map(_LABEL.fullmatch, host.split("."))):  # no IPv6: CSP has no notation for it
        return RefusedOrigin("Give a host name or an IPv4 address, such as https://nas.lan.", "")
    return parse_network_origin(given, OriginRules(private=(_canonical(host, port),)))


def _canonical(host: str, port: int | None) -> str:
    return f"https://{host}" if port in (None, 443) else f"https://{host}:{port}"


def _refusal(host: str) -> RefusedOrigin | None:
    if host.endswith("."):
        return RefusedOrigin("The name ends in a dot.", "Leave out the dot at the end.")
    if _is_address(host):
        return RefusedOrigin("An IP address cannot be granted.", f"Give a host name, {_GIVE_ONE}.")
    if _is_below(host, _PRIVATE_SUFFIXES):
        return RefusedOrigin(f"{host} is a private or local name and cannot be granted.", _OPERATOR)
    if _is_below(host, _ADDRESS_SUFFIXES):
        return RefusedOrigin(
            f"{host} stands for a private address and cannot be granted.", _OPERATOR
        )
    labels = host.split(".")
    if len(labels) == 1 or len(host) > _MOST or not all(map(_LABEL.fullmatch, labels)):
        return RefusedOrigin(
            f"{host or 'This'} is no full public host name.", f"Give one {_GIVE_ONE}."
        )
    return None


def _is_below(host: str, names: Collection[str]) -> bool:
    """Whether the host is one of these names or below one; dots at its end do not hide it."""
    host = host.rstrip(".")
    return any(host == name or host.endswith(f".{name}") for name in names)


def _is_address(host: str) -> bool:
    """Also the forms that only URL parsers read as IPv4: 2130706433, 0x7f.1, 127.1."""
    if host.startswith("["):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return re.fullmatch(r"\d+|0x[0-9a-f]*", host.rsplit(".", 1)[-1], re.ASCII) is not None
    return True
