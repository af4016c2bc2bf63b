"""Google Fonts: an address gives a style sheet that names our own files."""

from __future__ import annotations

import re

import pytest

from sandbox.libraries.fonts import fonts_by_family, lacking, read_sheet, style_sheet
from sandbox.libraries.manifest import libraries
from sandbox.libraries.resolve import Catalogue

FONTS = fonts_by_family(libraries())


def faces(path: str, query: str) -> list[tuple[str, str, str, str]]:
    """Family, style, weight and file of each face of the Latin subset."""
    sheet = read_sheet(path, query)
    assert sheet is not None
    found = re.findall(
        r"font-family:'(.*?)';font-style:(.*?);font-weight:(.*?);.*?url\((.*?)\)",
        style_sheet(sheet, FONTS, "../"),
    )
    return [face for face in found if re.search("-latin-(?!ext)", face[3])]


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("css2", "family=Inter", [("Inter", "normal", "400")]),
        (
            "css2",
            "family=Inter:wght@400;700&display=swap",
            [("Inter", "normal", "400"), ("Inter", "normal", "700")],
        ),
        ("css2", "family=Inter:wght@100..900", [("Inter", "normal", "100 900")]),
        ("css2", "family=Space+Grotesk:wght@900", [("Space Grotesk", "normal", "700")]),
        (
            "css2",
            "family=EB+Garamond:ital,wght@0,400;1,600",
            [("EB Garamond", "normal", "400"), ("EB Garamond", "italic", "600")],
        ),
        ("css2", "family=EB+Garamond:ital@1", [("EB Garamond", "italic", "400")]),
        (
            "css2",
            "family=Inter:opsz,wght@14..32,300&amp;family=Lato",
            [("Inter", "normal", "300"), ("Lato", "normal", "400")],
        ),
        ("css2", "family=Lato:wght@600", [("Lato", "normal", "700")]),
        ("css2", "family=lato", [("Lato", "normal", "400")]),
        (
            "css",
            "family=Open+Sans:400,700i|Lato:bold&subset=latin,greek",
            [
                ("Open Sans", "normal", "400"),
                ("Open Sans", "italic", "700"),
                ("Lato", "normal", "700"),
            ],
        ),
        ("css", "family=Roboto:300italic", [("Roboto", "italic", "300")]),
    ],
)
def test_each_style_and_weight_has_a_face(path, query, expected):
    assert [face[:3] for face in faces(path, query)] == expected


def test_a_face_names_a_file_that_is_listed_and_its_subset():
    sheet = read_sheet("css2", "family=Inter:wght@400&display=swap")
    text = style_sheet(sheet, FONTS, "https://frame.example/libraries/")
    inter = FONTS["inter"]
    files = re.findall(r"url\(https://frame\.example/libraries/(.*?)\)", text)
    assert {file.removeprefix(f"{inter.id}/") for file in files} <= set(inter.files)
    assert len(files) == len(re.findall("unicode-range:U", text)) == 5
    assert text.count("font-display:swap") == 5
    assert text.index("U+0400") < text.index("U+0000-00FF")


def test_every_font_has_a_latin_face_in_each_style():
    for family, library in FONTS.items():
        for style in library.font.styles:
            axis = "ital@1" if style == "italic" else "wght@400"
            assert faces("css2", f"family={family}:{axis}"), (family, style)


def test_a_family_that_is_not_here_is_said_and_the_others_are_given():
    sheet = read_sheet("css2", "family=Inter&family=Wingdings")
    assert lacking(sheet, FONTS) == ("Wingdings",)
    url = "https://fonts.googleapis.com/css2?family=Inter&family=Wingdings"
    resolved = Catalogue(libraries()).resolve(url)
    assert resolved.advisories == ("the font Wingdings is not here",)


@pytest.mark.parametrize(
    "query",
    [
        "family=Inter:wght@400;}body{background:url(https://out.example)}",
        "family=Inter:wght@1e9",
        "family=Inter&display=swap;}*{x:url(//out.example)}",
        "family=';}*{x:url(//out.example)}&family=Inter",
        "&".join(["family=Inter"] * 200),
    ],
)
def test_nothing_of_an_address_gets_into_the_sheet(query):
    sheet = read_sheet("css2", query)
    text = style_sheet(sheet, FONTS, "/") if sheet else ""
    assert "out.example" not in text
    assert text.count("{") == text.count("@font-face")
