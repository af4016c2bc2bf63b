"""Secrets that a page was given ahead: it may open the frame of a run that has not begun yet.

A browser takes a while to set up a frame, and that need not wait for the request that starts the
generation. Each secret is for one run; a page that asks for another's gets a secret of its own.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from server.identifiers import new_secret

_MOST = 200
_SECONDS = 60.0


@dataclass(slots=True)
class _Given:
    taken: bool = False
    begun: asyncio.Event = field(default_factory=asyncio.Event)


class Ahead:
    """The secrets that were given and not begun; beyond 200 the oldest are forgotten."""

    def __init__(self) -> None:
        self._given: dict[str, _Given] = {}

    def give(self) -> str:
        """Return a new secret for a page that may start a generation."""
        secret = new_secret()
        self._given[secret] = _Given()
        if len(self._given) > _MOST:
            del self._given[next(iter(self._given))]
        return secret

    def take(self, secret: str | None) -> bool:
        """Whether a generation may have this secret: it was given, and no other has it."""
        given = self._given.get(secret or "")
        if given is None or given.taken:
            return False
        given.taken = True
        return True

    def begin(self, secret: str) -> None:
        """Let whoever waits for this secret go on: its run is there."""
        given = self._given.pop(secret, None)
        if given is not None:
            given.begun.set()

    async def begun(self, secret: str) -> None:
        """Wait until the run of a secret that was given begins, at most a minute."""
        given = self._given.get(secret)
        if given is None:
            return
        try:
            async with asyncio.timeout(_SECONDS):
                await given.begun.wait()
        except TimeoutError:
            # Who waited was told that nothing is here: no run may begin there any more.
            self._given.pop(secret, None)
