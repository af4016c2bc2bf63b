"""The answer parser: what is prose and what is the document, however the answer is cut."""

from __future__ import annotations

import re
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.generation.answer import (
    AnswerParser,
    DocumentEnd,
    DocumentStart,
    DocumentText,
    Prose,
)

ANSWERS = {
    path.stem: path.read_bytes().decode()
    for path in sorted((Path(__file__).parent / "answers").glob("*.txt"))
}
# For each answer: whether each of its documents is complete, and how prose begins and ends.
EXPECTED = {
    "01-plain": ([True], "", ""),
    "02-chatty": ([True], "Absolutely!", "remembers the count?\n"),
    "03-thinking-out-loud": ([True], "Okay, the user", "checked the ids twice.\n"),
    "04-crlf": ([True], "Here you are:\r\n", "Save it as counter.html.\r\n"),
    "05-byte-order-mark": ([True], "", ""),
    "06-truncated": ([False], "Here is the timer:", "\n\n"),
    "07-truncated-in-script": ([False], "", ""),
    "08-missing-fence": ([True], "Enjoy!", "version.\n"),
    "09-two-documents": ([True, True], "First a rough", "That is better.\n"),
    "10-second-is-cut": ([True, False], "\nOr with a chart", "\n\n"),
    "11-clarification": ([], "Before I build it", "I'll start.\n"),
    "12-markdown-editor": ([True], "A Markdown editor", "are supported.\n"),
    "13-quadruple-fence": ([True], "Since the tool", "that was it.\n"),
    "14-tildes": ([True], "\nTildes", "are safe.\n"),
    "15-bare": ([True], "Here is your tool:", "as it should.\n"),
    "16-no-language": ([True], "The file:", "http.server\n```\n"),
    "17-upper-case-and-words": ([True], "Sure.", "as in a list.\n"),
    "18-sample-after": ([True], "\nTo change the colour", "teal }\n```\n"),
    "19-fragment": ([True], "Here's a widget:", "Paste it anywhere.\n"),
    "20-all-on-one-line": ([True], "Here: ```html is", " Bye!"),
}
# All that may be missing from the parts: fence lines, and a byte-order mark before the text.
_DROPPED = "(?:\ufeff|[ \t]*(?:`{3,}|~{3,})[^\n<]*\n?)*"


def joined(parts):
    """Parts with neighbours of a kind made one, as every reader of them sees them."""
    whole = []
    for part in parts:
        if isinstance(part, (Prose, DocumentText)):
            assert part.text
            if whole and type(whole[-1]) is type(part):
                whole[-1] = type(part)(whole[-1].text + part.text)
                continue
        whole.append(part)
    return whole


def parse(*pieces):
    parser = AnswerParser()
    parts = [part for piece in pieces for part in parser.feed(piece)]
    return joined(parts + parser.end())


def documents(parts):
    """The documents as (text, complete)."""
    found = []
    for part in parts:
        match part:
            case DocumentStart(index):
                assert index == len(found)
                found.append(["", None])
            case DocumentText(text):
                found[-1][0] += text
            case DocumentEnd(index, complete):
                assert index == len(found) - 1
                found[-1][1] = complete
    return [tuple(document) for document in found]


def prose(parts):
    return "".join(part.text for part in parts if isinstance(part, Prose))


def test_there_are_twenty_recorded_answers_and_each_has_its_expectation():
    assert list(ANSWERS) == list(EXPECTED)
    assert len(ANSWERS) == 20


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recorded_answer_gives_its_documents_and_its_prose(name):
    flags, begins, ends = EXPECTED[name]
    parts = parse(ANSWERS[name])
    assert [complete for _, complete in documents(parts)] == flags
    assert prose(parts).startswith(begins)
    assert prose(parts).endswith(ends)
    for text, complete in documents(parts):
        assert text.lower().startswith(("<!doctype html>", "<style>"))
        assert "Enjoy" not in text
        assert not complete or text.rstrip().lower().endswith(("</html>", "</script>"))


@pytest.mark.parametrize("name", EXPECTED)
def test_nothing_is_lost_or_invented_but_fences_and_marks(name):
    assert_faithful(ANSWERS[name])


def assert_faithful(answer):
    texts = [part.text for part in parse(answer) if isinstance(part, (Prose, DocumentText))]
    pattern = _DROPPED + "".join(re.escape(text) + _DROPPED for text in texts)
    assert re.fullmatch(pattern, answer)


@pytest.mark.parametrize("name", EXPECTED)
def test_every_split_position_gives_the_same_result(name):
    answer = ANSWERS[name]
    expected = parse(answer)
    assert parse(*answer) == expected
    for position in range(len(answer) + 1):
        assert parse(answer[:position], answer[position:]) == expected, position


@settings(max_examples=200)
@given(st.sampled_from(sorted(ANSWERS)), st.lists(st.integers(0, 1200), max_size=40))
def test_random_splits_give_the_same_result(name, cuts):
    answer = ANSWERS[name]
    places = [0, *sorted(min(cut, len(answer)) for cut in cuts), len(answer)]
    pieces = [answer[a:b] for a, b in pairwise(places)]
    assert parse(*pieces) == parse(answer)


TOKENS = st.sampled_from(
    [
        *("```", "````", "~~~", "`", "\n", "\r\n", " ", "   ", "\t", "html", "HTML", "js", "words"),
        *("<!doctype html>", "<!DOCTYPE html>", "<html>", '<html lang="en">', "</html>", "<p>"),
        *("<script>", "</script>", "<style>", "</style>", "<textarea>", "</textarea>", "<pre>"),
        *("</pre>", "<!--", "-->", "<a title='", "'>", '="', '"', ">", "<", "</", "=", "-", "!"),
        *("\ufeff", "é", "世", "😀", "<!", "<!doc", "<htm", "```html\n", "\n```\n", "</html>\n"),
        *(" " * 70, "x" * 250, "`" * 70, "\n" * 300, "<!-- " + "c" * 400 + " -->", "a" * 1900),
    ]
)


@settings(max_examples=300)
@given(st.lists(TOKENS, max_size=30), st.data())
def test_any_text_is_read_the_same_in_pieces_and_keeps_every_character(tokens, data):
    answer = "".join(tokens)
    expected = parse(answer)
    assert parse(*tokens) == expected
    assert parse(*answer) == expected
    position = data.draw(st.integers(0, len(answer)))
    assert parse(answer[:position], answer[position:]) == expected
    removed = len(answer) - sum(
        len(part.text) for part in expected if isinstance(part, (Prose, DocumentText))
    )
    assert removed <= sum(map(len, re.findall("[ \t]*[`~]{3,}[^\n<]*\n?|\ufeff", answer)))


@pytest.mark.parametrize("name", ["01-plain", "12-markdown-editor", "15-bare", "19-fragment"])
def test_a_document_is_passed_on_as_it_arrives(name):
    """Never more than a tag's or a fence line's worth of characters is held back."""
    answer = ANSWERS[name]
    parser = AnswerParser()
    sent = 0
    for number, character in enumerate(answer, 1):
        for part in parser.feed(character):
            if isinstance(part, (Prose, DocumentText)):
                sent += len(part.text)
        dropped = sum(map(len, re.findall("(?m)^(?:```|~~~).*\n?", answer[:number])))
        assert number - sent - dropped <= 24, answer[max(0, number - 40) : number]


def test_a_heading_does_not_wait_for_anything_behind_it():
    parser = AnswerParser()
    seen = parser.feed("Sure!\n\n```html\n<!doctype html>\n<h1>Hello</h1>")
    assert joined(seen)[-1] == DocumentText("<!doctype html>\n<h1>Hello</h1>")


def test_the_document_ends_with_its_fence_and_not_with_the_stream():
    parser = AnswerParser()
    seen = parser.feed("```html\n<!doctype html><p>x</p></html>\n```")
    assert seen[-1] == DocumentEnd(0, complete=True)


@pytest.mark.parametrize(
    "element", ["script", "style", "textarea", "title", "noscript", "iframe", "xmp"]
)
def test_a_fence_line_inside_raw_text_does_not_close_the_document(element):
    inside = f"<!doctype html>\n<{element}>\n```\n</p>\n```\n</{element}>\n</html>\n"
    parts = parse(f"```html\n{inside}```\nbye")
    assert documents(parts) == [(inside, True)]
    assert prose(parts) == "bye"


def test_a_fence_line_in_the_pages_own_text_does_not_close_it_when_markup_goes_on():
    inside = "<!doctype html>\n<div>\n```\ncode\n</div>\n<div>\n```\n</div></html>\n"
    start = inside.index("code")
    parts = parse(f"```html\n{inside.replace('code', '<b>code</b>')}```\nbye")
    assert documents(parts) == [(inside[:start] + "<b>code</b>" + inside[start + 4 :], True)]


def test_html_that_omits_its_closing_tags_ends_at_its_fence():
    parts = parse("```html\n<!doctype html>\n<title>x</title>\n<p>text\n```\nbye")
    assert documents(parts) == [("<!doctype html>\n<title>x</title>\n<p>text\n", True)]
    assert prose(parts) == "bye"


def test_a_new_document_in_the_same_fence_is_another_one():
    parts = parse("```html\n<!doctype html><p>1</html>\n<!doctype html><p>2</html>\n```")
    assert [text.strip() for text, _ in documents(parts)] == [
        "<!doctype html><p>1</html>",
        "<!doctype html><p>2</html>",
    ]


def test_markup_behind_the_end_tag_belongs_to_the_document():
    inside = (
        "<!doctype html><p>x</html>\n<!-- made with care -->\n<script>let a = `\n```\n`</script>\n"
    )
    assert documents(parse(f"```html\n{inside}```\nbye")) == [(inside, True)]


@pytest.mark.parametrize(
    "words",
    [
        "Every page starts with `<!doctype html>` and so on.\n",
        "<html> is the root element.\n",
        "Use a <b> tag, or 1 < 2, or <!doctype in a sentence.\n",
        "```js\nconst page = `\n<!doctype html>\n<html>`\n```\n",
        "```bash\nnpm start\n```\n",
        "~~~\nplain\n~~~\n",
        "```html\n```\nempty\n",
        "```html <p>``` begins a line.\n",
        "An inline ```html <p>``` sample.\n",
        "",
    ],
)
def test_words_about_documents_are_not_documents(words):
    assert parse(words) == ([Prose(words)] if words else [])


def test_a_document_number_can_go_on_from_an_earlier_answer():
    parser = AnswerParser(first_index=3)
    assert parser.feed("```html\n<!doctype html>")[0] == DocumentStart(3)
    assert parser.inside_document
    assert parser.end() == [DocumentEnd(3, complete=False)]


def costs(answer):
    """CPU seconds to parse the answer in pieces of four characters, the best of three."""
    best = float("inf")
    for _ in range(3):
        parser = AnswerParser()
        begun = time.process_time()
        for start in range(0, len(answer), 4):
            parser.feed(answer[start : start + 4])
        parser.end()
        best = min(best, time.process_time() - begun)
    return best


UNITS = {
    "markup": '  <p class="a b">some words and <b>more</b> of them</p>\n',
    "script": "  const x = `line`; if (a < b) { call(x); }\n",
    "prose": "A line of words with `code` and a < b.\n",
    "spaces": " " * 60 + "\n",
    "fences": "```js\nlet a\n```\n",
}
FRAMES = {
    "markup": "```html\n<!doctype html>\n%s</html>\n```",
    "script": "```html\n<!doctype html>\n<script>\n%s</script></html>\n```",
    "prose": "%s",
    "spaces": "```html\n<!doctype html></html>\n%s```",
    "fences": "%s",
}


@pytest.mark.parametrize("kind", UNITS)
def test_the_time_grows_with_the_length_and_not_with_its_square(kind):
    """Four times the answer is sixteen times the work of a square; a busy machine adds some."""
    sizes = [FRAMES[kind] % (UNITS[kind] * (size // len(UNITS[kind]))) for size in (20_000, 80_000)]
    ratio = min(costs(sizes[1]) / costs(sizes[0]) for _ in range(3))
    assert ratio <= 8


def test_a_megabyte_in_small_pieces_is_held_back_by_a_line_at_most():
    answer = FRAMES["script"] % (UNITS["script"] * (1_000_000 // len(UNITS["script"])))
    parser = AnswerParser()
    longest = 0
    for start in range(0, len(answer), 4):
        parser.feed(answer[start : start + 4])
        longest = max(longest, len(parser._held))
    assert longest <= 24
    assert parser.end() == []
