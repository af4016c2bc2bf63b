"""What an archive of everything brings: new artifacts whole, and nothing that is here changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table
from sqlalchemy.exc import IntegrityError

from sandbox.network_origins import OriginRules
from server.errors import Problem
from server.everything.checking import GIVES
from server.everything.reading import Archive
from server.granting import checked_origin
from server.identifiers import new_id, new_secret
from server.store import versions, whole
from server.store.database import Database


@dataclass
class Stored:
    """How many artifacts came, and how many were here and stay as they are."""

    added: int = 0
    kept: int = 0
    behind: int = 0
    """Of those that were here: have fewer versions here than in the archive."""
    without_grants: int = 0
    """Of those that came: had permissions that they have not here."""

    def words(self) -> str:
        tools = "1 tool" if self.added == 1 else f"{self.added:,} tools"
        said = [f"{tools} came." if self.added else "Nothing new came."]
        if self.kept:
            stays = "1 was" if self.kept == 1 else f"{self.kept:,} were"
            said.append(f"{stays} here already and stayed as here.")
        if self.behind:
            said.append(f"Of these, {self.behind:,} with newer versions in the archive.")
        if self.without_grants:
            asks = "1 will ask" if self.without_grants == 1 else f"{self.without_grants:,} will ask"
            said.append(f"{asks} anew for permissions.")
        return " ".join(said)


async def store(
    database: Database, archive: Archive, *, rules: OriginRules | None = None
) -> Stored:
    """Store what is new, each artifact in one transaction; `rules` takes permissions too."""
    await asyncio.to_thread(archive.check)
    grantable = await _grantable(archive, rules) if rules is not None else None
    stored = Stored()
    for artifact_id in archive.files:
        if await _add(database, archive, artifact_id, grantable):
            stored.added += 1
            stored.without_grants += grantable is None and artifact_id in archive.giving
        else:
            stored.kept += 1
            stored.behind += await _is_behind(database, archive, artifact_id)
    return stored


async def _is_behind(database: Database, archive: Archive, artifact_id: str) -> bool:
    async with database.read() as connection:
        newest = await versions.newest(connection, artifact_id)
    return (newest or 0) < archive.newest[artifact_id]


async def _grantable(archive: Archive, rules: OriginRules) -> frozenset[str]:
    """Return the servers that may be granted here too."""
    return frozenset(
        [
            origin
            for origin in sorted(archive.origins)
            # As it would be stored here: another spelling could not be taken back.
            if await checked_origin(origin, rules) == origin
        ]
    )


async def _add(
    database: Database, archive: Archive, artifact_id: str, grantable: frozenset[str] | None
) -> bool:
    """Store an artifact; False when it is here, in the bin perhaps."""
    async with database.write() as connection:
        if await whole.exists(connection, artifact_id):
            return False
        batches = archive.batches(artifact_id)
        fresh = _Fresh(artifact_id, grantable)
        try:
            while (batch := await asyncio.to_thread(next, batches, None)) is not None:
                table, rows = batch
                kept = [fresh.row(table, row) for row in rows if fresh.may_come(table, row)]
                if kept:
                    await whole.add(connection, table, kept)
        except IntegrityError as error:
            raise Problem(
                409,
                f"The tool {artifact_id} in {archive.name} shares records with another one here.",
                action="It was not imported; tools before it were.",
            ) from error
    return True


@dataclass
class _Fresh:
    """What belongs to this server alone is made anew: addresses of frames, permissions."""

    artifact_id: str
    grantable: frozenset[str] | None
    _secrets: dict[str, str] = field(default_factory=dict)

    def may_come(self, table: Table, row: dict[str, Any]) -> bool:
        if table.name != "grants" or row["capability"] not in GIVES:
            return True
        if self.grantable is None:
            return False
        return row["capability"] != "network" or row["value"] in self.grantable

    def row(self, table: Table, row: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Callable[[], str | None]] = {
            "artifact_id": lambda: self.artifact_id,
            "label": new_id,
            "secret": lambda: self._secret(table, row),
        }
        lacking = [column.name for column in table.columns if column.name not in row]
        return {**row, **{name: made[name]() if name in made else None for name in lacking}}

    def _secret(self, table: Table, row: dict[str, Any]) -> str:
        """A version that a generation made opens by the generation's address, as it did."""
        if table.name == "generations":
            self._secrets[row["id"]] = new_secret()
            return self._secrets[row["id"]]
        return self._secrets.pop(row["generation_id"], None) or new_secret()
