"""Whose turn it is: so many at once, in order; who waits hears how many are before it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

Tell = Callable[[int], None]


@dataclass(slots=True, eq=False)
class _Place:
    turn: asyncio.Future[None]
    tell: Tell
    told: int = -1


class Turns:
    """A fair semaphore whose waiters hear how many are before them. For one event loop."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._waiting: deque[_Place] = deque()

    @contextlib.asynccontextmanager
    async def turn(self, tell: Tell) -> AsyncIterator[None]:
        """Wait for a turn and have it; `tell` is called anew whenever the number before it changes.

        It is called with 0 for the one that is next, and never for one that need not wait.
        """
        if self._free > 0 and not self._waiting:
            self._free -= 1
        else:
            await self._wait(tell)
        try:
            yield
        finally:
            self._free += 1
            self._call_next()

    async def _wait(self, tell: Tell) -> None:
        place = _Place(asyncio.get_running_loop().create_future(), tell)
        self._waiting.append(place)
        self._tell_all()
        try:
            await place.turn
        except asyncio.CancelledError:
            if place in self._waiting:
                self._waiting.remove(place)
                self._tell_all()
            elif not place.turn.cancelled():  # it was called, and does not come
                self._free += 1
                self._call_next()
            raise

    def _call_next(self) -> None:
        while self._free > 0 and self._waiting:
            place = self._waiting.popleft()
            if not place.turn.done():
                self._free -= 1
                place.turn.set_result(None)
        self._tell_all()

    def _tell_all(self) -> None:
        for before, place in enumerate(self._waiting):
            if place.told != before:
                place.told = before
                place.tell(before)
