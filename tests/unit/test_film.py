"""The film of a test: bounded, in words, and its boxes in hundredths of a picture."""

from __future__ import annotations

from typing import get_args

from sandbox.report import Finding
from sandbox.smoke.controls import Kind
from sandbox.smoke.film import LARGEST, MOST_FAULTS, MOST_PICTURES, MOST_SECONDS, VERBS, Film

JPEG = b"\xff\xd8\xff"


def fault(phase: str = "interact", control: str | None = None) -> Finding:
    return Finding("error", "fatal", phase, "it broke", "s", control=control)  # type: ignore[arg-type]


def filmed(count: int) -> Film:
    film = Film(1000, 500)
    for n in range(count):
        film.begin(f"pressed ‘B{n}’", f"button ‘B{n}’")
        film.place((100, 50, 200, 25))
        film.end(n)
        film.show(JPEG if film.wants(0) else None)
    return film


def test_a_box_is_told_in_hundredths_of_the_picture() -> None:
    film = filmed(1)
    assert film.steps[0].box == (10.0, 10.0, 20.0, 5.0)
    for box in ((0, 600, 10, 10), (-10, 450, 20, 100)):
        film.begin("pressed")
        film.place(box)
        film.place(None)  # gone by now: it was there
        film.end(1)
        film.show(JPEG)
    assert [step.box for step in film.steps[1:]] == [None, (0.0, 90.0, 1.0, 10.0)]


def test_pictures_are_few_and_small_and_those_of_faults_come_on_top() -> None:
    film = filmed(MOST_PICTURES + 5)
    assert len(film.pictures) == MOST_PICTURES
    assert film.steps[-1].picture is None
    wanted = [film.wants(n) for n in range(1, MOST_FAULTS + 3)]
    assert wanted == [True] * MOST_FAULTS + [False] * 2
    film.show(b"x" * (LARGEST + 1))
    assert film.steps[-1].picture is None
    film.show(JPEG)
    film.show(JPEG)
    assert len(film.pictures) == MOST_PICTURES + 1, "a step has one"
    slow = filmed(1)
    slow.seconds = MOST_SECONDS
    assert not slow.wants(0)


def test_a_finding_names_the_last_steps_and_the_one_under_way() -> None:
    """A script that never ends leaves its step unfinished, and is told by it all the same."""
    film = filmed(9)
    film.begin("pressed ‘Spin’", "button ‘Spin’")
    hang = film.led_to(fault())
    assert hang.steps == (*(f"pressed ‘B{n}’" for n in range(2, 9)), "pressed ‘Spin’")
    assert hang.picture == "film-10"
    assert film.shown([hang], ["load", "end"])[0].picture == "end", "the other was never taken"
    assert film.shown([hang], ["load"])[0].picture is None
    film.end(5)
    film.show(JPEG)
    assert film.shown([hang], [])[0].picture == "film-10"
    assert film.led_to(fault()).picture == "end"
    assert Film(1, 1).led_to(fault("load")).picture == "load"


def test_what_comes_late_is_told_by_the_step_that_brought_it() -> None:
    film = filmed(4)
    film.end(9, "looked at the page", "end")
    late = film.led_to(fault(control="button ‘B1’"))
    assert (late.steps, late.picture) == (("pressed ‘B0’", "pressed ‘B1’"), "film-02")
    assert film.led_to(fault()).steps[-1] == "looked at the page"
    note = Finding("contrast", "advisory", "interact", "pale", "s")
    assert film.led_to(note).steps == (), "nothing led to what always stood there"


def test_every_kind_of_use_has_its_word() -> None:
    assert set(VERBS) == set(get_args(Kind))


def test_what_was_not_done_is_no_step() -> None:
    film = filmed(1)
    film.begin("pressed ‘Gone’", "button ‘Gone’")
    film.drop()
    film.end(3)
    assert [step.told for step in film.steps] == ["pressed ‘B0’"]
