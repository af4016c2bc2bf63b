"""Pictures of a page: an exact one, which is waited for, and a small one in passing.

The small one is what the compositor shows anyway, and the page's own threads are asked nothing.
Protocol: https://chromedevtools.github.io/devtools-protocol/tot/Page/#method-startScreencast
"""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playwright.async_api import CDPSession

_SMALL = {"format": "jpeg", "quality": 60, "maxWidth": 640, "maxHeight": 400}


class Camera:
    """`begin` a picture in passing, do something else, then `take` it."""

    def __init__(self, session: CDPSession) -> None:
        self._session = session
        self._frame: asyncio.Future[None] | None = None
        self._newest: Mapping[str, Any] | None = None
        self._last = 0  # of the casts that are over
        session.on("Page.screencastFrame", self._on_frame)

    async def png(self) -> bytes:
        taken = await self._session.send("Page.captureScreenshot", {"format": "png"})
        return base64.b64decode(taken["data"])

    @property
    def is_on(self) -> bool:
        return self._frame is not None

    def begin(self) -> None:
        self._frame, self._newest = asyncio.get_running_loop().create_future(), None
        _forget(self._session.send("Page.startScreencast", _SMALL))

    async def take(self, most: float) -> bytes | None:
        """Return the picture begun last, or `None` if none comes in so many seconds."""
        if self._frame is None:
            return None
        await asyncio.wait((self._frame,), timeout=most)
        self._frame = None
        _forget(self._session.send("Page.stopScreencast"))
        if self._newest is None:
            return None
        self._last = self._newest["sessionId"]
        return base64.b64decode(self._newest["data"])

    def _on_frame(self, frame: Mapping[str, Any]) -> None:
        # None is acknowledged, so there are few; the second one shows what was painted late.
        if self._frame is None or frame["sessionId"] <= self._last:
            return
        self._newest = frame
        if not self._frame.done():
            self._frame.set_result(None)


def _forget(work: Any) -> None:
    """Run without waiting; it fails only when the page is gone, which is noticed elsewhere."""
    task = asyncio.ensure_future(work)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
