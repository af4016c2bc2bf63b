"""Which of an artifact's grants hold for one of its versions, and what may be granted here.

A person gives grants while one version is in sight. Another version has them only if its text
asks for nothing that neither that version asked for nor the person granted; otherwise it has
none of them, and the person is asked anew. Nothing but `PUT …/grants` writes a grant, and an import
of everything whose person says so: no prompt, document, imported file, fork or answer of a model
comes near it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox.asks import ASKS_NOTHING, Asks, asks_of
from sandbox.grants import NO_GRANTS, Grants
from sandbox.network_origins import NO_RULES, OriginRules, RefusedOrigin, parse_network_origin
from sandbox.origins import parse_host
from server.settings import Settings
from server.store import grants, versions
from server.store.grants import Given

LOOK_UP_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Standing:
    """How one version stands to the grants of its artifact; `more` is why they do not hold."""

    given: Given
    holds: bool
    more: Asks = ASKS_NOTHING

    @property
    def grants(self) -> Grants:
        return self.given.grants if self.holds else NO_GRANTS


async def in_force(
    connection: AsyncConnection, artifact_id: str, n: int | None, html: str | None = None
) -> Grants:
    """Return the grants that hold for version `n`; one that is yet to be has only its `html`."""
    return (await standing(connection, artifact_id, n, html)).grants


async def standing(
    connection: AsyncConnection, artifact_id: str, n: int | None, html: str | None = None
) -> Standing:
    """Compare what version `n` asks for with what the person saw when giving the grants."""
    given = await grants.read(connection, artifact_id)
    if given.grants == NO_GRANTS or n == given.version:
        return Standing(given, holds=True)
    if html is None and n is not None:
        html = await versions.source(connection, artifact_id, n)
    known = ""
    if given.version:
        known = await versions.source(connection, artifact_id, given.version) or ""
    more = await asyncio.to_thread(_beyond, html or "", known, given.grants)
    return Standing(given, holds=not more, more=more)


def _beyond(html: str, known: str, granted: Grants) -> Asks:
    # The rules of this server would only leave out what cannot be granted at all.
    return asks_of(html, NO_RULES).beyond(asks_of(known, NO_RULES), granted)


def origin_rules(settings: Settings, host_header: str) -> OriginRules:
    """What counts as our own address here, the one that the page was opened under included."""
    opened = parse_host(host_header)
    frame_name = (settings.frame_url or "").partition("://")[2].partition(":")[0]
    names = (
        settings.host,
        *settings.allowed_hosts,
        *([opened.name] if opened else []),
        frame_name.removeprefix("{id}."),
    )
    return OriginRules(ours=frozenset(names) - {""}, private=settings.private_origins)


async def checked_origin(text: str, rules: OriginRules) -> str | RefusedOrigin:
    """Return the canonical origin that may be granted, once a person has said yes to it.

    A public name that leads to a private address is refused too. A name that cannot be looked up
    here (offline, or behind a proxy) is taken at its word.
    """
    origin = parse_network_origin(text, rules)
    if isinstance(origin, RefusedOrigin) or origin in rules.private:
        return origin
    name = origin.partition("://")[2].partition(":")[0]
    looking = asyncio.get_running_loop().getaddrinfo(name, 443, type=socket.SOCK_STREAM)
    try:
        found = await asyncio.wait_for(looking, LOOK_UP_SECONDS)
    except (OSError, TimeoutError, UnicodeError):
        return origin
    if all(ipaddress.ip_address(str(one[4][0]).partition("%")[0]).is_global for one in found):
        return origin
    return RefusedOrigin(
        f"{name} leads to a private address here and cannot be granted.",
        "Give a name that leads to a public address.",
    )
