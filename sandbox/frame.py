"""The frame origin: an ASGI app whose open response carries a tool as it is being written.

`GET /<secret>` answers with the document's stream, or, opened alone in a tab, with a small page
of ours that holds the same address in a frame; `GET /<secret>?stored=indexed` tells that page what
the tool's databases hold, and `GET /indexed.js` what opens them; `GET /<secret>?still` is the
document for a frame that runs no script; `GET /probe` tells a page of ours that it may frame what
is served here; `GET /libraries/…` gives the files of public libraries, to anybody. Nothing else
exists. Raw ASGI, so that a flush is one message to the server and no framework buffers it.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import html
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from sandbox.grants import NO_GRANTS, Grants
from sandbox.libraries.maps import takes_several_maps
from sandbox.markup import Markup
from sandbox.origins import is_named, is_safe_host, parse_host
from sandbox.policy import (
    SANDBOX_FLAGS,
    Headers,
    alone_headers,
    frame_allow,
    frame_headers,
    library_headers,
)
from sandbox.runtime.assembly import alone_script, alone_style, databases_script, frame_prefix
from sandbox.saving import Save, Sender, save_told
from sandbox.still import still
from sandbox.stored import Area, to_json
from sandbox.text import Utf8Encoder

if TYPE_CHECKING:
    from sandbox.libraries.rewriting import Rewriting
    from sandbox.libraries.shelf import Served, Shelf

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

LIBRARIES = "/libraries/"
"""Where the frame origin gives files of public libraries."""
_ANYBODYS = frozenset({"/", "/probe", "/indexed.js"})

_LOOKED_AT_ONCE = 1 << 16
_HTML = ("content-type", "text/html; charset=utf-8")
_JSON = ("content-type", "application/json")
_SCRIPT = ("content-type", "text/javascript; charset=utf-8")
# Under the policy of tools, which allows inline style.
_STYLE = (
    "<style>:root{color-scheme:light dark}"
    "body{margin:0;padding:2rem;font:1rem/1.5 system-ui,sans-serif;text-wrap:balance}</style>"
)


@dataclass(frozen=True, slots=True)
class FrameDocument:
    """A document to serve. `chunks` yields all that is new each time and ends when it is whole.

    `key` is what the bridge shows to the page that holds the frame, which knows it from
    elsewhere; the tool can read it nowhere. Without one the app makes its own. `stored` reads
    what the tool keeps, by area; it is asked when the document is sent, not before.
    """

    chunks: AsyncIterator[str]
    grants: Grants
    title: str = ""
    key: str = ""
    stored: Callable[[Area], Awaitable[Mapping[str, str]]] | None = None


class DocumentSource(Protocol):
    """Where the frame origin finds its documents."""

    async def open_document(self, secret: str) -> FrameDocument | None:
        """Return the document that this secret opens, `None` when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Headers
    body: str
    kind: tuple[str, str] = _HTML


def _words(title: str, text: str) -> str:
    """Return words of ours for a person who sees the frame; both are markup already."""
    return (
        f'<title>{title}</title><meta name="viewport" content="width=device-width">'
        f"{_STYLE}<p>{text}</p>"
    )


def _page(title: str, text: str) -> str:
    return f'<!doctype html><html lang="en">{_words(title, text)}</html>'


_NO_DOCUMENT = _words("No document", "There is no document here: none was made.")
_RESTING = _page("Nothing here yet", "Tools open here, each at an address of its own.")
_NOT_FOUND = _page("Not found", "There is no tool at this address.")
# Of a page a browser would not tell a tool's script that it is missing, nor say so anywhere.
_NO_LIBRARY = "/* This is not among the libraries here. */"
_FOREIGN = _page("Not served", "This address is not served here.")
_READ_ONLY = _page("Not allowed", "Only GET and HEAD.")


def create_frame_app(
    source: DocumentSource,
    *,
    ancestors: Callable[[str], tuple[str, ...]],
    allows_host: Callable[[str], bool] = is_safe_host,
    public_origin: Callable[[str, str], str] = lambda host, scheme: f"{scheme}://{host}",
    identity: str = "",
    save: Save | None = None,
) -> ASGIApp:
    """Return the frame origin's app.

    `ancestors` maps a Host header to the host origins that may embed (the frame's own origin is
    added here); `allows_host` judges a Host header, so that a rebound DNS name finds nothing.
    `public_origin` is what a browser calls the origin of a Host header and a scheme; the scope's
    `root_path` is the folder below which this app is served there.
    `identity` is what `/probe` answers, by which our pages know this server from any other.
    `save` takes what tools opened alone store.
    """
    key = secrets.token_hex(16)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            request = _Request(
                source,
                ancestors,
                allows_host,
                public_origin,
                identity,
                key,
                save,
                scope,
                receive,
                send,
            )
            await request.answer()

    return app


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


@dataclass(frozen=True, slots=True)
class _Request:
    source: DocumentSource
    ancestors: Callable[[str], tuple[str, ...]]
    allows_host: Callable[[str], bool]
    public_origin: Callable[[str, str], str]
    identity: str
    key: str
    save: Save | None
    scope: Scope
    receive: Receive
    send: Send

    async def answer(self) -> None:
        host = _header(self.scope, b"host")
        if not self.allows_host(host):
            # No origins are named to a host that is not ours.
            headers = frame_headers(NO_GRANTS, ())
            await self._send_whole(_Answer(421, headers, _FOREIGN))
            return
        # Not by name: a proxy may have put another name into Host than the browser's.
        ancestors = (*self.ancestors(host), "'self'")
        if self.scope["method"] == "POST" and self.save is not None:
            await self._save(self.save, ancestors)
            return
        if self.scope["method"] not in ("GET", "HEAD"):
            headers = (*frame_headers(NO_GRANTS, ancestors), ("allow", "GET, HEAD"))
            await self._send_whole(_Answer(405, headers, _READ_ONLY))
            return
        if not await self._answer_anybody(ancestors):
            await self._answer_secret(ancestors)

    async def _answer_anybody(self, ancestors: tuple[str, ...]) -> bool:
        """Answer what is at an address without a secret; whether there was such a thing."""
        path = self.scope["path"]
        if path.startswith(LIBRARIES):
            await self._send_library(ancestors)
            return True
        if path not in _ANYBODYS:
            return False
        headers = frame_headers(NO_GRANTS, ancestors)
        if path == "/":
            # A page may open this ahead, so that the browser has a process for the tool's site.
            await self._send_whole(_Answer(200, headers, _RESTING))
        elif path == "/probe":
            await self._send_whole(self._probe(ancestors))
        else:
            script = await asyncio.to_thread(databases_script)
            await self._send_whole(_Answer(200, headers, script, _SCRIPT))
        return True

    async def _answer_secret(self, ancestors: tuple[str, ...]) -> None:
        document = await self._open()
        if document is None:
            await self._send_whole(_Answer(404, frame_headers(NO_GRANTS, ancestors), _NOT_FOUND))
        elif self.scope["query_string"] == b"stored=indexed":
            await _close(document.chunks)
            await self._send_whole(await self._databases(document, ancestors))
        elif self.scope["query_string"] == b"still":
            await self._send_whole(await self._still(document, ancestors))
        elif _header(self.scope, b"sec-fetch-dest") == "document":
            await _close(document.chunks)
            key = document.key or self.key
            alone = _alone(document, key, self.scope["path"], keeps=self.save is not None)
            await self._send_whole(alone)
        else:
            await self._stream(document, ancestors)

    def _probe(self, ancestors: tuple[str, ...]) -> _Answer:
        """The page asks before it frames anything; the browser's word on its origin counts."""
        headers = frame_headers(NO_GRANTS, ancestors)
        if is_named(_header(self.scope, b"origin"), ancestors):
            return _Answer(200, headers, self.identity)
        return _Answer(403, headers, _FOREIGN)

    async def _send_library(self, ancestors: tuple[str, ...]) -> None:
        """Without a secret: what is there is public, and the same for everybody."""
        path = self.scope["path"].removeprefix(LIBRARIES)
        query = self.scope["query_string"].decode("latin-1")
        served = await asyncio.to_thread(_library, path, query)
        if served is None:
            headers = frame_headers(NO_GRANTS, ancestors)
            await self._send_whole(_Answer(404, headers, _NO_LIBRARY, _SCRIPT))
            return
        length = ("content-length", str(len(served.body)))
        headers = (("content-type", served.kind), *library_headers(served.caching), length)
        await self._start(200, headers)
        await self._flush(b"" if self.scope["method"] == "HEAD" else served.body, more=False)

    def _libraries(self) -> str:
        """Where a tool finds libraries; empty where no policy could name the place."""
        header = _header(self.scope, b"host")
        host = parse_host(header)
        if host is None or ":" in host.name:
            return ""
        origin = self.public_origin(header, self.scope.get("scheme", "http"))
        return f"{origin}{self.scope.get('root_path', '')}{LIBRARIES}"

    async def _save(self, save: Save, ancestors: tuple[str, ...]) -> None:
        secret = self.scope["path"].strip("/")
        refusal = await save_told(save, secret, self._sender(), self.receive)
        answer = frame_headers(NO_GRANTS, ancestors)
        if refusal is None:
            await self._send_whole(_Answer(200, answer, ""))
        else:
            told = {"status": refusal.status, "detail": refusal.reason}
            kind = ("content-type", "application/problem+json")
            await self._send_whole(_Answer(refusal.status, answer, json.dumps(told), kind))

    async def _databases(self, document: FrameDocument, ancestors: tuple[str, ...]) -> _Answer:
        """What the page around a tool opened alone hands to it; no other page gets it."""
        headers = frame_headers(NO_GRANTS, ancestors)
        if not self._sender().is_ours:
            return _Answer(403, headers, _FOREIGN)
        kept = await document.stored(Area.INDEXED) if document.stored else {}
        return _Answer(200, headers, await asyncio.to_thread(to_json, dict(kept)), _JSON)

    async def _still(self, document: FrameDocument, ancestors: tuple[str, ...]) -> _Answer:
        """The document once it is whole, without its scripts and links."""
        folder = self._libraries()
        maps = takes_several_maps(_header(self.scope, b"user-agent"))
        # Its own shadow roots may be: nothing has to see into them.
        rewriting = await self._rewriting(document.grants, folder, maps=maps)
        markup = Markup(rewriting, keeps_shadows=True)
        try:
            text = "".join([chunk async for chunk in document.chunks]).removeprefix("\ufeff")
        finally:
            await _close(document.chunks)
        body = await asyncio.to_thread(lambda: still(markup.feed(text) + markup.finish(), folder))
        # A second policy: a browser keeps to both.
        no_script = ("content-security-policy", "sandbox; script-src 'none'")
        headers = (*frame_headers(document.grants, ancestors, folder), no_script)
        return _Answer(200, headers, body if text.strip() else _NO_DOCUMENT)

    def _sender(self) -> Sender:
        return Sender(
            site=_header(self.scope, b"sec-fetch-site"),
            origin=_header(self.scope, b"origin"),
            own=f"{self.scope.get('scheme', 'http')}://{_header(self.scope, b'host')}",
        )

    async def _open(self) -> FrameDocument | None:
        secret = self.scope["path"].removeprefix("/").removesuffix("/")
        if not secret or "/" in secret:
            return None
        return await self.source.open_document(secret)

    async def _send_whole(self, answer: _Answer) -> None:
        body = Utf8Encoder().encode(answer.body, final=True)
        length = ("content-length", str(len(body)))
        await self._start(answer.status, (answer.kind, *answer.headers, length))
        await self._flush(b"" if self.scope["method"] == "HEAD" else body, more=False)

    async def _stream(self, document: FrameDocument, ancestors: tuple[str, ...]) -> None:
        """Send until the document is whole or the browser has gone, whichever comes first."""
        sending = asyncio.create_task(self._send_document(document, ancestors))
        leaving = asyncio.create_task(self._disconnected())
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            sending.cancel()
            await asyncio.wait((sending, leaving))
            await _close(document.chunks)
        if not sending.cancelled():
            sending.result()

    async def _send_document(self, document: FrameDocument, ancestors: tuple[str, ...]) -> None:
        folder = self._libraries()
        walls = frame_headers(document.grants, ancestors, folder)
        await self._start(200, (_HTML, *walls))
        if self.scope["method"] == "HEAD":
            await self._flush(b"", more=False)
            return
        encoder = Utf8Encoder()
        kept = await document.stored(Area.LOCAL) if document.stored else {}
        snapshot = await asyncio.to_thread(to_json, kept) if kept else ""
        maps = takes_several_maps(_header(self.scope, b"user-agent"))
        prefix = frame_prefix(document.key or self.key, snapshot, folder, maps=maps)
        await self._flush(encoder.encode(prefix))
        empty, markup = True, Markup(await self._rewriting(document.grants, folder, maps=maps))
        async for chunk in document.chunks:
            # A byte-order mark behind the prefix would be text, and open the body too early.
            text = chunk.removeprefix("\ufeff") if empty else chunk
            empty = empty and not text.strip()
            for at in range(0, len(text), _LOOKED_AT_ONCE):
                if at:
                    # A large document that is there at once must not hold others up.
                    await asyncio.sleep(0)
                part = markup.feed(text[at : at + _LOOKED_AT_ONCE])
                await self._flush(encoder.encode(part))
        last = encoder.encode(_NO_DOCUMENT if empty else markup.finish(), final=True)
        await self._flush(last, more=False)

    async def _rewriting(self, grants: Grants, folder: str, *, maps: bool) -> Rewriting | None:
        """What leads a tool's addresses of public libraries to ours, in `folder`."""
        if not folder:
            return None
        from sandbox.libraries.rewriting import Rewriting  # noqa: PLC0415 - as below

        shelf = await asyncio.to_thread(_shelf)
        return Rewriting(shelf.catalogue, folder, granted=grants.network, maps=maps)

    async def _disconnected(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def _start(self, status: int, headers: Headers) -> None:
        raw = [(name.encode(), value.encode()) for name, value in headers]
        await self.send({"type": "http.response.start", "status": status, "headers": raw})

    async def _flush(self, body: bytes, *, more: bool = True) -> None:
        if body or not more:
            await self.send({"type": "http.response.body", "body": body, "more_body": more})


def _library(path: str, query: str) -> Served | None:
    return _shelf().answer(path, query)


def _shelf() -> Shelf:
    from sandbox.libraries.shelf import shipped_shelf  # noqa: PLC0415 - a start must be quick

    return shipped_shelf()


def _alone(document: FrameDocument, key: str, path: str, *, keeps: bool) -> _Answer:
    """Our page around a tool that was opened in a tab of its own."""
    script, style = alone_script(), alone_style()
    # The other spelling of the same address: a browser may refuse a page that frames itself.
    # Relative, since this may be served below a path of another origin.
    secret = path.strip("/")
    inner = f"../{secret}" if path.endswith("/") else f"{secret}/"
    title = html.escape(document.title or "Tool")
    body = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{style}</style><script>{script}</script>"
        f'<iframe title="{title}" data-key="{key}"{" data-keeps" if keeps else ""}'
        f' src="{html.escape(inner)}"'
        f' sandbox="{SANDBOX_FLAGS}" allow="{frame_allow(document.grants)}"></iframe></html>'
    )
    headers = alone_headers("'self'", (_csp_hash(script),), (_csp_hash(style),), document.grants)
    return _Answer(200, headers, body)


def _csp_hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _header(scope: Scope, name: bytes) -> str:
    """Return the header's only value; a repeated one counts as none."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1") if len(values) == 1 else ""


async def _close(chunks: AsyncIterator[str]) -> None:
    close = getattr(chunks, "aclose", None)
    if close is not None:
        await close()
