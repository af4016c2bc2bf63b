"""Errors at the HTTP door: problem+json (RFC 9457) on the API, a page with a way home elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from server.everything.room import is_no_room
from server.store.database import is_full, is_locked

_log = logging.getLogger(__name__)

_BUSY = 503
_RETRY_SECONDS = 5

_TITLES = {
    401: "Not signed in",
    402: "Over budget",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Not now",
    413: "Too large",
    415: "Wrong type",
    421: "Unknown host",
    422: "Cannot be used",
    429: "Too many tries",
    500: "Something went wrong",
    502: "Not fetched",
    503: "Not ready",
    507: "No room",
}


class Problem(Exception):  # noqa: N818 RFC 9457's own word
    """An answer other than success; `detail` says what happened, `action` what to do."""

    def __init__(
        self, status: int, detail: str, *, action: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.action = action
        self.code = code


def body(status: int, detail: str, **extra: Any) -> dict[str, Any]:
    """Build the members of a problem document; absent extras are left out."""
    title = _TITLES.get(status, "Error")
    given = {name: value for name, value in extra.items() if value is not None}
    return {"type": "about:blank", "title": title, "status": status, "detail": detail, **given}


def problem_response(status: int, detail: str, **extra: Any) -> JSONResponse:
    content = body(status, detail, **extra)
    return JSONResponse(content, status_code=status, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Answer every error of `app` in the right form."""

    @app.exception_handler(Problem)
    async def on_problem(request: Request, problem: Problem) -> Response:
        return await _answer(
            request, problem.status, problem.detail, action=problem.action, code=problem.code
        )

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> Response:
        detail = "There is nothing at this address." if error.status_code == 404 else error.detail  # noqa: PLR2004
        return await _answer(request, error.status_code, detail, headers=error.headers)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(request: Request, error: RequestValidationError) -> Response:
        fields = [
            {"field": ".".join(str(part) for part in one["loc"][1:]), "message": one["msg"]}
            for one in error.errors()
        ]
        said = "; ".join(f"{one['field'] or 'body'}: {one['message']}" for one in fields)
        return await _answer(request, 422, said or "The request is not valid.", errors=fields)

    @app.exception_handler(OperationalError)
    @app.exception_handler(Exception)
    async def on_crash(request: Request, error: Exception) -> Response:
        # The route, not the path: addresses of tools do not belong in a log.
        route = getattr(request.scope.get("route"), "path", "unknown")
        no_mistake = _hindrance(error, request.method)
        if no_mistake is not None:
            _log.error("%s %s failed: %s", request.method, route, no_mistake)
            wait = {"Retry-After": str(_RETRY_SECONDS)} if no_mistake.status == _BUSY else None
            return await _answer(
                request,
                no_mistake.status,
                no_mistake.detail,
                action=no_mistake.action,
                headers=wait,
            )
        _log.error("%s %s failed", request.method, route, exc_info=error)
        detail = "This is our mistake; the server's log has the details. Nothing was lost."
        return await _answer(request, 500, detail, action="Try again.")


def _hindrance(error: Exception, method: str) -> Problem | None:
    """Say what is no mistake of ours, and what a person can do; `None` for any other fault."""
    undone = "nothing could be read" if method in {"GET", "HEAD"} else "nothing could be saved"
    failed = error if isinstance(error, OperationalError) else None
    if (failed and is_full(failed)) or (isinstance(error, OSError) and is_no_room(error)):
        return Problem(
            507,
            f"The disk is full: {undone}.",
            action="Free some space where Sandwright keeps its data, then try again.",
        )
    if failed and is_locked(failed):
        return Problem(
            _BUSY,
            f"The database is held by another program: {undone}.",
            action="Try again in a moment. If it lasts, end what else has the database open.",
        )
    return None


async def _answer(
    request: Request,
    status: int,
    detail: str,
    *,
    headers: Any = None,
    **extra: Any,
) -> Response:
    if not wants_page(request.url.path, request.headers):
        response: Response = problem_response(status, detail, **extra)
    else:
        templates = request.app.state.templates
        context = {"status": status, "title": _TITLES.get(status, "Error"), "detail": detail}
        context |= {"action": extra.get("action"), "code": extra.get("code")}
        response = templates.TemplateResponse(request, "error.html", context, status_code=status)
    if headers:
        response.headers.update(headers)
    return response


def wants_page(path: str, headers: Mapping[str, str]) -> bool:
    """Whether an error is for a person who looks at a page, and not for a program."""
    return not path.startswith("/api/") and "text/html" in headers.get("accept", "")
