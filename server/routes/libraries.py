"""`/api/libraries`: which libraries tools find here, and adding one that a tool asks for.

Only a person's request adds one: nothing that a tool does, and no answer of a model, comes here.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from server import shapes
from server.errors import Problem
from server.routes import schemas
from server.routes.views import View, view
from server.store.records import Json

router = APIRouter(prefix="/api/libraries", tags=["libraries"])
Viewing = Annotated[View, Depends(view)]


@router.get("", response_model=schemas.Libraries)
async def listed() -> Json:
    """List all that tools can load, those that a person added among them."""
    return await asyncio.to_thread(_listed)


def _listed() -> Json:
    from sandbox.libraries.shelf import shipped_shelf  # noqa: PLC0415 - a start must be quick

    shelf = shipped_shelf()
    all_of_them = shelf.catalogue.libraries
    lacking = {one.id for one in shelf.unfetched(all_of_them)}
    return {
        "items": [
            {**shapes.library(one), "here": one.id not in lacking, "added": one.added}
            for one in sorted(all_of_them, key=lambda one: (one.name, one.numbers))
        ]
    }


@router.post("", status_code=201, response_model=schemas.LibrariesAdded)
async def add(body: schemas.LibraryWish, viewing: Viewing, response: Response) -> Json:
    """Fetch what an address of a CDN asks for from the npm registry, and keep it for tools.

    What it imports comes along. With `integrity`, that archive is added and no other. Status 200
    where all was here.
    """
    from sandbox.libraries import added, fetch  # noqa: PLC0415 - a start must be quick
    from sandbox.libraries.manifest import ManifestError  # noqa: PLC0415
    from sandbox.libraries.shelf import shipped_shelf  # noqa: PLC0415

    settings = viewing.services.settings
    try:
        # One after the other, and none holds a thread while it waits: tools are served by those.
        async with viewing.services.adding:
            new = await asyncio.to_thread(
                added.add,
                body.address,
                shelf=shipped_shelf(),
                folder=settings.libraries_dir,
                environment=settings.registry_environment,
                integrity=body.integrity or "",
            )
    except added.NotAddable as error:
        raise Problem(422, f"{error}.", action="Give the address that the tool loads.") from error
    except fetch.MissingError as error:
        action = "Ask for a change that does without it, or that names another library."
        raise Problem(404, f"Nothing was added: {error}.", action=action) from error
    except fetch.NoRoomError as error:
        action = "Free some space where Sandwright keeps its data, then try again."
        raise Problem(507, f"Nothing was added: {error}.", action=action) from error
    except ManifestError as error:
        place = settings.libraries_dir / added.RECORD
        action = f"Move {place} away, then add again what is missing."
        raise Problem(500, f"Nothing was added: {error}.", action=action) from error
    except fetch.FetchError as error:
        action = "Try again, or look at npm_config_registry in the server's environment."
        raise Problem(502, f"Nothing was added: {error}.", action=action) from error
    if not new:
        response.status_code = 200
    return {"items": [shapes.library(one) for one in new]}
