"""The database itself keeps versions: against us, too."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from sandbox.report import Report, Verdict
from sandbox.stored import Area
from server.store import artifacts, database, reports, stored, versions
from server.store.database import Database, NewerDatabaseError
from server.store.immutability import TRIGGERS
from server.store.records import Artifact
from server.store.tables import JavaScriptString


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Database]:
    store = Database(f"sqlite+aiosqlite:///{tmp_path}/test.db")
    await store.migrate()
    yield store
    await store.aclose()


async def make(store: Database, html: str = "<p>one") -> Artifact:
    async with store.write() as connection:
        artifact = await artifacts.create(connection, title="T", prompt="p")
        new = versions.NewVersion(
            artifact_id=artifact.id,
            html=html,
            title="T",
            secret=f"s-{artifact.id}",
            origin="import",
            grants={},
        )
        await versions.add(connection, new)
    return artifact


async def test_the_log_of_writes_gives_its_room_back(store: Database) -> None:
    """One large import does not keep its size on disk twice for good."""
    async with store.read() as connection:
        most = (await connection.execute(text("PRAGMA journal_size_limit"))).scalar()
    assert most == 64 * 1024**2


async def test_who_reads_many_small_things_lets_others_have_their_turn(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tool may keep a million of them, and the server has one loop for all."""
    artifact = await make(store)
    values: dict[str, str | None] = {f"{n}": "" for n in range(12_000)}
    async with store.write() as connection:
        assert await stored.change(connection, artifact.id, {Area.INDEXED: values}) is None
    made, most = 0, 0
    result = JavaScriptString.process_result_value

    def counted(*given: Any) -> str | None:
        nonlocal made
        made += 1
        return result(*given)

    async def take_turns() -> None:
        nonlocal made, most
        while True:
            most, made = max(most, made), 0
            await asyncio.sleep(0)

    monkeypatch.setattr(JavaScriptString, "process_result_value", counted)
    others = asyncio.create_task(take_turns())
    async with store.read() as connection:
        found = await stored.read(connection, artifact.id, Area.INDEXED)
    others.cancel()
    assert found == values
    assert 0 < most <= 5_000


async def test_sqlite_runs_as_the_store_relies_on(store: Database) -> None:
    """Readers beside a writer, references that hold, patience with another's lock."""
    for opened in (store.read, store.write):
        async with opened() as connection:
            found = {
                name: (await connection.execute(text(f"PRAGMA {name}"))).scalar()
                for name in ("journal_mode", "foreign_keys", "busy_timeout")
            }
        assert found == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 10_000}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE versions SET html = '<p>other'",
        "UPDATE versions SET n = 2",
        "DELETE FROM versions",
        "INSERT OR REPLACE INTO versions SELECT * FROM versions",
        "DELETE FROM artifacts",
    ],
)
async def test_a_version_cannot_be_changed_or_deleted(store: Database, statement: str) -> None:
    """No statement changes, replaces or deletes a version that is not in the emptied bin."""
    artifact = await make(store)
    with pytest.raises(IntegrityError, match=r"never|only by emptying"):
        async with store.write() as connection:
            await connection.execute(text(statement))
    async with store.read() as connection:
        assert await versions.source(connection, artifact.id, 1) == "<p>one"


async def test_the_bin_keeps_until_it_is_emptied(store: Database) -> None:
    """A binned artifact comes back whole; emptying the bin deletes it and nothing else."""
    kept, gone = await make(store), await make(store)
    async with store.write() as connection:
        await artifacts.bin_(connection, gone.id)
        await artifacts.bin_(connection, kept.id)
        await artifacts.take_out(connection, kept.id)
        binned = await artifacts.binned(connection)
        assert await artifacts.delete_for_good(connection, binned) == 1
    async with store.read() as connection:
        assert await versions.source(connection, kept.id, 1) == "<p>one"
        assert await artifacts.get(connection, gone.id, deleted=True) is None
        assert await versions.source(connection, gone.id, 1) is None


@pytest.mark.parametrize("revision", database.revisions())
async def test_triggers_stand_after_every_migration(tmp_path: Path, revision: str) -> None:
    """A migration that rebuilds a table must put the triggers back."""
    store = Database(f"sqlite+aiosqlite:///{tmp_path}/test.db")
    async with store.write() as connection:
        await connection.run_sync(database.upgrade, revision)
        names = await connection.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        )
        assert set(names.scalars()) >= set(TRIGGERS)
    await store.aclose()


async def test_a_database_from_before_takes_new_secrets(store: Database) -> None:
    """Its trigger knew of none."""
    artifact = await make(store)
    async with store.write() as connection:
        await connection.execute(text("DROP TRIGGER versions_never_change"))
        await connection.execute(
            text(
                "CREATE TRIGGER versions_never_change BEFORE UPDATE ON versions "
                "BEGIN SELECT RAISE(ABORT, 'a version is never changed'); END"
            )
        )
        await connection.execute(text("DROP TABLE ledger"))  # which came later, as these did
        for column in ("steps", "browser", "policy", "loaded_ms"):
            await connection.execute(text(f"ALTER TABLE reports DROP COLUMN {column}"))
        await connection.execute(text("ALTER TABLE artifacts DROP COLUMN bridge_key"))
        await connection.execute(text("UPDATE alembic_version SET version_num = '0003'"))
        before = await versions.get(connection, artifact.id, 1)
    await store.migrate()
    async with store.write() as connection:
        await versions.renew_secrets(connection, artifact.id)
        after = await versions.get(connection, artifact.id, 1)
        assert before is not None
        assert after is not None
        assert after.secret != before.secret
        found = await artifacts.get(connection, artifact.id)
        assert found is not None
        assert re.fullmatch(r"\w{32}", found.bridge_key)
        assert await versions.source(connection, artifact.id, 1) == "<p>one"


def test_migrations_are_one_line_and_named_by_their_revision() -> None:
    """The newest file is the newest revision: starting up relies on it."""
    scripts = ScriptDirectory(str(Path(database.__file__).parent / "migrations"))
    walked = [script.revision for script in scripts.walk_revisions()]
    assert tuple(reversed(walked)) == database.revisions()


async def test_a_newer_database_is_not_touched(store: Database) -> None:
    """A database from a newer Sandwright is refused by name of its revision."""
    async with store.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabaseError, match="9999"):
        await store.migrate()


async def test_a_test_that_could_not_be_run_takes_no_pass_away(store: Database) -> None:
    """The browser was busy, or there is none: what passed has passed all the same."""
    artifact = await make(store)
    told = ["not tested", "failed", "not tested", "passed", "not tested"]
    kept = []
    async with store.write() as connection:
        for verdict in told:
            await reports.add(connection, artifact.id, 1, Report(Verdict(verdict)))
            kept.append((await reports.latest(connection, artifact.id))[1].verdict)
    assert kept == [*told[:4], "passed"]


async def test_a_lost_test_is_told_as_not_tested(store: Database) -> None:
    """A version whose test was lost gets a report; one just made is left to its tester."""
    old, new = await make(store), await make(store)
    async with store.write() as connection:
        for name in ("versions_never_change", "versions_never_replaced"):
            await connection.execute(text(f"DROP TRIGGER {name}"))
        await connection.execute(
            text("UPDATE versions SET created = '2020-01-01 00:00:00' WHERE artifact_id = :id"),
            {"id": old.id},
        )
        assert await reports.add_missing(connection, "lost") == 1
        found = await reports.latest(connection, old.id)
        assert (found[1].verdict, found[1].reason) == ("not tested", "lost")
        assert await reports.latest(connection, new.id) == {}
        assert await reports.add_missing(connection, "lost") == 0
