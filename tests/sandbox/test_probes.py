"""What tools expect to work, works: in the workbench, opened alone, and while being written."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sandbox.prove.cases import Probe
from sandbox.prove.catalogue import probes
from tests.sandbox import results
from tests.sandbox.conftest import PROBED, progress
from tests.sandbox.drivers import ENGINE, open_driver
from tests.sandbox.probing import PLACES, Probing, open_writing_application
from tests.sandbox.remaining import BROKEN

pytestmark = pytest.mark.timeout(900 if ENGINE == "chromium" else 3600)

SAMPLE = 8
"""One in so many is always run, in one place after the other; all are by `make sandbox`."""


def cases() -> list[Any]:
    found = []
    for index, probe in enumerate(probes()):
        for turn, place in enumerate(PLACES):
            sampled = index % SAMPLE == 0 and (index // SAMPLE) % len(PLACES) == turn
            marks = [] if sampled else [pytest.mark.sandbox]
            found.append(pytest.param(probe, place, id=f"{probe.name}-{place}", marks=marks))
    return found


@pytest.fixture(scope="module")
def went(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], Any]:
    """How every selected probe went."""
    wanted = [
        (item.callspec.params["probe"], item.callspec.params["place"])
        for item in request.session.items
        if "probe" in getattr(getattr(item, "callspec", None), "params", {})
    ]

    async def run() -> dict[tuple[str, str], Any]:
        folder = tmp_path_factory.mktemp("probes")
        some = {probe.name: probe for probe, _ in left}
        async with (
            open_driver(None, folder) as driver,
            open_writing_application(folder, some.values()) as application,
        ):
            told = progress(request.config, "probes", len(left))

            def done(name: str, place: str, went: Any) -> None:
                results.keep_probe(name, place, went)
                told()

            probing = Probing(driver, application, done)
            await probing.run(left)
            return probing.went

    known = results.known_probes()
    left = [(probe, place) for probe, place in wanted if (probe.name, place) not in known]
    asked = {(probe.name, place) for probe, place in wanted}
    PROBED.update({case: went for case, went in known.items() if case in asked})
    if left:
        PROBED.update(asyncio.run(run()))
    return PROBED


@pytest.mark.parametrize(("probe", "place"), cases())
def test_an_ordinary_thing_works(
    probe: Probe, place: str, went: dict[tuple[str, str], Any]
) -> None:
    reason = BROKEN[ENGINE].get(probe.name)
    if reason is not None and went[probe.name, place] is not True:
        pytest.xfail(reason)
    assert went[probe.name, place] is True
