"""`/access`: trade the access token for a cookie. Only used when a token is set."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse

from server.routes.door import COOKIE, cookie_value, same_token
from server.settings import Settings

router = APIRouter(include_in_schema=False)

_WAIT_SECONDS = 0.5  # after a wrong token: nobody is to guess it
_MOST_WAITING = 20
_BUSY = "Too many wrong tokens are being tried here. Wait a few seconds, then sign in again."
_waiting: set[object] = set()


@router.get("/access")
async def form(request: Request) -> Response:
    context = {"wrong": False}
    response: Response = request.app.state.templates.TemplateResponse(
        request, "access.html", context
    )
    return response


@router.post("/access")
async def enter(request: Request) -> Response:
    if len(_waiting) >= _MOST_WAITING:
        # Before the token is looked at: an answer would tell whether it is right.
        return PlainTextResponse(_BUSY, status_code=429, headers={"Retry-After": "5"})
    fields = parse_qsl((await request.body()).decode("utf-8", "replace"))
    token = dict(fields).get("token", "")
    settings: Settings = request.app.state.services.settings
    expected = settings.access_token
    if expected is not None and not same_token(token.strip(), expected):
        await _wait()
        response: Response = request.app.state.templates.TemplateResponse(
            request, "access.html", {"wrong": True}, status_code=401
        )
        return response
    response = RedirectResponse("/", status_code=303)
    if expected is not None:
        secure = request.url.scheme == "https"
        response.set_cookie(
            COOKIE, cookie_value(expected), httponly=True, samesite="strict", secure=secure
        )
    return response


async def _wait() -> None:
    one = object()
    _waiting.add(one)
    try:
        await asyncio.sleep(_WAIT_SECONDS)
    finally:
        _waiting.discard(one)
