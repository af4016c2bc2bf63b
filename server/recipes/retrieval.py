"""Which recipe a wish means, or that none does.

SQLite's FTS5 finds the candidates over titles, aliases, phrases and words. Each candidate is
then judged by two shares, both weighted so that a word of few recipes says more:

- `named`: how much of its best alias (or its title) stands in the wish; words that no other
  recipe knows are worth a little of a name, too;
- `covered`: how much of the wish the recipe knows. What follows "for" or "that" counts less.

A wish that is fully named and mostly covered is meant; one that shares a word or two is not.
Beside an anchor ("tabata") unknown words count less; words for things that no recipe makes
("invoice") count more. All of it is data in `tools`: a recipe is added without a line of code.
"""

from __future__ import annotations

import math
import re
import sqlite3
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from server.recipes.kinds import KINDS
from server.recipes.reading import Reading, read
from server.recipes.sentence import Sentence, alternation
from server.recipes.shelf import shelf
from server.recipes.words import Term, elsewhere, generic, stem, terms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.recipes.recipe import Recipe

THRESHOLD = 0.63
_CANDIDATES = 12
_TAIL = re.compile(
    r"(?<![a-z])(?:for|that|which|so that|where|because|when|to help"
    r"|fur|damit|der|die|das|pour|qui|para|que)(?![a-z])"
)
_TAIL_WEIGHT = 0.5
_ELSEWHERE_WEIGHT = 1.8
_GENERIC_WEIGHT = 0.35
_OWN_WORD = 0.15  # what each word that no other recipe knows is worth of a name
_ANCHORED_WEIGHT = 0.45
_SHORTEST_PART = 3
_SHORTEST_SLIP, _TWO_SLIPS = 5, 8


@dataclass(frozen=True, slots=True)
class Match:
    """One candidate; `score` from 0 to 1, meant from `THRESHOLD` on.

    `unknown`: words of the wish that the recipe knows nothing of.
    """

    recipe: Recipe
    score: float
    reading: Reading
    unknown: tuple[str, ...]

    @property
    def meant(self) -> bool:
        return self.score >= THRESHOLD


@dataclass(frozen=True, slots=True)
class _Shelved:
    recipe: Recipe
    anchors: frozenset[str]
    aliases: tuple[frozenset[str], ...]
    vocabulary: frozenset[str]


class Index:
    """An FTS5 table in memory; built once, read by one thread at a time."""

    def __init__(self, recipes: tuple[Recipe, ...]) -> None:
        self._shelved = tuple(_shelve(recipe) for recipe in recipes)
        self._vocabulary = frozenset[str]().union(*(row.vocabulary for row in self._shelved))
        self._spellings = _spellings(recipes)
        self._holders = {
            term: sum(term in row.vocabulary for row in self._shelved) for term in self._vocabulary
        }
        self._rows = sqlite3.connect(":memory:", check_same_thread=False)
        self._rows.execute(
            "CREATE VIRTUAL TABLE recipe USING fts5(aliases, words, tokenize = 'unicode61')"
        )
        self._rows.executemany(
            "INSERT INTO recipe (rowid, aliases, words) VALUES (?, ?, ?)",
            (
                (
                    place,
                    " ".join(sorted(set().union(*row.aliases))),
                    " ".join(sorted(row.vocabulary)),
                )
                for place, row in enumerate(self._shelved)
            ),
        )

    def rank(self, wish: str) -> list[Match]:
        """Judge the wish; the best match comes first, equal ones in the shelf's order."""
        sentence = Sentence.of(wish)
        matches = [
            self._judge(self._shelved[place], sentence) for place in self._candidates(sentence)
        ]
        return sorted(matches, key=lambda match: -match.score)

    def unknown(self, recipe: Recipe, wish: Sentence, reading: Reading) -> tuple[str, ...]:
        """List the words of the wish that the recipe, which read it so, knows nothing of."""
        row = next(row for row in self._shelved if row.recipe is recipe)
        return self._covered(row, self._asked(wish, reading), reading)[1]

    def _asked(self, wish: Sentence, reading: Reading) -> list[Term]:
        return self._corrected(terms(wish.without(reading.neutral).folded))

    def _candidates(self, sentence: Sentence) -> list[int]:
        wanted = sorted({term.stem for term in self._corrected(terms(sentence.folded))})
        if not wanted:
            return []
        query = " OR ".join('"' + term.replace('"', "") + '"' for term in wanted)
        found = self._rows.execute(
            "SELECT rowid FROM recipe WHERE recipe MATCH ?"
            " ORDER BY bm25(recipe, 4, 1), rowid LIMIT ?",
            (query, _CANDIDATES),
        )
        return [place for (place,) in found]

    def _judge(self, row: _Shelved, sentence: Sentence) -> Match:
        reading = read(row.recipe, sentence, {})
        asked = self._asked(sentence, reading)
        named = 1.0 if reading.evidence else self._named(row, {term.stem for term in asked})
        own = {term.stem for term in asked if self._is_own(row, term.stem)}
        named = min(1.0, max(named, _OWN_WORD * len(own)))
        covered, unknown = self._covered(row, asked, reading)
        if reading.evidence and not asked:
            covered = 1.0
        if row.recipe.never and re.search(alternation(row.recipe.never), sentence.folded):
            covered = 0.0
        return Match(row.recipe, covered * (0.5 + 0.5 * named), reading, unknown)

    def _is_own(self, row: _Shelved, term: str) -> bool:
        return term in row.vocabulary and self._holders[term] == 1 and term not in generic()

    def _named(self, row: _Shelved, asked: set[str]) -> float:
        best = 0.0
        for alias in row.aliases:
            whole = sum(map(self._rarity, alias))
            part = sum(self._rarity(term) for term in alias if term in asked)
            best = max(best, (part / whole) ** 2)
        return best

    def _covered(
        self, row: _Shelved, asked: list[Term], reading: Reading
    ) -> tuple[float, tuple[str, ...]]:
        tail = _tail(reading.rest.folded)
        held = {
            place
            for term in asked
            if term.cjk and term.stem in row.vocabulary
            for place in range(*term.span)
        }
        held |= {place for span in reading.spans for place in range(*span)}
        anchored = any(term.stem in row.anchors for term in asked)
        whole = known = 0.0
        unknown: list[str] = []
        purpose: list[str] = []
        for term in asked:
            is_known = term.stem in row.vocabulary or held.issuperset(range(*term.span))
            weight = self._share(term, is_known=is_known, in_tail=term.span[0] >= tail)
            if anchored and not is_known and term.text not in elsewhere():
                weight *= _ANCHORED_WEIGHT
            whole += weight
            known += weight if is_known else 0.0
            is_name = any(term.stem in alias for alias in row.aliases)
            if term.span[0] >= tail and not is_name and not held.issuperset(range(*term.span)):
                purpose.append(term.text)
            if not is_known:
                unknown.append(term.text)
        # A purpose is unknown as a whole: a word that helped to find the recipe is used no more
        # than the others.
        if any(word in purpose for word in unknown):
            unknown = [term.text for term in asked if term.text in {*unknown, *purpose}]
        return (known / whole if whole else 0.0), tuple(unknown)

    def _share(self, term: Term, *, is_known: bool, in_tail: bool) -> float:
        if not is_known and term.text in elsewhere():
            return _ELSEWHERE_WEIGHT
        weight = self._weight(term.stem)
        if term.cjk:
            weight *= 0.5 if is_known else 0.25
        return weight * (_TAIL_WEIGHT if in_tail else 1.0)

    def _weight(self, term: str) -> float:
        if term in generic():
            return _GENERIC_WEIGHT
        return self._rarity(term)

    def _rarity(self, term: str) -> float:
        holders = max(1, self._holders.get(term, 1))
        return max(_GENERIC_WEIGHT, 1.0 - math.log(holders) / math.log(len(self._shelved) + 1))

    def _corrected(self, found: Iterable[Term]) -> list[Term]:
        return [corrected for term in found for corrected in self._correct(term)]

    def _correct(self, term: Term) -> list[Term]:
        if term.cjk or term.stem in self._vocabulary or term.text in elsewhere():
            return [term]
        parts = _compound(term.text, self._spellings)
        if parts:
            return [Term(stem(part), term.text, term.span) for part in parts]
        spelled = _nearest_spelling(term.text, self._spellings)
        return [Term(stem(spelled), term.text, term.span) if spelled else term]


@cache
def index() -> Index:
    """Build the index of the shelf at its first use."""
    return Index(shelf())


def _shelve(recipe: Recipe) -> _Shelved:
    aliases = tuple(
        alias
        for text in (recipe.title, *recipe.anchors, *recipe.aliases)
        if (alias := frozenset(_stems(text)))
    )
    anchors = frozenset[str]().union(*map(_stems, recipe.anchors))
    texts = (*recipe.phrases, *recipe.words, *_kind_words(recipe))
    vocabulary = frozenset[str]().union(*aliases, *map(_stems, texts))
    return _Shelved(recipe, anchors, aliases, vocabulary)


def _kind_words(recipe: Recipe) -> list[str]:
    kinds = {parameter.kind for parameter in recipe.parameters}
    return [word for kind in sorted(kinds) for word in KINDS[kind].words()]


def _stems(text: str) -> set[str]:
    return {term.stem for term in terms(Sentence.of(text).folded)}


def _spellings(recipes: tuple[Recipe, ...]) -> frozenset[str]:
    texts = (
        text
        for recipe in recipes
        for text in (recipe.title, *recipe.anchors, *recipe.aliases, *recipe.phrases, *recipe.words)
    )
    return frozenset(
        term.text for text in texts for term in terms(Sentence.of(text).folded) if not term.cjk
    )


def _tail(folded: str) -> int:
    """Where the purpose begins ("… for my wedding"), if something stands before it."""
    for found in _TAIL.finditer(folded):
        if terms(folded[: found.start()]):
            return found.start()
    return len(folded)


def _compound(word: str, spellings: frozenset[str]) -> tuple[str, str] | None:
    """Part a German compound into two words that are known: "trinkgeld|rechner"."""
    for cut in range(_SHORTEST_PART, len(word) - _SHORTEST_PART):
        left, right = word[:cut], word[cut:]
        if right in spellings and (left in spellings or left.rstrip("sn") in spellings):
            return (left if left in spellings else left.rstrip("sn")), right
    return None


def _nearest_spelling(word: str, spellings: frozenset[str]) -> str | None:
    """Find the word that is a slip of the keys away: one slip from 5 letters, two from 8."""
    if len(word) < _SHORTEST_SLIP:
        return None
    slips = 2 if len(word) >= _TWO_SLIPS else 1
    near = [
        (distance, known)
        for known in spellings
        if known[0] == word[0]
        and abs(len(known) - len(word)) <= slips
        and len(known) >= _SHORTEST_SLIP - 1
        and (distance := _distance(word, known)) <= slips
    ]
    return min(near)[1] if near else None


def _distance(left: str, right: str) -> int:
    """Count insertions, deletions, substitutions and swaps of neighbours."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        before, previous, row = row, before, [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, previous[j - 2] + 1)
            row.append(cost)
    return row[-1]
