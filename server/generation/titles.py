"""A title for an artifact: the document's own, or the wish cut short."""

from __future__ import annotations

import html
import re

MAX_TITLE_CHARS = 200
_OPENING = re.compile(r"<title\b[^>]{0,200}>", re.IGNORECASE)
_CLOSING = re.compile(r"</title\b", re.IGNORECASE)
# Controls, lone surrogates, and what turns the direction of the text that follows (UAX 9).
_HIDDEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_HEAD_CHARS = 20_000


def from_document(document: str) -> str | None:
    """Read the text of the first `<title>`; None when there is none or it is empty."""
    head = document[:_HEAD_CHARS]
    opened = _OPENING.search(head)
    closed = _CLOSING.search(head, opened.end()) if opened else None
    if opened is None or closed is None:
        return None
    return shortened(html.unescape(head[opened.end() : closed.start()])) or None


def from_prompt(prompt: str) -> str:
    """Cut the wish to about 60 characters, at a word."""
    text = " ".join(prompt.split())
    if len(text) <= 60:  # noqa: PLR2004 a heading's length
        return text[:1].upper() + text[1:]
    cut = text[:60].rsplit(" ", 1)[0] if " " in text[:60] else text[:60]
    return cut[:1].upper() + cut[1:] + "…"


def shortened(title: str) -> str:
    """Fold white space, drop what is not seen, and keep at most 200 characters."""
    text = " ".join(_HIDDEN.sub("", title).split())
    return text if len(text) <= MAX_TITLE_CHARS else text[: MAX_TITLE_CHARS - 1] + "…"
