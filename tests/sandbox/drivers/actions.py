"""What a person does, as the actions of the WebDriver standard, which both its dialects share."""

from __future__ import annotations

import asyncio
import contextlib
from abc import abstractmethod
from pathlib import Path
from typing import Any

from sandbox.prove.cases import Act, Attack, Probe
from tests.sandbox.drivers.page import DriverError, Page

SECONDS = 8.0
SHIFT, CONTROL, ALT, ENTER = "\ue008", "\ue009", "\ue00a", "\ue007"
LEFT, MIDDLE = 0, 1
HELD = {Act.SHIFT_CLICK: SHIFT, Act.CONTROL_CLICK: CONTROL, Act.ALT_CLICK: ALT}

FIND = """(selector) => {
  const look = (root) => {
    const found = root.querySelector(selector);
    if (found) return found;
    for (const element of root.querySelectorAll("*")) {
      const inner = element.shadowRoot && look(element.shadowRoot);
      if (inner) return inner;
    }
    return null;
  };
  const found = look(document);
  const box = found?.getBoundingClientRect();
  if (box && (box.bottom < 0 || box.top > innerHeight)) found.scrollIntoView();
  return found;
}"""
"""Looks into open shadow roots too, as Playwright does."""

Sources = list[dict[str, Any]]


class ActingPage(Page):
    """A page whose person acts by `performActions`, and whose files are in `folder`."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    @abstractmethod
    async def find(self, selector: str, *, framed: bool) -> dict[str, Any] | None:
        """Return what the protocol calls an element, in the tool's frame or the page itself."""

    @abstractmethod
    async def perform(self, sources: Sources, *, framed: bool) -> None:
        """Perform the actions there."""

    @abstractmethod
    async def call(self, function: str, element: dict[str, Any], *, framed: bool) -> None:
        """Call a function with the element there."""

    @abstractmethod
    async def choose(self, element: dict[str, Any], file: Path, *, framed: bool) -> None:
        """Choose a file in a file input."""

    async def act(self, case: Attack | Probe, *, framed: bool = True) -> bool:
        if case.act is Act.NOTHING:
            return True
        with contextlib.suppress(DriverError, TimeoutError):
            async with asyncio.timeout(SECONDS):
                await self._act(case, framed=framed)
            return True
        return False

    async def _act(self, case: Attack | Probe, *, framed: bool) -> None:
        element = await self._waited(case.on, framed=framed)
        if case.act is Act.FILE:
            file = self.folder / "a.txt"
            file.write_text("of a file", encoding="utf-8")
            await self.choose(element, file, framed=framed)
            return
        if case.act in (Act.ENTER, Act.CONTROL_ENTER):
            # Keys are the page's around the tool until the person presses there.
            # In the margin, and not so far left that the page's divider lies over it.
            await self.perform(press_at(20, 3), framed=framed)
            await self.call("(element) => element.focus()", element, framed=framed)
            held = CONTROL if case.act is Act.CONTROL_ENTER else ""
            await self.perform(chord(ENTER, held), framed=framed)
        elif case.act is Act.DRAG:
            target = await self._waited("#to", framed=framed)
            await self.perform(drag(element, target), framed=framed)
        elif case.act is Act.HOVER:
            await self.perform(hover(element), framed=framed)
        else:
            button = MIDDLE if case.act is Act.MIDDLE_CLICK else LEFT
            await self.perform(click(element, button, HELD.get(case.act, "")), framed=framed)
        if case.act is Act.TYPE:
            text = getattr(case, "text", "") or "secret"
            await self.perform(typed(text), framed=framed)
        elif case.act is Act.PASTE:
            fill = "(element) => { element.value = 'pasted'; element.select?.() }"
            await self.call(fill, element, framed=framed)
            for key in "axv":
                await self.perform(chord(key, CONTROL), framed=framed)

    async def _waited(self, selector: str, *, framed: bool) -> dict[str, Any]:
        while True:
            with contextlib.suppress(DriverError):
                found = await self.find(selector, framed=framed)
                if found is not None:
                    return found
            await asyncio.sleep(0.05)


def click(element: dict[str, Any], button: int, held: str) -> Sources:
    press = [{"type": "pointerDown", "button": button}, {"type": "pointerUp", "button": button}]
    pointed = [_PAUSE, *_over(element), *press, _PAUSE]
    return [_pointer(pointed), *([_keys(_around(held, len(pointed)))] if held else [])]


def press_at(x: int, y: int) -> Sources:
    move = {"type": "pointerMove", "x": x, "y": y, "origin": "viewport"}
    down, up = {"type": "pointerDown", "button": LEFT}, {"type": "pointerUp", "button": LEFT}
    return [_pointer([move, down, up])]


def hover(element: dict[str, Any]) -> Sources:
    return [_pointer([*_over(element), {**_over(element)[-1], "x": 1}])]


def drag(element: dict[str, Any], target: dict[str, Any]) -> Sources:
    moves = [{**_over(element)[-1], "x": 4}, *_over(target), {**_over(target)[-1], "x": 2}]
    down, up = {"type": "pointerDown", "button": LEFT}, {"type": "pointerUp", "button": LEFT}
    return [_pointer([*_over(element), down, *moves, {"type": "pause", "duration": 100}, up])]


def typed(text: str) -> Sources:
    return [_keys([part for key in text for part in (_down(key), _up(key))])]


def chord(key: str, held: str) -> Sources:
    parts = [_down(key), _up(key)]
    return [_keys([_down(held), *parts, _up(held)] if held else parts)]


_PAUSE = {"type": "pause", "duration": 0}


def _over(element: dict[str, Any]) -> list[dict[str, Any]]:
    move = {"type": "pointerMove", "x": 0, "y": 0, "duration": 30, "origin": element}
    return [{**move, "x": -1}, move]


def _pointer(actions: list[dict[str, Any]]) -> dict[str, Any]:
    kind = {"parameters": {"pointerType": "mouse"}}
    return {"type": "pointer", "id": "mouse", **kind, "actions": actions}


def _keys(actions: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "key", "id": "keyboard", "actions": actions}


def _around(key: str, ticks: int) -> list[dict[str, Any]]:
    return [_down(key), *[_PAUSE] * (ticks - 2), _up(key)]


def _down(key: str) -> dict[str, Any]:
    return {"type": "keyDown", "value": key}


def _up(key: str) -> dict[str, Any]:
    return {"type": "keyUp", "value": key}
