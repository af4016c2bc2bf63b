"""What the frame origin serves: the open stream of a running generation, or what is stored."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Mapping

from sandbox.frame import FrameDocument
from sandbox.grants import NO_GRANTS, Grants
from sandbox.saving import Refusal
from sandbox.stored import Area, Changes
from server.generation.hub import Hub
from server.granting import in_force
from server.store import artifacts, generations, journal, stored, versions
from server.store.database import Database
from server.store.records import Artifact


class StoredDocuments:
    """A `sandbox.frame.DocumentSource` over the hub and the store."""

    def __init__(self, database: Database, hub: Hub) -> None:
        self._database = database
        self._hub = hub

    async def open_document(self, secret: str) -> FrameDocument | None:
        """Find by secret: what runs now, a version, or what an ended generation left.

        A secret that was given ahead is waited for.
        """
        await self._hub.ahead.begun(secret)
        run = self._hub.by_secret(secret)
        if run is not None and run.version is None:
            # What comes is not known yet, so nothing that was granted holds for it.
            return self._of(run.artifact, run.document.chunks(), NO_GRANTS, run.artifact.title)
        async with self._database.read() as connection:
            found = await versions.by_secret(connection, secret)
            if found is not None:
                version, html = found
                artifact_id, title, n = version.artifact_id, version.title, version.n
            else:
                generation = await generations.by_secret(connection, secret)
                if generation is None:
                    return None
                _, texts = await journal.texts(connection, generation.id)
                artifact_id, title, n = generation.artifact_id, "", None
                html = texts[-1] if texts else ""
            artifact = await artifacts.get(connection, artifact_id)
            if artifact is None:
                return None
            # A document that never became a version was never in sight when grants were given.
            grants = NO_GRANTS if n is None else await in_force(connection, artifact_id, n, html)
        return self._of(artifact, _whole(html), grants, title)

    def _of(
        self, artifact: Artifact, chunks: AsyncIterator[str], grants: Grants, title: str
    ) -> FrameDocument:
        kept = functools.partial(self._stored, artifact.id)
        return FrameDocument(chunks, grants, title, artifact.bridge_key, kept)

    async def _stored(self, artifact_id: str, area: Area) -> Mapping[str, str]:
        async with self._database.read() as connection:
            return await stored.read(connection, artifact_id, area)

    async def save(self, secret: str, changes: Changes) -> Refusal | None:
        """Save what a tool opened alone has stored: a `sandbox.saving.Save`."""
        async with self._database.write() as connection:
            artifact_id = await stored.owner(connection, secret)
            if artifact_id is None:
                return Refusal(404, "There is no tool at this address.")
            full = await stored.change(connection, artifact_id, changes)
            if full is not None:
                await connection.rollback()
                return Refusal(413, f"The tool's {full.area} data are full: {full.reason}")
        return None


async def _whole(html: str) -> AsyncIterator[str]:
    if html:
        yield html
