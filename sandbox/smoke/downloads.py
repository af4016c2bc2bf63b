"""Files that a tool offers, and whether there is anything in them.

The page around the tool writes what it saves (`sandbox/runtime/host/downloads.js`), and is ours: it
is asked how large each file was, which no tool can touch.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from sandbox.smoke import findings

if TYPE_CHECKING:
    from playwright.async_api import Download, Page

    from sandbox.report import Finding
    from sandbox.smoke.devtools import FrameSession
    from sandbox.smoke.findings import Moment

_MOST = 60  # files that are looked at

# By the address that the page writes from.
_MEASURE = """() => {
  const make = URL.createObjectURL;
  const sizes = {};
  URL.createObjectURL = (file) => {
    const url = make.call(URL, file);
    sizes[url] = file.size;
    return url;
  };
  window.savedSizes = sizes;
}"""


class Downloads:
    """What was offered, and after the use of which control."""

    def __init__(self, session: FrameSession, page: Page) -> None:
        self._session = session
        self._page = page
        self._measured = False
        self._offered: list[tuple[Moment, str, str]] = []
        page.on("download", self._on_download)

    async def measure(self) -> None:
        """Have the page around the tool note the sizes. A tool opened alone has none."""
        await self._page.evaluate(_MEASURE)
        self._measured = True

    def _on_download(self, download: Download) -> None:
        if len(self._offered) < _MOST:
            name = download.suggested_filename
            self._offered.append((self._session.moment, name, download.url))

    async def findings(self) -> list[Finding]:
        """Tell of each kind of file of which none that was offered has anything in it.

        Not of each control: a file may come late, when the next one is used already.
        """
        if not self._offered:
            return []
        sizes = await self._page.evaluate("window.savedSizes") if self._measured else {}
        first: dict[str, tuple[Moment, str]] = {}
        filled: set[str] = set()
        for moment, name, url in self._offered:
            kind = PurePosixPath(name).suffix.lower()
            first.setdefault(kind, (moment, name))
            if not _is_empty(url, sizes):
                filled.add(kind)
        return [
            findings.empty_download(name, moment)
            for kind, (moment, name) in first.items()
            if kind not in filled
        ]


def _is_empty(url: str, sizes: dict[str, int]) -> bool:
    if url.startswith("data:"):
        return url.partition(",")[2] == ""
    return sizes.get(url) == 0
