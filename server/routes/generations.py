"""`/api/generations`: read, cancel, retry, continue, and their event streams."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse

from server.errors import Problem
from server.generation.generator import AlreadyRunningError
from server.providers.registry import Choice
from server.routes import schemas
from server.routes.choosing import choose
from server.routes.events import artifact_stream, generation_stream, sse
from server.routes.views import View, find_artifact, find_generation, view
from server.store import generations
from server.store.records import Generation, Json

router = APIRouter(prefix="/api", tags=["generations"])
Viewing = Annotated[View, Depends(view)]


@router.get("/generations/{generation_id}", response_model=schemas.Generation)
async def read(generation_id: str, viewing: Viewing) -> Json:
    async with viewing.services.database.read() as connection:
        artifact, generation = await find_generation(connection, generation_id)
    return viewing.generation(artifact, generation)


@router.post("/generations/{generation_id}/cancel", status_code=202, response_model=schemas.Started)
async def cancel(generation_id: str, viewing: Viewing) -> Json:
    """Stop the model; what came is kept. Cancelling an ended generation changes nothing."""
    async with viewing.services.database.read() as connection:
        _, generation = await find_generation(connection, generation_id)
    if generation.state.active and viewing.services.hub.get(generation_id) is None:
        raise Problem(409, "Another process runs this generation; stop it there.")
    await viewing.services.generator.cancel(generation_id)
    return {"generation": await read(generation_id, viewing)}


@router.post("/generations/{generation_id}/retry", status_code=202, response_model=schemas.Started)
async def retry(
    generation_id: str, viewing: Viewing, body: schemas.ModelChoice | None = None
) -> Json:
    """Run an ended generation again from its start, with another model if one is named."""
    return await _again(generation_id, viewing, body, resume=False)


@router.post(
    "/generations/{generation_id}/continue", status_code=202, response_model=schemas.Started
)
async def continue_(
    generation_id: str, viewing: Viewing, body: schemas.ModelChoice | None = None
) -> Json:
    """Go on from where a failed, cancelled or interrupted generation stopped."""
    return await _again(generation_id, viewing, body, resume=True)


async def _again(
    generation_id: str, viewing: View, body: schemas.ModelChoice | None, *, resume: bool
) -> Json:
    services = viewing.services
    async with services.database.read() as connection:
        artifact, earlier = await find_generation(connection, generation_id)
    if earlier.state.active:
        raise Problem(409, "This generation still runs.", action="Stop it first, or wait.")
    if resume and not earlier.can_continue:
        raise _nothing_to_continue(earlier)
    choice = await _choice(viewing, earlier, body.model if body else None)
    if resume and choice.is_recipes:
        raise Problem(
            409,
            "The built-in recipes cannot go on with what a model began.",
            action="Connect a model, or choose one.",
        )
    try:
        generation = await services.generator.again(artifact, earlier, choice, resume=resume)
    except AlreadyRunningError as error:
        raise Problem(
            409, "This wish is being worked on already.", action="Stop that first, or wait."
        ) from error
    return {"generation": viewing.generation(artifact, generation)}


def _nothing_to_continue(earlier: Generation) -> Problem:
    if earlier.kept and earlier.too_large:
        return Problem(
            409,
            "What came is too large to go on from.",
            action="Ask for something smaller, or try again.",
        )
    return Problem(
        409,
        "There is nothing to continue from: nothing had arrived, or it is done.",
        action="Try again instead.",
    )


async def _choice(viewing: View, earlier: Generation, model: str | None) -> Choice:
    """Take the model named; else the same as before, if it is there and can do more this time.

    The recipes answer the same wish in the same way always.
    """
    registry = viewing.services.registry
    if model is not None:
        return await choose(registry, model)
    if earlier.kind == "mechanical":
        async with viewing.services.database.read() as connection:
            made = await generations.listed(connection, earlier.artifact_id)
        earlier = next((one for one in reversed(made) if one.kind != "mechanical"), earlier)
    if earlier.provider == "recipes":
        return await registry.connected() or await registry.default()
    return registry.resolve(f"{earlier.provider}/{earlier.model}") or await registry.default()


@router.get("/generations/{generation_id}/events", response_class=StreamingResponse)
async def events(generation_id: str, viewing: Viewing, request: Request) -> StreamingResponse:
    """Follow one generation (text/event-stream); `Last-Event-ID` resumes after that offset."""
    async with viewing.services.database.read() as connection:
        artifact, generation = await find_generation(connection, generation_id)
    return sse(generation_stream(viewing, artifact, generation, _last_event(request)))


@router.get("/artifacts/{artifact_id}/events", response_class=StreamingResponse)
async def artifact_events(
    artifact_id: str, viewing: Viewing, request: Request
) -> StreamingResponse:
    """Follow every generation of an artifact on one connection, reports of re-tests included."""
    async with viewing.services.database.read() as connection:
        artifact = await find_artifact(connection, artifact_id)
    return sse(artifact_stream(viewing, artifact, _last_event(request)))


def _last_event(request: Request) -> str:
    return request.headers.get("last-event-id") or request.query_params.get("after", "")
