"""The door: what every request passes before a route sees it.

Host allowlist (DNS rebinding), same-origin rule for changes, access token, body limits, and
the security headers of our own pages. Plain ASGI, so that event streams pass untouched.
"""

from __future__ import annotations

import hmac
import re
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.frame import LIBRARIES
from sandbox.origins import (
    FRAME_PATH,
    FrameAddress,
    Level,
    Opened,
    frame_sources,
    is_safe_host,
    levels,
    parse_host,
    probe_sources,
)
from sandbox.policy import host_headers
from server import errors
from server.routes import guesses
from server.routes.levels import opened_as
from server.settings import Settings

COOKIE = "sandwright_access"
MAX_BODY_BYTES = 48 * 1024 * 1024  # where documents and files are sent
MAX_PLAIN_BYTES = 1024 * 1024
MAX_ARCHIVE_BYTES = 4 * 1024**3  # everything, which goes to disk as it comes
MAX_FORM_BYTES = 4096  # the sign-in form, which strangers may send
_LARGE = re.compile(r"/artifacts/?|/api/artifacts(/import|/[a-z2-7]+/(messages|data))?/?")
_TOO_LARGE = "The request is larger than the {most:,} bytes that are taken here."
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OPEN_PATHS = frozenset({"/access", "/healthz", "/readyz"})
_OPEN_FOLDER = "/static/"
_FRAMED = frozenset({"iframe", "frame", "object", "embed", "fencedframe"})
_FRAME = re.compile(rf"(?P<folder>{FRAME_PATH}[a-z0-9-]{{1,63}})(?P<path>/[^/]*/?|{LIBRARIES}.*)")


class Door:
    """ASGI middleware around the host application.

    `frame` is the frame origin's app: below a path of ours it serves whoever reaches no other
    port of this server, under the walls that it always has.
    """

    def __init__(
        self, app: ASGIApp, settings: Settings, frames: FrameAddress, frame: ASGIApp
    ) -> None:
        self._app = app
        self._settings = settings
        self._frames = frames
        self._frame = frame

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        opened = opened_as(headers, scope["scheme"])
        below = self._below_frames(scope["path"], opened)
        if below is not None and (_is_public(scope, below) or _foreign(scope, headers) is None):
            # Without the access token: as on the frame port, the secret in the path is the key.
            await self._frame({**scope, **below}, receive, send)
            return
        policy = self._policy(opened)

        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                out = MutableHeaders(scope=message)
                for name, value in policy:
                    out.setdefault(name, value)
                if "cache-control" not in out:
                    out["Cache-Control"] = "no-cache"
            await send(message)

        refusal = self._refusal(scope, headers)
        if refusal is not None:
            wrong = refusal[0] == 401 and _has_token(headers)  # noqa: PLR2004
            if wrong and not await guesses.late():
                refusal = 429, guesses.BUSY
            response = _refused(scope, headers, *refusal)
            await response(scope, receive, send_with_policy)
            return
        await self._app(scope, _limited(receive, _most(scope["path"])), send_with_policy)

    def _below_frames(self, path: str, opened: Opened) -> dict[str, Any] | None:
        """Return the address that the frame's app knows; `None` for a path of our own."""
        match = _FRAME.fullmatch(path)
        if match is None or Level.PATH not in levels(opened, self._frames):
            return None
        own = match["path"]
        return {"path": own, "raw_path": own.encode(), "root_path": match["folder"]}

    def _policy(self, opened: Opened) -> list[tuple[str, str]]:
        sources = frame_sources(opened, self._frames)
        return list(host_headers(sources, probe_sources(opened, self._frames)))

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if not self._knows(host):
            return 421, (
                f"This server does not answer as {host[:200]!r}. "
                "Set SANDWRIGHT_ALLOWED_HOSTS to the names that it should answer as."
            )
        if headers.get("sec-fetch-dest") in _FRAMED:
            return 403, "No page may hold this one in a frame."
        foreign = _foreign(scope, headers)
        if foreign is not None:
            return 403, foreign
        size = headers.get("content-length", "0")
        most = _most(scope["path"])
        if size.isdecimal() and (len(size) > 15 or int(size) > most):  # noqa: PLR2004 digits
            return 413, _TOO_LARGE.format(most=most)
        if not self._may_enter(scope["path"], headers):
            return 401, "This server asks for its access token: sign in at /access."
        return None

    def _knows(self, host: str) -> bool:
        if is_safe_host(host):
            return True
        named = parse_host(host)
        return named is not None and named.name in self._settings.allowed_hosts

    def _may_enter(self, path: str, headers: Headers) -> bool:
        token = self._settings.access_token
        if token is None or path in _OPEN_PATHS or path.startswith(_OPEN_FOLDER):
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and same_token(given.strip(), token):
            return True
        # Not http.cookies: what another program on this host set may not lock anybody out.
        cookie = cookie_parser(headers.get("cookie", "")).get(COOKIE)
        return cookie is not None and same_token(cookie, cookie_value(token))


def cookie_value(token: str) -> str:
    """What the cookie holds: derived from the token, so that the token itself is not kept."""
    return hmac.new(token.encode(), b"sandwright access cookie v1", "sha256").hexdigest()


def same_token(given: str, expected: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(given.encode(), expected.encode())


def _has_token(headers: Headers) -> bool:
    """Whether a token was given, or what would be the cookie of it, right or wrong."""
    bearer = headers.get("authorization", "").partition(" ")[0].lower() == "bearer"
    return bearer or COOKIE in cookie_parser(headers.get("cookie", ""))


def _is_public(scope: Scope, below: dict[str, Any]) -> bool:
    """Whether anybody may have it: a library, which a tool asks for as another site's page."""
    return scope["method"] in _SAFE and below["path"].startswith(LIBRARIES)


def _foreign(scope: Scope, headers: Headers) -> str | None:
    """Why another site's page may not ask this; `None` where it may, or where the page is ours.

    Requests with neither header are not a browser's, and pass (DESIGN).
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        # The browser's own word, which outweighs the Origin that a referrer policy may blank.
        ours = site in {"same-origin", "none"}
    else:
        host = headers.get("host", "").lower()
        ours = origin is None or origin.split("://", 1)[-1].lower() == host
    if ours:
        return None
    if scope["method"] not in _SAFE:
        return "Another site's page may not change anything here."
    if site is None or headers.get("sec-fetch-mode") == "navigate":
        return None
    return "Another site's page may not load this; open it in a tab."


def _most(path: str) -> int:
    """How many bytes the body of a request to `path` may have."""
    if path == "/access":
        return MAX_FORM_BYTES
    if path == "/api/import":
        return MAX_ARCHIVE_BYTES
    return MAX_BODY_BYTES if _LARGE.fullmatch(path) else MAX_PLAIN_BYTES


def _limited(receive: Receive, most: int) -> Receive:
    taken = 0

    async def receive_limited() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            raise HTTPException(413, _TOO_LARGE.format(most=most))
        return message

    return receive_limited


def _refused(scope: Scope, headers: Headers, status: int, detail: str) -> Response:
    """In plain words where a person looks: no page of ours is drawn for who may not enter."""
    is_page = errors.wants_page(scope["path"], headers)
    if is_page and status == 401 and scope["method"] == "GET":  # noqa: PLR2004
        return RedirectResponse("/access", status_code=303)
    response: Response
    if is_page:
        response = PlainTextResponse(detail, status_code=status)
    else:
        response = errors.problem_response(status, detail)
    if status == 429:  # noqa: PLR2004
        response.headers.update(guesses.RETRY)
    return response
