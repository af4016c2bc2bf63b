"""Our pages' modules as one file, so that a page asks once and not for each of them.

Each module becomes a function that is run when it is first used; a script element's `data-entry`
names the one that begins. No line of theirs moves into another, and no name is changed.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

_IMPORT = re.compile(
    r"""^import\s+(?:(\{[^}]*\}|\*\s+as\s+[\w$]+)\s+from\s+)?["'](\.{1,2}/[\w./-]+)\.js["'];?""",
    re.MULTILINE,
)
# What a word is no part of is looked at last: a search for plain letters is many times as quick.
_DYNAMIC = r"import\((?<![\w$]import\()"
_LATER = re.compile(rf"""{_DYNAMIC}["'](\.{{1,2}}/[\w./-]+)\.js["']\)""")
_EXPORT = re.compile(
    r"^export\s+(?=(?:async\s+function\*?|function\*?|class|const)\s+([\w$]+))", re.MULTILINE
)
_LEFT = (
    re.compile(r"^(?:(?:import|export)\b|(?:(?:const|let)\b[^=\n]*=\s*)?await\b).*", re.MULTILINE),
    re.compile(rf"{_DYNAMIC}.*"),
)
_AS = re.compile(r"\s+as\s+")
_BEFORE_AS = re.compile(r"[{,]\s*([\w$]+)")

_HEAD = """const ready = new Map();
const modules = {
"""
_TAIL = """};
function __use(name) {
  if (!ready.has(name)) ready.set(name, modules[name]());
  return ready.get(name);
}
__use(document.querySelector("script[data-entry]").dataset.entry);
"""


class CannotJoinError(Exception):
    """A module is written in a way that cannot be joined; the message names it and says how."""


def join(sources: Mapping[str, str]) -> str:
    """Join modules into one that begins with the entry its page names.

    `sources` are texts by name (`"home"`, `"host/port"`); a module imports another by a relative
    address, names in braces or none, and exports functions, classes and constants where it declares
    them. Raises `CannotJoinError` for what is written otherwise, for a module that is not there,
    and where modules need each other in a circle.
    """
    exports = {name: _exports(text) for name, text in sources.items()}
    needed = {name: _needed(name, text, exports) for name, text in sources.items()}
    try:
        TopologicalSorter(needed).prepare()
    except CycleError as error:
        message = f"modules need each other in a circle: {' → '.join(reversed(error.args[1]))}"
        raise CannotJoinError(message) from error
    joined = "".join(
        f"{json.dumps(name)}() {{\n{_function(name, text, exports[name])}}},\n"
        for name, text in sources.items()
    )
    return f"{_HEAD}{joined}{_TAIL}"


def _exports(text: str) -> list[str]:
    return [match[1] for match in _EXPORT.finditer(text)]


def _needed(name: str, text: str, exports: Mapping[str, Sequence[str]]) -> list[str]:
    """List what a module imports before it runs."""
    found = []
    for match in _IMPORT.finditer(text):
        other = _there(name, match[2], exports)
        found.append(other)
        names = match[1] if match[1] and match[1].startswith("{") else ""
        for one in _BEFORE_AS.findall(names):
            if one not in exports[other]:
                message = f"{name}.js imports {one}, which {other}.js does not export"
                raise CannotJoinError(message)
    for match in _LATER.finditer(text):
        _there(name, match[1], exports)
    return found


def _there(name: str, written: str, exports: Mapping[str, Sequence[str]]) -> str:
    other = _named(name, written)
    if other not in exports:
        message = f"{name}.js imports {other}.js, which is not there"
        raise CannotJoinError(message)
    return other


def _named(name: str, written: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), written))


def _function(name: str, text: str, exports: Sequence[str]) -> str:
    def imported(match: re.Match[str]) -> str:
        used = f"__use({json.dumps(_named(name, match[2]))});"
        if match[1] is None:
            return used
        return f"const {_AS.sub(': ', match[1].removeprefix('* as '))} = {used}"

    def later(match: re.Match[str]) -> str:
        return f"(async () => __use({json.dumps(_named(name, match[1]))}))()"

    body = _LATER.sub(later, _IMPORT.sub(imported, _EXPORT.sub("", text)))
    for pattern in _LEFT:
        if left := pattern.search(body):
            message = f"{name}.js has “{left[0].strip()}”, which cannot be joined"
            raise CannotJoinError(message)
    return f"{body}\nreturn {{ {', '.join(exports)} }};\n"
