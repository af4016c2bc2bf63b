"""A list of things: "shopping list: milk, eggs and bread", "add butter".

After a colon the items are the list; after "add" they join what is there. At most 50.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from server.recipes.kinds.found import NOTHING, Found, Kind
from server.wording import shortened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from server.recipes.answer import Value
    from server.recipes.recipe import Parameter
    from server.recipes.sentence import Sentence

MOST = 50
LONGEST = 120
_SAID = 6

_AFTER_COLON = re.compile(
    r"(?:[:\uff1a]|\bwith (?:the )?(?:items|tasks|entries)\b:?)\s*(?P<items>\S.*)$", re.DOTALL
)
_WITH = re.compile(r"\b(?:with|containing|mit|avec|con|com)\s+(?P<items>[^.;]*,[^.;]*)")
_ADD = re.compile(
    r"(?:\b(?:add|put|append|also|plus|fuge|ajoute[rz]?|anade|agrega|adicione|acrescente)"
    r"(?: the)?(?: (?:item|task|entry)s?)?\s+|添加|加上|增加)"
    r"(?P<items>\S.*?)(?=\s+(?:to|on|onto|in) (?:the|my|it|this)\b|\s+hinzu|[.;]|$)"
)
_BETWEEN = re.compile(r"\s*(?:[,;\uff0c、\uff1b\n•]|,?\s+(?:and|und|et|y)\s+)\s*")


def _read(
    sentence: Sentence, parameters: Sequence[Parameter], before: Mapping[str, Value]
) -> Found:
    (parameter,) = parameters
    patterns = (_ADD, _AFTER_COLON) if before else (_AFTER_COLON, _WITH)
    for pattern in patterns:
        found = pattern.search(sentence.folded)
        if not found:
            continue
        start, end = found.span("items")
        items = _split(sentence.raw[start:end])
        if pattern is _ADD:
            already = before.get(parameter.name, ())
            items = (*(already if isinstance(already, tuple) else ()), *items)
        if items:
            return Found({parameter.name: items[:MOST]}, (found.span(),))
    return NOTHING


def _split(text: str) -> tuple[str, ...]:
    parts = (part.strip(" .-*\"'“”‘’") for part in _BETWEEN.split(text))
    return tuple(part[:LONGEST] for part in parts if part)


def _say(value: Value, _parameter: Parameter) -> str:
    items = value if isinstance(value, tuple) else (str(value),)
    return shortened(items, _SAID)


KIND = Kind(_read, _say)
