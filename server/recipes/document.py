"""A recipe's document: the template with its parameters set in, and nothing run together.

Parameters enter in two ways only: as one JSON script without any character that HTML or
JavaScript could take for its own, and as escaped text (the title, the theme). One pass over
the template, so that a parameter which looks like a marker stays text.
"""

from __future__ import annotations

import html
import json
import re
from functools import cache
from typing import TYPE_CHECKING

from server.recipes.shelf import tools_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.recipes.answer import Value
    from server.recipes.files import Data
    from server.recipes.recipe import Recipe

_MARKER = re.compile(r"[ \t]*(?:/\*|<!--)?\{\{ (include )?([a-z.-]+) \}\}(?:\*/|-->)?")
_UNSAFE = re.compile("[<>&`\u2028\u2029]")


def render(
    recipe: Recipe, parameters: Mapping[str, Value], title: str, data: Data | None = None
) -> str:
    """Write the document; equal parameters and data give equal bytes."""
    file = {"file": data.name, "data": data.text} if data is not None else {}
    texts = {
        "title": _text(title),
        "theme": _text(str(parameters["theme"])),
        "config": json_script({**parameters, **file, "title": title, "recipe": recipe.name}),
    }

    def fill(found: re.Match[str]) -> str:
        include, name = found.groups()
        return _common(name) if include else texts[name]

    return _MARKER.sub(fill, recipe.template)


def json_script(value: object) -> str:
    r"""Write JSON for a data script: `<`, `>`, `&`, backtick, U+2028 and U+2029 as `\uXXXX`."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _text(value: str) -> str:
    # A backtick could be taken for the fence around the document in the answer.
    return html.escape(value, quote=True).replace("`", "&#96;")


@cache
def _common(name: str) -> str:
    return tools_folder().joinpath("common", name).read_text(encoding="utf-8").rstrip()
