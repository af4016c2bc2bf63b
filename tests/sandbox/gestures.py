"""What a person does in a document, by real input."""

from __future__ import annotations

import contextlib
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


async def perform(case: Attack | Probe, page: Page, where: Page | Frame) -> None:
    """Act on the element that the case names; a document that has gone meanwhile is no error."""
    if case.act is Act.NOTHING:
        return
    element = where.locator(case.on)
    with contextlib.suppress(BrowserError):
        if case.act is Act.HOVER:
            await element.hover(force=True)
        elif case.act is Act.TYPE:
            await element.click(no_wait_after=True)
            await page.keyboard.type(getattr(case, "text", "") or "secret")
        elif case.act in (Act.ENTER, Act.CONTROL_ENTER):
            await element.focus()
            await page.keyboard.press("Control+Enter" if case.act is Act.CONTROL_ENTER else "Enter")
        elif case.act is Act.MIDDLE_CLICK:
            await element.click(button="middle", no_wait_after=True)
        else:
            await element.click(modifiers=_MODIFIERS[case.act], no_wait_after=True)
