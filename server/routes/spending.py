"""`/api/spending` and its page: what model calls came to, by day, model, tool and version."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from server.errors import Problem
from server.providers import prices
from server.routes import schemas
from server.routes.views import View, find_artifact, view
from server.store import spending
from server.store.records import Json
from server.store.spending import By, Spent

MOST = 1_000
PAGE_DAYS = 31
PAGE_ARTIFACTS = 50

router = APIRouter(tags=["spending"])
Viewing = Annotated[View, Depends(view)]
Tool = Annotated[str | None, Query(max_length=32, description="of this one alone")]


@router.get("/api/spending", response_model=schemas.Spending)
async def listed(viewing: Viewing, by: By = By.DAY, artifact: Tool = None) -> Json:
    """Sum up tokens and money by day (in UTC), model, artifact or version.

    The newest or dearest thousand are listed; `total` is of them all. `by=version` needs the
    artifact.
    """
    if by is By.VERSION and artifact is None:
        raise Problem(422, "Versions are those of one tool.", action="Name it as `artifact`.")
    async with viewing.services.database.read() as connection:
        if artifact is not None:
            await find_artifact(connection, artifact)
        found = await spending.sums(connection, by, artifact_id=artifact, most=MOST)
        total = await spending.total(connection, artifact_id=artifact)
    return {"items": [_shape(one) for one in found], "next": None, "total": _shape(total)}


@router.get("/spending", include_in_schema=False)
async def page(request: Request, viewing: Viewing, artifact: Tool = None) -> Response:
    """Show the sums; of one tool, its versions."""
    async with viewing.services.database.read() as connection:
        if artifact is None:
            context = await _all(connection)
        else:
            context = await _one(connection, artifact)
    budgets = viewing.services.settings
    budget = budgets.budget_per_day if artifact is None else budgets.budget_per_tool
    context |= {"list": prices.LIST, "dated": prices.DATED}
    context |= {"budget": None if budget is None else prices.in_words(budget)}
    templates = request.app.state.templates
    response: Response = templates.TemplateResponse(request, "spending.html", context)
    return response


async def _all(connection: AsyncConnection) -> dict[str, Any]:
    days = await spending.sums(connection, By.DAY, most=PAGE_DAYS)
    models = await spending.sums(connection, By.MODEL, most=MOST)
    tools = await spending.sums(connection, By.ARTIFACT, most=PAGE_ARTIFACTS)
    return {
        "total": _shape(await spending.total(connection)),
        "today": _shape(await spending.total(connection, since=midnight())),
        "models": [_shape(one) for one in models],
        "days": [_shape(one) for one in days],
        "tools": [_shape(one) for one in tools],
        "most": {"days": PAGE_DAYS, "tools": PAGE_ARTIFACTS},
    }


async def _one(connection: AsyncConnection, artifact_id: str) -> dict[str, Any]:
    tool = await find_artifact(connection, artifact_id)
    versions = await spending.sums(connection, By.VERSION, artifact_id=tool.id, most=MOST)
    models = await spending.sums(connection, By.MODEL, artifact_id=tool.id, most=MOST)
    return {
        "tool": {"id": tool.id, "title": tool.title},
        "total": _shape(await spending.total(connection, artifact_id=tool.id)),
        "models": [_shape(one) for one in models],
        "versions": [_shape(one) for one in versions],
    }


def midnight() -> datetime:
    """Return the beginning of the day, in UTC."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _shape(spent: Spent) -> Json:
    is_known = spent.unknown < spent.calls or not spent.calls
    return {
        "key": spent.key,
        "title": spent.title,
        "calls": spent.calls,
        "unknown": spent.unknown,
        "usage": {
            "input": spent.input,
            "output": spent.output,
            "reasoning": spent.reasoning,
            "cached": spent.cached,
            "written": spent.written,
        },
        "cost": prices.dollars(spent.micros) if is_known else None,
    }
