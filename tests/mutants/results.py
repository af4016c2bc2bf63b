"""What the smoke test said of good tools and of broken ones, and whether that is enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sandbox.report import Finding, Report, Verdict
from sandbox.smoke.tester import BUSY
from tests.mutants.kinds import Mutant

LEAST_RECALL = 0.95
MOST_FALSE_ALARMS = 0.02
LEAST_NAMED = 0.8
MOST_UNTOLD = 0.1
_NEAR = 3  # lines


@dataclass(frozen=True)
class Tried:
    """One document and its report; a good tool has no kind and no mutant."""

    tool: str
    report: Report
    kind: str = ""
    mutant: Mutant | None = None

    @property
    def failed(self) -> bool:
        return self.report.verdict is Verdict.FAILED

    @property
    def is_told(self) -> bool:
        """Whether the report says something of the tool, and not of a busy machine alone."""
        is_tested = self.report.verdict is not Verdict.NOT_TESTED
        return is_tested or BUSY not in (self.report.reason or "")

    @property
    def is_named(self) -> bool:
        """Whether a finding names the fault's control, or a line within three of it."""
        return any(self._names(finding) for finding in self.report.findings)

    def _names(self, finding: Finding) -> bool:
        mutant = self.mutant
        if mutant is None:
            return False
        near = finding.line is not None and abs(finding.line - mutant.line) <= _NEAR
        return near or bool(
            mutant.control and f"‘{mutant.control[:60]}’" in (finding.control or "")
        )

    def __str__(self) -> str:
        report = self.report
        said = [f"{one.severity} {one.kind}: {_short(one.message)}" for one in report.findings[:3]]
        used = f"{report.controls_used} of {report.controls_found} controls"
        parts = [f"{report.verdict}, {used}", *said, *([report.reason] if report.reason else [])]
        where = f", line {self.mutant.line}" if self.mutant else ""
        control = f", ‘{self.mutant.control}’" if self.mutant and self.mutant.control else ""
        return f"{self.kind or 'good'} · {self.tool}{where}{control}: {'; '.join(parts)}"


@dataclass(frozen=True)
class Results:
    """What a busy machine says nothing of is counted apart, in `untold`."""

    tried: Sequence[Tried]

    @property
    def good(self) -> list[Tried]:
        return [one for one in self.tried if one.mutant is None and one.is_told]

    @property
    def broken(self) -> list[Tried]:
        return [one for one in self.tried if one.mutant is not None and one.is_told]

    @property
    def untold(self) -> list[Tried]:
        return [one for one in self.tried if not one.is_told]

    @property
    def false_alarms(self) -> list[Tried]:
        return [one for one in self.good if one.failed]

    @property
    def misses(self) -> list[Tried]:
        return [one for one in self.broken if not one.failed]

    @property
    def is_kept(self) -> bool:
        """Whether the promise holds."""
        recall = _share(len(self.broken) - len(self.misses), len(self.broken))
        alarms = _share(len(self.false_alarms), len(self.good))
        untold = _share(len(self.untold), len(self.tried))
        return recall >= LEAST_RECALL and alarms <= MOST_FALSE_ALARMS and untold <= MOST_UNTOLD


def sameness(tried: Sequence[Tried]) -> tuple[bool, list[str]]:
    """Return whether all verdicts of each tool are the same, and what is to be printed of it.

    What a busy machine says nothing of is no verdict, and is counted as not the same.
    """
    agreed, told = 0, []
    for name in dict.fromkeys(one.tool for one in tried):
        said = Counter(
            str(one.report.verdict) if one.is_told else BUSY for one in tried if one.tool == name
        )
        agreed += max(said.values())
        if len(said) > 1:
            told += ["", f"{name}: {', '.join(f'{count} {word}' for word, count in said.items())}"]
            told += [f"  {one}" for one in tried if one.tool == name]
    tools = len({one.tool for one in tried})
    told += ["", f"verdicts of {tools} tools that agree: {_percent(agreed, len(tried))}"]
    return agreed == len(tried), told


def table(results: Results) -> Iterator[str]:
    yield from _named("missed", results.misses)
    yield from _named("false alarms", results.false_alarms)
    yield from _named("the machine was too busy to tell", results.untold)
    yield ""
    yield f"{'kind':28}{'broken':>8}{'failed':>8}{'recall':>8}{'named':>8}"
    for kind in dict.fromkeys(one.kind for one in results.broken):
        yield _row(kind, [one for one in results.broken if one.kind == kind])
    yield _row("all", results.broken)
    alarms, good = len(results.false_alarms), len(results.good)
    told = [one for one in results.broken if one.failed]
    named = sum(one.is_named for one in told)
    yield ""
    yield f"recall: {_percent(len(told), len(results.broken))} (at least {LEAST_RECALL:.0%})"
    yield f"false alarms: {_percent(alarms, good)} (at most {MOST_FALSE_ALARMS:.0%})"
    yield (
        f"of those that failed the report names the control or a line within {_NEAR}: "
        f"{_percent(named, len(told))} (at least {LEAST_NAMED:.0%})"
    )


def _named(title: str, tried: Sequence[Tried]) -> Iterator[str]:
    if tried:
        yield ""
        yield f"{title}: {len(tried)}"
        yield from (f"  {one}" for one in tried)


def _row(name: str, tried: Sequence[Tried]) -> str:
    failed = [one for one in tried if one.failed]
    named = sum(one.is_named for one in failed)
    recall = f"{_share(len(failed), len(tried)):.0%}"
    return f"{name:28}{len(tried):8}{len(failed):8}{recall:>8}{named:8}"


def _share(some: int, of: int) -> float:
    return some / of if of else 0.0


def _percent(some: int, of: int) -> str:
    return f"{some} of {of}, {100 * _share(some, of):.1f} %"


def _short(text: str) -> str:
    return text if len(text) <= 90 else f"{text[:89]}…"
