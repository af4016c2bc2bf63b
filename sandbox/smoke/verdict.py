"""From what was seen to a verdict. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.report import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Conclusion:
    verdict: Verdict
    findings: tuple[Finding, ...]
    reason: str | None


def conclude(
    findings: Iterable[Finding],
    *,
    ran: bool = True,
    unused: bool = False,
    reason: str | None = None,
) -> Conclusion:
    """Judge: `failed` with any fatal finding, `passed` without, either only if a browser `ran` it.

    `unused`: time ran out before any of its controls was used, so nobody has seen it work.
    `reason` is one sentence: why it was not tested, or why not every control was used.
    """
    distinct = once_each(findings)
    if not ran:
        return Conclusion(Verdict.NOT_TESTED, distinct, reason or "No browser ran the document.")
    if any(finding.severity == "fatal" for finding in distinct):
        return Conclusion(Verdict.FAILED, distinct, reason)
    if unused:
        return Conclusion(Verdict.NOT_TESTED, distinct, reason or "None of its controls was used.")
    return Conclusion(Verdict.PASSED, distinct, reason)


def once_each(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Keep the first finding of each signature, fatal ones first, otherwise in order."""
    first: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        first.setdefault((finding.severity, finding.signature), finding)
    return tuple(sorted(first.values(), key=lambda finding: finding.severity != "fatal"))
