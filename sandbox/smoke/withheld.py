"""What no tool has, or not unasked: in words for who wants a tool, not the browser's."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Power:
    says: re.Pattern[str]  # how a browser says that it is not there
    asks: re.Pattern[str]  # what asks for it
    advice: str


_POWERS = (
    _Power(
        re.compile(
            r"\b(?:camera|microphone|display-capture) is not allowed in this document"
            r"|\b[Rr]equested device not found|NotAllowedError: Permission (?:denied|dismissed)"
        ),
        re.compile(r"\bget(?:User|Display)Media\b"),
        "a tool gets no camera and no microphone, whoever allows it: let a person choose a picture"
        ' or a recording instead, by <input type="file" accept="image/*" capture>',
    ),
    _Power(
        re.compile(r"\bGeolocation (?:access )?has been (?:blocked|disabled)|User denied Geoloc"),
        re.compile(r"\bgeolocation\b"),
        "a tool learns where a person is only once they allow it, when the page asks them:"
        " let them type or choose a place as well",
    ),
    _Power(
        re.compile(r"\bClipboard API has been blocked"),
        re.compile(r"\bclipboard\s*\.\s*read"),
        "a tool reads what was copied only once a person allows it, when the page asks them:"
        " give them a field to paste into as well",
    ),
)


def withheld(message: str, html: str) -> tuple[str, int] | None:
    """Return what to do instead, and the line that asks, if a message tells of such a power.

    Only where the tool asks for it: an error of its own may have the same words.
    """
    for power in _POWERS:
        asked = power.says.search(message) and power.asks.search(html)
        if asked:
            return power.advice, html.count("\n", 0, asked.start()) + 1
    return None
