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
FOCUS = "in Firefox, a tool that takes the focus again every 50 ms ends up with it"
PASTE = "WebKitGTK's own menu for pasting waits for a person, and the page with it"
HINTS = "the engine takes a preconnect that a script adds before any script can take it away"

REMAINING: dict[str, dict[str, str]] = {
    "chromium": {},
    "firefox": {
        **dict.fromkeys(
            (
                "area",
                "base-target",
                "blank",
                "blank-named",
                "control-click",
                "control-click-in-a-closed-root",
                "control-click-in-a-used-drawing",
                "control-enter",
                "dns-of-hovered-link",
                "download",
                "link",
                "link-by-keyboard",
                "link-changes-under-the-click",
                "link-top",
                "middle-click",
                "shift-click",
                "shift-click-animated",
                "shift-click-shadow",
                "shift-click-stopped",
                "svg-link",
            ),
            LINKS,
        ),
        **dict.fromkeys(
            ("elements", "loop", "loop-in-a-nested-frame", "microtasks", "unload-spin"), ALONE
        ),
        **dict.fromkeys(("focus-again-and-again", "focus-of-a-frame"), FOCUS),
        "preconnect-anonymous": HINTS,
        "refreshes": "the eleventh document, which ends the tool, may load before it goes",
    },
    "webkit": {
        **dict.fromkeys(
            (
                "elements",
                "heavy-message-by-an-offered-port",
                "heavy-message-by-the-bridge-itself",
                "loop",
                "loop-in-a-nested-frame",
                "microtasks",
                "unload-spin",
            ),
            ONE_PROCESS,
        ),
        **dict.fromkeys(("clipboard-read", "clipboard-read-items"), PASTE),
        "navigated-nested-frame": "our page hears late of entries that a nested document makes",
        "preconnect-anonymous": HINTS,
    },
}
"""Attacks that succeed, by engine."""

SOMETIMES: dict[str, set[str]] = {
    "chromium": set(),
    "firefox": {
        "focus-again-and-again",
        "focus-of-a-frame",
        "loop-in-a-nested-frame",
        "refreshes",
        "shift-click-animated",
    },
    "webkit": {"clipboard-read", "clipboard-read-items", "navigated-nested-frame"},
}
"""Those of them that a race decides."""

BROKEN: dict[str, dict[str, str]] = {
    "chromium": {},
    "firefox": {
        "drag-and-drop": "its driver begins no drag",
        "print": "its dialog waits for a person",
        "web-audio": "no sound on the machine that measured",
        "webgl": "no graphics on the machine that measured",
    },
    "webkit": {
        "audio-worklet-parts": "its worklets import past the policy, so they import nothing here",
        "drag-and-drop": "its driver begins no drag",
    },
}
"""Probes that did not work, by engine."""
