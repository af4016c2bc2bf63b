"""The composition root: puts the rooms together into the two ASGI apps that `serve` runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi.templating import Jinja2Templates

from sandbox.frame import ASGIApp, create_frame_app
from sandbox.origins import FrameAddress, host_origins, is_frame_host, public_origin
from sandbox.smoke import SmokeTester
from sandbox.smoke.browsers import find_browser
from server import __version__, errors
from server.documents import StoredDocuments
from server.exporting import LatestExport
from server.generation.generator import Generator
from server.generation.hub import Hub
from server.generation.leases import Leases
from server.generation.ledger import Budget
from server.generation.money import Budgets, Money
from server.generation.testing import VersionTester
from server.identifiers import new_secret
from server.libraries import put_on_the_shelf
from server.openapi import DescribedApi
from server.providers.registry import Registry
from server.proving import Proofs, WithProofs
from server.routes import (
    access,
    artifacts,
    assets,
    data,
    everything,
    generations,
    grants,
    health,
    levels,
    libraries,
    messages,
    models,
    pages,
    proofs,
    reports,
    spending,
    versions,
)
from server.routes.background import Background
from server.routes.door import Door
from server.services import Services
from server.settings import Settings
from server.store.database import Database


@dataclass(frozen=True, slots=True)
class Application:
    """`host` serves pages and API, `frame` the documents of tools, each on a port of its own.

    `warm` gets ready what the first visitor would wait for; call it once both answer.
    """

    host: Any
    frame: Any
    warm: Callable[[], None]


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Open everything that generates and tests, without serving it. Used by commands too."""
    await asyncio.to_thread(put_on_the_shelf, settings)
    async with AsyncExitStack() as stack:
        database = Database(settings.database_url)
        stack.push_async_callback(database.aclose)
        await database.migrate()
        registry = Registry.from_settings(settings)
        stack.push_async_callback(registry.aclose)
        hub = Hub()
        leases = Leases(database, hub, _beside(database, settings) / "owners")
        await leases.start()
        stack.push_async_callback(leases.aclose)
        browser = find_browser(settings.browser, settings.browser_environment)
        smoke = await stack.enter_async_context(SmokeTester(browser))
        tester = VersionTester(database, smoke, hub)
        budget = Budget(repairs=settings.max_repairs)
        budgets = Budgets(day=settings.budget_per_day, artifact=settings.budget_per_tool)
        money = Money(database, registry, hub, budgets)
        generator = Generator(database, tester, hub, leases, budget, money=money)
        proofs = Proofs()
        stack.callback(proofs.close)
        stack.push_async_callback(generator.aclose)
        yield Services(
            settings=settings,
            database=database,
            registry=registry,
            hub=hub,
            smoke=smoke,
            tester=tester,
            generator=generator,
            frames=FrameAddress(
                host_port=settings.port,
                frame_port=settings.frame_port,
                template=settings.frame_url,
                allowed_hosts=settings.allowed_hosts,
            ),
            browser=browser,
            proofs=proofs,
            export=LatestExport(),
            identity=new_secret(),
        )


def _list_libraries() -> None:
    """Read what libraries there are, so that no tool waits for it."""
    from sandbox.libraries.shelf import shipped_shelf  # noqa: PLC0415 - a start must be quick

    shipped_shelf()


def _beside(database: Database, settings: Settings) -> Path:
    """Where owners of this database find each other, whatever their DATA_DIR."""
    file = database.url.database
    return Path(file).resolve().parent if file else settings.data_dir


@asynccontextmanager
async def create_application(settings: Settings) -> AsyncIterator[Application]:
    """Build both apps; leaving the block interrupts what runs and closes everything."""
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(open_services(settings))
        background = Background()
        stack.push_async_callback(background.aclose)
        documents = StoredDocuments(services.database, services.hub)
        frame = create_frame_app(
            WithProofs(documents, services.proofs),
            ancestors=lambda host: host_origins(host, services.frames),
            allows_host=lambda host: is_frame_host(host, services.frames),
            public_origin=lambda host, scheme: public_origin(host, scheme, services.frames),
            identity=services.identity,
            save=documents.save,
        )
        templates = Jinja2Templates(
            env=assets.environment(), context_processors=[levels.template_context]
        )

        def warm() -> None:
            services.smoke.warm()
            background.start(services.registry.models())
            background.start(asyncio.to_thread(assets.compile_templates))
            background.start(asyncio.to_thread(_list_libraries))

        host = _host(services, background, templates, frame)
        yield Application(host=host, frame=frame, warm=warm)


def _host(
    services: Services, background: Background, templates: Jinja2Templates, frame: ASGIApp
) -> Any:
    app = DescribedApi(
        title="Sandwright",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.services = services
    app.state.background = background
    app.state.templates = templates
    assets.install(app, templates)
    for module in (
        artifacts,
        data,
        everything,
        grants,
        messages,
        versions,
        reports,
        generations,
        models,
        health,
        access,
        levels,
        libraries,
        spending,
        pages,
        proofs,
    ):
        app.include_router(module.router)
    app.include_router(reports.pages)
    errors.install(app)
    return Door(app, services.settings, services.frames, frame)
