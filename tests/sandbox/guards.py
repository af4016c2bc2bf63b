"""Guards of the bridge, the runtime and the server, and which test fails where one is missing.

A guard is a check by which our page, the bridge or the server refuses what a hostile tool sends or
does. Each stands once in its file; `becomes` is what is left of it. `make guards` takes them away one
at a time; directives are in removals.py.
"""
# ruff: noqa: E501 - one line a guard

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

HOST = "sandbox/runtime/host/"
MODULES = "tests/browser/test_host_modules.py::test_"
BRIDGE = "tests/browser/test_bridge_host.py::test_"
TRAPS = "tests/browser/test_traps.py::test_"


@dataclass(frozen=True)
class Guard:
    """`test` is the id of one that must fail; `kept` says why none can, where the guard stays."""

    name: str
    file: str
    text: str
    becomes: str = ""
    test: str = ""
    kept: str = ""


def of(file: str, test: str, *rows: tuple[str, ...]) -> Iterator[Guard]:
    """Read a file's rows: name, text, what it becomes, and the end of the test's id unless one is named for all."""
    for name, text, becomes, *more in rows:
        yield Guard(name, file, text, becomes, test + "".join(more))


def kept(file: str, *rows: tuple[str, str, str]) -> Iterator[Guard]:
    """Read rows of guards that no test can notice: name, text, and why they stay."""
    for name, text, why in rows:
        yield Guard(name, file, text, kept=why)


# fmt: off
GUARDS = (
    *of(f"{HOST}arming.js", f"{MODULES}a_button_that_grants_counts_once_nobody_has_pressed_anywhere",
        ("a click at once", "armed !== Infinity && (detail", "(detail"),
        ("a press that began before", "(detail === 0 || pressed >= armed)", "true"),
        ("a press meanwhile", "for (const restart of waiting) restart();", ""),
        ("a press in our page", 'if (waiting.size === 0) document.addEventListener("pointerdown", startAnew, true);', ""),
        ("a page that was not there", "if (now - last < ON_TIME_MS) left -= 1;", "left -= 1;"),
    ),
    *of(f"{HOST}doorman.js", f"{MODULES}the_door_opens_to_the_newest_document_and_keeps_no_more_waiting_than_it_may",
        ("the key", "const isKey = event.data === told.key;", "const isKey = true;"),
        ("one port with the key", "isKey && ports.length === 1", "isKey && ports.length > 0"),
        ("one word of a port", "port.onmessage = null;\n    port.close();\n    waiting", "waiting"),
        ("many ports at the door", "if (ports.length > told.mostPorts) worker.postMessage({}, []);", ""),
        ("a document that is gone", "data.at > newest", "data.at > 0"),
        ("how many wait", "if (waiting.size === told.mostWaiting) {", "if (told === null) {"),
    ),
    *of(f"{HOST}doorman.js", f"{MODULES}what_takes_long_to_read_at_the_door_is_a_flood",
        ("the time of reading at the door", "if (spent > told.mostMs) worker.postMessage({}, []);", ""),
        ("the share of the time at the door", "(from - last) * told.share", "(from - last)"),
    ),
    *of(f"{HOST}downloads.js", f"{MODULES}three_files_are_written_between_two_acts_and_none_of_a_kind_that_opens",
        ("bytes alone are saved", "if (!(blob instanceof Blob)) return false;", ""),
        ("how many files", "written <= MAX_FILES", "written"),
        ("a file of no kind that opens", 'new Blob([blob], { type: "application/octet-stream" })', "blob"),
    ),
    *of(f"{HOST}downloads.js", f"{MODULES}a_files_name_is_only_a_name",
        ("a name that is text", 'typeof wish === "string" ? wish : ""', "`${wish}`"),
        ("letters that hide others", '.replace(INVISIBLE, "")', ""),
        ("letters of a path", '.replace(/[\\\\/:*?"<>|]/g, "_")', ""),
        ("dots and spaces at an end", '.replace(/^[.\\s]+|[.\\s]+$/g, "")', ""),
        ("names of devices", '.replace(RESERVED, "_$&")', ""),
        ("the length of a name", "if (name.length <= MAX_NAME) return name;", "return name;"),
    ),
    *of(f"{HOST}floods.js", f"{MODULES}a_flood_is_counted_whoever_in_the_frame_posts_it",
        ("how many messages", "if (heard > max) exceeded();", ""),
        ("messages that are posted", "bounded(MAX_POSTED, end)", "() => {}"),
        ("messages of the port", "bounded(MAX_BY_PORT, end)", "() => {}"),
        ("ports beside a message", "count(1 + ports.length)", "count(1)"),
        ("messages of nested documents and of some that are gone", "found ? [found] : [...watched.values()]", "found && source.parent === window ? [found] : []"),
        ("a flood that slows the page down", "const now = calm();", "const now = performance.now();"),
    ),
    *kept(f"{HOST}floods.js",
        ("how deep a nested document is looked for", "depth < MAX_DEPTH", "browsers nest no deeper; it ends a loop that should one not end by itself"),
    ),
    *of(f"{HOST}focus.js", f"{MODULES}a_box_of_ours_keeps_the_focus_unless_a_press_of_just_now_led_away",
        ("the focus is taken back", "else if (at === frame) giveTo(lost);", "else release();"),
        ("how often the focus is taken", "if (taken > MAX_TAKEN) ended();", ""),
        ("the keyboard is not free in a box of ours", "box === null && lost === null", "true"),
        ("how long a press leads away", "gone - press < LEADS_MS", "true"),
        ("a key after the press", "since = typed;", ""),
        ("a press from before the box", "at < since || typed", "typed"),
        ("a press from before a key", " || typed - at > PRESS_MS", ""),
        ("a press in a tool delays what grants", "startAnew();", ""),
    ),
    *of(f"{HOST}limits.js", f"{MODULES}entries_and_loads_without_an_act_are_counted",
        ("how many loads", "if (loads >= MAX_LOADS) exceeded.loads();", ""),
        ("how many entries", "if (history.length - length > MAX_ENTRIES) exceeded.entries();", ""),
        ("entries of before the module", "Number(document.documentElement.dataset.entries) || history.length", "history.length"),
        ("entries to go back over", "Math.max(0, history.length - length)", "0"),
    ),
    *of(f"{HOST}links.js", f"{MODULES}an_address_is_asked_about_one_at_a_time_and_only_of_a_kind_that_leads_outside",
        ("an address that is text", 'typeof text !== "string" || ', ""),
        ("the length of an address", "text.length > MAX_ADDRESS", "false"),
        ("kinds of addresses", " && SCHEMES.has(address.protocol)", ""),
        ("one question at a time", "!asking && ", ""),
        ("three refusals", "!isNagging() && ", ""),
        ("a person's act", " && navigator.userActivation.isActive", ""),
        ("a click that was not for Open", "counts(event) && dialog.close", "dialog.close"),
        ("Enter stays here", "stay.autofocus", "go.autofocus"),
    ),
    *kept(f"{HOST}links.js",
        ("no opener and no referrer", 'link.rel = "noopener noreferrer";', "a new tab by `_blank` has no opener in any engine that is tested, and our pages' own policy sends no referrer"),
    ),
    *of(f"{HOST}nested.js", f"{MODULES}a_nested_document_gets_one_port_for_one_question_and_tells_of_presses_that_were",
        ("a question from below the frame", "|| !isBelow(source)", "|| !source"),
        ("one port for a question", "if (asking.length > 1) return;", ""),
        ("how many ports are kept", "if (ports.length === MAX_PORTS) forget(ports.shift());", ""),
        ("who is forgotten believes that a box is used", "port.postMessage(false);", ""),
        ("a press that was", "if (data >= 0) pressed(data);", "pressed(data);"),
        ("words of nested documents are counted", "heard();", ""),
    ),
    *of(f"{HOST}port.js", f"{MODULES}a_port_is_the_frames_own_and_what_comes_through_it_is_counted_and_checked",
        ("a port from the frame", "if (source !== frame.contentWindow) return;", ""),
        ("one port", "if (ports.length === 1) {", "if (ports.length > 0) {"),
        ("many ports", "if (ports.length > MOST_PORTS) flooded();", ""),
        ("a document that is gone speaks no more", "port?.close();\n      port = bridge;", "port = bridge;"),
        ("all is counted", "heard();", ""),
        ("what is heavy to read", "const data = read(event);", "const { data } = event;"),
        ("a kind that is text", 'typeof type === "string" && ', ""),
        ("a kind of our own", "Object.hasOwn(handlers, type)", "type in handlers"),
        ("how many at once", "if (left < 1) return false;", ""),
        ("each kind by itself", "const kind = known && !REPORTS.has(type) ? type : ", "const kind = "),
    ),
    *of(f"{HOST}stored.js", f"{MODULES}what_a_tool_stores_is_of_its_shape_and_waits_until_the_tool_is_seen",
        ("an area of ours", "if (area !== SESSION && !AREAS.includes(area)) return false;", ""),
        ("a number", "!Number.isSafeInteger(n) || ", ""),
        ("a list of changes", "!Array.isArray(changes) || ", ""),
        ("how many changes", " || changes.length > MOST_CHANGES", ""),
        ("two parts of a change", " || change.length !== 2", ""),
        ("a key that is text", 'typeof key === "string" && ', ""),
        ("a value that is text or nothing", '(value === null || typeof value === "string")', "true"),
        ("a document that is on its way out", "if (frame.muted) return true;", ""),
        ("a version that nobody has seen", "if (frame.held) {", "if (frame === null) {"),
    ),
    *of(f"{HOST}watchdog.js", f"{MODULES}a_bridge_that_does_not_answer_is_told_of_also_when_it_said_that_it_leaves",
        ("no answer", "asked !== null && now - asked > PATIENCE_MS", "asked === 0"),
        ("a leave that never ends", "if (resting && ticksLeft > 0) return;", "if (resting) return;"),
    ),
    *of(f"{HOST}weighing.js", f"{MODULES}what_takes_long_to_read_is_too_much_in_the_long_run_and_one_stall_is_not",
        ("the time of reading", "spent <= MOST_READING_MS && ", ""),
        ("the share of the time", "(from - last) * READING_SHARE", "(from - last)"),
    ),
    *of(f"{HOST}weighing.js", f"{MODULES}what_has_more_parts_than_a_bridge_sends_is_too_heavy_in_whatever_holds_them",
        ("how many parts", " && isLight(data)", ""),
        ("parts of parts", "parts.push(...own);", ""),
        ("parts of maps and sets", "if (value instanceof Map || value instanceof Set) return [...value.entries()].flat();", ""),
        ("parts of objects", "? Object.values(value) : [];", "? [] : [];"),
    ),
)
# fmt: on
