"""Each kind of mutant is seen by who reads its line, and is the same every time."""

from __future__ import annotations

import re
from random import Random

import pytest

from sandbox.report import Finding, Report, Verdict
from sandbox.smoke.grammar import read_doubts
from sandbox.smoke.tester import BUSY
from tests.mutants.good import chosen, own_tools
from tests.mutants.handlers import click_handlers, elements
from tests.mutants.kinds import KINDS, Mutant
from tests.mutants.results import Results, Tried, sameness, table
from tests.mutants.scripts import main_script, read_scripts

ALL = own_tools()
TOOLS = [one for one in ALL if not one.name.startswith("recipe") or "to-do" in one.name]
_UNKNOWN = r"\b(?:refreshTotals|updateSummary|showToast|renderHistory|syncState|finish)\(\)"
_ENDLESS = r"left !== 0\.5|while \(tries < 10\)"
# What stands in the line of the fault and did not before.
ADDED = {
    "missing function on click": _UNKNOWN,
    "rejected promise": r"resolve\(null\)\.then|throw new Error",
    "endless loop on click": _ENDLESS,
    "left out": r"rest of the code unchanged",
    "broken at second click": r"if \(window\.\w+\)",
    "broken after a tab switch": _UNKNOWN,
    "empty download": r"new Blob\(\[\]",
    "late throw": r"setTimeout\(\(\) => \{ \w+\(\); \}, \d{3,4}\)",
    "throw at a timer's end": r"setTimeout\(\(\) => \w+\(\), \d{5,}\)",
    "endless loop on load": _ENDLESS,
    "storage exception": r"localStorage",
    "invisible text": r"<style>body.*!important",
    "covered": r"position:fixed;inset:0",
}


def mutants(kind: str) -> list[tuple[str, Mutant]]:
    made = ((one.html, KINDS[kind](one.html, Random(f"1 {one.name}"))) for one in TOOLS)
    return [(html, mutant) for html, mutant in made if mutant is not None]


def line(html: str, number: int) -> str:
    return [*html.split("\n"), ""][number - 1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_mutant_differs_at_the_line_that_it_names_and_comes_again(kind: str) -> None:
    made = mutants(kind)
    assert len(made) >= 3, "too few of the tools can be broken in this way"
    for html, mutant in made:
        same = html.split("\n")[: mutant.line - 1] == mutant.html.split("\n")[: mutant.line - 1]
        assert same or kind in ("missing library", "unclosed tag")
        assert mutant.html != html
        if kind in ADDED:
            assert re.search(ADDED[kind], line(mutant.html, mutant.line)), kind
            assert len(mutant.html.split("\n")) - len(html.split("\n")) in (0, 1)
    assert made == mutants(kind)


def test_another_seed_breaks_it_in_another_place() -> None:
    html = next(one.html for one in TOOLS if one.name == "notes")
    lines = {KINDS["missing function on click"](html, Random(n)).line for n in range(20)}
    assert len(lines) > 3


def test_a_null_element_is_a_use_of_an_id_that_no_element_has() -> None:
    for _, mutant in mutants("null element"):
        ids = {one.get("id") for one in elements(mutant.html)}
        broken = line(mutant.html, mutant.line)
        assert any(f"'{name}'" not in broken for name in ids)
        used = re.findall(
            r"(?:getElementById|querySelector|\$|byId)\([\"']#?([\w-]+)[\"']\)", broken
        )
        assert set(used) - ids


def test_a_dead_button_has_its_handler_and_that_does_nothing() -> None:
    for html, mutant in mutants("dead button"):
        before = {
            (one.control, html[one.body.start : one.body.end]) for one in click_handlers(html)
        }
        assert mutant.control in {control for control, _ in before}
        # All that is left of it is what keeps a form from being sent.
        left = line(mutant.html, mutant.line)
        assert re.search(r"\{\s*(?:\w+\.preventDefault\(\); )?$|\{\}|void 0", left), left


def test_a_wrong_name_is_one_that_nobody_defines() -> None:
    for html, mutant in mutants("wrong handler name"):
        words = set(re.findall(r"[\w$]+", line(mutant.html, mutant.line)))
        [name] = words - set(re.findall(r"[\w$]+", html))
        assert not any(script.function_named(name) for script in read_scripts(mutant.html))


def test_a_syntax_error_is_a_bracket_without_its_other_or_a_misspelt_word() -> None:
    for _, mutant in mutants("syntax error"):
        script = main_script(mutant.html)
        assert "cosnt" in line(mutant.html, mutant.line) or script not in read_scripts(mutant.html)


def test_a_syntax_error_is_one_to_the_grammar_of_javascript() -> None:
    """Many a bracket may stand twice in a template, where it is text."""
    pytest.importorskip("tree_sitter_javascript")
    fine = [
        (one.name, seed)
        for one in TOOLS
        for seed in range(1, 9)
        if (mutant := KINDS["syntax error"](one.html, Random(f"{seed} {one.name}"))) is not None
        and "babel" not in mutant.html
        and not read_doubts(mutant.html)
    ]
    assert fine == []


def test_a_truncated_document_lacks_its_end_and_some_of_its_script() -> None:
    for html, mutant in mutants("truncation"):
        assert html.startswith(mutant.html)
        script = main_script(html)
        assert script is not None
        assert len(mutant.html) < script.end


def test_an_unclosed_tag_lacks_an_end_or_a_quote() -> None:
    for html, mutant in mutants("unclosed tag"):
        lacks = len(html) - len(mutant.html)
        assert lacks == 1 or mutant.html.count("</") == html.count("</") - 1


def test_a_module_typo_asks_for_what_is_not_there() -> None:
    for html, mutant in mutants("module typo"):
        assert 'type="module"' in mutant.html
        assert "import" in line(mutant.html, mutant.line)
        assert line(mutant.html, mutant.line) != line(html, mutant.line)


def test_a_missing_library_is_not_loaded_from_where_it_is() -> None:
    for html, mutant in mutants("missing library"):
        loaded = re.findall(r'src="(https:[^"]+)"', html)
        still = re.findall(r'src="(https:[^"]+)"', mutant.html)
        assert loaded != still or re.search(r"dayjs\(\)|_\.range", line(mutant.html, mutant.line))


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("f('a)b') // c)", "f('   ')      "),
        ("a = /[/(]'/g.test(b)", "a = /       .test(b)"),
        ("`${f({a: `b`})}(`", "` {f({a: ` `})} `"),
        ("a / b / (c)", "a / b / (c)"),
        ("<p>Don't</p>", "<p>Don't</p>"),
        ('/* " */ x = ""', '        x = ""'),
    ],
)
def test_text_in_a_script_is_told_from_its_code(script: str, code: str) -> None:
    [read] = read_scripts(f"<script>{script} ;x()</script>")
    shown = read.code[read.start : read.end].removesuffix(";x()")
    # Only brackets count, and where words begin.
    assert re.sub(r"[^()\[\]{}]", " ", shown).rstrip() == re.sub(r"[^()\[\]{}]", " ", code).rstrip()


@pytest.mark.parametrize(
    "script",
    [
        "document.getElementById('go').addEventListener('click', () => { work(); });",
        "const button = document.querySelector('#go'); button.onclick = function () { work(); };",
        "go.onclick = () => work();",
        "const run = async () => { work(); }; $('#go').on('click', run);",
        "document.getElementById('form').addEventListener('submit', (event) => { work(); });",
        "function press(event) { work(); }\ngo.addEventListener('click', press);",
    ],
)
def test_what_happens_on_a_click_is_found_in_many_styles(script: str) -> None:
    html = f"<form id=form><button id='go'>Do <b>it</b></button></form><script>{script}</script>"
    [handler] = click_handlers(html)
    assert html[handler.body.start : handler.body.end].strip(" ;") == "work()"
    assert handler.control == "Do it"
    assert "broken(); " in re.sub(
        r"\{ +broken\(\);", "broken(); ", handler.insert(html, "broken();")
    )


def test_an_inline_handler_is_its_attribute_and_the_function_that_it_calls() -> None:
    html = '<button onclick="add(1)">Add</button><script>function add(n) { sum += n; }</script>'
    inline, function = click_handlers(html)
    assert inline.insert(html, "broken('x');").startswith("<button onclick=\"broken('x'); add(1)\"")
    assert "{ broken(); sum += n; }" in function.insert(html, "broken();")
    assert inline.control == function.control == "Add"


def test_the_halves_are_of_the_names_alone() -> None:
    halves = [{one.name for one in chosen(ALL, "", half)} for half in "ab"]
    assert min(map(len, halves)) >= 10
    assert halves[0].isdisjoint(halves[1])


def told(verdict: Verdict, *found: Finding) -> Report:
    return Report(verdict, found)


def test_the_promise_is_kept_by_recall_and_by_false_alarms() -> None:
    failed, passed = told(Verdict.FAILED), told(Verdict.PASSED)
    broken = [Tried(f"{n}", failed, "kind", Mutant("", 1)) for n in range(19)]
    miss = Tried("missed", passed, "kind", Mutant("", 4, "Go"))
    good = [Tried(f"{n}", passed) for n in range(49)]
    assert Results([*good, Tried("x", failed), *broken, miss]).is_kept
    assert not Results([*good, *broken[1:], miss]).is_kept
    assert not Results([*good[1:], Tried("x", failed), *broken]).is_kept
    untested = [Tried("y", told(Verdict.NOT_TESTED), "kind", Mutant("", 1))]
    assert not Results([*good, *broken, miss, *untested]).is_kept
    # What a busy machine does not tell counts for nobody, unless that is much.
    busy = [Tried("z", Report(Verdict.NOT_TESTED, reason=BUSY), "kind", Mutant("", 1))]
    assert Results([*good, *broken, miss, *busy]).is_kept
    assert not Results([*good, *broken, miss, *busy * 9]).is_kept
    said = "\n".join(table(Results([*good, *broken, miss])))
    assert "missed: 1\n  kind · missed, line 4, ‘Go’: passed, 0 of 0 controls" in said
    assert "recall: 19 of 20, 95.0 %" in said


def test_verdicts_of_one_tool_agree_or_are_shown() -> None:
    passed, failed = told(Verdict.PASSED), told(Verdict.FAILED)
    busy = Report(Verdict.NOT_TESTED, reason=BUSY)
    steady = [Tried("steady", passed)] * 3
    agreed, said = sameness(steady)
    assert agreed
    assert said[-1].endswith("3 of 3, 100.0 %")
    agreed, said = sameness([*steady, *(Tried("torn", one) for one in (passed, failed, passed))])
    assert not agreed
    assert "torn: 2 passed, 1 failed" in said
    assert said[-1].endswith("2 tools that agree: 5 of 6, 83.3 %")
    assert not sameness([*steady, Tried("steady", busy)])[0], "it was not told ten times"


def test_a_fault_is_named_by_its_control_or_a_line_near_it() -> None:
    def named(line: int | None, control: str | None) -> bool:
        found = Finding("error", "fatal", "interact", "m", "s", line=line, control=control)
        return Tried("t", told(Verdict.FAILED, found), "kind", Mutant("", 10, "Go")).is_named

    assert named(13, None)
    assert named(None, "button ‘Go’")
    assert not named(14, "button ‘Got’")
    assert not named(None, None)
