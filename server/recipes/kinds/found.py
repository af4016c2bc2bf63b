"""The seam of a kind: one function that reads, one that says, one that lists its own words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from server.recipes.answer import Value

if TYPE_CHECKING:
    from server.recipes.recipe import Parameter
    from server.recipes.sentence import Sentence, Span


@dataclass(frozen=True, slots=True)
class Found:
    """What one kind read: values by parameter name, and where in the sentence they stood."""

    values: Mapping[str, Value] = field(default_factory=dict)
    spans: tuple[Span, ...] = ()


NOTHING = Found()

Read = Callable[["Sentence", Sequence["Parameter"], Mapping[str, Value]], Found]
"""(what is still to be read, all parameters of this kind, the values so far) → what was found.

The values so far are empty for the first wish.
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """`say` writes a value for people; `words` are words that search should find this kind by."""

    read: Read
    say: Callable[[Value, Parameter], str]
    words: Callable[[], tuple[str, ...]] = tuple


def plain(value: Value, _parameter: Parameter) -> str:
    """Say a value as it stands; whole numbers without a point."""
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(value) if isinstance(value, tuple) else str(value)
