"""One of several: a theme, a delimiter, a kind of chart. Options: `choices`, value → words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from server.recipes.kinds.found import Found, Kind
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
        hits = [
            (found.end(), value, found.span())
            for value, words in parameter.options["choices"].items()
            for found in re.finditer(alternation(tuple(words)), sentence.folded)
        ]
        if hits:  # what is said last counts: "not light, dark"
            values[parameter.name] = max(hits)[1]
            spans += [span for _end, _value, span in hits]
    return Found(values, tuple(spans))


def _say(value: Value, parameter: Parameter) -> str:
    labels: Mapping[str, str] = parameter.options.get("labels", {})
    return labels.get(str(value), str(value))


KIND = Kind(_read, _say)
