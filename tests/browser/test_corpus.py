"""`make corpus`, on tools of our own: what differs is found, and what does not is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus.__main__ import main

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]

SAME = """<!doctype html><title>Same</title><h1>Dice</h1><output></output>
<button onclick="show('You rolled ' + Math.ceil(Math.random() * 1000))">Roll</button>
<button onclick="localStorage.n = 1 + +(localStorage.n ?? 0); show(localStorage.n)">Keep</button>
<script>const show = (text) => { document.querySelector('output').textContent = text; };</script>"""
# Only a plain page has a parent that is itself.
DIFFERENT = """<!doctype html><title>Different</title><h1>Where</h1><output></output>
<button onclick="document.querySelector('output').textContent = parent === self">Look</button>"""
# Its view is in the path, where no document is: it has not left.
VIEW = """<!doctype html><title>View</title><h1>Views</h1><output></output>
<button onclick="history.pushState(0, '', '/tea'); show('Tea')">Tea</button>
<button onclick="show('Cup')">Cup</button>
<script>const show = (text) => { document.querySelector('output').textContent = text; };</script>"""
LEAVES = """<!doctype html><title>Leaves</title><h1>Away</h1>
<button onclick="location = '/other.html'">Leave</button>
<button onclick="this.textContent = 'Stayed'">Stay</button>"""
BROKEN = "<!doctype html><title>Broken</title><p>Text<script>missing()</script>"


def test_it_tells_what_differs_and_goes_on_where_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "same.html").write_text(SAME, encoding="utf-8")
    (tools / "broken.html").write_text(BROKEN, encoding="utf-8")
    assert main([str(tools), "--jobs", "1"]) == 0
    told = capsys.readouterr().out
    assert "2 tools, 1 work as a plain page" in told
    assert "same.html  the same, 2 acts" in told
    assert "no reference: error at load: ReferenceError: missing is not defined" in told

    more = {"different": DIFFERENT, "leaves": LEAVES, "refused": "Tea", "view": VIEW}
    for name, text in more.items():
        (tools / f"{name}.html").write_text(text, encoding="utf-8")
    assert main([str(tools), "--jobs", "1"]) == 1
    told = capsys.readouterr().out
    assert "1 of 4  different.html  frame: text after an act" in told
    assert "2 of 4  leaves.html  the same, 0 acts" in told
    assert "3 of 4  refused.html  frame: did not end: 422 There is no markup" in told
    assert "4 of 4  view.html  the same, 2 acts" in told
    assert "frame    the same: 3 of 5, 60.0 % (at least 98 %)" in told
    assert "export   the same: 4 of 5, 80.0 % (at least 97 %)" in told
