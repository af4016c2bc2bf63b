"""What Playwright turns off in Chromium stays off where we say what else is."""

from __future__ import annotations

import re
from pathlib import Path

import playwright

from sandbox.smoke.switches import FEATURES_OFF, NOT_PLAYWRIGHTS


def test_nothing_that_playwright_turns_off_is_forgotten() -> None:
    bundle = Path(playwright.__file__).parent / "driver/package/lib/coreBundle.js"
    source = bundle.read_text(encoding="utf-8")
    [told] = re.findall(r"\bdisabledFeatures = \[(.*?)\]", source, re.DOTALL)
    theirs = re.findall(r'^\s*"(\w+)"', told, re.MULTILINE)
    assert len(theirs) > 10
    assert set(theirs) <= set(FEATURES_OFF)
    assert all(f'"{switch}"' in source for switch in NOT_PLAYWRIGHTS)
