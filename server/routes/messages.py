"""`/api/artifacts/{id}/messages` and `/fix`: the conversation, and asking for a change."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncConnection

from server import recipes, shapes
from server.errors import Problem
from server.generation import conversation
from server.generation.generator import NothingToFixError
from server.providers.registry import RECIPES_ID
from server.routes import schemas
from server.routes.choosing import check_prompt, choose, read_attachments
from server.routes.views import View, find_artifact, find_version, view
from server.store import ledger as ledger_entries
from server.store import reports, versions
from server.store.records import Artifact, Json

router = APIRouter(prefix="/api/artifacts/{artifact_id}", tags=["messages"])
Viewing = Annotated[View, Depends(view)]


@router.get("/messages", response_model=schemas.MessageList)
async def listed(artifact_id: str, viewing: Viewing) -> Json:
    """List the conversation, oldest first."""
    async with viewing.services.database.read() as connection:
        artifact = await find_artifact(connection, artifact_id)
        return {"items": await viewing.messages(connection, artifact), "next": None}


@router.get("/ledger", response_model=schemas.Ledger)
async def ledger(artifact_id: str, viewing: Viewing) -> Json:
    """List what repairs were tried, what they cost and what came of them, oldest first."""
    async with viewing.services.database.read() as connection:
        artifact = await find_artifact(connection, artifact_id)
        entries = await ledger_entries.listed(connection, artifact.id)
    return {"items": [shapes.ledger_entry(one) for one in entries], "next": None}


@router.post("/messages", status_code=202, response_model=schemas.Started)
async def ask(artifact_id: str, body: schemas.NewMessage, viewing: Viewing) -> Json:
    """Ask for a change; it waits for its turn while another generation runs."""
    check_prompt(body.prompt)
    services = viewing.services
    async with services.database.read() as connection:
        artifact = await find_artifact(connection, artifact_id)
        if body.base_version is not None:
            await find_version(connection, artifact, body.base_version)
        by_recipe = await _is_for_recipe(connection, artifact, body, viewing)
    generation = await services.generator.change(
        artifact,
        body.prompt,
        await choose(services.registry, RECIPES_ID if by_recipe else body.model),
        base_version=body.base_version,
        attachments=read_attachments(body.attachments),
    )
    return {"generation": viewing.generation(artifact, generation)}


async def _is_for_recipe(
    connection: AsyncConnection, artifact: Artifact, body: schemas.NewMessage, viewing: View
) -> bool:
    """Whether the recipe that made the tool is to change it: it does all that is asked, or nothing.

    What it would stand on must be known, so behind another generation the model is asked, and so it
    is where files came with the wish.
    """
    if not body.recipe_first or body.attachments:
        return False
    base = body.base_version
    if base is None and not viewing.services.hub.busy(artifact.id):
        base = await versions.newest(connection, artifact.id)
    wishes = await conversation.recipe_wishes(connection, artifact.id, base)
    return bool(wishes) and await asyncio.to_thread(recipes.follows, [*wishes, body.prompt])


@router.post("/fix", status_code=202, response_model=schemas.Started)
async def fix(artifact_id: str, body: schemas.NewFix, viewing: Viewing) -> Json:
    """Send a report's findings to the model: the fatal ones, or those named by signature."""
    services = viewing.services
    async with services.database.read() as connection:
        artifact = await find_artifact(connection, artifact_id)
        version = await find_version(connection, artifact, body.version)
        report = (await reports.latest(connection, artifact.id)).get(version.n)
    if report is None:
        raise Problem(409, "This version has no report yet.", action="Test it first.")
    choice = await choose(services.registry, body.model)
    try:
        generation = await services.generator.fix(artifact, report, choice, body.findings)
    except NothingToFixError as error:
        raise Problem(409, "The report has no such finding; there is nothing to fix.") from error
    return {"generation": viewing.generation(artifact, generation)}
