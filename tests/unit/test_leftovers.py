# ruff: noqa: E501 - documents keep their own lines
"""What an answer left in a document, told from what a tool has of its own."""

from __future__ import annotations

import pytest

from sandbox.smoke.leftovers import read_leftovers
from tests.growing import growth, repeated

REST = "// ... rest of the code unchanged"


@pytest.mark.parametrize(
    ("html", "line"),
    [
        ("<script>\nb.onclick = () => {/* ... rest of the code unchanged ... */}</script>", 2),
        ("<script>\n// ... existing code ...\n</script>", 2),
        ("<script>// rest of the code remains the same\n</script>", 1),
        ("<script>// (rest of the JavaScript code unchanged)\n</script>", 1),
        ("<script>/* ... remaining functions stay the same ... */</script>", 1),
        ("<script>// Same code as before, omitted for brevity\n</script>", 1),
        ("<script>// ...rest of the code here\n</script>", 1),
        ("<script>// Keep the rest of your existing code here\n</script>", 1),
        ("<!-- ... rest of the HTML unchanged ... -->", 1),
        ("<style>/* ... existing styles ... */</style>", 1),
        ("<script>function save() {\n // TODO: implement saving\n}</script>", 2),
        ("<script>const f = (a, b) => { // your code here\n};</script>", 1),
        ("<script>function g() { // ...\n }</script>", 1),
        ("Here is your tool:\n<!doctype html><p>", 1),
        ("```html\n<p>Hi</p>", 1),
        ("<html></html>\n\nThis tool splits bills.", 3),
        ("<html></html>\n```\n<p>", 2),
        ('<p>\n<p id="out class="x">', 2),
        ('<button id="go>Go</button> <p id="out">', 1),
    ],
)
def test_what_an_answer_left_is_found_with_its_line(html: str, line: int) -> None:
    (found,) = read_leftovers(html)
    assert (found.severity, found.line) == ("fatal", line)


@pytest.mark.parametrize(
    "html",
    [
        "<script>// ...rest props are passed to input\nf({...rest})</script>",
        f"<script>const t = '{REST}'; const u = `{REST} ${{a /* x */}}`;</script>",
        "<script>const r = /[\"'`]/g; f(`a${ {b: 1}.b }`); // fine\n</script>",
        "<script>try { a() } catch (e) { /* TODO: add another try */ }</script>",
        "<script>if (a) { /* TODO: implement this */ }</script>",
        "<script type=text/babel>x = <div>{/* TODO: add a chart here */}</div></script>",
        "<script>// TODO: implement a dark mode\nf()</script>",
        "<script>// fill the remaining cells...\n// skip the rest of the file if it is empty\n</script>",
        "<script>// return early if the code is unchanged\n// other functions here are pure\n</script>",
        f"<script type=text/plain>{REST}\n</script><textarea>{REST}</textarea><p>{REST}",
        "<!doctype html><html><p>x</p></html>\n<!-- made --><script></script>",
        "<!-- saved --><!doctype html>",
        "<?xml version='1'?><!doctype html>",
        '<a href=\'x?y=\' title="z" onclick="f(\'a=\')" data-x="" id=b>',
        '<script>x = \'<p id="out class="x">\'</script>',
    ],
)
def test_what_a_tool_has_of_its_own_is_not(html: str) -> None:
    assert read_leftovers(html) == []


@pytest.mark.parametrize(
    ("start", "part"),
    [
        ("<script>", "{/*"),
        ("<script>", "`${"),
        ("<script>", "(/a"),
        ("<script>", "/* a */"),
        ("", "<script>"),
        ("", "<!--"),
        ("", "<a b="),
        ("<a b=", '"'),
        ("", "<style>/*"),
        ("", "</html"),
    ],
)
def test_no_text_takes_longer_than_its_length(start: str, part: str) -> None:
    assert growth(lambda size: read_leftovers(start + repeated(part, size)), 20_000) < 8
