"""What a person does with a tool: each control once, in an order that is the same every time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from playwright.async_api import Error, Frame, JSHandle, Page

from sandbox.smoke.controls import Control, read_control
from sandbox.smoke.files import sample_file
from sandbox.smoke.values import values_for

_ALIKE = 3  # of controls that look the same, so many
_MOST_CONTROLS = 200
_MOST_OPTIONS = 2
_BEGIN_ANEW = "() => window[Symbol.for('begin anew')]?.()"


@dataclass(frozen=True)
class Act:
    """`key` and `nth` find the control in any place: the nth of those that look like it."""

    key: tuple[str, ...]
    nth: int
    name: str
    value: str = ""


@dataclass
class Person:
    """Acts on the tool in `frame`; `corner` is where that frame begins in the page."""

    page: Page
    frame: Frame
    corner: Any
    _controls: JSHandle | None = None

    async def ask(self, function: str, *given: object) -> Any:
        """Call a function of the smoke test's controls.js; made anew when the page was."""
        for attempt in (1, 2, 3):
            try:
                if self._controls is None:
                    self._controls = await self.frame.evaluate_handle(_script())
                call = "(controls, [name, given]) => controls[name](...given)"
                return await self._controls.evaluate(call, [function, list(given)])
            except Error:
                self._controls = None
                if attempt == 3:
                    raise
                await self.page.wait_for_timeout(100)
        return None

    async def choose(self, done: Counter[tuple[str, ...]]) -> Act | None:
        """Choose the next control that was not used yet, and what to do with it."""
        seen: Counter[tuple[str, ...]] = Counter()
        free = []
        for control in await self._all():
            nth = seen[control.key]
            seen[control.key] += 1
            if nth == done[control.key] < _ALIKE:
                free.append((control, nth))
        if not free:
            return None
        control, nth = min(free, key=lambda pair: pair[0].rank)
        values = values_for(control.field) if control.kind in ("type", "set") else [""]
        value = values[0] if len(values) == 1 else await self.ask("fitting", control.id, values)
        return Act(control.key, nth, control.label, value)

    async def do(self, act: Act) -> bool:
        """Do it; False when the control is not there or cannot be reached."""
        control = await self._find(act)
        if control is None:
            return False
        await self.frame.evaluate(_BEGIN_ANEW)
        match control.kind:
            case "set":
                return bool(await self.ask("set", control.id, act.value))
            case "choose":
                return await self._options(control)
            case "file":
                return await self._file(control)
        if not await self._press(control):
            return False
        if control.kind in ("type", "write"):
            if await self.ask("select", control.id):
                await self.page.keyboard.insert_text(act.value or "Tea and cake")
        elif control.kind == "draw":
            for key in ("ArrowRight", "ArrowUp", "Space", "Enter"):
                await self.page.keyboard.press(key)
        return True

    async def _all(self) -> list[Control]:
        return [read_control(item) for item in await self.ask("collect", _MOST_CONTROLS) or []]

    async def _find(self, act: Act) -> Control | None:
        for _ in range(20):
            alike = [control for control in await self._all() if control.key == act.key]
            if len(alike) > act.nth:
                return alike[act.nth]
            await self.page.wait_for_timeout(100)
        return None

    async def _options(self, control: Control) -> bool:
        options: Sequence[dict[str, Any]] = await self.ask("options", control.id) or []
        usable = [one["index"] for one in options if one["usable"]][:_MOST_OPTIONS]
        for index in usable:
            await self.ask("choose", control.id, index)
        return bool(usable)

    async def _file(self, control: Control) -> bool:
        assert self._controls is not None
        find = "(controls, id) => controls.elementOf(id)"
        element = (await self._controls.evaluate_handle(find, control.id)).as_element()
        if element is None:
            return False
        sample = sample_file(control.accept, control.field.words)
        await element.set_input_files(
            {"name": sample.name, "mimeType": "", "buffer": sample.content}
        )
        return True

    async def _press(self, control: Control) -> bool:
        point = await self.ask("reach", control.id)
        if point is None or point["covered"] or (point["x"], point["y"]) == (0, 0):
            return False
        left, top = await self.corner()
        await self.page.mouse.click(left + point["x"], top + point["y"])
        return True


@cache
def _script() -> str:
    return files("sandbox.smoke").joinpath("controls.js").read_text("utf-8").strip()
