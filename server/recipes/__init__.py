"""The built-in provider's tools: parametrised documents, found by words, no model involved.

`respond` answers a conversation, `follows` says whether that would be all of it, `estimate` what
it would answer to a first wish; `RECIPES` lists all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.recipes.answer import Answer, Nearest, Value
from server.recipes.respond import Listing, estimate, follows, listings, respond

if TYPE_CHECKING:
    RECIPES: tuple[Listing, ...]

__all__ = ["RECIPES", "Answer", "Listing", "Nearest", "Value", "estimate", "follows", "respond"]


def __getattr__(name: str) -> tuple[Listing, ...]:
    # Read from their folders at first use: importing does no work.
    if name == "RECIPES":
        return listings()
    raise AttributeError(name)
