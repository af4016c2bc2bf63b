"""The catalogue of attacks and probes keeps its own rules."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from sandbox.prove.cases import Act, Attack, Kind, fill
from sandbox.prove.catalogue import attacks, probes

NOWHERE = dict.fromkeys(("http", "ws", "wt", "origin", "authority", "stun", "dns", "page"), "")


def test_there_are_attacks_of_every_class_and_probes_enough() -> None:
    assert {attack.kind for attack in attacks()} == set(Kind)
    assert len(attacks()) >= 120
    assert len(probes()) >= 50


def test_names_are_unique_within_all_that_is_run() -> None:
    for cases in (attacks(), probes()):
        assert [name for name, n in Counter(case.name for case in cases).items() if n > 1] == []


def means(attack: Attack) -> tuple[str, Act]:
    """What is left of an attack without addresses, numbers and white space."""
    return re.sub(r"[\d\s\"']+", "", fill(attack.html, NOWHERE)), attack.act


def test_no_two_attacks_differ_only_in_an_address() -> None:
    found = Counter(means(attack) for attack in attacks())
    assert [what for what, n in found.items() if n > 1] == []


@pytest.mark.parametrize("case", [*attacks(), *probes()], ids=lambda case: case.name)
def test_a_case_says_in_a_plain_sentence_what_it_does(case: Attack) -> None:
    """Read after "This tool "."""
    assert re.fullmatch(r"[a-z][^<>]{8,110}[^.]", case.says)


def test_filling_leaves_all_other_braces_alone() -> None:
    assert fill("{http} {x} {} p {a: b}", {**NOWHERE, "http": "H"}) == "H {x} {} p {a: b}"
