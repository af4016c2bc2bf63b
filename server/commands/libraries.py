"""`sandwright libraries`: which libraries tools find here; check, fetch, add and remove them."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.libraries import fetch, manifest
from sandbox.libraries.added import read_added, remove_added
from sandbox.libraries.manifest import Library, fits, libraries
from sandbox.own_command import own_command
from server.commands.exit_codes import COULD_NOT, GOOD, NO
from server.commands.terminal import shown
from server.errors import Problem
from server.libraries import put_on_the_shelf
from server.settings import load_settings

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="every library, its licence, and whether it is here")
    checking = actions.add_parser("verify", help="check every file against its hash")
    adding = actions.add_parser("add", help="fetch what is missing, or the libraries named")
    adding.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="as `list` shows it; or any package of npm, NAME@VERSION, or a CDN's address of one; "
        "with #sha512-… behind it no other archive is taken",
    )
    adding.add_argument("--optional", action="store_true", help="the optional ones too")
    removing = actions.add_parser("remove", help="take the files of the libraries named away")
    removing.add_argument("names", nargs="+", metavar="NAME", help="NAME, or NAME@VERSION for one")
    for action in (listing, checking):
        action.add_argument("--json", action="store_true", help="one JSON object a line")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 when all is well, 1 when a library is not what was listed, 2 when none can be had."""
    if arguments.action == "list":
        return _list(as_json=arguments.json)
    if arguments.action == "verify":
        return _verify(as_json=arguments.json)
    if arguments.action == "remove":
        return _remove(arguments.names)
    return _add(arguments.names, optional=arguments.optional)


def _list(*, as_json: bool) -> int:
    for library, folder in _all():
        here = fetch.is_fetched(library, folder)
        if as_json:
            print(json.dumps({**_facts(library), "here": here, "added": library.added}))
        else:
            state = "" if here else "  not here" + (", optional" if library.optional else "")
            state += "  added" if library.added else ""
            print(f"{library.name} {library.version}  {library.licence}{state}")
    return GOOD


def _verify(*, as_json: bool) -> int:
    """Read every file that is here; what is missing is for `doctor` to say."""
    wrong, checked = 0, 0
    for library, folder in _all():
        if not (folder / library.id).is_dir():
            continue
        checked += 1
        good = fetch.digest(fetch.stored(library, folder)) == library.digest
        wrong += not good
        if as_json:
            print(json.dumps({**_facts(library), "good": good}))
        elif not good:
            print(f"{library.name} {library.version} is not what was listed: remove and add it")
    if not as_json:
        print(f"{checked} libraries checked, {wrong} wrong.")
    return NO if wrong else GOOD


def _add(names: list[str], *, optional: bool) -> int:
    """Fetch again what is here but is not what was listed, too, when it is named."""
    listed = {library.name for library in libraries()}
    others = [name for name in names if name not in listed]
    names = [name for name in names if name in listed]
    if others and (code := _add_others(others)) != GOOD:
        return code
    if others and not names:
        return GOOD
    wanted = (
        _with_needs(names)
        if names
        else [library for library in libraries() if optional or not library.optional]
    )
    for library in wanted if names else ():
        if fetch.digest(fetch.stored(library)) != library.digest:
            fetch.remove(library)
    try:
        fetched = fetch.fetch(wanted, os.environ)
    except fetch.FetchError as error:
        print(shown(f"{error}."), file=sys.stderr)
        return COULD_NOT
    print(f"Fetched: {', '.join(library.id for library in fetched) or 'all were there'}.")
    return GOOD


def _with_needs(names: list[str]) -> list[Library]:
    """Return the libraries named and what they need, which is of no use to fetch alone."""
    found = {library.id: library for library in libraries() if library.name in names}
    waiting = list(found.values())
    while waiting:
        needs = waiting.pop().needs
        for other in libraries():
            is_needed = other.name in needs and fits(other, other.name, needs[other.name])
            if is_needed and other.id not in found:
                found[other.id] = other
                waiting.append(other)
    return list(found.values())


def _add_others(names: list[str]) -> int:
    """Fetch what the manifest does not list, and pin it among the data."""
    from sandbox.libraries import added  # noqa: PLC0415 - seldom
    from sandbox.libraries.cdn import CDN  # noqa: PLC0415
    from sandbox.libraries.shelf import shipped_shelf  # noqa: PLC0415

    settings = load_settings(os.environ)
    put_on_the_shelf(settings)
    for spelled in names:
        name, pins, integrity = spelled.partition("#")
        if pins and not manifest.is_integrity(integrity):
            print(f"{shown(spelled)}: what stands behind # must be a SHA-512.", file=sys.stderr)
            return COULD_NOT
        try:
            new = added.add(
                name if "//" in name else f"{CDN}{name}",
                shelf=shipped_shelf(),
                folder=settings.libraries_dir,
                environment=settings.registry_environment,
                integrity=integrity,
            )
        except (added.NotAddable, fetch.FetchError, manifest.ManifestError) as error:
            print(shown(f"{error}."), file=sys.stderr)
            return COULD_NOT
        print(f"Added: {', '.join(library.id for library in new) or 'all were there'}.")
    print("A server that is running finds them when it starts again.")
    return GOOD


def _remove(names: list[str]) -> int:
    """Take files away; `add` brings them back. What is not there is gone already."""
    known = {one for library, _ in _all() for one in (library.name, library.id)}
    unknown = sorted(set(names) - known)
    if unknown:
        print(shown(f"Not listed: {', '.join(unknown)}."), file=sys.stderr)
        return COULD_NOT
    removed = []
    for library, folder in _all():
        is_here = library.added or (folder / library.id).exists()
        if {library.name, library.id} & set(names) and is_here:
            try:
                if library.added:
                    remove_added(library, folder)
                else:
                    fetch.remove(library)
            except OSError as error:
                print(f"{library.id} cannot be removed: {error.strerror}.", file=sys.stderr)
                return COULD_NOT
            removed.append(library)
    print(f"Removed: {', '.join(library.id for library in removed) or 'none was here'}.")
    if any(not library.optional and not library.added for library in removed):
        add = own_command("libraries add")
        print(f"Tools that load it will miss it; `{add}` brings it back.")
    return GOOD


def _facts(library: Library) -> dict[str, object]:
    return {
        "name": library.name,
        "version": library.version,
        "licence": library.licence,
        "optional": library.optional,
        "files": len(library.files),
    }


def _all() -> list[tuple[Library, Path]]:
    """Return each library and where it lies, by name."""
    folder = load_settings(os.environ).libraries_dir
    try:
        added = read_added(folder)
    except manifest.ManifestError as error:
        raise Problem(500, f"{folder}: {error}.") from error
    listed = [(library, manifest.VENDORED) for library in libraries()]
    listed += [(library, folder) for library in added]
    return sorted(listed, key=lambda one: (one[0].name, one[0].numbers))
