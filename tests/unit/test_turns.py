"""Turns of the smoke test: in order, so many at once, and who waits hears how long."""

from __future__ import annotations

import asyncio

from sandbox.smoke.run import Progress
from sandbox.smoke.tester import SmokeTester
from sandbox.smoke.turns import Turns


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_turns_come_in_order_and_each_waiter_hears_how_many_are_before_it() -> None:
    turns, had, said = Turns(2), [], {n: list[int]() for n in range(6)}
    over = [asyncio.Event() for _ in said]

    async def one(n: int) -> None:
        async with turns.turn(said[n].append):
            had.append(n)
            await over[n].wait()

    tasks = [asyncio.create_task(one(n)) for n in said]
    await settled()
    assert had == [0, 1]
    tasks[3].cancel()  # who gives up holds up nobody
    over[1].set()
    await settled()
    assert had == [0, 1, 2]
    over[0].set()
    over[2].set()
    await settled()
    assert had == [0, 1, 2, 4, 5]
    assert said == {0: [], 1: [], 2: [0], 3: [1], 4: [2, 1, 0], 5: [3, 2, 1, 0]}
    over[4].set()
    over[5].set()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with turns.turn(said[0].append):
        assert said[0] == []


async def test_a_turn_that_is_given_and_not_taken_goes_to_the_next() -> None:
    turns, had = Turns(1), []

    async def one(n: int) -> None:
        async with turns.turn(lambda _before: None):
            had.append(n)

    async with turns.turn(lambda _before: None):
        first, second = (asyncio.create_task(one(n)) for n in range(2))
        await settled()
    first.cancel()  # called already, and not yet awake
    await asyncio.wait_for(second, 5)
    assert had == [1]


async def test_two_hundred_that_wait_hold_no_document_and_hear_where_they_are() -> None:
    tester, held, most = SmokeTester(None), 0, 0
    said: list[str] = []

    async def one() -> None:
        nonlocal held, most

        def on_progress(progress: Progress) -> None:
            said.append(progress.message)

        async with tester.turn(on_progress):
            held += 1
            most = max(most, held)
            await tester.test_now("<p>Hi</p>")
            held -= 1

    async with tester:
        await asyncio.gather(*(one() for _ in range(200)))
    assert most == 2
    assert said[0] == "waiting for a turn: it is the next"
    assert "waiting for a turn: 1 test comes before it" in said
    assert "waiting for a turn: 197 tests come before it" in said
