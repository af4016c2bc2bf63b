"""What a smoke test saw and concluded."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from sandbox.text import without_lone_surrogates

Severity = Literal["fatal", "advisory"]
Phase = Literal["load", "interact"]
NEEDS_NETWORK = "needs network"
"""The kind of a finding whose message is this and an origin."""
FILM = "film-"
"""What the names of the film's pictures begin with."""


class Verdict(StrEnum):
    """`passed` is only ever said after a real browser ran the document."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_TESTED = "not tested"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the browser saw.

    `line` and `column` count from 1 in the user's own document, `None` where unknown.
    `signature` is the same for the same fault under moved lines and changed numbers.
    `control` names what was used when it happened: "button ‘Export CSV’".
    `adds` is the address of a CDN by which a person could add the library that is missing.
    `steps` are the last things that were done until then, in words; `picture` is the name of the
    screenshot, or of the picture in the film, that shows it.
    """

    kind: str
    severity: Severity
    phase: Phase
    message: str
    signature: str
    line: int | None = None
    column: int | None = None
    control: str | None = None
    adds: str | None = None
    steps: tuple[str, ...] = ()
    picture: str | None = None

    def __post_init__(self) -> None:
        """A tool's strings may hold half a surrogate pair, which no answer can carry."""
        for name in ("message", "signature", "control"):
            text = getattr(self, name)
            if text is not None:
                object.__setattr__(self, name, without_lone_surrogates(text))
        object.__setattr__(self, "steps", tuple(map(without_lone_surrogates, self.steps)))


@dataclass(frozen=True, slots=True)
class Screenshot:
    name: str
    png: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Picture:
    """A small picture of the page, as JPEG."""

    name: str
    jpeg: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done: in words, and when, counted from the document's first byte.

    `picture` names how the page looked after it, in the film. `box` is where the control was in
    it: left, top, width and height in hundredths of the picture's own.
    """

    told: str
    at_ms: int
    picture: str | None = None
    box: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        """As a finding's."""
        object.__setattr__(self, "told", without_lone_surrogates(self.told))


@dataclass(frozen=True, slots=True)
class Report:
    """`reason` says in one sentence why, when the verdict is "not tested".

    `asked` is what it loaded of the libraries: addresses below their folder. `film` are the
    pictures of the `steps`. `browser` is its name and version, `policy` the Content Security
    Policy that held; `loaded_ms` is when the page was there and still.
    """

    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    duration_ms: int = 0
    screenshots: tuple[Screenshot, ...] = ()
    controls_found: int = 0
    controls_used: int = 0
    reason: str | None = None
    asked: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    film: tuple[Picture, ...] = ()
    browser: str | None = None
    policy: str | None = None
    loaded_ms: int | None = None

    @property
    def fatal(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "fatal")

    @property
    def needs_network(self) -> tuple[str, ...]:
        """The origins that it asked for and that nothing answered."""
        asked = (one.message for one in self.findings if one.kind == NEEDS_NETWORK)
        return tuple(dict.fromkeys(message.removeprefix(f"{NEEDS_NETWORK}: ") for message in asked))


def in_words(verdict: str, *, used: int, found: int, fatal: int, advisory: int) -> str:
    """Say a verdict in one line: "passed: 14 controls used, 0 errors, 2 notes"."""
    if verdict == Verdict.NOT_TESTED:
        return verdict
    of = f" of {found}" if used < found else ""
    controls = "control" if max(used, found) == 1 else "controls"
    errors = "1 error" if fatal == 1 else f"{fatal} errors"
    notes = "1 note" if advisory == 1 else f"{advisory} notes"
    return f"{verdict}: {used}{of} {controls} used, {errors}, {notes}"
