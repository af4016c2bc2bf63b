"""Libraries that a person had fetched and that tools use: an archive names them, and brings none.

Nothing here fetches anything: who imports is told which are missing, and what adds just those.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.own_command import own_command
from server.everything import lines
from server.everything.lines import DamagedError
from server.wording import shortened

if TYPE_CHECKING:
    from sandbox.libraries.manifest import Library

FILE = "libraries.json"
MOST_BYTES = 4 * 1024**2
_MOST = 1_000
_MOST_TOOLS = 100  # that are named of one library
_MOST_NAMED = 20  # in one sentence
_CDNJS = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Needed:
    """`cdnjs` is its name at cdnjs, if that is another. `tools` are ids of some that use it."""

    name: str
    version: str
    integrity: str
    cdnjs: str | None = None
    tools: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.name}@{self.version}"

    @property
    def address(self) -> str:
        """Where a CDN has it, by the name that tools have for it."""
        if self.cdnjs is None:
            return f"https://cdn.jsdelivr.net/npm/{self.id}"
        return f"https://cdnjs.cloudflare.com/ajax/libs/{self.cdnjs}/{self.version}/package.json"

    @property
    def command(self) -> str:
        spelled = self.id if self.cdnjs is None else self.address
        return own_command(f"libraries add {spelled}#{self.integrity}")


@dataclass(frozen=True, slots=True)
class Lacking:
    """One that is missing here. `add` is a command, and a request with `address` does the same.

    Neither is there where another archive of this name and version is here.
    """

    name: str
    version: str
    integrity: str
    tools: tuple[str, ...] = ()
    address: str | None = None
    add: str | None = None


@dataclass
class Used:
    """`see` what each tool uses; `needed` lists it, each after what it needs itself."""

    _libraries: dict[str, Library] = field(default_factory=dict)
    _tools: dict[str, dict[str, None]] = field(default_factory=dict)

    def see(self, artifact_id: str, libraries: Iterable[Library]) -> None:
        for one in libraries:
            self._libraries[one.id] = one
            self._tools.setdefault(one.id, {}).setdefault(artifact_id)

    def needed(self) -> list[Needed]:
        ordered: dict[str, Library] = {}
        begun: set[str] = set()

        def take(one: Library) -> None:
            if one.id in begun:
                return
            begun.add(one.id)
            for other in self._libraries.values():
                if other.name in one.needs:
                    take(other)
            ordered[one.id] = one

        for identity in sorted(self._libraries):
            take(self._libraries[identity])
        found = [
            Needed(
                one.name, one.version, one.integrity, cdnjs, (*self._tools[one.id],)[:_MOST_TOOLS]
            )
            for one in ordered.values()
            for cdnjs in _other_names(one) or (None,)
        ]
        return found[:_MOST]


def _other_names(library: Library) -> list[str]:
    """Return the names that only whoever added it knows; a listed one has its own everywhere."""
    names = [name.lower() for name in library.cdnjs] if library.added else []
    return [name for name in names if name != library.name and _CDNJS.fullmatch(name)]


def write(needed: Sequence[Needed]) -> str:
    told = [
        {
            "name": one.name,
            "version": one.version,
            "integrity": one.integrity,
            **({"cdnjs": one.cdnjs} if one.cdnjs else {}),
            "tools": list(one.tools),
        }
        for one in needed
    ]
    return json.dumps({"libraries": told}, indent=1) + "\n"


def read(text: bytes) -> tuple[Needed, ...]:
    """Read what a stranger's archive says. Raises `DamagedError`."""
    if len(text) > MOST_BYTES:
        raise DamagedError("it is too large")
    try:
        told = lines.loaded(text)
    except (ValueError, RecursionError) as error:
        raise DamagedError("it is not JSON") from error
    listed = told.get("libraries") if isinstance(told, dict) else None
    if not isinstance(listed, list) or len(listed) > _MOST:
        raise DamagedError("it is no list of libraries")
    return tuple(map(_read, listed))


def _read(told: Any) -> Needed:
    from sandbox.libraries import manifest  # noqa: PLC0415 - a start must be quick
    from sandbox.libraries.added import names_at_npm  # noqa: PLC0415
    from sandbox.libraries.addresses import Asked, Names  # noqa: PLC0415

    if not isinstance(told, dict):
        raise DamagedError("it is no list of libraries")
    checks: dict[str, Callable[[str], object]] = {
        "name": manifest.is_name,
        "version": manifest.is_version,
        "integrity": manifest.is_integrity,
        "cdnjs": _CDNJS.fullmatch,
    }
    found = {name: told[name] for name in checks if told.get(name) is not None}
    tools = told.get("tools", [])
    if (
        not found.keys() >= {"name", "version", "integrity"}
        or not all(isinstance(value, str) and checks[name](value) for name, value in found.items())
        or not isinstance(tools, list)
        or not all(isinstance(one, str) and lines.ID.fullmatch(one) for one in tools)
    ):
        raise DamagedError("a library in it cannot be used")
    cdnjs = found.get("cdnjs")
    if cdnjs and found["name"] not in names_at_npm(Asked(cdnjs, names=Names.CDNJS)):
        # Whoever adds it must get what they are told of.
        raise DamagedError(f"{cdnjs} is no name of {found['name']}")
    return Needed(**found, tools=tuple(tools[:_MOST_TOOLS]))


def lacking(needed: Iterable[Needed]) -> list[Lacking]:
    """Return what is not here. Reads from disk: not for an event loop."""
    found = []
    for one in needed:
        state = _state(one)
        if state is not None:
            ways = (one.address, one.command) if state else (None, None)
            found.append(Lacking(one.name, one.version, one.integrity, one.tools, *ways))
    return found


def _state(needed: Needed) -> bool | None:
    """Return whether it can be added; `None` where it is here."""
    from sandbox.libraries.addresses import Asked, Names  # noqa: PLC0415 - as above
    from sandbox.libraries.shelf import shipped_shelf  # noqa: PLC0415

    shelf = shipped_shelf()
    library = shelf.catalogue.library(needed.id)
    if library is None:
        return True
    if library.integrity != needed.integrity:
        return False
    asked = Asked(needed.cdnjs or "", needed.version, names=Names.CDNJS)
    known = needed.cdnjs is None or not library.added or library in shelf.catalogue.versions(asked)
    return None if known and not shelf.unfetched([library]) else True


def words(found: Sequence[Lacking]) -> list[str]:
    """Say what is missing, a sentence each."""
    missing = [f"{one.name} {one.version}" for one in found if one.address]
    other = [f"{one.name} {one.version}" for one in found if not one.address]
    said = []
    if missing:
        names = shortened(missing, _MOST_NAMED)
        libraries = (
            "a library that is" if len(missing) == 1 else f"{len(missing):,} libraries that are"
        )
        said.append(f"These tools use {libraries} not here: {names}.")
    if other:
        names = shortened(other, _MOST_NAMED)
        said.append(f"Of {names}, other files are here than these tools had.")
    return said
