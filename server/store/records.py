"""The records that queries return: frozen, plain, one for each table that others read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

Json = dict[str, Any]


class State(StrEnum):
    """Where a generation is; the words are DESIGN's."""

    QUEUED = "queued"
    STREAMING = "streaming"
    TESTING = "testing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"

    @property
    def active(self) -> bool:
        return self in ACTIVE


ACTIVE = frozenset({State.QUEUED, State.STREAMING, State.TESTING})
REPAIRS = frozenset({"fix", "repair", "mechanical"})
"""Kinds of generation that findings asked for, by hand or by themselves."""
TOO_LARGE = "too_large"  # the error of a generation that was stopped for its size
STOPPED = frozenset({State.FAILED, State.CANCELLED, State.INTERRUPTED})


@dataclass(frozen=True, slots=True)
class Artifact:
    """`bridge_key` is what the tool's bridge shows to our page, and nothing that the tool knows."""

    id: str
    label: str
    title: str
    titled_by: str
    prompt: str
    pinned_version: int | None
    created: datetime
    updated: datetime
    deleted: datetime | None
    bridge_key: str


@dataclass(frozen=True, slots=True)
class Generation:
    id: str
    artifact_id: str
    secret: str
    kind: str
    state: State
    base_version: int | None
    version: int | None
    repairs: str | None
    continues: str | None
    message_id: str | None
    provider: str
    model: str
    prompt: str
    attachments: list[Json]
    signatures: list[str]
    usage: Json | None
    cost: Json | None
    seconds: float | None
    characters: int
    error: Json | None
    created: datetime
    ended: datetime | None
    owner: str | None
    lease_expires: datetime | None

    @property
    def kept(self) -> bool:
        """Whether it stopped and left something that had come."""
        return self.state in STOPPED and self.characters > 0

    @property
    def too_large(self) -> bool:
        """Whether it was stopped for its size: more of it would be stopped too, and be paid."""
        return self.error is not None and self.error.get("code") == TOO_LARGE

    @property
    def can_continue(self) -> bool:
        """Whether it stopped with something to go on from."""
        return self.kept and not self.too_large


@dataclass(frozen=True, slots=True)
class Version:
    """Everything of a version but its document, which is read when it is needed."""

    artifact_id: str
    n: int
    parent: int | None
    secret: str
    origin: str
    title: str
    prompt: str | None
    provider: str | None
    model: str | None
    usage: Json | None
    cost: Json | None
    seconds: float | None
    grants: Json
    generation_id: str | None
    created: datetime


@dataclass(frozen=True, slots=True)
class Message:
    id: str
    artifact_id: str
    position: int
    role: str
    kind: str
    text: str
    attachments: list[Json]
    generation_id: str | None
    version: int | None
    created: datetime


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A smoke test's report as stored; `screenshots` are names, the bytes are read apart."""

    id: str
    artifact_id: str
    n: int
    verdict: str
    findings: list[Json]
    duration_ms: int
    controls_found: int
    controls_used: int
    reason: str | None
    created: datetime
    screenshots: tuple[str, ...] = ()
    asked: list[str] | None = None
    steps: list[Json] | None = None
    browser: str | None = None
    policy: str | None = None
    loaded_ms: int | None = None


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One attempt of a ledger; `before` and `after` are signatures of fatal findings."""

    generation_id: str
    artifact_id: str
    series: str
    attempt: int
    mechanical: bool
    base: int | None
    version: int | None
    before: list[str] | None
    after: list[str] | None
    changed: str | None
    tokens: int | None
    cost: Json | None
    seconds: float | None
    outcome: str | None
    created: datetime


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One event of a generation; `data` is JSON text as it goes to the page."""

    offset: int
    kind: str
    data: str
