"""Only what a parser alone would make is changed, wherever the stream is cut."""
# ruff: noqa: E501 -- a case is easier to read on one line

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.markup import Markup
from server.recipes import respond

RAW = ["iframe", "noembed", "noframes", "noscript", "script", "style", "textarea", "title", "xmp"]
CHANGED = [
    ("<p><template shadowrootmode=open>x", "<p><template data-shadowrootmode=open>x"),
    ("<template a='>' SHADOWROOTMODE = 'closed'>", "<template a='>' data-SHADOWROOTMODE = 'closed'>"),
    ('<template a="b"shadowrootmode="open">', '<template a="b"data-shadowrootmode="open">'),
    ("<template/shadowrootmode>", "<template/data-shadowrootmode>"),
    # A script may have put the parser into another state: there this could be a tag.
    ("<template><p shadowrootmode=open></template>", "<template><p data-shadowrootmode=open></template>"),
    ("<x a='--><template shadowrootmode=open>'>", "<x a='--><template data-shadowrootmode=open>'>"),
    ("<script>'<template shadowrootmode=open>'</script>", "<script>'<template data-shadowrootmode=open>'</script>"),
    ("<title><template shadowrootmode=open></title>", "<title><template data-shadowrootmode=open></title>"),
    ("<!--<template ShadowRootMode>-->", "<!--<template data-ShadowRootMode>-->"),
    ("<x shadowrootmode shadowrootmode=a", "<x data-shadowrootmode data-shadowrootmode=a"),
    ("<link rel=preconnect href=//a.example>", "<link data-rel=preconnect href=//a.example>"),
    ('<LINK href="x" REL="a &#80;reconnect b">', '<LINK href="x" data-REL="a &#80;reconnect b">'),
    ("<link rel='dns-prefetch'/>", "<link data-rel='dns-prefetch'/>"),
    (f"<link rel='{' ' * 300}preconnect'>", f"<link data-rel='{' ' * 300}preconnect'>"),
    (f"<link rel='{'x' * 300}'>", f"<link data-rel='{'x' * 300}'>"),
    ("<link rel=icon rel=preconnect>", "<link rel=icon data-rel=preconnect>"),
    ("<!----><link rel=preconnect>", "<!----><link data-rel=preconnect>"),
    ("<!--><link rel=preconnect>-->", "<!--><link data-rel=preconnect>-->"),
    ("<!---><link rel=preconnect>-->", "<!---><link data-rel=preconnect>-->"),
    ("<!--a--!><link rel=preconnect>", "<!--a--!><link data-rel=preconnect>"),
    ("<!x '><link rel=preconnect>", "<!x '><link data-rel=preconnect>"),
    ("</ x><link rel=preconnect>", "</ x><link data-rel=preconnect>"),
    ("</><link rel=preconnect>", "</><link data-rel=preconnect>"),
    ("a < b <link rel=preconnect>", "a < b <link data-rel=preconnect>"),
    ('<a ="><link rel=preconnect>', '<a ="><link data-rel=preconnect>'),
    ('<a b=c"><link rel=preconnect>', '<a b=c"><link data-rel=preconnect>'),
    ("<script><!--</script><link rel=preconnect>", "<script><!--</script><link data-rel=preconnect>"),
    (
        "<script><!--<script></script>--></script><link rel=preconnect>",
        "<script><!--<script></script>--></script><link data-rel=preconnect>",
    ),
    ("<script><!--><script></script><link rel=preconnect>", "<script><!--><script></script><link data-rel=preconnect>"),
    ("<svg><style><link rel=preconnect>", "<svg><style><link data-rel=preconnect>"),
    ("<svg><title>x</title><style>y</style></svg><template shadowrootmode=open>",
     "<svg><title>x</title><style>y</style></svg><template data-shadowrootmode=open>"),
    ("<svg><style><p><template shadowrootmode=open>", "<svg><style><p><template data-shadowrootmode=open>"),
    ("<svg/><style></style><link rel=preconnect>", "<svg/><style></style><link data-rel=preconnect>"),
    ("<svg><![CDATA[<!--]]><link rel=preconnect>", "<svg><![CDATA[<!--]]><link data-rel=preconnect>"),
    ("<![CDATA[><link rel=preconnect>]]>", "<![CDATA[><link data-rel=preconnect>]]>"),
    ("<textarea></textarea><link rel=preconnect>", "<textarea></textarea><link data-rel=preconnect>"),
    # Read otherwise, the rest would be a value, a comment or raw text.
    *(
        (f"{before}<link rel=preconnect>{after}", f"{before}<link data-rel=preconnect>{after}")
        for before, after in (
            ("<? <a b='>", "'>"),
            ("</ <a b='>", "'>"),
            ("<!x <a b='>", "'>"),
            ("<svg><![CDATA[<a b=']]>", "'>"),
            ("<svg><p><style><!--</style>", "-->"),
            ("<svg><title><style><!--</style>", "-->"),
            ("<svg><title></title><style><p>", "</style>"),
            ("<svg><title/><style><p>", "</style>"),
            ("<svg></svg><style><!--</style>", "-->"),
            ("<script></script x='<a b=\"'>", '">'),
            ("<style></style x='<a b=\"'>", '">'),
            *((f"<{name}><!--</{name}>", "-->") for name in RAW),
        )
    ),
]  # fmt: skip
KEPT = [
    "",
    "<template data-shadowrootmode shadowrootmodes shadowroot>",
    "a template[shadowrootmode], `shadowrootmode `, ('shadowrootmode'), shadow root mode, s",
    "</template></link rel=preconnect>",
    "<link rel=stylesheet href=data:,><link rel=icon><link rel><link rel=>",
    "<a rel=preconnect>",
    "<link title='rel=preconnect'>",
    "<!-- <link rel=preconnect> -->",
    "<!--<!--!- <link rel=preconnect>",
    "<script>'<link rel=preconnect>'</script>",
    "<script><!--<script></script><link rel=preconnect>",
    "<style><link rel=preconnect></style >",
    "<textarea><link rel=preconnect></textareas></textarea/>",
    "<svg><foreignObject><style><link rel=preconnect></style></foreignObject></svg>",
    "<xmp><link rel=preconnect></xmp>",
    "<plaintext></plaintext><link rel=preconnect>",
    '<p title="<link rel=preconnect>">',
    "a < b && c <",
    "<link rel=precon",
    "<template shadowroot",
]  # fmt: skip
CASES = [*CHANGED, *((text, text) for text in KEPT)]


def through(*parts: str) -> str:
    markup = Markup()
    return "".join([*map(markup.feed, parts), markup.finish()])


@pytest.mark.parametrize(("given_text", "expected"), CASES)
def test_only_these_attributes_are_renamed_wherever_the_stream_is_cut(
    given_text: str, expected: str
) -> None:
    assert through(given_text) == expected
    assert through(*given_text) == expected
    for cut in range(len(given_text)):
        assert through(given_text[:cut], given_text[cut:]) == expected


WISHES = (
    "a tip splitter",
    "unit converter",
    "a to-do list",
    "an interval timer for 40 s work and 20 s rest",
    "look at my csv export and plot a column",
    "clean up text",
    "a password generator",
    "pull every url out of a newsletter I paste",
)
PIECES = st.sampled_from(
    [
        *(text for text, _ in CASES),
        *"<>/=\"'!-x \n",
        "<svg>",
        "</svg>",
        "<script>",
        "</script>",
        "<!--",
        "-->",
        "</",
        "rel=",
        "<link ",
        "<template ",
        "shadowrootmode",
        "preconnect",
        "[CDATA[",
        "<p>",
        "<style>",
        "</style>",
    ]
)


@given(st.lists(PIECES, max_size=12), st.lists(st.integers(0, 400), max_size=4))
def test_cuts_change_nothing_and_added_letters_are_all_that_is_added(
    pieces: list[str], cuts: list[int]
) -> None:
    text = "".join(pieces)
    whole = through(text)
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    parts = [text[start:end] for start, end in pairwise(places)]
    assert through(*parts) == through(*text) == whole
    if "data-" not in text:
        assert whole.replace("data-", "") == text


@given(st.text(max_size=200), st.integers(0, 200))
def test_text_without_these_attributes_passes_as_it_is(text: str, cut: int) -> None:
    assert through(text[:cut], text[cut:]) == text


def test_nothing_is_held_back_but_an_attribute_that_may_be_renamed() -> None:
    for text in (
        "plain",
        "<",
        "<!",
        "<!-",
        "</scr",
        "<template",
        "<template x='",
        "<script>a</scrip",
        "this",
    ):
        assert Markup().feed(text) == text
    assert Markup().feed("<template shadowroot") == "<template "
    assert Markup().feed("there i") == "there i"
    assert Markup().feed("there is a s") == "there is a "
    assert Markup().feed("<template shade") == "<template shade"
    assert Markup().feed("<link rel='pre") == "<link "
    assert Markup().feed("<link href='pre") == "<link href='pre"
    assert Markup().feed(f"<link rel='{'x' * 300}") == f"<link data-rel='{'x' * 300}"


@pytest.mark.parametrize("wish", WISHES)
def test_a_recipe_passes_byte_for_byte(wish: str) -> None:
    text = respond([wish]).html
    assert text
    assert through(text) == text
    assert through(*(text[at : at + 7] for at in range(0, len(text), 7))) == text


def test_a_large_document_takes_little_time() -> None:
    """Under 50 ms for each 64 KiB, the most that is looked at in one go."""
    text = '<p class="a b" id=c>word &amp; word</p>\n<script>if (a < b) { c() }</script>' * 1000
    started = time.thread_time()
    assert through(text) == text
    assert (time.thread_time() - started) / (len(text) / 65536) < 0.05


def test_what_a_rewriting_throws_leaves_the_text_as_it_is() -> None:
    class Thrown:
        def tag(self, _name: str, _text: str) -> str:
            raise ValueError

        def raw(self, _text: str) -> str:
            raise RecursionError

        def end(self) -> str:
            raise KeyError

    text = "<script src='//a.test'>1;</script><style>b{}</style><img src='//a.test'>"
    markup = Markup(Thrown())
    assert markup.feed(text[:30]) + markup.feed(text[30:]) + markup.finish() == text
