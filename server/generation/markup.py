"""Follow an HTML document closely enough to know what is content and what is not.

A pure, incremental scanner after the tokenizer of the WHATWG HTML standard (section 13.2.5),
reduced to the question the answer parser has: may a line at this place end the document, or
does it stand inside a script, a style, a comment or a tag? It never changes a character.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum, auto

# Elements whose content is text up to their own end tag (scripting is on, so `noscript` too).
RAW_TEXT = frozenset(
    {"iframe", "noembed", "noframes", "noscript", "script", "style", "textarea", "title", "xmp"}
)
_SPACE = " \t\n\r\f"
_CONTENT_STOP = re.compile(r"[<\n]")
_TAG_STOP = re.compile(r"[=>]")
_NAME_STOP = re.compile(r"[ \t\n\r\f/>]")
_UNQUOTED_STOP = re.compile(r"[ \t\n\r\f>]")
_NAME_LIMIT = 32


class _At(Enum):
    CONTENT = auto()
    OPENING = auto()  # after "<"
    DECLARATION = auto()  # after "<!"
    END_OPENING = auto()  # after "</"
    NAME = auto()
    TAG = auto()
    BEFORE_VALUE = auto()
    QUOTED = auto()
    UNQUOTED = auto()
    COMMENT = auto()
    BOGUS = auto()  # doctype, processing instruction: up to ">"
    RAW = auto()


class Markup:
    """One document's scanner.

    `scan` takes characters until something a reader must look at, and says where it stopped:
    behind a line break in content (`line_start`) or behind `</html>` (`closed`). `rooted` says
    that a doctype or an `<html>` tag came: a whole document, not a fragment of one.
    """

    __slots__ = (
        "_at",
        "_closing",
        "_dashes",
        "_ending",
        "_name",
        "_pre",
        "_quote",
        "_raw",
        "_steps",
        "closed",
        "line_start",
        "rooted",
    )

    def __init__(self) -> None:
        self._at = _At.CONTENT
        self._name = ""
        self._ending = False
        self._quote = ""
        self._dashes = 0
        self._raw = ""
        self._closing = ""
        self._pre = 0
        self.closed = False
        self.line_start = True
        self.rooted = False
        self._steps: dict[_At, Callable[[str, int], int]] = {
            _At.CONTENT: self._content,
            _At.OPENING: self._opening,
            _At.DECLARATION: self._declaration,
            _At.END_OPENING: self._end_opening,
            _At.NAME: self._tag_name,
            _At.TAG: self._tag,
            _At.BEFORE_VALUE: self._before_value,
            _At.QUOTED: self._quoted,
            _At.UNQUOTED: self._unquoted,
            _At.COMMENT: self._comment,
            _At.BOGUS: self._bogus,
            _At.RAW: self._raw_text,
        }

    @property
    def in_content(self) -> bool:
        """Whether the next character is content: outside tags, comments and raw text."""
        return self._at is _At.CONTENT

    @property
    def in_preformatted(self) -> bool:
        return self._pre > 0

    def scan(self, text: str, position: int) -> int:
        """Take `text` from `position`; return the position behind the last character taken."""
        self.closed = self.line_start = False
        size = len(text)
        while position < size and not self.closed and not self.line_start:
            position = self._steps[self._at](text, position)
        return position

    def _content(self, text: str, position: int) -> int:
        found = _CONTENT_STOP.search(text, position)
        if found is None:
            return len(text)
        if found.group() == "<":
            self._at = _At.OPENING
        else:
            self.line_start = True
        return found.end()

    def _opening(self, text: str, position: int) -> int:
        character = text[position]
        if character == "!":
            self._at, self._dashes = _At.DECLARATION, 0
        elif character == "/":
            self._at = _At.END_OPENING
        elif character == "?":
            self._at = _At.BOGUS
        elif _is_letter(character):
            self._begin_name(ending=False)
            return position
        else:
            self._at = _At.CONTENT
            return position
        return position + 1

    def _declaration(self, text: str, position: int) -> int:
        if text[position] != "-":
            self.rooted = self.rooted or text[position] in "dD"
            self._at = _At.BOGUS
            return position
        self._dashes += 1
        if self._dashes == 2:  # noqa: PLR2004 - a comment opens with two dashes
            self._at = _At.COMMENT  # the two dashes count: `<!-->` is a whole comment
        return position + 1

    def _end_opening(self, text: str, position: int) -> int:
        if _is_letter(text[position]):
            self._begin_name(ending=True)
        else:
            self._at = _At.BOGUS
        return position

    def _begin_name(self, *, ending: bool) -> None:
        self._at, self._name, self._ending = _At.NAME, "", ending

    def _tag_name(self, text: str, position: int) -> int:
        found = _NAME_STOP.search(text, position)
        end = len(text) if found is None else found.start()
        if len(self._name) < _NAME_LIMIT:
            self._name += text[position : min(end, position + _NAME_LIMIT)].lower()
        if found is not None:
            self._at = _At.TAG
        return end

    def _tag(self, text: str, position: int) -> int:
        found = _TAG_STOP.search(text, position)
        if found is None:
            return len(text)
        if found.group() == "=":
            self._at = _At.BEFORE_VALUE
        else:
            self._finish_tag()
        return found.end()

    def _before_value(self, text: str, position: int) -> int:
        character = text[position]
        if character in "\"'":
            self._at, self._quote = _At.QUOTED, character
        elif character not in _SPACE:
            self._at = _At.UNQUOTED
            return position
        return position + 1

    def _quoted(self, text: str, position: int) -> int:
        end = text.find(self._quote, position)
        if end < 0:
            return len(text)
        self._at = _At.TAG
        return end + 1

    def _unquoted(self, text: str, position: int) -> int:
        found = _UNQUOTED_STOP.search(text, position)
        if found is None:
            return len(text)
        self._at = _At.TAG
        return found.start()

    def _finish_tag(self) -> None:
        self._at = _At.CONTENT
        if self._name == "pre":
            self._pre = max(0, self._pre + (-1 if self._ending else 1))
        elif self._name == "html":
            self.rooted = True
            self.closed = self._ending
        elif self._name in RAW_TEXT and not self._ending:
            self._at, self._raw, self._closing = _At.RAW, "</" + self._name, ""

    def _comment(self, text: str, position: int) -> int:
        if self._dashes == 0:
            found = text.find("-", position)
            if found < 0:
                return len(text)
            self._dashes = 1
            return found + 1
        character = text[position]
        if character == "-":
            self._dashes += 1
        elif character == ">" and self._dashes >= 2:  # noqa: PLR2004 - `-->`
            self._at = _At.CONTENT
        elif character != "!" or self._dashes < 2:  # noqa: PLR2004 - `--!>` closes as well
            self._dashes = 0
        return position + 1

    def _bogus(self, text: str, position: int) -> int:
        end = text.find(">", position)
        if end < 0:
            return len(text)
        self._at = _At.CONTENT
        return end + 1

    def _raw_text(self, text: str, position: int) -> int:
        if not self._closing:
            found = text.find("<", position)
            if found < 0:
                return len(text)
            self._closing = "<"
            return found + 1
        character = text[position]
        if len(self._closing) < len(self._raw):
            if character.lower() == self._raw[len(self._closing)]:
                self._closing += character.lower()
                return position + 1
        elif character in _SPACE or character in "/>":
            self._at, self._name, self._ending = _At.TAG, self._raw[2:], True
            return position
        self._closing = ""
        return position


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()
