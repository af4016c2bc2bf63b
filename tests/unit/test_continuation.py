"""Stitching: a cut answer and its continuation become one, however the continuation is cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.generation.continuation import TAIL, ContinuationStitcher, stitch

CODE = "```html\n<!doctype html>\n<script>\n  const first = 1;\n  const second = first + 1;\n"
CASES = {
    "goes on at the very character": (
        CODE + "  const th",
        "ird = 3;\n",
        CODE + "  const third = 3;\n",
    ),
    "repeats the line that was cut": (
        CODE + "  const th",
        "  const third = 3;\n",
        CODE + "  const third = 3;\n",
    ),
    "repeats the cut line without its indentation": (
        CODE + "  const th",
        "const third = 3;\n",
        CODE + "  const third = 3;\n",
    ),
    "repeats several lines": (
        CODE,
        "  const first = 1;\n  const second = first + 1;\n  const third = 3;\n",
        CODE + "  const third = 3;\n",
    ),
    "opens the fence again": (CODE, "```html\n  const third = 3;\n", CODE + "  const third = 3;\n"),
    "opens the fence in the script's language": (
        CODE,
        "```javascript\n  const third = 3;\n",
        CODE + "  const third = 3;\n",
    ),
    "announces itself": (
        CODE,
        "Continuing from where I stopped:\n\n  const third = 3;\n",
        CODE + "  const third = 3;\n",
    ),
    "announces itself, opens the fence and repeats": (
        CODE + "  const th",
        "Sure! Here's the rest of the code.\n\n```html\n  const third = 3;\n",
        CODE + "  const third = 3;\n",
    ),
    "begins with words that are the page's own": (
        "<p>",
        "Here is your result</p>\n",
        "<p>Here is your result</p>\n",
    ),
    "begins with the page's own words and a line break": (
        "<p>",
        "Sure\nthing</p>\n",
        "<p>Sure\nthing</p>\n",
    ),
    "repeats a short line by chance": (
        "<div><div>\n</div>\n",
        "</div>\n",
        "<div><div>\n</div>\n</div>\n",
    ),
    "repeats a letter by chance": ("good", "d morning", "goodd morning"),
    "repeats nothing": (CODE, "  const third = 3;\n", CODE + "  const third = 3;\n"),
    "closes the fence that is open": (
        "<p>x</p></html>\n",
        "```\nEnjoy!",
        "<p>x</p></html>\n```\nEnjoy!",
    ),
    "is empty": (CODE, "", CODE),
}


@pytest.mark.parametrize("case", CASES)
def test_a_continuation_joins_what_was_cut(case):
    previous, continuation, expected = CASES[case]
    assert stitch(previous, continuation) == expected


@pytest.mark.parametrize("case", CASES)
def test_every_split_of_a_continuation_gives_the_same(case):
    previous, continuation, expected = CASES[case]
    for position in range(len(continuation) + 1):
        stitcher = ContinuationStitcher(previous)
        pieces = stitcher.feed(continuation[:position]), stitcher.feed(continuation[position:])
        assert previous + "".join(pieces) + stitcher.end() == expected
    assert by_character(previous, continuation) == expected


def by_character(previous, continuation, *, inside_document=True):
    stitcher = ContinuationStitcher(previous, inside_document=inside_document)
    return previous + "".join(map(stitcher.feed, continuation)) + stitcher.end()


PIECES = st.lists(
    st.sampled_from(
        [
            "Continuing:",
            "here",
            "```",
            "html",
            "\n",
            " ",
            "const x",
            "</div>",
            "<!doctype html>",
            "a",
        ]
    ),
    max_size=12,
).map("".join)


@settings(max_examples=400)
@given(PIECES, PIECES, st.booleans())
def test_any_continuation_is_joined_the_same_in_pieces(previous, continuation, inside_document):
    whole = stitch(previous, continuation, inside_document=inside_document)
    assert by_character(previous, continuation, inside_document=inside_document) == whole
    assert whole.startswith(previous)
    assert continuation.endswith(whole[len(previous) :])


@settings(max_examples=200)
@given(st.integers(24, 400), st.integers(0, 60))
def test_any_repetition_of_a_line_or_more_is_removed(repeated, cut):
    lines = "".join(f"  row({number});\n" for number in range(60))
    previous = lines[: len(lines) - cut]
    continuation = previous[-repeated:] + lines[len(lines) - cut :] + "end();\n"
    assert stitch(previous, continuation) == lines + "end();\n"


def test_outside_a_document_a_fence_is_kept():
    continuation = "```html\n<!doctype html>\n"
    assert stitch("Here it is:\n\n", continuation, inside_document=False).endswith(continuation)


def test_a_document_begun_anew_is_told():
    stitcher = ContinuationStitcher(CODE * 200)
    new = stitcher.feed("Sorry, here it is again:\n\n```html\n<!doctype html>\n<html>")
    assert new.startswith("<!doctype html>")
    assert stitcher.restarted


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_words_of_its_own_and_a_document_begun_anew_are_told(size):
    """A model that answers the request to go on as if it were a wish: words, fence, document."""
    again = "I changed the `currency`.\n\nAll else is kept.\n\n```html\n<!DOCTYPE html>\n<html>"
    stitcher = ContinuationStitcher(CODE + "  const th")
    pieces = [again[start : start + size] for start in range(0, len(again), size)]
    assert "".join(map(stitcher.feed, pieces)) + stitcher.end() == again
    assert stitcher.restarted


@pytest.mark.parametrize(
    "text",
    [
        "Some words of the page's own</p>\n```html\n<!doctype html>",
        "Some words, and a sample of another kind:\n\n```html\n<p>no document</p>\n```\n",
        "Some words with <b>\n```html\n<!doctype html>",
    ],
)
def test_words_of_the_page_are_no_new_beginning(text):
    assert stitch(CODE, text) == CODE + text
    stitcher = ContinuationStitcher(CODE)
    stitcher.feed(text)
    stitcher.end()
    assert not stitcher.restarted


def test_a_document_that_merely_goes_on_is_not_called_restarted():
    stitcher = ContinuationStitcher(CODE)
    stitcher.feed("  const third = 3;\n")
    assert not stitcher.restarted


def test_new_text_waits_for_no_more_than_the_decision():
    stitcher = ContinuationStitcher(CODE + "  const th")
    assert stitcher.feed("  const th") == ""
    assert stitcher.feed("i") == "i"
    assert stitcher.feed("rd") == "rd"


def test_no_more_than_the_tail_is_ever_held_back():
    stitcher = ContinuationStitcher(" " * (2 * TAIL))
    held = 0
    for number in range(1, 3 * TAIL):
        held = number if not stitcher.feed(" ") else held
    assert held <= TAIL
