"""What the frame tests share: a shelf of documents, and pages that hold a frame."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Frame, Page

from sandbox.frame import FrameDocument, create_frame_app
from sandbox.grants import NO_GRANTS, Grants
from sandbox.live import LiveDocument
from sandbox.policy import SANDBOX_FLAGS, frame_allow, host_headers


@dataclass
class Shelf:
    """Documents by secret; counts how often each was opened."""

    documents: dict[str, LiveDocument] = field(default_factory=dict)
    grants: Grants = NO_GRANTS
    opened: list[str] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, secret: str, html: str) -> None:
        self.documents[secret] = LiveDocument(html, finished=True)

    async def open_document(self, secret: str) -> FrameDocument | None:
        self.opened.append(secret)
        self.asked.set()
        document = self.documents.get(secret)
        if document is None:
            return None
        return FrameDocument(document.chunks(), self.grants, title=f"Tool {secret}")


class Host:
    """A page like ours: strict headers, one sandboxed frame, the other end of the bridge."""

    def __init__(self) -> None:
        self.port = 0
        self.frame_port = 0
        self.secret = "tool"
        self.grants = NO_GRANTS

    @property
    def frame_url(self) -> str:
        return f"http://label.localhost:{self.frame_port}/{self.secret}"

    async def __call__(self, scope: dict[str, Any], _receive: Any, send: Any) -> None:
        script = scope["path"] == "/host.js"
        body = _HOST_SCRIPT if script else self._page()
        kind = "text/javascript" if script else "text/html; charset=utf-8"
        source = f"http://*.localhost:{self.frame_port}"
        raw = [(k.encode(), v.encode()) for k, v in host_headers((source,))]
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", kind.encode()), *raw],
            }
        )
        await send({"type": "http.response.body", "body": body.encode()})

    def _page(self) -> str:
        return (
            '<!doctype html><html lang="en"><title>Host</title><script src="/host.js"></script>'
            f'<iframe title="Preview" sandbox="{SANDBOX_FLAGS}" allow="{frame_allow(self.grants)}"'
            f' src="{self.frame_url}"></iframe>'
        )


_HOST_SCRIPT = """
window.messages = [];
window.hellos = 0;
addEventListener("message", (event) => {
  window.hellos += 1;
  const [offered] = event.ports;
  if (offered) offered.onmessage = ({ ports: [port] }) => {
    window.port = port;
    port.onmessage = ({ data }) => window.messages.push(data);
    port.postMessage({ type: "free", yes: true });
  };
});
"""


def frame_app(shelf: Shelf, *origins: str) -> Any:
    return create_frame_app(shelf, ancestors=lambda _host: origins)


def plain_pages(documents: dict[str, str]) -> Any:
    """An app that answers with documents, by path, and no walls at all."""

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        html = documents.get(scope["path"].removeprefix("/"), "")
        headers = [(b"content-type", b"text/html; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": html.encode()})

    return app


async def show(page: Page, host: Host, secret: str = "tool") -> Frame:
    """Open the host page with this tool in its frame, without waiting for the tool to end."""
    host.secret = secret
    await page.goto(f"http://127.0.0.1:{host.port}/", wait_until="commit")
    return await frame_in(page)


async def frame_in(page: Page) -> Frame:
    handle = await page.wait_for_selector("iframe")
    frame = await handle.content_frame()
    assert frame is not None
    return frame


async def messages(page: Page, kind: str, count: int = 1) -> list[dict[str, Any]]:
    """Wait until the host page heard `count` messages of a kind; return them."""
    wanted = "([kind, n]) => messages.filter((m) => m.type === kind).length >= n"
    await page.wait_for_function(wanted, arg=[kind, count])
    return await page.evaluate("(kind) => messages.filter((m) => m.type === kind)", kind)
