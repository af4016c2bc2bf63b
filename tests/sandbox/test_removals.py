"""Each wall holds something by itself: without it, a named attack gets through."""

from __future__ import annotations

import asyncio

import pytest

from sandbox.grants import NO_GRANTS
from sandbox.policy import frame_headers
from sandbox.prove.catalogue import attacks
from tests.sandbox.campaign import CONTROL_SECONDS, QUIET_SECONDS
from tests.sandbox.conftest import open_campaign
from tests.sandbox.removals import CSP, REMOVALS, UNNOTICED, Removal, Walls

pytestmark = [pytest.mark.timeout(600), pytest.mark.sandbox]


@pytest.fixture(scope="module")
def through(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[str]]]:
    """For each removal, what got through of each of its attacks; "" is for walls in place."""
    by_name = {attack.name: attack for attack in attacks()}
    walls = Walls()

    async def run() -> dict[str, dict[str, list[str]]]:
        got: dict[str, dict[str, list[str]]] = {}
        folder = tmp_path_factory.mktemp("removals")
        async with open_campaign(folder, host=walls.host, frame=walls.frame) as campaign:
            campaign.controls = False
            campaign.places = ("workbench",)
            for removal in (None, *REMOVALS):
                walls.removal = removal
                # With a wall gone it is to be heard, on a busy machine too.
                campaign.quiet = CONTROL_SECONDS if removal else QUIET_SECONDS
                names = removal.attacks if removal else [n for r in REMOVALS for n in r.attacks]
                campaign.outcomes = {}
                await campaign.run(by_name[name] for name in dict.fromkeys(names))
                got[removal.name if removal else ""] = {
                    name: outcome.succeeded for name, outcome in campaign.outcomes.items()
                }
        return got

    return asyncio.run(run())


@pytest.mark.parametrize("removal", REMOVALS, ids=lambda removal: removal.name)
def test_without_this_wall_an_attack_gets_through(
    removal: Removal, through: dict[str, dict[str, list[str]]]
) -> None:
    for name in removal.attacks:
        assert through[""][name] == [], f"{name} gets through with all walls in place"
        assert through[removal.name][name], f"{name} does not notice that it is gone"


def test_every_directive_is_one_whose_loss_is_noticed_or_justified() -> None:
    csp = dict(frame_headers(NO_GRANTS, ()))[CSP]
    names = {part.split()[0] for part in csp.split(";")}
    noticed = {name for removal in REMOVALS for name in removal.frame}
    noticed |= {"sandbox"} if any(removal.flags for removal in REMOVALS) else set()
    assert names - noticed == set(UNNOTICED)
