"""The built-in provider's tools: parametrised documents, found by words, no model involved.

`respond` answers a conversation, `estimate` says what it would answer, `RECIPES` lists all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.recipes.answer import Answer, Nearest, Value
from server.recipes.respond import Listing, estimate, listings, respond

if TYPE_CHECKING:
    RECIPES: tuple[Listing, ...]

__all__ = ["RECIPES", "Answer", "Listing", "Nearest", "Value", "estimate", "respond"]


def __getattr__(name: str) -> tuple[Listing, ...]:
    # Read from their folders at first use: importing does no work.
    if name == "RECIPES":
        return listings()
    raise AttributeError(name)
