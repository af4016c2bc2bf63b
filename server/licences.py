"""The licences of what is kept here for tools, and of the fonts of our own pages."""

from __future__ import annotations

from dataclasses import dataclass

import frontend
from sandbox.libraries.licences import licence_text
from sandbox.libraries.shelf import shipped_shelf


@dataclass(frozen=True, slots=True)
class Listed:
    """One library; `licence` is an SPDX expression, empty for a font of our pages."""

    name: str
    version: str
    licence: str
    text: str


def listed() -> list[Listed]:
    """List those that are here, by name. Reads from disk: not for an event loop."""
    shelf = shipped_shelf()
    all_of_them = shelf.catalogue.libraries
    lacking = {one.id for one in shelf.unfetched(all_of_them)}
    found = [
        Listed(one.name, one.version, one.licence, licence_text(shelf, one))
        for one in sorted(all_of_them, key=lambda one: (one.name, one.numbers))
        if one.id not in lacking
    ]
    for file in sorted((frontend.STATIC / "vendor").glob("*/LICENSE")):
        name = f"{file.parent.name} (these pages)"
        found.append(Listed(name, "", "", file.read_text("utf-8", "replace")))
    return found
