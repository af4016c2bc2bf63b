"""What the frame tests share: a shelf of documents, and pages that hold a frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

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

    def put(self, secret: str, html: str) -> None:
        self.documents[secret] = LiveDocument(html, finished=True)

    async def open_document(self, secret: str) -> FrameDocument | None:
        self.opened.append(secret)
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
  const [port] = event.ports;
  if (port) {
    window.port = port;
    port.onmessage = ({ data }) => window.messages.push(data);
  }
});
"""


def frame_app(shelf: Shelf, *origins: str) -> Any:
    return create_frame_app(shelf, ancestors=lambda _host: origins)
