"""The watch tells a page that a tool holds from a machine that has no time for anybody."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from sandbox.prove.cases import Attack, Canary, Kind
from tests.sandbox.drivers import ENGINE, open_driver
from tests.sandbox.drivers.page import Page
from tests.sandbox.watch import FROZEN_SECONDS, SHARED_SECONDS, Watch

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or ENGINE != "chromium", reason="stops processes of Chromium"
)

ATTACK = Attack(name="none", kind=Kind.FORMS, says="does nothing", html="")


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with open_driver(None, tmp_path) as driver, driver.page(ATTACK) as page:
        yield page


async def test_a_page_that_is_held_is_frozen_and_one_that_nobody_let_run_is_not(
    page: Page,
) -> None:
    watch = Watch(page, None)  # type: ignore[arg-type]  # nothing of this is heard outside
    await watch.go("data:text/html,<title>Ours</title>")
    assert not await watch.sees(Canary.FROZEN, 0.1)

    renderers = processes(b"--type=renderer")
    signal_all(renderers, signal.SIGSTOP)
    asyncio.get_running_loop().call_later(
        FROZEN_SECONDS + 2 * SHARED_SECONDS, signal_all, renderers, signal.SIGCONT
    )
    assert not await watch.sees(Canary.FROZEN, 0.1), "an idle page was as silent"

    await page.evaluate("void setTimeout(() => { for (;;); })")
    assert await watch.sees(Canary.FROZEN, 0.1)


def processes(kind: bytes) -> list[int]:
    """Those that a browser of ours started, by a word of their command line."""
    parents, wanted = dict(_parents()), []
    for pid in parents:
        above = pid
        while above in parents:
            above = parents[above]
            if above == os.getpid():
                wanted.append(pid)
                break
    found = []
    for pid in wanted:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if kind in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    assert found
    return found


def _parents() -> Iterator[tuple[int, int]]:
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            yield int(entry.name), int((entry / "stat").read_text().rpartition(")")[2].split()[1])


def signal_all(pids: list[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
