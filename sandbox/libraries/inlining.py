"""A document with the public libraries that it loads put into it, for a file without a network.

What markup loads comes in its place as a `data:` address. Scripts, and what scripts ask for, are
carried beside the document, for `sandbox/runtime/carried.js`: it runs them, and has an import map
and hooks for the rest. The tool's own scripts stay as they are, but for addresses that stand where
no hook sees them: in markup within a string, and in what a worker imports.
"""

from __future__ import annotations

import html
import json
import re
import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from sandbox.libraries.addresses import FONT_HOST, hosts
from sandbox.libraries.cdn import CDN, Linked, linked
from sandbox.libraries.manifest import Library
from sandbox.libraries.pack import MOST_CARRIED, Pack
from sandbox.libraries.resolve import CDNS, MODULES, Resolved
from sandbox.libraries.rewriting import (
    JOINED,
    NO_ATTRIBUTE,
    SOURCES,
    SPACE,
    Attribute,
    attributes_of,
    changed,
    each_source,
    host_of,
    loads,
)
from sandbox.libraries.scanning import Address, Scanner
from sandbox.libraries.shelf import Shelf, is_module
from sandbox.markup import Markup

_HOSTS = hosts()
_CLASSIC = frozenset({"", "text/javascript", "application/javascript", "text/ecmascript"})
RUN = "__carried"
"""Runs a script that is carried; `sandbox/runtime/carried.js` has it."""
_AHEAD = frozenset({"preload", "prefetch", "modulepreload"})
# Where only the text itself can be changed.
_UNSEEN = re.compile(r"""(?:\bimportScripts\(\s*|\b(?:src|href)=\\?)["'`]?\Z|\burl\(\\?["']?\Z""")
_FONT = re.compile(r"\.(?:woff2?|ttf|otf|eot)\Z", re.IGNORECASE)
_MOST_PREFIXES = 50  # in import maps: for each the whole document is searched
_ESCAPED = re.compile(r"\\u\{?([0-9a-fA-F]{2,6})\}?")


@dataclass(frozen=True, slots=True)
class Inlined:
    """`carried` is JSON for the file's own script, empty when it needs none.

    `lacking` says what the document asks for that is not here, each with its address; `notes`
    what else a person should know. `linked` are the files that come from a CDN.
    """

    html: str
    carried: str = ""
    libraries: tuple[Library, ...] = ()
    linked: tuple[Linked, ...] = ()
    lacking: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def inline(
    source: str,
    shelf: Shelf,
    *,
    granted: Collection[str] = (),
    asked: Iterable[str] = (),
    by_cdn: bool = False,
) -> Inlined:
    """Return the document for a file that works with no network.

    `granted` origins are asked as before. `asked` is what the tool was seen to ask for when it
    was tested: addresses below the libraries' folder. `by_cdn`: scripts and style sheets come from
    a CDN instead, as far as a hash can stand for them.
    """
    if not any(host in source for host in _HOSTS) and not asked:
        return Inlined(source)
    inlining = _Inlining(source, shelf, granted, by_cdn=by_cdn)
    markup = Markup(inlining, keeps_shadows=True)
    text = markup.feed(source) + markup.finish()
    inlining.carry_asked(asked)
    carried = inlining.carried()
    if inlining.pack.full:
        inlining.notes.setdefault(
            f"Some of what the tool loads is not in it: more than {MOST_CARRIED // 10**6} MB of "
            "libraries do not fit in one file"
        )
    return Inlined(
        html=text,
        carried=carried,
        libraries=tuple(inlining.pack.used.values()),
        linked=inlining.linked,
        lacking=tuple(inlining.lacking),
        notes=tuple(inlining.notes),
    )


class _Inlining:
    """Changes one document's markup; a `sandbox.markup.Rewriting`."""

    def __init__(
        self, source: str, shelf: Shelf, granted: Collection[str], *, by_cdn: bool
    ) -> None:
        self.pack = Pack(shelf, _characters(source))
        self._at_cdn: dict[str, Linked | None] = {}
        self._compared: dict[str, bool] = {}
        self._shelf = shelf
        self._by_cdn = by_cdn
        self.lacking: dict[str, None] = {}
        self.notes: dict[str, None] = {}
        self._source = source
        self._catalogue = shelf.catalogue
        self._granted = frozenset(urlsplit(origin).hostname for origin in granted)
        self._scanner: Scanner | None = None
        self._map: str | None = None
        self._body: str | None = None  # what stands for the text of a script
        self._joined: dict[str, None] = {}  # addresses that go on at run time
        self._writes = False  # a string that is markup has a file in it
        self._prefixes = 0
        self._imports: dict[str, Any] = {}
        self._scopes: dict[str, Any] = {}

    @property
    def linked(self) -> tuple[Linked, ...]:
        """What comes from a CDN."""
        return tuple(one for one in self._at_cdn.values() if one is not None)

    # Markup

    def tag(self, name: str, text: str) -> str:
        given = attributes_of(text)
        self._scanner = self._map = self._body = None
        changes: list[tuple[int, int, str]] = []
        if name == "script":
            changes = self._script(given)
        elif name == "style":
            self._scanner = Scanner(self._in_style)
        elif name == "link":
            changes = self._sheet(given)
        whole = bool(changes)
        for attribute, one in given.items():
            if (name == "script" and attribute == "src") or (whole and attribute == "href"):
                continue
            new = self._attribute(name, attribute, one.value, given)
            if new is not None:
                changes.append((one.start, one.end, f'"{html.escape(new)}"'))
        if changes and "integrity" in given and name in {"script", "link"}:
            at = given["integrity"].at
            changes.append((at, at, "data-"))
        return changed(text, changes)

    def raw(self, text: str) -> str:
        if self._map is not None:
            self._map += text
            return text
        if self._body is not None:
            return ""
        return text if self._scanner is None else self._scanner.feed(text)

    def end(self) -> str:
        rest = "" if self._scanner is None else self._scanner.finish()
        if self._map is not None:
            self._take_map(self._map)
        rest = self._body if self._body is not None else rest
        self._scanner = self._map = self._body = None
        return rest

    def _script(self, given: dict[str, Attribute]) -> list[tuple[int, int, str]]:
        type_ = given.get("type", NO_ATTRIBUTE)
        kind = html.unescape(type_.value).strip(SPACE).lower()
        if kind == "importmap":
            self._map = ""
            return [(type_.start, type_.end, '"application/json"')]
        if "src" not in given:
            if "json" not in kind and kind != "speculationrules":
                self._scanner = Scanner(self._in_script)
            return []
        src = given["src"]
        found = self._resolved(html.unescape(src.value))
        if found is None:
            return []
        if kind in _CLASSIC and (changes := self._link("script", found, src, given)):
            return changes
        if kind == "module":
            name = self.pack.module(found.address)
            self._body = None if name is None else f"import {json.dumps(name)};"
        if self._body is not None:
            return [(src.at, src.at, "data-")]
        at = self.pack.script(found.address) if kind in _CLASSIC else None
        self._bring_beside("https:" + _bare(html.unescape(src.value)), found)
        # Not its text in place: some libraries read all of a document's text again and again.
        told = quote(json.dumps("https:" + _bare(html.unescape(src.value))))
        call = None if at is None else f"data:text/javascript,{RUN}({at},{told})"
        url = call or self.pack.data_url(found.address)
        return [] if url is None else [(src.start, src.end, f'"{html.escape(url)}"')]

    def _sheet(self, given: dict[str, Attribute]) -> list[tuple[int, int, str]]:
        if not self._by_cdn or "stylesheet" not in _rel(given) or "href" not in given:
            return []
        found = self._resolved(html.unescape(given["href"].value))
        return [] if found is None else self._link("link", found, given["href"], given)

    def _link(
        self, tag: str, found: Resolved, address: Attribute, given: dict[str, Attribute]
    ) -> list[tuple[int, int, str]]:
        """Return the changes that have an element load its file from the CDN; none to carry it."""
        if not self._by_cdn:
            return []
        if found.address not in self._at_cdn:
            self._at_cdn[found.address] = linked(self._shelf, found, self._is_as_listed)
        one = self._at_cdn[found.address]
        if one is None:
            return []
        self.pack.bring_beside(one.url, one.library)
        # Right after the tag's name: of attributes that are given twice the first counts.
        first = len(tag) + 1
        checked = f' integrity="{one.integrity}" crossorigin="anonymous"'
        changes = [(first, first, checked)]
        changes.append((address.start, address.end, f'"{html.escape(one.url)}"'))
        if "crossorigin" in given:
            at = given["crossorigin"].at
            changes.append((at, at, "data-"))
        return changes

    def _is_as_listed(self, library: Library) -> bool:
        """As the shelf says, asked once: to compare all files takes a moment."""
        if library.id not in self._compared:
            self._compared[library.id] = self._shelf.is_as_listed(library)
        return self._compared[library.id]

    def _attribute(
        self, tag: str, name: str, value: str, given: dict[str, Attribute]
    ) -> str | None:
        """Return the new value; `None` if nothing changes."""
        if "//" not in value:
            return None
        text = html.unescape(value)
        if loads(tag, name):
            found = self._resolved(text)
            if found is None:
                return None
            # What only comes ahead is in the file already.
            return "data:," if _rel(given) & _AHEAD else self.pack.data_url(found.address)
        new = each_source(text, self._coded) if name in SOURCES else text
        if name == "style":
            new = _at_once(Scanner(self._in_style), text)
        elif name.startswith("on") or name == "srcdoc":
            unseen = name == "srcdoc"
            new = _at_once(Scanner(lambda one: self._in_script(one, unseen=unseen)), text)
        return None if new == text else new

    def _in_style(self, address: Address) -> str | None:
        found = self._resolved(address.url)
        return None if found is None else self.pack.data_url(found.address)

    def _coded(self, url: str) -> str | None:
        """Return the file of one address among several, which spaces part."""
        found = self._resolved(url)
        return None if found is None else self.pack.coded_url(found.address)

    def _resolved(self, url: str) -> Resolved | None:
        """Return what answers an address of a CDN; say so if nothing here does."""
        url = url.strip()
        host = host_of(url)
        if host not in _HOSTS or host in self._granted:
            return None
        found = self._catalogue.resolve(url)
        for name in self._catalogue.lacking(url):
            self.lacking.setdefault(f"{name} ({url})")
        for said in () if found is None else found.advisories:
            self.notes.setdefault(said)
        return found

    # Scripts

    def _in_script(self, address: Address, *, unseen: bool = False) -> str | None:
        url = address.url
        if address.host in self._granted or (address.host == FONT_HOST and address.joined):
            return None
        if address.joined or JOINED.search(url):
            self._joined.setdefault(url)
            return None
        found = self._resolved(url)
        if found is None:
            return None
        if address.imported:
            self._carry_module(url, found)
            return None
        if unseen or _UNSEEN.search(address.before):
            self._writes = True
            self._bring_beside(url, found)
            return self.pack.coded_url(found.address, url)
        self._carry(url, found)
        return None

    def _bring_beside(self, url: str, found: Resolved) -> None:
        for given in found.given:
            if given.path not in given.library.beside:
                self.pack.bring_beside(url, given.library)

    def _bring_from(self, folder: str) -> None:
        """Carry what a library that is carried would ask for in a folder that a script names."""
        for library in [one for one in self.pack.used.values() if one.beside]:
            found = self._catalogue.resolve(folder + library.beside[0])
            if found is not None and any(one.library is library for one in found.given):
                self.pack.bring_beside(folder, library)

    def _carry(self, url: str, found: Resolved) -> None:
        self.pack.add(url, found.address)
        self._bring_beside(url, found)
        if len(found.given) == 1:
            [given] = found.given
            if given.module or is_module(given.library, given.path):
                self._carry_module(url, found)

    def _carry_module(self, url: str, found: Resolved) -> None:
        self.pack.module_for(url, found.address)
        bare = "http:" + url.removeprefix("https:")
        if bare in self._source:
            self.pack.module_for(bare, found.address)

    def carry_asked(self, asked: Iterable[str]) -> None:
        """Carry what the tool asked for by addresses that nobody can read in it."""
        asked = tuple(asked)
        for url in self._joined:
            self._bring_from(url)
            is_there = any(one.startswith(url) for one in self.pack.beside)
            if not is_there and not any(
                one.startswith(f"{CDNS}/{url.partition('//')[2]}") for one in asked
            ):
                self.notes.setdefault(
                    f"What the tool loads from {url} by an address that it makes up is not in the "
                    "file: no test saw which"
                )
        for address in asked:
            if address.startswith(f"{CDNS}/"):
                url = f"https://{address.removeprefix(f'{CDNS}/')}"
                found = self._catalogue.resolve(url)
                for said in () if found is None else found.advisories:
                    self.notes.setdefault(said)
                # The fonts of a style sheet came with it.
                if found is not None and not _FONT.search(found.address):
                    self._carry(url, found)
                    self.pack.let_import(url)
            elif self._at_cdn.get(address) or self._comes_with_a_sheet(address):
                continue
            elif not address.startswith((f"{MODULES}/", "css")) and not self.pack.holds(address):
                self.pack.add(CDN + address, address)

    def _comes_with_a_sheet(self, address: str) -> bool:
        """Whether a sheet from the CDN loads a file: a font, a picture."""
        folders = tuple(one.folder for one in self.linked if one.folder)
        return not address.endswith((".js", ".css")) and (CDN + address).startswith(folders)

    # Import maps

    def _take_map(self, text: str) -> None:
        try:
            whole = json.loads(text)
        except (ValueError, RecursionError):
            return
        if not isinstance(whole, dict):
            return
        imports, scopes = whole.get("imports"), whole.get("scopes")
        if isinstance(imports, dict):
            self._imports = {**_flat(imports), **self._imports}
        if isinstance(scopes, dict):
            flat = {at: _flat(of) if isinstance(of, dict) else None for at, of in scopes.items()}
            self._scopes = {**flat, **self._scopes}

    def _mapped(self, names: dict[str, Any]) -> dict[str, Any]:
        new: dict[str, Any] = {}
        for name, value in names.items():
            if not isinstance(value, str) or host_of(value) not in _HOSTS:
                new[name] = value
            elif value.endswith("/"):
                for specifier in self._specifiers(name):
                    self._map_to(new, specifier, value + specifier.removeprefix(name))
            else:
                self._map_to(new, name, value)
        return new

    def _map_to(self, names: dict[str, Any], name: str, url: str) -> None:
        found = self._resolved(url)
        own = None if found is None else self.pack.module(found.address)
        names[name] = url if own is None else own

    def _specifiers(self, prefix: str) -> list[str]:
        """Return the names behind a prefix that the document's scripts have in quotes."""
        self._prefixes += 1
        if self._prefixes > _MOST_PREFIXES:
            return []
        sought = re.compile(rf"""(["'`])({re.escape(prefix)}[^"'`\s$\\]+)\1""")
        return list(dict.fromkeys(found[2] for found in sought.finditer(self._source)))

    def carried(self) -> str:
        """Return what the file's own script reads, as JSON that stands in an element."""
        imports = self._mapped(self._imports)
        scopes = {
            scope: self._mapped(names) if isinstance(names, dict) else names
            for scope, names in self._scopes.items()
        }
        written = self.pack.written()
        # The file's own script leaves out the hash that a written element has of the CDN's file.
        ties = self._writes and "integrity" in self._source
        if not any(written.values()) and not imports and not scopes and not ties:
            return ""
        whole = {**written, "imports": imports, "scopes": scopes}
        return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _rel(given: dict[str, Attribute]) -> set[str]:
    return set(html.unescape(given.get("rel", NO_ATTRIBUTE).value).lower().split())


def _bare(url: str) -> str:
    """Return an address on one line, without its scheme."""
    return re.sub(r"^https?:", "", "".join(url.split()))


def _characters(source: str) -> frozenset[str]:
    """Return the characters beyond ASCII that a document may show."""
    found = set(html.unescape(source))
    codes = {int(code, 16) for code in _ESCAPED.findall(source)}
    found |= {chr(code) for code in codes if code <= sys.maxunicode}
    return frozenset(one for one in found if not one.isascii())


def _at_once(scanner: Scanner, text: str) -> str:
    return scanner.feed(text) + scanner.finish()


def _flat(names: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is no address, however deep: a browser takes null for it."""
    return {name: value if isinstance(value, str) else None for name, value in names.items()}
