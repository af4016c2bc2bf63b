"""What a call cost. An unknown price is None and shown as unknown, never as nothing."""

from __future__ import annotations

from typing import TypedDict

from server.providers.protocol import Price, Usage

_FREE = {"recipes": Price(0, 0), "mechanical": Price(0, 0)}
_MILLION = 1_000_000


class Cost(TypedDict):
    amount: float
    currency: str


def price(provider: str, model: str) -> Price | None:
    """Return the price of a model, in US dollars for a million tokens; None when unknown."""
    del model  # no price list yet: what no model makes costs nothing, all else is unknown
    return _FREE.get(provider)


def cost(provider: str, model: str, usage: Usage) -> Cost | None:
    """Return what a call cost; None when the price or the tokens are unknown."""
    rate = price(provider, model)
    if rate is None or usage.input is None or usage.output is None:
        return None
    amount = (usage.input * rate.input + usage.output * rate.output) / _MILLION
    return {"amount": round(amount, 6), "currency": "USD"}
