"""The recipes that there are: every folder in `tools` that holds a recipe.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from server.recipes.recipe import Recipe, read_recipe

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def tools_folder() -> Traversable:
    return files("server.recipes").joinpath("tools")


@cache
def shelf() -> tuple[Recipe, ...]:
    """Read all recipes once, in the order in which pages list them."""
    folder = tools_folder()
    common = tomllib.loads(folder.joinpath("common", "recipes.toml").read_text(encoding="utf-8"))
    return tuple(read_recipe(folder.joinpath(name), common) for name in common["order"])


@cache
def recipe_named(name: str) -> Recipe:
    """Find a recipe by its name; raises KeyError for a name that is not on the shelf."""
    return {recipe.name: recipe for recipe in shelf()}[name]
