"""What a call would take, from the request that it would send."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from server.generation import conversation
from server.generation.generator import unrecorded
from server.generation.money import CHARACTERS_PER_TOKEN, size
from server.generation.prompts import Conversation, build_request
from server.providers.registry import Choice
from server.store import versions

# A first tool is a document of 10 to 20 kB; a change answers with the document anew, some of it
# shorter and more of it longer.
_FIRST = (3_000, 5_000)
_SHORTER, _LONGER, _WORDS = 0.9, 1.3, 200


@dataclass(frozen=True, slots=True)
class Tokens:
    """What would be sent, and between what the answer is expected."""

    sent: int
    least: int
    most: int


async def of_change(
    connection: AsyncConnection, choice: Choice, artifact_id: str, prompt: str, base: int | None
) -> Tokens:
    """Estimate a change of version `base`, or of the newest."""
    if base is None:
        base = await versions.newest(connection, artifact_id)
    generation = unrecorded(artifact_id, "change", prompt, choice)
    generation = replace(generation, base_version=base)
    before = await conversation.read(connection, generation)
    return _tokens(choice, before, prompt)


def of_first(choice: Choice, prompt: str) -> Tokens:
    """Estimate a new tool."""
    return _tokens(choice, conversation.OPENING, prompt)


def _tokens(choice: Choice, before: Conversation, prompt: str) -> Tokens:
    sent = size(build_request(choice.model, before, prompt, ())) // CHARACTERS_PER_TOKEN
    if before.document is None:
        return Tokens(sent, *_FIRST)
    document = len(before.document) // CHARACTERS_PER_TOKEN
    return Tokens(sent, int(document * _SHORTER), int(document * _LONGER) + _WORDS)
