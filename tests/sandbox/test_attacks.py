"""Nothing that a tool tries succeeds; each attack is heard unconfined, or it proves nothing."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import pytest

from sandbox.prove.cases import Attack
from sandbox.prove.catalogue import attacks
from tests.sandbox.conftest import runs_here
from tests.sandbox.drivers import ENGINE
from tests.sandbox.remaining import REMAINING, SOMETIMES

# For the whole campaign, which the first of them waits for; the others' drivers are slower.
pytestmark = pytest.mark.timeout(1500 if ENGINE == "chromium" else 6000)

SAMPLE = 1
"""Of each class, how many are always run, in one place or the other; all are by `make sandbox`."""


def cases() -> list[Any]:
    found = []
    for kind, some in groupby(attacks(), key=lambda attack: attack.kind):
        for index, attack in enumerate(some):
            marks = [] if index < SAMPLE else [pytest.mark.sandbox]
            name = f"{kind.value.replace(' ', '-')}-{attack.name}"
            found.append(pytest.param(attack, id=name, marks=marks))
    return found


@pytest.mark.parametrize("attack", cases())
def test_an_attack_is_heard_unconfined_and_nothing_of_it_from_a_tool(
    attack: Attack, request: pytest.FixtureRequest
) -> None:
    reason = runs_here(attack)
    if reason is not None:
        pytest.skip(reason)
    outcome = request.getfixturevalue("outcomes")[attack.name]
    reason = REMAINING[ENGINE].get(attack.name)
    if reason is not None and outcome.succeeded:
        pytest.xfail(reason)
    assert outcome.succeeded == []
    if outcome.unproven and ENGINE != "chromium":
        pytest.skip(outcome.unproven)
    assert not outcome.unproven, outcome.unproven
    assert reason is None or attack.name in SOMETIMES[ENGINE], "it no longer gets through: say so"
