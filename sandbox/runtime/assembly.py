"""Puts the runtime's JavaScript together for a frame, for the page around it and for exports.

The files of a frame are plain classic scripts without a build step, put into one closure; those
of `host/` are ES modules, which our pages import one by one and the page around a tool opened
alone gets in one closure too. Everywhere: semicolons, comments on lines of their own, no template
literal across lines. That makes it safe to drop comments and to join lines, so that the frame's
prefix is one line and a tool's own lines stay countable.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from importlib.resources import files
from pathlib import Path

from sandbox.libraries import vendored
from sandbox.libraries.addresses import hosts
from sandbox.libraries.linking import link

FRAME_PREFIX_LINES = 1
"""Lines that stand before the tool's own document; reports.js subtracts the same number."""

HOST_MODULES = Path(str(files(__package__))) / "host"
"""ES modules for pages that hold a tool: the other end of what runs in its frame."""

# In the order in which they run: natives first, the hand-over last.
_FRAME = (
    "natives.js",
    "channel.js",
    "acts.js",
    "traps.js",
    "keys.js",
    "walls.js",
    "storage.js",
    "indexed.js",
    "stored.js",
    "cookies.js",
    "reports.js",
    "asked.js",
    "downloads.js",
    "addresses.js",
    "libraries.js",
    "workers.js",
    "sockets.js",
    "nested.js",
    "start.js",
)
_DATABASES = ("values.js", "classes.js", "keeping.js")
_LIBRARY_CLASSES = (
    "FDBFactory",  # first: its modules import each other in circles, and this way in is theirs
    "Database",
    "FakeEvent",
    "FakeEventTarget",
    "FDBCursor",
    "FDBCursorWithValue",
    "FDBDatabase",
    "FDBIndex",
    "FDBKeyRange",
    "FDBObjectStore",
    "FDBOpenDBRequest",
    "FDBRecord",
    "FDBRequest",
    "FDBTransaction",
    "FDBVersionChangeEvent",
    "forceCloseDatabase",
    "Index",
    "ObjectStore",
)
_KEY = "{bridge-key}"
_FOLDER = "{libraries}"
_CDNS = "{cdns}"
_MAPS = "{maps}"
_IMPORT = re.compile(r'^import [^;"]*"\./(?:host/)?([\w-]+\.js)";\n', re.MULTILINE)


def frame_prefix(key: str, snapshot: str = "", folder: str = "", *, maps: bool = False) -> str:
    """What precedes every tool: the doctype, and the bridge before any of the tool's code.

    `key` is what the bridge shows to the page around it (letters and digits). `snapshot` is what
    localStorage holds at the start, as `sandbox.stored.to_json` writes it; the script takes it.
    `folder` is the address of the libraries, empty where a tool has none. `maps`: the browser takes
    several import maps, so one of ours can stand before the tool's own.
    """
    assert re.fullmatch(r"[\w:/.-]*", folder, re.ASCII), "stands in a script"
    assert key.isalnum(), "stands in a script"
    assert "<" not in snapshot, "could end its element"
    assert "\n" not in snapshot, "would move the tool's lines"
    kept = f'<script type="application/json">{snapshot}</script>' if snapshot else ""
    script = _frame_script().replace(_FOLDER, folder).replace(_MAPS, "1" if maps else "")
    script = script.replace(_KEY, key)
    return f"<!doctype html>{kept}<script>{script}</script>\n"


@cache
def _frame_script() -> str:
    script = _closure(*map(_read, _FRAME))
    assert script.count(_KEY) == 1, "the key is shown in one place"
    return script.replace(_CDNS, " ".join(sorted(hosts())))


@cache
def alone_script() -> str:
    """The other end of the bridge, for the page that holds a tool opened alone."""
    return _closure(*_with_imports("alone.js"))


@cache
def alone_style() -> str:
    return files(__package__).joinpath("alone.css").read_text("utf-8")


@cache
def databases_script() -> str:
    """What indexed.js runs at a tool's first use of IndexedDB; its value is `openDatabases`.

    Where the library has not been fetched, no database opens.
    """
    modules = vendored("fake-indexeddb@6.2.8")
    if not modules:
        return _read("databases/missing.js")
    modules["scheduling"] = _read("databases/scheduling.js")
    own = "\n".join(_read(f"databases/{name}") for name in _DATABASES)
    names = ", ".join(_LIBRARY_CLASSES)
    return (
        f'(() => {{\n"use strict";\nconst {{ {names} }} = {link(modules, _LIBRARY_CLASSES)};\n'
        f"{own}\nreturn openDatabases;\n}})()\n//# sourceURL=indexeddb.js"
    )


def export_shim(storage_prefix: str, *, carries: bool = False, restores: bool = False) -> str:
    """Return the script of an exported file; `storage_prefix` keeps files from sharing storage.

    `carries`: the element before it holds what the file carries of libraries. `restores`: the one
    before that, if there are two, holds what the tool has stored.
    """
    prefix = json.dumps(storage_prefix).replace("<", "\\u003c")
    shim: tuple[str, ...] = ("storage.js", "cookies.js", "history.js", "sockets.js", "export.js")
    if carries:
        shim = ("natives.js", "addresses.js", "carried.js", *shim)
    if restores:
        shim = (*shim, "databases/values.js", "brought.js", "restored.js")
    gone = "document.currentScript.remove();"
    return _closure(f"const STORAGE_PREFIX = {prefix};", *map(_read, shim), gone)


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _with_imports(entry: str) -> list[str]:
    """Return the sources of a module and of all that it imports, each once and before its use."""
    sources: dict[str, str] = {}

    def gather(name: str) -> None:
        source = _read(name)
        for imported in _IMPORT.findall(source):
            if f"host/{imported}" not in sources:
                gather(f"host/{imported}")
        sources[name] = re.sub(r"^export ", "", _IMPORT.sub("", source), flags=re.MULTILINE)

    gather(entry)
    return list(sources.values())


_TOP = re.compile(r"^(?:export )?(?:async )?(?:const|let|class|function)\*? ([\w$]+)", re.MULTILINE)


def _closure(*sources: str) -> str:
    names = Counter(name for source in sources for name in _TOP.findall(source))
    twice = [name for name, times in names.items() if times > 1]
    assert not twice, f"the script would not run: {', '.join(twice)} stands in several files"
    body = " ".join(map(_squeeze, sources))
    script = f'(() => {{ "use strict"; {body} }})();'
    assert "</script" not in script, "would end the script element early"
    assert "<!--" not in script, "would hide the end of the script element"
    return script


def _squeeze(source: str) -> str:
    bare = re.sub(r"^\s*/\*.*?\*/", "", source, flags=re.MULTILINE | re.DOTALL)
    lines = [line.strip() for line in bare.splitlines()]
    code = [line for line in lines if line and not line.startswith("//")]
    assert not any(" // " in line for line in code), "would comment out what follows"
    return " ".join(code)
