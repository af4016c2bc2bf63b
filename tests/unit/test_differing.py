"""A diff says what changed, and long documents are compared in little time."""

from __future__ import annotations

import difflib
import random
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.differing import COARSE, unified

LINES = st.lists(st.sampled_from(["a", "b", "c", "<p>", ""]), max_size=30)


def patched(old: str, diff: str) -> list[str]:
    """Apply a diff as `patch` does."""
    lines, out, at = old.splitlines(), [], 0
    for line in diff.removeprefix(COARSE).splitlines()[2:]:
        hunk = re.fullmatch(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@", line)
        if hunk:
            start = int(hunk[1]) - (hunk[2] != "0")
            out += lines[at:start]
            at = start
            continue
        if line[0] in " -":
            assert lines[at] == line[1:]
            at += 1
        if line[0] in " +":
            out.append(line[1:])
    return out + lines[at:]


@given(LINES, LINES)
def test_a_diff_makes_the_new_text_out_of_the_old(old: list[str], new: list[str]) -> None:
    texts = ["".join(f"{line}\n" for line in lines) for lines in (old, new)]
    diff = unified(("old", texts[0]), ("new", texts[1]))
    assert patched(texts[0], diff) == new
    assert (diff == "") == (old == new)


def test_a_small_change_is_told_as_everywhere() -> None:
    old = [f"line {n}" for n in range(40)]
    new = [*old[:5], "one more", *old[5:20], "changed", *old[21:35], *old[36:]]
    usual = difflib.unified_diff(old, new, "version 1", "version 2", lineterm="")
    expected = "".join(f"{line}\n" for line in usual)
    assert unified(("version 1", "\n".join(old)), ("version 2", "\n".join(new))) == expected


def words(seed: int, kinds: int, lines: int) -> str:
    chosen = random.Random(seed)
    return "".join(f"word{chosen.randrange(kinds)}\n" for _ in range(lines))


@pytest.mark.parametrize("kinds", [2, 30, 130, 5000, 10**9])
def test_two_documents_of_a_megabyte_are_compared_in_little_time(kinds: int) -> None:
    old, new = words(1, kinds, 130_000), words(2, kinds, 130_000)
    began = time.thread_time()
    diff = unified(("a", old), ("b", new))
    assert time.thread_time() - began < 3
    assert patched(old, diff) == new.splitlines()
    assert diff.startswith(COARSE)


@pytest.mark.parametrize("kinds", [2, 30, 130, 5000])
def test_many_small_changes_in_a_large_document_are_compared_line_by_line(kinds: int) -> None:
    old = words(1, kinds, 40_000).splitlines()
    marked = [f"{line} {n}" if n % 10 == 0 else line for n, line in enumerate(old)]
    new = [f"{line}!" if n % 10 == 5 else line for n, line in enumerate(marked)]
    began = time.thread_time()
    diff = unified(("a", "\n".join(marked)), ("b", "\n".join(new)))
    assert time.thread_time() - began < 3
    assert not diff.startswith(COARSE)
    assert diff.count("\n-") == 4000
