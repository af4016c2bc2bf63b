"""The built-in recipes as a provider: they stream like a model, and cost nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from server.providers.protocol import ModelInfo, ModelList, Price, Start, Stop, Text, Usage
from server.recipes import respond

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from server.providers.protocol import Event, ModelRequest
    from server.recipes import Answer

MODEL = "built-in"
_CHUNK = 160


class RecipesProvider:
    """Answers from a request's `wishes`, `files` and `document`; language models read the rest."""

    name = "recipes"
    label = "Built-in recipes"

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Event, None]:
        """Stream prose, then the document in a fence; `Stop("declined")` where there is none."""
        # The first call builds the index (some 50 ms), which the event loop must not wait for.
        answer = await asyncio.to_thread(respond, request.wishes, request.files, request.document)
        yield Start(MODEL)
        text = _text(answer)
        for start in range(0, len(text), _CHUNK):
            yield Text(text[start : start + _CHUNK])
            await asyncio.sleep(0)
        yield Usage(input=0, output=0, reasoning=0, cached=0)
        yield Stop("stop" if answer.html is not None else "declined")

    async def models(self) -> ModelList:
        return ModelList(
            (ModelInfo(self.name, MODEL, self.label, price=Price(0, 0), images=False),)
        )

    async def aclose(self) -> None:
        """Hold nothing, release nothing."""


def _text(answer: Answer) -> str:
    if answer.html is None:
        return answer.prose
    return f"{answer.prose}\n\n```html\n{answer.html}```\n"
