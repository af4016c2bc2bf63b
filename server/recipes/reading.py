"""Read a recipe's parameters from one sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from server.recipes.kinds import KINDS
from server.recipes.sentence import alternation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.recipes.answer import Value
    from server.recipes.recipe import Parameter, Recipe
    from server.recipes.sentence import Sentence, Span

_NEUTRAL = {"title", "theme", "items"}


@dataclass(frozen=True, slots=True)
class Reading:
    """`values`: what the sentence set. `rest`: the sentence with that blanked out.

    `spans`: where the recipe's own parameters stood; `neutral`: where those stood that say
    nothing of which recipe is meant (the person's own words, the theme).
    `evidence`: the values alone show which recipe is meant ("miles to km").
    """

    values: Mapping[str, Value]
    rest: Sentence
    spans: tuple[Span, ...]
    neutral: tuple[Span, ...]
    evidence: bool


def read(recipe: Recipe, sentence: Sentence, before: Mapping[str, Value]) -> Reading:
    """Read in the order in which the recipe lists its parameters; `before` is empty at first."""
    values: dict[str, Value] = {}
    evidence = False
    rest = sentence
    spans: list[Span] = []
    neutral: list[Span] = []
    for (kind, is_neutral), group in groupby(recipe.parameters, key=_sort):
        parameters = list(group)
        found = KINDS[kind].read(rest, parameters, before)
        values |= found.values
        rest = rest.without(found.spans)
        (neutral if is_neutral else spans).extend(found.spans)
        needed = max(parameter.evidence for parameter in parameters)
        consumed = any(start < end for start, end in found.spans)
        evidence = evidence or (consumed and 0 < needed <= len(found.values))
    for preset in recipe.presets:
        if re.search(alternation(preset.words), rest.folded):
            values = {**preset.values, **values}
    return Reading(values, rest, tuple(spans), tuple(neutral), evidence)


def _sort(parameter: Parameter) -> tuple[str, bool]:
    return parameter.kind, parameter.name in _NEUTRAL


def say(parameter: Parameter, value: Value) -> str:
    """Say one value for people ("euro", "40 s")."""
    return KINDS[parameter.kind].say(value, parameter)
