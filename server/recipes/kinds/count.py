"""A whole number of something: "for 6 people", "20 characters", "length 20".

Options: `nouns` (6 people), `cues` (for 6; only when nothing but the number follows),
`min`, `max`. A number outside the bounds is not read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

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
    rest = sentence
    # "20 characters" first, for every parameter: in "passwords of 20 characters" the number
    # belongs to what follows it.
    for form in (_before_noun, _after_noun, _after_cue):
        for parameter in parameters:
            pattern = form(parameter.options)
            found = re.search(pattern, rest.folded) if pattern else None
            if not found or parameter.name in values:
                continue
            number = number_value(found["number"])
            if parameter.options["min"] <= number <= parameter.options["max"] and number % 1 == 0:
                values[parameter.name] = int(number)
                rest = rest.without((found.span(),))
    return Found(values, _spans(sentence, rest))


def _spans(sentence: Sentence, rest: Sentence) -> tuple[Span, ...]:
    read = "".join(
        "x" if before != after else " "
        for before, after in zip(sentence.folded, rest.folded, strict=True)
    )
    return tuple(found.span() for found in re.finditer("x+", read))


def _before_noun(options: Mapping[str, Any]) -> str:
    return rf"{_number()}[\s-]*(?:[a-z]{{3,8}}\s+)?{alternation(tuple(options['nouns']))}"


def _after_noun(options: Mapping[str, Any]) -> str:
    nouns = alternation(tuple(options["nouns"]))
    return rf"{nouns}\s*(?:of|to|:|=|von|de|auf|a|is)?\s*{_number()}"


def _after_cue(options: Mapping[str, Any]) -> str | None:
    if "cues" not in options:
        return None
    ends = r"(?=\s*(?:[.,;!?]|$|\b(?:and|with|in|und|et|y|e)\b))"
    return rf"{alternation(tuple(options['cues']))}\s+(?:all\s+|the\s+)?{_number()}{ends}"


def _number() -> str:
    return f"(?P<number>{number_pattern()})"


KIND = Kind(_read, plain)
