"""Event streams (Server-Sent Events, WHATWG HTML 9.2): live from a run, else from the journal.

Ids are journal offsets; on an artifact's stream they read `generation:offset`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from fastapi.responses import StreamingResponse

from server import shapes
from server.routes.views import View
from server.store import generations, journal, reports
from server.store.records import Artifact, Generation, JournalEntry

KEEP_ALIVE_SECONDS = 15.0
LISTEN_SECONDS = 2.0
POLL_SECONDS = 0.25

_OFFSET_DIGITS = 10
_KEEP_ALIVE = ": keep-alive\n\n"


def sse(stream: AsyncIterator[str]) -> StreamingResponse:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def generation_stream(
    viewing: View, artifact: Artifact, generation: Generation, last_event: str
) -> AsyncIterator[str]:
    """Yield the frames of one generation's stream, from its start or past `last_event`."""
    offset = _offset(last_event)
    frame_url = viewing.frame_url(artifact, generation.secret)
    yield "retry: 1000\n\n"
    async for entry in _entries(viewing, generation.id, offset):
        yield _KEEP_ALIVE if entry is None else _frame(entry, str(entry.offset), frame_url)


async def artifact_stream(viewing: View, artifact: Artifact, last_event: str) -> AsyncIterator[str]:
    """Yield the frames of all generations, from the one that runs or past `last_event`."""
    hub = viewing.services.hub
    seen_notice = hub.serial
    silent = 0.0
    yield "retry: 1000\n\n"
    at, offset = await _beginning(viewing, artifact, last_event)
    async for frame in _newest_report(viewing, artifact):
        yield frame
    while True:
        rings = hub.rings(artifact.id)
        for generation in await _since(viewing, artifact, at):
            offset = offset if generation.id == at else 0
            at = generation.id
            frame_url = viewing.frame_url(artifact, generation.secret)
            async for entry in _entries(viewing, generation.id, offset):
                silent = 0.0
                if entry is None:
                    yield _KEEP_ALIVE
                else:
                    offset = entry.offset
                    yield _frame(entry, f"{generation.id}:{offset}", frame_url)
        for notice in hub.notices(artifact.id, seen_notice):
            seen_notice = notice.serial
            yield f"event: {notice.entry.kind}\ndata: {notice.entry.data}\n\n"
        await hub.heard(artifact.id, rings, LISTEN_SECONDS)
        silent += LISTEN_SECONDS
        if silent >= KEEP_ALIVE_SECONDS:
            silent = 0.0
            yield _KEEP_ALIVE


def _offset(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < _OFFSET_DIGITS else 0


async def _beginning(viewing: View, artifact: Artifact, last_event: str) -> tuple[str | None, int]:
    """Where the stream starts: after `last_event`, else at the start of what runs now."""
    async with viewing.services.database.read() as connection:
        made = await generations.listed(connection, artifact.id)
    generation_id, _, offset = last_event.partition(":")
    if any(one.id == generation_id for one in made):
        return generation_id, _offset(offset)
    ended = [one for one in made if not one.state.active]
    if not ended:
        return None, 0
    return ended[-1].id, await _last_offset(viewing, ended[-1].id)


async def _since(viewing: View, artifact: Artifact, at: str | None) -> list[Generation]:
    """List the generations from `at` on, itself included when it has not ended for the reader."""
    async with viewing.services.database.read() as connection:
        made = await generations.listed(connection, artifact.id)
    ids = [one.id for one in made]
    return made[ids.index(at) :] if at in ids else made


async def _last_offset(viewing: View, generation_id: str) -> int:
    async with viewing.services.database.read() as connection:
        return await journal.end(connection, generation_id)


async def _entries(
    viewing: View, generation_id: str, offset: int
) -> AsyncIterator[JournalEntry | None]:
    """Yield a generation's events past `offset`, `None` to keep the connection alive."""
    run = viewing.services.hub.get(generation_id)
    if run is not None:
        async for entry in run.follow(offset, idle=KEEP_ALIVE_SECONDS):
            yield entry
        return
    while True:
        async with viewing.services.database.read() as connection:
            generation = await generations.get(connection, generation_id)
            found = await journal.after(connection, generation_id, offset)
        for entry in found:
            offset = entry.offset
            yield entry
        if generation is None or not generation.state.active:
            return
        await asyncio.sleep(POLL_SECONDS)  # another process runs it


async def _newest_report(viewing: View, artifact: Artifact) -> AsyncIterator[str]:
    """Tell a new reader the newest report once more: a test may have ended while it loaded."""
    async with viewing.services.database.read() as connection:
        found = await reports.latest(connection, artifact.id)
    if found:
        n = max(found)
        data = {"generation": None, "version": n, "report": shapes.report(found[n])}
        yield f"event: report\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _frame(entry: JournalEntry, identity: str, frame_url: str) -> str:
    data = entry.data
    if entry.kind == "state":
        data = json.dumps({**json.loads(data), "frame_url": frame_url}, ensure_ascii=False)
    return f"id: {identity}\nevent: {entry.kind}\ndata: {data}\n\n"
