"""Our pages' modules as one file, so that a page asks once and not for each of them.

Each module becomes a function that is run when it is first used; a script element's `data-entry`
names the one that begins. No line of theirs moves into another, and no name is changed.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping

_IMPORT = re.compile(
    r"""^import\s+(?:(\{[^}]*\}|\*\s+as\s+[\w$]+)\s+from\s+)?["'](\.{1,2}/[\w./-]+)\.js["'];?""",
    re.MULTILINE,
)
_LATER = re.compile(r"""\bimport\(["'](\.{1,2}/[\w./-]+)\.js["']\)""")
_EXPORT = re.compile(
    r"^export\s+(?=(?:async\s+function\*?|function\*?|class|const)\s+([\w$]+))", re.MULTILINE
)
_LEFT = re.compile(
    r"^(?:import|export)\b.*|\bimport\(.*|^(?:(?:const|let)\b[^=\n]*=\s*)?await\b.*", re.MULTILINE
)
_AS = re.compile(r"\s+as\s+")

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
    needed = {name: _needed(name, text, sources) for name, text in sources.items()}
    for name, text in sources.items():
        _refuse_circle(name, needed, ())
        _refuse_unknown(name, text, sources)
    joined = "".join(
        f"{json.dumps(name)}() {{\n{_function(name, text)}}},\n" for name, text in sources.items()
    )
    return f"{_HEAD}{joined}{_TAIL}"


def _needed(name: str, text: str, sources: Mapping[str, str]) -> tuple[str, ...]:
    found = tuple(_named(name, match[2]) for match in _IMPORT.finditer(text))
    for other in (*found, *(_named(name, match[1]) for match in _LATER.finditer(text))):
        if other not in sources:
            message = f"{name}.js imports {other}.js, which is not there"
            raise CannotJoinError(message)
    return found


def _named(name: str, written: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), written))


def _refuse_circle(
    name: str, needed: Mapping[str, tuple[str, ...]], above: tuple[str, ...]
) -> None:
    if name in above:
        message = f"modules need each other in a circle: {' → '.join([*above, name])}"
        raise CannotJoinError(message)
    for other in needed[name]:
        _refuse_circle(other, needed, (*above, name))


def _refuse_unknown(name: str, text: str, sources: Mapping[str, str]) -> None:
    for match in _IMPORT.finditer(text):
        other = _named(name, match[2])
        given = {found[1] for found in _EXPORT.finditer(sources[other])}
        wanted = match[1].strip("{} \n") if match[1] and match[1].startswith("{") else ""
        for one in filter(None, (part.strip() for part in wanted.split(","))):
            if one.split()[0] not in given:
                message = f"{name}.js imports {one.split()[0]}, which {other}.js does not export"
                raise CannotJoinError(message)


def _function(name: str, text: str) -> str:
    def imported(match: re.Match[str]) -> str:
        used = f"__use({json.dumps(_named(name, match[2]))});"
        if match[1] is None:
            return used
        return f"const {_AS.sub(': ', match[1].removeprefix('* as '))} = {used}"

    def later(match: re.Match[str]) -> str:
        return f"(async () => __use({json.dumps(_named(name, match[1]))}))()"

    exported = [match[1] for match in _EXPORT.finditer(text)]
    body = _LATER.sub(later, _IMPORT.sub(imported, _EXPORT.sub("", text)))
    if left := _LEFT.search(body):
        message = f"{name}.js has “{left[0].strip()}”, which cannot be joined"
        raise CannotJoinError(message)
    return f"{body}\nreturn {{ {', '.join(exported)} }};\n"
