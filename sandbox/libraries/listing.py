"""The libraries in one line, for whoever writes a tool. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.libraries.manifest import Library

# Has an address of its own, and no name at the other CDNs.
_BY_ADDRESS = frozenset({"tailwindcss-cdn"})


def short_list(listed: Iterable[Library]) -> str:
    """Return each library that a tool may load whole, with its major versions: "chart.js 2/3/4".

    Parts of others are left out, as are fonts, and what is fetched only when asked for.
    """
    known = [one for one in listed if not (one.optional or one.font or one.name in _BY_ADDRESS)]
    whole = {library.name for library in known if library.main}
    majors: dict[str, set[int]] = {}
    for library in known:
        if library.name in whole:
            majors.setdefault(_name(library), set()).add(library.numbers[0])
    return ", ".join(
        f"{name} {'/'.join(map(str, sorted(versions)))}" if versions - {0} else name
        for name, versions in sorted(majors.items())
    )


def font_list(listed: Iterable[Library]) -> str:
    """Return the families of Google Fonts that are here."""
    return ", ".join(sorted(library.font.family for library in listed if library.font))


def _name(library: Library) -> str:
    """Return the name that the world knows: "@e965/xlsx" is "xlsx"."""
    return library.aliases[0] if library.name.startswith("@") and library.aliases else library.name
