"""Run each tool of a folder as a plain page, in our frame and exported, and compare.

Exits 1 when fewer than 98 % do the same in the frame, or fewer than 97 % exported.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from playwright.async_api import Browser

from sandbox.libraries.addresses import hosts
from tests.corpus.comparing import Difference, Run, differences
from tests.corpus.places import (
    Server,
    Tool,
    browsing,
    exported_file,
    our_frame,
    plain_page,
    serving,
    size_of_frame,
)
from tests.corpus.results import Kept, Result, digest, is_kept, table
from tests.corpus.running import Reference, refer, repeat

AROUND = (1600, 1000)  # of the page that holds the frame
_LINGER_SECONDS = 1.2
_LONGEST = 200  # of what is said of a refusal
_EMPTY = "<!doctype html><title>Empty</title><p>Empty"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make corpus", description=__doc__)
    parser.add_argument("tools", type=Path, help="a folder of HTML files, one tool a file")
    parser.add_argument("--results", type=Path, help="where results are kept: a run goes on")
    parser.add_argument("--only", default="", metavar="WORD", help="tools with it in their path")
    parser.add_argument("--again", action="store_true", help="what was not the same once more")
    parser.add_argument("--jobs", type=int, default=2, help="tools at once (2)")
    given = parser.parse_args(arguments)
    kept = Kept(given.results or given.tools.resolve().with_name(f"{given.tools.name}-results"))
    files = sorted(given.tools.rglob("*.html"))
    names = [str(file.relative_to(given.tools)) for file in files]
    chosen = [name for name in names if given.only in name]
    if not chosen:
        parser.error(f"no such tools in {given.tools}")
    results = asyncio.run(Corpus(given.tools, kept, again=given.again).run(chosen, given.jobs))
    print("", *table(results), sep="\n")
    return 0 if is_kept(results) else 1


@dataclass
class Corpus:
    folder: Path
    kept: Kept
    again: bool = False

    async def run(self, names: Sequence[str], jobs: int) -> list[Result]:
        """Return what came of each, of earlier runs too."""
        found: dict[str, Result] = {}
        left: list[str] = []
        for name in names:
            known = self.kept.read(name, digest(self._html(name)))
            if known is None or (self.again and not known.is_good):
                left.append(name)
            else:
                found[name] = known
        if left:
            with tempfile.TemporaryDirectory() as data:
                await self._run(left, jobs, Path(data), found)
        return [found[name] for name in names]

    async def _run(self, left: list[str], jobs: int, data: Path, found: dict[str, Result]) -> None:
        total = len(left)
        queue = list(reversed(left))
        async with contextlib.AsyncExitStack() as stack:
            enter = stack.enter_async_context
            # A browser tests only what loads something: of other tools an export needs no report.
            tested = await enter(serving(data / "tested", tests=True))
            plain = await enter(serving(data / "plain", tests=False))

            async def work(number: int) -> None:
                while queue:
                    async with browsing() as browser:
                        bench = Bench(browser, tested, plain, data / f"{number}.html")
                        await bench.measure()
                        while queue:
                            name = queue.pop()
                            result = await bench.result(name, self._html(name))
                            found[name] = result
                            self.kept.write(result)
                            _tell(result, total - len(queue), total)
                            if bench.stuck:  # whatever it hangs in, the next is not to
                                break

            await asyncio.gather(*(work(number) for number in range(min(jobs, total))))

    def _html(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8", errors="replace")


@dataclass
class Bench:
    """One browser that compares one tool after the other. `stuck`: it may not answer any more."""

    browser: Browser
    tested: Server
    plain: Server
    file: Path
    size: tuple[int, int] = AROUND
    stuck: bool = False

    async def measure(self) -> None:
        """Find out how much of the workbench a tool has."""
        tool = await self.plain.put(_EMPTY)
        width, height = await size_of_frame(self.browser, tool, AROUND)
        self.size = (width, height)

    async def result(self, name: str, html: str) -> Result:
        server = self.tested if any(host in html for host in hosts()) else self.plain
        # Put in ahead: it is tested meanwhile.
        exported = await _put(server, html)
        reference = await refer(plain_page(self.browser, html, self.size))
        self.stuck = bool(reference.run.lost)
        found = Result(name, digest(html), reference.unfit, len(reference.acts), reference.lacking)
        if reference.unfit:
            return found
        comparison = _Comparison(self, html, reference)
        await comparison.of("frame", lambda: self._in_frame(html, reference))
        await comparison.of("export", lambda: self._exported(server, exported, reference))
        found.differences.update(comparison.differences)
        return found

    async def referred(self, html: str, reference: Reference) -> Run:
        """Run the reference once more, and see whether it moves by itself."""
        opened = plain_page(self.browser, html, self.size)
        return self._noted(await repeat(opened, reference, linger=_LINGER_SECONDS))

    async def _in_frame(self, html: str, reference: Reference) -> Run:
        tool = await _put(self.plain, html)  # a new one, that has kept nothing yet
        if isinstance(tool, Run):
            return tool
        return self._noted(await repeat(our_frame(self.browser, tool, AROUND), reference))

    async def _exported(self, server: Server, tool: Tool | Run, reference: Reference) -> Run:
        if isinstance(tool, Run):
            return tool
        try:
            text = await server.export(tool)
        except (httpx.HTTPError, TimeoutError) as error:
            return Run(lost=_refusal(error))
        await asyncio.to_thread(self.file.write_text, text, encoding="utf-8", errors="replace")
        opened = exported_file(self.browser, self.file, self.size)
        return self._noted(await repeat(opened, reference))

    def _noted(self, run: Run) -> Run:
        self.stuck = self.stuck or bool(run.lost)
        return run


async def _put(server: Server, html: str) -> Tool | Run:
    """Put a tool into the application; one that it does not take keeps no other from running."""
    try:
        return await server.put(html)
    except httpx.HTTPError as error:
        return Run(lost=_refusal(error))


def _refusal(error: httpx.HTTPError | TimeoutError) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        said = error.response.text
        with contextlib.suppress(ValueError, KeyError, TypeError):
            said = error.response.json()["detail"]
        return f"{error.response.status_code} {said}"[:_LONGEST]
    return f"no answer: {type(error).__name__}"


class _Comparison:
    """Of one tool; a second run of the reference is made only when something differs."""

    def __init__(self, bench: Bench, html: str, reference: Reference) -> None:
        self.differences: dict[str, tuple[Difference, ...]] = {}
        self._bench = bench
        self._html = html
        self._reference = reference
        self._second: Run | None = None

    async def of(self, place: str, run: Callable[[], Awaitable[Run]]) -> None:
        found = self._found(await run())
        if found:
            if self._second is None:
                self._second = await self._bench.referred(self._html, self._reference)
            # What is seen once and not again is chance.
            second = self._found(await run())
            found = min(second, found, key=len)
        if found:
            self.differences[place] = tuple(found)

    def _found(self, run: Run) -> list[Difference]:
        return differences(self._reference.run, self._second, run)


def _tell(result: Result, done: int, total: int) -> None:
    places = (f"{place}: {some[0].cause}" for place, some in result.differences.items())
    told = result.unfit and f"no reference: {result.unfit}"
    told = told or "; ".join(places) or f"the same, {result.acts} acts"
    print(f"{done} of {total}  {result.tool}  {told}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
