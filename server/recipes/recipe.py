"""A recipe: a parametrised tool and the words that find it, as written in its folder."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from server.recipes.answer import Value


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that a sentence can set.

    `kind` names the reader in `kinds`; `options` are the reader's own. `evidence`: this many
    values read by the kind in one sentence name the recipe as well as an alias does (0: never).
    """

    name: str
    label: str
    kind: str
    default: Value
    evidence: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Preset:
    """Words that stand for several parameters at once ("tabata")."""

    words: tuple[str, ...]
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Recipe:
    """One tool as its folder describes it.

    `anchors` are single words that leave no doubt ("tabata"); `aliases` name the tool, each by
    itself enough; `phrases` show how people ask for it; `words` are more that belong to it;
    `never` are words that mean something else ("random number").
    `changes` says in a clause what follow-ups can change. `takes`: endings and media types of
    the files that it shows when they are attached.
    """

    name: str
    title: str
    example: str
    changes: str
    anchors: tuple[str, ...]
    aliases: tuple[str, ...]
    phrases: tuple[str, ...]
    words: tuple[str, ...]
    never: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    presets: tuple[Preset, ...]
    takes: frozenset[str]
    template: str = field(repr=False)

    @property
    def defaults(self) -> dict[str, Value]:
        return {parameter.name: parameter.default for parameter in self.parameters}


_PLACE = {"name", "label", "kind", "default", "evidence"}


def read_recipe(folder: Traversable, common: Mapping[str, Any]) -> Recipe:
    """Read one folder; `common` holds the parameters that every recipe has."""
    data = tomllib.loads(folder.joinpath("recipe.toml").read_text(encoding="utf-8"))
    rows = {row["name"]: row for row in (*common["parameters"], *data.get("parameters", ()))}
    return Recipe(
        name=folder.name,
        title=data["title"],
        example=data["example"],
        changes=data["changes"],
        anchors=tuple(data["anchors"]),
        aliases=tuple(data["aliases"]),
        phrases=tuple(data["phrases"]),
        words=tuple(data.get("words", ())),
        never=tuple(data.get("never", ())),
        parameters=tuple(_parameter(row) for row in rows.values()),
        presets=tuple(
            Preset(tuple(row["words"]), row["values"]) for row in data.get("presets", ())
        ),
        takes=frozenset(data.get("takes", ())),
        template=folder.joinpath("tool.html").read_text(encoding="utf-8"),
    )


def _parameter(row: Mapping[str, Any]) -> Parameter:
    default = row["default"]
    return Parameter(
        name=row["name"],
        label=row["label"],
        kind=row["kind"],
        default=tuple(default) if isinstance(default, list) else default,
        evidence=row.get("evidence", 0),
        options={key: value for key, value in row.items() if key not in _PLACE},
    )
