"""`LiveDocument`: a document that is still being written, with any number of readers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

FLUSH_SECONDS = 0.016


class LiveDocument:
    """Text that grows until it is finished. For one event loop; not thread-safe."""

    def __init__(self, text: str = "", *, finished: bool = False) -> None:
        self._parts: list[str] = [text] if text else []
        self._news = asyncio.Event()
        self._finished = asyncio.Event()
        self.watched = False  # whether anybody has read from it
        if finished:
            self.finish()

    @property
    def text(self) -> str:
        """All text so far."""
        return "".join(self._parts)

    @property
    def finished(self) -> bool:
        return self._finished.is_set()

    def append(self, text: str) -> None:
        """Add text. Raises `ValueError` once the document is finished."""
        if self.finished:
            raise ValueError("a finished document does not grow")
        if text:
            self._parts.append(text)
            self._news.set()

    def finish(self) -> None:
        """Say that the document is whole; every reader gets the rest and ends. Idempotent."""
        self._finished.set()
        self._news.set()

    async def chunks(self) -> AsyncGenerator[str, None]:
        """Yield the document from its start; each item is all that is new since the last.

        The first text is yielded at once, then at most one item per `FLUSH_SECONDS`, and what
        is left at the end without delay.
        """
        read = 0
        self.watched = True
        while True:
            if read < len(self._parts):
                new = self._parts[read:]
                read = len(self._parts)
                due = asyncio.get_running_loop().time() + FLUSH_SECONDS
                yield "".join(new)
                await self._until_finished_or(due)
            elif self.finished:
                return
            else:
                # Nothing can be appended between the check and the wait: no await lies between.
                self._news.clear()
                await self._news.wait()

    async def _until_finished_or(self, due: float) -> None:
        try:
            async with asyncio.timeout_at(due):
                await self._finished.wait()
        except TimeoutError:
            return
