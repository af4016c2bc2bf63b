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
        ("ReferenceError: a is not defined", None),
    ],
)
def test_what_a_tool_throws_stands_in_it(message: str, said: str | None) -> None:
    assert own_words(replace(THROWN, message=message), HTML) == said


def test_only_a_fault_that_a_control_brought_about_may_be_by_design() -> None:
    for change in ({"severity": "advisory"}, {"phase": "load"}, {"kind": "hang"}):
        assert own_words(replace(THROWN, **change), HTML) is None  # type: ignore[arg-type]


SILENT = {"same": False, "said": []}
SAYS = {"same": False, "said": ["Please type a name."]}
SHOWN = "why.textContent = 'Please type a name.';"


def test_an_engine_s_error_is_no_tool_s_own_though_the_page_shows_it() -> None:
    for message in (
        "TypeError: Cannot read properties of null (reading 'push')",
        "InvalidCharacterError: Failed to execute 'btoa' on 'Window'",
        "Error: Not implemented yet",
    ):
        assert own_words(replace(THROWN, message=message), HTML) is None
    own = replace(THROWN, message="RangeError: no (rows)")
    assert own_words(own, "throw new RangeError('no (rows)')") == "no (rows)"
    assert own_words(replace(THROWN, message="Error: put together"), HTML) == "put together"


def test_the_page_says_the_same_words_or_those_of_the_same_case() -> None:
    assert is_told("empty", {"same": True, "said": []}, "", 1)
    for code in (
        f"if (!name) {{ {SHOWN} throw new Error('empty'); }}",
        f"if (a) {{ b(); }} else {{ {SHOWN} throw new Error('empty'); }}",
        f"try {{ a(); }} catch {{ {SHOWN} throw new Error('empty'); }}",
        "function fail(text) { why.textContent = text; throw new Error('empty'); }",
        "const fail = text => { why.textContent = text; throw new Error('empty'); };",
    ):
        assert is_told("empty", SAYS, code, 1), code
        assert not is_told("empty", SILENT, code, 1), code
        assert not is_told("empty", SAYS, code, 2), "another one was thrown"


def test_a_message_that_has_nothing_to_do_with_it_is_no_excuse() -> None:
    for code in (
        f"go.onclick = () => {{ {SHOWN} throw new Error('empty'); }};",
        f"go.onclick = () => {{ {SHOWN} if (a) throw new Error('empty'); }};",
        f"{SHOWN} (async () => {{ await null; throw new Error('empty'); }})();",
        "if (!name) { why.textContent = 'Saved'; throw new Error('empty'); }",
        "function fail(text) { count(); throw new Error('empty'); }",
    ):
        assert not is_told("empty", SAYS, code, 1), code
