"""What a component gets for a file that did not come with it, so that the rest of it runs. Pure.

Without, its import would keep everything from running, and the browser would speak of specifiers.
As a module and not in the import's place: where only types are taken, nobody asks for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

_LONGEST = 5_000  # nobody names more
# To its end, or to that of the text: none is looked through twice.
_COMMENT = re.compile(r"/\*(?:[^*]|\*(?!/))*+(?:\*/)?+|//[^\n]*+")
_LIST = re.compile(r"\{([^{}]*)\}")
_WORD = r"[^\W\d][\w$]*|\$[\w$]*"
_DEFAULT = re.compile(rf"\s*({_WORD})\s*(?:,|\Z)")
_NAMED = re.compile(rf"\s*({_WORD})(?:\s+as\s+({_WORD}))?\s*")
_COMPONENT = re.compile(r"[A-Z](?![A-Z\d_]*\Z)")
_HOOK = re.compile(r"use[A-Z]")


def taken(what: str) -> dict[str, str]:
    """Return the names that an import takes from its file, each with the component's name for it.

    Of " a, { b as c } from " these are "default" and "b", called "a" and "c".
    """
    if len(what) > _LONGEST:
        return {}
    text = _COMMENT.sub("", what).rstrip().removesuffix("from")
    listed = _LIST.search(text)
    around = text if listed is None else text[: listed.start()] + text[listed.end() :]
    found = [_NAMED.fullmatch(one) for one in (listed[1].split(",") if listed else ())]
    names = {one[1]: one[2] or one[1] for one in found if one is not None}
    whole = _DEFAULT.match(around)
    return {"default": whole[1], **names} if whole else names


def module(file: str, names: Mapping[str, str]) -> str:
    """Return a module that says that it is missing, as an error; `names` are as `taken` gives them.

    A component that is taken from it shows that, and what it has within it; a hook gives nothing.
    """
    shown = [local if name == "default" else name for name, local in names.items()]
    takes = f", which takes {_listed(shown)} from it" if shown else ""
    said = f"the file {file} did not come with this component{takes}"
    lines = [f"reportError(new Error({json.dumps(said)}));"]
    if names:
        lines.insert(0, 'import { createElement } from "react";')
        lines += [f"const taken{at} = {_value(local)};" for at, local in enumerate(names.values())]
        given = ", ".join(f"taken{at} as {name}" for at, name in enumerate(names))
        lines.append(f"export {{ {given} }};")
    return "\n".join(lines) + "\n"


def _value(name: str) -> str:
    if _HOOK.match(name):
        return "() => ({})"
    if not _COMPONENT.match(name):
        return "undefined"
    said = json.dumps(f"{name} is missing here.")
    look = '{ style: { border: "1px dashed", padding: "0.5em" } }'
    return f'({{ children }}) => createElement("div", {look}, {said}, children)'


def _listed(names: list[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
