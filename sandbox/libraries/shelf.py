"""What is answered below the libraries' folder of the frame origin: listed files, nothing else.

    <name>@<version>/<path>        a file, byte for byte
    +esm/<name>@<version>/<path>   the same as an ES module whose imports lead here
    +esm/<name>@<version>+react@19.3.1/<path>   with another of what it imports; +react: the page's
    combine/<one>,<other>          several files, one after the other
    cdn/<host>/<path>              what an address of a CDN means of these
    css?family=… and css2?family=… a style sheet of fonts

A path is looked up among the names that are listed; none is ever put together from one.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from sandbox.libraries.fonts import read_sheet, style_sheet
from sandbox.libraries.manifest import VENDORED, Library, libraries
from sandbox.libraries.modules import module_text
from sandbox.libraries.resolve import CDNS, COMBINED, MODULES, SHEETS, Catalogue, choices_in

_FOR_GOOD = "public, max-age=31536000, immutable"
# Made by us: another version of ours may make it anew.
_FOR_A_DAY = "public, max-age=86400"
_MOST_TOGETHER = 10
_MODULE_TYPES = frozenset({".js", ".mjs", ".cjs"})
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".cjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
    ".woff": "font/woff",
    ".ttf": "font/ttf",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".zip": "application/zip",
    ".md": "text/plain; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    "": "text/plain; charset=utf-8",
}
_OTHER_TYPE = "application/octet-stream"


_HAS_DEFAULT = re.compile(r"\bexport\s+default\b|\bas\s+default\b")


@dataclass(frozen=True, slots=True)
class Served:
    body: bytes
    kind: str
    caching: str


class Shelf:
    """The files of a catalogue in a folder. Reads from disk: not for an event loop.

    A library may be taken in later, from a folder of its own.
    """

    def __init__(self, catalogue: Catalogue, folder: Path = VENDORED) -> None:
        self.catalogue = catalogue
        self._folder = folder
        self._elsewhere: dict[str, Path] = {}
        # A module of some size is worth a search for its imports once.
        self._module = functools.lru_cache(maxsize=64)(self._made_module)

    def take(self, library: Library, folder: Path) -> None:
        """Answer with a library that lies in another folder; one that is listed stays as it is."""
        known = self.catalogue.library(library.id)
        if known is None or known.added:
            self._elsewhere[library.id] = folder
            others = (one for one in self.catalogue.libraries if one.id != library.id)
            self.catalogue = Catalogue((*others, library))
            self._module.cache_clear()  # what they import may be here by now

    def unfetched(self, listed: Iterable[Library]) -> list[Library]:
        """Return those whose files are not here."""
        from sandbox.libraries.fetch import is_fetched  # noqa: PLC0415 - a start must be quick

        return [one for one in listed if not is_fetched(one, self._place(one))]

    def _place(self, library: Library) -> Path:
        return self._elsewhere.get(library.id, self._folder)

    def answer(self, path: str, query: str = "") -> Served | None:
        """Return what a path below the folder gives; `None` for everything that is not listed."""
        if path in SHEETS:
            return self._sheet(path, query)
        first, _, rest = path.partition("/")
        if first == COMBINED:
            return self._combined(rest)
        if first == CDNS:
            return self._asked_at_cdn(rest, query)
        if first == MODULES:
            return self._module(rest)
        return self._file(path)

    def has(self, path: str) -> bool:
        """Whether a file is listed, whether or not it was fetched."""
        return self._listed(path) is not None

    def is_as_listed(self, library: Library) -> bool:
        """Whether all of a library's files are those that the manifest's hash is of."""
        from sandbox.libraries.fetch import digest, stored  # noqa: PLC0415 - a start must be quick

        return digest(stored(library, self._place(library))) == library.digest

    def libraries_of(self, path: str) -> tuple[Library, ...]:
        """Return whose files a path gives; none for a sheet of fonts."""
        first, _, rest = path.partition("/")
        names = rest.split(",") if first == COMBINED else [path]
        names = [choices_in(rest)[0]] if first == MODULES else names
        found = [self._listed(unquote(name)) for name in names]
        return tuple(one[0] for one in found if one is not None)

    def _file(self, path: str) -> Served | None:
        found = self._listed(path)
        if found is None:
            return None
        library, name = found
        try:
            body = (self._place(library) / library.id / name).read_bytes()
        except OSError:  # listed, but not fetched
            return None
        return Served(body, _TYPES.get(PurePosixPath(name).suffix.lower(), _OTHER_TYPE), _FOR_GOOD)

    def _listed(self, path: str) -> tuple[Library, str] | None:
        parts = path.split("/")
        of_name = 2 if path.startswith("@") else 1
        library = self.catalogue.library("/".join(parts[:of_name]))
        name = "/".join(parts[of_name:])
        return (library, name) if library is not None and name in library.files else None

    def _made_module(self, path: str) -> Served | None:
        path, choices = choices_in(path)
        file, found = self._file(path), self._listed(path)
        if file is None or found is None:
            return None
        library, name = found
        if not all(self._may_choose(library, choice) for choice in choices):
            return None
        if PurePosixPath(name).suffix not in _MODULE_TYPES:
            return file
        source = file.body.decode("utf-8", "replace")
        text = module_text(self.catalogue, library, name, source, choices)
        return Served(text.encode(), file.kind, _FOR_A_DAY)

    def _may_choose(self, library: Library, choice: str) -> bool:
        name, _, version = choice.partition("@")
        return name in library.needs and (not version or self.catalogue.library(choice) is not None)

    def _asked_at_cdn(self, address: str, query: str) -> Served | None:
        """Answer without a redirect: a tool's connection allowlist follows none."""
        found = self.catalogue.resolve(f"https://{address}{'?' if query else ''}{query}")
        if found is None:
            return None
        back = "../" * (1 + address.count("/"))
        path, _, asked = found.address.partition("?")
        if path in SHEETS:
            return self._sheet(path, asked, back)
        given = found.given[0]
        if given.module or is_module(given.library, given.path):
            return self._passed_on(back + found.address, found.address)
        served = self.answer(path)
        return served and Served(served.body, served.kind, _FOR_A_DAY)

    def _passed_on(self, name: str, path: str) -> Served | None:
        """A module that gives another one's exports: two addresses of it must not be two of it."""
        module = self.answer(path)
        if module is None:
            return None
        text = f"export * from {json.dumps(name)};\n"
        if _HAS_DEFAULT.search(module.body.decode("utf-8", "replace")):
            text += f"export {{ default }} from {json.dumps(name)};\n"
        return Served(text.encode(), _TYPES[".js"], _FOR_A_DAY)

    def _combined(self, together: str) -> Served | None:
        # A comma in a file's own name would be escaped; none of ours has one.
        files = [self._file(one) for one in unquote(together).split(",")[:_MOST_TOGETHER]]
        found = [file for file in files if file is not None]
        if not found or len(found) < len(files) or len({file.kind for file in found}) > 1:
            return None
        return Served(b"\n".join(file.body for file in found), found[0].kind, _FOR_GOOD)

    def _sheet(self, path: str, query: str, back: str = "") -> Served | None:
        sheet = read_sheet(path, query)
        if sheet is None:
            return None
        text = style_sheet(sheet, self.catalogue.fonts, back)
        return Served(text.encode(), _TYPES[".css"], _FOR_A_DAY)


def is_module(library: Library, path: str) -> bool:
    folders = [file for entry, file in library.modules.items() if entry.endswith("/")]
    known = path in library.modules.values() or path.startswith(tuple(folders))
    return known or path.endswith(".mjs")


@functools.cache
def shipped_shelf() -> Shelf:
    """Return the one shelf of this process; what a person added is taken in by `added.put_on`."""
    return Shelf(Catalogue(libraries()))
