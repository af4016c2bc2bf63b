"""What the database itself forbids: changing a version, or deleting one outside the bin.

A version's secret is the key of its address and no part of it: that may be renewed.

SQLite drops a table's triggers when a migration rebuilds the table, so every migration
ends with `reinstate`, and a test checks the triggers after each of them.
`INSERT OR REPLACE` deletes without firing delete triggers (SQLite's conflict resolution),
hence the insert trigger.
"""

from __future__ import annotations

from server.store import tables

_IN_EMPTIED_BIN = (
    "EXISTS (SELECT 1 FROM artifacts WHERE id = OLD.{key} "
    "AND deleted IS NOT NULL AND emptied IS NOT NULL)"
)

_FIXED = ", ".join(f'"{one.name}"' for one in tables.versions.c if one.name != "secret")

TRIGGERS: dict[str, str] = {
    "versions_never_change": (
        f"CREATE TRIGGER versions_never_change BEFORE UPDATE OF {_FIXED} ON versions "
        "BEGIN SELECT RAISE(ABORT, 'a version is never changed'); END"
    ),
    "versions_never_replaced": (
        "CREATE TRIGGER versions_never_replaced BEFORE INSERT ON versions "
        "WHEN EXISTS (SELECT 1 FROM versions "
        "WHERE (artifact_id = NEW.artifact_id AND n = NEW.n) OR secret = NEW.secret) "
        "BEGIN SELECT RAISE(ABORT, 'a version is never replaced'); END"
    ),
    "versions_deleted_only_with_the_bin": (
        "CREATE TRIGGER versions_deleted_only_with_the_bin BEFORE DELETE ON versions "
        f"WHEN NOT {_IN_EMPTIED_BIN.format(key='artifact_id')} "
        "BEGIN SELECT RAISE(ABORT, 'versions are deleted only by emptying the bin'); END"
    ),
    "artifacts_deleted_only_with_the_bin": (
        "CREATE TRIGGER artifacts_deleted_only_with_the_bin BEFORE DELETE ON artifacts "
        "WHEN OLD.deleted IS NULL OR OLD.emptied IS NULL "
        "BEGIN SELECT RAISE(ABORT, 'artifacts are deleted only by emptying the bin'); END"
    ),
}


def statements() -> list[str]:
    """SQL that puts every trigger in place, whatever was there before."""
    found: list[str] = []
    for name, sql in TRIGGERS.items():
        found += [f"DROP TRIGGER IF EXISTS {name}", sql]
    return found
