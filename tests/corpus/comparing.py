"""When a tool does the same in two places, and what differs if not. Pure.

A run is a list of steps: the load, then one act after the other. The reference may itself be
unsteady (it shows a duration, or moves by itself): a second run of it tells, and what two runs of
the reference do not agree on is not held against another place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import unified_diff

_CLOCK = re.compile(r"\b(\d{1,2}:\d{2}):\d{2}(?:\.\d+)?")
_SHORT = re.compile(r"\b\d+(?:\.\d+)?(?= ?(?:ms|µs|milliseconds|fps|FPS)\b)")
_SPACE = re.compile(r"\s+")
_DIGITS = re.compile(r"\d+(?:[.,:]\d+)*")
_URL = re.compile(r"(?:https?|file|blob):[^\s'\")]+")
_MOST_LINES = 40


@dataclass(frozen=True)
class Step:
    """`name` is what was done; `text` what a person then saw, with dialogs and saved files.

    `there`: whether the control was found at all. `same`: whether what the reference showed was
    seen here, at some moment.
    """

    name: str
    text: str
    there: bool = True
    same: bool = True


@dataclass(frozen=True)
class Run:
    """`lost` says why it did not come to its end."""

    steps: tuple[Step, ...] = ()
    errors: tuple[str, ...] = ()
    lost: str = ""


@dataclass(frozen=True)
class Difference:
    """`cause` names the class; `told` is for whoever looks into it."""

    cause: str
    step: str = ""
    told: tuple[str, ...] = field(default_factory=tuple)


def plain(text: str, here: str) -> str:
    """Return a text as it is compared: without the page's own address, seconds and durations."""
    for own in dict.fromkeys((here, here.rstrip("/"))):
        text = text.replace(own, "«here»") if own else text
    text = _SHORT.sub("#", _CLOCK.sub(r"\1", text))
    lines = (_SPACE.sub(" ", line).strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def plain_error(message: str) -> str:
    """Return an error's first line, without addresses."""
    first = message.strip().splitlines()[0] if message.strip() else ""
    first = re.sub(r"^(?:Uncaught )?(?:\(in promise\) )?", "", first)
    return _URL.sub("«address»", first)[:300]


def without_digits(text: str) -> str:
    return _DIGITS.sub("#", text)


def differences(reference: Run, again: Run | None, other: Run) -> list[Difference]:
    """Return what another place does differently; `again` is a second run of the reference."""
    if other.lost:
        return [Difference(f"did not end: {other.lost}")]
    return [*_of_errors(reference, again, other), *_of_steps(reference, again, other)]


def _of_errors(reference: Run, again: Run | None, other: Run) -> list[Difference]:
    expected = set(reference.errors) | set(again.errors if again else ())
    steady = set(reference.errors) & set(again.errors if again else reference.errors)
    more = [error for error in dict.fromkeys(other.errors) if error not in expected]
    less = [error for error in dict.fromkeys(reference.errors) if error in steady]
    return [
        *(Difference(f"error only here: {error}") for error in more),
        *(Difference(f"error not here: {error}") for error in less if error not in other.errors),
    ]


def _of_steps(reference: Run, again: Run | None, other: Run) -> list[Difference]:
    found = []
    for at, step in enumerate(other.steps):
        expected = reference.steps[at]
        second = again.steps[at] if again and at < len(again.steps) else None
        if not step.there:
            if second is None or second.there:
                found.append(Difference("a control is not there", step.name))
        elif not step.same and not _excused(expected, second, step):
            cause = "text after an act" if at else "text after the load"
            found.append(Difference(cause, step.name, _told(expected.text, step.text)))
    return found


def _excused(expected: Step, second: Step | None, step: Step) -> bool:
    """Whether the reference does not agree with itself here."""
    if second is None or (second.same and second.there):
        return False
    alike: Callable[[str], str] = without_digits
    if alike(second.text) == alike(expected.text):
        return alike(step.text) == alike(expected.text)
    return True


def _told(expected: str, got: str) -> tuple[str, ...]:
    lines = unified_diff(expected.splitlines(), got.splitlines(), lineterm="", n=0)
    return tuple(line[:200] for line in lines if not line.startswith(("---", "+++", "@@")))[
        :_MOST_LINES
    ]
