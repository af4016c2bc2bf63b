"""How the time of some work grows with what it is given: in CPU time, which other work spares."""

from __future__ import annotations

import time
from collections.abc import Callable


def growth(work: Callable[[int], object], size: int) -> float:
    """Return how many times as long four times as much takes: 4 if linear, 16 if quadratic."""
    return _seconds(work, 4 * size) / max(_seconds(work, size), 0.001)


def repeated(part: str, size: int) -> str:
    """Return the part again and again, in about so many characters."""
    return part * (size // len(part))


def _seconds(work: Callable[[int], object], size: int) -> float:
    best = float("inf")
    for _ in range(2):
        begun = time.thread_time()
        work(size)
        best = min(best, time.thread_time() - begun)
    return best
