"""The good tools: written for this, the recipes' own, and public ones of a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from server.recipes import RECIPES, respond
from tests.corpus.places import browsing, plain_page
from tests.corpus.results import Kept, digest
from tests.corpus.running import refer

_WRITTEN = Path(__file__).with_name("tools")
_SIZE = (1100, 800)


@dataclass(frozen=True)
class Tool:
    name: str
    html: str

    @property
    def half(self) -> str:
        """Return `a`, to develop against, or `b`, which is held out."""
        return "ab"[hashlib.sha256(self.name.encode()).digest()[2] % 2]


def own_tools() -> list[Tool]:
    written = [
        Tool(file.stem, file.read_text(encoding="utf-8")) for file in sorted(_WRITTEN.iterdir())
    ]
    made = [(one.name, respond([one.example]).html) for one in RECIPES]
    return [*written, *(Tool(f"recipe {name}", html) for name, html in made if html)]


def public_tools(folder: Path) -> list[Tool]:
    return [
        Tool(str(file.relative_to(folder)), file.read_text(encoding="utf-8", errors="replace"))
        for file in sorted(folder.rglob("*.html"))
    ]


def chosen(tools: Iterable[Tool], word: str, half: str) -> list[Tool]:
    return [tool for tool in tools if word in tool.name and half in ("", tool.half)]


async def working(tools: Sequence[Tool], kept: Kept, most: int) -> list[Tool]:
    """Keep the first that work as a plain page: `make corpus` has said it, or it is seen now."""
    found: list[Tool] = []
    async with browsing() as browser:
        for tool in tools:
            if len(found) == most:
                break
            known = kept.read(tool.name, digest(tool.html))
            if known is None:
                reference = await refer(plain_page(browser, tool.html, _SIZE))
                unfit = reference.unfit or (reference.run.errors and "errors")
            else:
                unfit = known.unfit
            if not unfit:
                found.append(tool)
    return found
