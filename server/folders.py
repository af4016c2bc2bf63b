"""A page with files beside it, as one document. Pure.

Styles and scripts of the folder come in their places, images and fonts as `data:` addresses, and
modules as `data:` modules within those that import them (so none can import in a circle). Drawings
that a `<use>` takes a part of come into the document, since no browser takes it from `data:`. What
is missing is listed, and what a script names: when it runs there is no folder.
"""

from __future__ import annotations

import base64
import html
import mimetypes
import posixpath
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from urllib.parse import unquote

from sandbox.libraries.rewriting import NO_ATTRIBUTE, SOURCES, Attribute, attributes_of, changed
from sandbox.markup import Markup
from sandbox.text import without_lone_surrogates
from server.import_maps import with_modules
from server.texts import UNSAID, text_of

_URL = re.compile(
    r"""(?P<lead>@import\s++(?=["'])|\burl\(\s*+)(?P<quote>["']?)(?P<url>[^"'()\\\n]++)(?P=quote)"""
    r"""(?P<end>\s*+\)|(?<=["']))""",
    re.IGNORECASE,
)
_IMPORT = re.compile(r"""(\b(?:from|import)\s*+(?:\(\s*+)?)(["'])(\.{0,2}/[^"'\s\\]*)\2""")
# One of several of a `srcset`: what ends with a comma has no size after it.
_SOURCE = re.compile(r"[\s,]*+(?:(?P<url>\S++)(?:(?<!,)[^,]*+)?)?+")
# A string that may be a file's name.
_QUOTED = re.compile(r"""(["'`])([^"'`\n\\]{1,300}+)\1""")
_SVG = re.compile(r"<svg[\s>]", re.IGNORECASE)
_MODULE_FILES = (".js", ".mjs")
# Of an import map: folders in it, and what is looked through for names below them.
_MOST_FOLDERS = 50
_MOST_NAMES = 10_000
# Of what is loaded by a link; all else loads by `src`.
_LINKS = {
    "href": frozenset({"link", "image", "use", "feimage", "script"}),
    "data": frozenset({"object"}),
    "background": frozenset({"body", "table", "tr", "td", "th"}),
}
_NESTING = frozenset({"object", "embed", "iframe", "frame"})
DEEPEST = 50
"""Files that name each other in a row."""
_OWN = re.compile(r"(?![a-z][a-z0-9+.-]*:|//|#|data:)", re.IGNORECASE)


class TooLargeError(ValueError):
    """The joined document would be larger than what was allowed."""


class TooDeepError(ValueError):
    """Files name each other in too long a row; the message names where it was left."""


@dataclass(frozen=True, slots=True)
class Joined:
    """`named`: files that scripts name. `nested`: files that are shown as documents of their own.

    `replaced`: files whose letters could not all be read.
    """

    html: str
    missing: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()


def page_of(files: Mapping[str, bytes]) -> str | None:
    """Return the path of the page: `index.html` nearest to the top, or the only page."""
    pages = sorted(
        (path for path in files if path.lower().endswith((".html", ".htm"))),
        key=lambda path: (path.count("/"), path),
    )
    index = [path for path in pages if posixpath.basename(path).lower().startswith("index.")]
    if index:
        return index[0]
    shallow = [path for path in pages if path.count("/") == pages[0].count("/")] if pages else []
    return shallow[0] if len(shallow) == 1 else None


def join(files: Mapping[str, bytes], page: str, *, most: int) -> Joined:
    """Join a folder into its page.

    Raises `TooLargeError` once `most` bytes were embedded, and `TooDeepError` where one file
    imports another that imports another and so on, more than `DEEPEST` in a row.
    """
    named = {unicodedata.normalize("NFC", path): body for path, body in files.items()}
    page = unicodedata.normalize("NFC", page)
    joining = _Joining(named, page, most)
    markup = Markup(joining, keeps_shadows=True, shows_all=True, throws=True)
    text = markup.feed(joining.read(page)) + markup.finish()
    seen = (joining.missing, joining.named, joining.nested, joining.replaced)
    return Joined(text, *map(tuple, seen))


@dataclass
class _Joining:
    """A `sandbox.markup.Rewriting`."""

    files: Mapping[str, bytes]
    page: str
    most: int
    missing: dict[str, None] = field(default_factory=dict)
    named: dict[str, None] = field(default_factory=dict)
    nested: dict[str, None] = field(default_factory=dict)
    replaced: dict[str, None] = field(default_factory=dict)
    _kind: str = ""
    _ahead: str = ""  # what comes ahead of the tag that is being read
    _text: str = ""
    _body: str | None = None
    _base: str = ""  # the folder of the script that is being read
    _open: list[str] = field(default_factory=list)  # what is being joined: no circles
    _made: dict[str, str] = field(default_factory=dict)  # addresses by path
    _drawn: dict[str, bool] = field(default_factory=dict)  # whether a drawing is in the document
    _folders: int = 0  # of its import map
    _given: set[str] = field(default_factory=set)  # names that the map leads to a module

    def __post_init__(self) -> None:
        """What says nothing of its encoding has that of its page."""
        self.folder = posixpath.dirname(self.page)
        encoding = text_of(self.files[self.page]).encoding
        # What is no UTF-8 by itself is not so either because its page is.
        self._encoding = UNSAID if encoding.startswith("utf-") else encoding
        self._names = {posixpath.basename(path) for path in self.files if path != self.page}

    def tag(self, name: str, text: str) -> str:
        given = attributes_of(text)
        self._kind, self._text, self._body, self._base = "", "", None, self.folder
        if name == "link" and "stylesheet" in _value(given, "rel").lower().split():
            return self._sheet(given) or text
        if name == "script":
            kind = _value(given, "type").strip().lower()
            self._kind = kind if kind in {"module", "importmap"} else "script"
            path = self._path(self.folder, _value(given, "src"))
            if path is not None:
                src = given["src"]
                if self._kind == "script" and ("defer" in given or "async" in given):
                    # A script that waits for the document does so by its address alone.
                    code = self.read(path)
                    self._note_names(code, self.folder)
                    address = self._data(path, code.encode())
                    return f'{text[: src.start]}"{address}"{text[src.end :]}'
                self._body, self._base = self.read(path), posixpath.dirname(path)
                self._spent(len(self.files[path]))
                return text[: src.at].rstrip() + text[src.end :]
        elif name == "style":
            self._kind = "style"
        changes = []
        for attribute, one in given.items():
            value = html.unescape(one.value)
            new = self._attribute(name, attribute, value)
            if new is not None and new != value:
                changes.append((one.start, one.end, f'"{html.escape(new)}"'))
        ahead, self._ahead = self._ahead, ""
        return ahead + changed(text, changes)

    def _attribute(self, name: str, attribute: str, value: str) -> str | None:
        if attribute in SOURCES:
            return _SOURCE.sub(self._source, value)
        if attribute == "style":
            return self._style(value, self.folder)
        if attribute.startswith("on"):
            self._note_names(value, self.folder)
            return None
        attribute = attribute.removeprefix("xlink:")
        loads = attribute in {"src", "poster"} and name != "a"
        if not loads and name not in _LINKS.get(attribute, ()):
            return None
        if name in _NESTING and (path := self._path(self.folder, value)) is not None:
            self.nested.setdefault(path)
        drawn = self._part(value) if name == "use" else None
        return drawn or self._address(self.folder, value)

    def _part(self, url: str) -> str | None:
        """Put the drawing that a `<use>` takes a part of ahead of it, once."""
        part = _part_of(url)
        path = self._path(self.folder, url) if part else None
        if path is None:
            return None
        if path not in self._drawn:
            drawing = _drawing(self.read(path))
            self._drawn[path] = bool(drawing)
            self._spent(len(drawing))
            self._ahead += f"<defs>{drawing}</defs>" if drawing else ""
        return part if self._drawn[path] else None

    def _source(self, found: re.Match[str]) -> str:
        url = (found["url"] or "").rstrip(",")
        address = self._address(self.folder, url)
        return found[0] if address is None else found[0].replace(url, address, 1)

    def raw(self, text: str) -> str:
        self._text += text
        return ""

    def end(self) -> str:
        body = self._text if self._body is None else self._body
        if self._kind == "module":
            body = self._module(body, self._base)
        elif self._kind == "importmap":
            body = with_modules(body, self._mapped)
        elif self._kind == "script":
            self._note_names(body, self.folder)
        elif self._kind == "style":
            body = self._style(body, self.folder)
        if self._body is not None:
            body = re.sub(r"</(?=script)", r"<\\/", body, flags=re.IGNORECASE)
            body = body.replace("<!--", "\\x3c!--")
        self._kind, self._text, self._body = "", "", None
        return body

    def _sheet(self, given: dict[str, Attribute]) -> str | None:
        path = self._path(self.folder, _value(given, "href"))
        if path is None:
            return None
        media = _value(given, "media")
        told = f' media="{html.escape(media)}"' if media else ""
        self._open.append(path)
        css = self._style(self.read(path), posixpath.dirname(path))
        self._open.pop()
        self._spent(len(css))
        safe = re.sub(r"</(?=style)", r"<\\/", css, flags=re.IGNORECASE)
        return f"<style{told}>\n{safe}\n</style>"

    def read(self, path: str) -> str:
        """Return a file's text; note it where letters had to be replaced."""
        read = text_of(self.files[path], self._encoding)
        if read.replaced:
            self.replaced.setdefault(path)
        return read.text

    def _path(self, folder: str, url: str) -> str | None:
        """Return the file that an address means; note it if it should be here and is not."""
        url = html.unescape(url).strip()
        bare = _bare(url)
        if not bare or not _OWN.match(url):
            return None
        path = self._file(folder, bare)
        if path is None:
            self.missing.setdefault(without_lone_surrogates(bare))
        return path

    def _file(self, folder: str, bare: str) -> str | None:
        # A site's root is where its page is, or, if not there, the top of what was brought.
        roots = (self.folder, "") if bare.startswith("/") else (folder,)
        for root in roots:
            whole = posixpath.normpath(posixpath.join(root, bare.lstrip("/")))
            path = unicodedata.normalize("NFC", whole)
            if path in self.files:
                return path
        return None

    def _note_names(self, code: str, *folders: str) -> None:
        """Note which files a script names: whatever it does with them, they are not there."""
        for found in _QUOTED.finditer(code):
            bare = _bare(found[2].strip())
            last = unicodedata.normalize("NFC", posixpath.basename(bare))
            if last not in self._names or found[2] in self._given:
                continue
            for folder in folders:
                path = self._file(folder, bare)
                if path is not None and path != self.page:
                    self.named.setdefault(path)

    def _address(self, folder: str, url: str) -> str | None:
        path = self._path(folder, url)
        return None if path is None else self._data(path, self.files[path]) + _part_of(url)

    def _data(self, path: str, body: bytes) -> str:
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        address = f"data:{kind};base64,{base64.b64encode(body).decode()}"
        self._spent(len(address))
        return address

    def _spent(self, size: int) -> None:
        self.most -= size
        if self.most < 0:
            raise TooLargeError

    def _style(self, css: str, folder: str) -> str:
        def inlined(found: re.Match[str]) -> str:
            path = self._path(folder, found["url"])
            address = None if path is None else self._joined(path, self._style, ".css")
            if address is None:
                return found[0]
            lead = "@import url(" if found["lead"].startswith("@") else found["lead"]
            return f'{lead}"{address}{_part_of(found["url"])}"{found["end"] or ")"}'

        return _URL.sub(inlined, css)

    def _module(self, code: str, folder: str) -> str:
        def inlined(found: re.Match[str]) -> str:
            path = self._path(folder, found[3])
            address = None if path is None else self._joined(path, self._module, "")
            return found[0] if address is None else f"{found[1]}{found[2]}{address}{found[2]}"

        joined = _IMPORT.sub(inlined, code)
        self._note_names(joined, *dict.fromkeys((self.folder, folder)))
        return joined

    def _mapped(self, name: str, address: str) -> dict[str, str]:
        """Return the modules that a name of an import map stands for, by their names."""
        names = [name]
        if address.endswith("/"):
            self._folders += 1
            if self._folders > _MOST_FOLDERS:
                return {}
            names = [one for one in self._quoted if one.startswith(name)]
        found = {}
        for one in names:
            path = self._path(self.folder, address + one.removeprefix(name))
            made = None if path is None else self._joined(path, self._module, "")
            if made is not None:
                found[one] = made
        self._given.update(found)
        return found

    @cached_property
    def _quoted(self) -> dict[str, None]:
        """What the page or a module names: of a folder, a map has only that."""
        scripts = (path for path in self.files if path.lower().endswith(_MODULE_FILES))
        texts = (self.read(path) for path in (self.page, *scripts))
        quoted = (one[2] for text in texts for one in _QUOTED.finditer(text))
        named = (one for one in quoted if posixpath.basename(one) in self._names)
        return dict.fromkeys(islice(named, _MOST_NAMES))

    def _joined(self, path: str, join: Callable[[str, str], str], suffix: str) -> str | None:
        """Return the address of a file with what it names in turn; `None` within itself."""
        if path in self._open:
            self.missing.setdefault(f"{path} (it imports itself in a circle)")
            return None
        if path not in self._made:
            body = self.files[path]
            if path.lower().endswith(suffix):
                if len(self._open) >= DEEPEST:
                    raise TooDeepError(path)
                self._open.append(path)
                body = join(self.read(path), posixpath.dirname(path)).encode()
                self._open.pop()
            self._made[path] = self._data(_script(path) if suffix == "" else path, body)
        else:
            self._spent(len(self._made[path]))
        return self._made[path]


def _bare(url: str) -> str:
    return unquote(url.partition("#")[0].partition("?")[0])


def _part_of(url: str) -> str:
    """Return what an address names within its file."""
    part = url.strip().partition("#")[2]
    return f"#{part}" if part else ""


def _drawing(text: str) -> str:
    """Return the element alone, which in a document is all that counts of the file."""
    begins, ends = _SVG.search(text), text.rfind("</svg>")
    return text[begins.start() : ends] + "</svg>" if begins and begins.start() < ends else ""


def _script(path: str) -> str:
    """A module is JavaScript, whatever its name ends with."""
    return f"{path}.js"


def _value(given: dict[str, Attribute], name: str) -> str:
    return html.unescape(given.get(name, NO_ATTRIBUTE).value)
