"""A percentage: "18 %", "18 percent", "tip 18". Options: `cues`, `min`, `max`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from server.recipes.kinds.found import NOTHING, Found, Kind
from server.recipes.numbers import number_pattern, number_value
from server.recipes.sentence import alternation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from server.recipes.answer import Value
    from server.recipes.recipe import Parameter
    from server.recipes.sentence import Sentence

_SIGN = r"(?:%|percent\b|per cent\b|prozent|pour ?cents?\b|por ?ciento\b|por ?cento\b|pct\b)"


def _read(
    sentence: Sentence, parameters: Sequence[Parameter], _before: Mapping[str, Value]
) -> Found:
    (parameter,) = parameters
    number = f"(?P<number>{number_pattern()})"
    cue = alternation(tuple(parameter.options["cues"]))
    for pattern in (
        rf"{number}\s*-?{_SIGN}",
        rf"{cue}\s*(?:of|:|=|at|to|von|de)?\s*{number}(?!\s*[a-z]{{3}})",
    ):
        found = re.search(pattern, sentence.folded)
        if found:
            value = number_value(found["number"])
            if parameter.options["min"] <= value <= parameter.options["max"]:
                return Found({parameter.name: value}, (found.span(),))
    return NOTHING


def _say(value: Value, _parameter: Parameter) -> str:
    return f"{value:g} %"


KIND = Kind(_read, _say)
