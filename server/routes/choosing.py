"""Which model a request means, and what is refused before any model is asked."""

from __future__ import annotations

from collections.abc import Sequence

from server.errors import Problem
from server.generation.prompts import decoded
from server.providers.registry import Choice, Registry
from server.routes.schemas import MAX_PROMPT_BYTES, Attachment
from server.store.records import Json


async def choose(registry: Registry, model: str | None) -> Choice:
    """Resolve `provider/model`, or the default. Raises a 422 `Problem` that names what there is."""
    if model is None:
        return await registry.default()
    choice = registry.resolve(model)
    if choice is None:
        connected = ", ".join(sorted(registry.providers))
        raise Problem(
            422,
            f"No connected provider serves {model[:200]!r}.",
            action=f"Connected providers: {connected}. Write the model as provider/model.",
            code="unknown_model",
        )
    return choice


def check_prompt(prompt: str) -> None:
    """Refuse a prompt over 100 kB with a 413 `Problem`."""
    size = len(prompt.encode("utf-8", "replace"))
    if size > MAX_PROMPT_BYTES:
        raise Problem(
            413,
            f"The prompt has {size:,} bytes; at most {MAX_PROMPT_BYTES:,} are taken.",
            action="Shorten it, or attach the long part as a file.",
        )


def read_attachments(attachments: Sequence[Attachment]) -> list[Json]:
    """Check that each can be read. Raises a 422 `Problem`."""
    found = [attachment.model_dump() for attachment in attachments]
    for attachment in found:
        try:
            decoded(attachment)
        except ValueError as error:
            raise Problem(422, str(error), action="Send the file's bytes as base64.") from error
    return found
