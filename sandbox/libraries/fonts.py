"""Google Fonts' addresses → a style sheet that names our own files. Pure.

`css2?family=Inter:ital,wght@0,400;1,700&display=swap` (css2) and
`css?family=Open+Sans:400,700i|Lato` (css) are read; each family that we have gives one
`@font-face` for each subset, style and weight.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from sandbox.libraries.manifest import Library

_NUMBER = re.compile(r"(?P<weight>[1-9]00)?(?P<style>i|italic|r|regular|b|bold|bi|bolditalic)?")
_DISPLAYS = frozenset({"auto", "block", "swap", "fallback", "optional"})
_BOLD = 700
_MOST_FACES = 40  # of a family: 18 are all that there can be, but for odd weights

# What Google Fonts serves a subset for; the order is its own, the most common last.
SUBSETS = {
    "cyrillic": "U+0301,U+0400-045F,U+0490-0491,U+04B0-04B1,U+2116",
    "greek": "U+0370-0377,U+037A-037F,U+0384-038A,U+038C,U+038E-03A1,U+03A3-03FF",
    "vietnamese": (
        "U+0102-0103,U+0110-0111,U+0128-0129,U+0168-0169,U+01A0-01A1,U+01AF-01B0,U+0300-0301,"
        "U+0303-0304,U+0308-0309,U+0323,U+0329,U+1EA0-1EF9,U+20AB"
    ),
    "latin-ext": (
        "U+0100-02BA,U+02BD-02C5,U+02C7-02CC,U+02CE-02D7,U+02DD-02FF,U+0304,U+0308,U+0329,"
        "U+1D00-1DBF,U+1E00-1E9F,U+1EF2-1EFF,U+2020,U+20A0-20AB,U+20AD-20C0,U+2113,U+2C60-2C7F,"
        "U+A720-A7FF"
    ),
    "latin": (
        "U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+0304,U+0308,U+0329,"
        "U+2000-206F,U+20AC,U+2122,U+2191,U+2193,U+2212,U+2215,U+FEFF,U+FFFD"
    ),
}


@dataclass(frozen=True, slots=True)
class Face:
    """A weight, or a span of weights, in one style."""

    style: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """What an address of Google Fonts asks for, family by family."""

    families: tuple[tuple[str, tuple[Face, ...]], ...]
    display: str = ""


def read_sheet(path: str, query: str) -> Sheet | None:
    """Read the path and query of `fonts.googleapis.com`; `None` for what is not a style sheet."""
    try:
        fields = parse_qsl(query.replace("&amp;", "&"), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return None
    values = [value for name, value in fields if name == "family"]
    display = next((value for name, value in fields if name == "display"), "")
    if path == "css2":
        families = [_family(value, _css2_faces) for value in values]
    elif path == "css":
        families = [_family(part, _css_faces) for value in values for part in value.split("|")]
    else:
        return None
    named = tuple(family for family in families if family[0])
    return Sheet(named, display if display in _DISPLAYS else "") if named else None


def _family(text: str, faces: Callable[[str], tuple[Face, ...]]) -> tuple[str, tuple[Face, ...]]:
    name, _, axes = text.partition(":")
    return " ".join(name.replace("+", " ").split()), faces(axes)[:_MOST_FACES]


def _css2_faces(axes: str) -> tuple[Face, ...]:
    """`ital,wght@0,400;1,700` or `wght@100..900`; other axes are left to the file's own values."""
    names, at, tuples = axes.partition("@")
    if not at:
        return (Face("italic" if names == "ital" else "normal", 400, 400),)
    order = names.split(",")
    found = [dict(zip(order, item.split(","), strict=False)) for item in tuples.split(";")]
    return tuple(face for one in found if (face := _css2_face(one)) is not None)


def _css2_face(values: dict[str, str]) -> Face | None:
    first, dots, last = values.get("wght", "400").partition("..")
    try:
        weights = int(first), int(last if dots else first)
    except ValueError:
        return None
    return Face("italic" if values.get("ital") == "1" else "normal", *weights)


def _css_faces(axes: str) -> tuple[Face, ...]:
    """`400,700i`, `bold`, `400italic`; a second colon gives subsets, which all come anyhow."""
    listed = axes.partition(":")[0]
    if not listed:
        return (Face("normal", 400, 400),)
    faces = []
    for item in listed.lower().split(","):
        found = _NUMBER.fullmatch(item.strip())
        if found is None or not item.strip():
            continue
        style = found["style"] or ""
        weight = int(found["weight"]) if found["weight"] else _BOLD if style[:1] == "b" else 400
        is_italic = style in {"i", "italic", "bi", "bolditalic"}
        faces.append(Face("italic" if is_italic else "normal", weight, weight))
    return tuple(faces) or (Face("normal", 400, 400),)


def fonts_by_family(libraries: Iterable[Library]) -> dict[str, Library]:
    return {library.font.family.lower(): library for library in libraries if library.font}


def lacking(sheet: Sheet, fonts: dict[str, Library]) -> tuple[str, ...]:
    """Return the families that we do not have."""
    return tuple(family for family, _ in sheet.families if family.lower() not in fonts)


def is_needed(span: str, characters: Iterable[str]) -> bool:
    """Whether a `unicode-range` has Latin letters, or one of these characters."""
    ranges = []
    for part in span.split(","):
        first, dash, last = part.strip().removeprefix("U+").partition("-")
        ranges.append((int(first, 16), int(last if dash else first, 16)))
    codes = [ord("a"), *map(ord, characters)]
    return any(first <= code <= last for first, last in ranges for code in codes)


def style_sheet(sheet: Sheet, fonts: dict[str, Library], base: str) -> str:
    """Return the sheet's text; `base` is what stands before a library's id in its address."""
    rules = [
        rule
        for family, faces in sheet.families
        if (library := fonts.get(family.lower())) is not None
        for face in dict.fromkeys(faces)
        for rule in _rules(library, face, sheet.display, base)
    ]
    return "\n".join(rules) + "\n"


def _rules(library: Library, face: Face, display: str, base: str) -> list[str]:
    font = library.font
    assert font is not None
    # A style that a family lacks is slanted by the browser, as with Google's own answer.
    style = face.style if face.style in font.styles else "normal"
    if font.variable:
        axis, weights = "wght", _span(face, font.weights)
    else:
        nearest = min(font.weights, key=lambda weight: (abs(weight - face.first), weight))
        axis, weights = str(nearest), str(nearest)
    slug = library.name.rpartition("/")[2]
    rules = []
    for subset, span in SUBSETS.items():
        file = f"files/{slug}-{subset}-{axis}-{style}.woff2"
        if file in library.files:
            shown = f"font-display:{display};" if display else ""
            rules.append(
                f"@font-face{{font-family:'{font.family}';font-style:{style};"
                f"font-weight:{weights};{shown}"
                f"src:url({base}{library.id}/{file}) format('woff2');unicode-range:{span}}}"
            )
    return rules


def _span(face: Face, limits: tuple[int, ...]) -> str:
    low, high = limits[0], limits[-1]
    first, last = (min(max(weight, low), high) for weight in (face.first, face.last))
    return str(first) if first == last else f"{first} {last}"
