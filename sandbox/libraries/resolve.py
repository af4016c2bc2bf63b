"""An address of a public CDN → the file of ours that answers it, or `None`. Pure.

    Catalogue(libraries()).resolve("https://unpkg.com/react@18/umd/react.development.js")

What is given may be of another version than was asked for; `advisories` say so in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from sandbox.libraries.addresses import FONT_HOST, Asked, Names, read_address, split
from sandbox.libraries.files import find_entry, find_file
from sandbox.libraries.fonts import fonts_by_family, lacking, read_sheet
from sandbox.libraries.manifest import Library
from sandbox.libraries.versions import in_order, is_as_asked

MODULES = "+esm"
"""Below this folder a library's scripts are ES modules, and what they import has our addresses."""

COMBINED = "combine"

CDNS = "cdn"
"""Below this folder stand addresses of CDNs without their scheme, as a script makes them up."""

_CHOICES = re.compile(r"((?:@[^/+]+/)?[^/+]+)((?:\+[^/+]+)+)(?=/)")
SHEETS = frozenset({"css", "css2"})


@dataclass(frozen=True, slots=True)
class Given:
    """One library for one that was asked for. `asked` is the version as it was written.

    `choices` are what its module imports otherwise than it usually does: "react@19.3.1", or
    "react" for what the page itself means by that name.
    """

    library: Library
    path: str
    module: bool = False
    asked: str = ""
    choices: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """The library's, of its own for other choices: another address is another module."""
        return "+".join((self.library.id, *self.choices))

    @property
    def address(self) -> str:
        """Where it is below the libraries' folder."""
        folder = f"{MODULES}/" if self.module else ""
        return f"{folder}{self.folder}/{quote(self.path, safe='/@+')}"

    @property
    def advisory(self) -> str | None:
        if is_as_asked(self.library, self.asked):
            return None
        return f"{self.library.name} {self.asked} was asked for; {self.library.version} is used"


@dataclass(frozen=True, slots=True)
class Resolved:
    """`address` is below the libraries' folder. `given` is empty for a sheet of fonts."""

    address: str
    given: tuple[Given, ...] = ()
    advisories: tuple[str, ...] = ()


class Catalogue:
    """The libraries that there are, by every name that they go under."""

    def __init__(self, libraries: Iterable[Library]) -> None:
        self.libraries = tuple(libraries)
        self.fonts = fonts_by_family(self.libraries)
        self._by_id = {library.id: library for library in self.libraries}
        self._by_name: dict[tuple[Names, str], list[Library]] = {}
        for library in self.libraries:
            for names, listed in (
                (Names.NPM, (library.name, *library.aliases)),
                (Names.CDNJS, library.cdnjs),
                (Names.GITHUB, library.gh),
            ):
                for name in listed:
                    self._by_name.setdefault((names, name.lower()), []).append(library)

    def library(self, identity: str) -> Library | None:
        return self._by_id.get(identity)

    def resolve(self, url: str) -> Resolved | None:
        """Return what answers an address, whole; `None` if any part of it is not here."""
        parts = split(url)
        if parts is not None and parts[0] == FONT_HOST:
            return self._sheet(parts[1], parts[2])
        asked = read_address(url)
        given = [self.find(one) for one in asked or ()]
        found = tuple(one for one in given if one is not None)
        if not found or len(found) < len(given):
            return None
        together = ",".join(one.address for one in found)
        address = together if len(found) == 1 else f"{COMBINED}/{together}"
        said = [one.advisory for one in found]
        said += [word for one in zip(asked or (), found, strict=True) for word in self._said(*one)]
        return Resolved(address, found, tuple(word for word in said if word is not None))

    def folder(self, url: str) -> Given | None:
        """Return the folder that an address with a slash at its end means, if its files are ours.

        An entry of a module is no file of its name: only the whole address of one tells it.
        """
        asked = read_address(url) or ()
        if len(asked) != 1 or (asked[0].module and not asked[0].path):
            return None
        path = f"{asked[0].path}/" if asked[0].path else ""
        for library in self.versions(asked[0]):
            if any(file.startswith(path) for file in library.files):
                return Given(library, path, asked[0].module, asked[0].version)
        return None

    def lacking(self, url: str) -> tuple[str, ...]:
        """Return what of an address is not here: "the library flat 1.2", "the font Round"."""
        parts = split(url)
        if parts is not None and parts[0] == FONT_HOST:
            sheet = read_sheet(parts[1], parts[2])
            return tuple(f"the font {name}" for name in lacking(sheet, self.fonts)) if sheet else ()
        return tuple(
            f"the library {one.name} {one.version}".rstrip()
            for one in read_address(url) or ()
            if self.find(one) is None
        )

    def find(self, asked: Asked) -> Given | None:
        """Return the best version that has the file."""
        for library in self.versions(asked):
            path = file_of(library, asked)
            if path is not None:
                choices = self._choices(library, asked)
                return Given(library, path, asked.module, asked.version, choices)
        return None

    def _choices(self, library: Library, asked: Asked) -> tuple[str, ...]:
        found = set()
        for name, version, other, usual in self._deps(library, asked):
            if not version:
                found.add(name)
            elif other is not None and (usual is None or other.library is not usual.library):
                found.add(other.library.id)
        return tuple(sorted(found))

    def _said(self, asked: Asked, given: Given) -> Iterable[str | None]:
        """Say where what a module imports is not what was asked for."""
        for name, version, other, usual in self._deps(given.library, asked):
            if other is not None:
                yield other.advisory
            elif version and usual is not None:
                yield f"{name} {version} was asked for; {usual.library.version} is used"

    def _deps(
        self, library: Library, asked: Asked
    ) -> Iterable[tuple[str, str, Given | None, Given | None]]:
        """Yield what of the things asked for the library imports.

        Its name, the version or none, what that is here, and what the library usually gets.
        """
        for dep in asked.deps if asked.module else ():
            name, _, version = dep.partition("@")
            if name in library.needs:
                other = self.find(Asked(name, version, module=True)) if version else None
                usual = self.find(Asked(name, library.needs[name], module=True))
                yield name, version, other, usual

    def clashes(self, given: Given, others: Mapping[str, Given]) -> Iterable[str]:
        """Say where a module imports another of what a page has itself."""
        for name in given.library.needs if given.module else ():
            own = self.imported(name, given.library, given.choices)
            other = others.get(name)
            if own is not None and other is not None and own.library is not other.library:
                yield (
                    f"{given.library.id} works with {own.library.id}, and the tool imports "
                    f"{other.library.id}; at esm.sh, ?deps={name}@{other.library.version} gives it "
                    "the tool's"
                )

    def versions(self, asked: Asked) -> list[Library]:
        """Return what may stand for the package that is asked for, best first."""
        return in_order(self._by_name.get((asked.names, asked.name.lower()), ()), asked.version)

    def imported(
        self, specifier: str, importer: Library, choices: tuple[str, ...] = ()
    ) -> Given | None:
        """Return the module that a library of ours means by a bare name; `None` for the page's."""
        name, subpath = package_of(specifier)
        if name in choices:
            return None
        chosen = (one.rpartition("@")[2] for one in choices if one.rpartition("@")[0] == name)
        usual = importer.version if name == importer.name else importer.needs.get(name, "")
        return self.find(Asked(name, next(chosen, usual), subpath, module=True, deps=choices))

    def _sheet(self, path: str, query: str) -> Resolved | None:
        sheet = read_sheet(path, query)
        if sheet is None or len(lacking(sheet, self.fonts)) == len(sheet.families):
            return None
        said = tuple(f"the font {name} is not here" for name in lacking(sheet, self.fonts))
        return Resolved(f"{path}?{query.replace('&amp;', '&')}", (), said)


def package_of(specifier: str) -> tuple[str, str]:
    """Return the package of a bare name, and what of it is meant."""
    scoped = specifier.startswith("@")
    parts = specifier.split("/")
    return "/".join(parts[: 1 + scoped]), "/".join(parts[1 + scoped :])


def choices_in(path: str) -> tuple[str, tuple[str, ...]]:
    """Return a path below the modules' folder without its choices, and them."""
    found = _CHOICES.match(path)
    if found is None:
        return path, ()
    return found[1] + path[found.end() :], tuple(found[2].removeprefix("+").split("+"))


def file_of(library: Library, asked: Asked) -> str | None:
    """Return the file of a library that is asked for."""
    if asked.module:
        return find_entry(library, asked.path)
    if not asked.path:
        return library.main
    return find_file(library, asked.path)
