"""Join an answer that was cut by a length limit with the model's continuation of it.

Models seldom go on at the very character: they announce that they continue, open the code
fence again, or repeat the last lines. All of that is removed; what is new is kept as it is.
Pure; the incremental form holds text back only while it may still be repetition.
"""

from __future__ import annotations

import re

TAIL = 4000  # how much of the earlier answer is searched for a repetition, in characters
_PREAMBLE_LIMIT = 400
# A repetition of fewer characters may be chance ("</div>" after "</div>"), unless it is the
# whole of the line that was cut.
_SURE = 12
_SURE_LINE = 4
_FENCE = re.compile(r"(?:`{3,}|~{3,})[ \t]*([A-Za-z0-9]*)[ \t]*\r?\n")
_FENCE_SO_FAR = re.compile(r"(?:`{1,}|~{1,})[ \t]*[A-Za-z0-9]*[ \t]*\r?\Z")
_WORDS = (
    "absolutely",
    "apologies",
    "certainly",
    "continuation",
    "continue",
    "continuing",
    "going on",
    "here",
    "i'll continue",
    "of course",
    "okay",
    "picking up",
    "resuming",
    "sorry",
    "sure",
    "the rest",
)
_MARKUP = re.compile(r"[<>{}=;]")
_DOCTYPE = "<!doctype"
# Words and an opening fence; behind it a document begins.
_BEGINS_ANEW = re.compile(
    r"\S.*^[ \t]*(?:`{3,}|~{3,})[ \t]*(?:html?)?[ \t]*\r?\n\s*\Z",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
_LEADING = "*_#([… ."


def stitch(previous: str, continuation: str, *, inside_document: bool = True) -> str:
    """Return `previous` with what is new in `continuation` added.

    `inside_document`: the cut fell inside the document, so an announcement or an opening
    fence at the start of the continuation is not part of it.
    """
    stitcher = ContinuationStitcher(previous, inside_document=inside_document)
    return previous + stitcher.feed(continuation) + stitcher.end()


class ContinuationStitcher:
    """`stitch` for a continuation that streams: feed its pieces, get what is new.

    `restarted` is true once the continuation turned out to begin the document anew instead of
    going on (`<!doctype` where the middle was expected, or words, a fence and then that); its
    text is then a new document, with the words before it.
    """

    def __init__(self, previous: str, *, inside_document: bool = True) -> None:
        self._tail = previous[-TAIL:]
        self._inside = inside_document
        self._held = ""
        self._preamble = inside_document
        self._open = False
        self.restarted = False

    def feed(self, text: str) -> str:
        """Take the next piece of the continuation; return what is new and certain in it."""
        return self._next(text, final=False)

    def end(self) -> str:
        """The continuation is over: return what was held back and is not repetition."""
        return self._next("", final=True)

    def _next(self, text: str, *, final: bool) -> str:
        if self._open:
            return text
        self._held += text
        if self._preamble:
            length = _preamble_length(self._held, self._tail, final)
            if length is None:
                return ""
            self._held, self._preamble = self._held[length:], False
        if not final and self._undecided():
            return ""
        self._open = True
        new = self._held[_overlap(self._tail, self._held) :]
        whole = self._inside and new == self._held
        self.restarted = whole and (_restarts(new) or _begins_anew(new, early=False) is True)
        self._held = ""
        return new

    def _undecided(self) -> bool:
        """Whether what came may still be repetition, or the beginning of a new document."""
        begins = self._held.lstrip()[:9].lower()
        early = self._inside and len(self._held) < _PREAMBLE_LIMIT
        if early and begins != _DOCTYPE and _DOCTYPE.startswith(begins):
            return True
        if early and _begins_anew(self._held, early=True) is None:
            return True
        return self._held in self._tail


def _preamble_length(text: str, tail: str, final: bool) -> int | None:
    """How many characters of announcement and opening fence come first; None: unknown yet."""
    early = len(text) < _PREAMBLE_LIMIT and not final
    window = text[:_PREAMBLE_LIMIT]
    start = _content(window, 0)
    if start == len(window):
        return None if early else 0
    if window[start] in "`~":
        return _fence_length(window, start, tail, early=early)
    if not _announces(window[start:]):
        return 0
    return _announcement_length(window, start, tail, early=early)


def _announcement_length(text: str, start: int, tail: str, *, early: bool) -> int | None:
    """The length of an announcement's line, and of the fence line behind it if there is one."""
    line, newline, _ = text[start:].partition("\n")
    if _MARKUP.search(line):
        return 0
    behind = _content(text, start + len(line) + 1)
    if early and (not newline or behind >= len(text)):
        return None
    if text[behind : behind + 1] in ("`", "~"):
        return _fence_length(text, behind, tail, early=early)
    if newline and line.rstrip(" \t\r*_)").endswith((":", "\u2026", "...")):
        # The indentation of the line behind the announcement belongs to the document.
        return text.rfind("\n", 0, behind) + 1
    return 0


def _content(text: str, position: int) -> int:
    """The position of the first character at or behind `position` that is no white space."""
    return len(text) - len(text[position:].lstrip())


def _fence_length(text: str, start: int, tail: str, *, early: bool) -> int | None:
    """The length up to and with the fence line at `start`; 0 if it is no opening fence."""
    fence = _FENCE.match(text, start)
    if fence is None:
        return None if early and _FENCE_SO_FAR.match(text, start) else 0
    closing = not fence.group(1) and tail.rstrip().lower().endswith("</html>")
    return 0 if closing else fence.end()


def _announces(text: str) -> bool:
    """Whether the text begins (as far as it came) with a word of an announcement."""
    words = text.lstrip(_LEADING)[:16].lower().replace("\u2019", "'")
    return any(words.startswith(word) or word.startswith(words) for word in _WORDS)


def _overlap(tail: str, text: str) -> int:
    """The length of the longest start of `text` that repeats the end of `tail`, 0 if unsure."""
    for length in range(min(len(tail), len(text)), 0, -1):
        if tail.endswith(text[:length]):
            return length if _is_sure(tail, length) else 0
    return 0


def _is_sure(tail: str, length: int) -> bool:
    repeated = tail[len(tail) - length :]
    if len(repeated.strip()) >= _SURE:
        return True
    line_start = tail.rfind("\n", 0, len(tail) - length) + 1
    begun_line = tail[-1] != "\n" and not tail[line_start : len(tail) - length].strip()
    return begun_line and len(repeated.strip()) >= _SURE_LINE


def _restarts(text: str) -> bool:
    return text[:_PREAMBLE_LIMIT].lstrip()[:9].lower() == _DOCTYPE


def _begins_anew(text: str, *, early: bool) -> bool | None:
    """Whether it is an answer of its own, words and a fenced document; None: unknown yet.

    Words begin with a letter that is no small one; what goes on in a script seldom does.
    """
    window = text[:_PREAMBLE_LIMIT]
    first = window.lstrip(_LEADING + "\r\n\t")[:1]
    if first and (not first.isalpha() or first.islower()):
        return False
    markup = _MARKUP.search(window)
    if markup is None:
        return None if early else False
    if not _BEGINS_ANEW.match(window[: markup.start()].lstrip()):
        return False
    opening = window[markup.start() :][: len(_DOCTYPE)].lower()
    if opening == _DOCTYPE:
        return True
    return None if early and _DOCTYPE.startswith(opening) else False
