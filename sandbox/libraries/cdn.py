"""A library's file at a public CDN, with the hash that a browser checks it by.

jsDelivr gives the files of an npm package as they are in it, and those are what our manifest's
hashes are of. A style sheet's own files are in its folder.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sandbox.libraries.manifest import Library
from sandbox.libraries.resolve import Resolved
from sandbox.libraries.shelf import Shelf, is_module

HOST = "cdn.jsdelivr.net"
CDN = f"https://{HOST}/npm/"
_IMPORTS = re.compile(rb"@import\b", re.IGNORECASE)
_LOADS = re.compile(rb"\burl\(\s*+[\"']?+(?!data:|#)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Linked:
    """`folder` is empty for what loads nothing by itself."""

    library: Library
    url: str
    integrity: str
    is_sheet: bool
    folder: str = ""


def linked(shelf: Shelf, found: Resolved, is_as_listed: Callable[[Library], bool]) -> Linked | None:
    """Return a script or a style sheet at the CDN; `None` for what no hash can stand for.

    Modules import others by names that only we resolve, a sheet of fonts differs for each browser,
    and several files in one have no address there. `is_as_listed` is the shelf's: one that
    remembers, where many are asked for.
    """
    if len(found.given) != 1:
        return None
    [given] = found.given
    if given.module or is_module(given.library, given.path):
        return None
    served = shelf.answer(f"{given.library.id}/{given.path}")
    if served is None or not is_as_listed(given.library):
        return None
    is_sheet = served.kind.startswith("text/css")
    if not (is_sheet or served.kind.startswith("text/javascript")):
        return None
    if is_sheet and _IMPORTS.search(served.body):
        return None  # what it imports would come unchecked
    coded = base64.b64encode(hashlib.sha384(served.body).digest()).decode()
    loads = is_sheet and _LOADS.search(served.body) is not None
    folder = f"{CDN}{given.library.id}/" if loads else ""
    return Linked(given.library, CDN + given.address, f"sha384-{coded}", is_sheet, folder)


def sources(files: Iterable[Linked]) -> Mapping[str, tuple[str, ...]]:
    """Return by directive what a policy has to let in: these files, and what sheets load."""
    found: dict[str, dict[str, None]] = {}
    for one in files:
        found.setdefault("style-src" if one.is_sheet else "script-src", {})[one.url] = None
        if one.folder:
            for directive in ("font-src", "img-src"):
                found.setdefault(directive, {})[one.folder] = None
    return {directive: tuple(names) for directive, names in found.items()}
