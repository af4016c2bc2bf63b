"""Break good tools in known ways, and see that the smoke test fails them and passes the good ones.

Exits 1 when it fails fewer than 95 % of the broken ones or more than 2 % of the good ones, or when
the machine is too busy to tell of every tenth. With `--same`, good tools alone are tested, so many
times each, and it exits 1 when two verdicts of one tool are not the same.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from sandbox.smoke import BrowserChoice, SmokeTester, find_browser
from sandbox.smoke.tester import AT_ONCE, MOST_SECONDS
from tests.browser.asking import told_in_time
from tests.corpus.results import Kept
from tests.mutants.good import Tool, chosen, own_tools, public_tools, working
from tests.mutants.kinds import KINDS, Mutant
from tests.mutants.results import Results, Tried, sameness, table


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--corpus", type=Path, help="a folder of HTML files, to be broken too")
    parser.add_argument(
        "--kind",
        default="",
        metavar="WORDS",
        help="kinds with one of these, and a comma between, in their name",
    )
    parser.add_argument("--tool", default="", metavar="WORD", help="tools with it in their name")
    parser.add_argument("--set", choices=("a", "b"), default="", help="half of the tools")
    parser.add_argument("--each", type=int, default=30, help="mutants of a kind, at most (30)")
    parser.add_argument("--public", type=int, default=0, help="tools of the folder, at most (all)")
    parser.add_argument(
        "--same", type=int, default=0, metavar="TIMES", help="test good tools so many times each"
    )
    parser.add_argument("--jobs", type=int, default=AT_ONCE, help=f"at once ({AT_ONCE})")
    parser.add_argument("--seed", type=int, default=1, help="other places, other words (1)")
    given = parser.parse_args(arguments)
    browser = find_browser(os.environ.get("SANDWRIGHT_BROWSER"), os.environ)
    if not isinstance(browser, BrowserChoice):
        parser.error(f"{browser.reason} {browser.advice}")
    tools = chosen(own_tools(), given.tool, given.set)
    if given.corpus:
        public = chosen(public_tools(given.corpus), given.tool, given.set)
        Random(f"{given.seed} public").shuffle(public)
        kept = Kept(given.corpus.resolve().with_name(f"{given.corpus.name}-results"))
        tools += asyncio.run(working(public, kept, given.public or len(public)))
    if given.same:
        if not tools:
            parser.error("no such tool")
        agreed, told = sameness(asyncio.run(again(browser, given.jobs, tools, given.same)))
        print(*told, sep="\n")
        return 0 if agreed else 1
    kinds = [kind for kind in KINDS if any(word in kind for word in given.kind.split(","))]
    mutants = [one for kind in kinds for one in broken(kind, tools, given.seed, given.each)]
    if not mutants:
        parser.error("no such kind, or no tool that can be broken in this way")
    results = asyncio.run(Trial(browser, given.jobs).run(tools, mutants))
    print(*table(results), sep="\n")
    return 0 if results.is_kept else 1


async def again(
    browser: BrowserChoice, jobs: int, tools: Sequence[Tool], times: int
) -> list[Tried]:
    """Test each tool so many times, all of them once before any twice."""
    return list((await Trial(browser, jobs).run([*tools] * times, [])).tried)


def broken(
    kind: str, tools: Iterable[Tool], seed: int, each: int
) -> list[tuple[Tool, str, Mutant]]:
    """Break every tool that can be broken in this way, or so many of them."""
    found = []
    for tool in tools:
        mutant = KINDS[kind](tool.html, Random(f"{seed} {kind} {tool.name}"))
        if mutant is not None and mutant.html != tool.html:
            found.append((tool, kind, mutant))
    if len(found) <= each:
        return found
    return Random(f"{seed} {kind}").sample(found, each)


class Trial:
    """One browser pool that tests everything, so many at once."""

    def __init__(self, browser: BrowserChoice, jobs: int) -> None:
        self._browser = browser
        self._jobs = asyncio.Semaphore(max(1, jobs))
        self._total = 0
        self._done = 0

    async def run(
        self, tools: Sequence[Tool], mutants: Sequence[tuple[Tool, str, Mutant]]
    ) -> Results:
        self._total = len(tools) + len(mutants)
        minutes = self._total * MOST_SECONDS / 60 / AT_ONCE
        print(f"{len(tools)} good tools, {len(mutants)} broken", end=", ")
        print(f"{AT_ONCE} at once: they may use {minutes:.0f} min", flush=True)
        begun = time.monotonic()
        async with SmokeTester(self._browser) as tester:
            good = await asyncio.gather(*(self._try(tester, tool) for tool in tools))
            # Of a tool that fails by itself a fault proves nothing.
            works = {one.tool for one in good if not one.failed}
            tried = await asyncio.gather(
                *(
                    self._try(tester, tool, kind, mutant)
                    for tool, kind, mutant in mutants
                    if tool.name in works
                )
            )
        print(f"\n{self._done} documents in {(time.monotonic() - begun) / 60:.1f} min")
        return Results([*good, *tried])

    async def _try(
        self, tester: SmokeTester, tool: Tool, kind: str = "", mutant: Mutant | None = None
    ) -> Tried:
        async with self._jobs:
            report = await told_in_time(tester, mutant.html if mutant else tool.html)
        self._done += 1
        # Pictures of hundreds of documents are not kept.
        tried = Tried(tool.name, replace(report, screenshots=()), kind, mutant)
        print(f"{self._done} of {self._total}  {tried}", flush=True)
        return tried


if __name__ == "__main__":
    sys.exit(main())
