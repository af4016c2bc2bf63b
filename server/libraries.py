"""Libraries that a person added, for every command that shows, tests or exports a tool."""

from __future__ import annotations

import logging

from server.settings import Settings

_LONGEST_VERSION = 30

_log = logging.getLogger(__name__)


def put_on_the_shelf(settings: Settings) -> None:
    """Let tools have what was added; a record that cannot be read keeps nothing else down.

    Reads from disk: not for an event loop.
    """
    folder = settings.libraries_dir
    if not folder.is_dir():
        return
    from sandbox.libraries.added import put_on  # noqa: PLC0415 - a start must be quick
    from sandbox.libraries.manifest import ManifestError  # noqa: PLC0415
    from sandbox.libraries.shelf import shipped_shelf  # noqa: PLC0415

    try:
        put_on(shipped_shelf(), folder)
    except ManifestError as error:
        _log.error("Libraries that were added are not here: %s", error)


def named(address: str) -> str:
    """Write what an address of a CDN asks for: "leaflet-draw 1.0.4"."""
    from sandbox.libraries.addresses import read_address  # noqa: PLC0415 - a start must be quick

    # The name is what the registry hears, so it is shown whole.
    asked = read_address(address) or ()
    return " and ".join(f"{one.name} {one.version[:_LONGEST_VERSION]}".rstrip() for one in asked)
