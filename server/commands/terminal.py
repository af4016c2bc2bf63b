"""What strangers wrote, as a terminal may show it."""

from __future__ import annotations

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


def finding_line(finding: Mapping[str, Any]) -> str:
    """A stored report's finding, below what it is of."""
    line = f"line {finding['line']}: " if finding["line"] else ""
    return f"  {finding['severity']}: {line}{shown(finding['message'])}"
