"""Runs attacks: each unconfined first, then in the workbench and alone; returns what was heard."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from sandbox.prove.canaries import LOOPBACK, Ear, NameServer, open_ear
from sandbox.prove.cases import OUTSIDE, Act, Attack, Canary, Kind
from tests.sandbox.drivers.page import TOOL, Driver, DriverError, Page
from tests.sandbox.places import Application, Unconfined
from tests.sandbox.watch import Watch

CONTROL_SECONDS = 30.0
"""How long an unconfined attack may take to be heard, on a busy machine."""
QUIET_SECONDS = 1.6
"""How long a confined attack is listened to after the person's act."""
ONE_SECONDS = 120.0  # for one run of one attack: one that hangs must not take the others with it
MORE_SECONDS = {Canary.LOADS: 2.0, Canary.DOWNLOADS: 1.0, Canary.FROZEN: 1.0}


@dataclass
class Outcome:
    """What came of one attack. `heard` has one line for each sign of success, by place."""

    attack: Attack
    control: bool = False
    heard: dict[str, list[str]] = field(default_factory=dict)
    undone: list[str] = field(default_factory=list)  # places in which the person could not act

    @property
    def unproven(self) -> str:
        """Why its silence proves nothing, if so."""
        if not self.control:
            return "not proven: it was not heard unconfined either"
        return f"not proven: no act in {' and '.join(self.undone)}" if self.undone else ""

    @property
    def succeeded(self) -> list[str]:
        return [f"{place}: {what}" for place, all_ in self.heard.items() for what in all_]


@dataclass
class Campaign:
    driver: Driver
    plain: Unconfined
    plain_url: str
    application: Application
    names: NameServer | None
    address: str = LOOPBACK  # of the machine's own: some engines' WebRTC never speaks to loopback
    places: tuple[str, ...] = ("workbench", "alone")
    in_turn: bool = False  # each attack in one of them only
    controls: bool = True
    quiet: float = QUIET_SECONDS
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    done: Callable[[Outcome], None] = lambda _outcome: None

    async def run(self, attacks: Iterable[Attack]) -> None:
        slots = asyncio.Semaphore(self.driver.at_once)

        async def one(attack: Attack, places: tuple[str, ...]) -> None:
            outcome = self.outcomes[attack.name] = Outcome(attack)
            async with slots:
                if self.controls:
                    try:
                        async with asyncio.timeout(ONE_SECONDS):
                            outcome.control = await self._control(attack)
                    except (DriverError, TimeoutError) as error:
                        outcome.heard["unconfined"] = [f"could not be run: {repr(error)[:200]}"]
                for place in places:
                    try:
                        async with asyncio.timeout(ONE_SECONDS):
                            outcome.heard[place] = await self._confined(attack, place)
                    except (DriverError, TimeoutError) as error:
                        outcome.heard[place] = [f"could not be run: {repr(error)[:200]}"]
            self.done(outcome)

        async with asyncio.TaskGroup() as group:
            for turn, attack in enumerate(attacks):
                at = turn % len(self.places)
                group.create_task(
                    one(attack, self.places[at:][:1] if self.in_turn else self.places)
                )

    def _ear(self, attack: Attack) -> AbstractAsyncContextManager[Ear]:
        return open_ear(self.names, self.address if attack.kind is Kind.WEBRTC else LOOPBACK)

    async def _control(self, attack: Attack) -> bool:
        async with self._ear(attack) as ear, self.driver.page(attack) as page:
            self.plain.documents[ear.label] = attack.document(ear.addresses(self.plain_url))
            framed = attack.canary not in OUTSIDE or attack.kind is Kind.MESSAGES
            path = f"framed/{ear.label}" if framed else ear.label
            watch = Watch(page, ear)
            await watch.go(f"{self.plain_url}/{path}")
            if framed and attack.act is not Act.NOTHING:
                await _bring_into_sight(page)
            await page.act(attack, framed=framed)
            return await watch.sees(attack.canary, CONTROL_SECONDS)

    async def _confined(self, attack: Attack, place: str) -> list[str]:
        async with self._ear(attack) as ear, self.driver.page(attack) as page:
            tool = await self.application.put(attack.document(ear.addresses(self.application.url)))
            watch = Watch(page, ear)
            await watch.go(tool.workbench if place == "workbench" else tool.frame)
            if not await page.act(attack):
                self.outcomes[attack.name].undone.append(place)
            more = attack.takes or MORE_SECONDS.get(attack.canary, 0)
            await watch.sees(attack.canary, self.quiet + more)
            await asyncio.sleep(0.2)
            return await watch.signs(attack.canary)


async def _bring_into_sight(page: Page) -> None:
    """The careless page's frame lies below the fold: a press there would be none."""
    with contextlib.suppress(DriverError, TimeoutError):
        async with asyncio.timeout(2):
            await page.evaluate(f"document.querySelector({TOOL!r}).scrollIntoView()")
