"""What generations cost, and what is known of it before they run."""

from __future__ import annotations

from server.providers.prices import Tariff
from server.providers.registry import Registry


class Money:
    """Knows what each model charges."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def tariff(self, provider: str, model: str) -> Tariff | None:
        """Find what a model charges; None when nobody knows."""
        return await self._registry.tariff(provider, model)
