"""Links ES modules of a library into one script, for places that cannot import one by one. Pure.

All modules share one closure, as flat as they were written: each is put after what it imports, and
a name that two of them declare is renamed in the later one. Only the forms that compilers write
are understood; any other is a `LinkError` and no wrong script.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_IMPORT = re.compile(
    r"^import (?:(?P<default>[\w$]+)(?:, )?)?(?:\{ [\w$]+(?:, [\w$]+)* \})? "
    r'from "(?P<from>[^"]+)";\n',
    re.MULTILINE,
)
_EXPORT_NAME = re.compile(r"^export default ([\w$]+);", re.MULTILINE)
_EXPORT = re.compile(
    r"^export (?P<default>default )?(?=(?:class|function|const|let) )", re.MULTILINE
)
_DEFAULT = re.compile(r"^export default (?:(?:class|function) )?([\w$]+)", re.MULTILINE)
_DECLARED = re.compile(
    r"^(?:export (?:default )?)?(?:class|function|const|let) ([\w$]+)", re.MULTILINE
)
_COMMENT = re.compile(r"^\s*//.*\n|^\s*/\*[\s\S]*?\*/\n", re.MULTILINE)
_LEFT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


class LinkError(ValueError):
    """A module is missing, or written in a form that is not understood."""


def link(modules: Mapping[str, str], exports: Sequence[str]) -> str:
    """Return an expression whose value has the default exports of these modules, by file name.

    `modules` are sources by file name without folders; names of files are unique in a library.
    """
    linking = _Linking(modules)
    for name in exports:
        linking.add(name)
    given = ", ".join(f"{name}: {linking.defaults[name]}" for name in exports)
    body = "\n".join(linking.written)
    return f'(() => {{\n"use strict";\n{body}\nreturn {{ {given} }};\n}})()'


@dataclass
class _Linking:
    modules: Mapping[str, str]
    written: list[str] = field(default_factory=list)
    defaults: dict[str, str] = field(default_factory=dict)
    _begun: set[str] = field(default_factory=set)
    _taken: set[str] = field(default_factory=set)

    def add(self, name: str) -> None:
        if name in self._begun:
            return
        self._begun.add(name)
        source = self._source(name)
        if default := _DEFAULT.search(source):
            self.defaults[name] = default[1]
        imports = list(_IMPORT.finditer(source))
        for one in imports:
            self.add(_file(one["from"]))
        source = self._renamed(_IMPORT.sub("", source), name)
        if default := _DEFAULT.search(source):
            self.defaults[name] = default[1]
        source = _EXPORT.sub("", _EXPORT_NAME.sub("", source)).rstrip()
        if left := _LEFT.search(source):
            raise LinkError(f"{name}.js: {left[0]}")
        aliases = [self._alias(one) for one in imports]
        self.written.append("\n".join([*filter(None, aliases), source]))

    def _source(self, name: str) -> str:
        if name not in self.modules:
            raise LinkError(f"{name}.js is not there")
        return _COMMENT.sub("", self.modules[name] + "\n")

    def _renamed(self, source: str, module: str) -> str:
        for name in _DECLARED.findall(source):
            new = f"{name}${module}" if name in self._taken else name
            if new != name:
                source = re.sub(rf"(?<![\w$.]){re.escape(name)}(?![\w$])", new, source)
            self._taken.add(new)
        return source

    def _alias(self, one: re.Match[str]) -> str:
        """Nothing to say where an import is called what its module calls it."""
        local, module = one["default"], _file(one["from"])
        if not local or local == self.defaults[module] or local in self._taken:
            return ""
        self._taken.add(local)
        return f"const {local} = {self.defaults[module]};"


def _file(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".js")
