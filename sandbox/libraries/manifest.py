"""What is vendored for tools: `manifest.toml`, and `contents.json`, which is derived from it.

The manifest is written by hand: package, version, licence, the registry's SHA-512, and patterns of
the files that are kept. The contents are what those patterns gave: the files' names, one SHA-512
over all of them, and the names that a wrapped script exports. `scripts/vendor.py --refresh` writes
them. With both, everything but fetching and serving is pure. Standard library only: set-up reads
this before anything is installed.
"""

from __future__ import annotations

import functools
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

MANIFEST = Path(__file__).with_name("manifest.toml")
CONTENTS = Path(__file__).with_name("contents.json")
VENDORED = Path(__file__).with_name("vendor")
"""Where libraries lie, each in a folder `<name>@<version>`; git does not track it."""

# The npm registry's own rule for names, less what an address would have to escape.
_NAME = re.compile(r"(?:@[a-z0-9~][a-z0-9._~-]*/)?[a-z0-9~][a-z0-9._~-]*")
_LONGEST_NAME = 214  # the npm registry's own
_VERSION = re.compile(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?")
_INTEGRITY = re.compile(r"sha512-[A-Za-z0-9+/]{86}==")
_BOUND = re.compile(r"\d+(?:\.\d+)*")


class ManifestError(ValueError):
    """The manifest is not as it must be; the message names the library and the field."""


@dataclass(frozen=True, slots=True)
class Font:
    """A family as Google Fonts names it. A variable file covers every weight between two."""

    family: str
    variable: bool
    weights: tuple[int, ...]
    styles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Library:
    """One version of one package.

    `modules` and `wrapped` map an entry ("." or "client") to a file: an ES module, or a script
    that is served as one. `needs` gives the major version of what a module imports by name.
    `beside` are files that its own script asks for at run time, where it was loaded from.
    `covers` are the first and last version, or part of one, that this one also stands for.
    `added`: by a person; the manifest does not list it.
    """

    name: str
    version: str
    licence: str
    integrity: str
    patterns: tuple[str, ...]
    main: str | None = None
    globals: tuple[str, ...] = ()
    modules: Mapping[str, str] = field(default_factory=dict, hash=False)
    wrapped: Mapping[str, str] = field(default_factory=dict, hash=False)
    needs: Mapping[str, str] = field(default_factory=dict, hash=False)
    cdnjs: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    gh: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    covers: tuple[str, str] | None = None
    optional: bool = False
    font: Font | None = None
    files: tuple[str, ...] = ()
    digest: str = ""
    exports: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    added: bool = False

    @property
    def id(self) -> str:
        return f"{self.name}@{self.version}"

    @property
    def numbers(self) -> tuple[int, ...]:
        return numbers_of(self.version)


def numbers_of(version: str) -> tuple[int, ...]:
    """Return the leading numbers of a version, or of a part of one: "3.4.1-rc" is (3, 4, 1)."""
    # No package has more digits; int() throws on thousands of them.
    return tuple(int(part) for part in re.findall(r"\d{1,9}", version.partition("-")[0]))


@functools.cache
def libraries() -> tuple[Library, ...]:
    """Return what the shipped manifest lists, with its contents."""
    listed = read_manifest(MANIFEST.read_text(encoding="utf-8"))
    return with_contents(listed, json.loads(CONTENTS.read_text(encoding="utf-8")))


def read_manifest(text: str) -> tuple[Library, ...]:
    """Read the `[[library]]` tables. Raises `ManifestError`."""
    try:
        tables = tomllib.loads(text).get("library", [])
    except tomllib.TOMLDecodeError as error:
        raise ManifestError(f"the manifest is not TOML: {error}") from error
    found = tuple(_library(table) for table in tables)
    seen: set[str] = set()
    for library in found:
        if library.id in seen:
            raise ManifestError(f"{library.id} is listed twice")
        seen.add(library.id)
    for library in found:
        _check_needs(library, found)
    return found


def with_contents(
    listed: Iterable[Library], contents: Mapping[str, Mapping[str, Any]]
) -> tuple[Library, ...]:
    """Add what each library holds. Raises `ManifestError` where the two do not agree."""
    return tuple(_with_contents(library, contents.get(library.id)) for library in listed)


def read_library(table: Mapping[str, Any], contents: Mapping[str, Any]) -> Library:
    """Read one library by its table and what it holds. Raises `ManifestError`."""
    return _with_contents(_library(table), contents)


_FONT = ("family", "variable", "weights", "styles")
_KEYS = {one.name for one in fields(Library)} - {"patterns", "font", "digest", "exports", "added"}
_KEYS |= {"files", *_FONT}


def _library(table: Mapping[str, Any]) -> Library:
    where = f"{table.get('name', 'a library without a name')} {table.get('version', '')}".strip()
    odd = sorted(set(table) - _KEYS)
    if odd:
        raise ManifestError(f"{where}: unknown {', '.join(odd)}")
    read = _Fields(where, table)
    library = Library(
        name=read.matching("name", _NAME),
        version=read.matching("version", _VERSION),
        licence=read.text("licence"),
        integrity=read.matching("integrity", _INTEGRITY),
        patterns=read.paths("files"),
        main=table.get("main"),
        globals=read.texts("globals"),
        modules=read.mapping("modules"),
        wrapped=read.mapping("wrapped"),
        needs=read.mapping("needs"),
        cdnjs=read.texts("cdnjs"),
        aliases=read.texts("aliases"),
        gh=read.texts("gh"),
        beside=read.paths("beside"),
        covers=read.covers(),
        optional=table.get("optional") is True,
        font=read.font(),
    )
    if not library.patterns:
        raise ManifestError(f"{where}: files are missing")
    return library


@dataclass(frozen=True, slots=True)
class _Fields:
    where: str
    table: Mapping[str, Any]

    def text(self, name: str) -> str:
        value = self.table.get(name)
        if not isinstance(value, str) or not value:
            raise ManifestError(f"{self.where}: {name} is missing")
        return value

    def matching(self, name: str, pattern: re.Pattern[str]) -> str:
        value = self.text(name)
        if not pattern.fullmatch(value):
            raise ManifestError(f"{self.where}: {name} cannot be {value!r}")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.table.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ManifestError(f"{self.where}: {name} must be a list of texts")
        return tuple(value)

    def paths(self, name: str) -> tuple[str, ...]:
        for path in self.texts(name):
            if not is_plain(path):
                raise ManifestError(f"{self.where}: {name} cannot hold {path!r}")
        return self.texts(name)

    def mapping(self, name: str) -> Mapping[str, str]:
        value = self.table.get(name, {})
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise ManifestError(f"{self.where}: {name} must map texts to texts")
        return value

    def covers(self) -> tuple[str, str] | None:
        value = self.texts("covers")
        if not value:
            return None
        match value:
            case (first, last) if _BOUND.fullmatch(first) and _BOUND.fullmatch(last):
                return first, last
        raise ManifestError(f"{self.where}: covers must be two versions, not {value!r}")

    def font(self) -> Font | None:
        if "family" not in self.table:
            return None
        weights = self.table.get("weights")
        if not weights or not all(isinstance(weight, int) for weight in weights):
            raise ManifestError(f"{self.where}: weights must be numbers")
        variable = self.table.get("variable") is True
        return Font(self.text("family"), variable, tuple(weights), self.texts("styles"))


def is_name(text: str) -> bool:
    """Whether a package may have this name, which can then stand in an address and a path."""
    plain = _NAME.fullmatch(text) is not None and ".." not in text.split("/")
    return plain and len(text) <= _LONGEST_NAME


def is_version(text: str) -> bool:
    return _VERSION.fullmatch(text) is not None


def is_integrity(text: str) -> bool:
    """Whether it is a SHA-512 as the npm registry states it."""
    return _INTEGRITY.fullmatch(text) is not None


def is_plain(path: str) -> bool:
    """Whether a path stays inside the folder that it is relative to."""
    parts = path.split("/")
    # A colon names a drive, or a stream of a file, on Windows.
    return not any(part in {"", ".", ".."} or set(part) & {"\\", "\0", ":"} for part in parts)


def fits(library: Library, name: str, major: str) -> bool:
    """Whether it is what another one `needs` by this name, in this major version."""
    wanted = numbers_of(major)
    return library.name == name and library.numbers[: len(wanted)] == wanted


def _check_needs(library: Library, listed: tuple[Library, ...]) -> None:
    for name, major in library.needs.items():
        if not any(fits(other, name, major) for other in listed):
            raise ManifestError(f"{library.id}: needs {name} {major}, which is not listed")


def _with_contents(library: Library, contents: Mapping[str, Any] | None) -> Library:
    if contents is None or contents["integrity"] != library.integrity:
        raise ManifestError(f"{library.id}: its contents are not known; refresh them")
    files = tuple(contents["files"])
    named = [library.main] if library.main else []
    for path in (*named, *library.modules.values(), *library.wrapped.values(), *library.beside):
        if path not in files and not path.endswith("/"):
            raise ManifestError(f"{library.id}: {path} is not among its files")
    exports = {path: tuple(names) for path, names in contents.get("exports", {}).items()}
    # `dataclasses.replace` would check nothing and take as long.
    values = {name: getattr(library, name) for name in Library.__slots__}
    values |= {"files": files, "digest": contents["digest"], "exports": exports}
    return Library(**values)
