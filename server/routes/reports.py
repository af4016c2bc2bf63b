"""The report of a version: its page, its JSON, and a file of it that can be given away."""

from __future__ import annotations

import asyncio
import base64
import re
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response

from server import shapes
from server.errors import Problem
from server.export import export_filename
from server.routes import schemas
from server.routes.assets import files
from server.routes.views import Number, View, find_artifact, find_version, view
from server.store import reports
from server.store.records import Artifact, Json, StoredReport, Version

router = APIRouter(prefix="/api/artifacts/{artifact_id}/versions/{n}", tags=["versions"])
pages = APIRouter(include_in_schema=False)
Viewing = Annotated[View, Depends(view)]

_SHEETS = ("css/base.css", "css/components.css", "css/report.css")
_FONT = re.compile(r"@font-face\s*\{[^}]*\}")  # which a file would ask a server for


async def _found(
    artifact_id: str, n: int, viewing: View, *, pictures: bool = False
) -> tuple[Artifact, Version, StoredReport, dict[str, bytes]]:
    async with viewing.services.database.read() as connection:
        artifact = await find_artifact(connection, artifact_id)
        version = await find_version(connection, artifact, n)
        report = (await reports.latest(connection, artifact.id)).get(n)
        if report is None:
            raise Problem(
                404, "This version has no report yet.", action="Wait for its test, or test it."
            )
        taken = await reports.pictures(connection, report.id) if pictures else {}
    return artifact, version, report, taken


@router.get("/report", response_model=schemas.Report)
async def read(artifact_id: str, n: Number, viewing: Viewing) -> Json:
    """Get what the newest smoke test of the version did, saw and concluded."""
    _, _, report, _ = await _found(artifact_id, n, viewing)
    return shapes.report(report)


@router.get("/report.html", response_class=Response)
async def as_file(artifact_id: str, n: Number, viewing: Viewing, request: Request) -> Response:
    """Get the report as one file with its pictures, which asks nothing of this server.

    The test ran on throw-away data, so the file has nothing of what the tool keeps.
    """
    _, version, report, taken = await _found(artifact_id, n, viewing, pictures=True)
    html = await asyncio.to_thread(_file, request.app.state.templates.env, version, report, taken)
    name = export_filename(f"report v{n} {version.title}")
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(html, media_type="text/html; charset=utf-8", headers=headers)


def _file(env: Any, version: Version, report: StoredReport, taken: dict[str, bytes]) -> bytes:
    shaped = shapes.report(report)
    inside = {
        shapes.screenshot_url(report.artifact_id, report.n, report.id, name): _as_address(data)
        for name, data in taken.items()
    }
    style = _FONT.sub("", "\n".join(files()[name].decode() for name in _SHEETS))
    template = env.get_template("report_file.html")
    html: str = template.render(version=version, report=shaped, inside=inside, style=style)
    return html.encode("utf-8", "replace")


def _as_address(data: bytes) -> str:
    kind = "png" if data.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


@pages.get("/artifacts/{artifact_id}/versions/{n}/report")
async def page(artifact_id: str, n: Number, viewing: Viewing, request: Request) -> Response:
    """Show the film of what was tried, and what came of it."""
    artifact, version, report, _ = await _found(artifact_id, n, viewing)
    context = {
        "artifact": {"url": f"/artifacts/{artifact.id}"},
        "api": f"/api/artifacts/{artifact.id}/versions/{n}",
        "version": version,
        "report": shapes.report(report),
    }
    response: Response = request.app.state.templates.TemplateResponse(
        request, "report.html", context
    )
    return response
