"""What a component has beside it in the project that it was written for: here, parts of our own.

Each is an ES module in a file of this folder. A document gets those that it imports, as `data:`
addresses in its import map, so that it needs nothing but itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from urllib.parse import quote

UTILS = "@/lib/utils"
_FILES = {
    UTILS: "utils.js",
    "@/lib/part": "part.js",
    **{
        f"@/components/ui/{name}": f"{name}.js"
        for name in (
            *("alert", "badge", "button", "card", "checkbox", "dialog", "input", "label"),
            *("progress", "select", "separator", "slider", "switch", "table", "tabs"),
            *("textarea", "tooltip"),
        )
    },
}
# However many folders a component is away from them.
_NAME = re.compile(r"(?:@|~|\.{1,2})/(?:[^/]++/)*?(?:lib/utils|ui/(?P<ui>[\w-]++))\Z")
_IMPORTED = re.compile(r"""^(?:import\b|\}) [^"]*?from "([^"]+)";""", re.MULTILINE)
_CLASS = re.compile(r"\.(ui-[a-z]+)")
# In an address, in JSON: a quote, a line's end and what begins a fragment are escaped.
_READABLE = " !$&'()*+,-./:;<=>?@[]^_`{|}~"


def named(name: str) -> str | None:
    """Return the part that a component means by a name, `None` for what we do not have."""
    found = _NAME.match(name)
    if found is None:
        return None
    part = f"@/components/ui/{found['ui']}" if found["ui"] else UTILS
    return part if part in _FILES else None


def with_theirs(parts: Mapping[str, str]) -> Mapping[str, str]:
    """Return the text of each part by its name, and of what they import of each other."""
    found, waiting = dict(parts), list(parts.values())
    while waiting:
        for name in _IMPORTED.findall(_text(_FILES[waiting.pop()])):
            if name in _FILES and name not in found:
                found[name] = name
                waiting.append(name)
    return {name: _text(_FILES[part]) for name, part in found.items()}


def address(text: str) -> str:
    return f"data:text/javascript,{quote(text, safe=_READABLE)}"


def style(texts: Iterable[str]) -> str:
    """Return the style sheet of these parts: the rules with a class that one of them names."""
    named = "".join(texts)
    kept = []
    for rule in _text("ui.css").split("}\n"):
        classes = _CLASS.findall(rule)
        if not classes or any(name in named for name in classes):
            kept.append(rule)
    return "}\n".join(kept)


def theme() -> str:
    return _text("theme.js")


@cache
def _text(file: str) -> str:
    return files(__package__).joinpath(file).read_text("utf-8")
