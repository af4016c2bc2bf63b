"""What a call costs. An unknown price is None and shown as unknown, never as nothing.

A host that lists its own prices is believed. For others there is the list that comes with
genai-prices, as it was on `DATED`: nothing is ever fetched for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, TypedDict

from server.providers.protocol import ModelInfo, Price, Usage

if TYPE_CHECKING:
    from genai_prices.types import ModelPrice

LIST = "genai-prices"
DATED = "2026-11-10"
"""When the version in pyproject.toml came out; a test holds the two together."""

MILLION = 1_000_000
_ABSURD = 10**12
"""A million dollars for one call is no price: a host has told nonsense."""
_FREE = Price(0, 0)
_FREE_PROVIDERS = frozenset({"recipes", "mechanical"})


class Cost(TypedDict):
    amount: float
    currency: str


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a model charges, and whose word that is; `None`: nobody charges anything."""

    price: Price
    source: str | None
    by_list: Callable[[Usage], Decimal] | None = None
    """How the list counts a call, which knows of more than `price` does: long prompts, say."""

    def micros(self, usage: Usage) -> int | None:
        """Return what a call costs, in millionths of a dollar; None when its tokens are unknown."""
        if usage.input is None or usage.output is None:
            return None
        usage = _consistent(usage)
        dollars = self.by_list(usage) if self.by_list else _by_price(self.price, usage)
        micros = int((dollars * MILLION).to_integral_value(ROUND_HALF_UP))
        return micros if 0 <= micros < _ABSURD else None

    def cost(self, usage: Usage) -> Cost | None:
        """Return what a call costs; None when its tokens are unknown."""
        micros = self.micros(usage)
        return None if micros is None else dollars(micros)


FREE = Tariff(_FREE, None)


def dollars(micros: int) -> Cost:
    """Shape a sum as the API tells it."""
    return {"amount": micros / MILLION, "currency": "USD"}


def in_words(micros: int) -> str:
    """Write an amount with two decimals, and with more where it has more."""
    exact = f"{micros / MILLION:.6f}".rstrip("0")
    return f"${max(exact, f'{micros / MILLION:.2f}', key=len)}"


def micros_of(cost: dict[str, object] | Cost | None) -> int | None:
    """Read a stored cost back, exactly; None when it is unknown or not in dollars."""
    if cost is None or cost.get("currency") != "USD":
        return None
    return round(Decimal(str(cost["amount"])) * MILLION)


def tariff(provider: str, model: str, address: str | None, own: Price | None) -> Tariff | None:
    """Return what a model at an address charges; None when nobody knows.

    `own` is what its host says. May load the list: half a second of work, for a thread.
    """
    if provider in _FREE_PROVIDERS:
        return FREE
    if own is not None:
        return Tariff(own, "its host's own list")
    found = _listed(model, address)
    if found is None:
        return None
    price, by_list = found
    return Tariff(price, f"{LIST} of {DATED}", by_list)


def filled(models: tuple[ModelInfo, ...], address: str | None) -> tuple[ModelInfo, ...]:
    """Give the models of an address the prices that its host did not tell."""
    return tuple(
        one
        if one.price is not None or (found := _listed(one.model, address)) is None
        else replace(one, price=found[0])
        for one in models
    )


def _listed(model: str, address: str | None) -> tuple[Price, Callable[[Usage], Decimal]] | None:
    # The same model costs something else at another host, so its name alone says nothing; and
    # the list has no host without TLS: a server on one's own machine need not load it.
    if address is None or not address.startswith("https://"):
        return None
    from genai_prices import data_snapshot  # noqa: PLC0415 - a start must be quick

    try:
        _, found = data_snapshot.get_snapshot().find_provider_model(model, None, None, address)
    except LookupError:
        return None
    rates = found.get_prices(datetime.now(UTC))
    price = _price(rates)
    return None if price is None else (price, lambda usage: _by_list(rates, usage))


def _price(rates: ModelPrice) -> Price | None:
    """Read what a million tokens cost; for a long prompt they may cost more."""
    told = [
        _rate(rates, f"{name}_mtok")
        for name in ("input", "output", "cache_read", "cache_write", "output_reasoning")
    ]
    if told[0] is None or told[1] is None:
        return None
    return Price(told[0], told[1], cached=told[2], written=told[3], reasoning=told[4])


def _rate(rates: ModelPrice, name: str) -> float | None:
    rate = getattr(rates, name, None)
    rate = getattr(rate, "base", rate)
    return None if rate is None else float(rate)


def _by_list(rates: ModelPrice, usage: Usage) -> Decimal:
    from genai_prices import Usage as Counted  # noqa: PLC0415 - loaded by now

    counted = Counted(
        input_tokens=usage.input,
        output_tokens=usage.output,
        cache_read_tokens=usage.cached or None,
        cache_write_tokens=usage.written or None,
        output_reasoning_tokens=usage.reasoning or None,
    )
    return rates.calc_price(counted)["total_price"]


def _by_price(price: Price, usage: Usage) -> Decimal:
    cached, written, reasoning = usage.cached or 0, usage.written or 0, usage.reasoning or 0
    parts = (
        ((usage.input or 0) - cached - written, price.input),
        (cached, price.input if price.cached is None else price.cached),
        (written, price.input if price.written is None else price.written),
        ((usage.output or 0) - reasoning, price.output),
        (reasoning, price.output if price.reasoning is None else price.reasoning),
    )
    return sum((count * Decimal(str(rate)) for count, rate in parts), Decimal(0)) / MILLION


def _consistent(usage: Usage) -> Usage:
    """Hold the parts of the tokens within their sums, whatever a host has said."""
    asked, came = usage.input or 0, usage.output or 0
    cached = min(usage.cached or 0, asked)
    return replace(
        usage,
        cached=cached,
        written=min(usage.written or 0, asked - cached),
        reasoning=min(usage.reasoning or 0, came),
    )
