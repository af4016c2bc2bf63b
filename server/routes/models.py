"""`/api/models` and `/api/estimate`: what is connected, and what a wish would take."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends

from server import recipes
from server.generation import conversation, estimating
from server.providers import prices
from server.providers.protocol import Usage
from server.providers.registry import RECIPES_ID, Choice, Registry
from server.routes import schemas
from server.routes.choosing import check_prompt, choose
from server.routes.views import View, find_artifact, find_version, view
from server.store.records import Json

PAGE_SECONDS = 1.0

router = APIRouter(prefix="/api", tags=["models"])
Viewing = Annotated[View, Depends(view)]


@router.get("/models", response_model=schemas.Models)
async def models(viewing: Viewing) -> Json:
    """List the connected models, and why the default was chosen."""
    return await models_shape(viewing.services.registry)


async def models_for_page(registry: Registry) -> Json:
    """As `models_shape`, but a page never waits for a slow host: then its list is left out."""
    asking = asyncio.ensure_future(models_shape(registry))
    done, _ = await asyncio.wait([asking], timeout=PAGE_SECONDS)
    if done:
        return asking.result()
    asking.add_done_callback(lambda late: late.cancelled() or late.exception())
    slow = ", ".join(name for name in registry.providers if name != "recipes")
    error = {"provider": slow, "message": "The host has not listed its models yet. Reload to see."}
    unknown = {"provider": slow, "model": "", "label": slow, "why": error["message"]}
    return {
        "default": unknown,
        "connected": unknown,
        "items": [],
        "errors": [error],
        "notes": [],
        "prices": {"list": prices.LIST, "dated": prices.DATED},
    }


async def models_shape(registry: Registry) -> Json:
    """Gather the models; a host that is away is named under `errors`."""
    default, listing = await asyncio.gather(registry.default(), registry.models())
    connected = await registry.connected()
    return {
        "default": _chosen(default),
        "connected": _chosen(connected) if connected else None,
        "items": [
            {
                "provider": one.provider,
                "model": one.model,
                "id": f"{one.provider}/{one.model}",
                "label": one.label,
                "context": one.context,
                "price": asdict(one.price) if one.price else None,
                "images": one.images,
            }
            for one in listing.items
        ],
        "errors": [asdict(one) for one in listing.errors],
        "notes": [asdict(one) for one in listing.notes],
        "prices": {"list": prices.LIST, "dated": prices.DATED},
    }


def _chosen(choice: Choice) -> Json:
    return {
        "provider": choice.provider.name,
        "model": choice.model,
        "label": choice.provider.label,
        "why": choice.why,
    }


@router.post("/estimate", response_model=schemas.Estimate)
async def estimate(body: schemas.EstimateQuestion, viewing: Viewing) -> Json:
    """Say what a wish would take, without making anything."""
    check_prompt(body.prompt)
    services = viewing.services
    choice = await choose(services.registry, body.model)
    if body.artifact is None:
        return await estimate_shape(choice, body.prompt, services.registry)
    async with services.database.read() as connection:
        artifact = await find_artifact(connection, body.artifact)
        base = body.base_version
        if base is not None:
            await find_version(connection, artifact, base)
        wishes = await conversation.recipe_wishes(connection, artifact.id, base)
        tokens = await estimating.of_change(connection, choice, artifact.id, body.prompt, base)
    by_recipe = body.recipe_first and bool(wishes)
    if by_recipe and await asyncio.to_thread(recipes.follows, [*wishes, body.prompt]):
        choice = await choose(services.registry, RECIPES_ID)
    return await estimate_shape(choice, body.prompt, services.registry, tokens)


async def estimate_shape(
    choice: Choice, prompt: str, registry: Registry, tokens: estimating.Tokens | None = None
) -> Json:
    """Say which model, how many tokens, what it costs; and which recipe, with its parameters."""
    shape: Json = {
        "provider": choice.provider.name,
        "model": choice.model,
        "tokens_in": 0,
        "tokens_out": 0,
        "tokens_out_least": 0,
        "recipe": None,
        "title": None,
        "parameters": {},
        "nearest": [],
    }
    if choice.provider.name == "recipes":
        found = await asyncio.to_thread(recipes.estimate, prompt)
        shape |= {
            "recipe": found.recipe,
            "title": found.title or None,
            "parameters": dict(found.parameters),
            "nearest": [
                {"name": one.name, "title": one.title, "example": one.example}
                for one in found.nearest
            ],
        }
        usage = Usage(input=0, output=0)
    else:
        told = tokens or estimating.of_first(choice, prompt)
        shape |= {
            "tokens_in": told.sent,
            "tokens_out": told.most,
            "tokens_out_least": told.least,
        }
        usage = Usage(input=told.sent, output=(told.least + told.most) // 2)
    tariff = await registry.tariff(choice.provider.name, choice.model)
    return {**shape, "cost": tariff.cost(usage) if tariff else None}
