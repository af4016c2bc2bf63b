"""One turn: a provider's stream through the answer parser into a run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from server.generation.answer import (
    AnswerParser,
    DocumentEnd,
    DocumentStart,
    DocumentText,
    Part,
    Prose,
)
from server.generation.continuation import ContinuationStitcher
from server.generation.prompts import continue_request
from server.generation.run import Run
from server.providers.protocol import (
    Error,
    Event,
    ModelRequest,
    Provider,
    Reasoning,
    Start,
    Stop,
    Text,
    Usage,
)
from server.store.records import TOO_LARGE

MAX_CONTINUATIONS = 3
MAX_DOCUMENT_BYTES = 5_000_000
MAX_ANSWER_BYTES = 12_000_000  # words and reasoning included
USAGE_SECONDS = 0.25
A_MOMENT = 0.01  # seconds

_TOO_LARGE = Error(
    TOO_LARGE,
    "The document grew past 5 MB, so the model was stopped. What came is kept.",
    "Ask for something smaller, or for less data written into the document.",
)
_ENDLESS = Error(
    TOO_LARGE,
    "The answer grew past 12 MB without an end, so the model was stopped. What came is kept.",
    "Try again, or ask another model.",
)
_CUT_OFF = Error(
    "cut_off",
    "The model reached its length limit four times and the document is still not whole. "
    "What came is kept.",
    "Press Continue to go on from there, or ask for something smaller.",
)


Refusal = Callable[[Run, ModelRequest, Usage], Awaitable[Error | None]]
"""Says why the next call of a run is not made, behind calls that came to so much."""


async def _never(_run: Run, _request: ModelRequest, _so_far: Usage) -> None:
    return None


@dataclass(slots=True)
class Document:
    """A document of the answer; `complete` once it was closed."""

    parts: list[str] = field(default_factory=list)
    complete: bool = False

    @property
    def text(self) -> str:
        return "".join(self.parts)


@dataclass(slots=True)
class Outcome:
    """What a turn came to. `error` is set when the model did not end by itself."""

    prose: str
    documents: list[Document]
    usage: Usage
    seconds: float
    stop: Stop | None = None
    error: Error | None = None

    @property
    def document(self) -> str | None:
        """The document that counts: the last complete one, else the last that has any text.

        HTML needs no closing tag, so an unclosed document counts when the model ended by
        itself; the smoke test judges it.
        """
        for document in reversed(self.documents):
            if document.complete:
                return document.text
        for document in reversed(self.documents):
            if document.text.strip():
                return document.text
        return None


class Turn:
    """Plays one answer, with its continuations, into `run`."""

    def __init__(
        self, run: Run, provider: Provider, request: ModelRequest, refusal: Refusal = _never
    ) -> None:
        self._run = run
        self._provider = provider
        self._request = request
        self._refusal = refusal
        self._parser = AnswerParser()
        self._restarted_by: ContinuationStitcher | None = None
        self._answer: list[str] = []
        self._prose: list[str] = []
        self._documents: list[Document] = []
        self._size = 0
        self._total = 0
        self._earlier = Usage()
        self._usage = Usage()
        self._tokens = 0
        self._began = time.monotonic()
        self._first_text: float | None = None
        self._usage_shown = 0.0
        self._surrogate = ""
        self._stitcher: ContinuationStitcher | None = None
        self._waiting: list[str] = []
        self._broken: Exception | None = None

    def resume(self, prose: str, document: str | None) -> None:
        """Begin where an earlier generation stopped: what it had is shown at once."""
        opening = prose if document is None else f"{prose}\n```html\n{document}"
        self._take(opening)

    async def play(self) -> Outcome:
        """Run the model to its end, continuing up to three times when it hits its limit."""
        stop: Stop | Error = await self._call(self._request)
        for _ in range(MAX_CONTINUATIONS):
            if stop != Stop("length"):
                break
            request = continue_request(self._request, "".join(self._answer))
            refused = await self._refusal(self._run, request, self._sum())
            stop = refused or await self._call(request)
        if stop == Stop("length"):
            stop = _CUT_OFF
        self._parts(self._parser.end())
        return Outcome(
            prose="".join(self._prose).strip(),
            documents=self._documents,
            usage=self._sum(),
            seconds=time.monotonic() - self._began,
            stop=stop if isinstance(stop, Stop) else None,
            error=stop if isinstance(stop, Error) else None,
        )

    async def _call(self, request: ModelRequest) -> Stop | Error:
        self._earlier, self._usage = self._sum(), Usage()
        self._stitcher = None
        if self._answer:
            inside = self._parser.inside_document
            self._stitcher = ContinuationStitcher("".join(self._answer), inside_document=inside)
        stream = self._provider.stream(request)
        try:
            async for event in stream:
                self._run.answering.set()
                ended = self._event(event)
                if ended is not None:
                    return ended
            self._settle()
        finally:
            await stream.aclose()
        return Error(
            "truncated",
            f"{self._provider.label} ended the stream without saying why.",
            "Press Continue to go on from there, or try again.",
        )

    def _event(self, event: Event) -> Stop | Error | None:
        match event:
            case Text(text):
                self._tokens += 1
                self._total += _bytes(text)
                self._wait(text)
                return self._outgrown()
            case Reasoning(text):
                self._settle()
                self._tokens += 1
                self._total += _bytes(text)
                self._run.reasoning(_clean(text))
                self._show_usage()
                return self._outgrown()
            case Usage():
                self._usage = event
            case Stop() | Error():
                self._settle()
                if self._stitcher:
                    self._take(self._joined(self._stitcher, self._stitcher.end()))
                # What came with the end has only now been measured.
                return event if isinstance(event, Error) else self._outgrown() or event
            case Start():
                pass
        return None

    def _wait(self, text: str) -> None:
        """Parse all text that came together at once, when the stream has no more in hand.

        While it has, nothing is really awaited, so the loop does not turn.
        """
        if self._broken is not None:
            raise self._broken
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._soon)
        self._waiting.append(text)

    def _soon(self) -> None:
        try:
            self._settle()
        except Exception as error:  # noqa: BLE001 raised where the turn is awaited
            self._broken = error

    def _settle(self) -> None:
        if self._broken is not None:
            raise self._broken
        waiting, self._waiting = self._waiting, []
        if waiting:
            text = "".join(waiting)
            stitcher = self._stitcher
            self._take(self._joined(stitcher, stitcher.feed(text)) if stitcher else text)
            self._show_usage()

    def _outgrown(self) -> Error | None:
        if self._size > MAX_DOCUMENT_BYTES:
            return _TOO_LARGE
        return _ENDLESS if self._total > MAX_ANSWER_BYTES else None

    def _joined(self, stitcher: ContinuationStitcher, text: str) -> str:
        """A continuation that begins the document anew is a second document."""
        if stitcher.restarted and self._restarted_by is not stitcher:
            self._parts(self._parser.end())
            self._parser = AnswerParser(len(self._documents))
            self._restarted_by = stitcher
        return text

    def _take(self, text: str) -> None:
        text = self._surrogate + text
        # Some hosts split a surrogate pair over two chunks; the first half waits for the second.
        self._surrogate = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        text = _clean(text[: len(text) - len(self._surrogate)])
        if text:
            self._answer.append(text)
            self._parts(self._parser.feed(text))

    def _parts(self, parts: list[Part]) -> None:
        for part in parts:
            match part:
                case Prose(text):
                    self._prose.append(text)
                    self._run.prose(text)
                case DocumentStart():
                    self._documents.append(Document())
                    self._size = 0
                case DocumentText(text):
                    self._documents[-1].parts.append(text)
                    self._size += _bytes(text)
                    self._run.document_text(len(self._documents) - 1, text)
                case DocumentEnd(complete=complete):
                    self._documents[-1].complete = complete
                    if len(self._documents) == 1:
                        self._run.document.finish()

    def _show_usage(self) -> None:
        now = time.monotonic()
        if self._first_text is None:
            self._first_text = now
        if now - self._usage_shown < USAGE_SECONDS:
            return
        self._usage_shown = now
        writing = now - self._first_text
        self._run.emit(
            "usage",
            output=self._tokens,
            estimated=True,
            seconds=round(now - self._began, 2),
            tokens_per_second=round(self._tokens / writing) if writing > USAGE_SECONDS else None,
        )

    def _sum(self) -> Usage:
        return Usage(
            *(
                _plus(getattr(self._earlier, name), getattr(self._usage, name))
                for name in ("input", "output", "reasoning", "cached", "written")
            )
        )

    @property
    def tokens_per_second(self) -> float | None:
        """Output tokens a second since the first one; `None` where that was only a moment ago."""
        if self._first_text is None:
            return None
        seconds = time.monotonic() - self._first_text
        return (self._sum().output or self._tokens) / seconds if seconds > A_MOMENT else None


def _plus(one: int | None, other: int | None) -> int | None:
    return other if one is None else one + (other or 0)


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _clean(text: str) -> str:
    """Join surrogate pairs and replace lone halves, which no UTF-8 stream can carry."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
