"""`/api/artifacts/{id}/grants`: what a person gave a tool, and what may be given."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox.grants import Grants
from sandbox.network_origins import OriginRules, RefusedOrigin, parse_network_origin
from sandbox.policy import frame_allow
from server import shapes
from server.errors import Problem
from server.granting import Standing, checked_origin, origin_rules, standing
from server.routes import schemas
from server.routes.views import View, find_artifact, find_version, view
from server.store import grants, versions
from server.store.grants import Given
from server.store.records import Artifact, Json

CAPABILITIES = ("geolocation", "clipboard_read")

router = APIRouter(prefix="/api/artifacts/{artifact_id}/grants", tags=["grants"])
Viewing = Annotated[View, Depends(view)]
OfVersion = Annotated[schemas.VersionNumber | None, Query()]


@router.get("", response_model=schemas.GrantsShown)
async def read(artifact_id: str, viewing: Viewing, version: OfVersion = None) -> Json:
    """Get the grants and, with `version`, whether they hold for it and what more it asks for."""
    async with viewing.services.database.read() as connection:
        artifact = await find_artifact(connection, artifact_id)
        return await _shown(connection, artifact, version)


@router.put("", response_model=schemas.GrantsShown)
async def change(artifact_id: str, body: schemas.GrantsChange, viewing: Viewing) -> Json:
    """Replace the grants. Only a person does this: no prompt, document or answer can."""
    async with viewing.services.database.read() as connection:
        artifact = await find_artifact(connection, artifact_id)
        before = await grants.read(connection, artifact.id)
    rules = origin_rules(viewing.services.settings, viewing.host)
    new = Grants(
        network=await _origins(body.network, rules, before.grants.network),
        geolocation=body.geolocation,
        clipboard_read=body.clipboard_read,
    )
    refused = before.kept_blocked if body.kept_blocked is None else _kept(body.kept_blocked, rules)
    async with viewing.services.database.write() as connection:
        given_on = body.version or before.version
        if body.version is None and _is_more(new, before.grants):
            given_on = await versions.newest(connection, artifact.id) or 0
        given = Given(new, tuple(one for one in refused if not _has(new, one)), given_on)
        await grants.write(connection, artifact.id, given)
        if not set(new.network) >= set(before.grants.network):
            # A tool knows its address and may have sent it there.
            await versions.renew_secrets(connection, artifact.id)
        return await _shown(connection, artifact, body.version)


@router.get("/grantable", response_model=schemas.Grantable)
async def grantable(artifact_id: str, origin: str, viewing: Viewing) -> Json:
    """Get the canonical origin that a person may be asked about; nothing is looked up."""
    async with viewing.services.database.read() as connection:
        await find_artifact(connection, artifact_id)
    rules = origin_rules(viewing.services.settings, viewing.host)
    return {"origin": _accepted(parse_network_origin(origin, rules))}


def _accepted(origin: str | RefusedOrigin) -> str:
    if isinstance(origin, RefusedOrigin):
        raise Problem(422, origin.reason, action=origin.advice, code="refused_origin")
    return origin


async def _origins(
    texts: list[str], rules: OriginRules, before: tuple[str, ...]
) -> tuple[str, ...]:
    """Check each; a name that was granted already is not looked up once more."""
    origins: list[str] = []
    for text in texts:
        origin = _accepted(parse_network_origin(text, rules))
        if origin not in before:
            origin = _accepted(await checked_origin(text, rules))
        origins.append(origin)
    return tuple(dict.fromkeys(origins))


def _kept(asked: list[str], rules: OriginRules) -> tuple[str, ...]:
    return tuple(
        one if one in CAPABILITIES else _accepted(parse_network_origin(one, rules)) for one in asked
    )


def _has(given: Grants, asked: str) -> bool:
    return asked in given.network or (asked in CAPABILITIES and bool(getattr(given, asked)))


def _is_more(new: Grants, old: Grants) -> bool:
    asked = (*new.network, *(one for one in CAPABILITIES if getattr(new, one)))
    return any(not _has(old, one) for one in asked)


async def _shown(connection: AsyncConnection, artifact: Artifact, n: int | None) -> Json:
    if n is None:
        given = await grants.read(connection, artifact.id)
        return _shape(Standing(given, holds=True), None)
    await find_version(connection, artifact, n)
    return _shape(await standing(connection, artifact.id, n), n)


def _shape(stands: Standing, n: int | None) -> Json:
    more = stands.more
    return {
        **shapes.grants_shape(stands.given.grants),
        "kept_blocked": list(stands.given.kept_blocked),
        "given_on": stands.given.version or None,
        "version": n,
        "holds": None if n is None else stands.holds,
        "asks_more": [
            *sorted(more.network),
            *(one for one in CAPABILITIES if getattr(more, one)),
        ],
        "allow": None if n is None else frame_allow(stands.grants),
    }
