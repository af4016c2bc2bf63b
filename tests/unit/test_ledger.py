"""The ledger proves progress or stops: six models, and what holds of any."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.generation.ledger import (
    Attempt,
    Budget,
    Repair,
    Stop,
    best_version,
    decide,
    dollars_of,
    signatures,
    spent,
)


def made(version: int, *faults: str, base: int | None = None, **more: object) -> Attempt:
    """An attempt that made a version with these faults."""
    verdict = "failed" if faults else "passed"
    found = Attempt(base, version, verdict, {one: f"{one} is not defined" for one in faults})
    return replace(found, **more)


FIRST = made(1, "a")
BUDGET = Budget(repairs=4)


def test_a_version_that_failed_is_repaired_and_one_that_passed_is_not() -> None:
    assert decide([FIRST], BUDGET) == Repair(base=1, number=1)
    done = decide([FIRST, made(2, base=1, tokens=1200, dollars=0.01)], BUDGET)
    assert done == Stop(
        "passed",
        "Version 2 passes its test; one repair by the model was tried (1,200 tokens, $0.0100).",
        2,
    )


def test_a_fault_that_comes_back_ends_it() -> None:
    """A, B, A: the next would be B again."""
    tried = [FIRST, made(2, "b", base=1)]
    assert decide(tried, BUDGET) == Repair(base=2, number=2)
    ended = decide([*tried, made(3, "a", base=2, tokens=5)], BUDGET)
    assert isinstance(ended, Stop)
    assert (ended.why, ended.best) == ("returned", 3)
    assert ended.sentence == (
        "Version 3 is the best so far and still fails: a is not defined. 2 repairs by the model "
        "were tried (5 tokens, price unknown); a fault came back that had been mended "
        "(a is not defined)."
    )


def test_a_model_that_makes_it_worse_is_asked_twice_from_the_best_version() -> None:
    tried = [FIRST, made(2, "a", "b", base=1)]
    assert decide(tried, BUDGET) == Repair(base=1, number=2)
    ended = decide([*tried, made(3, "c", "d", base=1)], BUDGET)
    assert isinstance(ended, Stop)
    assert (ended.why, ended.best) == ("stuck", 1)


def test_an_answer_without_a_document_is_an_attempt_without_progress() -> None:
    words = Attempt(1, None)
    assert decide([FIRST, words], BUDGET) == Repair(base=1, number=2)
    ended = decide([FIRST, words, words], BUDGET)
    assert isinstance(ended, Stop)
    assert (ended.why, ended.best) == ("stuck", 1)


@pytest.mark.parametrize(
    ("last", "why", "words"),
    [
        (Attempt(1, None, error="It said nothing for 60 s."), "error", "nothing for 60 s"),
        (Attempt(1, None, stopped=True), "stopped", "it was stopped"),
        (Attempt(1, 2, "not tested"), "untested", "version 2 could not be tested"),
    ],
)
def test_what_broke_off_is_not_tried_again(last: Attempt, why: str, words: str) -> None:
    ended = decide([FIRST, last], BUDGET)
    assert isinstance(ended, Stop)
    assert (ended.why, ended.best) == (why, 1)
    assert words in ended.sentence


@pytest.mark.parametrize(
    ("spends", "words"),
    [
        ({"tokens": 50}, "the budget of 50 tokens is spent"),
        ({"dollars": 0.5}, "the budget of $0.50 is spent"),
        ({"seconds": 9.0}, "the budget of 9 seconds is spent"),
    ],
)
def test_a_budget_that_is_spent_ends_it(spends: dict[str, float], words: str) -> None:
    budget = Budget(repairs=9, tokens=50, dollars=0.5, seconds=9)
    first = made(1, "a", "b", "c", **{name: value * 9 for name, value in spends.items()})
    assert isinstance(decide([first], budget), Repair), "what was asked for is not a repair"
    tried = [first, made(2, "a", "b", base=1, **spends)]
    ended = decide(tried, budget)
    assert isinstance(ended, Stop)
    assert (ended.why, ended.best) == ("budget", 2)
    assert words in ended.sentence


def test_no_more_than_the_person_allows_start_by_themselves() -> None:
    tried = [made(1, "a", "b"), made(2, "a", base=1)]
    assert isinstance(decide(tried, Budget(repairs=2)), Repair)
    assert isinstance(decide(tried[:1], Budget(repairs=0)), Stop)
    ended = decide(tried, Budget(repairs=1))
    assert isinstance(ended, Stop)
    assert (ended.why, ended.best) == ("enough", 2)


def test_a_mechanical_repair_is_none_of_the_models() -> None:
    """It costs nothing, counts for nothing, and the model goes on from it."""
    tried = [FIRST, made(2, "a", base=1, mechanical=True)]
    assert decide(tried, Budget(repairs=1)) == Repair(base=2, number=1)
    ended = decide([*tried, made(3, "b", base=2, tokens=7, dollars=0.0)], Budget(repairs=1))
    assert isinstance(ended, Stop)
    assert "A mechanical repair was tried and one repair by the model" in ended.sentence
    assert spent(tried) == (0, 0, 0)


def test_money_is_known_only_where_every_price_is() -> None:
    tried = [FIRST, made(2, "b", base=1, tokens=5, dollars=0.25), made(3, base=2, tokens=6)]
    assert spent(tried[:2]) == (5, 0.25, 0)
    assert spent(tried) == (11, None, 0)
    assert dollars_of({"amount": 0.5, "currency": "USD"}) == 0.5
    assert dollars_of({"amount": 0.5, "currency": "EUR"}) is None
    assert dollars_of(None) is None


FAULTS = st.lists(st.sampled_from("abcd"), unique=True, max_size=4)


@given(st.lists(FAULTS, min_size=1, max_size=12), st.integers(0, 10))
def test_it_ends_and_offers_the_best(answers: list[list[str]], most: int) -> None:
    """Whatever a model answers: it ends by itself, and nothing better than the best is left."""
    tried = [made(1, "a", *answers[0])]
    budget = Budget(repairs=most)
    for number, faults in enumerate([*answers, *[["a", "b"]] * 12], start=1):
        decided = decide(tried, budget)
        if isinstance(decided, Stop):
            break
        assert decided.number == number
        assert decided.base == best_version(tried)
        tried.append(made(number + 1, *faults, base=decided.base))
    assert isinstance(decided, Stop)
    assert len(tried) <= most + 1
    assert decided.sentence.endswith(".")
    fewest = min(len(one.fatal) for one in tried)
    assert [len(one.fatal) for one in tried if one.version == decided.best] == [fewest]
    counts = [len(signatures(one) or ()) for one in tried[:-1]]
    stuck = [
        pair
        for pair in pairwise(zip(tried[1:-1], counts[1:], strict=True))
        if all(count >= counts[(one.base or 1) - 1] for one, count in pair)
    ]
    assert not stuck, "two in a row that lower nothing end it"
