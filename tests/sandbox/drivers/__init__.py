"""The browsers that attacks and probes are run in, each engine by a driver of its own."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

from sandbox.prove.canaries import NameServer
from tests.sandbox.drivers.page import Driver

ENGINE = os.environ.get("SANDWRIGHT_ENGINE", "chromium")
"""Which one this run is about; `make engines` sets it."""


@contextlib.asynccontextmanager
async def open_driver(names: NameServer | None, folder: Path) -> AsyncIterator[Driver]:
    """Open the driver of this run's engine; its browsers ask the name server, if there is one."""
    if ENGINE == "firefox":
        from tests.sandbox.drivers.firefox import open_firefox as opened  # noqa: PLC0415
    elif ENGINE == "webkit":
        from tests.sandbox.drivers.webkit import open_webkit as opened  # noqa: PLC0415
    else:
        from tests.sandbox.drivers.chromium import open_chromium as opened  # noqa: PLC0415
    async with opened(names, folder) as driver:
        yield driver
