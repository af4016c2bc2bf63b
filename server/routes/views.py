"""Reading what a page or an answer shows: records gathered and put into the API's shapes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Path, Request
from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox.grants import NO_GRANTS
from sandbox.origins import Opened, frame_base
from server import shapes
from server.errors import Problem
from server.generation.generator import Created
from server.prose import render_prose
from server.routes.levels import opened_as
from server.routes.schemas import VersionNumber
from server.services import Services
from server.store import artifacts, generations, grants, messages, overview, reports, versions
from server.store.overview import live_version
from server.store.records import Artifact, Generation, Json, Message, Version

Number = Annotated[VersionNumber, Path()]


@dataclass(frozen=True, slots=True)
class View:
    """A request's way to see the store: it knows under which address the page was opened."""

    services: Services
    opened: Opened

    @property
    def host(self) -> str:
        return self.opened.host

    def frame_url(self, artifact: Artifact, secret: str) -> str:
        return f"{self.frame_base(artifact.label)}/{secret}"

    def frame_base(self, label: str) -> str:
        return frame_base(label, self.opened, self.services.frames)

    def generation(self, artifact: Artifact, record: Generation) -> Json:
        """Shape a generation; one that runs here tells its state of this moment."""
        run = self.services.hub.get(record.id)
        attempt = run.attempt if run is not None else None
        if run is not None:
            base = run.generation.base_version
            record = replace(record, state=run.state, version=run.version, base_version=base)
        return shapes.generation(record, self.frame_url(artifact, record.secret), attempt=attempt)

    def new_artifact(self, made: Created) -> Json:
        """Shape an artifact that was just made: all is known, and nothing asked of the store."""
        state = str(made.generation.state)
        return shapes.artifact(made.artifact, NO_GRANTS, overview.Overview(state=state))

    async def artifact(self, connection: AsyncConnection, record: Artifact) -> Json:
        return (await self.artifacts(connection, [record]))[0]

    async def artifacts(
        self, connection: AsyncConnection, records: Sequence[Artifact]
    ) -> list[Json]:
        seen = await overview.of(connection, records)
        return [
            shapes.artifact(one, (await grants.read(connection, one.id)).grants, seen[one.id])
            for one in records
        ]

    async def versions(self, connection: AsyncConnection, artifact: Artifact) -> list[Json]:
        """Shape every version, oldest first, with its newest report."""
        records = await versions.listed(connection, artifact.id)
        return await self._shaped(connection, artifact, records, records)

    async def version(self, connection: AsyncConnection, artifact: Artifact, n: int) -> Json:
        """Shape one version. Raises a 404 `Problem`."""
        records = await versions.listed(connection, artifact.id)
        wanted = [record for record in records if record.n == n]
        if not wanted:
            raise Problem(404, f"This tool has no version {n}.")
        return (await self._shaped(connection, artifact, records, wanted))[0]

    async def _shaped(
        self,
        connection: AsyncConnection,
        artifact: Artifact,
        records: Sequence[Version],
        wanted: Iterable[Version],
    ) -> list[Json]:
        tested = await reports.latest(connection, artifact.id)
        verdicts = [(one.n, tested[one.n].verdict if one.n in tested else None) for one in records]
        live = live_version(artifact.pinned_version, verdicts)
        return [
            shapes.version(
                one,
                self.frame_url(artifact, one.secret),
                live=one.n == live,
                report_=tested.get(one.n),
            )
            for one in wanted
        ]

    async def messages(self, connection: AsyncConnection, artifact: Artifact) -> list[Json]:
        said = await messages.listed(connection, artifact.id)
        return await asyncio.to_thread(lambda: [message(one) for one in said])


def message(record: Message) -> Json:
    """Shape a message; a model's words are rendered, ours are not: they quote the page."""
    is_prose = record.role == "assistant" and record.kind != "outcome"
    return shapes.message(record, render_prose(record.text) if is_prose else None)


def view(request: Request) -> View:
    """The view of the request at hand (a FastAPI dependency)."""
    services: Services = request.app.state.services
    return View(services, opened_as(request.headers, request.url.scheme))


async def find_artifact(
    connection: AsyncConnection, artifact_id: str, *, deleted: bool = False
) -> Artifact:
    """Look up an artifact. Raises a 404 `Problem`."""
    found = await artifacts.get(connection, artifact_id, deleted=True)
    if found is None:
        raise Problem(404, "There is no tool with this id.")
    if found.deleted and not deleted:
        raise Problem(
            404, "This tool is in the bin.", action="Restore it there first.", code="in_bin"
        )
    return found


async def find_generation(
    connection: AsyncConnection, generation_id: str
) -> tuple[Artifact, Generation]:
    """Look up a generation and its artifact. Raises a 404 `Problem`."""
    found = await generations.get(connection, generation_id)
    if found is None:
        raise Problem(404, "There is no generation with this id.")
    return await find_artifact(connection, found.artifact_id), found


async def find_version(connection: AsyncConnection, artifact: Artifact, n: int) -> Version:
    """Look up a version. Raises a 404 `Problem`."""
    found = await versions.get(connection, artifact.id, n)
    if found is None:
        raise Problem(404, f"This tool has no version {n}.")
    return found


def refuse_another_site(request: Request) -> None:
    """Raise a `Problem` 403 where another site's page led here.

    The door lets its links through, since they open pages.
    """
    if request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        raise Problem(
            403,
            "Another site's page may not start this export.",
            action="Start it on a page of this server.",
        )
