"""What a change is asked upon: the base document, and the turns that led to it."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from server.generation.prompts import Conversation
from server.providers.protocol import Turn
from server.store import generations, messages, versions
from server.store.records import REPAIRS, Generation, Message, State, Version

OPENING = Conversation()
"""What a first wish stands on."""

_WISHES = frozenset({"create", "change"})


async def read(connection: AsyncConnection, generation: Generation) -> Conversation:
    """Gather the turns before `generation`, on the line of versions that its base stands on.

    Turns that led nowhere (a failed try) or to another branch are left out, and so are repairs:
    what they mended is in the document, and wishes count more than they. Answers in words alone
    (a question back) stay.
    """
    every = await messages.listed(connection, generation.artifact_id)
    made = await generations.listed(connection, generation.artifact_id)
    repairs = {one.id for one in made if one.kind in REPAIRS}
    said = [
        one
        for one in every
        # An outcome is not the model's words.
        if one.kind not in {"outcome", *REPAIRS} and one.generation_id not in repairs
    ]
    stored = await versions.listed(connection, generation.artifact_id)
    line = versions.lineage(stored, generation.base_version)
    document = None
    if generation.base_version is not None:
        base = generation.base_version
        document = await versions.source(connection, generation.artifact_id, base)
    kept = _on_line(said, made, line, generation, _position(every, generation))
    return Conversation(
        turns=tuple(Turn("user" if one.role == "user" else "assistant", one.text) for one in kept),
        wishes=_wishes(line),
        document=document,
    )


async def recipe_wishes(
    connection: AsyncConnection, artifact_id: str, n: int | None
) -> tuple[str, ...]:
    """What led to version `n`, if a recipe made it; else nothing."""
    line = versions.lineage(await versions.listed(connection, artifact_id), n)
    return _wishes(line) if line and line[-1].provider == "recipes" else ()


def wish(line: list[Version]) -> str | None:
    """Return the last words of a person on the line; what asks for a repair is the test's."""
    return next(iter(_wishes(line)[::-1]), None)


def _wishes(line: list[Version]) -> tuple[str, ...]:
    return tuple(one.prompt for one in line if one.origin in _WISHES and one.prompt)


def _on_line(
    said: list[Message],
    made: list[Generation],
    line: list[Version],
    generation: Generation,
    until: int,
) -> list[Message]:
    earlier = [message for message in said if message.position < until]
    if not line:  # nothing was made yet: every wish so far still stands
        return earlier
    numbers = {version.n for version in line}
    led_to: dict[str, set[int | None]] = {}
    for one in made:
        if one.message_id and one.state is State.DONE and one.id != generation.id:
            led_to.setdefault(one.message_id, set()).add(one.version)
    kept: list[Message] = []
    for message in earlier:
        if message.role == "user":
            ends = led_to.get(message.id, set())
            if ends & numbers or None in ends:
                kept.append(message)
        elif message.version is None or message.version in numbers:
            kept.append(message)
    return kept


def _position(said: list[Message], generation: Generation) -> int:
    """Where the generation's own message stands in the conversation."""
    own = [one.position for one in said if one.id == generation.message_id]
    return own[0] if own else said[-1].position + 1 if said else 0
