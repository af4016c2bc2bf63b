"""The table of guards is true of the tree: `make guards` takes them away one at a time."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from tests.sandbox.guards import GUARDS

ROOT = Path(__file__).parents[2]


@cache
def names_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if hasattr(node, "name")}


def test_each_guard_stands_once_and_its_test_is_there() -> None:
    wrong = []
    for guard in GUARDS:
        if (ROOT / guard.file).read_text("utf-8").count(guard.text) != 1:
            wrong.append(f"{guard.file}: {guard.name} does not stand there once")
        if guard.kept:
            continue
        file, _, test = guard.test.partition("::")
        if test.partition("[")[0] not in names_in(file) or guard.text == guard.becomes:
            wrong.append(f"{guard.file}: {guard.name} has no test {guard.test}")
    assert wrong == []
    named = [(guard.file, guard.name) for guard in GUARDS]
    assert len(set(named)) == len(named)
