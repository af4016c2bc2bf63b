"""What a document asks for, by its text: the capabilities, and how long the search may take."""

from __future__ import annotations

import time

import pytest

from sandbox.asks import asks_of
from sandbox.network_origins import NO_RULES
from tests.growing import growth, repeated


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("navigator.clipboard.readText()", True),
        ("const { clipboard } = navigator;\nclipboard . read ()", True),
        (f"clipboard{'.' * 200}read", True),
        (f"clipboard{'.' * 201}read", False),
        (f"clipboard{'.' * 300}clipboard.read", True),
        ("read clipboard.write()", False),
        ("read read clipboard readText", True),
        ("clipboard.reader", False),
        ("clipboards.read", False),
        ("myclipboard.read", False),
        ("clipboard.spread clipboard.xreadText", False),
        ("document.execCommand( 'paste')", True),
        ("document.execCommand('copy')", False),
    ],
)
def test_reading_the_clipboard_is_asked_for(text: str, asked: bool) -> None:
    assert asks_of(text, NO_RULES).clipboard_read is asked


@pytest.mark.parametrize(
    "text",
    [
        "fetch('https://out.example.org/')",
        "FETCH('HTTPS://OUT.EXAMPLE.ORG')",
        "'https:\\/\\/out.example.org'",
        "'https:\\u002f\\u002Fout.example.org'",
        "'https:\\x2f\\x2Fout.example.org'",
        "<img src=//out.example.org/a.png>",
        "<img src=https&colon;&sol;&#47;out.example.org>",
    ],
)
def test_an_address_is_asked_for_however_it_is_written(text: str) -> None:
    assert asks_of(text, NO_RULES).network == {"https://out.example.org"}


@pytest.mark.parametrize("part", ["clipboard ", "clipboard read1 ", "execCommand( ", "https://a"])
def test_no_text_takes_long(part: str) -> None:
    """Not only linear: what an author may repeat costs little more than other words."""

    def read(size: int) -> None:
        asks_of(repeated(part, size), NO_RULES)

    def seconds(text: str) -> float:
        begun = time.thread_time()
        asks_of(text, NO_RULES)
        return time.thread_time() - begun

    assert growth(read, 100_000) < 8
    usual = min(seconds("some words of it " * 30_000) for _ in range(3))
    assert min(seconds(repeated(part, 510_000)) for _ in range(3)) < 3 * max(usual, 0.01)
