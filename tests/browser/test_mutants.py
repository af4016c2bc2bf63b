"""`make mutants`, with a handful of faults: a good tool passes and the broken ones do not."""

from __future__ import annotations

import pytest

from sandbox.smoke import BrowserChoice
from tests.mutants.__main__ import Trial, broken, main
from tests.mutants.good import Tool, own_tools
from tests.mutants.kinds import KINDS, Mutant


async def test_a_tool_passes_and_fails_with_each_of_a_few_faults(choice: BrowserChoice) -> None:
    tools = [tool for tool in own_tools() if tool.name == "loan"]
    kinds = ("missing function on click", "null element", "syntax error")
    mutants = [one for kind in kinds for one in broken(kind, tools, seed=1, each=1)]
    assert len(mutants) == 3
    results = await Trial(choice, jobs=2).run(tools, mutants)
    assert not results.false_alarms
    assert not results.misses
    assert all(one.is_named for one in results.broken)


@pytest.mark.sandbox
async def test_of_ten_broken_tools_the_report_names_the_place_in_eight(
    choice: BrowserChoice,
) -> None:
    """Each tool in a style of its own, each broken in another way."""
    tools = [tool for tool in own_tools() if not tool.name.startswith("recipe")]
    possible = (broken(kind, tools, seed=1, each=len(tools)) for kind in KINDS)
    ten: dict[str, tuple[Tool, str, Mutant]] = {}
    for mutants in possible:
        fresh = next((one for one in mutants if one[0].name not in ten), None)
        if fresh is not None and len(ten) < 10:
            ten[fresh[0].name] = fresh
    assert len(ten) == 10
    results = await Trial(choice, jobs=2).run([one[0] for one in ten.values()], [*ten.values()])
    named = [one for one in results.broken if one.failed and one.is_named]
    assert len(named) >= 8, "\n".join(str(one) for one in results.broken if one not in named)


def test_what_cannot_be_broken_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--tool", "contrast", "--kind", "empty download"])
    assert "no such kind, or no tool that can be broken in this way" in capsys.readouterr().err
