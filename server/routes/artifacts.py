"""`/api/artifacts`: make, list, read, rename, bin, import, fork."""

from __future__ import annotations

import asyncio
import base64
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime
from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox.grants import NO_GRANTS
from server import importing, shapes
from server.errors import Problem
from server.generation import titles
from server.generation.generator import Created
from server.identifiers import new_secret
from server.routes import schemas
from server.routes.background import in_background
from server.routes.choosing import check_prompt, choose, read_attachments
from server.routes.views import Number, View, find_artifact, find_version, view
from server.store import artifacts, versions
from server.store.artifacts import BadCursorError
from server.store.records import Artifact, Json

PAGE = 24
ROUNDS = 3  # of stopping what was put into the bin while others were being deleted

router = APIRouter(prefix="/api/artifacts", tags=["artifacts"])
Viewing = Annotated[View, Depends(view)]
Limit = Annotated[int, Query(ge=1, le=100)]


@router.post("", status_code=201, response_model=schemas.Created)
async def create(body: schemas.NewArtifact, viewing: Viewing, response: Response) -> Json:
    """Make an artifact from a prompt and start its first generation."""
    made = await start(body, viewing)
    artifact, generation = made.artifact, made.generation
    response.headers["Location"] = f"/api/artifacts/{artifact.id}"
    return {
        "artifact": viewing.new_artifact(made),
        "generation": viewing.generation(artifact, generation),
    }


async def start(body: schemas.NewArtifact, viewing: View) -> Created:
    """Make an artifact and start its first generation. Raises a `Problem`."""
    check_prompt(body.prompt)
    services = viewing.services
    choice = await choose(services.registry, body.model)
    return await services.generator.create(
        body.prompt,
        choice,
        read_attachments(body.attachments),
        label=body.frame_label,
        secret=body.frame_secret,
    )


@router.post("/import", status_code=201, response_model=schemas.Imported)
async def import_(
    body: schemas.NewImport, viewing: Viewing, request: Request, response: Response
) -> Json:
    """Make an artifact from a document or a file; it is tested by itself."""
    brought = await asyncio.to_thread(_brought, body)
    async with viewing.services.database.write() as connection:
        artifact = await bring(connection, brought, body.title)
    in_background(request, viewing.services.tester.test_and_notify(artifact.id, 1))
    async with viewing.services.database.read() as connection:
        response.headers["Location"] = f"/api/artifacts/{artifact.id}"
        return {
            "artifact": await viewing.artifact(connection, artifact),
            "version": await viewing.version(connection, artifact, 1),
            "missing": list(brought.missing),
            "notes": list(brought.notes),
        }


def _brought(body: schemas.NewImport) -> importing.Brought:
    if body.html is not None:
        check_import(body.html)
        return importing.read_html(body.html, "Imported tool")
    if body.file is None:
        raise Problem(422, "There is nothing to import.", action="Send `html` or `file`.")
    try:
        data = base64.b64decode(body.file.data, validate=True)
    except ValueError as error:  # also for letters that no base64 has
        raise Problem(422, "The file's data is not base64.") from error
    return importing.read(body.file.name, data)


async def bring(
    connection: AsyncConnection, brought: importing.Brought, title: str | None = None
) -> Artifact:
    """Store what was brought as version 1 of an artifact of its own."""
    found = title or titles.from_document(brought.html) or brought.title
    new_title = titles.shortened(found)
    artifact = await artifacts.create(
        connection,
        title=new_title,
        prompt="",
        titled_by="person" if title else "document",
    )
    new = versions.NewVersion(
        artifact_id=artifact.id,
        html=brought.html,
        title=new_title,
        secret=new_secret(),
        origin="import",
        grants=shapes.grants_shape(NO_GRANTS),
    )
    await versions.add(connection, new)
    return artifact


def check_import(html: str) -> None:
    """Refuse what is not an HTML document, or too large. Raises a `Problem`."""
    size, most = len(html.encode("utf-8", "replace")), importing.MOST_BYTES
    if size > most:
        raise Problem(413, f"The document has {size:,} bytes; at most {most:,} fit.")
    if "\0" in html[:1000] or html.startswith("%PDF"):
        raise Problem(422, "This is a binary file, not HTML.", action="Choose an HTML file.")
    if "<" not in html:
        raise Problem(
            422,
            "There is no markup in this text.",
            action="Paste a whole HTML document.",
        )


@router.get("", response_model=schemas.ArtifactList)
async def listed(
    viewing: Viewing, cursor: str | None = None, limit: Limit = PAGE, *, deleted: bool = False
) -> Json:
    """List artifacts, the last changed first; `deleted` lists the bin, the last deleted first."""
    async with viewing.services.database.read() as connection:
        try:
            found, after = await artifacts.page(
                connection, cursor=cursor, limit=limit, deleted=deleted
            )
        except BadCursorError as error:
            raise Problem(
                422, "The cursor is not one of this list's.", action="Start without a cursor."
            ) from error
        return {"items": await viewing.artifacts(connection, found), "next": after}


@router.delete("/bin", response_model=schemas.Emptied)
async def empty_bin(viewing: Viewing, until: AwareDatetime | None = None) -> Json:
    """Delete everything in the bin for good: the one true deletion.

    With `until`, what came there later stays: nobody has been asked about that.
    """
    return {"deleted": await _delete_for_good(viewing, until=until)}


@router.delete("/bin/{artifact_id}", status_code=204)
async def delete_for_good(artifact_id: str, viewing: Viewing) -> Response:
    """Delete one that is in the bin for good, as emptying the bin does with all."""
    if await _delete_for_good(viewing, only=artifact_id):
        return Response(status_code=204)
    async with viewing.services.database.read() as connection:
        is_there = await artifacts.binned(connection, only=artifact_id)
    if is_there:
        raise Problem(409, "This tool is still being written.", action="Try again.")
    raise Problem(404, "There is no tool with this id in the bin.")


async def _delete_for_good(
    viewing: View, *, only: str | None = None, until: datetime | None = None
) -> int:
    services = viewing.services
    deleted = 0
    for _ in range(ROUNDS):
        async with services.database.write() as connection:
            binned = await artifacts.binned(connection, only=only, until=until)
            await _expect_here(viewing, connection, binned)
            # What still runs would write into records that are gone; it is stopped first.
            busy = [one for one in binned if services.hub.busy(one)]
            idle = [one for one in binned if one not in busy]
            deleted += await artifacts.delete_for_good(connection, idle)
        if not busy:
            break
        for artifact_id in busy:
            await services.generator.cancel_all(artifact_id)
    if deleted:
        await services.database.forget()
    return deleted


@router.post("/bin", response_model=schemas.Several)
async def delete_several(body: schemas.Several, viewing: Viewing) -> Json:
    """Move several to the bin at once, as DELETE does; answers which of them it moved."""
    async with viewing.services.database.write() as connection:
        await _expect_here(viewing, connection, body.ids)
        moved = await artifacts.bin_several(connection, body.ids)
    for artifact_id in moved:
        await viewing.services.generator.cancel_all(artifact_id)
    return {"ids": moved}


@router.post("/undelete", response_model=schemas.Several)
async def undelete_several(body: schemas.Several, viewing: Viewing) -> Json:
    """Take several out of the bin at once; answers which of them it took."""
    async with viewing.services.database.write() as connection:
        return {"ids": await artifacts.take_out_several(connection, body.ids)}


@router.get("/{artifact_id}", response_model=schemas.Artifact)
async def read(artifact_id: str, viewing: Viewing) -> Json:
    async with viewing.services.database.read() as connection:
        return await viewing.artifact(connection, await find_artifact(connection, artifact_id))


@router.patch("/{artifact_id}", response_model=schemas.Artifact)
async def change(artifact_id: str, body: schemas.ArtifactChange, viewing: Viewing) -> Json:
    """Rename; a title that a person gave is never changed by a model."""
    async with viewing.services.database.write() as connection:
        await find_artifact(connection, artifact_id)
        await artifacts.rename(connection, artifact_id, titles.shortened(body.title), "person")
    return await read(artifact_id, viewing)


@router.delete("/{artifact_id}", status_code=204)
async def delete(artifact_id: str, viewing: Viewing) -> Response:
    """Move to the bin and stop what runs; `undelete` brings it back whole."""
    async with viewing.services.database.write() as connection:
        await find_artifact(connection, artifact_id)
        await _expect_here(viewing, connection, [artifact_id])
        await artifacts.bin_(connection, artifact_id)
    await viewing.services.generator.cancel_all(artifact_id)
    return Response(status_code=204)


async def _expect_here(viewing: View, connection: AsyncConnection, ids: list[str]) -> None:
    """Refuse to delete what another process still writes, and pays for. Raises a `Problem`."""
    found = await viewing.services.generator.elsewhere(connection, ids)
    if found:
        these = "this tool" if len(found) == 1 else f"{len(found):,} of these tools"
        raise Problem(
            409,
            f"Another Sandwright on the same data is making {these}: nothing was deleted.",
            action="Stop it there, or wait until it is done, then delete.",
        )


@router.post("/{artifact_id}/undelete", response_model=schemas.Artifact)
async def undelete(artifact_id: str, viewing: Viewing) -> Json:
    async with viewing.services.database.write() as connection:
        await find_artifact(connection, artifact_id, deleted=True)
        await artifacts.take_out(connection, artifact_id)
    return await read(artifact_id, viewing)


@router.post("/{artifact_id}/versions/{n}/fork", status_code=201, response_model=schemas.Imported)
async def fork(artifact_id: str, n: Number, viewing: Viewing, request: Request) -> Json:
    """Make a new artifact from version `n` and the versions that led to it."""
    async with viewing.services.database.write() as connection:
        artifact = await find_artifact(connection, artifact_id)
        await find_version(connection, artifact, n)
        line = versions.lineage(await versions.listed(connection, artifact.id), n)
        new = await artifacts.create(
            connection,
            title=titles.shortened(f"{artifact.title} (fork)"),
            prompt=artifact.prompt,
            titled_by="person",
        )
        for position, one in enumerate(line, start=1):
            copy = versions.NewVersion(
                artifact_id=new.id,
                html=await versions.source(connection, artifact.id, one.n) or "",
                title=one.title,
                secret=new_secret(),
                origin=one.origin,
                grants=shapes.grants_shape(NO_GRANTS),
                parent=position - 1 or None,
                prompt=one.prompt,
                provider=one.provider,
                model=one.model,
            )
            made = await versions.add(connection, copy)
    in_background(request, viewing.services.tester.test_and_notify(new.id, made.n))
    async with viewing.services.database.read() as connection:
        return {
            "artifact": await viewing.artifact(connection, new),
            "version": await viewing.version(connection, new, made.n),
        }
