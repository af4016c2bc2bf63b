"""Which providers are connected, and which model answers when none is named.

An explicit setting comes first, then a host that a key or base URL connects, then the built-in
recipes. A model that fails never falls back to another.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from server.providers import prices
from server.providers.anthropic import AnthropicProvider
from server.providers.gemini import GeminiProvider
from server.providers.hosted import HostedProvider
from server.providers.hosts import KNOWN_HOSTS, OPENAI, Connection, Format, KnownHost
from server.providers.mechanical import MechanicalProvider
from server.providers.ollama import OllamaProvider
from server.providers.openai import OpenAIProvider
from server.providers.protocol import ModelInfo, ModelList, Provider
from server.providers.recipes import MODEL as RECIPES_MODEL
from server.providers.recipes import RecipesProvider
from server.providers.responses import ResponsesProvider
from server.providers.transport import Timeouts, Transport
from server.settings import Settings, SettingsError

RECIPES_ID = f"{RecipesProvider.name}/{RECIPES_MODEL}"
_UNLISTED_MODEL = "default"  # local servers take any name for the one model that they have
_LIST_SECONDS = 60.0
_RETRY_SECONDS = 5.0
_FORMATS: Mapping[Format, type[HostedProvider]] = {
    "chat": OpenAIProvider,
    "responses": ResponsesProvider,
    "messages": AnthropicProvider,
    "gemini": GeminiProvider,
    "ollama": OllamaProvider,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A model that will be asked, and the sentence that says why this one."""

    provider: Provider
    model: str
    why: str

    @property
    def id(self) -> str:
        return f"{self.provider.name}/{self.model}"

    @property
    def is_recipes(self) -> bool:
        return self.provider.name == RecipesProvider.name

    @property
    def is_mechanical(self) -> bool:
        return self.provider.name == MechanicalProvider.name


@dataclass(frozen=True, slots=True)
class ProviderNote:
    """A sentence about a provider's list of models."""

    provider: str
    message: str


@dataclass(frozen=True, slots=True)
class Models:
    """All models that the connected providers list, in order of the providers.

    `errors` are of those that could not say; `notes` of those that said too much.
    """

    items: tuple[ModelInfo, ...]
    errors: tuple[ProviderNote, ...]
    notes: tuple[ProviderNote, ...] = ()


@dataclass(frozen=True, slots=True)
class _Listed:
    listing: ModelList
    expires: float


class Registry:
    """The connected providers by name. `aclose` when done."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        *,
        transport: Transport | None = None,
        chosen: str | None = None,
        sources: Mapping[str, str] | None = None,
    ) -> None:
        """`chosen` is `provider/model`; `sources` are the variables that connected the hosts.

        Raises `SettingsError` if the chosen provider is not connected.
        """
        if chosen is not None:
            _check(chosen, providers)
        self.providers = dict(providers)
        self._transport = transport
        self._listed: dict[str, _Listed] = {}
        self._chosen = None if chosen is None else chosen
        self._sources = dict(sources or {})

    @classmethod
    def from_settings(cls, settings: Settings, *, timeouts: Timeouts | None = None) -> Registry:
        """Connect what the settings name. Raises `SettingsError` for a model that none serves.

        Raises it, too, for a wire format that a host does not have.
        """
        connections = _connections(settings.provider_environment)
        if settings.model is not None:  # before there is a transport that somebody must close
            _check(settings.model, (*(known.name for known in connections), RecipesProvider.name))
        transport = Transport(timeouts)
        providers: dict[str, Provider] = {
            known.name: _FORMATS[known.format](
                transport, known, base_url=connection.base_url, key=connection.key
            )
            for known, connection in connections.items()
        }
        recipes = RecipesProvider()
        providers[recipes.name] = recipes
        sources = {known.name: connection.source for known, connection in connections.items()}
        return cls(providers, transport=transport, chosen=settings.model, sources=sources)

    async def aclose(self) -> None:
        for provider in self.providers.values():
            await provider.aclose()
        if self._transport is not None:
            await self._transport.aclose()

    def resolve(self, name: str) -> Choice | None:
        """Find `provider/model`, whether a list names the model or not; None if not connected."""
        if not _is_served(name, self.providers):
            return None
        provider_name, _, model = name.partition("/")
        return Choice(self.providers[provider_name], model, "You chose it.")

    async def default(self) -> Choice:
        """Choose the model for a request that names none; may ask a host for its list."""
        if self._chosen is not None:
            provider_name, _, model = self._chosen.partition("/")
            return Choice(self.providers[provider_name], model, "SANDWRIGHT_MODEL names it.")
        return await self._of_host() or Choice(
            self.providers[RecipesProvider.name],
            RECIPES_MODEL,
            "No model is connected, so the built-in recipes answer.",
        )

    async def connected(self) -> Choice | None:
        """Choose the model that does what the recipes cannot; `None` where none is connected."""
        default = await self.default()
        return await self._of_host() if default.is_recipes else default

    async def _of_host(self) -> Choice | None:
        hosted = (one for one in self.providers.values() if isinstance(one, HostedProvider))
        first = next(hosted, None)
        return await self._first_of(first) if first is not None else None

    async def models(self) -> Models:
        """Ask all providers at once; a provider that is away is an error, not an exception."""
        listings = await asyncio.gather(*(self._list(name) for name in self.providers))
        named = list(zip(self.providers, listings, strict=True))
        return Models(
            await self._priced(dict(named)),
            tuple(ProviderNote(name, one.error) for name, one in named if one.error is not None),
            tuple(ProviderNote(name, _behind(name, one)) for name, one in named if one.left_out),
        )

    async def tariff(self, provider: str, model: str) -> prices.Tariff | None:
        """Find what a model charges; None when nobody knows. May ask its host for its list."""
        if provider not in self.providers:
            return prices.tariff(provider, model, None, None)
        known = self._listed.get(provider)
        listing = known.listing if known is not None else await self._list(provider)
        own = next((one.price for one in listing.models if one.model == model), None)
        return await asyncio.to_thread(prices.tariff, provider, model, self._address(provider), own)

    def _address(self, provider: str) -> str | None:
        found = self.providers[provider]
        return found.base_url if isinstance(found, HostedProvider) else None

    async def _priced(self, listings: Mapping[str, ModelList]) -> tuple[ModelInfo, ...]:
        found = [
            await asyncio.to_thread(prices.filled, one.models, self._address(name))
            for name, one in listings.items()
        ]
        return tuple(model for models in found for model in models)

    async def _first_of(self, host: HostedProvider) -> Choice:
        source = self._sources.get(host.name, host.name)
        if host.is_official and host.known.model is not None:
            return Choice(
                host,
                host.known.model,
                f"{source} is set and no model is chosen, so {host.known.model} is asked. "
                "SANDWRIGHT_MODEL names another.",
            )
        listing = await self._list(host.name)
        if listing.models:
            names = [one.model for one in listing.models]
            preferred = [name for name in names if host.known.prefers in name]
            if host.known.prefers and preferred:
                why = f"its host lists {preferred[0]} first of its “{host.known.prefers}” models."
                return Choice(host, preferred[0], f"{source} is set; {why}")
            return Choice(host, names[0], f"{source} is set; its host lists {names[0]} first.")
        reason = listing.error or "its list is empty."
        return Choice(
            host,
            _UNLISTED_MODEL,
            f"{source} is set, but its models could not be listed: {reason} "
            f"SANDWRIGHT_MODEL={host.name}/… names one.",
        )

    async def _list(self, name: str) -> ModelList:
        known = self._listed.get(name)
        if known is not None and known.expires > time.monotonic():
            return known.listing
        listing = await self.providers[name].models()
        lasts = _LIST_SECONDS if listing.error is None else _RETRY_SECONDS
        self._listed[name] = _Listed(listing, time.monotonic() + lasts)
        return listing


def _connections(environment: Mapping[str, str]) -> dict[KnownHost, Connection]:
    """Return the hosts that the environment connects, in the order in which they are asked."""
    found = ((known, known.connection(environment)) for known in KNOWN_HOSTS)
    try:
        return {
            known.spoken(environment): connection
            for known, connection in found
            if connection is not None
        }
    except ValueError as error:
        raise SettingsError(str(error)) from error


def _behind(provider: str, listing: ModelList) -> str:
    shown = len(listing.models)
    known = shown + listing.left_out
    return (
        f"{shown:,} of {known:,} models of the host are shown: the list or a name "
        f"is too long for the menu. SANDWRIGHT_MODEL={provider}/… names any."
    )


def _is_served(name: str, providers: Iterable[str]) -> bool:
    """Whether a connected provider takes `provider/model`; the recipes are one model only."""
    provider, _, model = name.partition("/")
    if provider == RecipesProvider.name and model != RECIPES_MODEL:
        return False
    return provider in providers and bool(model)


def _check(chosen: str, providers: Iterable[str]) -> None:
    if not _is_served(chosen, providers):
        raise SettingsError(
            f"SANDWRIGHT_MODEL is “{chosen}”, which no connected provider serves. Write it as "
            f"provider/model, for example {OPENAI.name}/{OPENAI.model}, and connect the provider "
            f"({_connecting(chosen)}). Connected: {', '.join(providers)}."
        )


def _connecting(chosen: str) -> str:
    """Say which variables connect the provider that was meant, or the first one."""
    meant = chosen.partition("/")[0]
    known = next((one for one in KNOWN_HOSTS if one.name == meant), OPENAI)
    return f"for {known.name}: {' or '.join(known.variables)}"
