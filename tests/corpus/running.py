"""One run of a tool in one place: the load, then one act after the other."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

from playwright.async_api import Error, Frame

from tests.corpus.comparing import Run, Step, plain
from tests.corpus.person import Act, Person
from tests.corpus.places import Place

MOST_ACTS = 25
_RUN_SECONDS = 120.0
_ACT_SECONDS = 12.0  # of a reference; what is left is not used
_LOAD_SECONDS = 10.0
_IDLE_SECONDS = 6.0
_LATE_SECONDS = 2.5  # how long another place may take to show what the reference showed
_NOT_HERE = "asks a CDN for what is not here"
_SHOWN = frozenset({"about:srcdoc", "about:blank"})


@dataclass(frozen=True)
class Reference:
    """A run of the plain page; `unfit` says why it is none, `lacking` what no library answered."""

    run: Run
    acts: tuple[Act, ...] = ()
    unfit: str = ""
    lacking: tuple[str, ...] = ()


Opened = AbstractAsyncContextManager[Place]


async def refer(opened: Opened) -> Reference:
    """Run a tool as a plain page, choosing what to do as it goes."""
    try:
        async with asyncio.timeout(_RUN_SECONDS), opened as place:
            return await _referred(place)
    except (Error, TimeoutError) as error:
        return Reference(Run(lost=_reason(error)), unfit=f"did not end: {_reason(error)}")


async def _referred(place: Place) -> Reference:
    person = Person(place.page, place.frame, place.corner)
    await place.frame.wait_for_load_state("load")
    with contextlib.suppress(TimeoutError):  # of Playwright's, too: a tool may ask without end
        await asyncio.wait_for(place.frame.wait_for_load_state("networkidle"), _IDLE_SECONDS)
    await person.ask("quiet", 400, 4_000)
    steps = [Step("load", await _settled(place))]
    looks = await person.ask("look")
    if unfit := _unfit(place, shows_something=any(looks.values())):
        return Reference(Run(tuple(steps), tuple(place.errors)), (), unfit, tuple(place.lacking))
    acts: list[Act] = []
    done: Counter[tuple[str, ...]] = Counter()
    until = time.monotonic() + _ACT_SECONDS
    while len(acts) < MOST_ACTS and time.monotonic() < until:
        act = await person.choose(done)
        if act is None:
            break
        done[act.key] += 1
        place.said.clear()
        if await person.do(act):
            await person.ask("quiet", 100, 600)
            if _has_left(place):
                break
            acts.append(act)
            steps.append(Step(act.name, await _settled(place)))
    unfit = _NOT_HERE if place.lacking else ""
    run = Run(tuple(steps), tuple(place.errors))
    return Reference(run, tuple(acts), unfit, tuple(place.lacking))


def _unfit(place: Place, *, shows_something: bool) -> str:
    """Return why a page that has loaded is no reference."""
    if place.lacking:
        return _NOT_HERE
    if place.errors:
        return f"error at load: {place.errors[0]}"
    return "" if shows_something else "shows nothing"


async def repeat(opened: Opened, reference: Reference, *, linger: float = 0) -> Run:
    """Do in another place what was done in the reference.

    `linger`: for so long what is shown must stay, too.
    """
    steps: list[Step] = []
    try:
        async with asyncio.timeout(_RUN_SECONDS), opened as place:
            person = Person(place.page, place.frame, place.corner)
            expected = reference.run.steps
            steps.append(await _until_same(place, expected[0], _LOAD_SECONDS, linger))
            await place.frame.wait_for_load_state("load")
            for act, wanted in zip(reference.acts, expected[1:], strict=True):
                place.said.clear()
                await person.ask("quiet", 100, 600)
                if not await person.do(act):
                    steps.append(Step(wanted.name, "", there=False))
                    break  # what comes after it says nothing new
                steps.append(await _until_same(place, wanted, _LATE_SECONDS, linger))
            await _until_told(place, reference.run.errors)
            return Run(tuple(steps), tuple(place.errors))
    except (Error, TimeoutError) as error:
        return Run(tuple(steps), lost=_reason(error))


async def _until_same(place: Place, wanted: Step, seconds: float, linger: float) -> Step:
    until = time.monotonic() + seconds
    while True:
        text = await _seen(place)
        if text == wanted.text:
            await asyncio.sleep(linger)
            later = await _seen(place) if linger else text
            return Step(wanted.name, later, same=later == text)
        if time.monotonic() > until:
            return Step(wanted.name, text, same=False)
        await asyncio.sleep(0.04)


async def _until_told(place: Place, errors: Sequence[str]) -> None:
    """Wait for errors that come late."""
    until = time.monotonic() + _LATE_SECONDS
    while not set(errors) <= set(place.errors) and time.monotonic() < until:  # noqa: ASYNC110
        await asyncio.sleep(0.1)


def _has_left(place: Place) -> bool:
    """Whether the tool went to another page, which is nowhere here.

    The browser shows an error's page then; a view in the path is on the tool's own host.
    """
    here, now = urlsplit(place.here), urlsplit(place.frame.url)
    return (now.scheme, now.netloc) != (here.scheme, here.netloc)


async def _settled(place: Place) -> str:
    """Return what is seen once it is seen twice, or after a while at the latest."""
    text = await _seen(place)
    for _ in range(5):
        await asyncio.sleep(0.1)
        last, text = text, await _seen(place)
        if text == last:
            break
    return text


async def _seen(place: Place) -> str:
    parts = [await _text(place.frame), *place.said]
    return plain("\n".join(parts), place.here)


async def _text(frame: Frame) -> str:
    for attempt in (1, 2, 3):
        try:
            parts = [await frame.evaluate(_script())]
            break
        except Error:  # the document was loaded anew meanwhile
            if attempt == 3:
                raise
            await asyncio.sleep(0.1)
    parts += [await _text(child) for child in frame.child_frames if await _is_shown(child)]
    return "\n".join(parts)


async def _is_shown(child: Frame) -> bool:
    """What comes from elsewhere is refused in every place, each with a page of its own for it."""
    return child.url in _SHOWN and await (await child.frame_element()).is_visible()


def _reason(error: Error | TimeoutError) -> str:
    return "time ran out" if isinstance(error, TimeoutError) else str(error).splitlines()[0][:120]


@cache
def _script() -> str:
    return files(__package__).joinpath("seen.js").read_text("utf-8").strip()
