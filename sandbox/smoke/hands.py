"""What a person's hands do to one control: press it, fill it, choose in it, give it a file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.smoke.files import sample_file
from sandbox.smoke.film import told_name
from sandbox.smoke.values import value_for, values_for

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from playwright.async_api import FileChooser, Page

    from sandbox.smoke.controls import Control
    from sandbox.smoke.devtools import FrameSession
    from sandbox.smoke.film import Film
    from sandbox.smoke.run import Answered

_MOST_OPTIONS = 8
_KEYS = ("ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown", "Space", "Enter")
_LETTERS = ("w", "a", "s", "d", "1", "Escape")
_DRAG = 12.0  # pixels, on a canvas


class Hands:
    """On one page. `folder` is where the files lie that are given."""

    def __init__(
        self, session: FrameSession, page: Page, film: Film, answered: Answered, *, folder: Path
    ) -> None:
        self._session = session
        self._page = page
        self._film = film
        self._answered = answered
        self._folder = folder
        self._have_clicked = False
        self.covered: dict[int, tuple[float, float]] = {}
        """By control, where what covers it is hit."""

    async def use(self, control: Control, *, sends: bool) -> str | None:
        """Use the control as a person would; say what was done, `None` if it cannot be reached.

        `sends`: what is typed is sent off with Enter, where a field takes that.
        """
        name = told_name(control)
        match control.kind:
            case "set" | "choose" | "file" if await self._is_covered(control):
                told = None
            case "set":
                value = value_for(control.field)
                used = await self._answered(self._session.ask("set", control.id, value))
                told = f"set {name}" if used else None
            case "choose":
                told = f"chose in {name}" if await self._choose(control) else None
            case "file":
                told = f"gave {await self._give(control)} to {name}"
            case "double" | "drag" | "hover":
                told = await self._handle(control, name)
            case _ if not await self._press(control):
                told = None
            case "press":
                told = f"pressed {name}"
            case "draw":
                await self._answered(self._play_keys(_KEYS))
                told = f"clicked and typed on {name}"
            case _:
                await self._type(control, sends=sends)
                told = f"filled {name}"
        return told

    async def fill(self, control: Control) -> bool:
        """Fill a field and send nothing off; say whether it could be reached."""
        is_reached = await self._press(control)
        if is_reached:
            await self._type(control, sends=False)
        return is_reached

    async def leave(self) -> None:
        """Let go of the field that has the focus."""
        await self._answered(self._session.ask("leave"))

    async def type_nowhere(self, more: tuple[str, ...] = ()) -> None:
        """Press what games are played with, and more, while no field has the focus."""
        await self.leave()
        if not self._have_clicked:
            await self._answered(self._page.mouse.click(1, 1))  # keys go where one clicked last
        await self._answered(self._play_keys(_KEYS + _LETTERS))
        for key in more:
            await self.leave()  # another one may have led to a field
            await self._answered(self._page.keyboard.press(key))

    async def press_away(self, key: str | None, control: int) -> None:
        """Press a key, or where the control's cover is hit."""
        if key is None:
            await self._answered(self._page.mouse.click(*self.covered[control]))
        else:
            await self._answered(self._page.keyboard.press(key))

    async def reaches_one(self, controls: Iterable[int]) -> bool:
        """Whether nothing lies over one of these any more, or it is gone."""
        for control in controls:
            point = await self._answered(self._session.ask("reach", control))
            if point is None or not point["covered"]:
                return True
        return False

    async def give_asked(self, chooser: FileChooser) -> None:
        """Give a file to what asks for one by itself."""
        sample = sample_file(await chooser.element.get_attribute("accept") or "")
        await chooser.set_files({"name": sample.name, "mimeType": "", "buffer": sample.content})

    async def _give(self, control: Control) -> str:
        sample = sample_file(control.accept, control.field.words)
        if not sample.fits:
            self._session.moment = replace(self._session.moment, unsure=True)
        path = self._folder / sample.name
        path.write_bytes(sample.content)
        path.chmod(0o644)  # the browser may be another user
        await self._answered(self._session.set_files(control.id, [str(path)]))
        return sample.name

    async def _choose(self, control: Control) -> bool:
        options = await self._answered(self._session.ask("options", control.id))
        usable = [option["index"] for option in options if option["usable"]]
        # Who wrote the list by hand may have misspelt any of them, and the last is the likeliest.
        for index in [*usable[: _MOST_OPTIONS - 1], *usable[_MOST_OPTIONS - 1 :][-1:]]:
            await self._answered(self._session.ask("choose", control.id, index))
        return bool(usable)

    async def _reach(self, control: Control) -> tuple[float, float] | None:
        """Return where to press, `None` where nothing of it can be."""
        point = await self._answered(self._session.ask("reach", control.id))
        if point is None or (point["x"], point["y"]) == (0, 0):
            return None
        at = (point["x"], point["y"])
        if point["covered"]:
            self.covered[control.id] = at
            return None
        self.covered.pop(control.id, None)
        self._film.place(point["box"])
        return at

    async def _is_covered(self, control: Control) -> bool:
        """Whether something lies over what is used by other ways than a press of it."""
        await self._reach(control)
        return control.id in self.covered

    async def _press(self, control: Control) -> bool:
        at = await self._reach(control)
        if at is None:
            return False
        self._have_clicked = True
        await self._answered(self._page.mouse.click(*at))
        if control.kind == "draw":
            await self._answered(self._drag(at[0] + _DRAG, at[1] + _DRAG))
        return True

    async def _handle(self, control: Control, name: str) -> str | None:
        """Do with the mouse what is no press."""
        at = await self._reach(control)
        if at is None:
            return None
        await self._answered(self._page.mouse.move(*at))
        if control.kind == "hover":
            return f"pointed at {name}"
        if control.kind == "double":
            await self._answered(self._page.mouse.dblclick(*at))
            return f"double-clicked {name}"
        goal = await self._answered(self._session.ask("goal", control.id))
        to = (goal["x"], goal["y"]) if goal else (at[0] + _DRAG, at[1] + _DRAG)
        await self._answered(self._drag(*to))
        return f"dragged {name}"

    async def _drag(self, x: float, y: float) -> None:
        await self._page.mouse.down()
        await self._page.mouse.move(x, y, steps=2)
        await self._page.mouse.up()

    async def _type(self, control: Control, *, sends: bool) -> None:
        keyboard = self._page.keyboard
        if not await self._answered(self._session.ask("select", control.id)):
            return
        text = await self._value(control) if control.kind == "type" else "Tea and cake"
        await self._answered(keyboard.insert_text(text))
        if sends and control.tag == "input":
            await self._answered(keyboard.press("Enter"))

    async def _value(self, control: Control) -> str:
        values = values_for(control.field)
        if len(values) == 1:
            return values[0]
        return str(await self._answered(self._session.ask("fitting", control.id, values)))

    async def _play_keys(self, keys: tuple[str, ...]) -> None:
        for key in keys:
            await self._page.keyboard.press(key)
