"""What hears a person though it looks like no control, told by the browser's list of listeners.

https://chromedevtools.github.io/devtools-protocol/tot/DOMDebugger/#method-getEventListeners
"""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

from playwright.async_api import Error as PlaywrightError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.smoke.devtools import FrameSession

# By what it hears, how an element is used; the first that fits.
_USES = {
    "press": (
        "click",
        "mousedown",
        "mouseup",
        "pointerdown",
        "pointerup",
        "touchstart",
        "touchend",
    ),
    "double": ("dblclick",),
    "drag": ("dragstart", "dragend"),
    "drop": ("drop",),
    "hover": ("mouseenter", "mouseover", "pointerenter", "pointerover"),
}
_KEYS = frozenset({"keydown", "keyup", "keypress"})
_MOST = 60  # elements, at one time
_GROUP = "heard"


class Listeners:
    """Of one page: `adopt` when all that looks like a control was used."""

    def __init__(self, tool: FrameSession) -> None:
        self._tool = tool
        self._known: set[int] = set()
        self._world: int | None = None
        self.hears_keys = False

    async def adopt(self) -> int:
        """Have elements that hear a person taken as controls; say how many are new."""
        try:
            return await self._adopt()
        except PlaywrightError:  # the document was loaded anew meanwhile
            return 0

    async def _adopt(self) -> int:
        self._world, before = await self._tool.world(), self._world
        if self._world != before:
            self._known.clear()
        # Asked at once: each of them is several round trips.
        self.hears_keys, heard = await asyncio.gather(
            self._hears_keys(), self._listeners("document", deep=True)
        )
        uses = _uses(heard)
        new = [node for node in uses if node not in self._known][:_MOST]
        self._known.update(new)
        taken = await self._take(new, uses) if new else 0
        await self._tool.command("Runtime.releaseObjectGroup", {"objectGroup": _GROUP})
        return taken

    async def _take(self, new: Sequence[int], uses: Mapping[int, str]) -> int:
        nodes = await asyncio.gather(*(self._resolve(node) for node in new))
        given = [{"value": [uses[node] for node in new]}, *nodes]
        taken = await self._tool.command(
            "Runtime.callFunctionOn",
            {
                "functionDeclaration": "function (uses, ...all) { return smoke.adopt(uses, all); }",
                "executionContextId": self._world,
                "arguments": given,
                "returnByValue": True,
            },
        )
        return int(taken["result"].get("value", 0))

    async def _hears_keys(self) -> bool:
        """Whether keys are heard wherever they are pressed, and not by the bridge alone."""
        if self.hears_keys:
            return True
        heard = await asyncio.gather(*map(self._listeners, ("window", "document", "document.body")))
        for one in itertools.chain(*heard):
            if one["type"] in _KEYS and not await self._tool.is_bridge(one["scriptId"]):
                return True
        return False

    async def _listeners(self, name: str, *, deep: bool = False) -> Sequence[Mapping[str, Any]]:
        # Asked of an object of the tool's own world, it tells of that world's listeners.
        own = self._tool.own_world
        asked = {"expression": name, "contextId": own, "objectGroup": _GROUP}
        held = await self._tool.command("Runtime.evaluate", asked)
        if "objectId" not in held["result"]:  # a document without a body
            return ()
        # Not into other documents: their elements have no place in this world, and asked for one
        # the tab may crash.
        depth = {"depth": -1} if deep else {}
        given = {"objectId": held["result"]["objectId"], **depth}
        found: Sequence[Mapping[str, Any]] = (
            await self._tool.command("DOMDebugger.getEventListeners", given)
        )["listeners"]
        return found

    async def _resolve(self, node: int) -> Mapping[str, Any]:
        given = {
            "backendNodeId": node,
            "executionContextId": self._world,
            "objectGroup": _GROUP,
        }
        answer = await self._tool.command("DOM.resolveNode", given)
        return {"objectId": answer["object"]["objectId"]}


def _uses(heard: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Return how each element is used that hears anything of a person."""
    types: dict[int, set[str]] = {}
    for one in heard:
        if "backendNodeId" in one:
            types.setdefault(one["backendNodeId"], set()).add(one["type"])
    found = {}
    for node, heard_of in types.items():
        use = next((use for use, names in _USES.items() if not heard_of.isdisjoint(names)), None)
        if use is not None:
            found[node] = use
    return found
