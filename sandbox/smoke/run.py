"""What one run of one document saw, and the ways in which a run can end early. Pure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from sandbox.report import Finding, Picture, Screenshot, Step
from sandbox.smoke.findings import Moment
from sandbox.text import without_lone_surrogates

# Waits for what needs the tool's main thread, and raises when it is silent.
Answered = Callable[[Coroutine[Any, Any, Any]], Awaitable[Any]]


class BrowserUnavailableError(Exception):
    """The browser cannot be started or does not answer; the message is for a person.

    `slow`: all the time that a start may take has been waited.
    """

    def __init__(self, message: str, *, slow: bool = False) -> None:
        super().__init__(message)
        self.slow = slow


class TabCrashedError(Exception):
    """The process that runs the tool is gone."""


class BrowserLostError(Exception):
    """The browser is gone, or does not do what browsers do; the message is for a person."""


class EndlessError(Exception):
    """The tool does one thing again and again; the message says what, as "opens dialogs"."""


class SilentError(Exception):
    """The tool's main thread did not answer in time."""


@dataclass(frozen=True, slots=True)
class Progress:
    """`message` in a person's words: "pressed ‘Split’"; `done` of `total` controls so far."""

    message: str
    done: int
    total: int

    def __post_init__(self) -> None:
        """A control's label may hold half a surrogate pair, which no event can carry."""
        object.__setattr__(self, "message", without_lone_surrogates(self.message))


def waiting(before: int) -> str:
    """What a person reads while so many other tests come first."""
    if before == 0:
        return "waiting for a turn: it is the next"
    return f"waiting for a turn: {before} {'test comes' if before == 1 else 'tests come'} before it"


@dataclass(slots=True)
class Run:
    """What one run saw, kept up to date while it goes, so that a run cut short tells what it saw.

    `finished`: the document was opened, looked at and used as far as the budgets allow.
    `stuck`: it was never still, and its page may not even close.
    `out_of_time`: the budget of seconds ended the use of controls.
    `hang_proved`: a script had the processor for as long as it takes to call it endless.
    `browser` is its version.
    """

    findings: tuple[Finding, ...] = ()
    screenshots: list[Screenshot] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    film: list[Picture] = field(default_factory=list)
    browser: str | None = None
    loaded_ms: int | None = None
    controls_found: int = 0
    controls_used: int = 0
    finished: bool = False
    stuck: bool = False
    out_of_time: bool = False
    hang_proved: bool = False
    reason: str | None = None
    moment: Moment = field(default_factory=Moment)  # the last one
