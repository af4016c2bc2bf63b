"""Queries on grants: what a person gave one artifact, and on which of its versions.

One row each: `network` with an origin, `geolocation`, `clipboard_read`, `kept_blocked` with what
the person was asked about and refused, and `given_on` with the version that was in sight.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox.grants import NO_GRANTS, Grants
from server.store import tables


@dataclass(frozen=True, slots=True)
class Given:
    """`version` is the one that the grants were given on; 0 before there was any."""

    grants: Grants = NO_GRANTS
    kept_blocked: tuple[str, ...] = ()
    version: int = 0


async def read(connection: AsyncConnection, artifact_id: str) -> Given:
    """Look up what the person granted this artifact, and what not."""
    table = tables.grants
    query = select(table.c.capability, table.c.value).where(table.c.artifact_id == artifact_id)
    rows = (await connection.execute(query.order_by(table.c.created, table.c.value))).all()
    capabilities = {row.capability for row in rows}
    grants = Grants(
        network=tuple(row.value for row in rows if row.capability == "network"),
        geolocation="geolocation" in capabilities,
        clipboard_read="clipboard_read" in capabilities,
    )
    return Given(
        grants=grants,
        kept_blocked=tuple(row.value for row in rows if row.capability == "kept_blocked"),
        version=next((int(row.value) for row in rows if row.capability == "given_on"), 0),
    )


async def write(connection: AsyncConnection, artifact_id: str, given: Given) -> None:
    """Replace everything. All origins must already be valid (inside a write transaction)."""
    table = tables.grants
    await connection.execute(delete(table).where(table.c.artifact_id == artifact_id))
    rows = [
        *(("network", origin) for origin in dict.fromkeys(given.grants.network)),
        *([("geolocation", "")] if given.grants.geolocation else []),
        *([("clipboard_read", "")] if given.grants.clipboard_read else []),
        *(("kept_blocked", asked) for asked in dict.fromkeys(given.kept_blocked)),
        ("given_on", str(given.version)),
    ]
    now = datetime.now(UTC)
    for capability, value in rows:
        row = {"artifact_id": artifact_id, "capability": capability, "value": value}
        await connection.execute(insert(table).values(**row, created=now))
