"""Read scripts and inline handlers by JavaScript's grammar, before any browser does.

The grammar is tree-sitter's (https://tree-sitter.github.io/tree-sitter/), a reader that goes on
after a fault. What it doubts an engine has the last word on: where a browser ran the document, its
own word counts, and a handler that the page never came to is given to it to read.
"""

from __future__ import annotations

import html as markup
import re
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from sandbox.markup import Markup
from sandbox.report import Finding
from sandbox.smoke.places import place_at
from sandbox.smoke.signatures import sign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node, Parser

MOST = 20
"""So many of a document are told of, and so many handlers given to an engine."""
# Much of what is hostile takes long, so a document has half a second of the processor's time. Code
# is read piece by piece: between two of them other threads go on, and the time can be looked at.
_SECONDS = 0.5
_PIECE = 1024
_LONGEST = 100_000  # characters of a script; after the last piece a reader cannot be stopped
_LONGEST_DOCUMENT = 1 << 20
_NEAR = 40
_CODE = re.compile(
    r"(?:module|(?:text|application)/(?:x-)?(?:java|ecma)script|text/(?:babel|jsx))?", re.IGNORECASE
)
# Of what an element hears by an attribute (https://html.spec.whatwg.org/#globaleventhandlers).
_HANDLER = re.compile(
    r"on(?:abort|animation\w+|auxclick|before\w+|blur|cancel|canplay\w*|change|click|close"
    r"|contextmenu|copy|cuechange|cut|dblclick|drag\w*|drop|durationchange|ended|error|focus\w*"
    r"|formdata|hashchange|input|invalid|key(?:down|press|up)|load\w*|message|mouse\w+|offline"
    r"|online|page\w+|paste|pause|play\w*|pointer\w+|popstate|progress|ratechange|reset|resize"
    r"|scroll\w*|search|seek\w+|select\w*|storage|submit|timeupdate|toggle|touch\w+"
    r"|transition\w+|unload|volumechange|waiting|wheel)"
)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Code that the grammar cannot read. `handler`: the whole code of an inline handler."""

    line: int
    column: int
    near: str
    handler: str = ""

    def finding(self, said: str = "") -> Finding:
        """Tell of it: a note, as long as no engine has `said` what it stumbles at."""
        message = said or f"SyntaxError: this cannot be read: {self.near}"
        return Finding(
            kind="syntax",
            severity="fatal" if said else "advisory",
            phase="load",
            message=message,
            signature=sign("syntax", message),
            line=self.line,
            column=self.column,
        )


class _Piece(NamedTuple):
    """`at`: where the code begins, or the handler's attribute."""

    code: str
    at: int
    is_handler: bool


def read_doubts(html: str) -> list[Doubt]:
    """Find the first fault of each script and of each handler; none where there is no reader.

    Nor of what is too long to be read in time.
    """
    parser = _parser()
    if parser is None or len(html) > _LONGEST_DOCUMENT:
        return []
    until = time.thread_time() + _SECONDS
    found: list[Doubt] = []
    for piece in _pieces(html):
        # A browser's own parser puts the same in the place of a NUL.
        code = piece.code.replace("\0", "\ufffd").encode("utf-8", "replace")
        tree = parser.parse(_reading(code, until))
        if len(found) == MOST or time.thread_time() > until:
            break
        fault = _first(tree.root_node)
        if fault is not None:
            before = len(code[: fault.start_byte].decode("utf-8", "replace"))
            line, column = place_at(html, piece.at + (0 if piece.is_handler else before))
            near = " ".join(piece.code[before : before + _NEAR].split()) or "its end"
            found.append(Doubt(line, column, near, piece.code if piece.is_handler else ""))
    return found


def _reading(code: bytes, until: float) -> Callable[[int, object], bytes]:
    """Give the code in pieces, and none after its time: what was read of it is not looked at."""
    return lambda at, _: b"" if time.thread_time() > until else code[at : at + _PIECE]


@cache
def _parser() -> Parser | None:
    try:
        import tree_sitter_javascript  # noqa: PLC0415 - a start must be quick, and it may be absent
        from tree_sitter import Language, Parser  # noqa: PLC0415
    except ImportError:
        return None
    return Parser(Language(tree_sitter_javascript.language()))


def _first(root: Node) -> Node | None:
    """Return the first fault; deep trees are walked without recursion."""
    node = root
    while node.has_error and not (node.is_error or node.is_missing):
        node = next(one for one in node.children if one.has_error or one.is_missing)
    return node if node.is_error or node.is_missing else None


class _Reader:
    """Takes down what `Markup` shows; lets everything pass as it is."""

    def __init__(self) -> None:
        from sandbox.libraries.rewriting import attributes_of  # noqa: PLC0415 - a start is quick

        self.found: list[_Piece] = []
        self.fed = 0  # up to here `Markup` was given the document; a start tag ends where it does
        self._attributes_of = attributes_of
        self._at = 0  # where a script's text begins
        self._is_code = False
        self._script: list[str] = []

    def tag(self, name: str, text: str) -> str:
        self._at = self.fed
        given = self._attributes_of(text)
        kind = given["type"].value.strip() if "type" in given else ""
        self._is_code = name == "script" and "src" not in given and bool(_CODE.fullmatch(kind))
        for event, one in given.items():
            if one.value and _HANDLER.fullmatch(event):
                at = self.fed - len(text) + one.at
                self.found.append(_Piece(markup.unescape(one.value), at, is_handler=True))
        return text

    def raw(self, text: str) -> str:
        if self._is_code:
            self._script.append(text)
        return text

    def end(self) -> str:
        code = "".join(self._script)
        self._script.clear()
        if self._is_code:
            self.found.append(_Piece(code, self._at, is_handler=False))
        return ""


def _pieces(html: str) -> Iterator[_Piece]:
    reader = _Reader()
    document = Markup(reader, keeps_shadows=True, shows_all=True, throws=True)
    while reader.fed < len(html):
        begun = reader.fed
        reader.fed = html.find(">", begun) + 1 or len(html)
        document.feed(html[begun : reader.fed])
    document.finish()
    return (one for one in reader.found if len(one.code) <= _LONGEST)
