"""`sandwright libraries`: which libraries tools find here; check, fetch and remove them."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from sandbox.libraries import fetch, manifest
from sandbox.libraries.manifest import Library, libraries
from sandbox.own_command import own_command
from server.commands.exit_codes import COULD_NOT, GOOD, NO

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="every library, its licence, and whether it is here")
    checking = actions.add_parser("verify", help="check every file against its hash")
    adding = actions.add_parser("add", help="fetch what is missing, or the libraries named")
    adding.add_argument("names", nargs="*", metavar="NAME", help="as `list` shows it")
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
    for library in _sorted():
        here = fetch.is_fetched(library, manifest.VENDORED)
        if as_json:
            print(json.dumps({**_facts(library), "here": here}))
        else:
            state = "" if here else "  not here" + (", optional" if library.optional else "")
            print(f"{library.name} {library.version}  {library.licence}{state}")
    return GOOD


def _verify(*, as_json: bool) -> int:
    """Read every file that is here; what is missing is for `doctor` to say."""
    wrong, checked = 0, 0
    for library in _sorted():
        if not (manifest.VENDORED / library.id).is_dir():
            continue
        checked += 1
        good = fetch.digest(fetch.stored(library)) == library.digest
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
    unknown = sorted(set(names) - {library.name for library in libraries()})
    if unknown:
        print(f"Not listed: {', '.join(unknown)}.", file=sys.stderr)
        return COULD_NOT
    wanted = [
        library
        for library in libraries()
        if (library.name in names if names else optional or not library.optional)
    ]
    for library in wanted if names else ():
        if fetch.digest(fetch.stored(library)) != library.digest:
            fetch.remove(library)
    try:
        fetched = fetch.fetch(wanted, os.environ)
    except fetch.FetchError as error:
        print(f"{error}.", file=sys.stderr)
        return COULD_NOT
    print(f"Fetched: {', '.join(library.id for library in fetched) or 'all were there'}.")
    return GOOD


def _remove(names: list[str]) -> int:
    """Take files away; `add` brings them back. What is not there is gone already."""
    known = {one for library in libraries() for one in (library.name, library.id)}
    unknown = sorted(set(names) - known)
    if unknown:
        print(f"Not listed: {', '.join(unknown)}.", file=sys.stderr)
        return COULD_NOT
    removed = []
    for library in _sorted():
        if {library.name, library.id} & set(names) and (manifest.VENDORED / library.id).exists():
            try:
                fetch.remove(library)
            except OSError as error:
                print(f"{library.id} cannot be removed: {error.strerror}.", file=sys.stderr)
                return COULD_NOT
            removed.append(library)
    print(f"Removed: {', '.join(library.id for library in removed) or 'none was here'}.")
    if any(not library.optional for library in removed):
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


def _sorted() -> list[Library]:
    return sorted(libraries(), key=lambda library: (library.name, library.numbers))
