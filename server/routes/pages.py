"""The pages: home, bin, workbench, settings. HTML first; the scripts only enhance."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox.grants import NO_GRANTS, Grants
from sandbox.own_command import own_command
from sandbox.policy import SANDBOX_FLAGS, frame_allow
from sandbox.smoke.browsers import BrowserChoice, NoBrowser
from server import __version__, recipes, shapes
from server.errors import Problem
from server.generation.generator import Created
from server.generation.ledger import fewest
from server.generation.run import Run
from server.granting import in_force
from server.identifiers import new_id
from server.prose import render_prose
from server.routes.artifacts import start
from server.routes.models import models_for_page
from server.routes.schemas import NewArtifact, VersionNumber
from server.routes.views import Number, View, find_artifact, message, view
from server.store import artifacts, generations, journal, ledger
from server.store.artifacts import BadCursorError
from server.store.records import Artifact, Generation, Json, LedgerEntry, State

HOME_ARTIFACTS = 12
BIN_ARTIFACTS = 24
CALL_SECONDS = 0.03

_log = logging.getLogger(__name__)

router = APIRouter(include_in_schema=False)
Viewing = Annotated[View, Depends(view)]


def _page(request: Request, name: str, context: dict[str, Any]) -> Response:
    response: Response = request.app.state.templates.TemplateResponse(request, name, context)
    return response


@router.api_route("/", methods=["GET", "HEAD"])
async def home(request: Request, viewing: Viewing, cursor: str | None = None) -> Response:
    services = viewing.services
    async with services.database.read() as connection:
        try:
            found, after = await artifacts.page(connection, cursor=cursor, limit=HOME_ARTIFACTS)
        except BadCursorError as error:
            raise Problem(404, "There is no such page of tools.") from error
        shown = await viewing.artifacts(connection, found)
        binned, _ = await artifacts.in_bin(connection)
    label = new_id()
    context = {
        "frame": {
            "label": label,
            "secret": services.hub.ahead.give(),
            "origin": viewing.frame_base(label),
            "sandbox": SANDBOX_FLAGS,
            "allow": frame_allow(NO_GRANTS),
        },
        "artifacts": shown,
        "next": after,
        "cursor": cursor,
        "binned": binned,
        "models": await models_for_page(services.registry),
        "recipes": [
            {"name": one.name, "title": one.title, "example": one.example}
            for one in recipes.RECIPES
        ],
    }
    return _page(request, "home.html", context)


@router.get("/bin")
async def bin_(request: Request, viewing: Viewing, cursor: str | None = None) -> Response:
    """Show what was deleted; the pressing of its buttons is the scripts'."""
    async with viewing.services.database.read() as connection:
        try:
            found, after = await artifacts.page(
                connection, cursor=cursor, limit=BIN_ARTIFACTS, deleted=True
            )
        except BadCursorError as error:
            raise Problem(404, "There is no such page of the bin.") from error
        count, until = await artifacts.in_bin(connection)
        shown = await viewing.artifacts(connection, found)
    context = {
        "artifacts": shown,
        "count": count,
        "until": shapes.moment(until) if until else None,
        "next": after,
        "cursor": cursor,
    }
    return _page(request, "bin.html", context)


@router.post("/artifacts")
async def create(body: NewArtifact, request: Request, viewing: Viewing) -> Response:
    """As `POST /api/artifacts`, and the answer is the new artifact's page.

    Home takes it up in place: a second request would wait behind the model's first words.
    """
    made = await start(body, viewing)
    try:
        page = await _new_workbench(made, request, viewing)
    except Exception:  # noqa: BLE001 a model runs: who reads "try again" now would pay twice
        _log.exception("could not draw the page of %s", made.artifact.id)
        page = Response()
    page.status_code = 201
    page.headers["Location"] = f"/artifacts/{made.artifact.id}"
    return page


async def _new_workbench(made: Created, request: Request, viewing: View) -> Response:
    await _called(viewing.services.hub.get(made.generation.id))
    context: dict[str, Any] = {
        "artifact": viewing.new_artifact(made),
        "versions": [],
        "unmade": frozenset(),
        "messages": [message(made.message)],
        "generation": viewing.generation(made.artifact, made.generation),
        "selected": None,
        "shown": None,
        "live": None,
        "events_after": None,
        "frame": _frame(made.artifact, NO_GRANTS, viewing),
        "models": await models_for_page(viewing.services.registry),
        "last_model": _last_model(viewing, made.generation),
    }
    return _page(request, "workbench.html", context)


@router.get("/artifacts/{artifact_id}")
async def workbench(
    artifact_id: str, request: Request, viewing: Viewing, shown: VersionNumber | None = None
) -> Response:
    """Show the live version, or `shown`: what is in sight there while one works."""
    return await _workbench(artifact_id, None, request, viewing, shown)


@router.get("/artifacts/{artifact_id}/versions/{n}")
async def version(artifact_id: str, n: Number, request: Request, viewing: Viewing) -> Response:
    return await _workbench(artifact_id, n, request, viewing)


async def _workbench(
    artifact_id: str, n: int | None, request: Request, viewing: View, sought: int | None = None
) -> Response:
    services = viewing.services
    async with services.database.read() as connection:
        artifact = await find_artifact(connection, artifact_id)
        every = await viewing.versions(connection, artifact)
        made = await generations.listed(connection, artifact.id)
        newest = made[-1] if made else None
        selected = _numbered(every, n)
        if n is not None and selected is None:
            raise Problem(404, f"This tool has no version {n}.")
        live = next((one for one in every if one["live"]), None)
        shown = selected or _numbered(every, sought) or live
        grants = await in_force(connection, artifact.id, shown["n"]) if shown else NO_GRANTS
        context: dict[str, Any] = {
            "artifact": await viewing.artifact(connection, artifact),
            "versions": every,
            "shown": shown,
            "live": live,
            "messages": await viewing.messages(connection, artifact),
            "unmade": _unmade(made),
            "generation": viewing.generation(artifact, newest) if newest else None,
            "selected": selected,
            "events_after": await _events_after(connection, newest),
            "frame": _frame(artifact, grants, viewing),
            "last_model": _last_model(viewing, _by_model(made)),
            "offered": _offered(await ledger.listed(connection, artifact.id), every),
        }
        if newest and newest.kept and newest.version is None:
            words, documents = await journal.texts(connection, newest.id)
            context["left"] = {"tool": bool(documents)}
            if words.strip():
                context["messages"].append(await asyncio.to_thread(_stopped, newest, words))
    context["models"] = await models_for_page(services.registry)
    return _page(request, "workbench.html", context)


def _numbered(versions: list[Json], n: int | None) -> Json | None:
    return next((one for one in versions if one["n"] == n), None)


def _stopped(generation: Generation, words: str) -> Json:
    """Shape the words that came before a stop like a message; none is stored of them."""
    return {
        "role": "assistant",
        "kind": "stopped",
        "text": words,
        "html": render_prose(words),
        "attachments": [],
        "generation": generation.id,
        "version": None,
        "created": shapes.moment(generation.created),
    }


def _unmade(made: list[Generation]) -> frozenset[str]:
    """Return what the recipes declined and nobody has made since: the last try of each wish."""
    served = {one.message_id for one in made if one.version is not None or one.state.active}
    declined = {
        one.message_id: one.id
        for one in made
        if one.provider == "recipes" and one.state is State.DONE and one.version is None
    }
    return frozenset(last for wish, last in declined.items() if wish not in served)


def _by_model(made: list[Generation]) -> Generation | None:
    """Return the last that can be asked again: no mechanical repair."""
    return next((one for one in reversed(made) if one.kind != "mechanical"), None)


def _offered(entries: list[LedgerEntry], versions: list[Json]) -> int | None:
    """Return the version that repairs of the newest one left with fewer faults, if one has."""
    if not entries or not versions:
        return None
    own = [one for one in entries if one.series == entries[-1].series]
    faults = {one.version: one.after for one in own} | {own[0].base: own[0].before}
    counts = {n: len(found) for n, found in faults.items() if n and found is not None}
    best = fewest(counts)
    newest = versions[-1]["n"]
    return best if newest in counts and best != newest else None


def _frame(artifact: Artifact, grants: Grants, viewing: View) -> dict[str, str]:
    return {
        "sandbox": SANDBOX_FLAGS,
        "allow": frame_allow(grants),
        "key": artifact.bridge_key,
        # Where its markup is looked at without running: a site of its own, since a browser may
        # have one process for all of a site, and that of a frozen tool never rests.
        "still": viewing.frame_base(f"still-{artifact.label}"),
    }


def _last_model(viewing: View, generation: Generation | None) -> str:
    """Name the model that ran last, if it can be asked again."""
    if generation is None:
        return ""
    choice = viewing.services.registry.resolve(f"{generation.provider}/{generation.model}")
    return choice.id if choice else ""


async def _called(run: Run | None) -> None:
    """Let the call to the model go out before a page is drawn, which takes this one loop."""
    if run is not None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CALL_SECONDS):
                await run.answering.wait()


async def _events_after(connection: AsyncConnection, newest: Generation | None) -> str | None:
    """Where the page's event stream begins, so that nothing falls between page and stream."""
    if newest is None or newest.state.active:
        return None
    return f"{newest.id}:{await journal.end(connection, newest.id)}"


@router.get("/licences")
async def licences(request: Request, _viewing: Viewing) -> Response:
    """List each library that is here with the text of its licence."""
    found = await asyncio.to_thread(_licences)
    return _page(request, "licences.html", {"libraries": found})


def _licences() -> list[Any]:
    from server.licences import listed  # noqa: PLC0415 - a start must be quick

    return listed()


@router.get("/settings")
async def settings(request: Request, viewing: Viewing) -> Response:
    browser = viewing.services.browser
    found = browser if isinstance(browser, BrowserChoice) else None
    missing = browser if isinstance(browser, NoBrowser) else None
    context = {
        "models": await models_for_page(viewing.services.registry),
        "browser": {
            "found": found is not None,
            "name": found.name if found else None,
            "path": str(found.path) if found else None,
            "advice": f"{missing.reason} {missing.advice}" if missing else None,
        },
        "version": __version__,
        "serve": own_command("serve"),
        "list_models": own_command("models"),
    }
    return _page(request, "settings.html", context)
