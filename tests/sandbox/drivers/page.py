"""What the campaign needs of a browser, whatever its engine and however it is driven."""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from sandbox.prove.cases import Attack, Probe

TOOL = 'iframe[title]:not([title=""])'
"""The frame of the page in sight that holds a tool."""


class DriverError(Exception):
    """The browser could not do, or did not answer."""


class Page(ABC):
    """One page, and what happened to it that only the browser can tell."""

    first_entries = 2
    """How long the history is before anything of the page's: an empty page and itself."""

    def __init__(self) -> None:
        self.dialogs = self.downloads = self.loads = 0
        self.asked_to_stay = False
        self.opened: list[str] = []
        self.saved = asyncio.Event()

    @abstractmethod
    async def go(self, url: str) -> None:
        """Begin to show an address; returns once its document has begun."""

    @abstractmethod
    async def where(self) -> str | None:
        """Return the address in sight; `None` once the page is closed."""

    @abstractmethod
    async def evaluate(self, script: str) -> Any:
        """Return what an expression is in the page itself. Raises `DriverError`."""

    async def ask_beside(self) -> None:  # noqa: B027 - not every driver has one
        """Return once a page that holds nothing has answered, where the driver has one."""

    @abstractmethod
    async def in_tool(self, script: str) -> Any:
        """Return what an expression is in the frame that holds the tool."""

    @abstractmethod
    async def in_frames(self, script: str) -> list[Any]:
        """Return what it is in every frame that answers at once."""

    @abstractmethod
    async def act(self, case: Attack | Probe, *, framed: bool = True) -> bool:
        """Do what the person does, in the tool's frame or in the page itself.

        `False` when it could not be done, as in a document that has gone meanwhile.
        """

    @abstractmethod
    async def leave(self) -> None:
        """Leave the page as a person does: it may ask whether they want to."""

    async def back(self) -> None:
        """Press Back once, and give the page a moment to go."""
        with contextlib.suppress(DriverError):
            await self.evaluate("void history.back()")
        await asyncio.sleep(1)

    def saw_download(self) -> None:
        self.downloads += 1
        self.saved.set()


class Driver(Protocol):
    """A running engine. One page is open at a time for each of `at_once`."""

    name: str
    version: str
    at_once: int

    def page(self, case: Attack | Probe) -> AbstractAsyncContextManager[Page]:
        """A page in a window that knows of no other."""
