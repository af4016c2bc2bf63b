"""Read the document, without a browser: whether it is whole and everything in it is closed."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from sandbox.report import Finding
from sandbox.smoke.signatures import sign

# The elements whose text is not markup: what is not closed swallows the rest of the document
# (https://html.spec.whatwg.org/multipage/syntax.html, raw text and escapable raw text elements).
_SWALLOWING = frozenset({"script", "style", "textarea", "title", "iframe", "xmp"})
_COMMENT_OR_TAG = re.compile(r"<!--|<(/?[a-zA-Z][^\t\n\f\r />]*+)")
# What follows a tag's name (the same, tokenization). It gives nothing back: text that is no end of
# a tag is read once. A quote that is never closed holds the rest of the document.
_TAG_END = re.compile(
    r"""(?>
      [\t\n\f\r\ /]++
      | [^\t\n\f\r\ />][^\t\n\f\r\ />=]*+
        (?>[\t\n\f\r\ ]*+=[\t\n\f\r\ ]*+
          (?>"[^"]*+(?>"|\Z) | '[^']*+(?>'|\Z) | [^\t\n\f\r\ >"'][^\t\n\f\r\ >]*+)?+)?+
    )*+>""",
    re.VERBOSE,
)
# SVG and MathML, where "/>" closes any element and style and script are markup that ends with
# its parent (the same, rules for parsing tokens in foreign content).
_FOREIGN = frozenset({"svg", "math"})
_HTML_WITHIN = "foreignobject"
_DEEPEST = 500  # engines nest no deeper either
_END_WITH_PARENT = frozenset({"script", "style"})
_COMMENT_END = re.compile(r"--!?>")


@dataclass(frozen=True, slots=True)
class _Unclosed:
    name: str
    at: int


def read_findings(html: str) -> list[Finding]:
    """Find unclosed script, style, textarea, title and comment (fatal), and a missing end."""
    if not html.strip():
        return [_finding("blank", "fatal", "the document is empty", 1, None)]
    unclosed = _first_unclosed(html)
    if unclosed is not None:
        line = html.count("\n", 0, unclosed.at) + 1
        column = unclosed.at - (html.rfind("\n", 0, unclosed.at) + 1) + 1
        message = f"{unclosed.name} is never closed: the document ends inside it"
        return [_finding("unclosed", "fatal", message, line, column)]
    if re.search(r"<html[\s>]", html, re.IGNORECASE) and not _is_whole(html):
        message = "the document ends without </html>"
        return [_finding("truncated", "advisory", message, html.rstrip().count("\n") + 1, None)]
    return []


def _is_whole(html: str) -> bool:
    return re.search(r"</html\s*>", html[-4096:], re.IGNORECASE) is not None


def _first_unclosed(html: str) -> _Unclosed | None:
    at = 0
    around: list[str] = []  # what is open of svg, math and foreignObject
    endless: set[str] = set()  # what no end tag follows any more
    while match := _COMMENT_OR_TAG.search(html, at):
        name = (match[1] or "").lower()
        at = match.end()
        if name:
            tag_end = _TAG_END.match(html, at)
            if tag_end is None:
                return None  # the document ends within this tag
            at = tag_end.end()
        tag = html[match.start() : at]
        is_foreign = bool(around) and around[-1] in _FOREIGN
        _follow(around, name, tag)
        if is_foreign and _closes_itself(tag):
            continue
        if match[1] is None:
            # "<!-->" is a whole comment, so its end may share the two dashes of its start.
            end = _COMMENT_END.search(html, match.start() + 2)
            shown = "a comment, <!--,"
        elif name in _SWALLOWING:
            end = None if name in endless else _end_tag(name).search(html, at)
            shown = f"<{name}>"
        else:
            continue
        if end is not None:
            at = end.end()
        elif not (is_foreign and name in _END_WITH_PARENT):
            return _Unclosed(shown, match.start())
        else:
            endless.add(name)
    return None


@functools.cache
def _end_tag(name: str) -> re.Pattern[str]:
    return re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)


def _follow(around: list[str], name: str, tag: str) -> None:
    opens = name in _FOREIGN or (bool(around) and name == _HTML_WITHIN)
    if name.startswith("/"):
        if name[1:] in around:
            del around[len(around) - 1 - around[::-1].index(name[1:]) :]
    elif opens and len(around) < _DEEPEST and not _closes_itself(tag):
        around.append(name)


def _closes_itself(tag: str) -> bool:
    """Whether a tag ends with a slash that is not the end of an unquoted value."""
    if not tag.endswith("/>"):
        return False
    # Linear, whatever the tag: the last word, and what stands before it.
    start = 1 + max(tag.rfind(character) for character in " \t\n\f\r\"'")
    return "=" not in tag[start:] and not tag[:start].rstrip().endswith("=")


def _finding(kind: str, severity: str, message: str, line: int, column: int | None) -> Finding:
    return Finding(
        kind=kind,
        severity="fatal" if severity == "fatal" else "advisory",
        phase="load",
        message=message,
        signature=sign(kind, message),
        line=line,
        column=column,
    )
