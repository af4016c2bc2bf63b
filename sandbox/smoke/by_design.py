"""An error that a tool throws itself, and tells the person of, is none of its faults. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.report import Finding


def own_words(found: Finding, html: str) -> str | None:
    """Return what a tool's own `throw` said, of an error that a control brought about."""
    if found.severity != "fatal" or found.phase != "interact":
        return None
    said = re.match(r"(?:\w*Error: )?(.{1,200})$", found.message)
    if found.kind not in ("error", "rejection") or said is None:
        return None
    thrown = re.search(
        rf"\bthrow\s++(?:new\s++)?[\w$.]*+\s*+\(?+\s*+([\"'`]){re.escape(said[1])}\1", html
    )
    return said[1] if thrown else None


def is_told(answer: Mapping[str, Any]) -> bool:
    """Whether the page says so too; other words count where a field was left empty."""
    return bool(answer["same"] or (answer["message"] and answer["empty"]))
