"""Finds what a document does when somebody clicks, and on what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import unescape

from tests.mutants.scripts import Body, Script, read_scripts

_TAG = re.compile(
    r"<([a-zA-Z][\w-]*)((?:\s+[^\s=>\"'/]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>\"']+))?)*)\s*/?>"
)
_ATTRIBUTE = re.compile(r"([^\s=>\"'/]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+)))?")
_OPAQUE = re.compile(
    r"<!--.*?-->|<(script|style|textarea|title)\b[^>]*>(.*?)</\1\s*>", re.DOTALL | re.IGNORECASE
)
_CLICK = r"click|submit|pointerdown|mousedown"
_INLINE = re.compile(rf"(?:on|@|v-on:)({_CLICK})(?:\.[\w.]+)?")
_LISTENERS = (
    rf"\.addEventListener\(\s*[\"'](?:{_CLICK})[\"']\s*,",
    rf"\.on(?:{_CLICK})\s*=(?![=>])",
    rf"\.on\(\s*[\"'](?:{_CLICK})[\"']\s*,",
    r"\bon(?:Click|Submit)=\{",
)
_BY_ID = (
    r"(?:\bgetElementById|\bquerySelector|\bselect|\bbyId|\$)"
    r"\(\s*[\"']#?([\w-]+)[\"']\s*\)"
)
_BUTTONS = frozenset({"button", "a", "summary", "input"})
_VOID = frozenset({"input", "img", "br", "hr", "meta", "link", "col", "source", "wbr", "area"})


@dataclass(frozen=True)
class Element:
    """A tag of the markup, with the place of each attribute's value."""

    name: str
    start: int
    end: int
    attributes: dict[str, tuple[str, int]]

    def get(self, name: str) -> str:
        return self.attributes.get(name, ("", 0))[0]


@dataclass(frozen=True)
class Handler:
    """`body` is a function's, or what an attribute says; `quote` stands around that.

    `element` is what is clicked, and `control` what is written on it, where the document says so.
    """

    body: Body
    script: Script | None
    element: Element | None = None
    control: str = ""
    quote: str = ""

    @property
    def is_of_a_button(self) -> bool:
        return self.element is not None and self.element.name in _BUTTONS

    def places(self) -> list[int]:
        """List where a statement may go, in the order in which they are reached."""
        if self.script is None or not self.body.is_block:
            return [self.body.start]
        return self.script.statements(self.body)

    def insert(self, html: str, statement: str, at: int | None = None) -> str:
        """Return the document with another statement in it, on a line that is there."""
        start, end = self.body.start, self.body.end
        at = start if at is None else at
        if self.quote:
            statement = statement if self.quote == '"' else statement.replace("'", '"')
            return f"{html[:start]}{statement} {html[start:]}"
        if self.body.is_block:
            return f"{html[:at]} {statement}{html[at:]}"
        return f"{html[:start]}{{ {statement} return {html[start:end]}; }}{html[end:]}"

    def empty(self, html: str, left: str = "") -> str:
        """Return the document with nothing in it but what is `left`, and as many lines."""
        start, end = self.body.start, self.body.end
        lines = "\n" * html.count("\n", start, end)
        if self.quote:
            left = "void 0"
        return html[:start] + (left if self.body.is_block else left or "{}") + lines + html[end:]


@lru_cache(maxsize=64)
def elements(html: str) -> tuple[Element, ...]:
    """List the tags of the markup, none that scripts write."""
    markup = list(html)
    for match in _OPAQUE.finditer(html):
        start, end = match.span(2) if match[1] else match.span()
        markup[start:end] = re.sub(r"[^\n]", " ", html[start:end])
    found = []
    for match in _TAG.finditer("".join(markup)):
        attributes = {}
        for one in _ATTRIBUTE.finditer(match[2]):
            group = next((number for number in (2, 3, 4) if one[number] is not None), 0)
            value = unescape(one[group]) if group else ""
            attributes[one[1].lower()] = (value, match.start(2) + one.start(group))
        found.append(Element(match[1].lower(), match.start(), match.end(), attributes))
    return tuple(found)


def written_on(html: str, element: Element) -> str:
    """Return a button's text, or what it is called."""
    inside = html[element.end : element.end + 400].partition(f"</{element.name}")[0]
    text = "" if element.name in _VOID else re.sub(r"<[^>]*>", " ", inside)
    named = element.get("aria-label") or unescape(" ".join(text.split()))
    return named or element.get("value") or element.get("title")


def extent(html: str, element: Element) -> tuple[int, int]:
    """Return where an element's content is, by counting tags of its name."""
    depth = 1
    for match in re.compile(rf"<(/?){element.name}\b", re.IGNORECASE).finditer(html, element.end):
        depth += -1 if match[1] else 1
        if depth == 0:
            return element.end, match.start()
    return element.end, len(html)


@lru_cache(maxsize=64)
def click_handlers(html: str) -> tuple[Handler, ...]:
    """List them, each once, in the order of the document."""
    found: dict[int, Handler] = {}
    markup = elements(html)
    for handler in (*_inline(html, markup), *_listeners(html, markup)):
        known = found.get(handler.body.start)
        if known is None or (known.element is None and handler.element is not None):
            found[handler.body.start] = handler
    return tuple(found[at] for at in sorted(found))


def _inline(html: str, markup: Sequence[Element]) -> Iterator[Handler]:
    for element in markup:
        for name, (value, at) in element.attributes.items():
            match = _INLINE.fullmatch(name)
            if match is None or html[at : at + len(value)] != value:
                continue
            control = written_on(html, element)
            called = re.match(r"\s*(?:return\s+)?([A-Za-z_$][\w$]*)\s*(?:\(|$)", value)
            for script in read_scripts(html) if called else ():
                if body := script.function_named(called[1] if called else ""):
                    yield Handler(body, script, element, control)
            if name.startswith("on") and html[at - 1] in "\"'":
                body = Body(at, at + len(value), is_block=True)
                yield Handler(body, None, element, control, html[at - 1])


def _listeners(html: str, markup: Sequence[Element]) -> Iterator[Handler]:
    by_id = {element.get("id"): element for element in markup if element.get("id")}
    for script in read_scripts(html):
        for pattern in _LISTENERS:
            for match in script.find(pattern):
                body = script.function_at(match.end())
                if body is None or body.end <= body.start:
                    continue
                element = by_id.get(_target(script, match.start()))
                if element is not None and element.name == "form":
                    element = _submits(markup, extent(html, element))
                control = written_on(html, element) if element else ""
                yield Handler(body, script, element, control)


def _target(script: Script, at: int) -> str:
    """Return the id of what listens, by the words before."""
    html = script.html
    before = html[max(script.start, at - 160) : at]
    if match := re.search(rf"{_BY_ID}[?!]?$", before):
        return match[1]
    name = re.search(r"(?<![.\w$])([A-Za-z_$][\w$]*)\??$", before)
    if name is None:
        return ""
    said = rf"(?<![.\w$]){re.escape(name[1])}\s*=\s*(?:document\.)?{_BY_ID}"
    given = next(script.find(said), None)
    return given[1] if given else name[1]


def _submits(markup: Sequence[Element], inside: tuple[int, int]) -> Element | None:
    buttons = (one for one in markup if one.name == "button" and inside[0] <= one.start < inside[1])
    return next((one for one in buttons if one.get("type") in ("", "submit")), None)
