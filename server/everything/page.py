"""The page of an archive: every tool, with links to files that work from disk. Pure."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Listed:
    """A tool; `files` are its standalone files by version, the newest first.

    `failed` are its documents of which no such file could be made. It `is_whole` when all its
    records are in the archive.
    """

    title: str
    prompt: str
    updated: datetime
    live: int | None
    files: Sequence[tuple[int, str]]
    failed: Sequence[tuple[int, str]] = ()
    is_whole: bool = True


_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tools from Sandwright</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 3rem auto; max-width: 44rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0; }
ul { list-style: none; padding: 0; }
li { border-top: 1px solid color-mix(in srgb, currentcolor 20%, transparent); padding: .9rem 0; }
li > a { font-weight: 600; }
p { margin: .2rem 0; overflow-wrap: anywhere; }
.quiet { opacity: .75; font-size: .9rem; }
</style>
</head>
<body>
"""


def page(
    listed: Sequence[Listed], *, written: datetime, binned: int, fetched: Sequence[str] = ()
) -> str:
    """Return the page, the last changed tool first; `fetched` are libraries that stay behind."""
    count = "1 tool" if len(listed) == 1 else f"{len(listed):,} tools"
    tools = sorted(listed, key=lambda one: one.updated, reverse=True)
    words = [
        f"Exported on {written:%Y-%m-%d}. Each file opens from disk, without Sandwright.",
        (
            "The folder data has all versions, conversations, reports and what your tools keep: "
            "it is yours, so share single files and not this archive. To have everything in "
            "another Sandwright, import the whole zip there: on its home page, or by "
            "<code>sandwright import FILE.zip</code>."
        ),
    ]
    if binned:
        words.append(f"{binned:,} more, from the bin, are in data only.")
    if fetched:
        words.append(
            f"Fetched for these tools, and in their files as far as they use them: "
            f"{html.escape(', '.join(fetched))}. Where you import the zip, those that are missing "
            "are named, with what adds them."
        )
    told = "".join(f'<p class="quiet">{word}</p>\n' for word in words)
    items = "".join(map(_item, tools))
    return f"{_HEAD}<h1>{count}</h1>\n{told}<ul>\n{items}</ul>\n</body>\n</html>\n"


def _item(tool: Listed) -> str:
    title = html.escape(tool.title)
    live = next((path for n, path in tool.files if n == tool.live), None)
    name = f'<a href="{quote(live)}">{title}</a>' if live else f"<strong>{title}</strong>"
    prompt = f"<p>{html.escape(tool.prompt)}</p>" if tool.prompt else ""
    others = _links([(n, path) for n, path in tool.files if n != tool.live])
    faults = []
    if tool.failed:
        links = _links(tool.failed)
        faults.append(f"No file could be made of these, which are as they were written: {links}.")
    if not tool.is_whole:
        faults.append("Its records could not be read: it cannot be imported from this archive.")
    told = "".join(f"<p>{one}</p>" for one in faults)
    facts = f"Changed {tool.updated:%Y-%m-%d}" + (f" · also {others}" if others else "")
    return f'<li>{name}{prompt}{told}<p class="quiet">{facts}</p></li>\n'


def _links(files: Sequence[tuple[int, str]]) -> str:
    return ", ".join(f'<a href="{quote(path)}">v{n}</a>' for n, path in files)
