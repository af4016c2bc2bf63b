"""What the frame origin serves: the open stream of a running generation, or what is stored."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sandbox.frame import FrameDocument
from sandbox.grants import NO_GRANTS
from server.generation.hub import Hub
from server.granting import in_force
from server.identifiers import bridge_key
from server.store import artifacts, generations, journal, versions
from server.store.database import Database


class StoredDocuments:
    """A `sandbox.frame.DocumentSource` over the hub and the store."""

    def __init__(self, database: Database, hub: Hub) -> None:
        self._database = database
        self._hub = hub

    async def open_document(self, secret: str) -> FrameDocument | None:
        """Find by secret: what runs now, a version, or what an ended generation left."""
        run = self._hub.by_secret(secret)
        if run is not None and run.version is None:
            # What comes is not known yet, so nothing that was granted holds for it.
            key = bridge_key(run.generation.artifact_id)
            return FrameDocument(run.document.chunks(), NO_GRANTS, run.title, key)
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
            if await artifacts.get(connection, artifact_id) is None:
                return None
            # A document that never became a version was never in sight when grants were given.
            grants = NO_GRANTS if n is None else await in_force(connection, artifact_id, n, html)
        return FrameDocument(_whole(html), grants, title, bridge_key(artifact_id))


async def _whole(html: str) -> AsyncIterator[str]:
    if html:
        yield html
