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

    def __post_init__(self) -> None:
        """A tool's strings may hold half a surrogate pair, which no answer can carry."""
        for name in ("message", "signature", "control"):
            text = getattr(self, name)
            if text is not None:
                object.__setattr__(self, name, without_lone_surrogates(text))


@dataclass(frozen=True, slots=True)
class Screenshot:
    name: str
    png: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Report:
    """`reason` says in one sentence why, when the verdict is "not tested".

    `asked` is what it loaded of the libraries: addresses below their folder.
    """

    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    duration_ms: int = 0
    screenshots: tuple[Screenshot, ...] = ()
    controls_found: int = 0
    controls_used: int = 0
    reason: str | None = None
    asked: tuple[str, ...] = ()

    @property
    def fatal(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "fatal")

    @property
    def needs_network(self) -> tuple[str, ...]:
        """The origins that it asked for and that nothing answered."""
        asked = (one.message for one in self.findings if one.kind == NEEDS_NETWORK)
        return tuple(dict.fromkeys(message.removeprefix(f"{NEEDS_NETWORK}: ") for message in asked))
