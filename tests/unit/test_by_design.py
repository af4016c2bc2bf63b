"""An error that a tool throws itself, and tells of, is told from a fault."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sandbox.report import Finding
from sandbox.smoke.by_design import is_told, own_words

HTML = "if (!a) throw new Error('Type something'); throw `too large`; throw Error(\"no (rows)\");"
THROWN = Finding("error", "fatal", "interact", "Error: Type something", "s")


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("Error: Type something", "Type something"),
        ("too large", "too large"),
        ("Error: no (rows)", "no (rows)"),
        ("Error: Type", None),
        ("ReferenceError: a is not defined", None),
    ],
)
def test_what_a_tool_throws_stands_in_it(message: str, said: str | None) -> None:
    assert own_words(replace(THROWN, message=message), HTML) == said


def test_only_a_fault_that_a_control_brought_about_may_be_by_design() -> None:
    for change in ({"severity": "advisory"}, {"phase": "load"}, {"kind": "hang"}):
        assert own_words(replace(THROWN, **change), HTML) is None  # type: ignore[arg-type]


def test_the_page_says_so_or_asks_for_what_is_missing() -> None:
    assert is_told({"same": True, "message": False, "empty": False})
    assert is_told({"same": False, "message": True, "empty": True})
    assert not is_told({"same": False, "message": True, "empty": False})
    assert not is_told({"same": False, "message": False, "empty": True})
