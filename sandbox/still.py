"""A tool's markup for who wants to see it without running it: no link in it leads anywhere.

Where no script runs there are no walls either, and a link is followed by a click with a key held,
with all that its address says. So what makes a link gets `data-` in front, wherever it stands:
which letters are a tag's only the parser knows, and a guess would be there to be misled.
"""

from __future__ import annotations

import re

_MAKES_LINKS = r"""
(?<=[\t\n\f\r /"'])
(?=
  (?: (?:xlink:)?href (?! [\t\n\f\r\ ]* = [\t\n\f\r\ ]* ["']? (?: \# LIBRARIES ) )
    | srcdoc           # a document, whose links are written there in other letters
    | attributename    # of an animation, which can give a link its address
  )
  [\t\n\f\r />=]
)
"""


def still(html: str, libraries: str) -> str:
    """Return a document without links but to its own parts, and to files below `libraries`."""
    folder = f"| {re.escape(libraries)}" if libraries else ""
    pattern = _MAKES_LINKS.replace("LIBRARIES", folder)
    return re.sub(pattern, "data-", html, flags=re.VERBOSE | re.ASCII | re.IGNORECASE)
