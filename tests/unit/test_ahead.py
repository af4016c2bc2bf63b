"""Secrets given ahead: each for one run, and the oldest forgotten."""

from __future__ import annotations

import asyncio

from server.generation.ahead import Ahead


def test_a_secret_is_for_one_run() -> None:
    ahead = Ahead()
    secret = ahead.give()
    assert ahead.take(secret)
    assert not ahead.take(secret)
    assert not ahead.take("a" * 32)
    assert not ahead.take(None)


async def test_whoever_waits_goes_on_when_the_run_begins() -> None:
    ahead = Ahead()
    secret = ahead.give()
    early = asyncio.create_task(ahead.begun(secret))
    await asyncio.sleep(0)
    assert ahead.take(secret)
    late = asyncio.create_task(ahead.begun(secret))
    await asyncio.sleep(0)
    assert not early.done()
    ahead.begin(secret)
    async with asyncio.timeout(10):
        await asyncio.gather(early, late)
        await ahead.begun(secret)  # over: nothing to wait for


async def test_the_oldest_are_forgotten() -> None:
    ahead = Ahead()
    first, *others = [ahead.give() for _ in range(201)]
    assert not ahead.take(first)
    async with asyncio.timeout(10):
        await ahead.begun(first)
    assert all(ahead.take(one) for one in others)
