"""What axe-core tells of a page, as notes: a rule once, whatever breaks it how often. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.report import Finding
from sandbox.smoke.places import line_at, line_of_element
from sandbox.smoke.signatures import sign

Barrier = Mapping[str, Any]
_GRAVEST = ("critical", "serious", "moderate", "minor")
_MOST = 8
_SHOWN = 80  # characters of a tag


def read_barriers(told: Sequence[Barrier], html: str) -> list[Finding]:
    """Return the gravest; each is told in the shape that `barriers` of accessible.js gives it."""
    gravest = sorted(told, key=lambda one: _GRAVEST.index(one["impact"]))
    return [_finding(one, html) for one in gravest[:_MOST]]


def _finding(barrier: Barrier, html: str) -> Finding:
    tag = str(barrier["tag"])
    shown = tag if len(tag) <= _SHOWN else f"{tag[: _SHOWN - 1]}…"
    others = f", and {barrier['count'] - 1} more" if barrier["count"] > 1 else ""
    return Finding(
        kind="accessibility",
        severity="advisory",
        phase="load",
        message=f"{barrier['help']}: {shown}{others}",
        signature=sign("accessibility", str(barrier["rule"])),
        line=line_of_element(html, str(barrier["id"]), str(barrier["class"]))
        or (line_at(html, html.find(tag)) if tag else None),
    )
