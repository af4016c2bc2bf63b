"""Wrong access tokens are answered late, and only a few of them wait at a time."""

from __future__ import annotations

import asyncio

BUSY = "Too many wrong tokens are being tried here. Wait a few seconds, then try again."
RETRY = {"Retry-After": "5"}

_WAIT_SECONDS = 0.5
_MOST_WAITING = 20
_slots = asyncio.Semaphore(_MOST_WAITING)


async def late() -> bool:
    """Wait before a wrong token is answered; `False`, at once, where too many wait already."""
    if _slots.locked():
        return False
    # A slot that is free is taken without a pause: what comes at once is counted one by one.
    async with _slots:
        await asyncio.sleep(_WAIT_SECONDS)
    return True
