"""Titles come from strangers' documents: found quickly, and shown as nothing but text."""

from __future__ import annotations

import pytest

from server.generation import titles
from server.prose import render_prose


@pytest.mark.parametrize(
    ("document", "title"),
    [
        ("<!doctype html><TITLE lang=en>\n Tip &amp; bill </Title >", "Tip & bill"),
        ("<title>\u202e\x00✓ passed</title>", "✓ passed"),
        ("<title>👩\u200d🏫 class</title>", "👩\u200d🏫 class"),
        ("<title></title>", None),
        ("<title>" * 2857, None),
        ("<p>no title", None),
    ],
)
def test_a_documents_title_is_its_text(document: str, title: str | None) -> None:
    """Entities are read, white space folded, what turns or hides text dropped."""
    assert titles.from_document(document) == title


def test_prose_holds_no_markup_of_its_own() -> None:
    """Script, foreign protocols and images in a model's words stay words."""
    shown = render_prose("<script>x</script> [a](javascript:x) ![b](https://c.example/d.png)")
    assert "<script" not in shown
    assert "javascript:" not in shown or "href" not in shown
    assert "<img" not in shown


def test_a_table_without_end_is_shown_as_it_is() -> None:
    """Text whose rendering could cost seconds is not rendered."""
    endless = "a|b\n-|-\n" + "a|b\n" * 8000
    assert render_prose(endless).startswith("<pre>a|b")
