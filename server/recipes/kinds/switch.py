"""On or off: "without symbols", "with digits", "no look-alikes". Option: `words`.

`flip` = true: the words name the opposite ("no look-alikes" switches "avoid look-alikes" on).
"""

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

_OFF = (
    "no", "without", "not", "exclude", "excluding", "skip", "remove", "omit", "minus", "never",
    "ohne", "keine", "kein", "sans", "pas de", "sin", "sem", "不要", "没有", "无", "不含", "去掉",
)  # fmt: skip
_ON = (
    "with", "include", "including", "add", "plus", "use", "avoid", "keep", "allow", "only",
    "mit", "inklusive", "avec", "con", "com", "包含", "带", "加", "有", "含",
)  # fmt: skip
_BETWEEN = r"\s*(?:[a-z-]+(?:,|\s+(?:and|or|und|oder|et|ou|y|o|e|nor))?\s+){0,2}?"


def _read(
    sentence: Sentence, parameters: Sequence[Parameter], _before: Mapping[str, Value]
) -> Found:
    values: dict[str, Value] = {}
    spans: list[Span] = []
    for parameter in parameters:
        words = alternation(tuple(parameter.options["words"]))
        for signal, on in ((_OFF, False), (_ON, True)):
            found = re.search(rf"{alternation(signal)}{_BETWEEN}{words}", sentence.folded)
            if found:
                values[parameter.name] = on is not parameter.options.get("flip", False)
                spans.append(found.span())
                break
    return Found(values, tuple(spans))


def _say(value: Value, _parameter: Parameter) -> str:
    return "yes" if value else "no"


KIND = Kind(_read, _say)
