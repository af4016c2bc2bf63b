"""Puts the runtime's JavaScript together for a frame, for the page around it and for exports.

The files are plain classic scripts without a build step: semicolons everywhere, comments on
lines of their own, no template literal across lines. That makes it safe to drop comments and
to join lines, so that the frame's prefix is one line and a tool's own lines stay countable.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

FRAME_PREFIX_LINES = 1
"""Lines that stand before the tool's own document; bridge.js subtracts the same number."""


@cache
def frame_prefix() -> str:
    """What precedes every tool: the doctype, and the bridge before any of the tool's code."""
    return f"<!doctype html><script>{_closure('storage.js', 'cookies.js', 'bridge.js')}</script>\n"


@cache
def alone_script() -> str:
    """The other end of the bridge, for the page that holds a tool opened alone."""
    return _closure("alone.js")


@cache
def alone_style() -> str:
    return files(__package__).joinpath("alone.css").read_text("utf-8")


def export_shim(storage_prefix: str) -> str:
    """Return the script of an exported file; `storage_prefix` keeps files from sharing storage."""
    prefix = json.dumps(storage_prefix).replace("<", "\\u003c")
    return _closure(
        "storage.js", "cookies.js", "export.js", before=f"const STORAGE_PREFIX = {prefix};"
    )


def _closure(*names: str, before: str = "") -> str:
    body = " ".join(
        _squeeze(files(__package__).joinpath(name).read_text("utf-8")) for name in names
    )
    script = f'(() => {{ "use strict"; {before} {body} }})();'
    assert "</script" not in script, "would end the script element early"
    assert "<!--" not in script, "would hide the end of the script element"
    return script


def _squeeze(source: str) -> str:
    lines = (line.strip() for line in source.splitlines())
    return " ".join(line for line in lines if line and not line.startswith("//"))
