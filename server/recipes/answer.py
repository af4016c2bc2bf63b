"""What the built-in recipes say to a wish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Value = str | int | float | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Nearest:
    """A recipe that comes close, with a sentence that would have found it."""

    name: str
    title: str
    example: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: a tool, or (`html` is None) plain words about why there is none.

    `recipe` is the recipe's name whenever one fits, even when the last wish could not be
    followed. `parameters` are all of the recipe's parameters, defaults included.
    `nearest` has three entries when no recipe fits, none otherwise.
    """

    recipe: str | None
    title: str
    parameters: Mapping[str, Value]
    html: str | None
    prose: str
    nearest: tuple[Nearest, ...] = field(default=())
