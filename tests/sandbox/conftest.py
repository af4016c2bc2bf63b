"""One campaign over all attacks that were selected, and a table of it at the end."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from sandbox.prove.canaries import (
    LOOPBACK,
    NO_NAME_SERVER,
    can_point_browsers,
    open_name_server,
)
from sandbox.prove.cases import Attack, Kind
from tests.sandbox import results
from tests.sandbox.campaign import Campaign, Outcome
from tests.sandbox.drivers import ENGINE, open_driver
from tests.sandbox.places import Application, Unconfined, open_application, served

ADDRESS = os.environ.get("SANDWRIGHT_CANARY_ADDRESS", LOOPBACK)
"""Not every engine's WebRTC speaks to loopback, so `make engines` gives the canaries another."""


@contextlib.asynccontextmanager
async def open_campaign(folder: Path, **application: Any) -> AsyncIterator[Campaign]:
    async with contextlib.AsyncExitStack() as stack:
        names = None
        if can_point_browsers():
            names = await stack.enter_async_context(open_name_server())
        driver = await stack.enter_async_context(open_driver(names, folder))
        plain = Unconfined()
        port = await stack.enter_async_context(served(plain))
        app: Application = await stack.enter_async_context(
            open_application(folder / "data", **application)
        )
        yield Campaign(driver, plain, f"http://127.0.0.1:{port}", app, names, ADDRESS)


EACH = 20


def progress(config: pytest.Config, what: str, total: int) -> Callable[[], None]:
    """Return what is called for each case that is done: it writes a line now and then."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    done = count(1)

    def one_is_done() -> None:
        number = next(done)
        if reporter is not None and total > EACH and (number % EACH == 0 or number == total):
            reporter.write_line(f"{what}: {number} of {total}")

    return one_is_done


Outcomes = dict[str, Outcome]
_ALL: Outcomes = {}


@pytest.fixture(scope="session")
def outcomes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """What came of every attack that a selected test asks for."""
    wanted = [
        item.callspec.params["attack"]
        for item in request.session.items
        if "attack" in getattr(getattr(item, "callspec", None), "params", {})
    ]

    async def run() -> Outcomes:
        async with open_campaign(tmp_path_factory.mktemp("campaign")) as campaign:
            some = [attack for attack in left if runs_here(attack) is None]
            told = progress(request.config, "attacks", len(some))

            def done(outcome: Outcome) -> None:
                results.keep_attack(outcome)
                told()

            campaign.done = done
            campaign.in_turn = is_sample(request.config)
            results.keep_version(campaign.driver.version)
            await campaign.run(some)
            return campaign.outcomes

    known = results.known_attacks()
    _ALL.update({attack.name: known[attack.name] for attack in wanted if attack.name in known})
    if left := [attack for attack in wanted if attack.name not in known]:
        _ALL.update(asyncio.run(run()))
    return _ALL


def is_sample(config: pytest.Config) -> bool:
    """Whether this is `make test`; what is kept in a file counts as whole."""
    return config.getoption("markexpr") == "not sandbox" and results.FILE is None


def runs_here(attack: Attack) -> str | None:
    """Return why an attack cannot be judged here, if so."""
    if ENGINE not in attack.engines:
        return f"this means does not exist in {ENGINE}"
    if attack.kind is Kind.DNS and not can_point_browsers():
        return NO_NAME_SERVER
    return None


PROBED: dict[tuple[str, str], Any] = {}
"""How probes went, by name and place."""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _ALL:
        terminalreporter.section(f"attacks in {ENGINE}")
        for line in _attack_table():
            terminalreporter.write_line(line)
    if PROBED:
        terminalreporter.section(f"probes in {ENGINE}")
        for place in dict.fromkeys(place for _, place in PROBED):
            some = [how is True for (_, where), how in PROBED.items() if where == place]
            terminalreporter.write_line(f"{place:20} {sum(some)} of {len(some)} work")
        for (name, place), how in PROBED.items():
            if how is not True:
                terminalreporter.write_line(f"broken: {name}, {place}: {how}")


def _attack_table() -> Iterator[str]:
    yield f"{'class':20} {'attacks':>8} {'heard unconfined':>17} {'succeeded':>10}"
    for kind in (*Kind, None):
        some = [o for o in _ALL.values() if kind is None or o.attack.kind is kind]
        if some:
            heard = sum(o.control for o in some)
            out = sum(bool(o.succeeded) for o in some)
            name = "all" if kind is None else kind.value
            yield f"{name:20} {len(some):8} {heard:17} {out:10}"
    for outcome in _ALL.values():
        if outcome.succeeded:
            yield f"succeeded: {outcome.attack.name}: {'; '.join(outcome.succeeded)}"
    for outcome in _ALL.values():
        if outcome.unproven:
            yield f"{outcome.attack.name}: {outcome.unproven}"
