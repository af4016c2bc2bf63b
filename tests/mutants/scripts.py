"""Reads the scripts of a document as far as breaking them needs it: code, brackets, functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

_LONGEST = 400_000  # a library that somebody pasted is none of the tool's code
_SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script\s*>", re.IGNORECASE | re.DOTALL)
_NOT_CODE = re.compile(
    r"\bsrc\s*=|type\s*=\s*[\"']?(?:application|importmap|text/(?!babel|j))", re.IGNORECASE
)
_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[`{}/]""", re.DOTALL
)
_REGEX = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*")
_TEMPLATE = re.compile(r"(?:\\.|\$(?!\{)|[^`\\$])*", re.DOTALL)
_BEFORE_REGEX = re.compile(r"(?:^|[(,=:\[!&|?{};+*%~^>\n-]|\b(?:return|typeof|case|of|in))\s*$")
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_NAME = re.compile(r"[A-Za-z_$][\w$]*")


@dataclass(frozen=True)
class Body:
    """Of a function: `start` and `end` of what it holds; an expression has no braces around it."""

    start: int
    end: int
    is_block: bool


@dataclass(frozen=True)
class Script:
    """An inline script of a document. All places count from the document's start."""

    html: str
    attributes: str
    start: int
    end: int

    @property
    def is_module(self) -> bool:
        return re.search(r"type\s*=\s*[\"']?module", self.attributes, re.IGNORECASE) is not None

    @cached_property
    def code(self) -> str:
        """The whole document's length, blank but for this script's code: no text, no comment."""
        before, after = " " * self.start, " " * (len(self.html) - self.end)
        return before + _code(self.html[self.start : self.end]) + after

    @cached_property
    def pairs(self) -> dict[int, int]:
        """Where each bracket is closed; empty when they do not match, and it was read wrongly."""
        found: dict[int, int] = {}
        open_: list[int] = []
        for match in re.finditer(r"[()\[\]{}]", self.code):
            at = match.start()
            if match[0] in _PAIRS:
                open_.append(at)
            elif open_ and _PAIRS[self.code[open_[-1]]] == match[0]:
                found[open_.pop()] = at
            else:
                return {}
        return {} if open_ else found

    def find(self, pattern: str) -> Iterator[re.Match[str]]:
        """Find a pattern, which may hold strings, where it begins in code."""
        for match in re.compile(pattern).finditer(self.html, self.start, self.end):
            if self.code[match.start()] == self.html[match.start()]:
                yield match

    def function_at(self, at: int, *, or_name: bool = True) -> Body | None:
        """Read the function that stands there; a name stands for the function of that name."""
        code = self.code
        at = _after(r"\s*(?:React\.)?(?:useCallback\(\s*)?(?:async\b\s*)?", code, at)
        name = _NAME.match(code, at)
        if name and name[0] != "function":
            arrow = _after(r"\s*=>\s*", code, name.end())
            if arrow != name.end():
                return self._body(arrow)
            ends = re.compile(r"\s*[,);}\n]").match(code, name.end())
            return self.function_named(name[0]) if ends and or_name else None
        if name:
            at = _after(r"\s*\*?\s*[\w$]*\s*", code, name.end())
        if code[at : at + 1] != "(" or at not in self.pairs:
            return None
        after = self.pairs[at] + 1
        body = _after(r"\s*" if name else r"\s*=>\s*", code, after)
        return self._body(body) if name or body != after else None

    def function_named(self, name: str) -> Body | None:
        """Find it as a declaration, a value or a method."""
        own = rf"(?<![.\w$]){re.escape(name)}"
        for match in self.find(rf"\bfunction\s*\*?\s*{own}\s*\("):
            if body := self.function_at(match.start(), or_name=False):
                return body
        for match in self.find(rf"{own}\s*[=:](?![=>])\s*"):
            if body := self.function_at(match.end(), or_name=False):
                return body
        for match in self.find(rf"{own}\s*\("):
            closed = self.pairs.get(match.end() - 1)
            at = -1 if closed is None else _after(r"\s*", self.code, closed + 1)
            if self.code[at : at + 1] == "{" and (body := self._body(at)):
                return body
        return None

    def _body(self, at: int) -> Body | None:
        code = self.code
        if code[at : at + 1] == "{":
            return Body(at + 1, self.pairs[at], is_block=True) if at in self.pairs else None
        end = at
        while end < self.end and code[end] not in ",;)]}":
            end = self.pairs.get(end, end) + 1
        return Body(at, end, is_block=False) if self.html[at:end].strip() else None

    def statements(self, body: Body) -> list[int]:
        """List the places of a block at which another statement may begin and is reached."""
        found, at = [body.start], body.start
        begin = at
        while at < body.end:
            if self.code[at] == ";":
                if re.match(r"\s*(?:return|throw|break|continue)\b", self.code[begin:at]):
                    break
                begin = at + 1
                if not re.compile(r"\s*(?:else\b|$)").match(self.code, begin, body.end):
                    found.append(begin)
            at = self.pairs.get(at, at) + 1
        return found


@lru_cache(maxsize=64)
def read_scripts(html: str) -> tuple[Script, ...]:
    """Read the inline scripts whose brackets match."""
    found = (
        Script(html, match[1], *match.span(2))
        for match in _SCRIPT.finditer(html)
        if not _NOT_CODE.search(match[1]) and len(match[2]) <= _LONGEST and match[2].strip()
    )
    return tuple(script for script in found if script.pairs)


def main_script(html: str) -> Script | None:
    """Return the longest one."""
    return max(read_scripts(html), key=lambda script: script.end - script.start, default=None)


def _code(text: str) -> str:
    out: list[str] = []
    braces: list[str] = []
    at = 0

    def blank(end: int, kept: int = 0) -> None:
        out.append(text[at : at + kept])
        middle = text[at + kept : end - kept]
        out.append(re.sub(r"[^\n]", " ", middle))
        out.append(text[end - kept : end] if kept else "")

    while match := _TOKEN.search(text, at):
        out.append(text[at : match.start()])
        at, end, kept = match.start(), match.end(), 0
        token = match[0]
        if token == "{":
            braces.append("{")
            kept = 1
        elif token == "}" and braces:
            if braces.pop() == "`":
                end = _end_of_template(text, end, braces)
            kept = 1
        elif token == "`":
            end = _end_of_template(text, end, braces)
            kept = 1
        elif token == "/":
            regex = _REGEX.match(text, at)
            is_one = _BEFORE_REGEX.search("".join(out[-3:])[-20:]) and text[at : at + 2] != "/>"
            end = regex.end() if regex and is_one else end
            kept = 1
        elif token[0] in "\"'":
            kept = 1
        if end - at == 1:
            out.append(token)
        else:
            blank(end, kept)
        at = end
    out.append(text[at:])
    return "".join(out)


def _end_of_template(text: str, at: int, braces: list[str]) -> int:
    """Go on after its end, or into what it holds in `${}`."""
    match = _TEMPLATE.match(text, at)
    at = match.end() if match else at
    if text.startswith("${", at):
        braces.append("`")
        return at + 2
    return at + 1


def _after(pattern: str, text: str, at: int) -> int:
    match = re.compile(pattern).match(text, at)
    return match.end() if match else at
