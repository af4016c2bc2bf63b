"""A library's modules become one script, or nothing does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.libraries.linking import LinkError, link

MODULES = {
    "Event": "class Event {\n  name = 'event';\n}\nexport default Event;",
    "errors": "export class Missing extends Error {}\nexport const SIZE = 3;\n",
    "first": (
        'import Own from "./Event.js";\n'
        'import { Missing, SIZE } from "./lib/errors.js";\n'
        "// words of its maker's\n"
        "const check = () => new Own().name + SIZE + (Missing.name);\n"
        "export default class First {\n  value = check();\n}\n"
    ),
    "second": (
        'import First, { extra } from "./mixed.js";\n'
        "const check = () => 'second' + extra;\n"
        "export default function second() {\n  return check();\n}\n"
    ),
    "mixed": "export const extra = 1;\nconst mixed = 2;\nexport default mixed;",
}


def test_each_module_comes_after_what_it_imports_and_names_stay_apart() -> None:
    """`check` of two modules are two; a local name for an import is known; comments are gone."""
    script = link(MODULES, ["first", "second"])
    assert "words of its maker" not in script
    assert script.index("class Event") < script.index("class First")
    assert "const Own = Event;" in script
    assert "const check$second = " in script
    assert "return check$second();" in script
    assert "return { first: First, second: second };" in script
    assert "import " not in script
    assert "export " not in script


@pytest.mark.parametrize(
    "source",
    [
        'import { a as b } from "./x.js";\n',
        'import * as all from "./x.js";\n',
        "export { a as b };\n",
        'export * from "./x.js";\n',
        'import a from "./absent.js";\n',
    ],
)
def test_what_is_not_understood_is_refused(source: str) -> None:
    with pytest.raises(LinkError):
        link({"x": source}, ["x"])


def test_the_script_that_opens_databases_is_whole(tmp_path: Path) -> None:
    """Put together, no name in it is missing or declared twice, the library's own included."""
    from sandbox.runtime.assembly import databases_script  # noqa: PLC0415

    script = tmp_path / "databases.js"
    script.write_text(databases_script(), encoding="utf-8")
    config = tmp_path / "rules.json"
    # The library shadows SyntaxError, as its modules do.
    rules = {"no-undef": "error", "no-redeclare": ["error", {"builtinGlobals": False}]}
    config.write_text(json.dumps({"env": {"browser": True, "es2024": True}, "rules": rules}))
    oxlint = Path(sys.executable).parent / "oxlint"
    command = [str(oxlint), "-A", "all", "-c", str(config)]
    done = subprocess.run([*command, str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "openDatabases" in script.read_text("utf-8")
