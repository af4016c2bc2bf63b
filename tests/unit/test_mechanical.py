"""Repairs that need no model: one way to make each, nothing else touched."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.libraries.manifest import libraries
from sandbox.smoke.source import read_findings
from server.generation.mechanical import repair
from server.generation.prompts import fenced
from server.generation.repairing import is_read_as
from server.recipes import RECIPES, respond

DOCUMENT = """<!doctype html>
<html lang="en">
<head>
<title>Sums</title>
<style>
p > b { color: red }
/* <p> */
@media (width < 40em) { p { margin: 0 } }
</style>
</head>
<body>
<!-- the sum -->
<textarea id="t">one
two</textarea>
<p id="p">0</p>
<script>
// a "quote" and <b>
const end = "</p>", re = /[/"`]\\/</g; let n = 4 / 2 / 1;
const row = (a) => `<tr>${a.map((x) => `<td>${x < n ? "}" : '`'}</td>`).join("")}</tr>`;
if (n
    <p.length) n = { a: [1, 2] }.a[0];
p.innerHTML = row([1]);
</script>
</body>
</html>
"""


def undefined(name: str) -> list[dict[str, str]]:
    return [{"severity": "fatal", "message": f"ReferenceError: {name} is not defined"}]


def bare(html: str) -> str:
    return re.sub(r"\s", "", html)


@pytest.mark.parametrize(
    "around",
    [
        "```html\n{}```\n",
        "Here is your tool:\n\n{}",
        "\ufeffSure!\n```html\n{}\n```\nIt keeps <b>your</b> rows.",
        "{}```",
        "{}\nThis tool adds numbers. Enjoy!\n",
    ],
)
def test_what_an_answer_left_around_the_document_goes(around: str) -> None:
    mended = repair(around.replace("{}", DOCUMENT))
    assert mended is not None
    assert mended.html == DOCUMENT
    assert mended.did == ("Took away what stood around the document.",)


def test_a_fragment_loses_its_fences() -> None:
    mended = repair("```html\n<p>One</p>\n<script>let a = `\n```.length`</script>\n```\n")
    assert mended is not None
    assert mended.html == "<p>One</p>\n<script>let a = `\n```.length`</script>\n"


@pytest.mark.parametrize("end", ["</title>", "</style>", " -->", "</textarea>", "</script>"])
def test_what_is_never_closed_is_closed_where_only_one_place_fits(end: str) -> None:
    broken = DOCUMENT.replace(end, "", 1)
    if end == "</textarea>":
        broken = broken.replace("one\ntwo", "one")
    mended = repair(broken)
    assert mended is not None
    assert read_findings(mended.html) == []
    whole = DOCUMENT.replace("one\ntwo", "one") if end == "</textarea>" else DOCUMENT
    assert bare(mended.html) == bare(whole)


def test_all_that_is_unclosed_is_closed() -> None:
    broken = DOCUMENT.replace("</title>", "").replace("</style>", "").replace("</script>", "")
    mended = repair(broken)
    assert mended is not None
    assert bare(mended.html) == bare(DOCUMENT)
    assert mended.did == ("Closed what was never closed: `<title>`, `<style>`, `<script>`.",)


def test_a_fence_that_was_swallowed_goes_too() -> None:
    mended = repair(DOCUMENT.replace("</script>", "") + "```\n")
    assert mended is not None
    assert bare(mended.html) == bare(DOCUMENT)
    assert len(mended.did) == 2


@pytest.mark.parametrize(
    "broken",
    [
        "<script>\nfunction a() {\n</body></html>",  # cut: who knows what came
        "<script>\nlet a = 'x\n</body></html>",
        "<script>\nlet a = `x\n</body></html>",
        "<style>p { color: red\n</style",
        "<!-- one\ntwo\n<p>three</p>",
        "<!-- <p>three</p>",
        "<script type='text/babel'>\nlet a = 1;\n<b>x</b>",
        "<iframe srcdoc=a>\n<p>x",
        "<script>\na)\n</body>",
    ],
)
def test_what_could_be_closed_in_two_ways_is_left(broken: str) -> None:
    assert repair(broken) is None


def test_a_script_without_its_end_tag_runs_what_it_loads() -> None:
    mended = repair('<!doctype html><script src="a.js">\n<p>x</p>')
    assert mended is not None
    assert '<script src="a.js">\n</script>\n<p>x</p>' in mended.html


def test_a_library_that_one_name_can_only_mean_is_added_before_the_first_script() -> None:
    html = "<!doctype html><!-- <script> --><title>x</title><script>new Chart()</script>"
    mended = repair(html, undefined("Chart"), libraries())
    assert mended is not None
    assert re.search(
        r'<title>x</title><script src="https://cdn\.jsdelivr\.net/npm/chart\.js@4[^"]*"></script>\n'
        r"<script>new Chart",
        mended.html,
    )
    assert re.match(r"Added chart\.js 4\.\S+, since Chart was not defined\.", mended.did[0])
    assert repair(mended.html, undefined("Chart"), libraries()) is None


@pytest.mark.parametrize(
    ("html", "name"),
    [
        ("<script>_.map()</script>", "_"),  # lodash or underscore
        ("<script>gone()</script>", "gone"),
        ("<script src=https://cdn.jsdelivr.net/npm/chart.js defer></script><b>", "Chart"),
    ],
)
def test_no_library_is_guessed(html: str, name: str) -> None:
    assert repair(html, undefined(name), libraries()) is None


def test_an_advisory_asks_for_no_library() -> None:
    found = [{**undefined("Chart")[0], "severity": "advisory"}]
    assert repair("<script>new Chart()</script>", found, libraries()) is None


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda one: one.name)
def test_a_good_tool_is_left_as_it_is_and_its_script_is_closed_where_it_was(recipe) -> None:
    html = respond([recipe.example]).html
    assert html is not None
    assert repair(html) is None
    at = html.rindex("</script>")
    mended = repair(html[:at] + html[at + len("</script>") :])
    assert mended is not None
    assert bare(mended.html) == bare(html)


PIECES = st.lists(
    st.sampled_from(
        ["<!doctype html>", "<html>", "</html>", "<script>", "</script>", "<style>", "</style>",
         "<!--", "-->", "<title>", "<textarea>", "```", "\n", "`", "${", "}", "{", "(", ")", "'",
         '"', "/", "a", " ", "<p>", "</p>", "//", "/*", "*/", "\\", "<", "=", "words"]
    )
)  # fmt: skip


@given(PIECES)
def test_a_repair_is_made_once(pieces: list[str]) -> None:
    """What was mended has nothing left to mend, and what it has not swallowed is all there."""
    html = "".join(pieces)
    mended = repair(html)
    if mended is not None:
        assert repair(mended.html) is None
        assert mended.did
    if mended is not None and mended.did[0].startswith("Closed"):
        assert not [one for one in read_findings(mended.html) if one.kind == "unclosed"]


@pytest.mark.parametrize("piece", ["<!--", "<script>", "`${", "/[", "'\\", "<a ", '<a "', "/*"])
def test_a_large_document_is_read_once(piece: str) -> None:
    """Nothing is read again and again: this would never end."""
    repair("<script>" + piece * 200_000)
    repair(piece * 200_000)


@pytest.mark.parametrize(
    ("body", "is_taken"),
    [
        ("<p>```</p>", True),
        (f"<p>{'`' * 40_000}</p>", True),
        # What an answer says behind its document is no part of it.
        ("</body></html>\nand then\n<script>go()</script>", False),
    ],
)
def test_a_mended_document_is_sent_only_where_a_reader_of_answers_takes_all_of_it(
    body: str, is_taken: bool
) -> None:
    html = f"<!doctype html><html><body>{body}"
    if "</html>" not in body:
        html += "</body></html>"
    assert is_read_as(f"Mended.\n\n{fenced(html)}\n", html) is is_taken
