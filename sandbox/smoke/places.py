"""Where in a document something stands: lines and columns begin at 1. Pure."""

from __future__ import annotations


def line_at(html: str, at: int) -> int | None:
    """Return the line of a place; `None` for -1, which `str.find` says of what is not there."""
    return html.count("\n", 0, at) + 1 if at >= 0 else None


def place_at(html: str, at: int) -> tuple[int, int]:
    """Return the line and the column of a place."""
    return html.count("\n", 0, at) + 1, at - html.rfind("\n", 0, at)


def line_of_element(html: str, number: str, classes: str) -> int | None:
    """Return the line of an element's `id`, or of its `class` where it has none."""
    if not number and not classes:
        return None
    return line_at(html, html.find(f'id="{number}"' if number else f'class="{classes}"'))
