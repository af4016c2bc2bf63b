"""Keeps what came of each case in a file, so that a long run may be stopped and gone on with.

Only where `SANDWRIGHT_ENGINE_RESULTS` names a file; `make engines` does.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox.prove.catalogue import attacks
from tests.sandbox.campaign import Outcome

FILE = os.environ.get("SANDWRIGHT_ENGINE_RESULTS")


def keep_version(version: str) -> None:
    _keep({"version": version})


def keep_attack(outcome: Outcome) -> None:
    attack = outcome.attack
    _keep(
        {
            "attack": attack.name,
            "control": outcome.control,
            "heard": outcome.heard,
            "undone": outcome.undone,
            "unproven": outcome.unproven,
        }
    )


def keep_probe(name: str, place: str, went: Any) -> None:
    _keep({"probe": name, "place": place, "went": went})


def known_attacks() -> dict[str, Outcome]:
    by_name = {attack.name: attack for attack in attacks()}
    return {
        attack.name: Outcome(attack, line["control"], line["heard"], line["undone"])
        for line in _lines()
        if (attack := by_name.get(line.get("attack", ""))) is not None
    }


def known_probes() -> dict[tuple[str, str], Any]:
    return {(line["probe"], line["place"]): line["went"] for line in _lines() if "probe" in line}


def _keep(line: dict[str, Any]) -> None:
    if FILE is not None:
        with Path(FILE).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _lines() -> Iterator[dict[str, Any]]:
    if FILE is not None and Path(FILE).is_file():
        for line in Path(FILE).read_text("utf-8").splitlines():
            yield json.loads(line)
