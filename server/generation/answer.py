"""Read a model's answer as it arrives: what is prose, and what is the document.

Pure and incremental: `AnswerParser.feed` takes any piece of the answer and returns what it can
already tell; `end` closes it. However the answer is cut into pieces, the joined prose, the
joined documents and their flags are the same, and the work is linear in the answer's length.

A document is a fenced block (Markdown fences after CommonMark 4.5: three or more backticks or
tildes) that begins with `<!doctype` or `<html`, a block marked `html` that begins with `<` when
no document came before, or a bare `<!doctype html>` in the prose. It ends at `</html>`, or at
its closing fence outside scripts, styles, comments and `<pre>`. Blocks in other languages, and
small HTML samples after the document, remain prose.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from server.generation.markup import Markup


@dataclass(frozen=True, slots=True)
class Prose:
    """Words around the document, Markdown as the model wrote it."""

    text: str


@dataclass(frozen=True, slots=True)
class DocumentStart:
    """A document begins; the first has index 0. A later complete one replaces it."""

    index: int


@dataclass(frozen=True, slots=True)
class DocumentText:
    text: str


@dataclass(frozen=True, slots=True)
class DocumentEnd:
    """`complete`: closed by `</html>` or its fence, with nothing left open; else it was cut."""

    index: int
    complete: bool


Part = Prose | DocumentStart | DocumentText | DocumentEnd


class _Fence(NamedTuple):
    character: str
    length: int


class _FenceLine(NamedTuple):
    fence: _Fence
    language: str
    blank: bool
    content: int


_MORE = -1  # a step cannot tell yet: the text from here on is held until more comes
_BOM = "\ufeff"
_SPACES = re.compile(r"\s*")
_INDENT = re.compile(r"[ \t]{0,64}")
_TRAILING = re.compile(r"[ \t\r]{0,64}")
_PROSE_STOP = re.compile(r"[<\n]")
_LANGUAGE = re.compile(r"[\s{.]*([A-Za-z0-9+#]*)")
_HTML = frozenset({"html", "htm", "html5", "xhtml"})
_OPENINGS = ("<!doctype", "<html")
_QUOTES = "`'\"\u201c\u2018\u00ab"
# Bounds on what is held back before a decision; ordinary answers come nowhere near them.
_INDENT_LIMIT = 64
_RUN_LIMIT = 64
_INFO_LIMIT = 200
_TAG_LIMIT = 300
_HEAD_LIMIT = 2000
_FENCE_MINIMUM = 3


class AnswerParser:
    """The state of one answer; see the module for what counts as a document."""

    def __init__(self, first_index: int = 0) -> None:
        """`first_index` numbers the first document (an answer begun anew goes on counting)."""
        self._step: Callable[[str, int, bool], int] = self._in_prose
        self._held = ""
        self._parts: list[Part] = []
        self._pieces: list[str] = []
        self._first = True
        self._ended = False
        # prose
        self._line_start = True
        self._fresh = True  # only white space since the line began
        self._last = ""
        self._outer: _Fence | None = None  # the prose block we are in
        self._orphan = False  # a document ended while its fence was open
        self._head = ""  # the opening fence line, until it is known what it opens
        # document
        self._next_index = first_index
        self._markup = Markup()
        self._fence: _Fence | None = None
        self._language = ""
        self._html_closed = False
        self._line_broken = False  # a line break came since `</html>`

    @property
    def inside_document(self) -> bool:
        """Whether the answer stands inside a document, so that what follows continues it."""
        return self._step in (self._in_document, self._after_html)

    def feed(self, text: str) -> list[Part]:
        """Take the next piece of the answer; return the parts that it settles, in order."""
        assert not self._ended
        if self._first and text:
            self._first = False
            text = text.removeprefix(_BOM)
        return self._run(text, final=False)

    def end(self) -> list[Part]:
        """The answer is over: return what was held back, and close an open document."""
        self._ended = True
        parts = self._run("", final=True)
        if self._step == self._in_head:
            self._prose(self._head)
        elif self.inside_document:
            self._finish(complete=self._html_closed and self._markup.in_content)
        return parts + self._take()

    def _run(self, text: str, *, final: bool) -> list[Part]:
        text = self._held + text
        position = 0
        while position < len(text):
            following = self._step(text, position, final)
            if following == _MORE:
                break
            position = following
        self._held = text[position:]
        return self._take()

    def _take(self) -> list[Part]:
        self._flush()
        parts, self._parts = self._parts, []
        return parts

    def _flush(self) -> None:
        if self._pieces:
            text = "".join(self._pieces)
            self._pieces.clear()
            self._parts.append(DocumentText(text) if self.inside_document else Prose(text))

    def _prose(self, text: str) -> None:
        if text:
            self._pieces.append(text)
            self._last = text[-1]

    # Prose

    def _in_prose(self, text: str, position: int, final: bool) -> int:
        if self._line_start:
            return self._prose_line(text, position, final)
        if text[position] == "<" and self._outer is None:
            return self._bare_document(text, position, final)
        found = _PROSE_STOP.search(text, position + 1) if text[position] != "\n" else None
        if text[position] == "\n":
            end = position + 1
            self._line_start = True
        elif found is None:
            end = len(text)
        else:
            end = found.start()
        self._prose(text[position:end])
        self._fresh = False
        return end

    def _prose_line(self, text: str, position: int, final: bool) -> int:
        """At the start of a line: a fence, a bare document, or more prose."""
        at = _end(_INDENT, text, position)
        if at == len(text) and at - position < _INDENT_LIMIT and not final:
            return _MORE
        self._fresh = True
        if at - position < _INDENT_LIMIT and text[at : at + 1] in ("`", "~"):
            line = _fence_line(text, at, final)
            if line is None:
                return _MORE
            if line and self._opens(line):
                return self._fence_in_prose(line, text, position)
        self._line_start = False
        self._prose(text[position:at])
        return at

    def _opens(self, line: _FenceLine) -> bool:
        """Whether this fence line means anything here; inside a block most do not."""
        if self._outer is None:
            return True
        return line.language in _HTML or _closes(line, self._outer)

    def _fence_in_prose(self, line: _FenceLine, text: str, position: int) -> int:
        if self._outer is not None and _closes(line, self._outer):
            self._outer = None
            self._prose(text[position : line.content])
        elif self._outer is None and self._orphan and line.blank:
            self._orphan = False
        else:
            self._orphan = False
            self._head = text[position : line.content]
            self._fence, self._language = line.fence, line.language
            self._flush()
            self._step = self._in_head
        return line.content

    def _in_head(self, text: str, position: int, final: bool) -> int:
        """Decide, behind an opening fence, whether its content begins like a document."""
        whole = _begins_document(text, position, final)
        first = self._next_index == 0 and self._outer is None and self._language in _HTML
        at = _end(_SPACES, text, position + (text[position] == _BOM))
        fragment = first and text[at : at + 1] == "<" and at - position < _HEAD_LIMIT
        if whole is None and not fragment:
            return _MORE
        if whole or fragment:
            self._begin(self._fence)
            return position + (text[position] == _BOM)
        self._step = self._in_prose
        self._prose(self._head)
        self._line_start = True
        if self._outer is None:
            self._outer = self._fence
        return position

    def _bare_document(self, text: str, position: int, final: bool) -> int:
        found = _begins_bare(text, position, final, fresh=self._fresh)
        if found is None:
            return _MORE
        if found and (self._fresh or self._last not in _QUOTES):
            self._flush()
            self._begin(None)
            return position
        self._prose("<")
        self._fresh = False
        return position + 1

    # Document

    def _begin(self, fence: _Fence | None) -> None:
        self._fence = fence
        self._markup = Markup()
        self._html_closed = False
        self._parts.append(DocumentStart(self._next_index))
        self._next_index += 1
        self._step = self._in_document

    def _in_document(self, text: str, position: int, final: bool) -> int:
        markup = self._markup
        if self._fence is not None and markup.line_start and not markup.in_preformatted:
            closing = self._closing_line(self._fence, text, position, final)
            if closing == _MORE:
                return _MORE
            if closing > position:
                self._finish(complete=True)
                self._line_start = True
                return closing
        end = markup.scan(text, position)
        self._pieces.append(text[position:end])
        if markup.closed:
            self._html_closed, self._line_broken = True, False
            self._step = self._after_html
        return end

    def _closing_line(self, fence: _Fence, text: str, position: int, final: bool) -> int:
        """Return the position behind a closing fence line; `position` if this line is none."""
        at = _end(_INDENT, text, position)
        if at - position >= _INDENT_LIMIT or (final and at == len(text)):
            return position
        if at == len(text):
            return _MORE
        line = _fence_line(text, at, final) if text[at] == fence.character else False
        if line is None:
            return _MORE
        if not line or not _closes(line, fence):
            return position
        if self._html_closed or not self._markup.rooted:
            return line.content
        goes_on = _goes_on(text, line.content, final)
        return _MORE if goes_on is None else position if goes_on else line.content

    def _after_html(self, text: str, position: int, final: bool) -> int:
        """Behind `</html>`: white space belongs to the document, and so does more markup."""
        at = _end(_SPACES, text, position)
        if at > position:
            self._pieces.append(text[position:at])
            self._line_broken = self._line_broken or "\n" in text[position:at]
            return at
        if text[position] == "<":
            return self._markup_after_html(text, position, final)
        fence = 0
        if text[position] in "`~":
            fence = _run_length(text, position)
            if position + fence == len(text) and fence < _FENCE_MINIMUM and not final:
                return _MORE
        at_rest = self._markup.in_content
        self._orphan = self._fence is not None or fence >= _FENCE_MINIMUM
        self._finish(complete=at_rest)
        self._line_start = self._line_broken
        if fence >= _FENCE_MINIMUM and not self._line_broken:
            self._step = self._in_rest_of_fence
        return position

    def _markup_after_html(self, text: str, position: int, final: bool) -> int:
        another = _begins_document(text, position, final)
        if another is None:
            return _MORE
        if another:
            fence = self._fence
            self._finish(complete=True)
            self._begin(fence)
        else:
            self._step = self._in_document
        return position

    def _in_rest_of_fence(self, text: str, position: int, _final: bool) -> int:
        """A closing fence on the same line as `</html>`: its run is dropped."""
        if text[position] in "`~":
            return position + 1
        self._orphan = False
        self._step = self._in_prose
        return position

    def _finish(self, *, complete: bool) -> None:
        self._flush()
        self._parts.append(DocumentEnd(self._next_index - 1, complete))
        self._step = self._in_prose
        self._fresh = False
        self._last = ""


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return position if found is None else found.end()


def _run_length(text: str, position: int) -> int:
    """How often the character at `position` repeats, up to `_RUN_LIMIT`."""
    character, end = text[position], position
    limit = min(len(text), position + _RUN_LIMIT)
    while end < limit and text[end] == character:
        end += 1
    return end - position


def _fence_line(text: str, position: int, final: bool) -> _FenceLine | Literal[False] | None:
    """Read a fence line whose run begins at `position`; False: none, None: too early to tell."""
    run = _run_length(text, position)
    at = position + run
    if at == len(text) and run < _RUN_LIMIT and not final:
        return None
    if run < _FENCE_MINIMUM or run >= _RUN_LIMIT:
        return False
    return _info(_Fence(text[position], run), text, at, final)


def _info(
    fence: _Fence, text: str, position: int, final: bool
) -> _FenceLine | Literal[False] | None:
    """Read what stands behind the run of a fence line.

    The line may carry the first markup itself ("```html <!doctype html>"): content is then
    where that begins.
    """
    window = text[position : position + _INFO_LIMIT]
    info, newline, _ = window.partition("\n")
    word = _LANGUAGE.match(info)
    language = word.group(1).lower() if word is not None else ""
    before, markup, _ = info.partition("<")
    if not markup or (language and language not in _HTML):
        before = info
    elif "`" not in before:
        opening = _opening(text, position + len(before), final)
        if opening is None:
            return None
        if opening:
            return _FenceLine(fence, language, blank=False, content=position + len(before))
    if fence.character == "`" and "`" in info:
        return False
    if not newline and (len(window) >= _INFO_LIMIT or not final):
        return None if len(window) < _INFO_LIMIT else False
    end = position + (len(before) if before != info else len(info) + len(newline))
    return _FenceLine(fence, language, not info.strip(), end)


def _closes(line: _FenceLine, fence: _Fence) -> bool:
    return (
        line.blank and line.fence.character == fence.character and line.fence.length >= fence.length
    )


def _goes_on(text: str, position: int, final: bool) -> bool | None:
    """Whether markup follows a fence line that came before `</html>`.

    If so, the line was a sample of Markdown in the page's own text, and the document goes on.
    """
    at = _end(_SPACES, text, position)
    if at - position >= _INFO_LIMIT:
        return False
    if at == len(text):
        return False if final else None
    if text[at] != "<":
        return False
    another = _begins_document(text, at, final)
    return None if another is None else not another


def _begins_document(text: str, position: int, final: bool) -> bool | None:
    """Whether the text begins like a whole document, after white space and comments."""
    at, limit = position, position + _HEAD_LIMIT
    while True:
        at = _end(_SPACES, text, at + (text[at : at + 1] == _BOM))
        if at >= limit:
            return False
        opening = _opening(text, at, final)
        if opening is not False:
            return opening
        if text.startswith("<!--", at):
            end = text.find("-->", at + 4, limit)
            if end < 0:
                return None if len(text) < limit and not final else False
            at = end + 3
        elif not final and "<!--".startswith(text[at : at + 4]):
            return None
        else:
            return False


def _opening(text: str, position: int, final: bool) -> bool | None:
    """Whether `<!doctype` or `<html` stands here as a tag of its own."""
    rest = text[position : position + 10].lower()
    for opening in _OPENINGS:
        if rest.startswith(opening):
            following = rest[len(opening) : len(opening) + 1]
            if not following:
                return False if final else None
            return following.isspace() or following == ">"
        if opening.startswith(rest):
            return False if final else None
    return False


def _begins_bare(text: str, position: int, final: bool, *, fresh: bool) -> bool | None:
    """Whether a document begins in the prose, and not merely a word about `<html>`.

    A doctype at the start of a line does; anything else must go on with a tag.
    """
    opening = _opening(text, position, final)
    if not opening or (fresh and text[position + 1] == "!"):
        return opening
    window = text[position : position + _TAG_LIMIT]
    early = len(window) < _TAG_LIMIT and not final
    close = window.find(">")
    if close < 0:
        return None if early else False
    at = _end(_SPACES, window, close + 1)
    if at == len(window):
        return None if early else False
    return window[at] == "<"
