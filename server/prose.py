"""A model's words as markup for our own pages: Markdown, then cleaned.

The one seam for both libraries (docs/decisions: bleach was asked for and is no longer
maintained; nh3 is the exit). Generated documents never pass here: the frame is their wall.
"""

from __future__ import annotations

import functools
import html

import bleach
from markdown_it import MarkdownIt

_TAGS = frozenset(
    {"p", "br", "hr", "strong", "em", "s", "code", "pre", "ul", "ol", "li", "blockquote", "a"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"}
)
_ATTRIBUTES = {"a": ["href", "title", "rel"], "ol": ["start"]}
_LONGEST, _MOST_LINES = 20_000, 600
_PROTOCOLS = frozenset({"http", "https", "mailto"})


@functools.cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(
        ["table", "strikethrough"]
    )


@functools.lru_cache(maxsize=256)
def render_prose(text: str) -> str:
    """Render Markdown to HTML that holds no script, style, image, form or foreign protocol.

    A very long text is shown as it is: tables and nesting can cost more than their length.
    """
    if len(text) > _LONGEST or text.count("\n") > _MOST_LINES:
        return f"<pre>{html.escape(text)}</pre>"
    rendered = _markdown().render(text)
    cleaned: str = bleach.clean(
        rendered, tags=_TAGS, attributes=_ATTRIBUTES, protocols=_PROTOCOLS, strip=True
    )
    return cleaned.replace("<a ", '<a rel="noopener noreferrer nofollow" target="_blank" ')
