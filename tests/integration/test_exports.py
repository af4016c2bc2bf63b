"""Exports over the API and the command line: what the file carries is in it, and is said."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from sandbox.libraries.fetch import missing
from sandbox.libraries.manifest import libraries
from tests.conftest import BIN, Start, clean_environment
from tests.integration.tools import GOOD

pytestmark = pytest.mark.skipif(
    any(not library.optional for library in missing(libraries())),
    reason="the libraries are not here: make vendor",
)
DRAW = "https://unpkg.com/never-heard-of@1.0.4/dist/draw.js"
TOOL = GOOD.replace(
    "</head>",
    "<script src='https://unpkg.com/dayjs@1/dayjs.min.js'></script>"
    f"<script src='{DRAW}'></script></head>",
)


def export(data: Path, artifact: str, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    words = [str(BIN / "sandwright"), "export", artifact, "-o", str(out), *more]
    environment = clean_environment(SANDWRIGHT_DATA_DIR=str(data))
    return subprocess.run(
        words, capture_output=True, text=True, check=False, env=environment, timeout=110
    )


def test_an_export_carries_libraries_and_says_what_it_does_not(
    serve_app: Start, api: Any, tmp_path: Path
) -> None:
    client = api(serve_app().url)
    made = client("POST", "/api/artifacts/import", status=201, html=TOOL)["artifact"]["id"]
    file = client.client.get(f"/api/artifacts/{made}/versions/1/export").text
    version = next(one.version for one in libraries() if one.name == "dayjs")
    assert f"dayjs {version} (MIT)" in file
    assert "Permission is hereby granted" in file
    assert "<script data-src='https://unpkg.com/dayjs@1/dayjs.min.js'>!function" in file
    source = client.client.get(f"/api/artifacts/{made}/versions/1/source").text
    assert source == TOOL

    out = tmp_path / "tool.html"
    done = export(tmp_path / "data", made, out)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{out}\n"
    assert done.stderr.splitlines() == [
        f"It carries dayjs {version}.",
        f"Not in it, since it is not here: the library never-heard-of 1.0.4 ({DRAW}).",
    ]
    assert out.read_text("utf-8") == file
