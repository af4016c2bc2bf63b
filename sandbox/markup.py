"""What only a parser makes, changed before the parser has it: a tokenizer over a document's stream.

Pure and incremental. The attribute `shadowrootmode` is renamed, so that walls.js makes the shadow
root and can see into it; of `<link>` each `rel` that would open a connection ahead. Both get
`data-` in front. Nothing else changes here, and nothing is held back but such an attribute until
its name or value is whole.

A shadow root that nobody sees into could hold a document without walls, and a script can put the
parser into another state than the tokenizer's: it writes the beginning of a comment, say. So
whatever may be that attribute's name counts as one, wherever it stands; as in walls.js.

Whoever wants to change addresses is shown each start tag that may hold one, whole, and the text
of scripts and styles in pieces. Then a tag is held back until its end, which no parser acts on
before either.

States are those of https://html.spec.whatwg.org/multipage/parsing.html#tokenization. Which
elements hold raw text depends on the tree; of it only the depth of foreign content is followed.
"""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Callable
from typing import Protocol

_log = logging.getLogger(__name__)

_RENAMED = "data-"
_SHADOW = "shadowrootmode"
_SHADOWS = re.compile(rf"(?<=[\t\n\f\r /\"']){_SHADOW}(?=[\t\n\f\r />=])", re.ASCII | re.IGNORECASE)
_SHADOW_BEGUN = re.compile(rf"(?<=[\t\n\f\r /\"'])[a-z]{{1,{len(_SHADOW)}}}\Z", re.IGNORECASE)
_AHEAD = frozenset({"preconnect", "dns-prefetch"})
_LONGEST_TAG = 1 << 16
"""A longer one is shown to nobody: it holds an image."""
_SHOWN_RAW = frozenset({"script", "style"})
_MAX_HELD = 256
"""A longer `rel` is renamed unread: no document has one."""

_RAW = frozenset(
    ("iframe", "noembed", "noframes", "noscript", "script", "style", "textarea", "title", "xmp")
)
_FOREIGN = frozenset({"svg", "math"})
# HTML inside foreign content.
_INTEGRATION = frozenset(
    ("annotation-xml", "desc", "foreignobject", "mi", "mn", "mo", "ms", "mtext", "title")
)
# Start tags that end foreign content.
_BREAKOUT = re.compile(
    "b|big|blockquote|body|br|center|code|dd|div|dl|dt|em|embed|h[1-6]|head|hr|i|img|li|listing|"
    "menu|meta|nobr|ol|p|pre|ruby|s|small|span|strong|strike|su[bp]|table|tt|u|ul|var"
)
_MAX_DEPTH = 500

_SPACE = "\t\n\f\r "
# A whole, tidy start or end tag at once; anything odd or unfinished goes the long way.
_TIDY = re.compile(
    r"""</?([a-zA-Z][a-zA-Z0-9-]*+)
    (?>
      [\t\n\f\r\ ]++ [^\t\n\f\r\ "'<>/=]++
      (?>=(?> "[^"]*+" | '[^']*+' | [^\t\n\f\r\ "'<>/=`][^\t\n\f\r\ "'<>]*+ ))?+
    )*+
    [\t\n\f\r\ ]*+(/?)>""",
    re.VERBOSE,
)
_NAME_END = re.compile(r"[\t\n\f\r />]")
_BEFORE_ATTRIBUTE_END = re.compile(r"[^\t\n\f\r /]")
_ATTRIBUTE_NAME_END = re.compile(r"[\t\n\f\r />=]")
_NO_SPACE = re.compile(r"[^\t\n\f\r ]")
_UNQUOTED_END = re.compile(r"[\t\n\f\r >]")
_COMMENT_END = re.compile(r"--!?>")
_IN_SCRIPT = re.compile(r"<!--|-->|<(/?)script(?=[\t\n\f\r />])", re.IGNORECASE)
_RAW_END = {
    name: re.compile(rf"</{name}(?=[\t\n\f\r />])", re.IGNORECASE) for name in _RAW - {"script"}
}
_LONGEST_LOOK = len("</noframes>")


class Rewriting(Protocol):
    """Changes a document's addresses."""

    def tag(self, name: str, text: str) -> str:
        """Return a whole start tag. After that of a script or a style `raw` and `end` follow."""
        ...

    def raw(self, text: str) -> str:
        """Return what may go on of the text of a script or a style; a piece may end anywhere."""
        ...

    def end(self) -> str:
        """Return the rest of that text."""
        ...


class _Guarded:
    """Lets text pass as it is where its rewriting throws: the frame's stream has begun by then."""

    def __init__(self, rewriting: Rewriting) -> None:
        self._rewriting = rewriting
        self._told = False

    def tag(self, name: str, text: str) -> str:
        return self._tried(lambda: self._rewriting.tag(name, text), text)

    def raw(self, text: str) -> str:
        return self._tried(lambda: self._rewriting.raw(text), text)

    def end(self) -> str:
        return self._tried(self._rewriting.end, "")

    def _tried(self, change: Callable[[], str], text: str) -> str:
        try:
            return change()
        except Exception:  # noqa: BLE001 logged in full, once for each document
            if not self._told:
                _log.warning("an address in a document could not be read", exc_info=True)
            self._told = True
            return text


class Markup:
    """One document's stream: `feed` it piece by piece, then `finish`.

    `keeps_shadows`: declarative shadow roots stay, for where no walls have to see into them.
    `shows_all`: also tags in which no address of another server can be.
    `throws`: what `rewriting` raises reaches the caller, and does not let the text pass.
    """

    def __init__(
        self,
        rewriting: Rewriting | None = None,
        *,
        keeps_shadows: bool = False,
        shows_all: bool = False,
        throws: bool = False,
    ) -> None:
        self._rewriting = rewriting if throws or rewriting is None else _Guarded(rewriting)
        self._shows_all = shows_all
        self._keeps_shadows = keeps_shadows
        self._before = ""  # the letter before what comes, and a name that has begun
        self._dropped = 0  # letters that stood before `_text`
        self._tag: int | None = None  # where a tag begins that is held back, of all letters
        self._parts: list[str] = []  # of that tag, already renamed
        self._is_raw = False  # the text is shown to `rewriting`
        self._state: Callable[[], bool] = self._data
        self._text = ""  # from what has still to be looked at on
        self._at = 0  # looked at up to here
        self._sent = 0  # let go up to here
        self._hold: int | None = None  # where a `<link>`'s attribute begins that may be renamed
        self._out: list[str] = []
        self._name = ""  # of the tag
        self._ends = False  # the tag is an end tag
        self._attribute = 0  # where the attribute's name begins
        self._value: int | None = None  # where the value of a `rel` begins
        self._quote = ""
        self._closes = False  # a "/" stands before the ">"
        self._script = 0  # 1 and 2: escaped and double escaped script data
        self._tree: list[bool] = []  # for each open foreign element or island of HTML in it

    def feed(self, text: str) -> str:
        """Return what may go to the parser now."""
        self._text += text if self._keeps_shadows else self._without_shadows(text)
        while self._state():
            pass
        return self._let_go()

    def _without_shadows(self, text: str) -> str:
        known = len(self._before[:1])
        whole = self._before + text
        begun = _SHADOW_BEGUN.search(whole, max(0, len(whole) - len(_SHADOW) - 1))
        is_name = begun is not None and _SHADOW.startswith(begun[0].lower())
        end = begun.start() if begun is not None and is_name else len(whole)
        self._before = whole[max(0, end - 1) :]
        gone = whole[:end]
        if _SHADOW in gone.lower():
            gone = _SHADOWS.sub(lambda name: _RENAMED + name[0], gone)
        return gone[known:]

    def finish(self) -> str:
        """Return what was held back: an attribute that the document ends in."""
        rest = "".join((*self._parts, self._text[self._sent :], self._before[1:]))
        self._before = ""
        self._text, self._at, self._sent, self._hold = "", 0, 0, None
        self._parts, self._tag = [], None
        if self._rewriting is not None and self._is_raw:
            rest = self._rewriting.raw(rest) + self._rewriting.end()
        return rest

    def _let_go(self) -> str:
        if self._tag is not None and self._dropped + len(self._text) - self._tag > _LONGEST_TAG:
            self._out += self._parts
            self._parts, self._tag = [], None
        if self._tag is None:
            self._pass(len(self._text) if self._hold is None else self._hold)
        gone = min(self._at, self._sent)
        self._text = self._text[gone:]
        self._dropped += gone
        self._at -= gone
        self._sent -= gone
        self._attribute -= gone
        if self._hold is not None:
            self._hold -= gone
        if self._value is not None:
            self._value -= gone
        out = "".join(self._out)
        self._out.clear()
        return out

    def _pass(self, until: int) -> None:
        """Let everything go that stands before."""
        if until > self._sent:
            text = self._text[self._sent : until]
            is_raw = self._rewriting is not None and self._is_raw
            self._out.append(self._rewriting.raw(text) if self._rewriting and is_raw else text)
            self._sent = until

    def _hold_tag(self, at: int) -> None:
        if self._rewriting is not None:
            self._pass(at)
            self._tag = self._dropped + at

    def _show_tag(self, start: int, end: int) -> None:
        """Show a whole start tag and let it go, with what stands before it."""
        self._pass(start)
        text = "".join((*self._parts, self._text[start:end]))
        size = end - start if self._tag is None else self._dropped + end - self._tag
        self._parts, self._tag, self._sent = [], None, end
        if self._rewriting is not None:
            short = size <= _LONGEST_TAG
            shown = self._rewriting.tag(self._name, text if short else f"<{self._name}>")
            self._out.append(shown if short else text)

    def _end_raw(self, at: int) -> None:
        if self._rewriting is not None and self._is_raw:
            self._pass(at)
            self._out.append(self._rewriting.end())
            self._is_raw = False

    # Each state looks on from `_at`; it returns whether there is more to look at.

    def _go(self, state: Callable[[], bool], at: int) -> bool:
        self._state, self._at = state, at
        return True

    def _wait(self, at: int) -> bool:
        self._at = at
        return False

    def _data(self) -> bool:
        text = self._text
        at = text.find("<", self._at)
        while at >= 0:
            tidy = _TIDY.match(text, at)
            if tidy is None:
                self._hold_tag(at)
                return self._go(self._tag_open, at + 1)
            self._end_raw(at)
            name = tidy[1].lower()
            if name == "link" and text[at + 1] != "/":
                self._hold_tag(at)
                return self._go(self._tag_open, at + 1)
            self._name, self._ends, self._closes = name, text[at + 1] == "/", bool(tidy[2])
            self._at = tidy.end()
            if self._rewriting is not None and self._may_hold_addresses(at):
                self._show_tag(at, self._at)
            self._end_tag()
            if self._state != self._data:
                return True
            at = text.find("<", self._at)
        return self._wait(len(text))

    def _may_hold_addresses(self, start: int) -> bool:
        if self._ends:
            return False
        return (
            self._shows_all
            or self._name in _SHOWN_RAW
            or self._text.find("//", start, self._at) >= 0
        )

    def _tag_open(self) -> bool:
        text, at = self._text, self._at
        if at == len(text):
            return False
        self._ends = text[at] == "/"
        if self._ends:
            at += 1
            if at == len(text):
                return False
        if text[at].isascii() and text[at].isalpha():
            self._end_raw(self._sent)
            self._tag = None if self._ends else self._tag
            self._name = ""
            return self._go(self._tag_name, at)
        self._tag = None
        if text[at] == "!" and not self._ends:
            return self._go(self._declaration, at + 1)
        if self._ends:
            return self._go(self._data if text[at] == ">" else self._bogus, at)
        return self._go(self._bogus if text[at] == "?" else self._data, at)

    def _declaration(self) -> bool:
        text, at = self._text, self._at
        if text.startswith("--", at):
            return self._go(self._comment_start, at + 2)
        if text.startswith("[CDATA[", at) and self._is_foreign():
            return self._go(self._cdata, at + 7)
        rest = text[at : at + 8]  # enough, and no copy of the whole document
        if "--".startswith(rest) or (self._is_foreign() and "[CDATA[".startswith(rest)):
            return False
        return self._go(self._bogus, at)

    def _comment_start(self) -> bool:
        text, at = self._text, self._at
        for end in (">", "->"):
            if text.startswith(end, at):
                return self._go(self._data, at + len(end))
        if text[at:] in {"", "-"}:
            return False
        return self._go(self._comment, at)

    def _comment(self) -> bool:
        return self._until(_COMMENT_END, 3)

    def _cdata(self) -> bool:
        return self._until(re.compile("]]>"), 2)

    def _bogus(self) -> bool:
        return self._until(re.compile(">"), 0)

    def _until(self, end: re.Pattern[str], look: int) -> bool:
        found = end.search(self._text, self._at)
        if found is None:
            return self._wait(max(self._at, len(self._text) - look))
        return self._go(self._data, found.end())

    def _tag_name(self) -> bool:
        found = _NAME_END.search(self._text, self._at)
        end = len(self._text) if found is None else found.start()
        if len(self._name) < _MAX_HELD:
            self._name += self._text[self._at : end].lower()
        if found is None:
            return self._wait(end)
        self._closes = False
        return self._go(self._before_attribute, end)

    def _before_attribute(self) -> bool:
        found = _BEFORE_ATTRIBUTE_END.search(self._text, self._at)
        if found is None:
            self._closes = self._text.endswith("/") if len(self._text) > self._at else self._closes
            return self._wait(len(self._text))
        at = found.start()
        if at > self._at:
            self._closes = self._text[at - 1] == "/"
        if self._text[at] == ">":
            self._at = at + 1
            if self._tag is not None:
                self._show_tag(self._sent, self._at)
            elif self._rewriting is not None and not self._ends and self._name in _SHOWN_RAW:
                # Too long a tag, which has gone on already.
                self._pass(self._at)
                self._rewriting.tag(self._name, f"<{self._name}>")
            self._end_tag()
            return True
        self._closes = False
        self._attribute = at
        if not self._ends and self._name == "link":
            self._hold = at
        # A "=" here is a letter of the name.
        return self._go(self._attribute_name, at + 1)

    def _attribute_name(self) -> bool:
        found = _ATTRIBUTE_NAME_END.search(self._text, self._at)
        end = len(self._text) if found is None else found.start()
        name = self._text[self._attribute : end].lower() if self._hold is not None else ""
        if found is None:
            if self._hold is not None and not "rel".startswith(name):
                self._hold = None
            return self._wait(end)
        if name != "rel":
            self._hold = None
        return self._go(self._after_name, end)

    def _after_name(self) -> bool:
        found = _NO_SPACE.search(self._text, self._at)
        if found is None:
            return self._held_wait()
        if self._text[found.start()] == "=":
            return self._go(self._before_value, found.end())
        self._hold = None
        return self._go(self._before_attribute, found.start())

    def _before_value(self) -> bool:
        found = _NO_SPACE.search(self._text, self._at)
        if found is None:
            return self._held_wait()
        at = found.start()
        self._quote = self._text[at]
        if self._quote == ">":
            self._hold = None
            return self._go(self._before_attribute, at)
        if self._quote not in "\"'":
            self._quote = ""
        else:
            at += 1
        self._value = at if self._hold is not None else None
        return self._go(self._in_value, at)

    def _in_value(self) -> bool:
        if self._quote:
            end = self._text.find(self._quote, self._at)
        else:
            found = _UNQUOTED_END.search(self._text, self._at)
            end = -1 if found is None else found.start()
        if end < 0:
            return self._held_wait()
        if self._value is not None and self._hold is not None:
            value = html.unescape(self._text[self._value : end])
            opens = not _AHEAD.isdisjoint(re.split(f"[{_SPACE}]", value.lower()))
            if opens or end - self._hold > _MAX_HELD:
                self._rename()
        self._hold = self._value = None
        return self._go(self._before_attribute, end + len(self._quote))

    def _held_wait(self) -> bool:
        if self._hold is not None and len(self._text) - self._hold > _MAX_HELD:
            self._rename()
            self._hold = self._value = None
        return self._wait(len(self._text))

    def _rename(self) -> None:
        out = self._out if self._tag is None else self._parts
        out += (self._text[self._sent : self._attribute], _RENAMED)
        self._sent = self._attribute

    def _end_tag(self) -> None:
        """Leave a tag whose ">" was seen: what follows depends on it."""
        name = self._name
        self._state = self._data
        if self._ends:
            self._close(name)
        elif self._is_foreign():
            # Its text is read like any other there, and ends with the next tag.
            self._is_raw = self._shows_raw(name) and not self._closes
            self._open_in_foreign(name)
        elif name in _FOREIGN:
            self._push(foreign=True)
        elif name == "script":
            self._script = 0
            self._state = self._in_script
        elif name in _RAW:
            self._state = self._in_raw
        elif name == "plaintext":
            self._state = self._plaintext
        if self._state in {self._in_script, self._in_raw}:
            self._is_raw = self._shows_raw(name)

    def _shows_raw(self, name: str) -> bool:
        return self._rewriting is not None and name in _SHOWN_RAW

    def _is_foreign(self) -> bool:
        return bool(self._tree) and self._tree[-1]

    def _push(self, *, foreign: bool) -> None:
        if not self._closes and len(self._tree) < _MAX_DEPTH:
            self._tree.append(foreign)

    def _open_in_foreign(self, name: str) -> None:
        if name in _FOREIGN:
            self._push(foreign=True)
        elif name in _INTEGRATION:
            self._push(foreign=False)
        elif _BREAKOUT.fullmatch(name):
            while self._is_foreign():
                self._tree.pop()

    def _close(self, name: str) -> None:
        if name in _FOREIGN and True in self._tree:
            while not self._tree.pop():
                pass
        elif name in _INTEGRATION and self._tree and not self._tree[-1]:
            self._tree.pop()

    def _in_script(self) -> bool:
        found = _IN_SCRIPT.search(self._text, self._at)
        if found is None:
            return self._wait(max(self._at, len(self._text) - _LONGEST_LOOK))
        if found[0] == "<!--":
            self._script = self._script or 1
            # Its dashes may be those of the end, too.
            return self._go(self._in_script, found.end() - 2)
        if found[0] == "-->":
            self._script = 0
        elif not found[1]:
            self._script = 2 if self._script else 0
        elif self._script == 2:  # noqa: PLR2004 as above
            self._script = 1
        else:
            self._end_raw(found.start())
            self._name, self._ends = "script", True
            return self._go(self._before_attribute, found.end())
        return self._go(self._in_script, found.end())

    def _in_raw(self) -> bool:
        found = _RAW_END[self._name].search(self._text, self._at)
        if found is None:
            return self._wait(max(self._at, len(self._text) - _LONGEST_LOOK))
        self._end_raw(found.start())
        self._ends = True
        return self._go(self._before_attribute, found.end())

    def _plaintext(self) -> bool:
        return self._wait(len(self._text))
