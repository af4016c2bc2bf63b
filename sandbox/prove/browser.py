"""A browser of ours like a person's, for attacks: hints are taken, and names are asked of us.

Playwright switches off what attacks use; here it is on again. A profile on disk, since private
windows take no hints (preconnect, prefetch, lookups ahead).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, async_playwright

from sandbox.prove.canaries import NameServer, pointed_at
from sandbox.smoke.switches import SWITCHES

# Playwright switches hints and fakes off that people's browsers have.
HUSHING = ["--disable-background-networking", "--disable-popup-blocking"]
FLAGS = ["--disable-gpu", "--no-first-run", "--disable-component-update", "--disable-sync"]
FLAGS += ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
POWERS = ["camera", "clipboard-read", "clipboard-write", "geolocation", "local-fonts"]
POWERS += ["microphone", "midi", "notifications", "screen-wake-lock"]
"""Granted by the browser to every page, so that it is our walls alone that withhold them."""


def options(browser: Path, names: NameServer | None, folder: Path) -> dict[str, Any]:
    """Return what Playwright launches it with; files of its own go into the folder."""
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return {
        "executable_path": pointed_at(names, str(browser), folder),
        "args": [*SWITCHES, *FLAGS, *(["--no-sandbox"] if as_root else [])],
        "ignore_default_args": HUSHING,
    }


@contextlib.asynccontextmanager
async def open_daily(
    browser: Path, names: NameServer | None, folder: Path
) -> AsyncIterator[BrowserContext]:
    """Open it with a fresh profile. Raises Playwright's `Error` when it does not start."""
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            folder / "profile",
            viewport={"width": 1000, "height": 700},
            geolocation={"latitude": 1, "longitude": 1},
            **options(browser, names, folder),
        )
        try:
            context.set_default_timeout(10_000)
            await context.grant_permissions(POWERS)
            yield context
        finally:
            await context.close()
