"""What strangers wrote, as a terminal may show it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def shown(text: str) -> str:
    """Write out what a terminal would obey, and what turns the direction of the text after it."""
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


def shown_lines(text: str) -> str:
    """The same for a text of several lines."""
    return "\n".join(shown(line) for line in text.splitlines())


def as_json(told: Any, *, indent: int | None = None) -> str:
    """Write JSON, whose own rules let through some of what a terminal would obey."""
    text = json.dumps(told, ensure_ascii=False, indent=indent)
    if text.isprintable():
        return text
    # Within texts: the lines between are the indent's.
    return "".join(
        one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in text
    )


def finding_line(finding: Mapping[str, Any]) -> str:
    """A stored report's finding, below what it is of."""
    line = f"line {finding['line']}: " if finding["line"] else ""
    return f"  {finding['severity']}: {line}{shown(finding['message'])}"
