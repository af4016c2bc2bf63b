"""The runtime's files fit together: each script, put together, stands on its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.runtime.assembly import alone_script, export_shim, frame_prefix

ROOT = Path(__file__).resolve().parents[2]
RULES = ("no-undef", "no-unused-vars", "no-redeclare")


def frame_script() -> str:
    found = re.search(r"<script>(.*)</script>", frame_prefix("k"))
    assert found
    return found[1]


SCRIPTS: dict[str, Callable[[], str]] = {
    "frame": frame_script,
    "alone": alone_script,
    "export": lambda: export_shim("x:"),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_name_is_missing_left_over_or_there_twice(name: str, tmp_path: Path) -> None:
    """The linter sees one file at a time, where a name of another file is unknown."""
    script = tmp_path / f"{name}.js"
    script.write_text(SCRIPTS[name](), encoding="utf-8")
    rules = json.loads((ROOT / ".oxlintrc.json").read_text())
    kept = {key: rules[key] for key in ("env", "plugins")}
    config = tmp_path / "rules.json"
    config.write_text(json.dumps({**kept, "rules": dict.fromkeys(RULES, "error")}))
    oxlint = Path(sys.executable).parent / "oxlint"
    command = [str(oxlint), "-A", "all", "-c", str(config), *(f"-D{rule}" for rule in RULES)]
    done = subprocess.run([*command, str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "on 1 file" in done.stdout
