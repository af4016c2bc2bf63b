"""Looks at the page as a whole: what can be read, what bars people, how it fits a telephone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from sandbox.libraries import vendored_file
from sandbox.smoke.accessibility import read_barriers
from sandbox.smoke.legibility import NARROW, Look, has_schemes, read_look, read_width

if TYPE_CHECKING:
    from playwright.async_api import Page, ViewportSize

    from sandbox.report import Finding
    from sandbox.smoke.devtools import FrameSession
    from sandbox.smoke.run import Answered

Settle = Callable[[int, int], Awaitable[None]]

_MOST_GLANCES = 8
_AXE = ("axe-core@4.14.1", "axe.min.js")


class Looking:
    """Of one page. `answered` waits for what needs its main thread, `settle` until it is still."""

    def __init__(
        self, page: Page, html: str, tool: FrameSession, *, answered: Answered, settle: Settle
    ) -> None:
        self._page = page
        self._html = html
        self._tool = tool
        self._answered = answered
        self._settle = settle
        self._glances = 0

    async def begin(self) -> bool:
        """See what can be read before anything is used, and say whether any text can be seen.

        What could be read then is never told as unreadable.
        """
        told = await self._ask("legible", "light")
        return bool(told["letters"]["seen"])

    async def glance(self) -> None:
        """See what can be read of a view that may not be there at the end."""
        if self._glances < _MOST_GLANCES:
            self._glances += 1
            await self._ask("legible", "light")

    async def end(self, *, all_of_it: bool) -> list[Finding]:
        """Look again after all was used, and for all of it in the dark and in a narrow window."""
        found = read_look(Look("light", await self._ask("legible", "light")), self._html)
        if not all_of_it or any(one.severity == "fatal" for one in found):
            return found
        found += await self._barriers()
        return [*found, *await self._in_the_dark(), *await self._when_narrow()]

    async def _ask(self, function: str, *arguments: object) -> Any:
        return await self._answered(self._tool.ask(function, *arguments))

    async def _barriers(self) -> list[Finding]:
        axe = vendored_file(*_AXE)
        if axe is None:  # set-up had no registry
            return []
        await self._answered(self._tool.include(axe))
        return read_barriers(await self._ask("barriers"), self._html)

    async def _in_the_dark(self) -> list[Finding]:
        if not has_schemes(self._html):
            return []
        await self._answered(self._page.emulate_media(color_scheme="dark"))
        await self._settle(50, 600)
        told = await self._ask("legible", "dark")
        await self._answered(self._page.emulate_media(color_scheme="light"))
        return read_look(Look("dark", told), self._html)

    async def _when_narrow(self) -> list[Finding]:
        size = self._page.viewport_size
        if size is None:
            return []
        narrow: ViewportSize = {"width": NARROW, "height": size["height"]}
        await self._answered(self._page.set_viewport_size(narrow))
        await self._settle(50, 400)
        told = await self._ask("width")
        await self._answered(self._page.set_viewport_size(size))
        return read_width(told, self._html)
