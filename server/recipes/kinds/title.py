"""What the tool is called: "title it Groceries", "named 'Trip to Rome'", "shopping list: …".

Option `lists`: also take the words in front of "list" ("shopping list") for the title.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from server.recipes.kinds.found import NOTHING, Found, Kind, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from server.recipes.answer import Value
    from server.recipes.recipe import Parameter
    from server.recipes.sentence import Sentence

LONGEST = 80

_NAMING = (
    r"(?:(?:re)?title(?: it| this)?(?: to| as|:)?|(?:re)?name (?:it|this)(?: to)?|rename to"
    r"|call it|call this|called|named|titled|entitled|with the title|change the title to"
    r"|nenne? (?:es|sie|ihn)|namens|mit dem titel|titel:?"
    r"|appelle[rz]?-?(?: ?la| ?le)?|intitulee?|nommee?"
    r"|titulo:?|llama(?:lo|la|do|da)|titulad[oa]|chama(?:do|da)"
    r"|标题(?:改)?(?:为|是|叫)?:?|名[为叫]|叫做|叫)"
)
_QUOTED = re.compile(rf"{_NAMING}\s*([\"'「『])(?P<title>.+?)[\"'」』](?!\w)")
_OPEN = re.compile(rf"(?<![a-z]){_NAMING}\s+(?P<title>\S.*?)(?=[.;\n]|,? (?:and|with|in) |$)")
_CJK_OPEN = re.compile(
    r"(?:标题(?:改)?(?:为|是|叫)|名[为叫]|叫做)\s*[:\uff1a]?\s*(?P<title>[^\s,\uff0c。;\uff1b]+)"
)
_LIST = re.compile(
    r"(?<![a-z-])(?P<title>(?!(?:to-?do|tasks?|check|simple|make|need|this|want|nice|small|quick"
    r"|plain|create|build|basic|dark|light|with|please|your|another|handy|little|link|links)\b)"
    r"[a-z]{4,14}(?:[ -](?:day|trip|party))? ?list)(?![a-z])"
)


def _read(
    sentence: Sentence, parameters: Sequence[Parameter], before: Mapping[str, Value]
) -> Found:
    (parameter,) = parameters
    for pattern in (_QUOTED, _OPEN, _CJK_OPEN):
        found = pattern.search(sentence.folded)
        if found:
            return _titled(parameter, sentence.raw[slice(*found.span("title"))], found.span())
    if parameter.options.get("lists") and not before:
        found = _LIST.search(sentence.folded)
        if found:
            text = sentence.raw[slice(*found.span("title"))]
            # Not consumed: "list" is what the recipe is found by.
            return _titled(parameter, text[0].upper() + text[1:], (found.start(), found.start()))
    return NOTHING


def _titled(parameter: Parameter, text: str, span: tuple[int, int]) -> Found:
    title = " ".join(text.split()).strip("\"'“”‘’ ")[:LONGEST]
    return Found({parameter.name: title}, (span,)) if title else NOTHING


KIND = Kind(_read, plain)
