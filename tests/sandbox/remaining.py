"""What still gets through, engine by engine, and what does not work: each with its reason.

A name here says that the attack succeeds in that engine, in the workbench or opened alone, and its
test fails once it no longer does. docs/sandbox-tests.md names them for people.
"""

from __future__ import annotations

REMAINING: dict[str, dict[str, str]] = {"chromium": {}, "firefox": {}, "webkit": {}}
"""Attacks that succeed, by engine."""

SOMETIMES: dict[str, set[str]] = {"chromium": set(), "firefox": set(), "webkit": set()}
"""Those of them that a race decides."""

BROKEN: dict[str, dict[str, str]] = {"chromium": {}, "firefox": {}, "webkit": {}}
"""Probes that do not work, by engine."""
