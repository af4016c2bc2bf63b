"""What still gets through, engine by engine, and what does not work: each with its reason.

A name here says that the attack succeeds in that engine, in the workbench or opened alone, and its
test fails once it no longer does. docs/sandbox-tests.md names them for people.
"""

from __future__ import annotations

LINKS = (
    "over http, Firefox looks up the name of a link that the pointer or the focus is on, and opens"
    " a connection ahead; nothing is sent on it"
)
ALONE = "opened alone, the tool and the page around it share a process: its own tab stands still"
ONE_PROCESS = "WebKitGTK has one process for the page and the tool in it"
HINTS = "the engine takes a preconnect that a script adds before any script can take it away"

REMAINING: dict[str, dict[str, str]] = {
    "chromium": {},
    "firefox": {
        **dict.fromkeys(
            (
                "area",
                "blank",
                "blank-named",
                "control-click",
                "control-enter",
                "dns-of-hovered-link",
                "download",
                "link",
                "link-by-keyboard",
                "link-changes-under-the-click",
                "link-top",
                "middle-click",
                "shift-click",
                "shift-click-shadow",
                "shift-click-stopped",
                "svg-link",
            ),
            LINKS,
        ),
        **dict.fromkeys(
            ("elements", "loop", "loop-in-a-nested-frame", "microtasks", "unload-spin"), ALONE
        ),
        "preconnect-anonymous": HINTS,
    },
    "webkit": {
        **dict.fromkeys(("loop", "loop-in-a-nested-frame"), ONE_PROCESS),
        "preconnect-anonymous": HINTS,
    },
}
"""Attacks that succeed, by engine."""

SOMETIMES: dict[str, set[str]] = {"chromium": set(), "firefox": set(), "webkit": set()}
"""Those of them that a race decides."""

BROKEN: dict[str, dict[str, str]] = {"chromium": {}, "firefox": {}, "webkit": {}}
"""Probes that do not work, by engine."""
