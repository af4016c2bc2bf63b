"""When a tool is said to do the same in two places."""

from __future__ import annotations

from pathlib import Path

from tests.corpus.comparing import Difference, Run, Step, differences, plain, plain_error
from tests.corpus.results import Kept, Result, is_kept, share

SHOWN = Run((Step("load", "Total 0"), Step("button ‘Add’", "Total 5")))


def step(text: str, *, same: bool = False, there: bool = True) -> Run:
    return Run((Step("load", "Total 0"), Step("button ‘Add’", text, there, same)))


def causes(again: Run | None, other: Run, reference: Run = SHOWN) -> list[str]:
    return [one.cause for one in differences(reference, again, other)]


def test_what_shows_the_same_is_the_same() -> None:
    assert causes(None, step("Total 5", same=True)) == []
    [found] = differences(SHOWN, None, step("Total 6"))
    assert found == Difference("text after an act", "button ‘Add’", ("-Total 5", "+Total 6"))
    assert causes(None, step("", there=False)) == ["a control is not there"]
    assert causes(None, Run(lost="time ran out")) == ["did not end: time ran out"]


def test_what_the_plain_page_does_not_agree_on_with_itself_is_held_against_nobody() -> None:
    """Where only its numbers change, everything but the numbers must still be the same."""
    steady, moves = step("Total 5", same=True), step("Total 7")
    assert causes(steady, step("Total 6")) == ["text after an act"]
    assert causes(moves, step("Total 6")) == []
    assert causes(moves, step("Total none")) == ["text after an act"]
    assert causes(step("Sum"), step("Whatever")) == []


def test_errors_count_where_they_come_and_where_they_do_not() -> None:
    reference = Run(SHOWN.steps, ("TypeError: a",))
    same = SHOWN.steps
    assert causes(None, Run(same, ("TypeError: a",)), reference) == []
    assert causes(None, Run(same), reference) == ["error not here: TypeError: a"]
    told = causes(None, Run(same, ("TypeError: a", "TypeError: b")), reference)
    assert told == ["error only here: TypeError: b"]
    assert causes(Run(same), Run(same), reference) == []  # it comes by chance


def test_addresses_seconds_and_durations_are_no_difference() -> None:
    one = plain("At http://a.localhost/x?q=1 10:00:07\n\n took  12 ms ", "http://a.localhost/x")
    other = plain("At file:///tmp/a.html?q=1 10:00:09\ntook 3.5 ms", "file:///tmp/a.html")
    assert one == other
    assert plain("Total 5", "") != plain("Total 6", "")
    told = plain_error("Uncaught (in promise) Error: no http://a.localhost/x\n  at f (b.js:1)")
    assert told == "Error: no «address»"


def test_a_result_is_kept_until_its_document_changes(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    found = (Difference("text after an act", "button", ("-a", "+b")),)
    result = Result("of/tool.html", "one", acts=2, lacking=("x",), differences={"frame": found})
    kept.write(result)
    assert kept.read("of/tool.html", "one") == result
    assert kept.read("of/tool.html", "two") is None


def test_the_promise_is_of_those_that_work_as_a_plain_page() -> None:
    good = [Result(f"{n}.html", "") for n in range(98)]
    frame = Result("a.html", "", differences={"frame": (Difference("x"),)})
    export = [Result(f"{n}.txt", "", differences={"export": (Difference("x"),)}) for n in "bc"]
    unfit = Result("d.html", "", "shows nothing")
    assert share([*good, frame, unfit], "frame") == (98, 99)
    assert is_kept([*good, frame, *export[:1], unfit])
    assert is_kept([*good, *export])
    assert not is_kept([*good, frame, frame, frame])
    assert not is_kept([unfit])
