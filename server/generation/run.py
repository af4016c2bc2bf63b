"""A generation while this process runs it: its events in order, and its document as it arrives."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

from sandbox.live import LiveDocument
from server.store.records import Artifact, Generation, JournalEntry, State

if TYPE_CHECKING:
    from server.generation.repairing import Series
    from server.providers.prices import Tariff
    from server.providers.protocol import Usage

COALESCE_SECONDS = 0.04
JOURNAL_SECONDS = 0.15


class Run:
    """What readers follow: `document` for the frame, `follow` for event streams.

    Text is gathered for 40 ms before it becomes an event, so a fast model costs a page no
    more events than a slow one; the frame's document gets it at once.
    """

    def __init__(
        self,
        generation: Generation,
        artifact: Artifact,
        *,
        series: Series | None = None,
        attempt: tuple[int, int] | None = None,
    ) -> None:
        self.generation = generation
        self.artifact = artifact  # as it was when this began
        self.series = series
        self.attempt = attempt  # of a repair by a model: its number, and of how many
        self.document = LiveDocument()
        self.entries: list[JournalEntry] = []
        self.characters = 0  # of prose and documents
        self.asked = 0  # characters of the request
        self.tariff: Tariff | None = None  # where a budget has to know
        self.counted: Usage | None = None  # by the host, once the model has ended
        self.state: State = generation.state
        self.version: int | None = None
        self.stopping = State.INTERRUPTED  # what a cancelled task ends as
        self.stopped = False  # its task was cancelled, in its test perhaps
        self.ended = False
        self.answering = asyncio.Event()  # the model's first word, or its refusal, is there
        self._signal: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._gathered: list[tuple[str, int, str]] = []  # kind, document index, text
        self._flush: asyncio.TimerHandle | None = None
        self._persisted = 0
        self._shown: int | None = None

    def emit(self, event: str, /, **data: Any) -> None:
        """Add an event; text gathered so far goes before it."""
        self._release()
        self._add(event, data)

    def prose(self, text: str) -> None:
        self.characters += len(text)
        self._gather("prose", 0, text)

    def reasoning(self, text: str) -> None:
        self._gather("reasoning", 0, text)

    def document_text(self, index: int, text: str) -> None:
        """Take a piece of the document; the first document is the one the frame shows live."""
        self.characters += len(text)
        if index == 0:
            self.document.append(text)
        self._gather("document", index, text)

    def withhold(self) -> None:
        """Show readers nothing new until `show`: whoever hears of the end finds it stored."""
        self._release()
        self._shown = len(self.entries)

    def show(self) -> None:
        self._shown = None
        self._wake()

    def end(self) -> None:
        """Let every reader finish."""
        self._release()
        self.document.finish()
        self.ended = True
        self.answering.set()
        self.show()

    def _gather(self, kind: str, index: int, text: str) -> None:
        if self._gathered and self._gathered[-1][:2] == (kind, index):
            _, _, before = self._gathered.pop()
            text = before + text
        self._gathered.append((kind, index, text))
        if self._flush is None:
            loop = asyncio.get_running_loop()
            self._flush = loop.call_later(COALESCE_SECONDS, self._release)

    def _release(self) -> None:
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None
        gathered, self._gathered = self._gathered, []
        for kind, index, text in gathered:
            self._add(
                kind, {"index": index, "text": text} if kind == "document" else {"text": text}
            )

    def _add(self, kind: str, data: dict[str, Any]) -> None:
        text = json.dumps({**data, "generation": self.generation.id}, ensure_ascii=False)
        self.entries.append(JournalEntry(len(self.entries) + 1, kind, text))
        self._wake()

    def _wake(self) -> None:
        if not self._signal.done():
            self._signal.set_result(None)
        self._signal = asyncio.get_running_loop().create_future()

    async def follow(self, offset: int, *, idle: float) -> AsyncIterator[JournalEntry | None]:
        """Yield every event past `offset` until the end; `None` after `idle` silent seconds."""
        at = min(offset, len(self.entries))
        while True:
            while at < (len(self.entries) if self._shown is None else self._shown):
                at += 1
                yield self.entries[at - 1]
            if self.ended:
                return
            done, _ = await asyncio.wait([self._signal], timeout=idle)
            if not done:
                yield None

    def unwritten(self) -> list[JournalEntry]:
        """Return the events that the journal does not hold yet."""
        return self.entries[self._persisted :]

    def written(self, batch: Sequence[JournalEntry]) -> None:
        """Note that `batch`, which `unwritten` returned, is in the journal."""
        self._persisted += len(batch)

    async def changed(self) -> None:
        """Wait for the next event or the end."""
        if not self.ended:
            await asyncio.wait([self._signal])
