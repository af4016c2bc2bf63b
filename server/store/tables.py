"""The tables. Times are UTC, JSON columns hold what the API shows under the same name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[datetime]):
    """An aware UTC time; SQLite keeps no zone, so it is put back on the way out."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ARG002 SQLAlchemy's signature
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 SQLAlchemy's signature
        return None if value is None else value.replace(tzinfo=UTC)


class JavaScriptString(TypeDecorator[str]):
    """Text that may hold half a surrogate pair, as JavaScript's strings do; a database may not."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 SQLAlchemy's signature
        return None if value is None else value.encode("utf-8", "surrogatepass")

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 SQLAlchemy's signature
        return None if value is None else bytes(value).decode("utf-8", "surrogatepass")


metadata = MetaData()

artifacts = Table(
    "artifacts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("label", String(32), nullable=False, unique=True),
    Column("bridge_key", String(32), nullable=False),
    Column("title", Text, nullable=False),
    Column("titled_by", String(16), nullable=False),  # prompt · document · person
    Column("prompt", Text, nullable=False),
    Column("pinned_version", Integer),
    Column("created", Moment, nullable=False),
    Column("updated", Moment, nullable=False),
    Column("deleted", Moment),
    Column("emptied", Moment),  # set in the transaction that empties the bin
)
Index("artifacts_by_update", artifacts.c.updated.desc(), artifacts.c.id.desc())

generations = Table(
    "generations",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("artifact_id", ForeignKey("artifacts.id"), nullable=False),
    Column("secret", String(64), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),  # create · change · fix · repair · mechanical
    Column("state", String(16), nullable=False),
    Column("base_version", Integer),
    Column("version", Integer),
    Column("repairs", String(32)),
    Column("continues", String(32)),
    Column("message_id", String(32)),
    Column("provider", String(64), nullable=False),
    Column("model", Text, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("attachments", JSON, nullable=False),
    Column("signatures", JSON, nullable=False),
    Column("usage", JSON),
    Column("cost", JSON),
    Column("seconds", Float),
    Column("characters", Integer, nullable=False),  # of text that arrived
    Column("error", JSON),
    Column("created", Moment, nullable=False),
    Column("ended", Moment),
    Column("owner", String(64)),
    Column("lease_expires", Moment),
)
Index("generations_by_artifact", generations.c.artifact_id, generations.c.created)
Index("generations_by_state", generations.c.state)

versions = Table(
    "versions",
    metadata,
    Column("artifact_id", ForeignKey("artifacts.id"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("parent", Integer),
    Column("secret", String(64), nullable=False, unique=True),
    Column("origin", String(16), nullable=False),  # a generation's kind · import · restore · …
    Column("html", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("prompt", Text),
    Column("provider", String(64)),
    Column("model", Text),
    Column("usage", JSON),
    Column("cost", JSON),
    Column("seconds", Float),
    Column("grants", JSON, nullable=False),
    Column("generation_id", String(32)),
    Column("created", Moment, nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    Column("generation_id", ForeignKey("generations.id"), primary_key=True),
    Column("artifact_id", ForeignKey("artifacts.id"), nullable=False),
    Column("series", String(32), nullable=False),  # the generation of its first repair
    Column("attempt", Integer, nullable=False),  # 1 for that one
    Column("mechanical", Boolean, nullable=False),
    Column("base", Integer),
    Column("version", Integer),
    Column("before", JSON),  # signatures of fatal findings
    Column("after", JSON),
    Column("changed", Text),  # in words
    Column("tokens", Integer),
    Column("cost", JSON),
    Column("seconds", Float),
    Column("outcome", Text),  # the sentence that it ended with
    Column("created", Moment, nullable=False),
)
Index("ledger_by_series", ledger.c.artifact_id, ledger.c.series, ledger.c.attempt, unique=True)

messages = Table(
    "messages",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("artifact_id", ForeignKey("artifacts.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("role", String(16), nullable=False),
    Column("kind", String(16), nullable=False),  # prompt · change · fix · answer
    Column("text", Text, nullable=False),
    Column("attachments", JSON, nullable=False),
    Column("generation_id", String(32)),
    Column("version", Integer),
    Column("created", Moment, nullable=False),
)
Index("messages_by_artifact", messages.c.artifact_id, messages.c.position, unique=True)

journal = Table(
    "journal",
    metadata,
    Column("generation_id", ForeignKey("generations.id"), primary_key=True),
    Column("offset", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("data", Text, nullable=False),  # JSON as it goes to the page
)

reports = Table(
    "reports",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("artifact_id", String(32), nullable=False),
    Column("n", Integer, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("findings", JSON, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("controls_found", Integer, nullable=False),
    Column("controls_used", Integer, nullable=False),
    Column("reason", Text),
    Column("asked", JSON),  # of the libraries, as in sandbox/report.py
    Column("steps", JSON),  # as there
    Column("browser", Text),
    Column("policy", Text),
    Column("loaded_ms", Integer),
    Column("latest", Boolean, nullable=False),
    Column("created", Moment, nullable=False),
    ForeignKeyConstraint(["artifact_id", "n"], ["versions.artifact_id", "versions.n"]),
)
Index("reports_by_version", reports.c.artifact_id, reports.c.n, reports.c.latest)

screenshots = Table(
    "screenshots",
    metadata,
    Column("report_id", ForeignKey("reports.id"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("png", LargeBinary, nullable=False),  # of the film: a JPEG
)

grants = Table(
    "grants",
    metadata,
    Column("artifact_id", ForeignKey("artifacts.id"), primary_key=True),
    Column("capability", String(32), primary_key=True),  # as in store/grants.py
    Column("value", String(255), primary_key=True),  # an origin (SQLite takes any), "" for a yes
    Column("created", Moment, nullable=False),
)

stored_data = Table(
    "stored_data",
    metadata,
    Column("artifact_id", ForeignKey("artifacts.id"), primary_key=True),
    Column("area", String(16), primary_key=True),  # as in sandbox/stored.py
    Column("key", JavaScriptString, primary_key=True),
    Column("value", JavaScriptString, nullable=False),
    Column("units", Integer, nullable=False),  # UTF-16 units of key and value
    Column("updated", Moment, nullable=False),
)
