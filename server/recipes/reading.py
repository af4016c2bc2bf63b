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
    from server.recipes.sentence import Sentence


@dataclass(frozen=True, slots=True)
class Reading:
    """`values`: what the sentence set. `rest`: the sentence with that blanked out.

    `evidence`: the values alone show which recipe is meant ("miles to km").
    """

    values: Mapping[str, Value]
    rest: Sentence
    evidence: bool


def read(recipe: Recipe, sentence: Sentence, before: Mapping[str, Value]) -> Reading:
    """Read in the order in which the recipe lists its parameters; `before` is empty at first."""
    values: dict[str, Value] = {}
    evidence = False
    rest = sentence
    for kind, group in groupby(recipe.parameters, key=lambda parameter: parameter.kind):
        parameters = list(group)
        found = KINDS[kind].read(rest, parameters, before)
        values |= found.values
        rest = rest.without(found.spans)
        needed = max(parameter.evidence for parameter in parameters)
        consumed = any(start < end for start, end in found.spans)
        evidence = evidence or (consumed and 0 < needed <= len(found.values))
    for preset in recipe.presets:
        if re.search(alternation(preset.words), rest.folded):
            values = {**preset.values, **values}
    return Reading(values, rest, evidence)


def say(parameter: Parameter, value: Value) -> str:
    """Say one value for people ("euro", "40 s")."""
    return KINDS[parameter.kind].say(value, parameter)
