"""Read what an answer left in a document: "rest of the code unchanged", fences, words around. Pure.

A comment tells it, and only a comment: a tool that writes code may have the same words in a text.
Linear in the document's length, whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.report import Finding
from sandbox.smoke.places import place_at
from sandbox.smoke.signatures import sign

_SCRIPT = re.compile(r"<(script|style)\b(?P<tag>[^>]*+)>", re.IGNORECASE)
_END = {
    "script": re.compile(r"</script(?=[\s/>])", re.IGNORECASE),
    "style": re.compile(r"</style(?=[\s/>])", re.IGNORECASE),
}
_NO_CODE = re.compile(
    r"\stype\s*+=\s*+[\"']?+(?!module|text/(?:javascript|babel|jsx|typescript))[^\s\"'>]",
    re.IGNORECASE,
)
_TOKEN = re.compile(
    r"""(?>
      (?P<space>\s++)
      | (?P<comment>//[^\n]*+)
      | (?P<word>[\w$]++)
      | (?P<sign>[\s\S])
    )""",
    re.VERBOSE,
)
_TEXT = re.compile(r"""(?P<text>"(?>[^"\\\n]++|\\[\s\S])*+"|'(?>[^'\\\n]++|\\[\s\S])*+')""")
_SIGN = re.compile(r"(?P<sign>[\s\S])")
_TEMPLATE = re.compile(r"(?>[^`\\$]++|\\[\s\S]|\$(?!\{))*+(`|\$\{)")
_REGULAR = re.compile(r"/(?![*/])(?>[^/\\\[\n]++|\\[^\n]|\[(?>[^\]\\\n]++|\\[^\n])*+\])++/[a-z]*+")
_LONGEST_REGULAR = 500
_BEFORE_REGULAR = frozenset("(,=:[!&|?{};+-*%<>~^")
_WORDS_BEFORE_REGULAR = frozenset({"return", "typeof", "case", "in", "of", "else", "do", "void"})
_NO_FUNCTION = frozenset({"catch", "if", "for", "while", "switch", "with"})

_LONGEST = 160  # a longer comment explains something
_CODE = (
    r"(?:code|scripts?|file|html|css|markup|styles?|functions?|methods?|handlers?|logic|content|"
)
_CODE += r"implementation|components?|sections?|elements?|rules|page|document|app|game)"
_KEPT = (
    r"(?:unchanged|omitted|(?:remains?|stays?|is|are)\s+(?:here|the\s+same|as\s+(?:is|before))"
    r"|same\s+as\s+(?:before|above)|as\s+before|goes\s+here)"
)
_REST = re.compile(
    rf"^(?:\.{{3}}|…)[\s(\[]*(?:\w+\s+){{0,3}}?(?:rest|remaining|existing|previous|other|same|original)"
    rf"\b[^.…]{{0,40}}\b(?:{_CODE}|{_KEPT})\b"
    rf"|\brest\s+of\s+(?:\w+\s+){{0,3}}?{_CODE}\b.{{0,30}}?(?:\b{_KEPT}\b|\bhere\W*$|(?:\.{{3}}|…)\W*$)"
    rf"|^(?:(?:the|all|other|existing|previous|remaining|your)\s+){{0,3}}(?:rest|{_CODE})\b"
    rf".{{0,20}}?\b{_KEPT}\W*$"
    rf"|^(?:existing|previous|remaining|original)\s+{_CODE}\b.{{0,30}}?(?:\bhere|\.{{3}}|…)\W*$"
    r"|\bomitted\s+for\s+brevity\b"
    r"|\brest\s+des\s+(?:\w+\s+)?codes?\b|\breste\s+du\s+code\b|\bresto\s+del\s+c[oó]digo\b",
    re.IGNORECASE,
)
# Alone in a function it stands for the code.
_PLACEHOLDER = re.compile(
    r"^(?:\.{3}|…)\W*$|\b(?:rest|remainder)\s+of\b|\byour\s+(?:code|logic|implementation)\b"
    r"|\b(?:code|logic|implementation)\s+(?:goes\s+)?here\b"
    r"|\bTODO\b.{0,20}\b(?:implement|add|write|fill|complete)"
    r"|\bimplement(?:ation)?\s+(?:this|me|here|later|your)\b|\bto\s+be\s+implemented\b",
    re.IGNORECASE,
)
_OPENING = re.compile(r"<!doctype\s+html|<html(?=[\s>])", re.IGNORECASE)
_FENCE = re.compile(r"[ \t]*+(?:`{3,}|~{3,})")
_NO_TEXT = "\ufeff \t\r\n\f"
_UNCLOSED_QUOTE = re.compile(r"<[a-zA-Z][^<>\"'=]*+=\s*+\"[^\"]*+(?<==)\"(?=[^\s\"'>/])")


@dataclass(frozen=True, slots=True)
class _Comment:
    said: str
    at: int
    is_body: bool = False  # there is nothing else in its function


def read_leftovers(html: str) -> list[Finding]:
    """Find what stands there instead of code, around the document, and quotes never closed."""
    found = [*_around(html)]
    for comment in _comments(html):
        said = comment.said.strip("/*- \t\r\n\f")
        if len(said) > _LONGEST:
            continue
        if _REST.search(said) or (comment.is_body and _PLACEHOLDER.search(said)):
            message = f"a comment stands for code that is not there: {said}"
            found.append(_finding("leftover", message, html, comment.at))
    if quote := _UNCLOSED_QUOTE.search(_without_code(html)):
        message = "a quote is never closed: the next one ends it"
        found.append(_finding("unclosed", message, html, quote.start()))
    return found


def _around(html: str) -> Iterator[Finding]:
    """Find fences and words before and after the document, which a person reads on the page."""
    opening = _OPENING.search(html)
    before = html[: opening.start()] if opening else ""
    said = before.strip(_NO_TEXT)
    if (said and "<" not in said) or _FENCE.match(html.lstrip(_NO_TEXT)):
        first = (said or html.strip(_NO_TEXT)).splitlines()[0][:60]
        at = len(html) - len(html.lstrip(_NO_TEXT))
        yield _finding("leftover", f"words of an answer stand on the page: {first}", html, at)
    end = html.lower().rfind("</html")
    closed = html.find(">", end) if end >= 0 else -1
    after = html[closed + 1 :] if closed >= 0 else ""
    said = after.strip(_NO_TEXT)
    if said and (_FENCE.match(said) or "<" not in said):
        at = closed + 1 + len(after) - len(after.lstrip(_NO_TEXT))
        first = said.splitlines()[0][:60]
        yield _finding("leftover", f"words of an answer stand on the page: {first}", html, at)


def _comments(html: str) -> Iterator[_Comment]:
    at = 0
    while (tag := _SCRIPT.search(html, at)) is not None:
        yield from _comments_between(html, at, tag.start(), ("<!--", "-->"))
        name = tag[1].lower()
        end = _END[name].search(html, tag.end())
        at = end.start() if end else len(html)
        if name == "style":
            yield from _comments_between(html, tag.end(), at, ("/*", "*/"))
        elif not _NO_CODE.search(tag["tag"]):
            yield from _comments_of_code(html, tag.end(), at)
    yield from _comments_between(html, at, len(html), ("<!--", "-->"))


def _comments_between(
    html: str, start: int, end: int, marks: tuple[str, str]
) -> Iterator[_Comment]:
    """Yield the comments that end; behind one that does not there is no other."""
    opening, closing = marks
    while (at := html.find(opening, start, end)) >= 0:
        stop = html.find(closing, at + len(opening), end)
        if stop < 0:
            return
        start = stop + len(closing)
        yield _Comment(html[at + len(opening) : stop], at)


def _without_code(html: str) -> str:
    """Blank scripts, styles and comments: their lines stay where they are."""
    parts: list[str] = []
    at = 0
    while (tag := _SCRIPT.search(html, at)) is not None:
        end = _END[tag[1].lower()].search(html, tag.end())
        parts.append(html[at : tag.end()])
        at = end.start() if end else len(html)
        parts.append(re.sub(r"[^\n]", " ", html[tag.end() : at]))
    parts.append(html[at:])
    text = "".join(parts)
    parts, at = [], 0
    for comment in _comments_between(text, 0, len(text), ("<!--", "-->")):
        after = comment.at + len("<!--") + len(comment.said) + len("-->")
        parts += [text[at : comment.at], re.sub(r"[^\n]", " ", text[comment.at : after])]
        at = after
    return "".join((*parts, text[at:]))


class _Code:
    """Reads a script as far as comments need it: texts, templates, regular expressions, braces."""

    def __init__(self, html: str, start: int, end: int) -> None:
        self._html = html
        self._at = start
        self._end = end
        self._open: list[str] = []  # brackets with what stands before them, "`" for a template
        self._last = ""  # the sign or word before
        self._before = ""  # and the one before that
        self._group = ""  # the word before the parentheses that were closed last
        self._waiting: list[_Comment] = []  # for what follows them
        self._no_text = 0  # up to here a quote begins no text: the line ends before another one

    def comments(self) -> Iterator[_Comment]:
        while self._at < self._end:
            if self._html.startswith("/*", self._at):
                end = self._html.find("*/", self._at + 2, self._end)
                if end < 0:
                    return
                self._note(self._at, end + 2)
                continue
            if self._regular():
                yield from self._told("")
                continue
            token = self._token()
            if token is None:
                return
            self._at = token.end()
            if token.lastgroup == "comment":
                self._note(token.start(), token.end())
            elif token.lastgroup != "space":
                yield from self._told(token[0])
                self._follow(token[0] if token.lastgroup != "text" else '"')
        yield from self._told("")

    def _token(self) -> re.Match[str] | None:
        if self._html[self._at] not in "\"'":
            return _TOKEN.match(self._html, self._at, self._end)
        token = _TEXT.match(self._html, self._at, self._end) if self._at >= self._no_text else None
        if token is None and self._at >= self._no_text:
            line = self._html.find("\n", self._at, self._end)
            self._no_text = self._end if line < 0 else line
        return token or _SIGN.match(self._html, self._at, self._end)

    def _note(self, start: int, end: int) -> None:
        is_first = self._last == "{" and self._opens_function()
        self._waiting.append(_Comment(self._html[start:end], start, is_first))
        self._at = end

    def _told(self, following: str) -> Iterator[_Comment]:
        for one in self._waiting:
            yield _Comment(one.said, one.at, one.is_body and following == "}")
        self._waiting.clear()

    def _opens_function(self) -> bool:
        kind = self._open[-1] if self._open else ""
        return kind in {"{=>", "{)"}

    def _regular(self) -> bool:
        may_follow = (
            self._last == ""
            or self._last[-1:] in _BEFORE_REGULAR
            or self._last in _WORDS_BEFORE_REGULAR
        )
        if self._html[self._at] != "/" or not may_follow:
            return False
        most = min(self._end, self._at + _LONGEST_REGULAR)
        regular = _REGULAR.match(self._html, self._at, most)
        if regular is not None:
            self._at = regular.end()
            self._step("/r/x")
        return regular is not None

    def _step(self, token: str) -> None:
        self._before, self._last = self._last, token

    def _follow(self, sign: str) -> None:
        if sign == "`":
            self._template()
            return
        if sign == "(":
            self._open.append(f"({self._last}")
        elif sign == "{":
            self._open.append(self._kind_of_block())
        elif sign == ")" and self._open and self._open[-1].startswith("("):
            self._group = self._open.pop()[1:]
        elif sign == "}" and self._open:
            if self._open[-1] == "`":
                self._open.pop()
                self._template()
                return
            if self._open[-1].startswith("{"):
                self._open.pop()
        self._step(sign)

    def _kind_of_block(self) -> str:
        if self._last == ">" and self._before == "=":
            return "{=>"
        return "{)" if self._last == ")" and self._group not in _NO_FUNCTION else "{"

    def _template(self) -> None:
        part = _TEMPLATE.match(self._html, self._at, self._end)
        self._at = part.end() if part else self._end
        if part and part[1] != "`":
            self._open.append("`")
            self._step("(")
        else:
            self._step('"')


def _comments_of_code(html: str, start: int, end: int) -> Iterator[_Comment]:
    return _Code(html, start, end).comments()


def _finding(kind: str, message: str, html: str, at: int) -> Finding:
    line, column = place_at(html, at)
    return Finding(
        kind=kind,
        severity="fatal",
        phase="load",
        message=message,
        signature=sign(kind, message),
        line=line,
        column=column,
    )
