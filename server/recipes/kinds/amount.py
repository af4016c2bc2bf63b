"""A sum of money: "a bill of 84", "$84.50", "84 euros". Options: `cues`, `max`.

The currency beside the number is left for the currency's own reader.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from server.recipes.kinds.currency import currencies
from server.recipes.kinds.found import NOTHING, Found, Kind, plain
from server.recipes.numbers import number_value
from server.recipes.sentence import alternation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from server.recipes.answer import Value
    from server.recipes.recipe import Parameter
    from server.recipes.sentence import Sentence

_NUMBER = r"(?P<number>(?<![\d.,])\d{1,7}(?:[.,]\d{1,3})?(?![\d%]|\s*(?:%|percent)))"


def _read(
    sentence: Sentence, parameters: Sequence[Parameter], _before: Mapping[str, Value]
) -> Found:
    (parameter,) = parameters
    cue = alternation(tuple(parameter.options["cues"]))
    names = alternation(tuple(word for currency in currencies() for word in currency.words))
    symbols = "|".join(
        sorted(
            re.escape(symbol.lower()) for currency in currencies() for symbol in currency.symbols
        )
    )
    patterns = (
        rf"(?:{symbols})\s?{_NUMBER}",
        rf"{_NUMBER}\s*(?:{symbols}|{names})",
        rf"{cue}\s*(?:of|for|is|:|=|uber|von|de|por)?\s*{_NUMBER}(?!\s*[a-z]{{3}})",
    )
    for pattern in patterns:
        found = re.search(pattern, sentence.folded)
        if found and number_value(found["number"]) <= parameter.options["max"]:
            return Found({parameter.name: number_value(found["number"])}, (found.span("number"),))
    return NOTHING


KIND = Kind(_read, plain)
