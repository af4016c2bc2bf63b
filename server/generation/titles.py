"""A title for an artifact: the document's own, or the wish cut short."""

from __future__ import annotations

import html
import re

MAX_TITLE_CHARS = 200
_TITLE = re.compile(r"<title[^>]*>(.*?)</title\s*>", re.IGNORECASE | re.DOTALL)
_HEAD_CHARS = 20_000


def from_document(document: str) -> str | None:
    """Read the text of the first `<title>`; None when there is none or it is empty."""
    found = _TITLE.search(document[:_HEAD_CHARS])
    return shortened(html.unescape(found.group(1))) or None if found else None


def from_prompt(prompt: str) -> str:
    """Cut the wish to about 60 characters, at a word."""
    text = " ".join(prompt.split())
    if len(text) <= 60:  # noqa: PLR2004 a heading's length
        return text[:1].upper() + text[1:]
    cut = text[:60].rsplit(" ", 1)[0] if " " in text[:60] else text[:60]
    return cut[:1].upper() + cut[1:] + "…"


def shortened(title: str) -> str:
    """Fold white space and keep at most 200 characters."""
    text = " ".join(title.split())
    return text if len(text) <= MAX_TITLE_CHARS else text[: MAX_TITLE_CHARS - 1] + "…"
