"""What a report says of libraries: which version was used, and which is not here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sandbox.markup import Markup
from sandbox.report import Finding
from sandbox.smoke.places import line_at
from sandbox.smoke.signatures import sign

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.libraries.manifest import Library
    from sandbox.libraries.resolve import Catalogue

LONGEST_ADDRESS = 2000
_SERVED = "/libraries/"
_FOLDER = f"{_SERVED}cdn/"
_UNCOMPARED = re.compile(r"the integrity of (\S+) was not compared: a file of ours answers it")
_OURS = re.compile(rf"http://[a-z0-9]+\.localhost:\d+{_FOLDER}")


def read_notes(html: str) -> list[Finding]:
    """Find what is answered by another version, or without its integrity being compared."""
    from sandbox.libraries.rewriting import Rewriting  # noqa: PLC0415 - a start must be quick

    rewriting = Rewriting(_catalogue(), "http://frame.localhost/libraries/")
    Markup(rewriting).feed(html)
    return [_note(said, address, html) for said, address in rewriting.notes.items()]


def read_asked(asked: Iterable[str], html: str) -> list[Finding]:
    """Find what another version answered at an address that only came to be at run time."""
    found = []
    for url in filter(None, (asked_at_cdn(f"{_SERVED}{address}") for address in asked)):
        resolved = _catalogue().resolve(url)
        found += [_note(said, url, html) for said in (resolved.advisories if resolved else ())]
    return found


def uncompared(text: str, html: str) -> Finding | None:
    """Read what the frame says where a script's own integrity was not compared."""
    told = _UNCOMPARED.fullmatch(text)
    return _note(text, told[1], html) if told is not None else None


def lacking(url: str) -> str:
    """Say what of an address of a CDN is not here; empty where that is not known."""
    names = _catalogue().lacking(url)
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} not here" if names else ""


def addable(url: str) -> str | None:
    """Return the address of a CDN by which a person could add what is missing there.

    Only where no version of it is here: another file of one that is listed is not to be had.
    """
    from sandbox.libraries.addresses import Names, read_address  # noqa: PLC0415 - as above

    address, catalogue = asked_at_cdn(url) or url, _catalogue()
    asked = read_address(address) or ()
    lacking = [one for one in asked if catalogue.find(one) is None]
    fits = all(one.names is not Names.GITHUB and not catalogue.versions(one) for one in lacking)
    return address if lacking and fits and len(address) <= LONGEST_ADDRESS else None


def at_cdn(library: Library) -> str:
    """Return the address of a listed library at a CDN."""
    from sandbox.libraries.cdn import CDN  # noqa: PLC0415 - a start must be quick

    return f"{CDN}{library.id}"


def unfetched(url: str) -> tuple[Library, ...]:
    """Return the libraries that answer an address of ours, and were not fetched."""
    from sandbox.libraries.addresses import read_address  # noqa: PLC0415 - a start must be quick
    from sandbox.libraries.shelf import shipped_shelf  # noqa: PLC0415

    path, asked = urlsplit(url).path, asked_at_cdn(url)
    if asked is not None:
        given = (_catalogue().find(one) for one in read_address(asked) or ())
        found = [one.library for one in given if one is not None]
        return tuple(shipped_shelf().unfetched(found))
    if not path.startswith(_SERVED):
        return ()
    shelf = shipped_shelf()
    return tuple(shelf.unfetched(shelf.libraries_of(path.removeprefix(_SERVED))))


def asked_at_cdn(url: str) -> str | None:
    """Return the CDN's address that one of ours stands for."""
    parts = urlsplit(url)
    if not parts.path.startswith(_FOLDER):
        return None
    query = f"?{parts.query}" if parts.query else ""
    return f"https://{parts.path.removeprefix(_FOLDER)}{query}"


def as_asked(text: str) -> str:
    """Write the addresses in a message as the tool has them."""
    return _OURS.sub("https://", text)


def _catalogue() -> Catalogue:
    from sandbox.libraries.shelf import shipped_shelf  # noqa: PLC0415 - as above

    return shipped_shelf().catalogue


def _note(said: str, address: str, html: str) -> Finding:
    at = html.find(address)
    return Finding(
        kind="library",
        severity="advisory",
        phase="load",
        message=said,
        signature=sign("library", said),
        line=line_at(html, at),
    )
