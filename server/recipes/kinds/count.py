"""A whole number of something: "for 6 people", "20 characters", "length 20".

Options: `nouns` (6 people), `cues` (for 6; only when nothing but the number follows),
`min`, `max`. A number outside the bounds is not read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from server.recipes.kinds.found import Found, Kind, plain
from server.recipes.numbers import number_pattern, number_value
from server.recipes.sentence import alternation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from server.recipes.answer import Value
    from server.recipes.recipe import Parameter
    from server.recipes.sentence import Sentence, Span


def _read(
    sentence: Sentence, parameters: Sequence[Parameter], _before: Mapping[str, Value]
) -> Found:
    values: dict[str, Value] = {}
    spans: list[Span] = []
    for parameter in parameters:
        for pattern in _patterns(parameter):
            found = re.search(pattern, sentence.folded)
            number = number_value(found["number"]) if found else -1.0
            low, high = parameter.options["min"], parameter.options["max"]
            if found and low <= number <= high and number.is_integer():
                values[parameter.name] = int(number)
                spans.append(found.span())
                break
    return Found(values, tuple(spans))


def _patterns(parameter: Parameter) -> list[str]:
    number = f"(?P<number>{number_pattern()})"
    nouns = alternation(tuple(parameter.options["nouns"]))
    patterns = [
        rf"{number}[\s-]*(?:[a-z]{{3,8}}\s+)?{nouns}",
        rf"{nouns}\s*(?:of|to|:|=|von|de|auf|a|is)?\s*{number}",
    ]
    if cues := tuple(parameter.options.get("cues", ())):
        patterns.append(
            rf"{alternation(cues)}\s+(?:all\s+|the\s+)?{number}(?=\s*(?:[.,;!?]|$|\b(?:and|with|in|und|et|y|e)\b))"
        )
    return patterns


KIND = Kind(_read, plain)
