"""Which of a library's files an address means: CDNs have more spellings of it than we keep."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

from sandbox.libraries.manifest import Library

# Builds of one script that do the same for whoever uses them.
_BUILD = re.compile(r"\.(?:min|prod|production|development|slim|es5)(?=\.)")

_FORMS = frozenset({"amd", "cjs", "es", "esm", "iife", "umd"})


def find_file(library: Library, path: str) -> str | None:
    """Return the file that a path means: itself, or another build of it, or one further in.

    "chart.umd.js" is "dist/chart.umd.min.js", and "build/languages/go.min.js" of another way of
    packing it is "languages/go.min.js". No folder means any other folder.
    """
    if path in library.files:
        return path
    known = _spellings(library)
    asked = _plain(path)
    parts = asked.split("/")
    if parts[-1].startswith("index."):
        return known.get(asked)
    for start in range(len(parts)):
        found = known.get("/".join(parts[start:]))
        if found is not None and _are_of_one_form(path, found):
            return found
    return None


def find_entry(library: Library, subpath: str) -> str | None:
    """Return the file of a module: an entry's, "client" or ".", or that of a file by its name."""
    if not subpath:
        return library.modules.get(".") or library.wrapped.get(".")
    for entries in (library.modules, library.wrapped):
        for spelling in (subpath, subpath.removesuffix(".js"), subpath.removesuffix(".mjs")):
            if spelling in entries:
                return entries[spelling]
        for prefix, folder in entries.items():
            if prefix.endswith("/") and subpath.startswith(prefix):
                return _module_file(library, folder + subpath.removeprefix(prefix))
    return _module_file(library, subpath)


def _module_file(library: Library, path: str) -> str | None:
    for spelling in (path, f"{path}.js", f"{path}.mjs", f"{path}/index.js"):
        if spelling in library.files:
            return spelling
    own = {*library.modules.values(), *library.wrapped.values()}
    found = find_file(library, path)
    if found in own:
        return found
    # Another build of the whole, a script for pages perhaps: its module is what was meant.
    is_whole = found is not None and found == library.main
    return find_entry(library, "") if is_whole else None


def _are_of_one_form(asked: str, found: str) -> bool:
    """Whether no folder says that one is a script and the other a module."""
    forms = [_FORMS.intersection(path.split("/")) for path in (asked, found)]
    return not (all(forms) and forms[0].isdisjoint(forms[1]))


def _plain(path: str) -> str:
    return _BUILD.sub("", path).lower()


@functools.lru_cache(maxsize=512)
def _spelled(files: tuple[str, ...]) -> Mapping[str, str]:
    """Map every end of each file's path to it; the shortest path, and the smallest build, wins."""
    known: dict[str, str] = {}
    for file in sorted(files, key=lambda file: (file.count("/"), ".min." not in file, file)):
        parts = _plain(file).split("/")
        for start in range(len(parts)):
            known.setdefault("/".join(parts[start:]), file)
    return known


def _spellings(library: Library) -> Mapping[str, str]:
    return _spelled(library.files)
