"""The database: one engine, short transactions, migrations at start.

SQLite runs in WAL mode with `synchronous=FULL`, so that a committed batch survives a power
cut (https://www.sqlite.org/pragma.html#pragma_synchronous). Writers take turns inside the
process and begin with `BEGIN IMMEDIATE`, so none fails half-way for a lock another holds.
"""

from __future__ import annotations

import asyncio
import functools
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

_FORGETTING_MS = 2_000  # others may be kept from writing for as long
_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_MS = 10_000
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    f"busy_timeout={_BUSY_MS}",
    "recursive_triggers=ON",
    "secure_delete=ON",  # what is deleted is overwritten
    f"journal_size_limit={64 * 1024**2}",  # or the log stays as large as the largest import
)


class NewerDatabaseError(RuntimeError):
    """The database was written by a newer Sandwright; this one does not touch it."""


class Database:
    """Opens `url` (an async SQLAlchemy URL); use `read()` and `write()` for short transactions."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        if self.url.database and self.url.database != ":memory:":
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # An error's words go to the log, where no secret and no prompt belongs.
        self.engine: AsyncEngine = create_async_engine(self.url, pool_size=8, hide_parameters=True)
        self._writer = asyncio.Lock()
        _prepare(self.engine)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for queries, on one consistent snapshot."""
        async with self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed when the block ends, rolled back when it raises."""
        async with self._writer, self.engine.connect() as connection:
            await connection.execution_options(sandwright_write=True)
            async with connection.begin():
                yield connection

    async def forget(self) -> None:
        """Take what was deleted out of the log of writes, too.

        While somebody reads what was there before it stays, and goes with a later write.
        """
        async with self._writer, self.engine.connect() as connection:
            # Not through SQLAlchemy, which would begin a transaction.
            driver: Any = (await connection.get_raw_connection()).driver_connection
            await driver.execute_fetchall(f"PRAGMA busy_timeout={_FORGETTING_MS}")
            try:
                await driver.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                await driver.execute_fetchall(f"PRAGMA busy_timeout={_BUSY_MS}")

    async def migrate(self) -> None:
        """Bring the schema forward. Raises `NewerDatabaseError` for one from the future."""
        async with self.write() as connection:
            await connection.run_sync(_migrate)

    async def room(self) -> int | None:
        """Return the free bytes where it lies; `None` for one in memory."""
        if not self.url.database or self.url.database == ":memory:":
            return None
        found = await asyncio.to_thread(shutil.disk_usage, Path(self.url.database).parent)
        return found.free

    async def aclose(self) -> None:
        await self.engine.dispose()


def is_full(error: DBAPIError) -> bool:
    """Whether what failed is that the disk took no more, by space, quota or a limit on files."""
    return getattr(error.orig, "sqlite_errorcode", 0) in {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR_WRITE,
        sqlite3.SQLITE_IOERR_FSYNC,
        sqlite3.SQLITE_IOERR_TRUNCATE,
        sqlite3.SQLITE_IOERR_SHMSIZE,
    }


def is_locked(error: DBAPIError) -> bool:
    """Whether what failed is that another process kept the database for too long."""
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF  # the rest tells more of the same
    return code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _prepare(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def set_pragmas(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy begins, not the driver
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("sandwright_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@functools.cache
def revisions() -> tuple[str, ...]:
    """Every revision this version of Sandwright knows, oldest first: its files are named so."""
    files = (_MIGRATIONS / "versions").glob("[0-9]*_*.py")
    return tuple(sorted(file.name.partition("_")[0] for file in files))


def _migrate(connection: Connection) -> None:
    current, head = _current(connection), revisions()[-1]
    if current == head:
        return
    if current is not None and current not in revisions():
        raise NewerDatabaseError(
            f"The database is at revision {current}, which this version of Sandwright "
            f"does not know (its newest is {head}). Start the Sandwright that wrote it, "
            "or set SANDWRIGHT_DATA_DIR to another folder."
        )
    upgrade(connection, head)


def upgrade(connection: Connection, revision: str) -> None:
    """Run the migrations up to `revision`."""
    # Imported here, since a start that has nothing to migrate should not pay for it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _current(connection: Connection) -> str | None:
    try:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except OperationalError:
        return None  # no such table: an empty database
