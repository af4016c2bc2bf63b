"""What one file carries of the libraries: scripts, modules, style sheets, each file once.

Names of files are addresses below the libraries' folder, as `sandbox.libraries.shelf` answers
them. A module imports others by those names, behind `libraries/`; an import map leads there.
Reads from disk: not for an event loop.
"""

from __future__ import annotations

import base64
import json
import posixpath
import re
from collections.abc import Collection
from pathlib import PurePosixPath
from urllib.parse import quote, unquote, urljoin

from sandbox.libraries.cdn import CDN
from sandbox.libraries.fonts import is_needed
from sandbox.libraries.manifest import Library
from sandbox.libraries.resolve import MODULES, SHEETS
from sandbox.libraries.shelf import Served, Shelf, is_module

MOST_CARRIED = 60_000_000
"""Bytes of files that one document may carry, each as often as it carries it."""

_NAMES = "libraries/"
_DEEPEST = 8  # style sheets that import each other

_RELATIVE = re.compile(r"""(\b(?:from|import)\s*+(?:\(\s*+)?+)(["'])(\.{1,2}/[^"'\s\\]*)\2""")
_BESIDE = re.compile(r"""\bnew\s+URL\(\s*(["'])([^"'\s\\]+)\1\s*,\s*import\.meta\.url""")
_URL = re.compile(
    r"""@import\s+(["'])([^"'\\\n]+)\1
    |\burl\(\s*(["']?)(?!data:)([^"'()\\\n]+?)\3\s*\)""",
    re.VERBOSE | re.IGNORECASE,
)
_OLDER_FONTS = frozenset({".eot", ".otf", ".svg", ".ttf", ".woff"})
_RANGE = re.compile(r"unicode-range:([^;}]+)")
# In an address within double quotes, within `url("")` and within a style element.
_MARK = "\ufeff"
_PLAIN = "!$()*+,-./:;=?@[]^_`{|}~ >"


class Pack:
    """`characters` are those that the document shows: fonts for other scripts stay out."""

    def __init__(self, shelf: Shelf, characters: Collection[str] = ()) -> None:
        self.shelf = shelf
        self.used: dict[str, Library] = {}
        self.addresses: dict[str, int] = {}
        self.modules: dict[str, int] = {}
        self.beside: dict[str, None] = {}
        """Addresses that libraries make up themselves, and whose files are carried."""
        self.full = False  # something was left out, since no more would fit
        self._left = MOST_CARRIED
        self._characters = characters
        self._files: dict[str, int] = {}
        self._seen: set[str] = set()
        self._entries: list[tuple[str, str, bool]] = []

    def script(self, address: str) -> int | None:
        """Carry a script; return the number to run it by."""
        return self._file(address)

    def data_url(self, address: str) -> str | None:
        """Return the file in an address; a style sheet with all that it loads."""
        served = self._served(address)
        if served is None:
            return None
        text = _decoded(served)
        if text is None:
            return _coded(served.kind, served.body)
        if served.kind.startswith("text/css"):
            text = self._sheet(address, text, 0)
        return _in_address(served.kind, text)

    def coded_url(self, address: str, url: str = "") -> str | None:
        """Return the file in an address of letters and digits, for any string of a script.

        With `url`, a script finds that on a stack.
        """
        served = self._served(address)
        if served is None:
            return None
        is_script = url and served.kind.startswith("text/javascript")
        place = f"\n//# sourceURL={url}\n".encode() if is_script else b""
        return _coded(served.kind, served.body + place)

    def add(self, url: str, address: str) -> bool:
        """Carry a file for whoever asks for an address of a CDN at run time."""
        at = self._file(address)
        if at is not None:
            self.addresses.setdefault(url, at)
        return at is not None

    def let_import(self, url: str) -> None:
        """Let a script that is carried for an address be imported by it, too."""
        at = self.addresses.get(url)
        if at is not None and self._entries[at][0].startswith("text/javascript"):
            self.modules.setdefault(url, at)

    def bring_beside(self, url: str, library: Library) -> None:
        """Carry what a library's own script asks for where it was loaded from."""
        for name in library.beside:
            address, own = urljoin(url, name), f"{library.id}/{name}"
            if is_module(library, name):
                held = self.module_for(address, f"{MODULES}/{own}")
            else:
                held = self.add(address, own)
                self.let_import(address)
            if held:
                self.beside.setdefault(address)

    def holds(self, address: str) -> bool:
        """Whether the file is carried already, in whatever way."""
        return address in self._seen

    def module(self, address: str) -> str | None:
        """Carry a module and all that it imports; return the name to import it by."""
        name = _NAMES + address
        if name in self.modules:
            return name
        served = self._served(address)
        text = None if served is None else _decoded(served)
        if served is None or text is None:
            return None
        at = self.modules[name] = len(self._entries)
        self._entries.append((served.kind, "", False))
        text = _RELATIVE.sub(lambda found: self._imported(address, found), text)
        if "import.meta.url" in text:
            text = self._placed(address, text)
        # A message names the file, and not the address of a blob; and by its address on a stack a
        # library finds its other files.
        place = CDN + address.removeprefix(f"{MODULES}/")
        self._entries[at] = (served.kind, f"{text}\n//# sourceURL={place}\n", False)
        for library in self.shelf.libraries_of(address):
            self.bring_beside(place, library)
        return name

    def module_for(self, specifier: str, address: str) -> bool:
        """Carry a module for this name; another name of the same is the same module."""
        name = self.module(address)
        if name is None:
            return False
        self.modules.setdefault(specifier, self.modules[name])
        return True

    def written(self) -> dict[str, object]:
        """Return what the file's own script reads."""
        return {"files": self._entries, "modules": self.modules, "addresses": self.addresses}

    def _served(self, address: str) -> Served | None:
        self._seen.add(address)
        path, _, query = address.partition("?")
        served = self.shelf.answer(unquote(path), query)
        if served is not None and len(served.body) > self._left:
            self.full = True
            return None
        if served is not None:
            self._left -= len(served.body)
        if served is not None and path not in SHEETS:
            for library in self.shelf.libraries_of(unquote(path)):
                self.used.setdefault(library.id, library)
        return served

    def _file(self, address: str) -> int | None:
        if address in self._files:
            return self._files[address]
        served = self._served(address)
        if served is None:
            return None
        text = _decoded(served)
        if text is not None and served.kind.startswith("text/css"):
            text = self._sheet(address, text, 0)
        body = base64.b64encode(served.body).decode() if text is None else text
        at = self._files[address] = len(self._entries)
        self._entries.append((served.kind, body, text is None))
        return at

    def _imported(self, address: str, found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(address), found[3]))
        name = self.module(target)
        return found[0] if name is None else f"{found[1]}{found[2]}{name}{found[2]}"

    def _placed(self, address: str, text: str) -> str:
        """Give a module the place at a CDN that it would have; carry what it loads beside it."""
        own = address.removeprefix(f"{MODULES}/")
        for found in _BESIDE.finditer(text):
            beside = posixpath.normpath(posixpath.join(posixpath.dirname(own), found[2]))
            self.add(CDN + beside, beside)
        return text.replace("import.meta.url", json.dumps(CDN + own))

    def _sheet(self, address: str, text: str, depth: int) -> str:
        def inlined(found: re.Match[str]) -> str:
            new = self._in_sheet(address, found[2] or found[4], depth)
            lead = "@import " if found[2] else ""
            return found[0] if new is None else f'{lead}url("{new}")'

        if address.partition("?")[0] in SHEETS:
            lines = text.splitlines(keepends=True)
            text = "".join(line for line in lines if self._is_shown(line))
        return _URL.sub(inlined, text)

    def _is_shown(self, rule: str) -> bool:
        span = _RANGE.search(rule)
        return span is None or is_needed(span[1], self._characters)

    def _in_sheet(self, address: str, url: str, depth: int) -> str | None:
        path = url.partition("#")[0].partition("?")[0]
        if not path or depth > _DEEPEST or path.startswith("data:"):
            return None
        if "//" in url:
            found = self.shelf.catalogue.resolve(url)
            target = None if found is None else found.address
        else:
            target = posixpath.normpath(posixpath.join(posixpath.dirname(address), path))
        if target is None or self._has_newer(target):
            return None
        served = self._served(target)
        if served is None:
            return None
        text = _decoded(served) if served.kind.startswith("text/css") else None
        if text is None:
            return _coded(served.kind, served.body)
        return _in_address(served.kind, self._sheet(target, text, depth + 1))

    def _has_newer(self, target: str) -> bool:
        """Whether every browser takes another file in this one's place."""
        path = PurePosixPath(target)
        if path.suffix.lower() not in _OLDER_FONTS:
            return False
        return self.shelf.has(str(path.with_suffix(".woff2")))


def _decoded(served: Served) -> str | None:
    if not served.kind.startswith(("text/", "application/json")):
        return None
    try:
        text = served.body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _in_address(kind: str, text: str) -> str:
    return f"data:{kind.replace(' ', '')},{quote(text.removeprefix(_MARK), safe=_PLAIN)}"


def _coded(kind: str, body: bytes) -> str:
    return f"data:{kind.replace(' ', '')};base64,{base64.b64encode(body).decode()}"
