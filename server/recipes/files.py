"""Attached files as a recipe's data: which it takes, and what it had before."""

from __future__ import annotations

import base64
import codecs
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.providers.protocol import File
    from server.recipes.recipe import Recipe

LONGEST = 500_000  # characters: what the tool shows in a box, far below a document's 5 MB


_CONFIG = re.compile(r'<script type="application/json" id="config">(.*?)</script>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Data:
    """A file's text as it stands in a tool."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Given:
    """`data`: what the tool shows. `new`: it came with this wish. `unused`: files left out."""

    data: Data | None = None
    new: bool = False
    unused: tuple[str, ...] = ()


def given(recipe: Recipe, files: Sequence[File], document: str | None) -> Given:
    """Take the last file that the recipe can show, else what its `document` shows already."""
    data: Data | None = None
    unused: list[str] = []
    for file in reversed(files):
        text = _read(file) if data is None and _fits(recipe, file) else None
        if text is None:
            unused.append(file.name)
        elif len(text) > LONGEST:
            unused.append(f"{file.name} (over {LONGEST:,} characters; open it in the tool itself)")
        else:
            data = Data(file.name, text)
    left_out = tuple(reversed(unused))
    if data is not None:
        return Given(data, new=True, unused=left_out)
    return Given(_shown(recipe, document or ""), unused=left_out)


def _fits(recipe: Recipe, file: File) -> bool:
    ending = file.name.rpartition(".")[2].lower()
    return ending in recipe.takes or file.media_type.lower() in recipe.takes


def _read(file: File) -> str | None:
    """Decode as the tool does with a file that it opens; None for what is no text."""
    data = base64.b64decode(file.data)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data.decode("utf-16", "replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    return None if "\0" in text else text


def _shown(recipe: Recipe, document: str) -> Data | None:
    found = _CONFIG.search(document) if recipe.takes else None
    if found is None:
        return None
    try:
        config = json.loads(found[1])
    except ValueError:  # not a document of ours
        return None
    if not isinstance(config, dict):
        return None
    name, text = config.get("file"), config.get("data")
    if isinstance(name, str) and isinstance(text, str) and len(text) <= LONGEST:
        return Data(name, text)
    return None
