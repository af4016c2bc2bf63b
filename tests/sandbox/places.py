"""Where a document is opened: with no walls at all, in the workbench, and alone.

The application is the real one, in this process, so that a test can take a single wall away.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from server.app import create_application
from server.settings import load_settings
from tests.conftest import free_port, listening

Around = Callable[[Any], Any]
"""Takes an ASGI app and returns one that does something to what it answers."""


def unchanged(app: Any) -> Any:
    return app


@dataclass(frozen=True)
class Tool:
    """A document that was put in: the workbench's address and the frame's own."""

    workbench: str
    frame: str


@dataclass(frozen=True)
class Application:
    url: str
    frame_port: int
    client: httpx.AsyncClient

    async def put(self, document: str, title: str = "A tool") -> Tool:
        """Import a document as a person would."""
        response = await self.client.post(
            "/api/artifacts/import", json={"html": document, "title": title}
        )
        assert response.status_code == 201, response.text
        answer = response.json()
        return Tool(self.url + answer["artifact"]["url"], answer["version"]["frame_url"])


@contextlib.asynccontextmanager
async def open_application(
    folder: Path, *, host: Around = unchanged, frame: Around = unchanged, **environment: str
) -> AsyncIterator[Application]:
    """Open the application without a browser of its own: what is put in is not tested."""
    ports = {"SANDWRIGHT_PORT": str(free_port()), "SANDWRIGHT_FRAME_PORT": str(free_port())}
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 once, before anything runs
    none = str(folder / "no-browser")
    settings = load_settings({"SANDWRIGHT_DATA_DIR": str(folder), **ports, **environment})
    settings = replace(settings, browser=none)
    async with contextlib.AsyncExitStack() as stack:
        application = await stack.enter_async_context(create_application(settings))
        await stack.enter_async_context(served(host(application.host), settings.port))
        await stack.enter_async_context(served(frame(application.frame), settings.frame_port))
        url = f"http://127.0.0.1:{settings.port}"
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=30))
        yield Application(url, settings.frame_port, client)


@contextlib.asynccontextmanager
async def served(app: Any, port: int = 0) -> AsyncIterator[int]:
    """Serve an app; yields the port."""
    config = uvicorn.Config(
        app,
        log_level="error",
        lifespan="off",
        timeout_graceful_shutdown=1,
        # Longer than httpx keeps an idle connection: else a request may meet a server that closes.
        timeout_keep_alive=15,
    )
    sock = listening(port=port)
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[assignment]  # pytest owns them
    running = asyncio.create_task(server.serve([sock]))
    try:
        yield sock.getsockname()[1]
    finally:
        server.should_exit = True
        server.force_exit = True
        await running
        sock.close()


HOST_SECRET = "the-host-keeps-this"


class Unconfined:
    """A careless site: documents with no policy, and a page that holds them in a bare frame.

    The page does what our host must not: it believes every message and puts it in the page.
    """

    def __init__(self) -> None:
        self.documents: dict[str, str] = {}

    async def __call__(self, scope: dict[str, Any], _receive: Any, send: Any) -> None:
        path = scope["path"].removeprefix("/")
        inside = path.removeprefix("framed/")
        body = _careless(inside) if path.startswith("framed/") else self.documents.get(path, "")
        headers = [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"set-cookie", f"host={HOST_SECRET}".encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body.encode()})


def _careless(name: str) -> str:
    return (
        f"<!doctype html><title>{HOST_SECRET}</title>"
        f"<script>window.port = new MessageChannel().port1</script>{_BELIEVING}"
        '<textarea id="change"></textarea><p style="height: 120vh"></p>'
        '<iframe title="Preview" allow="*" allowfullscreen'
        f' src="/{html.escape(name)}"></iframe><div id="out"></div>'
    )


_BELIEVING = """<script>
const believe = ({data, ports}) => {
  for (const port of ports ?? []) port.onmessage = believe;
  if (typeof data !== "object" || data === null) return;
  window.said = (window.said ?? 0) + 1;
  for (const value of Object.values(data)) {
    if (typeof value !== "string") continue;
    if (/^(javascript|https?|data):/.test(value)) location.href = value;
    else out.innerHTML += value;
  }
  for (const [name, value] of Object.entries(data.detail ?? {})) {
    try { window[name] = value; } catch {}
  }
};
addEventListener("message", believe);
</script>"""
