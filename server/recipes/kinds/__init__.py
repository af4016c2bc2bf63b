"""The kinds of parameter: how each is read from a sentence, and how its value is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.recipes.kinds import (
    amount,
    choice,
    count,
    currency,
    items,
    percent,
    seconds,
    switch,
    title,
    units,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.recipes.kinds.found import Kind

KINDS: Mapping[str, Kind] = {
    "amount": amount.KIND,
    "choice": choice.KIND,
    "count": count.KIND,
    "currency": currency.KIND,
    "items": items.KIND,
    "percent": percent.KIND,
    "seconds": seconds.KIND,
    "switch": switch.KIND,
    "title": title.KIND,
    "units": units.KIND,
}
