"""What the page around a tool sends to be saved is its own and has an end."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from sandbox.saving import MAX_BYTES, Refusal, Sender, save_told
from sandbox.stored import Changes

OURS = Sender(site="same-origin", origin="", own="")


async def told(size: int, last: str = "http.request") -> tuple[Refusal | None, int]:
    """Send spaces and an end; return what was refused, and how much was asked for."""
    part, asked = b" " * (1 << 20), 0

    async def receive() -> MutableMapping[str, Any]:
        nonlocal asked
        asked += len(part)
        if asked <= size:
            return {"type": "http.request", "body": part, "more_body": True}
        return {"type": last, "body": b'{"local": {"a": "b"}}'}

    async def save(_secret: str, _changes: Changes) -> None:
        return None

    return await save_told(save, "secret", OURS, receive), asked


async def test_more_than_fits_is_refused_before_all_of_it_has_come() -> None:
    assert await told(1 << 20) == (None, 2 << 20)
    refused, asked = await told(2 * MAX_BYTES)
    assert refused is not None
    assert refused.status == 413
    assert asked <= MAX_BYTES + (1 << 20)


async def test_what_ends_before_its_end_is_not_saved() -> None:
    refused, _ = await told(1 << 20, last="http.disconnect")
    assert refused is not None
