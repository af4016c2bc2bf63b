"""`/api/artifacts/{id}/data`: what a tool keeps for its person: read, change, replace, clear.

Bodies and answers are read and written here, not by Pydantic: a JavaScript string may hold half a
surrogate pair, which is no text to it.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from sandbox.stored import QUOTA, Area, BadChanges, Changes, parse_changes, to_json
from server.errors import Problem
from server.routes import schemas
from server.routes.views import View, find_artifact, view
from server.store import stored
from server.store.records import Json

router = APIRouter(prefix="/api/artifacts/{artifact_id}/data", tags=["stored data"])
Viewing = Annotated[View, Depends(view)]


def _takes(shape: type[BaseModel]) -> Json:
    content = {"application/json": {"schema": shape.model_json_schema()}}
    return {"requestBody": {"required": True, "content": content}}


async def _changes(request: Request) -> Changes:
    # In a thread: twenty megabytes take longer to read than an event loop may wait.
    changes = await asyncio.to_thread(parse_changes, await request.body())
    if isinstance(changes, BadChanges):
        raise Problem(422, changes.reason)
    return changes


async def _answer(artifact_id: str, viewing: View) -> Response:
    async with viewing.services.database.read() as connection:
        kept = {area: await stored.read(connection, artifact_id, area) for area in Area}
        sizes = await stored.used(connection, artifact_id)
    told: Json = {**{str(area): kept[area] for area in Area}, "used": sizes, "quota": dict(QUOTA)}
    return Response(await asyncio.to_thread(to_json, told), media_type="application/json")


@router.get("", responses={200: {"model": schemas.StoredData}}, response_class=Response)
async def read(artifact_id: str, viewing: Viewing) -> Response:
    """Read all that the tool keeps, by area and key."""
    async with viewing.services.database.read() as connection:
        await find_artifact(connection, artifact_id)
    return await _answer(artifact_id, viewing)


@router.patch("", status_code=204, openapi_extra=_takes(schemas.StoredChanges))
async def change(artifact_id: str, viewing: Viewing, request: Request) -> Response:
    """Set the keys that are named, drop those that are null, and leave the rest as it is."""
    changes = await _changes(request)
    async with viewing.services.database.write() as connection:
        await find_artifact(connection, artifact_id)
        _expect_room(await stored.change(connection, artifact_id, changes))
    return Response(status_code=204)


@router.put("", status_code=204, openapi_extra=_takes(schemas.StoredChanges))
async def replace(artifact_id: str, viewing: Viewing, request: Request) -> Response:
    """Replace all of the areas that are named."""
    changes = await _changes(request)
    async with viewing.services.database.write() as connection:
        await find_artifact(connection, artifact_id)
        await stored.clear(connection, artifact_id, tuple(changes))
        _expect_room(await stored.change(connection, artifact_id, changes, any_keys=True))
    return Response(status_code=204)


@router.delete("", status_code=204)
async def clear(artifact_id: str, viewing: Viewing) -> Response:
    """Delete all that the tool keeps."""
    async with viewing.services.database.write() as connection:
        await find_artifact(connection, artifact_id)
        await stored.clear(connection, artifact_id)
    return Response(status_code=204)


def _expect_room(full: stored.Full | None) -> None:
    """Raise a 413 `Problem` for what does not fit; the transaction is rolled back."""
    if full is not None:
        raise Problem(
            413,
            f"The tool's {full.area} data are full: {full.reason}",
            action="Delete some of them; nothing was changed.",
            code="quota_exceeded",
        )
