"""What a document asks for, as far as its text says: network origins and capabilities.

Pure. This decides whether a new version may keep what an older one was given, never what a
document may do: a text can hide what it asks for, and then the wall is what it meets.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from sandbox.grants import Grants
from sandbox.network_origins import OriginRules, parse_network_origin

# An address in markup, script, JSON or CSS; `\/` and `\u002f` are how scripts escape a slash.
_SLASH = r"(?:/|\\/|\\u002f|\\x2f)"
_ADDRESS = re.compile(
    rf"""(?:(?<![\w.+-])https:|(?<=["'`(=\s]))(?:{_SLASH}){{2}}"""
    r"""([a-z0-9.-]+\.[a-z0-9-]+\.?(?::\d{1,5})?)""",
    re.ASCII | re.IGNORECASE,
)
_GEOLOCATION = re.compile(r"\bgeolocation\b")
# `read` and `readText` of a clipboard that was named before, and the old way to paste. What a word
# is no part of is looked at last, which makes the search many times as quick.
_CLIPBOARD = re.compile(r"clipboard\b(?<!\wclipboard)")
_READ = re.compile(r"read(?:Text)?+\b(?<!\wread)(?<!\wreadText)")
_PASTE = re.compile(r"execCommand\(\s*+.paste\b")
_NEAR = 200
_MOST_ORIGINS = 1000


@dataclass(frozen=True, slots=True)
class Asks:
    """`network` holds origins that a person could grant; others are never reachable anyway."""

    network: frozenset[str] = frozenset()
    geolocation: bool = False
    clipboard_read: bool = False

    def beyond(self, known: Asks, granted: Grants) -> Asks:
        """Return what is asked for here that neither was asked for before nor is granted."""
        return Asks(
            network=self.network - known.network - set(granted.network),
            geolocation=self.geolocation and not (known.geolocation or granted.geolocation),
            clipboard_read=self.clipboard_read
            and not (known.clipboard_read or granted.clipboard_read),
        )

    def __bool__(self) -> bool:
        return bool(self.network) or self.geolocation or self.clipboard_read


ASKS_NOTHING = Asks()


def asks_of(document: str, rules: OriginRules) -> Asks:
    """Read what the document asks for. Up to 20 MB take a while: call it in a thread."""
    text = html.unescape(document)
    names = dict.fromkeys(match[1].lower() for match in _ADDRESS.finditer(text))
    origins = (parse_network_origin(f"https://{name}", rules) for name in names)
    network = [origin for origin in origins if isinstance(origin, str)]
    return Asks(
        # More than anybody could be asked about one by one: nothing is carried past them.
        network=frozenset(network[:_MOST_ORIGINS]),
        geolocation=_GEOLOCATION.search(text) is not None,
        clipboard_read=_PASTE.search(text) is not None or _reads_clipboard(text),
    )


def _reads_clipboard(text: str) -> bool:
    read: re.Match[str] | None = None
    for named in _CLIPBOARD.finditer(text):
        if read is None or read.start() < named.end():
            read = _READ.search(text, named.end())
        if read is None:
            return False
        if read.start() <= named.end() + _NEAR:
            return True
    return False
