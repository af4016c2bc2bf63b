"""Reads the attacks and the probes from the TOML files beside this module."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from sandbox.prove.cases import ENGINES, Act, Attack, Canary, Expects, Kind, Probe


@cache
def attacks() -> tuple[Attack, ...]:
    """Return all attacks, class by class. Each class is a file of its own."""
    return tuple(
        _attack(kind, record)
        for kind in Kind
        for record in _records(f"attacks/{_file(kind)}", "attack")
    )


@cache
def probes() -> tuple[Probe, ...]:
    """Return all probes."""
    return tuple(_probe(record) for record in _records("probes.toml", "probe"))


def _file(kind: Kind) -> str:
    return f"{kind.value.replace(' ', '-').lower()}.toml"


def _records(path: str, key: str) -> list[dict[str, Any]]:
    text = files(__package__).joinpath(*path.split("/")).read_text("utf-8")
    records: list[dict[str, Any]] = tomllib.loads(text)[key]
    return records


def _attack(kind: Kind, record: dict[str, Any]) -> Attack:
    return Attack(
        name=record["name"],
        kind=kind,
        says=record["says"],
        html=record["html"],
        canary=Canary(record.get("canary", Canary.HTTP)),
        act=Act(record.get("act", Act.NOTHING)),
        on=record.get("on", "#go"),
        engines=tuple(record.get("engines", ENGINES)),
        tab=record.get("tab", False),
        takes=record.get("takes", 0),
    )


def _probe(record: dict[str, Any]) -> Probe:
    return Probe(
        name=record["name"],
        says=record["says"],
        html=record["html"],
        act=Act(record.get("act", Act.NOTHING)),
        on=record.get("on", "#go"),
        text=record.get("text", ""),
        expects=Expects(record.get("expects", Expects.NOTHING)),
        deferred=record.get("deferred", False),
    )
