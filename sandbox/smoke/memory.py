"""What a browser's processes may hold together: the largest ends before the machine suffers."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_EVERY = 0.5  # seconds
_MOST = 3 * 2**30
_SHARE = 0.5  # of the machine's, where that is less


@dataclass(frozen=True, slots=True)
class Usage:
    """`total` bytes of memory that is nobody else's too; `largest` is the pid with most of it."""

    total: int
    largest: int


def most_memory() -> int:
    """Return how many bytes a browser may hold on this machine."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(_MOST, int(machine * _SHARE))


def usage(group: int) -> Usage | None:
    """Add up a process group (proc(5)); blocks, for a thread. `None` when it is gone."""
    page = os.sysconf("SC_PAGE_SIZE")
    held: dict[int, int] = {}
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError, ValueError, IndexError):
            stat = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(stat[2]) == group:
                _, resident, shared, *_ = (entry / "statm").read_text().split()
                held[int(entry.name)] = (int(resident) - int(shared)) * page
    if not held:
        return None
    return Usage(sum(held.values()), max(held, key=held.__getitem__))


async def watch(group: int, most: int, used: Callable[[], bool]) -> None:
    """End the largest process of a group whenever all together hold more than `most`.

    A browser that is not `used` has no page, and looking has a price: it is looked at until it
    holds no more than it may.
    """
    settled = False
    while True:
        if used() or not settled:
            settled = not used()
            seen = await asyncio.to_thread(usage, group)
            if seen is not None and seen.total > most:
                settled = False
                with suppress(ProcessLookupError):
                    os.kill(seen.largest, signal.SIGKILL)
        await asyncio.sleep(_EVERY)
