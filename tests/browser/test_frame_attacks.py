"""Nothing that a tool does reaches a server outside; what is heard is counted outside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from attacks import ATTACKS, KINDS, Attack
from canaries import Canary, open_canary
from frames import Host, Shelf, frame_app, frame_in, plain_pages, show
from playwright.async_api import BrowserContext, Frame, Page

QUIET_SECONDS = 0.7
"""How long the canary must stay silent after the last attack of a kind."""


@pytest.fixture
async def canary() -> AsyncIterator[Canary]:
    async with open_canary() as canary:
        yield canary


@pytest.mark.parametrize("kind", KINDS)
async def test_no_attack_of_a_kind_is_heard_from_a_frame_though_each_is_heard_unconfined(
    context: BrowserContext, serve: Any, canary: Canary, kind: str
) -> None:
    """In our page and opened alone alike."""
    attacks = [attack for attack in ATTACKS if attack.kind == kind]
    documents = {attack.name: attack.document(canary.port) for attack in attacks}
    plain_port = await serve(plain_pages(documents))
    for attack in attacks:
        await control(context, plain_port, canary, attack)

    shelf, host = Shelf(), Host()
    host.port = await serve(host)
    host.frame_port = await serve(frame_app(shelf, f"http://127.0.0.1:{host.port}"))
    for attack in attacks:
        shelf.put(attack.name, documents[attack.name])
        await confined(context, host, attack)
    await asyncio.sleep(QUIET_SECONDS)
    assert (canary.paths, canary.connections) == ([], 0)


async def control(context: BrowserContext, plain_port: int, canary: Canary, attack: Attack) -> None:
    """The same document without walls; it must be heard, or silence would prove nothing."""
    page = await context.new_page()
    await page.goto(f"http://127.0.0.1:{plain_port}/{attack.name}", wait_until="commit")
    await run(attack, page)
    heard = await canary.heard(f"/{attack.name}")
    assert heard, f"{attack.name}: the canary did not hear it unconfined"
    for opened in context.pages:
        await opened.close()
    canary.forget()


async def confined(context: BrowserContext, host: Host, attack: Attack) -> None:
    """Run it in our page and alone; neither page may be taken anywhere else."""
    framed, alone = await context.new_page(), await context.new_page()
    await run(attack, await show(framed, host, attack.name))
    await alone.goto(host.frame_url, wait_until="commit")
    await run(attack, await frame_in(alone))
    assert framed.url == f"http://127.0.0.1:{host.port}/"
    assert alone.url == host.frame_url


async def run(attack: Attack, where: Page | Frame) -> None:
    if attack.click is not None:
        await where.locator(attack.click).click(no_wait_after=True)
