"""How records look in the API, the pages and the events: one function a shape (DESIGN)."""

from __future__ import annotations

import re
from datetime import datetime

from sandbox.grants import Grants
from sandbox.libraries.manifest import Library
from sandbox.report import FILM, in_words
from server.export import Licence
from server.store.overview import Overview
from server.store.records import (
    Artifact,
    Generation,
    Json,
    LedgerEntry,
    Message,
    StoredReport,
    Version,
)

_PICTURE = re.compile(r"[a-z0-9-]{1,64}")


def moment(value: datetime) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def artifact(record: Artifact, grants: Grants, overview: Overview) -> Json:
    shot = overview.screenshot
    return {
        "id": record.id,
        "title": record.title,
        "url": f"/artifacts/{record.id}",
        "live_version": overview.live,
        "created": moment(record.created),
        "updated": moment(record.updated),
        "deleted": moment(record.deleted) if record.deleted else None,
        "grants": grants_shape(grants),
        "prompt": record.prompt,
        "pinned_version": record.pinned_version,
        "version_count": overview.version_count,
        "verdict": overview.verdict,
        "newest_verdict": overview.newest_verdict,
        "model": overview.model,
        "state": overview.state,
        "declined": overview.declined,
        "thumbnail": screenshot_url(record.id, overview.live or 0, *shot) if shot else None,
    }


def grants_shape(grants: Grants) -> Json:
    return {
        "network": list(grants.network),
        "geolocation": grants.geolocation,
        "clipboard_read": grants.clipboard_read,
    }


def generation(
    record: Generation, frame_url: str, *, attempt: tuple[int, int] | None = None
) -> Json:
    return {
        "id": record.id,
        "artifact": record.artifact_id,
        "kind": record.kind,
        "state": str(record.state),
        "base_version": record.base_version,
        "version": record.version,
        "repairs": record.repairs,
        "attempt": repair_attempt(attempt),
        "continues": record.continues,
        "frame_url": frame_url,
        "provider": record.provider,
        "model": record.model,
        "prompt": record.prompt,
        "usage": record.usage,
        "cost": record.cost,
        "seconds": record.seconds,
        "error": record.error,
        "kept": record.kept,
        "can_continue": record.can_continue,
        "created": moment(record.created),
        "ended": moment(record.ended) if record.ended else None,
    }


def repair_attempt(attempt: tuple[int, int] | None) -> Json | None:
    return None if attempt is None else {"number": attempt[0], "of": attempt[1]}


def state_event(
    record: Generation,
    *,
    state: str,
    version: int | None,
    error: Json | None,
    attempt: tuple[int, int] | None = None,
) -> Json:
    """What a `state` event carries; the frame's address is added for each reader."""
    return {
        "generation": record.id,
        "artifact": record.artifact_id,
        "kind": record.kind,
        "state": state,
        "provider": record.provider,
        "model": record.model,
        "base_version": record.base_version,
        "version": version,
        "repairs": record.repairs,
        "attempt": repair_attempt(attempt),
        "error": error,
    }


def version(record: Version, frame_url: str, *, live: bool, report_: StoredReport | None) -> Json:
    return {
        "n": record.n,
        "parent": record.parent,
        "origin": record.origin,
        "title": record.title,
        "prompt": record.prompt,
        "provider": record.provider,
        "model": record.model,
        "usage": record.usage,
        "cost": record.cost,
        "seconds": record.seconds,
        "grants": record.grants,
        "created": moment(record.created),
        "frame_url": frame_url,
        "live": live,
        "report": report(report_) if report_ else None,
        "thumbnail": thumbnail(report_) if report_ else None,
    }


def report(record: StoredReport) -> Json:
    return {
        "verdict": record.verdict,
        "words": verdict_in_words(record),
        "findings": [_pictured(record, one) for one in record.findings],
        "steps": [_pictured(record, one) for one in record.steps or []],
        "duration_ms": record.duration_ms,
        "screenshots": [
            screenshot_url(record.artifact_id, record.n, record.id, name)
            for name in record.screenshots
        ],
        "controls_found": record.controls_found,
        "controls_used": record.controls_used,
        "reason": record.reason,
        "created": moment(record.created),
        "browser": record.browser,
        "policy": record.policy,
        "loaded_ms": record.loaded_ms,
    }


def verdict_in_words(record: StoredReport) -> str:
    fatal = sum(one["severity"] == "fatal" for one in record.findings)
    return in_words(
        record.verdict,
        used=record.controls_used,
        found=record.controls_found,
        fatal=fatal,
        advisory=len(record.findings) - fatal,
    )


def _pictured(record: StoredReport, told: Json) -> Json:
    """Give a finding or a step the address of the picture that it names."""
    name = told.get("picture")
    if name is None:
        return told
    is_name = _PICTURE.fullmatch(name) is not None  # an archive is a stranger's
    url = screenshot_url(record.artifact_id, record.n, record.id, name) if is_name else None
    return {**told, "picture": url}


def thumbnail(record: StoredReport) -> str | None:
    """Address of the picture of the tool at rest."""
    if not record.screenshots:
        return None
    return screenshot_url(record.artifact_id, record.n, record.id, record.screenshots[0])


def screenshot_url(artifact_id: str, n: int, report_id: str, name: str) -> str:
    kind = "jpg" if name.startswith(FILM) else "png"
    return f"/api/artifacts/{artifact_id}/versions/{n}/screenshots/{report_id}/{name}.{kind}"


def ledger_entry(record: LedgerEntry) -> Json:
    return {
        "generation": record.generation_id,
        "ledger": record.series,
        "attempt": record.attempt,
        "mechanical": record.mechanical,
        "base": record.base,
        "version": record.version,
        "before": record.before,
        "after": record.after,
        "changed": record.changed,
        "tokens": record.tokens,
        "cost": record.cost,
        "seconds": record.seconds,
        "outcome": record.outcome,
        "created": moment(record.created),
    }


def library(record: Library | Licence) -> Json:
    return {"name": record.name, "version": record.version, "licence": record.licence}


def _decoded_size(data: str) -> int:
    """Count a file's bytes by its base64, without decoding it."""
    return len(data) // 4 * 3 - data[-2:].count("=")


def message(record: Message, html: str | None) -> Json:
    return {
        "id": record.id,
        "role": record.role,
        "kind": record.kind,
        "text": record.text,
        "html": html,
        "attachments": [
            {
                "name": one["name"],
                "media_type": one["media_type"],
                "size": _decoded_size(one["data"]),
            }
            for one in record.attachments
        ],
        "generation": record.generation_id,
        "version": record.version,
        "created": moment(record.created),
    }
