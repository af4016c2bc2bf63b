"""Small documents and answers that several tests use."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any, cast

import pytest

from tests.conftest import Process
from tests.forks import Forked

GOOD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Counter</title></head>
<body><h1>Counter</h1><button id="b">Add</button> <output id="o">0</output>
<script>
let n = 0;
document.querySelector("#b").addEventListener("click", () => {
  n += 1;
  document.querySelector("#o").textContent = n;
});
</script></body></html>
"""
BROKEN = GOOD.replace("n += 1;", "missingFunction();")
SECOND = GOOD.replace("<h1>Counter</h1>", "<h1>Counter, bigger</h1>")


def fenced(document: str, before: str = "Here is a counter.") -> str:
    return f"{before}\n\n```html\n{document}```\n"


def long_document(lines: int = 400) -> str:
    """A tool long enough to be caught in the middle of its stream."""
    rows = "\n".join(f"<p>Row number {n} of the long table of rows.</p>" for n in range(lines))
    return GOOD.replace("<script>", f"{rows}\n<script>")


def answers(*items: dict[str, Any]) -> str:
    return json.dumps(list(items))


def limit_files(process: Process, most: int | None = None) -> None:
    """Files of a server that are full at `most` bytes to whoever writes them, as on a full disk."""
    resource = pytest.importorskip("resource", reason="no limit of a file's size here")
    if not hasattr(resource, "prlimit"):
        pytest.skip("only Linux limits another process")
    pid = cast("Forked", process.process).pid
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(
        pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY if most is None else most, hard)
    )


def journal(data: Path) -> str:
    """The document of the only generation, as far as it is on disk."""
    with contextlib.closing(sqlite3.connect(data / "sandwright.db")) as database:
        query = "SELECT data FROM journal WHERE kind = 'document'"
        rows = database.execute(f'{query} ORDER BY "offset"').fetchall()
    return "".join(json.loads(row[0])["text"] for row in rows)
