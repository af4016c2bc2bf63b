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

    (tools / "different.html").write_text(DIFFERENT, encoding="utf-8")
    assert main([str(tools), "--jobs", "1"]) == 1
    told = capsys.readouterr().out
    assert "1 of 1  different.html  frame: text after an act" in told
    assert "frame    the same: 1 of 2, 50.0 % (at least 98 %)" in told
    assert "export   the same: 2 of 2, 100.0 % (at least 97 %)" in told
