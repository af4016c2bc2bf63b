"""`make mutants`, with a handful of faults: a good tool passes and the broken ones do not."""

from __future__ import annotations

import pytest

from sandbox.smoke import BrowserChoice
from tests.mutants.__main__ import Trial, broken, main
from tests.mutants.good import own_tools


async def test_a_tool_passes_and_fails_with_each_of_a_few_faults(choice: BrowserChoice) -> None:
    tools = [tool for tool in own_tools() if tool.name == "loan"]
    kinds = ("missing function on click", "null element", "syntax error")
    mutants = [one for kind in kinds for one in broken(kind, tools, seed=1, each=1)]
    assert len(mutants) == 3
    results = await Trial(choice, jobs=2).run(tools, mutants)
    assert not results.false_alarms
    assert not results.misses
    assert all(one.is_named for one in results.broken)


def test_what_cannot_be_broken_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--tool", "contrast", "--kind", "empty download"])
    assert "no such kind, or no tool that can be broken in this way" in capsys.readouterr().err
