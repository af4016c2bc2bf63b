"""Lengths of time: "40 s work and 20 s rest", "25/5 minutes", "work for 40, rest 20".

Options: `words` that belong to this length ("work", "on"), `place` in a pair like 25/5,
`min`, `max` in seconds, and `alone`: what the other parameters become when the first wish
names a single length ("a 10 minute timer").
"""

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
    from server.recipes.sentence import Sentence, Span

_UNITS = {
    3600: r"h|hr|hrs|hours?|stunden?|heures?|horas?|小时",
    60: r"m|min|mins|minutes?|minuten?|minutos?|分钟|分",
    1: r"s|sec|secs|seconds?|sekunden?|secondes?|segundos?|秒钟|秒",
}
_UNIT = rf"(?:{'|'.join(_UNITS.values())})(?![a-z])"
_LINK = r"[\s-]*(?:of|for|:|=|to|is|at|von|de|a|的)?[\s-]*"


def _read(
    sentence: Sentence, parameters: Sequence[Parameter], before: Mapping[str, Value]
) -> Found:
    return (
        _pair(sentence.folded, parameters)
        or _named(sentence.folded, parameters)
        or _single(sentence.folded, parameters, before)
        or NOTHING
    )


def _pair(text: str, parameters: Sequence[Parameter]) -> Found | None:
    unit = f"(?P<unit>{_UNIT})"
    number = number_pattern()
    found = re.search(
        rf"(?P<first>{number})\s*(?:(?P<own>{_UNIT})\s*)?(?:/|:|-|\bon\b[\s,/]*)\s*"
        rf"(?P<second>{number})(?:[\s-]*{unit})?(?:\s*\boff\b)?",
        text,
    )
    if not found or (":" in found[0] and not found["unit"]):
        return None
    unit_text = found["unit"] or found["own"] or ""
    default = 60 if _looks_like_minutes(found["first"]) and not unit_text else 1
    second_factor = _factor(unit_text) or default
    factors = (_factor(found["own"] or "") or second_factor, second_factor)
    numbers = (number_value(found["first"]), number_value(found["second"]))
    values: dict[str, Value] = {
        parameter.name: round(numbers[place] * factors[place])
        for parameter in parameters
        if (place := parameter.options.get("place")) is not None
    }
    return Found(values, (found.span(),)) if _fit(values, parameters) else None


def _looks_like_minutes(first: str) -> bool:
    # 25/5, 50/10 and 52/17 are minutes to everyone; 40/20 and 30/15 are seconds.
    return first in {"25", "50", "52", "90"}


def _named(text: str, parameters: Sequence[Parameter]) -> Found | None:
    length = rf"(?P<number>{number_pattern()})[\s-]*(?P<unit>{_UNIT})?"
    first_number = re.search(number_pattern(), text)
    every = alternation(tuple(word for p in parameters for word in p.options["words"]))
    first_word = re.search(every, text)
    if not first_number or not first_word:
        return None
    values: dict[str, Value] = {}
    spans: list[Span] = []
    for parameter in parameters:
        word = alternation(tuple(parameter.options["words"]))
        before, after = rf"{length}{_LINK}{word}", rf"{word}{_LINK}(?:time|period)?{_LINK}{length}"
        ordered = (after, before) if first_word.start() < first_number.start() else (before, after)
        found = re.search(ordered[0], text) or re.search(ordered[1], text)
        if found:
            values[parameter.name] = round(
                number_value(found["number"]) * (_factor(found["unit"] or "") or 1)
            )
            spans.append(found.span())
    return Found(values, tuple(spans)) if values and _fit(values, parameters) else None


def _single(
    text: str, parameters: Sequence[Parameter], before: Mapping[str, Value]
) -> Found | None:
    found = re.search(rf"(?P<number>{number_pattern()})[\s-]*(?P<unit>{_UNIT})", text)
    first = next((p for p in parameters if p.options.get("place") == 0), None)
    if not found or not first:
        return None
    values: dict[str, Value] = {
        first.name: round(number_value(found["number"]) * _factor(found["unit"]))
    }
    if not before:
        values = {**first.options.get("alone", {}), **values}
    return Found(values, (found.span(),)) if _fit(values, parameters) else None


def _factor(unit: str) -> int:
    for factor, pattern in _UNITS.items():
        if unit and re.fullmatch(pattern, unit):
            return factor
    return 0


def _fit(values: Mapping[str, Value], parameters: Sequence[Parameter]) -> bool:
    return all(
        parameter.options["min"] <= value <= parameter.options["max"]
        for parameter in parameters
        if isinstance(value := values.get(parameter.name), int)
    )


def say_seconds(value: Value, _parameter: Parameter) -> str:
    """Say seconds as people do: 40 s, 25 min, 1 min 30 s."""
    total = int(value) if isinstance(value, int | float) else 0
    minutes, seconds = divmod(total, 60)
    if not minutes:
        return f"{seconds} s"
    return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"


KIND = Kind(_read, say_seconds)
