"""`/healthz` (the process answers) and `/readyz` (its database does too)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from server.errors import Problem
from server.routes import schemas
from server.routes.views import View, view

router = APIRouter(tags=["health"])


@router.get("/healthz", response_model=schemas.Health)
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/readyz", response_model=schemas.Health)
async def readyz(viewing: Annotated[View, Depends(view)]) -> dict[str, str]:
    try:
        async with viewing.services.database.read() as connection:
            await connection.execute(text("SELECT 1 FROM artifacts LIMIT 1"))
    except SQLAlchemyError as error:
        raise Problem(503, "The database does not answer.") from error
    return {"status": "ok"}
