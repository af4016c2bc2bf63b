"""What generations cost, and the budgets that stop them before the next call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from server.errors import Problem
from server.generation.hub import Hub
from server.generation.run import Run
from server.providers.prices import MILLION, Tariff, in_words
from server.providers.protocol import Error, ModelRequest, Usage
from server.providers.registry import Registry
from server.store import spending
from server.store.database import Database

CHARACTERS_PER_TOKEN = 4
OVER_BUDGET = "over_budget"
_KEPT = "What you wrote is kept: send it again then."


@dataclass(frozen=True, slots=True)
class Budgets:
    """What models may cost, in millionths of a dollar; None: as much as they do."""

    day: int | None = None
    artifact: int | None = None


class Money:
    """Knows what each model charges, and whether a budget has room for the next call.

    There is room while what was spent, what runs now has come to, and what the call sends are
    within it; how long an answer gets, nobody knows before. Calls of unknown cost count nothing.
    """

    def __init__(
        self, database: Database, registry: Registry, hub: Hub, budgets: Budgets = Budgets()
    ) -> None:
        self._database = database
        self._registry = registry
        self._hub = hub
        self.budgets = budgets

    async def tariff(self, provider: str, model: str) -> Tariff | None:
        """Find what a model charges; None when nobody knows."""
        return await self._registry.tariff(provider, model)

    async def check(
        self, provider: str, model: str, artifact_id: str | None, *, characters: int = 0
    ) -> None:
        """Raise a 402 `Problem` where no budget has room for a call that sends so much.

        Without an artifact it is for a new one.
        """
        sent = Usage(characters // CHARACTERS_PER_TOKEN, 0)
        refused = await self._refusal(provider, model, artifact_id, sent)
        if refused is not None:
            raise Problem(402, refused.message, action=refused.action, code=refused.code)

    async def refusal(self, run: Run, request: ModelRequest, so_far: Usage) -> Error | None:
        """Say why a run's next call is not made; `so_far` is what its calls have come to."""
        generation = run.generation
        sent = size(request) // CHARACTERS_PER_TOKEN
        usage = Usage((so_far.input or 0) + sent, so_far.output or 0)
        return await self._refusal(
            generation.provider, generation.model, generation.artifact_id, usage, run
        )

    async def _refusal(
        self,
        provider: str,
        model: str,
        artifact_id: str | None,
        usage: Usage,
        own: Run | None = None,
    ) -> Error | None:
        if self.budgets == Budgets():
            return None
        tariff = await self.tariff(provider, model)
        if tariff is not None and not (tariff.price.input or tariff.price.output):
            return None
        asked = (tariff.micros(usage) if tariff else None) or 0
        running = [
            one
            for artifact in self._hub.artifacts()
            for one in self._hub.of(artifact)
            if one is not own and not one.ended
        ]
        async with self._database.read() as connection:
            day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
            today = (await spending.total(connection, since=day)).micros
            own_sum = 0
            if artifact_id is not None:
                own_sum = (await spending.total(connection, artifact_id=artifact_id)).micros
        today += sum(map(_due, running))
        own_sum += sum(_due(one) for one in running if one.generation.artifact_id == artifact_id)
        if _is_over(self.budgets.day, today, asked):
            return _refused(
                "today's budget", self.budgets.day or 0, today, "wait until 00:00 UTC or", "DAY"
            )
        if _is_over(self.budgets.artifact, own_sum, asked):
            return _refused("this tool's budget", self.budgets.artifact or 0, own_sum, "", "TOOL")
        return None


def size(request: ModelRequest) -> int:
    """Count the characters that a model is sent."""
    return len(request.system) + sum(len(turn.text) for turn in request.turns)


def _due(run: Run) -> int:
    """Return what a run has come to, as far as anybody knows."""
    if run.tariff is None:
        return 0
    asked, came = run.asked // CHARACTERS_PER_TOKEN, run.characters // CHARACTERS_PER_TOKEN
    return run.tariff.micros(run.counted or Usage(asked, came)) or 0


def _is_over(budget: int | None, spent: int, asked: int) -> bool:
    return budget is not None and (spent >= budget or spent + asked > budget)


def _refused(which: str, budget: int, spent: int, wait: str, name: str) -> Error:
    is_spent = spent >= budget
    state = "is spent" if is_spent else "has no room for what this would send"
    message = (
        f"No model was asked, since {which} of {in_words(budget)} {state} "
        f"(${spent / MILLION:.4f} so far): {wait} start Sandwright with a higher "
        f"SANDWRIGHT_BUDGET_PER_{name}."
    )
    return Error(OVER_BUDGET, " ".join(message.split()), _KEPT)
