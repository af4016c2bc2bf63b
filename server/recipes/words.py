"""Words as search sees them: stems of six languages, and CJK as bigrams.

FTS5's own tokenizers take a run of CJK text for one word and find no two-character words, so
both the index text and the queries are written in these terms.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from server.recipes.numbers import is_number_word

if TYPE_CHECKING:
    from server.recipes.sentence import Span

_CJK = r"\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af"
_TO_DO = r"(?<![a-z])to[ -]?do'?s?(?![a-z])"  # Two stop words that together are a name.
_RUN = re.compile(rf"{_TO_DO}|[{_CJK}]+|[^\W_{_CJK}]+(?:'[^\W_{_CJK}]+)?")
_ENDINGS = (
    "ations", "ation", "ators", "ator", "ating", "ated", "ates", "ate",
    "ings", "ing", "ers", "er", "ors", "or", "ed", "en", "es", "s", "e",
)  # fmt: skip
_SHORTEST = 3


@dataclass(frozen=True, slots=True)
class Term:
    """One searchable term; `text` is how it stood in the folded sentence."""

    stem: str
    text: str
    span: Span
    cjk: bool = False


def terms(folded: str) -> list[Term]:
    """Split a folded sentence into terms, stop words left out."""
    found: list[Term] = []
    for run in _RUN.finditer(folded):
        text, start = run[0], run.start()
        if text[0] >= "\u2e80":
            found += _bigrams(text, start)
        elif text.startswith("to") and re.fullmatch(_TO_DO, text):
            found.append(Term("todo", text, run.span()))
        elif _bare(text) not in stop_words() and not (text.isdigit() or is_number_word(text)):
            found.append(Term(stem(text), text, run.span()))
    return found


def _bigrams(text: str, start: int) -> list[Term]:
    # Boilerplate ("请帮我做一个…") parts the run, so that no bigram bridges it.
    pieces = re.finditer("[^\0]+", cjk_boilerplate().sub(lambda found: "\0" * len(found[0]), text))
    found = []
    for piece in pieces:
        word, at = piece[0], start + piece.start()
        ends = range(2, len(word) + 1) if len(word) > 1 else range(1, 2)
        for end in ends:
            begin = max(0, end - 2)
            found.append(Term(word[begin:end], word[begin:end], (at + begin, at + end), cjk=True))
    return found


def _bare(word: str) -> str:
    """Take "dog" from "dog's" and "addition" from the French "l'addition"."""
    left, _, right = word.partition("'")
    return right if right and len(left) < len(right) and len(left) < _SHORTEST else left


def stem(word: str) -> str:
    """Cut common endings; rough on purpose, the same for index and query."""
    word = _bare(word)
    if word.endswith("ies") and len(word) > _SHORTEST + 1:
        return word[:-3] + "y"
    for ending in _ENDINGS:
        if (
            word.endswith(ending)
            and len(word) - len(ending) >= _SHORTEST
            and not word.endswith("ss")
        ):
            word = word[: -len(ending)]
            break
    if len(word) > _SHORTEST and word[-1] == word[-2] and word[-1] not in "sl":
        return word[:-1]
    return word


@cache
def stop_words() -> frozenset[str]:
    return frozenset(_list("stop.txt"))


@cache
def cjk_boilerplate() -> re.Pattern[str]:
    words = sorted(_list("stop-cjk.txt"), key=lambda word: (-len(word), word))
    return re.compile("|".join(map(re.escape, words)))


def _list(name: str) -> list[str]:
    text = files("server.recipes").joinpath("tools", "common", name).read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return [word for line in lines for word in line.split()]


@cache
def elsewhere() -> frozenset[str]:
    """Words for what no recipe makes; a recipe that owns one takes it out by knowing it."""
    return frozenset(_list("elsewhere.txt"))


@cache
def generic() -> frozenset[str]:
    """Stems of words that name any tool ("calculator"): they say little about which."""
    return frozenset(stem(word) for word in _list("generic.txt"))
