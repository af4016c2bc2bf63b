"""The ledger of a repair: what was tried, what came of it, and whether one more try is worth it.

Pure. The first attempt is the generation whose version failed; each later one is a repair.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sandbox.report import Verdict
from server.store.records import Json

MAX_TOKENS = 200_000
MAX_DOLLARS = 1.0
MAX_SECONDS = 900.0
_LONGEST_MESSAGE = 160


@dataclass(frozen=True, slots=True)
class Budget:
    """What the repairs of one failed version may come to, all together."""

    repairs: int = 2
    tokens: int = MAX_TOKENS
    dollars: float = MAX_DOLLARS
    seconds: float = MAX_SECONDS


@dataclass(frozen=True, slots=True)
class Attempt:
    """One generation of a ledger.

    `base` is the version that it started from and `version` what it made, if anything; `fatal`
    the message of each fatal finding of that by its signature. `tokens` and `dollars` are `None`
    where they are unknown. `error`: why the model did not end by itself.
    """

    base: int | None
    version: int | None
    verdict: str | None = None
    fatal: Mapping[str, str] = field(default_factory=dict)
    mechanical: bool = False
    tokens: int | None = None
    dollars: float | None = None
    seconds: float = 0.0
    error: str | None = None
    stopped: bool = False
    """Somebody pressed Stop, or the server went down."""

    @property
    def judged(self) -> bool:
        return self.version is not None and self.verdict in {Verdict.PASSED, Verdict.FAILED}

    @property
    def passed(self) -> bool:
        return self.version is not None and self.verdict == Verdict.PASSED


@dataclass(frozen=True, slots=True)
class Repair:
    """Ask once more, from version `base`; it is the model's attempt `number` of those allowed."""

    base: int
    number: int


Why = Literal[
    "passed", "stopped", "error", "untested", "returned", "stuck", "enough", "budget", "nothing"
]


@dataclass(frozen=True, slots=True)
class Stop:
    """No more: `sentence` says what still fails and what was tried; `best` is offered."""

    why: Why
    sentence: str
    best: int | None


def decide(attempts: Sequence[Attempt], budget: Budget) -> Repair | Stop:
    """Say whether the model is to be asked again, and from which version.

    `attempts` begin with the generation whose version failed.
    """
    last, repairs = attempts[-1], _by_model(attempts)
    best = best_version(attempts)
    if last.passed:
        return Stop("passed", _passed(attempts), last.version)
    stop = _broke_off(last) or _proves_nothing(attempts) or _is_spent(repairs, budget)
    if stop is not None:
        return Stop(stop[0], _sentence(attempts, stop[1]), best)
    if best is None:
        return Stop("nothing", _sentence(attempts, "no version could be tested"), None)
    return Repair(best, len(repairs) + 1)


def given_up(attempts: Sequence[Attempt], told: str | None = None) -> str:
    """Say what stands where another attempt was due, and something else came before it.

    A sentence that is `told` says what.
    """
    if told is not None:
        return f"{_sentence(attempts, 'no other was begun')} {told}"
    return _sentence(attempts, "no other was begun, since something else came before it")


def best_version(attempts: Sequence[Attempt]) -> int | None:
    """Return the version with the fewest fatal findings; of several the newest.

    That went furthest from faults which were mended, and an attempt from it is another question.
    """
    return fewest({one.version: len(one.fatal) for one in attempts if one.version and one.judged})


def fewest(faults: Mapping[int, int]) -> int | None:
    """Return the version with the fewest faults, of several the newest; `None` for none."""
    return min(faults, key=lambda n: (faults[n], -n), default=None)


def signatures(attempt: Attempt) -> list[str] | None:
    """Return what an attempt left to mend, in order; `None` where that is not known."""
    return sorted(attempt.fatal) if attempt.judged else None


def spent(attempts: Sequence[Attempt]) -> tuple[int, float | None, float]:
    """Sum up tokens, dollars (`None`: a price is unknown) and seconds of the repairs."""
    repairs = _by_model(attempts)
    dollars = [one.dollars for one in repairs]
    known = [amount for amount in dollars if amount is not None]
    return (
        sum(one.tokens or 0 for one in repairs),
        round(sum(known), 6) if len(known) == len(dollars) else None,
        sum(one.seconds for one in repairs),
    )


def dollars_of(cost: Json | None) -> float | None:
    """Return what a call cost in US dollars; `None` where that is not known."""
    is_known = cost is not None and cost.get("currency") == "USD"
    return float(cost["amount"]) if cost is not None and is_known else None


def _by_model(attempts: Sequence[Attempt]) -> list[Attempt]:
    return [one for one in attempts[1:] if not one.mechanical]


def _broke_off(last: Attempt) -> tuple[Why, str] | None:
    if last.stopped:
        return "stopped", "it was stopped"
    if last.error is not None:
        return "error", f"the model did not end its answer ({_shortened(last.error).rstrip('.')})"
    if last.version is not None and not last.judged:
        return "untested", f"version {last.version} could not be tested"
    return None


def _proves_nothing(attempts: Sequence[Attempt]) -> tuple[Why, str] | None:
    back = next(_returned(attempts), None)
    if back is not None:
        return "returned", f"a fault came back that had been mended ({_shortened(back)})"
    counted = _by_model(attempts)[-2:]
    if len(counted) > 1 and not any(_lowered(one, attempts) for one in counted):
        return "stuck", "two in a row left no fewer faults"
    return None


def _returned(attempts: Sequence[Attempt]) -> Iterator[str]:
    """Yield what the last attempt brought back: a version that it goes back to had lost it."""
    last = attempts[-1]
    if not last.judged:
        return
    by_version = {one.version: one for one in attempts if one.judged}
    line: list[Attempt] = []
    at = last.base
    while at in by_version and by_version[at] not in line:
        line.append(by_version[at])
        at = by_version[at].base
    for signature, message in last.fatal.items():
        was_gone = bool(line) and signature not in line[0].fatal
        if was_gone and any(signature in earlier.fatal for earlier in line[1:]):
            yield message


def _lowered(attempt: Attempt, attempts: Sequence[Attempt]) -> bool:
    base = next((one for one in attempts if one.version == attempt.base and one.judged), None)
    return attempt.judged and base is not None and len(attempt.fatal) < len(base.fatal)


def _is_spent(repairs: Sequence[Attempt], budget: Budget) -> tuple[Why, str] | None:
    if len(repairs) >= budget.repairs:
        return "enough", "no more may start by themselves"
    tokens = sum(one.tokens or 0 for one in repairs)
    dollars = sum(one.dollars or 0 for one in repairs)
    seconds = sum(one.seconds for one in repairs)
    if repairs and tokens >= budget.tokens:
        return "budget", f"the budget of {budget.tokens:,} tokens is spent"
    if repairs and dollars >= budget.dollars:
        return "budget", f"the budget of ${budget.dollars:.2f} is spent"
    if repairs and seconds >= budget.seconds:
        return "budget", f"the budget of {budget.seconds:,.0f} seconds is spent"
    return None


def _passed(attempts: Sequence[Attempt]) -> str:
    return f"Version {attempts[-1].version} passes its test; {_tried(attempts)}."


def _sentence(attempts: Sequence[Attempt], why: str) -> str:
    best = best_version(attempts)
    found = next((one for one in attempts if one.version == best and one.judged), None)
    still = "Nothing passes its test"
    if found is not None:
        messages = list(found.fatal.values())
        more = f" and {len(messages) - 1} more" if len(messages) > 1 else ""
        fault = f": {_shortened(messages[0])}{more}" if messages else ""
        still = f"Version {best} is the best so far and still fails{fault}"
    return f"{still}. {_tried(attempts).capitalize()}; {why}."


def _tried(attempts: Sequence[Attempt]) -> str:
    repairs = _by_model(attempts)
    tokens, dollars, _ = spent(attempts)
    said = []
    if len(attempts) - 1 > len(repairs):
        said.append("a mechanical repair was tried")
    if repairs:
        count = "one repair" if len(repairs) == 1 else f"{len(repairs)} repairs"
        price = "price unknown" if dollars is None else f"${dollars:.4f}"
        was = "was" if len(repairs) == 1 else "were"
        said.append(f"{count} by the model {was} tried ({tokens:,} tokens, {price})")
    return " and ".join(said) or "no repair was tried"


def _shortened(message: str) -> str:
    line = " ".join(message.split())
    return line if len(line) <= _LONGEST_MESSAGE else f"{line[:_LONGEST_MESSAGE]}…"
