"""What legible.js tells of a page, as findings: unreadable text, a page too wide. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.report import Finding, Severity
from sandbox.smoke.places import line_at, line_of_element
from sandbox.smoke.signatures import sign

Text = Mapping[str, Any]

NARROW = 360
_SLACK = 2  # pixels: a border, or a rounding
_SCHEME = re.compile(r"prefers-color-scheme|color-scheme\s*:|light-dark\(|name=[\"']?color-scheme")
_LONGEST_RULE = 200
_SHOWN = 60  # letters of it


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the whole page; `scheme` is light or dark."""

    scheme: str
    told: Mapping[str, Any]


def has_schemes(html: str) -> bool:
    """Whether the page looks another way for who prefers the dark."""
    return _SCHEME.search(html) is not None


def read_look(look: Look, html: str) -> list[Finding]:
    """Find what cannot be read (fatal) and what is hard to read (a note)."""
    found = []
    told, dark = look.told, " in dark mode" if look.scheme == "dark" else ""
    if told["small"]:
        message = f"nearly no text can be seen{dark}: its size is 0"
        line = _line_of_rule(told["small"]["rule"], html)
        found.append(_finding("invisible", "fatal", message, f"small{dark}", line=line))
    if same := told["same"]:
        found.append(_unseen(same, told["count"], html, dark))
    garbled = told["garbled"]
    if garbled and garbled["said"] not in html:
        found.append(_garbled(garbled["text"], garbled["said"]))
    if hard := told["hard"]:
        found.append(_hard(hard, told["hardCount"], html, dark))
    return found


def _garbled(text: str, said: str) -> Finding:
    """Tell of what JavaScript writes where it is given a thing and no text."""
    waits = " that nobody waits for" if "Promise" in said else ""
    thing = said.removeprefix("[object ").removesuffix("]")
    article = "an" if thing[0] in "AEIO" else "a"
    shown = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
    message = f"a text on the page is none: ‘{shown}’: it is made of {article} {thing}{waits}"
    return _finding("garbled", "fatal", message, said, line=None, phase="interact")


def _unseen(same: Sequence[Text], count: int, html: str, dark: str) -> Finding:
    first = same[0]
    name = f"what is in the field ‘{first['text']}’" if first["field"] else f"‘{first['text']}’"
    others = f", and {count - 1} more" if count > 1 else ""
    colours = f"{first['colour']} on {first['behind']}"
    by = f" ({colours}, by {_shown(first['rule'])})" if first["rule"] else f" ({colours})"
    message = f"text that cannot be seen{dark}: {name}{others}, in the colour of what is behind it"
    return _finding(
        "invisible",
        "fatal",
        f"{message}{by}",
        f"same{dark}{first['rule'] or first['text']}",
        line=_line(first, html),
        phase="interact" if first.get("late") else "load",
    )


def _hard(hard: Sequence[Text], count: int, html: str, dark: str) -> Finding:
    first = min(hard, key=lambda one: float(one["ratio"]))
    others = f", and {count - 1} more" if count > 1 else ""
    ratio = f"{first['ratio']:.1f}"
    message = (
        f"text that is hard to read{dark}: ‘{first['text']}’{others}, {first['colour']} on"
        f" {first['behind']}, a contrast of {ratio}"
    )
    place = f"hard{dark}{first['rule'] or first['text']}"
    return _finding("contrast", "advisory", message, place, line=_line(first, html))


def read_width(told: Mapping[str, Any], html: str) -> list[Finding]:
    """Find a document that is wider than a telephone."""
    if told["over"] <= _SLACK:
        return []
    name = "".join(
        (
            str(told["name"]),
            f"#{told['id']}" if told["id"] else "",
            "".join(f".{one}" for one in str(told["class"]).split()[:2]),
        )
    )
    by = f": {name} sticks out" if name else ""
    message = f"at {NARROW} pixels the page is {told['over']} pixels wider than the window{by}"
    line = line_of_element(html, told["id"], told["class"])
    return [_finding("layout", "advisory", message, name, line=line)]


def _line(text: Text, html: str) -> int | None:
    """The line of the rule that gives the colour, else that of the text itself."""
    return _line_of_rule(str(text["rule"]), html) or _line_of_text(str(text["text"]), html)


def _line_of_rule(selectors: str, html: str) -> int | None:
    if not selectors or len(selectors) >= _LONGEST_RULE:
        return None
    # A browser writes selectors with spaces of its own.
    words = [re.escape(one) for one in re.findall(r"[,>+~]|[^\s,>+~]+", selectors)]
    # What stands before the first word belongs to no other selector.
    rules = list(re.finditer(r"(?<![\w.#,+~-])" + r"\s*".join(words) + r"\s*\{", html))
    # The last of them has its way.
    return line_at(html, rules[-1].start()) if rules else None


def _line_of_text(text: str, html: str) -> int | None:
    words = [re.escape(one) for one in text.split()[:6]]
    found = re.search(r"\s+".join(words), html) if words else None
    return line_at(html, found.start()) if found else None


def _shown(rule: str) -> str:
    return f"‘{rule if len(rule) <= _SHOWN else f'{rule[: _SHOWN - 1]}…'}’"


def _finding(
    kind: str,
    severity: Severity,
    message: str,
    place: str,
    *,
    line: int | None = None,
    phase: str = "load",
) -> Finding:
    return Finding(
        kind=kind,
        severity=severity,
        phase="interact" if phase == "interact" else "load",
        message=message,
        # What a text says may be another one every time.
        signature=sign(kind, place),
        line=line,
    )
