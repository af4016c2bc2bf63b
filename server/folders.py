"""A page with files beside it, as one document. Pure.

Styles and scripts of the folder come in their places, images and fonts as `data:` addresses, and
modules as `data:` modules within those that import them (so none can import in a circle). What is
missing is listed.
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
from urllib.parse import unquote

from sandbox.libraries.rewriting import NO_ATTRIBUTE, SOURCES, Attribute, attributes_of, changed
from sandbox.markup import Markup

_URL = re.compile(
    r"""(?P<lead>@import\s++(?=["'])|\burl\(\s*+)(?P<quote>["']?)(?P<url>[^"'()\\\n]++)(?P=quote)"""
    r"""(?P<end>\s*+\)|(?<=["']))""",
    re.IGNORECASE,
)
_IMPORT = re.compile(r"""(\b(?:from|import)\s*+(?:\(\s*+)?)(["'])(\.{0,2}/[^"'\s\\]*)\2""")
# One of several of a `srcset`: what ends with a comma has no size after it.
_SOURCE = re.compile(r"[\s,]*+(?:(?P<url>\S++)(?:(?<!,)[^,]*+)?)?+")
DEEPEST = 50
"""Files that name each other in a row."""
_OWN = re.compile(r"(?![a-z][a-z0-9+.-]*:|//|#|data:)", re.IGNORECASE)


class TooLargeError(ValueError):
    """The joined document would be larger than what was allowed."""


class TooDeepError(ValueError):
    """Files name each other in too long a row; the message names where it was left."""


@dataclass(frozen=True, slots=True)
class Joined:
    html: str
    missing: tuple[str, ...] = ()


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
    joining = _Joining(named, posixpath.dirname(page), most)
    markup = Markup(joining, keeps_shadows=True, shows_all=True, throws=True)
    text = markup.feed(named[page].decode("utf-8-sig", "replace")) + markup.finish()
    return Joined(text, tuple(joining.missing))


@dataclass
class _Joining:
    """A `sandbox.markup.Rewriting`."""

    files: Mapping[str, bytes]
    folder: str
    most: int
    missing: dict[str, None] = field(default_factory=dict)
    _kind: str = ""
    _text: str = ""
    _body: str | None = None
    _base: str = ""  # the folder of the script that is being read
    _open: list[str] = field(default_factory=list)  # what is being joined: no circles
    _made: dict[str, str] = field(default_factory=dict)  # addresses by path

    def tag(self, name: str, text: str) -> str:
        given = attributes_of(text)
        self._kind, self._text, self._body, self._base = "", "", None, self.folder
        if name == "link" and "stylesheet" in _value(given, "rel").lower().split():
            return self._sheet(given) or text
        if name == "script":
            self._kind = "module" if _value(given, "type").strip().lower() == "module" else "script"
            path = self._path(self.folder, _value(given, "src"))
            if path is not None:
                src = given["src"]
                if self._kind == "script" and ("defer" in given or "async" in given):
                    # A script that waits for the document does so by its address alone.
                    address = self._data(path, self.files[path])
                    return f'{text[: src.start]}"{address}"{text[src.end :]}'
                self._body, self._base = self._read(path), posixpath.dirname(path)
                self._spent(len(self.files[path]))
                return text[: src.at].rstrip() + text[src.end :]
        elif name == "style":
            self._kind = "style"
        changes = []
        for attribute, one in given.items():
            new = self._attribute(name, attribute, html.unescape(one.value))
            if new is not None:
                changes.append((one.start, one.end, f'"{html.escape(new)}"'))
        return changed(text, changes)

    def _attribute(self, name: str, attribute: str, value: str) -> str | None:
        if attribute in SOURCES:
            return _SOURCE.sub(self._source, value)
        loads = attribute in {"src", "poster"} and name != "a"
        if loads or (attribute == "href" and name in {"link", "image", "use"}):
            return self._address(self.folder, value)
        return None

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
        css = self._style(self._read(path), posixpath.dirname(path))
        self._open.pop()
        self._spent(len(css))
        safe = re.sub(r"</(?=style)", r"<\\/", css, flags=re.IGNORECASE)
        return f"<style{told}>\n{safe}\n</style>"

    def _read(self, path: str) -> str:
        return self.files[path].decode("utf-8-sig", "replace")

    def _path(self, folder: str, url: str) -> str | None:
        """Return the file that an address means; note it if it should be here and is not."""
        url = html.unescape(url).strip()
        bare = unquote(url.partition("#")[0].partition("?")[0])
        if not bare or not _OWN.match(url):
            return None
        # A site's root is where its page is, or, if not there, the top of what was brought.
        roots = (self.folder, "") if bare.startswith("/") else (folder,)
        for root in roots:
            whole = posixpath.normpath(posixpath.join(root, bare.lstrip("/")))
            path = unicodedata.normalize("NFC", whole)
            if path in self.files:
                return path
        self.missing.setdefault(bare)
        return None

    def _address(self, folder: str, url: str) -> str | None:
        path = self._path(folder, url)
        return None if path is None else self._data(path, self.files[path])

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
            return f'{lead}"{address}"{found["end"] or ")"}'

        return _URL.sub(inlined, css)

    def _module(self, code: str, folder: str) -> str:
        def inlined(found: re.Match[str]) -> str:
            path = self._path(folder, found[3])
            address = None if path is None else self._joined(path, self._module, "")
            return found[0] if address is None else f"{found[1]}{found[2]}{address}{found[2]}"

        return _IMPORT.sub(inlined, code)

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
                body = join(self._read(path), posixpath.dirname(path)).encode()
                self._open.pop()
            self._made[path] = self._data(_script(path) if suffix == "" else path, body)
        else:
            self._spent(len(self._made[path]))
        return self._made[path]


def _script(path: str) -> str:
    """A module is JavaScript, whatever its name ends with."""
    return f"{path}.js"


def _value(given: dict[str, Attribute], name: str) -> str:
    return html.unescape(given.get(name, NO_ATTRIBUTE).value)
