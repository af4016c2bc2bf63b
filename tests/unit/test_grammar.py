"""What JavaScript's grammar cannot read is found before a browser, and honest code never is."""

from __future__ import annotations

import time

import pytest

from sandbox.smoke.grammar import MOST, read_doubts
from tests.mutants.good import own_tools

pytest.importorskip("tree_sitter_javascript")  # not to be had for every Python


@pytest.mark.parametrize(
    ("html", "line", "near"),
    [
        ("<p>A\n<script>\nlet a = ;\n</script>", 3, "= ;"),
        ("<script>\nfunction f() {\n  go(1,\n}\n</script>", 3, "go(1"),
        ("<script type=module>\nimport { a } from 'x'\nfunctoin f() {}</script>", 3, "f() {}"),
        ("<!-- <script>let = ;</script> -->\n<script>if (a { }</script>", 2, "{ }"),
        ('<script>ok()</script>\n<button onclick="go(\'a">Go</button>', 2, "go('a"),
        ("<div>\n<a\n onclick='go(&quot;a&quot;'>Go</a>", 3, 'go("a"'),
        ("<script type='text/babel'>\nconst a = <p>{b</p>;\n</script>", 2, ""),
    ],
)
def test_a_fault_is_found_where_it_stands(html: str, line: int, near: str) -> None:
    (doubt,) = read_doubts(html)
    assert doubt.line == line
    assert near in doubt.near or doubt.handler


@pytest.mark.parametrize(
    "html",
    [
        "<script type='application/json'>{not code}</script>",
        "<script type='text/template'><b>{{ a }}</b></script>",
        "<script type='importmap'>{}</script>",
        "<script src='app.js'>not code at all</script>",
        "<p one='two three' only='a b'>",
        "<textarea><script>let = ;</script></textarea>",
        "<button onclick='return go(&quot;a&quot;)'>Go</button>",
        "<script>const all = 'a\0b'</script>",
        "<script>const a = `</scr` + 'ipt>' + '\ud800'</script>",
        "<script>class A { #a = 1n; static { a ??= b?.[c]; } has(o) { return #a in o; } }</script>",
        "<script>label: for await (const x of y) { continue label; }</script>",
    ],
)
def test_what_is_no_code_or_can_be_read_is_left_alone(html: str) -> None:
    assert read_doubts(html) == []


def test_nothing_is_said_of_tools_that_work() -> None:
    assert {
        tool.name: read_doubts(tool.html) for tool in own_tools() if read_doubts(tool.html)
    } == {}


def test_a_document_full_of_faults_is_told_of_some() -> None:
    assert len(read_doubts("<script>let = ;</script>\n" * (MOST * 3))) == MOST


@pytest.mark.parametrize("code", ["<a ", "{[(", "(a,", ")]}", "`${", "<script>", "x >"])
@pytest.mark.parametrize("length", [99_000, 900_000, 5_000_000])
def test_nothing_takes_for_ever_to_read(code: str, length: int) -> None:
    before = time.thread_time()
    read_doubts(f"<p>A<script>{code * (length // len(code))}</script>")
    # Of the processor's own time, the same on a busy machine; read to its end some takes minutes.
    assert time.thread_time() - before < 10
