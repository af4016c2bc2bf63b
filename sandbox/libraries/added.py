"""Libraries that a person added: files in a folder of the data, and a record that pins each.

They stand beside those of the manifest on the shelf that answers tools, and outlive a release.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.libraries import fetch
from sandbox.libraries.addresses import Asked, Names, read_address
from sandbox.libraries.fetch import FetchError, MissingError, NoRoomError
from sandbox.libraries.manifest import Library, ManifestError
from sandbox.libraries.packages import (
    DiffersError,
    Package,
    fetch_package,
    read_written,
    written,
)
from sandbox.libraries.resolve import Catalogue, file_of
from sandbox.libraries.shelf import Shelf


class NotAddable(ValueError):  # noqa: N818 a person's choice, and no fault
    """What was asked for is in no registry of ours; the message is one line for a person."""


RECORD = "added.json"
MOST_PACKAGES = 25
"""How many one library may bring with what its modules import."""
MOST_TOGETHER = 200_000_000
"""Bytes of their files: until all are there, none is written."""

_one_at_a_time = threading.Lock()


def read_added(folder: Path) -> tuple[Library, ...]:
    """Return what was added. Raises `ManifestError` where the record cannot be read."""
    try:
        text = (folder / RECORD).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise ManifestError(f"{RECORD} cannot be read: {error.strerror}") from error
    try:
        listed = json.loads(text)["libraries"]
        return tuple(read_written(one) for one in listed)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ManifestError(f"{RECORD} cannot be read: {error}") from error


def put_on(shelf: Shelf, folder: Path) -> None:
    """Let the shelf answer with what was added. Raises `ManifestError`."""
    for library in read_added(folder):
        shelf.take(library, folder)


def add(
    url: str,
    *,
    shelf: Shelf,
    folder: Path,
    environment: Mapping[str, str],
    integrity: str = "",
) -> tuple[Library, ...]:
    """Fetch what an address of a CDN asks for and what that imports, pin it, put it on the shelf.

    A listed one is fetched as the manifest lists it. With `integrity`, no other archive stands for
    what is asked for, whichever file of it the address names. Returns what was fetched: nothing
    where all was here. Raises `NotAddable` for an address of no package, and `FetchError`; then
    nothing was added. Reads and writes: not for an event loop.
    """
    asked = read_address(url)
    if not asked or any(one.names is Names.GITHUB for one in asked):
        raise NotAddable(f"{url} is no address of a package of the npm registry")
    with _one_at_a_time:
        known: list[Library] = []
        new: dict[str, Package] = {}
        for one in asked:
            here = shelf.catalogue.versions(one)
            if integrity:
                here = [library for library in here if library.integrity == integrity]
            if here:
                known.append(here[0])
            else:
                first = _beside_known(_first(one, environment, integrity), shelf.catalogue)
                found = _with_imports(first, shelf.catalogue, environment)
                new |= {package.library.id: package for package in found.packages}
                known += found.listed
        missing = shelf.unfetched(dict.fromkeys(known))
        try:
            back = fetch.fetch([one for one in missing if one.added], environment, folder)
            listed = fetch.fetch([one for one in missing if not one.added], environment)
            for package in new.values():
                fetch.put(package.library, package.files, folder)
            if new:
                added = [package.library for package in new.values()]
                _record(folder, [*read_added(folder), *added])
        except OSError as error:
            raise NoRoomError(f"{url} cannot be kept: {error.strerror}") from error
        for package in new.values():
            shelf.take(package.library, folder)
        return (*back, *listed, *(package.library for package in new.values()))


def _first(asked: Asked, environment: Mapping[str, str], integrity: str) -> Package:
    """Fetch the package that an address means, if it has the file that is asked for."""
    names = names_at_npm(asked)
    lacking = ""
    differs: DiffersError | None = None
    for name in names:
        try:
            package = fetch_package(name, asked.version, environment, integrity)
        except MissingError:
            continue
        except DiffersError as error:
            differs = differs or error
            continue
        library = replace(package.library, cdnjs=(asked.name,))
        if integrity or file_of(library, asked) is not None:
            return replace(package, library=library)
        what = asked.path or "file that stands for all of it: name one"
        lacking = lacking or f"{name} {library.version} of the npm registry has no {what}"
    if differs is not None:
        raise differs
    spelled = " or ".join(names)
    raise MissingError(lacking or f"the npm registry has no {spelled}")


def _beside_known(package: Package, catalogue: Catalogue) -> Package:
    """Let a package that is here already keep its names at cdnjs. Raises `DiffersError`."""
    library = package.library
    known = catalogue.library(library.id)
    if known is None:
        return package
    if known.integrity != library.integrity:
        raise DiffersError(f"another archive of {library.name} {library.version} is here")
    names = tuple(dict.fromkeys((*known.cdnjs, *library.cdnjs)))
    return replace(package, library=replace(library, cdnjs=names))


def names_at_npm(asked: Asked) -> tuple[str, ...]:
    """Return what the npm registry may call a package; cdnjs has names of its own for some."""
    name = asked.name.lower()
    if asked.names is not Names.CDNJS:
        return (name,)
    plain = name.removesuffix(".js")
    return tuple(dict.fromkeys((name, plain, plain.replace(".", "-"))))


def remove_added(library: Library, folder: Path) -> None:
    """Take an added library away. Raises `OSError`."""
    with _one_at_a_time:
        _record(folder, [one for one in read_added(folder) if one.id != library.id])
        fetch.remove(library, folder)


@dataclass(frozen=True, slots=True)
class _Found:
    """`packages` are not here; `listed` are of the manifest, fetched or not."""

    packages: tuple[Package, ...]
    listed: tuple[Library, ...]


def _with_imports(first: Package, catalogue: Catalogue, environment: Mapping[str, str]) -> _Found:
    """Fetch what a package imports and is not here, each once."""
    packages = {first.library.name: first}
    listed: list[Library] = []
    waiting = [first]
    while waiting:
        library = waiting.pop().library
        for name, major in library.needs.items():
            if name in packages:
                continue
            if here := catalogue.versions(Asked(name, major)):
                listed.append(here[0])
                continue
            if len(packages) == MOST_PACKAGES:
                raise FetchError(f"{first.library.name} needs more than {MOST_PACKAGES} packages")
            packages[name] = fetch_package(name, major, environment)
            waiting.append(packages[name])
            if sum(_size(one) for one in packages.values()) > MOST_TOGETHER:
                raise FetchError(f"{first.library.name} and what it imports are too large together")
    return _Found(tuple(packages.values()), tuple(listed))


def _size(package: Package) -> int:
    return sum(map(len, package.files.values()))


def _record(folder: Path, added: list[Library]) -> None:
    by_id = {library.id: library for library in added}
    listed = [by_id[name] for name in sorted(by_id)]
    text = json.dumps({"libraries": [written(library) for library in listed]}, indent=1)
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{RECORD}.partial"
    partial.write_text(f"{text}\n", encoding="utf-8")
    partial.replace(folder / RECORD)
