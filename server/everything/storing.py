"""What an archive of everything brings: new artifacts whole, and nothing that is here changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table
from sqlalchemy.exc import IntegrityError, OperationalError

from sandbox.network_origins import OriginRules
from server.errors import Problem
from server.everything import libraries
from server.everything.checking import GIVES
from server.everything.libraries import Lacking
from server.everything.reading import Archive
from server.granting import checked_origin
from server.identifiers import new_id, new_secret
from server.store import artifacts, versions, whole
from server.store.database import Database, is_full

_SHRINKS = 3
"""Escapes make a record's line longer than what it tells, seldom more than this many times."""


@dataclass
class Stored:
    """How many artifacts came, and how many were here and stay as they are."""

    added: int = 0
    kept: int = 0
    behind: int = 0
    """Of those that were here: have fewer versions here than in the archive."""
    without_grants: int = 0
    """Of those that came: had permissions that they have not here."""
    artifacts: list[str] = field(default_factory=list)
    """The ids of those that came."""
    binned: list[str] = field(default_factory=list)
    """The ids of those that were here, in the bin."""
    libraries: list[Lacking] = field(default_factory=list)
    """What tools of the archive use and is not here."""

    def words(self) -> str:
        tools = "1 tool" if self.added == 1 else f"{self.added:,} tools"
        said = [f"{tools} came." if self.added else "Nothing new came."]
        if self.kept:
            stays = "1 was" if self.kept == 1 else f"{self.kept:,} were"
            said.append(f"{stays} here already and stayed as here.")
        if self.binned:
            said.append(f"Of these, {len(self.binned):,} in the bin.")
        if self.behind:
            said.append(f"Of these, {self.behind:,} with newer versions in the archive.")
        if self.without_grants:
            asks = "1 will ask" if self.without_grants == 1 else f"{self.without_grants:,} will ask"
            said.append(f"{asks} anew for permissions.")
        said += libraries.words(self.libraries)
        return " ".join(said)


async def store(
    database: Database, archive: Archive, *, rules: OriginRules | None = None
) -> Stored:
    """Store what is new, each artifact in one transaction; `rules` takes permissions too."""
    await asyncio.to_thread(archive.check)
    grantable = await _grantable(archive, rules) if rules is not None else None
    await _expect_room(database, archive)
    stored = Stored()
    for artifact_id in archive.files:
        try:
            is_new = await _add(database, archive, artifact_id, grantable)
        except OperationalError as error:
            if not is_full(error):
                raise
            raise _no_room(archive, stored) from error
        if is_new:
            stored.added += 1
            stored.artifacts.append(artifact_id)
            stored.without_grants += grantable is None and artifact_id in archive.giving
        else:
            stored.kept += 1
            stored.behind += await _is_behind(database, archive, artifact_id)
            if await _is_binned(database, artifact_id):
                stored.binned.append(artifact_id)
    stored.libraries = await asyncio.to_thread(libraries.lacking, archive.libraries)
    return stored


async def _expect_room(database: Database, archive: Archive) -> None:
    """Raise a `Problem` for what cannot fit, before any of it is stored."""
    room = await database.room()
    async with database.read() as connection:
        new = [one for one in archive.files if not await whole.exists(connection, one)]
    needed = sum(archive.files[one].file_size for one in new) // _SHRINKS
    if room is not None and needed > room:
        raise Problem(
            507,
            f"{archive.name} needs at least {needed / 1e6:,.0f} MB of the disk, "
            f"and {room / 1e6:,.0f} MB are free. Nothing was imported.",
            action="Make room, then import it again.",
        )


def _no_room(archive: Archive, stored: Stored) -> Problem:
    came = "Nothing was imported" if not stored.added else stored.words().partition(".")[0]
    left = len(archive.files) - stored.added - stored.kept
    tools = "1 tool was" if left == 1 else f"{left:,} tools were"
    return Problem(
        507,
        f"The disk took no more. {came}; {tools} not imported.",
        action="Make room, then import it again: what came is not brought a second time.",
    )


async def _is_behind(database: Database, archive: Archive, artifact_id: str) -> bool:
    async with database.read() as connection:
        newest = await versions.newest(connection, artifact_id)
    return (newest or 0) < archive.newest[artifact_id]


async def _is_binned(database: Database, artifact_id: str) -> bool:
    async with database.read() as connection:
        found = await artifacts.get(connection, artifact_id, deleted=True)
    return found is not None and found.deleted is not None


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
    """What belongs to this server alone is made anew: frames' addresses and keys, permissions."""

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
            "bridge_key": new_secret,
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
