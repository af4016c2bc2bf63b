"""The page around a tool opened alone saves what the tool stores: a POST to the tool's address.

Only that page can: it is ours and of the frame origin, while the tool in it has an opaque origin,
may connect to nothing, and is `cross-site` to every server in the browser's own word.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from sandbox.stored import BadChanges, Changes, parse_changes

MAX_BYTES = 48 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing was saved; `status` is HTTP's."""

    status: int
    reason: str


Save = Callable[[str, Changes], Awaitable[Refusal | None]]
"""Saves changes to what the tool behind a secret stores."""

_FOREIGN = Refusal(403, "Only the page around the tool saves what it stores.")
_TOO_LARGE = Refusal(413, f"More than {MAX_BYTES:,} bytes are not taken at once.")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who asks, in the browser's word, and the origin that was asked."""

    site: str
    origin: str
    own: str

    @property
    def is_ours(self) -> bool:
        """Judge by `Sec-Fetch-Site`; where no browser says it (plain http), by `Origin`."""
        return self.site == "same-origin" if self.site else self.origin == self.own


async def save_told(
    save: Save,
    secret: str,
    sender: Sender,
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
) -> Refusal | None:
    """Read a request's changes and save them."""
    if not sender.is_ours:
        return _FOREIGN
    body = await _body(receive)
    if body is None:
        return _TOO_LARGE
    changes = await asyncio.to_thread(parse_changes, body)
    return (
        Refusal(422, changes.reason)
        if isinstance(changes, BadChanges)
        else await save(secret, changes)
    )


async def _body(receive: Callable[[], Awaitable[MutableMapping[str, Any]]]) -> bytes | None:
    """`None`: it is too large, or the browser has gone before its end."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BYTES:
            return None
        if not message.get("more_body"):
            return b"".join(parts)
