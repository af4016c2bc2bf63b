"""Wrong access tokens are answered late, and only a few of them wait at a time."""

from __future__ import annotations

import asyncio

BUSY = "Too many wrong tokens are being tried here. Wait a few seconds, then try again."
RETRY = {"Retry-After": "5"}

_WAIT_SECONDS = 0.5
_MOST_WAITING = 20
_waiting: set[object] = set()


async def late() -> bool:
    """Wait before a wrong token is answered; `False`, at once, where too many wait already."""
    # Nothing is awaited before it is counted: what comes at once is counted one by one.
    if len(_waiting) >= _MOST_WAITING:
        return False
    one = object()
    _waiting.add(one)
    try:
        await asyncio.sleep(_WAIT_SECONDS)
    finally:
        _waiting.discard(one)
    return True
