"""What a person does in a document, by real input."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import Error as BrowserError
from playwright.async_api import Frame, Page

from sandbox.prove.cases import Act, Attack, Probe

_MODIFIERS: dict[Act, list[Any]] = {
    Act.CLICK: [],
    Act.ALT_CLICK: ["Alt"],
    Act.SHIFT_CLICK: ["Shift"],
    Act.CONTROL_CLICK: ["Control"],
}
_LAST_WORDS = "performing click action"
"""What Playwright has noted last when a click is all there was of a document: it went by that.

It notes more where the click met something else, and then clicks again.
"""


async def perform(
    case: Attack | Probe, page: Page, find: Callable[[], Awaitable[Page | Frame]]
) -> bool:
    """Act on the element that the case names; `False` for a document that has gone before."""
    try:
        await _act(case, page, find)
    except BrowserError as error:
        return str(error).rstrip().endswith(_LAST_WORDS)
    return True


async def _act(
    case: Attack | Probe, page: Page, find: Callable[[], Awaitable[Page | Frame]]
) -> None:
    if case.act is not Act.NOTHING:
        element = (await find()).locator(case.on)
        if case.act is Act.HOVER:
            await element.hover(force=True)
        elif case.act is Act.TYPE:
            await element.click(no_wait_after=True)
            await page.keyboard.type(getattr(case, "text", "") or "secret")
        elif case.act in (Act.ENTER, Act.CONTROL_ENTER):
            await element.wait_for()
            await _come(await find())
            await element.focus()
            await page.keyboard.press("Control+Enter" if case.act is Act.CONTROL_ENTER else "Enter")
        elif case.act is Act.PASTE:
            await element.click()
            await element.fill("pasted")
            await page.keyboard.press("Control+A")
            await page.keyboard.press("Control+X")
            await page.keyboard.press("Control+V")
        elif case.act is Act.FILE:
            chosen = {"name": "a.txt", "mimeType": "text/plain", "buffer": b"of a file"}
            await element.set_input_files(chosen)  # type: ignore[arg-type]  # a FilePayload
        elif case.act is Act.DRAG:
            await element.drag_to((await find()).locator("#to"))
        elif case.act is Act.MIDDLE_CLICK:
            await element.click(button="middle", no_wait_after=True)
        else:
            await element.click(modifiers=_MODIFIERS[case.act], no_wait_after=True)


async def _come(place: Page | Frame) -> None:
    """Press in the frame where nothing is: keys are the page's around it until then."""
    # Not at its very edge: there the page lets itself be divided.
    if isinstance(place, Frame):
        await place.locator(":root").click(position={"x": 12, "y": 3}, no_wait_after=True)
