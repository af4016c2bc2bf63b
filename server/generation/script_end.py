"""Where a script or a style ends whose end tag is missing: at the markup that follows it. Pure.

Code is read as far as it must be to tell markup from what only looks like it: strings, templates,
comments, regular expressions and brackets. `None`: it does not end there in one way only.
"""

from __future__ import annotations

import re

_MARKUP = re.compile(r"<(?:/[a-zA-Z]|!--)")
_TAG_AT_LINE = re.compile(r"<[a-zA-Z][\w-]*+[\s/>]")
_CODE = re.compile(
    r"""(?>
      (?P<space>\s++)
      | (?P<comment>//[^\n]*+ | /\*(?>[^*]++|\*(?!/))*+\*/)
      | (?P<text>"(?>[^"\\\n]++|\\[\s\S])*+" | '(?>[^'\\\n]++|\\[\s\S])*+')
      | (?P<word>[\w$]++)
      | (?P<sign>[\s\S])
    )""",
    re.VERBOSE,
)
_TEMPLATE = re.compile(r"(?>[^`\\$]++|\\[\s\S]|\$(?!\{))*+(`|\$\{)")
_REGULAR = re.compile(r"/(?![*/])(?>[^/\\\[\n]++|\\[^\n]|\[(?>[^\]\\\n]++|\\[^\n])*+\])++/[a-z]*+")
_LONGEST_REGULAR = 500
_BEFORE_REGULAR = frozenset("(,=:[!&|?{};+-*%<>~^")
_WORDS_BEFORE_REGULAR = frozenset({"return", "typeof", "case", "in", "of", "else", "do", "void"})
_CLOSES = {")": "(", "]": "[", "}": "{"}
_ENDED = frozenset({"", ";", "}", ")"})
_STYLE = re.compile(
    r"""(?>
      (?P<comment>/\*(?>[^*]++|\*(?!/))*+\*/)
      | (?P<text>"(?>[^"\\\n]++|\\[\s\S])*+" | '(?>[^'\\\n]++|\\[\s\S])*+')
      | (?P<plain>[^"'/<{}]++)
      | (?P<sign>[\s\S])
    )""",
    re.VERBOSE,
)


def script_end(html: str, start: int) -> int | None:
    """Return where the script ends whose code begins at `start`."""
    try:
        return _Script(html, start).end()
    except _TornError:
        return None


class _TornError(ValueError):
    """What is read is no whole code."""


class _Script:
    def __init__(self, html: str, start: int) -> None:
        self._html = html
        self._start = self._at = start
        self._open: list[str] = []  # brackets, and "`" for a template that holds code
        self._last = ""  # the sign or word before

    def end(self) -> int:
        """Return where the markup begins. Raises `_TornError`."""
        html = self._html
        while self._at < len(html) and not _is_markup(html, self._at, self._start, self._last):
            if not self._regular():
                self._token()
        if self._open:
            raise _TornError
        return self._at

    def _regular(self) -> bool:
        if self._html[self._at] != "/" or not (self._last == "" or _regular_may_follow(self._last)):
            return False
        most = self._at + _LONGEST_REGULAR
        regular = _REGULAR.match(self._html, self._at, most)
        if regular is not None:
            self._at, self._last = regular.end(), "/r/"
        return regular is not None

    def _token(self) -> None:
        token = _CODE.match(self._html, self._at)
        assert token is not None
        self._at = token.end()
        if token.lastgroup in {"space", "comment"}:
            return
        said = self._last = token[0]
        if said in {'"', "'"} or (said == "/" and self._html.startswith("*", self._at)):
            raise _TornError  # a string that its line does not end, or a comment that nothing does
        if said == "`" or (said == "}" and self._open[-1:] == ["`"]):
            self._template(begins=said == "`")
        elif said in {"(", "[", "{"}:
            self._open.append(said)
        elif said in _CLOSES and (not self._open or self._open.pop() != _CLOSES[said]):
            raise _TornError

    def _template(self, *, begins: bool) -> None:
        template = _TEMPLATE.match(self._html, self._at)
        if template is None:
            raise _TornError
        ends = template[1] == "`"
        if begins and not ends:
            self._open.append("`")
        elif ends and not begins:
            self._open.pop()
        self._at, self._last = template.end(), "`" if ends else "{"


def style_end(html: str, start: int) -> int | None:
    """Return where the style ends whose rules begin at `start`."""
    depth = 0
    at = start
    while at < len(html):
        if _MARKUP.match(html, at) or _TAG_AT_LINE.match(html, at):
            return None if depth else at
        token = _STYLE.match(html, at)
        assert token is not None
        if token[0] in {'"', "'"} or (token[0] == "/" and html.startswith("*", token.end())):
            return None
        depth += (token[0] == "{") - (token[0] == "}")
        if depth < 0:
            return None
        at = token.end()
    return None if depth else len(html)


def _is_markup(html: str, at: int, start: int, last: str) -> bool:
    """Whether a tag stands there: an end tag or a comment, or any that begins a line."""
    if html[at] != "<":
        return False
    if _MARKUP.match(html, at):
        return True
    if last not in _ENDED or not _TAG_AT_LINE.match(html, at):
        return False
    line = at
    while line > start and html[line - 1] in " \t":
        line -= 1
    return line == start or html[line - 1] == "\n"


def _regular_may_follow(last: str) -> bool:
    return last[-1] in _BEFORE_REGULAR or last in _WORDS_BEFORE_REGULAR
