"""Take guards away one at a time, in a copy of the tree, and see that the named tests fail.

Exits 1 when one's loss goes unnoticed, or when a test does not hold with all guards in place.

Tests whose servers run in their own process read our scripts anew each time: such guards are tried
in one run of pytest, which this is a plugin of. The others have a run each.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from tests.sandbox.guards import GUARDS, Guard

ROOT = Path(__file__).parents[2]
LEFT_OUT = {"build", "dist", "docs", "node_modules", "screenshots"}
ASKED = "SANDBOX_GUARDS"
"""Names the file that says to the plugin what to run, and where to write what came of it."""
IN_ONE_RUN = (
    "test_host_modules.py",
    "test_page_modules.py",
    "test_frame_guards.py",
    "test_walls.py",
    "test_frame_bridge.py",
)
"""Tests that start no server of ours in another process."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make guards", description=__doc__)
    parser.add_argument(
        "-k", default="", metavar="WORD", help="guards with it in name, file or test"
    )
    parser.add_argument("--jobs", type=int, default=1, help="copies of the tree, used at once (1)")
    given = parser.parse_args(arguments)
    guards = [one for one in GUARDS if one.test and given.k in f"{one.file} {one.name} {one.test}"]
    if not guards:
        parser.error("no guard has this word in its name, file or test")
    together = [one for one in guards if is_quick(one)]
    runs = [[one] for one in guards if one not in together]
    size = max(1, -(-len(together) // given.jobs))
    runs[:0] = [together[at : at + size] for at in range(0, len(together), size)]
    found = run_all(runs, given.jobs)
    counts = {word: sum(one == word for one in found) for word in dict.fromkeys(found)}
    print(", ".join(f"{count} {word}" for word, count in counts.items()))
    return 0 if set(found) == {"noticed"} else 1


def is_quick(guard: Guard) -> bool:
    return guard.file.endswith(".js") and guard.test.split("::")[0].endswith(IN_ONE_RUN)


def run_all(runs: list[list[Guard]], jobs: int) -> list[str]:
    waiting: SimpleQueue[list[Guard]] = SimpleQueue()
    for run in runs:
        waiting.put(run)
    found: list[str] = []

    def work(number: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "tree"
            shutil.copytree(ROOT, copy, ignore=left_out, copy_function=copied, symlinks=True)
            held: dict[str, bool] = {}
            with contextlib.suppress(Empty):
                while True:
                    found.extend(tried(waiting.get_nowait(), copy, held, number))

    workers = [threading.Thread(target=work, args=(number,)) for number in range(jobs)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return found


def left_out(folder: str, names: list[str]) -> set[str]:
    """Name what is not copied; libraries have a `dist`, too."""
    here = LEFT_OUT if Path(folder) == ROOT else set()
    return {name for name in names if name.startswith(".") or name in here}


def copied(source: str, target: str) -> None:
    """Copy a file; of libraries, which are large and which no guard is in, a link will do."""
    if "vendor" in Path(source).parts:
        with contextlib.suppress(OSError):  # on another device, or where there are no links
            os.link(source, target)
            return
    shutil.copy2(source, target)


def tried(guards: list[Guard], copy: Path, held: dict[str, bool], number: int) -> Iterator[str]:
    """Say of each guard what came of its test; `held` tells which tests hold with all guards."""
    unknown = [test for test in dict.fromkeys(one.test for one in guards) if test not in held]
    controls = [{"test": test} for test in unknown]
    steps = [{"test": one.test, "guard": GUARDS.index(one)} for one in guards]
    if is_quick(guards[0]):
        outcomes = ran([*controls, *steps], copy, number)
        held.update((test, next(outcomes) == "passed") for test in unknown)
        for guard in guards:
            yield judged(guard, next(outcomes), holds=held[guard.test])
        return
    if controls:
        held[unknown[0]] = next(ran(controls, copy, number)) == "passed"
    with without(guards[0], copy):
        outcome = next(ran([{"test": guards[0].test}], copy, number))
    yield judged(guards[0], outcome, holds=held[guards[0].test])


def judged(guard: Guard, outcome: str, *, holds: bool) -> str:
    """Print a line of the table and return its first word."""
    word = "noticed" if outcome.startswith("failed") else "unnoticed"
    if not holds:
        outcome = "does not hold with all guards in place"
    if not holds or outcome.startswith("not run"):
        word = "not tried"
    test = guard.test.split("::")[-1]
    print(f"{word:9}  {guard.file}: {guard.name}\n{'':11}{test}: {outcome}", flush=True)
    return word


@contextlib.contextmanager
def without(guard: Guard, copy: Path) -> Iterator[None]:
    """Take it away in the copy."""
    file = copy / guard.file
    whole = file.read_text("utf-8")
    assert whole.count(guard.text) == 1, guard
    aside = file.with_suffix(".aside")
    file.rename(aside)
    try:
        file.write_text(whole.replace(guard.text, guard.becomes), "utf-8")
        yield
    finally:
        aside.replace(file)


def ran(steps: list[dict[str, Any]], copy: Path, number: int) -> Iterator[str]:
    """Run tests in the copy; each outcome is "passed", "failed: …" or "not run: …"."""
    asked, told, log = (copy / name for name in ("asked.json", "told.jsonl", "log.txt"))
    asked.write_text(json.dumps({"steps": steps, "told": str(told)}), "utf-8")
    told.write_text("", "utf-8")
    files = dict.fromkeys(step["test"].split("::")[0] for step in steps)
    environment = {**os.environ, ASKED: str(asked), "PYTHONPATH": str(copy)}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_XDIST_WORKER": f"gw{number}"}
    command = [sys.executable, "-m", "pytest", *files, "-p", "tests.sandbox.unguarded"]
    command += ["-m", "sandbox or not sandbox", "-n", "0", "-q", "-p", "no:cacheprovider"]
    with log.open("w") as out, told.open(encoding="utf-8") as lines:
        run = subprocess.Popen(command, cwd=copy, env=environment, stdout=out, stderr=out)
        for _ in steps:
            ended = False
            while not (line := lines.readline()) and not ended:
                # What was written before it ended is read once more.
                ended = run.poll() is not None
                time.sleep(0.1)
            yield str(json.loads(line)) if line else f"not run: {log.read_text('utf-8')[-2000:]}"
        run.wait()


class Watching:
    """What came of the test that runs."""

    def __init__(self) -> None:
        self.outcome = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and not report.failed:
            self.outcome = self.outcome or report.outcome
        elif report.failed:
            reason = report.longrepr.reprcrash.message.splitlines()[0][:150]  # type: ignore[union-attr]
            # A test that is stopped, or that could not begin, has noticed nothing.
            word = "failed" if report.when == "call" and "Timeout (>" not in reason else "not run"
            self.outcome = f"{word}: {reason}"
        elif report.skipped:
            self.outcome = "not run: it was skipped"


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    asked = os.environ.get(ASKED)
    if asked is None:
        return None
    told = json.loads(Path(asked).read_text("utf-8"))
    watching = Watching()
    session.config.pluginmanager.register(watching)
    for step in told["steps"]:
        watching.outcome = ""
        # With all its cases, where none is named.
        test = (step["test"], f"{step['test']}[")
        items = [
            one for one in session.items if one.nodeid == test[0] or one.nodeid.startswith(test[1])
        ]
        guard = GUARDS[step["guard"]] if "guard" in step else None
        with without(guard, Path.cwd()) if guard else contextlib.nullcontext():
            forget()
            for item in items:
                if watching.outcome not in ("", "passed"):
                    break
                # What a session keeps is kept as long as there is another test to come; what a file
                # keeps is not, since the next test may be of any file.
                others = [one for one in session.items if one is not item]
                elsewhere = [one for one in others if one.path != item.path]
                other = next(iter(elsewhere or others), None)
                session.config.hook.pytest_runtest_protocol(item=item, nextitem=other)
        outcome = watching.outcome or "not run: there is no such test"
        with Path(told["told"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(outcome) + "\n")
    return True


def forget() -> None:
    """Let go of all scripts that were put together."""
    for name, module in [*sys.modules.items()]:
        if name.startswith("sandbox.runtime"):
            for one in vars(module).values():
                if hasattr(one, "cache_clear"):
                    one.cache_clear()


if __name__ == "__main__":
    raise SystemExit(main())
