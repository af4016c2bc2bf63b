"""Read the document, without a browser: whether it is whole and everything in it is closed."""

from __future__ import annotations

import functools
import re
from collections import Counter
from dataclasses import dataclass, field

from sandbox.report import Finding
from sandbox.smoke.places import place_at
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
# Elements whose end may be left out, and those that have none (the same, optional tags).
_NEED_NO_END = re.compile(
    "html|head|body|p|li|d[td]|r[tp]|optgroup|option|colgroup|caption|thead|tbody|tfoot|t[rdh]"
    "|area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr"
)
# Markup that nobody writes in there: the end of the element was before it.
_SWALLOWED = {
    "style": re.compile(
        r"^[ \t]*+</?(?:head|body|style|script|title|meta)\b", re.IGNORECASE | re.MULTILINE
    ),
    "title": re.compile(r"<(?:meta|link|style|script|body|/head)\b", re.IGNORECASE),
    "textarea": re.compile(r"<textarea\b", re.IGNORECASE),
}
_NEED_SCRIPT = frozenset({"button", "input", "select", "textarea", "canvas", "script"})
_NO_OWN_CODE = re.compile(
    r"\ssrc\s*+=|\stype\s*+=\s*+[\"']?+(?!module|text/(?:javascript|babel|jsx))[^\s\"'>]",
    re.IGNORECASE,
)
_NAMED = re.compile(r"\s*+<!doctype\s+html|<html[\s>]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Unclosed:
    name: str
    at: int
    within: bool = False  # a later end tag of the same name closes it


@dataclass(slots=True)
class _Tree:
    """What the tags tell of a document: which were there, and what is open at its end."""

    seen: set[str] = field(default_factory=set)
    has_script: bool = False  # one of its own, not only a file's
    cut: int | None = None  # where the tag begins that never ends
    open: list[str] = field(default_factory=list)
    _counted: Counter[str] = field(default_factory=Counter)

    def follow(self, name: str, tag: str, *, closes_itself: bool) -> None:
        self.seen.add(name)
        if name.removeprefix("/") in _SWALLOWING:
            self.has_script |= name == "script" and not _NO_OWN_CODE.search(tag)
        elif name.startswith("/"):
            if self._counted[name[1:]]:
                while (ended := self.open.pop()) != name[1:]:
                    self._counted[ended] -= 1
                self._counted[name[1:]] -= 1
        elif name and not _NEED_NO_END.fullmatch(name) and not closes_itself:
            self.open.append(name)
            self._counted[name] += 1

    @property
    def breaks_off(self) -> bool:
        """Whether a document that names all its parts lacks its end, and more than that."""
        if not {"html", "body"} <= self.seen or not self.seen.isdisjoint({"/html", "/body"}):
            return False
        lacks_script = not self.has_script and not self.seen.isdisjoint(_NEED_SCRIPT)
        return bool(self.open) or lacks_script


def read_findings(html: str) -> list[Finding]:
    """Find what is not closed, a cut (both fatal), and a missing end."""
    if not html.strip():
        return [_finding("blank", "fatal", "the document is empty", 1, None)]
    tree = _Tree()
    unclosed = _first_unclosed(html, tree)
    last = html.rstrip().count("\n") + 1
    is_whole = _is_whole(html)
    if unclosed is not None:
        line, column = place_at(html, unclosed.at)
        end = "what follows is swallowed" if unclosed.within else "the document ends inside it"
        message = f"{unclosed.name} is never closed: {end}"
        found = [_finding("unclosed", "fatal", message, line, column)]
        if _NAMED.search(html) and not is_whole and not unclosed.within:
            found.append(_finding("truncated", "fatal", "the document breaks off", last, None))
        return found
    if tree.cut is not None:
        line, column = place_at(html, tree.cut)
        return [_finding("truncated", "fatal", "the document ends inside a tag", line, column)]
    if tree.breaks_off:
        parts = [f"<{name}>" for name in tree.open[-3:]] or ["its script"]
        message = f"the document breaks off: {', '.join(parts)} and </html> are missing"
        return [_finding("truncated", "fatal", message.replace("<", "</"), last, None)]
    if "html" in tree.seen and not is_whole:
        message = "the document ends without </html>"
        return [_finding("truncated", "advisory", message, last, None)]
    return []


def _is_whole(html: str) -> bool:
    return re.search(r"</html\s*>", html[-4096:], re.IGNORECASE) is not None


def _first_unclosed(html: str, tree: _Tree) -> _Unclosed | None:
    at = 0
    around: list[str] = []  # what is open of svg, math and foreignObject
    endless: set[str] = set()  # what no end tag follows any more
    while match := _COMMENT_OR_TAG.search(html, at):
        name = (match[1] or "").lower()
        at = match.end()
        if name:
            tag_end = _TAG_END.match(html, at)
            if tag_end is None:
                tree.cut = match.start()
                return None
            at = tag_end.end()
        tag = html[match.start() : at]
        is_foreign = bool(around) and around[-1] in _FOREIGN
        _follow(around, name, tag)
        closes_itself = is_foreign and _closes_itself(tag)
        tree.follow(name, tag, closes_itself=closes_itself)
        if closes_itself:
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
            swallowed = None if is_foreign else _SWALLOWED.get(name)
            if swallowed and swallowed.search(html, at, end.start()):
                return _Unclosed(shown, match.start(), within=True)
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
