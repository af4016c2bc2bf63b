"""Markup to look at has no link that leads away, wherever a parser may find one."""

from __future__ import annotations

import pytest

from sandbox.still import still

SHELF = "http://k7.localhost:8001/libraries/"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("<a href=//a.test>x</a>", "<a data-href=//a.test>x</a>"),
        ('<A id="a"HREF = "x">', '<A id="a"data-HREF = "x">'),
        ("<svg><a xlink:href='x'/>", "<svg><a data-xlink:href='x'/>"),
        ("<iframe srcdoc='<a &#104;ref=x>'>", "<iframe data-srcdoc='<a &#104;ref=x>'>"),
        ("<set attributeName=href to=x>", "<set data-attributeName=href to=x>"),
        ("<x a='<a href=x>'><!-- <a\nhref>", "<x a='<a data-href=x>'><!-- <a\ndata-href>"),
        (f"<a title=<link href={SHELF[:-1]}>", f"<a title=<link data-href={SHELF[:-1]}>"),
    ],
)
def test_what_makes_a_link_is_renamed_wherever_it_stands(given: str, expected: str) -> None:
    assert still(given, SHELF) == expected


@pytest.mark.parametrize(
    "text",
    [
        "<h1>href and srcdoc</h1> a.href=1, 'href', hrefs",
        "<use href='#icon'/><a href = \"#part\">x</a>",
        f'<link rel=stylesheet href="{SHELF}cdn/a/b.css">',
        "<p data-href=x style='color: red'>x</p>",
    ],
)
def test_the_rest_stays_as_it_is(text: str) -> None:
    assert still(text, SHELF) == text


def test_without_libraries_no_address_is_one_of_theirs() -> None:
    assert still("<a href=//a.test><a href=#x>", "") == "<a data-href=//a.test><a href=#x>"
