"""A mechanical repair as a provider: what was mended streams like a model's answer, at no cost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from server.providers.protocol import ModelList, Start, Stop, Text, Usage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from server.providers.protocol import Event, ModelRequest

MODEL = "built-in"
_CHUNK = 4096


class MechanicalProvider:
    """Answers with words and one fenced document, whatever it is asked."""

    name = "mechanical"
    label = "Mechanical repair"

    def __init__(self, answer: str) -> None:
        self._answer = answer

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Event, None]:  # noqa: ARG002 the protocol's
        yield Start(MODEL)
        for start in range(0, len(self._answer), _CHUNK):
            yield Text(self._answer[start : start + _CHUNK])
            await asyncio.sleep(0)
        yield Usage(input=0, output=0, reasoning=0, cached=0)
        yield Stop("stop")

    async def models(self) -> ModelList:
        return ModelList()

    async def aclose(self) -> None:
        """Hold nothing, release nothing."""
