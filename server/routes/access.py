"""`/access`: trade the access token for a cookie. Only used when a token is set."""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse

from server.routes import guesses
from server.routes.door import COOKIE, cookie_value, same_token
from server.settings import Settings

router = APIRouter(include_in_schema=False)


@router.get("/access")
async def form(request: Request) -> Response:
    context = {"wrong": False}
    response: Response = request.app.state.templates.TemplateResponse(
        request, "access.html", context
    )
    return response


@router.post("/access")
async def enter(request: Request) -> Response:
    fields = parse_qsl((await request.body()).decode("utf-8", "replace"))
    token = dict(fields).get("token", "")
    settings: Settings = request.app.state.services.settings
    expected = settings.access_token
    if expected is not None and not same_token(token.strip(), expected):
        if not await guesses.late():
            return PlainTextResponse(guesses.BUSY, status_code=429, headers=guesses.RETRY)
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
