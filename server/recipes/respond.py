"""From a person's sentences to a tool: find the recipe, read parameters, say what was done."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.recipes.answer import Answer, Nearest
from server.recipes.document import render
from server.recipes.files import given
from server.recipes.reading import read, say
from server.recipes.retrieval import Match, index
from server.recipes.sentence import Sentence
from server.recipes.shelf import shelf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from server.providers.protocol import File
    from server.recipes.answer import Value
    from server.recipes.files import Given
    from server.recipes.recipe import Recipe

_CONNECT = "A connected model can make anything."
_NOT_OURS = (
    "The built-in recipes cannot change this tool. A connected model can; your sentence is kept."
)
_LONGEST_WISH = 4_000
_VERBS = frozenset({"change", "set", "switch", "turn", "andere", "stelle", "mets", "cambia", "pon"})


def respond(
    wishes: Sequence[str], files: Sequence[File] = (), document: str | None = None
) -> Answer:
    """Answer a conversation: the first wish names the tool, later ones change its parameters.

    `files` came with the last wish; what `document`, which it changes, shows of earlier ones stays.
    Pure: the same of all three give the same bytes. A wish that no recipe fits, or a last wish that
    changes nothing, gives an answer without a document and the reason in its prose.
    Where a `document` stands, what fits no recipe was meant for it.
    """
    ranked, later = _begun(wishes)
    if not ranked or not ranked[0].meant:
        return _declined(ranked) if document is None else Answer(None, "", {}, None, _NOT_OURS)
    match = ranked[0]
    values = {**match.recipe.defaults, **match.reading.values}
    file = given(match.recipe, files, document)
    if not later:
        return _made(match.recipe, values, match.reading.values, match.unknown, file)
    return _followed(match.recipe, values, later, file)


def follows(wishes: Sequence[str]) -> bool:
    """Whether the recipe does all that the last wish asks, or had done it before.

    One word that it does not know is enough for a no: `respond` would leave that part out.
    """
    ranked, later = _begun(wishes)
    if not later or len(wishes[-1]) > _LONGEST_WISH:
        return False
    recipe = ranked[0].recipe
    values = {**recipe.defaults, **ranked[0].reading.values}
    for wish in later[:-1]:
        values |= read(recipe, Sentence.of(wish), values).values
    last = Sentence.of(later[-1])
    reading = read(recipe, last, values)
    return bool(reading.values) and _VERBS.issuperset(index().unknown(recipe, last, reading))


def _begun(wishes: Sequence[str]) -> tuple[list[Match], list[str]]:
    """Find the first wish that means a recipe; returns its matches, and the wishes behind it."""
    first, *later = [wish[:_LONGEST_WISH] for wish in wishes] or [""]
    ranked = index().rank(first)
    while later and not (ranked and ranked[0].meant):
        ranked = index().rank(later.pop(0))
    return ranked, later


def estimate(prompt: str) -> Answer:
    """Say what `respond` would answer to a first wish, without writing the document."""
    ranked = index().rank(prompt[:_LONGEST_WISH])
    if not ranked or not ranked[0].meant:
        return _declined(ranked)
    recipe, set_values = ranked[0].recipe, ranked[0].reading.values
    values = {**recipe.defaults, **set_values}
    return Answer(
        recipe.name, title_of(recipe, values), values, None, _introduction(recipe, set_values)
    )


def _followed(
    recipe: Recipe, values: dict[str, Value], later: Sequence[str], file: Given
) -> Answer:
    changed: dict[str, Value] = {}
    read_last: Mapping[str, Value] = {}
    for wish in later:
        read_last = read(recipe, Sentence.of(wish), values).values
        changed = {name: value for name, value in read_last.items() if values[name] != value}
        values |= changed
    if changed or file.new:
        return _made(recipe, values, changed, (), file)
    prose = _already(recipe, read_last) if read_last else _unfollowed(recipe, later[-1])
    prose += _not_used((), file)
    return Answer(recipe.name, title_of(recipe, values), values, None, prose)


def _made(
    recipe: Recipe,
    values: dict[str, Value],
    said: Mapping[str, Value],
    unknown: tuple[str, ...],
    file: Given,
) -> Answer:
    title = title_of(recipe, values)
    prose = _introduction(recipe, said)
    if file.new and file.data is not None:
        prose += f" Data: {_plain_name(file.data.name)}."
    prose += _not_used(unknown, file)
    html = render(recipe, values, title, file.data)
    return Answer(recipe.name, title, values, html, f"{prose} {_CONNECT}")


def _not_used(unknown: tuple[str, ...], file: Given) -> str:
    left_out = [*map(_harmless, unknown), *map(_plain_name, file.unused)]
    return f" Not used: {', '.join(dict.fromkeys(left_out))}." if left_out else ""


def _plain_name(name: str) -> str:
    # Many a file's name has an underscore inside, which Markdown leaves alone there.
    return "_".join(map(_harmless, name.split("_")))


def title_of(recipe: Recipe, values: Mapping[str, Value]) -> str:
    """Name the tool: the person's own title, or the recipe's with what was set beside it."""
    if values["title"]:
        return str(values["title"])
    said = {
        parameter.name: say(parameter, values[parameter.name]) for parameter in recipe.parameters
    }
    parts = [
        str(parameter.options["in_title"]).format_map(said)
        for parameter in recipe.parameters
        if "in_title" in parameter.options and values[parameter.name] != parameter.default
    ]
    return " · ".join(dict.fromkeys([recipe.title, *parts]))


def _introduction(recipe: Recipe, said: Mapping[str, Value]) -> str:
    sentences = [
        f"{parameter.label}: {_harmless(say(parameter, said[parameter.name]))}."
        for parameter in recipe.parameters
        if parameter.name in said
    ]
    return " ".join([f"Built-in recipe: {recipe.title}.", *sentences])


def _already(recipe: Recipe, said: Mapping[str, Value]) -> str:
    sentences = [
        f"{parameter.label}: {_harmless(say(parameter, said[parameter.name]))}."
        for parameter in recipe.parameters
        if parameter.name in said
    ]
    return f"Nothing to change, it is so already. {' '.join(sentences)}"


def _unfollowed(recipe: Recipe, wish: str) -> str:
    other = next((match for match in index().rank(wish) if match.meant), None)
    if other and other.recipe is not recipe:
        return (
            f"That would be another tool: {other.recipe.title}. Make it as a new one; "
            f"this one stays a {recipe.title[0].lower()}{recipe.title[1:]}."
        )
    return (
        f"The built-in recipe “{recipe.title}” cannot do that. It can change {recipe.changes}. "
        "A connected model can do the rest; your sentence is kept."
    )


def _declined(ranked: Sequence[Match]) -> Answer:
    near = [match.recipe for match in ranked][:3]
    near += [recipe for recipe in shelf() if recipe not in near][: 3 - len(near)]
    nearest = tuple(Nearest(recipe.name, recipe.title, recipe.example) for recipe in near)
    titles = ", ".join(recipe.title for recipe in near)
    prose = f"No built-in recipe fits this. The nearest are: {titles}. {_CONNECT}"
    return Answer(None, "", {}, None, prose, nearest)


def _harmless(text: str) -> str:
    # Prose is Markdown, and a fence in it would begin a document.
    return re.sub(r"[`<>*_\[\]\\|#~]+", " ", text).strip()


@dataclass(frozen=True, slots=True)
class Listing:
    """A recipe as pages and commands list it."""

    name: str
    title: str
    example: str


def listings() -> tuple[Listing, ...]:
    return tuple(Listing(recipe.name, recipe.title, recipe.example) for recipe in shelf())
