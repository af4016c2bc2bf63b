"""The licence that a library comes with, as text."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from sandbox.libraries.manifest import Library
from sandbox.libraries.shelf import Shelf

_LICENCE = re.compile(r"(?!.*\.m?js$).*(?:licen[cs]e|copying|notice|^ofl)", re.IGNORECASE)
_STATES_IT = re.compile(r"readme|package\.json|.*\.(?:md|txt)$", re.IGNORECASE)
_LONGEST = 20_000


def licence_text(shelf: Shelf, library: Library) -> str:
    """Return the text of its licence, or of the file that states it; empty if it is not here."""
    for sought in (_LICENCE, _STATES_IT):
        files = [file for file in library.files if sought.match(PurePosixPath(file).name)]
        texts = [served for file in files if (served := shelf.answer(f"{library.id}/{file}"))]
        if texts:
            whole = "\n".join(one.body.decode("utf-8", "replace").strip() for one in texts)
            return whole[:_LONGEST].replace("\r\n", "\n")
    return ""
