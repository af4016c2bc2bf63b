"""Walls, taken away one at a time: which attack must get through where one is missing.

Most attacks stand before two walls: a source list, and the connection allowlist that only some
engines have. So that each source list is judged by itself, it is taken away together with the
allowlist, as if the engine had none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.policy import SANDBOX_FLAGS

CSP = "content-security-policy"
ALLOWLIST = "connection-allowlist"


@dataclass(frozen=True)
class Removal:
    """What is taken away on which side, and the attacks of which at least one must get through.

    `becomes` is what the directive is opened to: one that is only removed falls back to
    `default-src`, which is no opening.
    """

    name: str
    frame: tuple[str, ...] = ()
    host: tuple[str, ...] = ()
    becomes: str = "*"
    attacks: tuple[str, ...] = ()
    flags: str = ""


REMOVALS = (
    Removal(
        "nothing but the connection allowlist",
        (ALLOWLIST,),
        attacks=("preconnect-anonymous", "refresh"),
    ),
    Removal("script-src", (ALLOWLIST, "script-src"), attacks=("script", "import")),
    Removal("style-src", (ALLOWLIST, "style-src"), attacks=("stylesheet", "import-rule")),
    Removal("img-src", (ALLOWLIST, "img-src"), attacks=("image", "background")),
    Removal("font-src", (ALLOWLIST, "font-src"), attacks=("font-face",)),
    Removal("media-src", (ALLOWLIST, "media-src"), attacks=("video",)),
    Removal("connect-src", (ALLOWLIST, "connect-src"), attacks=("fetch", "websocket")),
    Removal("frame-src of the tool", (ALLOWLIST, "frame-src"), attacks=("iframe",)),
    Removal("object-src", (ALLOWLIST, "object-src"), attacks=("object",)),
    Removal("frame-src of the host", (ALLOWLIST,), host=("frame-src",), attacks=("location",)),
    Removal(
        "form-action, where the host frames anything",
        (ALLOWLIST, "form-action"),
        host=("frame-src",),
        attacks=("form", "form-post"),
    ),
    Removal(
        "base-uri, where images come from anywhere",
        (ALLOWLIST, "base-uri", "img-src"),
        attacks=("base-relative",),
    ),
    Removal(
        "sandbox without allow-top-navigation",
        (ALLOWLIST,),
        flags="allow-top-navigation",
        attacks=("top-location",),
    ),
    Removal(
        "sandbox without allow-popups, where forms are sent anywhere",
        (ALLOWLIST, "form-action"),
        flags="allow-popups",
        attacks=("form-blank",),
    ),
    Removal(
        "sandbox without allow-same-origin",
        flags="allow-same-origin",
        attacks=("origin",),
    ),
    Removal("permissions-policy", ("permissions-policy",), attacks=("picture-in-picture-video",)),
)

UNNOTICED = {
    "default-src": "every kind of load that Chromium knows is named; it is for those that are not",
    "worker-src": "a worker's script must be of the document's own origin, and that is opaque",
    "child-src": "only for engines that do not know worker-src",
    "manifest-src": "a browser asks for no manifest of a page in a frame",
    "frame-ancestors": "held by test_frame_http.py: a page of another origin cannot hold the frame",
}
"""Directives that no attack of the catalogue notices, and why they stay."""


class Walls:
    """Stands around both apps and takes away what `removal` says."""

    def __init__(self) -> None:
        self.removal: Removal | None = None

    def frame(self, app: Any) -> Any:
        return self._around(app, lambda removal: removal.frame)

    def host(self, app: Any) -> Any:
        return self._around(app, lambda removal: removal.host)

    def _around(self, app: Any, taken: Callable[[Removal], tuple[str, ...]]) -> Any:
        async def around(scope: Any, receive: Any, send: Any) -> None:
            removal = self.removal
            if removal is None or scope["type"] != "http":
                await app(scope, receive, send)
                return

            async def changed(message: Any) -> None:
                if message["type"] == "http.response.start":
                    headers = _headers(message["headers"], removal, taken(removal))
                    await send({**message, "headers": headers})
                elif removal.flags:
                    await send({**message, "body": _flagged(message.get("body", b""), removal)})
                else:
                    await send(message)

            await app(scope, receive, changed)

        return around


def _headers(headers: Any, removal: Removal, taken: tuple[str, ...]) -> list[tuple[bytes, bytes]]:
    kept = []
    for name, value in headers:
        key = name.decode().lower()
        if key in taken or (removal.flags and key == "content-length"):
            continue
        text = value.decode()
        if key == CSP:
            text = _opened(text, removal, taken)
        kept.append((name, text.encode()))
    return kept


def _opened(csp: str, removal: Removal, taken: tuple[str, ...]) -> str:
    directives = []
    for directive in csp.split(";"):
        name = directive.split()[0] if directive.split() else ""
        if name == "sandbox" and removal.flags:
            directives.append(f"{directive} {removal.flags}")
        elif name not in taken:
            directives.append(directive)
        elif removal.becomes and name.endswith("-src"):
            inline = " 'unsafe-inline' 'unsafe-eval' blob: data:"
            directives.append(f" {name} {removal.becomes}{inline}")
    return ";".join(directives)


def _flagged(body: bytes, removal: Removal) -> bytes:
    flags = SANDBOX_FLAGS.encode()
    return re.sub(re.escape(flags), flags + b" " + removal.flags.encode(), body)
