"""A stored version as the standalone file that people take home."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from server.export import export_html
from server.granting import in_force
from server.store import versions
from server.store.records import Artifact


async def exported(
    connection: AsyncConnection, artifact: Artifact, n: int, *, with_prompt: bool = True
) -> str | None:
    """Read version `n` as an export; None when there is no such version."""
    version = await versions.get(connection, artifact.id, n)
    html = await versions.source(connection, artifact.id, n)
    if version is None or html is None:
        return None
    return export_html(
        html,
        title=artifact.title,
        storage_prefix=artifact.id,
        grants=await in_force(connection, artifact.id, n, html),
        version=n,
        prompt=version.prompt if with_prompt else None,
        model=f"{version.provider}/{version.model}" if version.provider else None,
    )
