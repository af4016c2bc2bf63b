"""How time grows with length: told by ratio, since no machine is as fast as another."""

from __future__ import annotations

import time
from collections.abc import Callable

LINEAR = 8
"""Four times the length: 4 where time grows with it, 16 where it grows with its square."""


def growth(work: Callable[[int], object], length: int) -> float:
    """How many times as long four times `length` takes; processor time, the best of three."""
    return _seconds(work, 4 * length) / max(_seconds(work, length), 0.002)


def _seconds(work: Callable[[int], object], length: int) -> float:
    best = float("inf")
    for _ in range(3):
        begun = time.thread_time()  # what others do on this machine does not count
        work(length)
        best = min(best, time.thread_time() - begun)
    return best
