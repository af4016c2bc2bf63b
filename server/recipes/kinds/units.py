"""A pair of units: "5 miles to km", "°F in °C", "weight" for a whole quantity.

Three parameters read together, by their option `part`: `from`, `to` (unit ids) and `value`.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from server.recipes.kinds.found import NOTHING, Found, Kind
from server.recipes.numbers import number_pattern, number_value
from server.recipes.sentence import alternation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from server.recipes.answer import Value
    from server.recipes.recipe import Parameter
    from server.recipes.sentence import Sentence

_TO = (
    r"(?:to|into|in|as|from|and|<->|->|=>|<>|=|→|⇄|/|vs|nach|zu|und|en|vers|a|para|em"
    r"|换成|转换成|换算成|转换为|换算|换|转|到|成)"
)

_QUESTION = r"(?:how many|how much|wie ?viele?|combien|cuant[oa]s|quant[oa]s|多少)"
_SHORTEST = 3  # letters; "m" and "in" are too common to stand apart
_OFTEN_TOGETHER = {"time", "data"}  # "hours and minutes" asks for no conversion


@dataclass(frozen=True, slots=True)
class Unit:
    id: str
    quantity: str
    name: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quantity:
    id: str
    words: tuple[str, ...]
    pair: tuple[str, str]


@cache
def units() -> tuple[Unit, ...]:
    return tuple(
        Unit(unit, quantity, row[0], tuple(row))
        for quantity, table in _table().items()
        for unit, row in table["units"].items()
    )


@cache
def quantities() -> tuple[Quantity, ...]:
    return tuple(
        Quantity(name, tuple(table["words"]), (table["pair"][0], table["pair"][1]))
        for name, table in _table().items()
    )


@cache
def _table() -> dict[str, dict[str, Any]]:
    text = files("server.recipes.kinds").joinpath("units.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _read(
    sentence: Sentence, parameters: Sequence[Parameter], _before: Mapping[str, Value]
) -> Found:
    names = {parameter.options["part"]: parameter.name for parameter in parameters}
    text = sentence.folded
    return _pair(text, names) or _apart(text, names) or _quantity(text, names) or NOTHING


def _pair(text: str, names: Mapping[str, str]) -> Found | None:
    any_unit = _any_unit(1)
    found = re.search(
        rf"(?:(?P<number>{number_pattern()})\s*)?(?P<source>{any_unit})\s*{_TO}\s*(?:the\s+)?(?P<target>{any_unit})",
        text,
    ) or re.search(
        rf"how many\s+(?P<target>{any_unit})\s+(?:are |is |are there |go )?(?:in|to|make)\s+"
        rf"(?:an?\s+|(?P<number>{number_pattern()})\s*)?(?P<source>{any_unit})",
        text,
    )
    if not found:
        return None
    pair = _same_quantity(found["source"], found["target"])
    if not pair:
        return None
    values: dict[str, Value] = {names["from"]: pair[0].id, names["to"]: pair[1].id}
    if found["number"]:
        values[names["value"]] = number_value(found["number"])
    return Found(values, (found.span(),))


def _apart(text: str, names: Mapping[str, str]) -> Found | None:
    """Read two units of one quantity that stand apart: "how many metres is a length of 6 feet"."""
    number = number_pattern()
    hits = list(re.finditer(rf"(?:(?P<number>{number})\s*)?(?P<unit>{_any_unit(_SHORTEST)})", text))
    for left, right in pairwise(hits):
        pair = _same_quantity(left["unit"], right["unit"])
        if not pair or pair[0].quantity in _OFTEN_TOGETHER:
            continue
        source, target = pair
        if re.search(_QUESTION, text[: left.start()]) or (right["number"] and not left["number"]):
            source, target = target, source
        values: dict[str, Value] = {names["from"]: source.id, names["to"]: target.id}
        if amount := left["number"] or right["number"]:
            values[names["value"]] = number_value(amount)
        return Found(values, (left.span(), right.span()))
    return None


@cache
def _any_unit(shortest: int) -> str:
    words = (word for unit in units() for word in unit.words)
    return alternation(tuple(word for word in words if len(word) >= shortest))


def _same_quantity(source: str, target: str) -> tuple[Unit, Unit] | None:
    # A word may name two units ("oz" a weight and a volume): the pair decides.
    for left in _units_called(source):
        for right in _units_called(target):
            if left.quantity == right.quantity and left.id != right.id:
                return left, right
    return None


def _units_called(word: str) -> list[Unit]:
    return [
        unit
        for unit in units()
        if any(re.fullmatch(alternation((name,)), word) for name in unit.words)
    ]


def _quantity(text: str, names: Mapping[str, str]) -> Found | None:
    for quantity in quantities():
        found = re.search(alternation(quantity.words), text)
        if found:
            source, target = quantity.pair
            # Nothing is consumed: the word belongs to the recipe and helps to find it.
            return Found(
                {names["from"]: source, names["to"]: target}, ((found.start(), found.start()),)
            )
    return None


def _say(value: Value, _parameter: Parameter) -> str:
    names = {unit.id: unit.name for unit in units()}
    return names.get(value, value) if isinstance(value, str) else f"{value:g}"


@cache
def _words() -> tuple[str, ...]:
    of_units = (word for unit in units() for word in unit.words)
    return (*of_units, *(word for quantity in quantities() for word in quantity.words))


KIND = Kind(_read, _say, _words)
