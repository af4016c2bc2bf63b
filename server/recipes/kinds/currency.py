"""A currency, by symbol, ISO 4217 code or name in six languages; the value is the code."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from server.recipes.kinds.found import NOTHING, Found, Kind
from server.recipes.sentence import alternation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from server.recipes.answer import Value
    from server.recipes.recipe import Parameter
    from server.recipes.sentence import Sentence


@dataclass(frozen=True, slots=True)
class Currency:
    code: str
    name: str
    words: tuple[str, ...]
    symbols: tuple[str, ...]


@cache
def currencies() -> tuple[Currency, ...]:
    text = files("server.recipes.kinds").joinpath("currencies.toml").read_text(encoding="utf-8")
    return tuple(
        Currency(code, row["name"], tuple(row["words"]), tuple(row.get("symbols", ())))
        for code, row in tomllib.loads(text).items()
    )


def _read(
    sentence: Sentence, parameters: Sequence[Parameter], _before: Mapping[str, Value]
) -> Found:
    (parameter,) = parameters
    # The longest name wins: "Canadian dollars" before "dollars", "C$" before "$".
    hits = [
        (found.end() - found.start(), found.end(), currency.code, found.span())
        for currency in currencies()
        for pattern, text in _patterns(currency, sentence)
        for found in re.finditer(pattern, text)
    ]
    if not hits:
        return NOTHING
    _length, _end, code, span = max(hits)
    start = _with_preposition(sentence.folded, span[0])
    return Found({parameter.name: code}, ((start, span[1]),))


def _patterns(currency: Currency, sentence: Sentence) -> list[tuple[str, str]]:
    unread = "".join(
        raw if folded != " " else " "
        for raw, folded in zip(sentence.raw, sentence.folded, strict=True)
    )
    # Codes count in capitals only: "try", "all" and "top" are words.
    patterns = [
        (alternation(currency.words), sentence.folded),
        (rf"(?<![A-Za-z]){currency.code}(?![A-Za-z])", unread),
        (rf"\b(?:in|to|en|em)\s+{currency.code.lower()}\b", sentence.folded),
    ]
    patterns += [(re.escape(symbol), unread) for symbol in currency.symbols]
    return patterns


def _with_preposition(text: str, start: int) -> int:
    before = re.search(r"\b(?:in|to|use|using|en|em|with)\s+$", text[:start])
    return before.start() if before else start


def _say(value: Value, _parameter: Parameter) -> str:
    return {currency.code: currency.name for currency in currencies()}.get(str(value), str(value))


KIND = Kind(_read, _say)
