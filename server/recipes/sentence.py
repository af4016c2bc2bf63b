"""A wish as the readers see it: folded for matching, raw for what is kept, spans aligned."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

Span = tuple[int, int]

# Left: quotes and dashes as people and word processors write them; right: the plain ones.
_QUOTES = dict.fromkeys("\u2018\u2019", "'") | dict.fromkeys("\u201c\u201d\u201e«»", '"')
_DASHES = dict.fromkeys("\u2010\u2011\u2013\u2014\u2212", "-")


@dataclass(frozen=True, slots=True)
class Sentence:
    """`raw` and `folded` have the same length, so a span in one is a span in the other.

    Folded: lower case, no accents, plain quotes, dashes and full-width forms. What has
    already been read is blanked out of `folded`, never out of `raw`.
    """

    raw: str
    folded: str

    @classmethod
    def of(cls, text: str) -> Sentence:
        raw = unicodedata.normalize("NFC", text)
        return cls(raw, "".join(map(_fold, raw)))

    def without(self, spans: tuple[Span, ...]) -> Sentence:
        """Blank the spans out of what is still to be read."""
        letters = list(self.folded)
        for start, end in spans:
            letters[start:end] = " " * (end - start)
        return Sentence(self.raw, "".join(letters))


def _fold(letter: str) -> str:
    mapped = _QUOTES.get(letter) or _DASHES.get(letter)
    if mapped:
        return mapped
    base = unicodedata.normalize("NFKD", letter)[0].lower()
    return base if len(base) == 1 else letter


@cache
def alternation(words: tuple[str, ...]) -> str:
    """Make a regular expression for any of the words, longest first, with word edges.

    CJK words need no edges: their neighbours are letters too.
    """
    ordered = sorted(
        {Sentence.of(word).folded for word in words}, key=lambda word: (-len(word), word)
    )
    return "(?:" + "|".join(map(_edged, ordered)) + ")"


def _edged(word: str) -> str:
    escaped = re.escape(word).replace(r"\ ", r"[\s-]+")
    left = r"(?<![a-z])" if word[0].isascii() and word[0].isalpha() else ""
    right = r"(?![a-z])" if word[-1].isascii() and word[-1].isalpha() else ""
    return left + escaped + right
