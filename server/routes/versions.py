"""`/api/artifacts/{id}/versions`: every version, its document, export, diff, test, restore, pin."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response

from server import shapes
from server.differing import unified
from server.errors import Problem
from server.export import export_filename
from server.exporting import Options, as_tested, verified
from server.granting import in_force
from server.identifiers import new_secret
from server.routes import schemas
from server.routes.background import in_background
from server.routes.views import (
    Number,
    View,
    find_artifact,
    find_version,
    refuse_another_site,
    view,
)
from server.store import artifacts, reports, versions
from server.store.records import Json

router = APIRouter(prefix="/api/artifacts/{artifact_id}/versions", tags=["versions"])
Viewing = Annotated[View, Depends(view)]


@router.get("", response_model=schemas.VersionList)
async def listed(artifact_id: str, viewing: Viewing) -> Json:
    """List all versions, oldest first."""
    async with viewing.services.database.read() as connection:
        artifact = await find_artifact(connection, artifact_id)
        return {"items": await viewing.versions(connection, artifact), "next": None}


@router.get("/{n}", response_model=schemas.Version)
async def read(artifact_id: str, n: Number, viewing: Viewing) -> Json:
    async with viewing.services.database.read() as connection:
        artifact = await find_artifact(connection, artifact_id)
        return await viewing.version(connection, artifact, n)


async def _source(viewing: View, artifact_id: str, n: int) -> str:
    async with viewing.services.database.read() as connection:
        artifact = await find_artifact(connection, artifact_id)
        await find_version(connection, artifact, n)
        return await versions.source(connection, artifact.id, n) or ""


# The document of a tool is never shown on our own origin: these headers make a browser save it,
# and sandbox it should some browser not.
def _document(html: str, name: str) -> Response:
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }
    content = html.encode("utf-8", "replace")
    return Response(content, media_type="text/html; charset=utf-8", headers=headers)


@router.get("/{n}/source", response_class=Response)
async def source(artifact_id: str, n: Number, viewing: Viewing) -> Response:
    """Get the document as the model wrote it."""
    return _document(await _source(viewing, artifact_id, n), f"source-v{n}.html")


def _options(
    *,
    prompt: Annotated[bool, Query(description="write the prompt into the file")] = True,
    policy: Annotated[
        bool, Query(description="write the policy that keeps the file from the network")
    ] = True,
    libraries: Annotated[
        Literal["inline", "cdn"],
        Query(description="`cdn`: from the network, by hash; smaller, and no longer offline"),
    ] = "inline",
    data: Annotated[
        Literal["none", "include"],
        Query(description="`include`: what the tool has stored comes along"),
    ] = "none",
) -> Options:
    by_cdn = libraries == "cdn"
    return Options(prompt=prompt, policy=policy, by_cdn=by_cdn, data=data == "include")


Chosen = Annotated[Options, Depends(_options)]


@router.get("/{n}/export", response_class=Response)
async def export(
    artifact_id: str, n: Number, viewing: Viewing, chosen: Chosen, request: Request
) -> Response:
    """Get one standalone file that works from disk with the network off."""
    if chosen.data or not chosen.policy:
        refuse_another_site(request)  # the person did not choose what is in it
    async with viewing.services.database.read() as connection:
        artifact = await find_artifact(connection, artifact_id)
        await find_version(connection, artifact, n)
        made = await viewing.services.export.of(connection, artifact, n, chosen)
    return _document(made.html if made else "", export_filename(artifact.title))


@router.post("/{n}/export/check", response_model=schemas.ExportCheck)
async def check_export(artifact_id: str, n: Number, viewing: Viewing, chosen: Chosen) -> Json:
    """Open the export from disk with no network, and say what it carries and whether it works."""
    async with viewing.services.database.read() as connection:
        artifact = await find_artifact(connection, artifact_id)
        await find_version(connection, artifact, n)
        made = await viewing.services.export.of(connection, artifact, n, chosen)
        tested = await as_tested(connection, artifact, n, chosen)
    assert made is not None
    report, words = await verified(viewing.services.smoke, made, tested)
    return {
        "verdict": str(report.verdict),
        "findings": [{**asdict(one), "picture": None} for one in report.findings],
        "bytes": made.size,
        "libraries": [shapes.library(one) for one in made.libraries],
        "lacking": list(made.lacking),
        "words": words,
    }


@router.get("/{n}/diff", response_class=Response)
async def diff(
    artifact_id: str,
    n: Number,
    viewing: Viewing,
    against: Annotated[schemas.VersionNumber, Query()],
) -> Response:
    """Get the unified diff from version `against` to version `n`.

    Where very much differs, a first line says that long parts are shown as replaced.
    """
    old = await _source(viewing, artifact_id, against)
    new = await _source(viewing, artifact_id, n)
    text = await asyncio.to_thread(unified, (f"version {against}", old), (f"version {n}", new))
    return Response(text.encode("utf-8", "replace"), media_type="text/plain; charset=utf-8")


@router.post("/{n}/restore", status_code=201, response_model=schemas.Made)
async def restore(artifact_id: str, n: Number, viewing: Viewing, request: Request) -> Json:
    """Make a new version that equals version `n`."""
    async with viewing.services.database.read() as connection:
        artifact = await find_artifact(connection, artifact_id)
        old = await find_version(connection, artifact, n)
        html = await versions.source(connection, artifact.id, n) or ""
        # Reading a large document takes a while, in which others may write.
        granted = await in_force(connection, artifact.id, n, html)
    async with viewing.services.database.write() as connection:
        artifact = await find_artifact(connection, artifact_id)
        await find_version(connection, artifact, n)
        new = versions.NewVersion(
            artifact_id=artifact.id,
            html=html,
            title=old.title,
            secret=new_secret(),
            origin="restore",
            grants=shapes.grants_shape(granted),
            parent=n,
            provider=old.provider,
            model=old.model,
        )
        made = await versions.add(connection, new)
        await artifacts.rename(connection, artifact.id, old.title, "document")
        await artifacts.touch(connection, artifact.id)
    in_background(request, viewing.services.tester.test_and_notify(artifact.id, made.n))
    return {"version": await read(artifact_id, made.n, viewing)}


@router.post("/{n}/test", status_code=202, response_model=schemas.Made)
async def test(artifact_id: str, n: Number, viewing: Viewing, request: Request) -> Json:
    """Test the version again; the report arrives on the artifact's event stream."""
    version = await read(artifact_id, n, viewing)
    in_background(request, viewing.services.tester.test_and_notify(artifact_id, n))
    return {"version": version}


@router.post("/{n}/pin", response_model=schemas.Changed)
async def pin(artifact_id: str, n: Number, viewing: Viewing) -> Json:
    """Hold this version live, whatever later ones do."""
    async with viewing.services.database.write() as connection:
        artifact = await find_artifact(connection, artifact_id)
        await find_version(connection, artifact, n)
        await artifacts.pin(connection, artifact.id, n)
    return await _artifact(artifact_id, viewing)


@router.delete("/{n}/pin", response_model=schemas.Changed)
async def unpin(artifact_id: str, n: Number, viewing: Viewing) -> Json:
    """Let the newest version that passed be live again."""
    async with viewing.services.database.write() as connection:
        artifact = await find_artifact(connection, artifact_id)
        if artifact.pinned_version != n:
            raise Problem(409, f"Version {n} is not pinned.")
        await artifacts.pin(connection, artifact.id, None)
    return await _artifact(artifact_id, viewing)


async def _artifact(artifact_id: str, viewing: View) -> Json:
    async with viewing.services.database.read() as connection:
        artifact = await find_artifact(connection, artifact_id)
        return {"artifact": await viewing.artifact(connection, artifact)}


@router.get("/{n}/screenshots/{report_id}/{name}.png", response_class=Response)
async def screenshot(
    artifact_id: str, n: Number, report_id: str, name: str, viewing: Viewing
) -> Response:
    """Get a picture that a smoke test took."""
    return _picture(await _taken(artifact_id, n, report_id, name, viewing), "image/png")


@router.get("/{n}/screenshots/{report_id}/{name}.jpg", response_class=Response)
async def film(
    artifact_id: str, n: Number, report_id: str, name: str, viewing: Viewing
) -> Response:
    """Get a picture of the film of a smoke test."""
    return _picture(await _taken(artifact_id, n, report_id, name, viewing), "image/jpeg")


async def _taken(artifact_id: str, n: int, report_id: str, name: str, viewing: View) -> bytes:
    async with viewing.services.database.read() as connection:
        artifact = await find_artifact(connection, artifact_id)
        await find_version(connection, artifact, n)
        taken = await reports.screenshot(connection, artifact.id, report_id, name)
    if taken is None:
        raise Problem(404, "There is no such screenshot.")
    return taken


def _picture(taken: bytes, media_type: str) -> Response:
    headers = {"Cache-Control": "private, max-age=31536000, immutable"}
    return Response(taken, media_type=media_type, headers=headers)
