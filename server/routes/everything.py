"""`/api/export` and `/api/import`: everything as one archive, and back."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import asdict
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from server.errors import Problem
from server.everything.reading import Archive, open_archive
from server.everything.room import is_no_room
from server.everything.storing import store
from server.everything.writing import archive_name, pack
from server.granting import origin_rules
from server.routes import schemas
from server.routes.views import View, refuse_another_site, view
from server.store.records import Json

router = APIRouter(prefix="/api", tags=["everything"])
Viewing = Annotated[View, Depends(view)]
_ZIP = "application/zip"
_AT_ONCE = 2
_slots = asyncio.Semaphore(_AT_ONCE)
_CONTENT = {_ZIP: {"schema": {"type": "string", "format": "binary"}}}
_SENDS: dict[int | str, Json] = {200: {"content": _CONTENT}}
_TAKES = {"requestBody": {"required": True, "content": _CONTENT}}


class _Exporting(StreamingResponse):
    """An export holds its slot until all of it is sent, or nobody listens any more."""

    def __init__(self, archive: AsyncGenerator[bytes], headers: Mapping[str, str]) -> None:
        super().__init__(archive, media_type=_ZIP, headers=headers)
        self._archive = archive

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with _slots, aclosing(self._archive):
            await super().__call__(scope, receive, send)


@router.get("/export", response_class=StreamingResponse, responses=_SENDS)
async def export(viewing: Viewing, request: Request) -> StreamingResponse:
    """Get everything as a zip: an index page, each tool as a file, and all records to import."""
    refuse_another_site(request)  # it is much work
    if _slots.locked():
        raise Problem(
            503,
            f"{_AT_ONCE} exports of everything are under way already.",
            action="Try again when one is done.",
        )
    headers = {
        "Content-Disposition": f'attachment; filename="{archive_name()}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    services = viewing.services
    services.settings.data_dir.mkdir(parents=True, exist_ok=True)
    return _Exporting(pack(services.database, services.settings.data_dir), headers)


@router.post("/import", response_model=schemas.ImportedEverything, openapi_extra=_TAKES)
async def import_(
    viewing: Viewing,
    request: Request,
    *,
    grants: Annotated[bool, Query(description="take the tools' permissions too")] = False,
) -> Json:
    """Import such a zip, sent as the body. What is here already stays as it is."""
    services = viewing.services
    rules = origin_rules(services.settings, viewing.host) if grants else None
    try:
        services.settings.data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=services.settings.data_dir) as file:
            async for part in request.stream():
                await asyncio.to_thread(file.write, part)
            archive = await asyncio.to_thread(_opened, file)
            stored = await store(services.database, archive, rules=rules)
    except OSError as error:
        if not is_no_room(error):
            raise
        raise Problem(
            507,
            "The disk has no room for the archive. Nothing was imported.",
            action="Make room, then import it again.",
        ) from error
    return {**asdict(stored), "words": stored.words()}


def _opened(file: BinaryIO) -> Archive:
    archive = open_archive("The archive", file)
    if archive is None:
        raise Problem(
            422,
            "This zip is not what Export everything wrote.",
            action="A page with its files is imported by /api/artifacts/import.",
            code="not_everything",
        )
    return archive
