"""How a page keeps its tools apart: what its browser found out, remembered in a cookie.

The page probes (static/js/probe.js) and tells what it found; every address that this server then
writes for that browser follows from it. Nobody needs the cookie where the strongest level works.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import Headers
from starlette.requests import cookie_parser

from sandbox.origins import FrameAddress, Level, Opened, level_of, levels, parse_host, probe_url
from server.errors import Problem
from server.routes.schemas import LevelFound
from server.services import Services

DAYS = 30
_RENAMED = "path-renamed"

router = APIRouter(include_in_schema=False)


def opened_as(headers: Headers, scheme: str) -> Opened:
    """Read how the page behind a request was opened."""
    host = headers.get("host", "")
    found = cookie_parser(headers.get("cookie", "")).get(_cookie(host), "")
    if found == _RENAMED:
        return Opened(host, scheme, Level.PATH, renamed=True)
    return Opened(host, scheme, Level(found) if found in {*Level} else None)


def _opened(request: Request) -> Opened:
    return opened_as(request.headers, request.url.scheme)


def _cookie(host: str) -> str:
    """Name the cookie by port, since servers on one host share theirs."""
    address = parse_host(host)
    return f"sandwright_level_{address.port or 0}" if address else "sandwright_level"


@router.post("/level", status_code=204)
async def found(
    body: LevelFound, request: Request, opened: Annotated[Opened, Depends(_opened)]
) -> Response:
    """Remember the level that a page found to work."""
    services: Services = request.app.state.services
    offered = levels(opened, services.frames)
    if body.level not in offered:
        raise Problem(422, "A page under this address may not use that level.")
    response = Response(status_code=204)
    name, secure = _cookie(opened.host), request.url.scheme == "https"
    renamed = body.level is Level.PATH and request.headers.get("origin") != opened.origin
    if body.level is offered[0] and not renamed:
        response.delete_cookie(name, httponly=True, samesite="strict", secure=secure)
        return response
    response.set_cookie(
        name,
        _RENAMED if renamed else str(body.level),
        max_age=DAYS * 24 * 3600,
        httponly=True,
        samesite="strict",
        secure=secure,
    )
    return response


def template_context(request: Request) -> dict[str, Any]:
    """Tell every template about the levels of its page."""
    services: Services = request.app.state.services
    return {"levels": _told(_opened(request), services.frames, services.identity)}


def _told(opened: Opened, address: FrameAddress, identity: str) -> dict[str, Any]:
    used = level_of(opened, address)
    return {
        "used": used,
        "origin": None if opened.renamed else opened.origin,
        "identity": identity,
        "template": address.template,
        "offered": [
            {"level": level, "probe": probe_url(level, opened, address)}
            for level in levels(opened, address)
        ],
    }
