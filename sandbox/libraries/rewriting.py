"""A document's addresses of public CDNs, changed on their way to where we serve the libraries.

Pure and incremental: `sandbox.markup` hands over whole start tags, and the text of scripts and
styles in pieces. What can be read as a whole and is here becomes the file's own address. In a
script, where an address may be put together or shown, the CDN's name is put behind ours and the
rest is left: `https://unpkg.com/a@` + … is answered below `cdn/` for whatever follows. What is not
here stays as it is. Lines stay as many as they were.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sandbox.libraries.addresses import FONT_HOST, hosts
from sandbox.libraries.resolve import CDNS, Catalogue, Given
from sandbox.libraries.scanning import Address, Scanner

_MOST_ADDRESSES = 400
"""A document with more has the rest as it wrote them."""
_MOST_IMPORTERS = 64
_LONGEST_MAP = 1 << 18

SPACE = "\t\n\f\r "
_ATTRIBUTE = re.compile(
    r"""([^\t\n\f\r\ />][^\t\n\f\r\ />=]*+)
    (?:[\t\n\f\r\ ]*+=[\t\n\f\r\ ]*+
      (?:"(?P<double>[^"]*+)"
        |'(?P<single>[^']*+)'
        |(?P<bare>[^\t\n\f\r\ >"'][^\t\n\f\r\ >]*+)))?+""",
    re.VERBOSE,
)
_NAME_END = re.compile(r"[\t\n\f\r />]")
_LOADED_BY_HREF = frozenset({"link", "image", "use", "feimage", "script"})
_LOADED_BY_ANY = frozenset({"src", "poster", "background"})
_NOT_LOADED = frozenset({"iframe", "frame"})
SOURCES = frozenset({"srcset", "imagesrcset"})
# One of several, before its size; what follows it without a space is its own.
_SOURCE = re.compile(
    r"(?:(?<=[\t\n\f\r ,])|\A)(?:https?:)?//[^\t\n\f\r ]*[^\t\n\f\r ,]", re.IGNORECASE
)
# An address that looks as if it went on.
JOINED = re.compile(r"[/@=-]\Z|\Ahttps://[^/]+(?:/(?:npm|gh|ajax|ajax/libs))?\Z")


@dataclass(frozen=True, slots=True)
class Attribute:
    """`value` as it is written; `at` is where its name begins, the rest where the value stands."""

    value: str
    at: int
    start: int
    end: int


NO_ATTRIBUTE = Attribute("", 0, 0, 0)


class Rewriting:
    """Changes one document. `notes` says what a person should know, each with its address."""

    def __init__(
        self,
        catalogue: Catalogue,
        folder: str,
        *,
        granted: Collection[str] = (),
        maps: bool = False,
    ) -> None:
        """`folder` is the whole address of the libraries; `granted` origins are asked as before.

        `maps`: the frame has an import map of its own, which leads whole CDNs to us.
        """
        self.notes: dict[str, str] = {}
        self._catalogue = catalogue
        self._folder = folder
        self._path = urlsplit(folder).path
        self._granted = frozenset(urlsplit(origin).hostname for origin in granted)
        # Each a second time would be a warning in the console.
        self._caught = frozenset() if maps else _HOSTS - self._granted - {FONT_HOST}
        self._left = _MOST_ADDRESSES
        self._scanner: Scanner | None = None
        self._map: str | None = None
        self._modules: dict[str, Given] = {}  # by the library's name
        self._importers: dict[str, tuple[Given, str]] = {}

    def tag(self, name: str, text: str) -> str:
        """Return a whole start tag, changed; what kind of text follows is read from it."""
        given = attributes_of(text)
        self._scanner = self._map = None
        if name == "script":
            kind = html.unescape(given.get("type", NO_ATTRIBUTE).value)
            self._begin(kind.strip(SPACE).lower())
        elif name == "style":
            self._scanner = Scanner(self._in_style)
        changes = []
        for attribute, one in given.items():
            new = self._attribute(name, attribute, one.value) if "//" in one.value else None
            if new is not None:
                changes.append((one.start, one.end, f'"{html.escape(new)}"'))
        if changes and "integrity" in given and name in {"script", "link"}:
            address = html.unescape(given.get("src", given.get("href", NO_ATTRIBUTE)).value).strip()
            said = f"the integrity of {address} was not compared: a file of ours answers it"
            self.notes.setdefault(said, address)
            at = given["integrity"].at
            changes.append((at, at, "data-"))
        return changed(text, changes)

    def raw(self, text: str) -> str:
        """Return what can be told of a script or a style; the rest comes later."""
        if self._map is not None:
            self._map += text
            if len(self._map) <= _LONGEST_MAP:
                return ""
            text, self._map = self._map, None
            return text
        return text if self._scanner is None else self._scanner.feed(text)

    def end(self) -> str:
        """Return the rest, when the script or the style has ended."""
        rest = "" if self._scanner is None else self._scanner.finish()
        if self._map is not None:
            # Where the stream was cut in the end tag, its beginning is told as text.
            body, begun, tag = self._map.partition("<")
            if begun and not "/script".startswith(tag.lower()):
                body, begun, tag = self._map, "", ""
            rest = self._import_map(body) + begun + tag
        self._scanner = self._map = None
        return rest

    def _begin(self, kind: str) -> None:
        if kind == "importmap":
            self._map = ""
        elif "json" not in kind and kind != "speculationrules":
            self._scanner = Scanner(self._in_script)

    def _attribute(self, tag: str, name: str, value: str) -> str | None:
        """Return the new value; `None` if nothing changes."""
        text = html.unescape(value)
        if loads(tag, name):
            return self._own(text)
        new = each_source(text, self._own) if name in SOURCES else text
        if name == "style":
            new = _at_once(Scanner(self._in_style), text)
        elif name.startswith("on") or name == "srcdoc":
            new = _at_once(Scanner(self._in_script), text)
        return None if new == text else new

    def _own(self, url: str) -> str | None:
        """Return the place of the file that a whole address means; `None` if it is not here."""
        url = url.strip()
        host = host_of(url)
        if host not in _HOSTS or self._left == 0:
            return None
        self._left -= 1
        found = self._catalogue.resolve(url)
        if found is None:
            return None
        for said in found.advisories:
            self.notes.setdefault(said, url)
        for given in found.given:
            if given.module:
                self._compare(given, url)
        return self._path + found.address

    def _compare(self, given: Given, url: str) -> None:
        """Note where two modules of the document import two versions of one."""
        is_new = self._modules.setdefault(given.library.name, given) is given
        changed = list(self._importers.values()) if is_new else []
        folder = given.folder
        has_room = len(self._importers) < _MOST_IMPORTERS
        if given.library.needs and folder not in self._importers and has_room:
            self._importers[folder] = (given, url)
            changed.append((given, url))
        for one, address in changed:
            for said in self._catalogue.clashes(one, self._modules):
                self.notes.setdefault(said, address)

    def _in_style(self, address: Address) -> str | None:
        return self._own(address.url)

    def _in_script(self, address: Address) -> str | None:
        if address.follows:
            return None
        if address.imported:
            own = self._own(address.url)
            # One address for each module: another would be another module.
            return None if own is None else self._folder + own.removeprefix(self._path)
        joined = address.joined or JOINED.search(address.url) is not None
        if joined:
            # Nobody knows yet what will be asked for, so whoever may be asked is asked.
            return None if address.host in self._granted else self._behind(address)
        return None if self._own(address.url) is None else self._behind(address)

    def _behind(self, address: Address) -> str:
        return f"{self._folder}{CDNS}/{address.url.removeprefix('https://')}"

    def _import_map(self, text: str) -> str:
        try:
            return self._new_map(text)
        except (ValueError, RecursionError):
            return text

    def _new_map(self, text: str) -> str:
        whole = json.loads(text)
        if not isinstance(whole, dict) or not isinstance(whole.get("imports", {}), dict):
            return text
        imports = self._mapped(whole.get("imports", {}))
        for host in sorted(self._caught):
            # Also what is imported by an address that only comes to be at run time.
            imports.setdefault(f"https://{host}/", f"{self._path}{CDNS}/{host}/")
        scopes = whole.get("scopes", {})
        if isinstance(scopes, dict):
            scopes = {
                scope: self._mapped(names) if isinstance(names, dict) else names
                for scope, names in scopes.items()
            }
        new: dict[str, Any] = {**whole, "imports": imports, "scopes": scopes}
        new.pop("integrity", None)
        return json.dumps(new).replace("<", "\\u003c") + "\n" * text.count("\n")

    def _mapped(self, names: dict[str, Any]) -> dict[str, Any]:
        return {
            name: self._map_to(value) if isinstance(value, str) else value
            for name, value in names.items()
        }

    def _map_to(self, value: str) -> str:
        if not value.endswith("/"):
            return self._own(value) or value
        host = host_of(value)
        if host not in _HOSTS or host in self._granted:
            return value
        found = self._catalogue.folder(value)
        if found is None:
            return f"{self._path}{CDNS}/{value.partition('//')[2]}"
        if found.advisory is not None:
            self.notes.setdefault(found.advisory, value)
        return self._path + found.address


_HOSTS = hosts()


def loads(tag: str, attribute: str) -> bool:
    """Whether an element loads the one address that its attribute is."""
    if attribute in {"href", "xlink:href"}:
        return tag in _LOADED_BY_HREF
    return attribute in _LOADED_BY_ANY and tag not in _NOT_LOADED


def each_source(text: str, change: Callable[[str], str | None]) -> str:
    """Change each address of a `srcset` for which there is another."""
    return _SOURCE.sub(lambda found: change(found[0]) or found[0], text)


def host_of(url: str) -> str:
    """Return the host of an address with a scheme, or without one but with its two slashes."""
    return re.split(r"[/?#]", url.partition("//")[2], maxsplit=1)[0]


def _at_once(scanner: Scanner, text: str) -> str:
    return scanner.feed(text) + scanner.finish()


def attributes_of(tag: str) -> dict[str, Attribute]:
    """Return the attributes of a start tag; the first of a name is the one that counts."""
    name_end = _NAME_END.search(tag, 1)
    found: dict[str, Attribute] = {}
    for one in _ATTRIBUTE.finditer(tag.removesuffix(">"), name_end.start() if name_end else 1):
        kind = one.lastgroup or ""
        value, (start, end) = (one[kind], one.span(kind)) if kind else ("", (0, 0))
        quote = 0 if kind in {"", "bare"} else 1
        attribute = Attribute(value, one.start(), start - quote, end + quote)
        found.setdefault(one[1].lower(), attribute)
    return found


def changed(text: str, changes: Iterable[tuple[int, int, str]]) -> str:
    """Put each text in the place of what stands from a start to an end."""
    for start, end, new in sorted(changes, reverse=True):
        text = text[:start] + new + text[end:]
    return text
