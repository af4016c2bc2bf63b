"""A package of npm, read as a library: what is taken of it, and what it may not do."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from typing import Any

import pytest

from sandbox.libraries import packages
from sandbox.libraries.addresses import Asked
from sandbox.libraries.fetch import FetchError
from sandbox.libraries.manifest import Library
from sandbox.libraries.modules import bare_names, module_text, names_beside
from sandbox.libraries.packages import Package, read_package
from sandbox.libraries.resolve import Catalogue
from tests.archives import integrity, tarball


def package(files: dict[str, bytes], **facts: Any) -> Package:
    stated = json.dumps({"license": "MIT", **facts}).encode()
    return taken(tarball({"package.json": stated, **files}))


def taken(archive: bytes) -> Package:
    return read_package(archive, "round-thing", "1.0.4", integrity(archive))


def library(files: dict[str, bytes], **facts: Any) -> Library:
    return package(files, **facts).library


def test_only_what_tools_load_is_kept() -> None:
    files = ["LICENSE", "dist/x.js", "x.css", "x.woff2", "x.svg"]
    others = ["x.ts", "x.map", "x.exe", "test/x.js", "node_modules/a/x.js", ".x.js", "a/../x.js"]
    others += ["C:/x.js", "a\\b.js", "b\u202e.js", "/".join("a" * 200) + ".js"]
    found = package(dict.fromkeys(files + others, b""))
    assert sorted(found.files) == sorted([*files, "package.json"])
    assert set(found.library.files) == set(found.files)
    assert found.library.added


def test_a_file_that_another_has_for_a_folder_is_left_out() -> None:
    assert sorted(package({"a.js": b"1", "a.js/b.js": b"2"}).files) == ["a.js/b.js", "package.json"]


@pytest.mark.parametrize(
    ("facts", "main"),
    [
        ({"main": "./lib/x"}, "lib/x.js"),
        ({"main": "lib/x.js", "unpkg": "dist/x.min.js"}, "dist/x.min.js"),
        ({"jsdelivr": "dist/x.min.js", "unpkg": "lib/x.js"}, "dist/x.min.js"),
        ({"browser": {"./a": "./b"}, "main": "dist"}, "dist/index.js"),
        ({"main": "gone.js"}, "index.js"),
        ({"main": 7}, "index.js"),
    ],
)
def test_an_address_without_a_path_means_what_cdns_make_of_it(
    facts: dict[str, Any], main: str
) -> None:
    names = ["index.js", "lib/x.js", "dist/x.min.js", "dist/index.js"]
    assert library(dict.fromkeys(names, b""), **facts).main == main


@pytest.mark.parametrize(
    ("facts", "modules"),
    [
        ({"module": "./m.js"}, {".": "m.js"}),
        ({"type": "module", "main": "m.js"}, {".": "m.js"}),
        ({"exports": "./m.mjs"}, {".": "m.mjs"}),
        ({"exports": {"import": "./m.js", "require": "./c.js"}}, {".": "m.js"}),
        (
            {"exports": {".": {"browser": {"import": "./m.js"}}, "./part": {"import": "./m.mjs"}}},
            {".": "m.js", "part": "m.mjs"},
        ),
        ({"exports": {".": "./c.js", "./gone": "./gone.mjs"}, "module": "m.js"}, {}),
        ({"exports": {".": [1, 2], "./*": "./*.mjs"}}, {}),
    ],
)
def test_its_modules_are_those_of_a_browser(facts: dict[str, Any], modules: Any) -> None:
    found = library(dict.fromkeys(["m.js", "m.mjs", "c.js"], b""), **facts)
    assert dict(found.modules) == modules


def test_one_of_modules_alone_has_a_file_for_an_address_without_a_path() -> None:
    files = dict.fromkeys(["dist/m.js", "x.css"], b"")
    found = library(files, type="module", exports={".": {"import": "./dist/m.js"}}, style="x.css")
    assert found.main == "dist/m.js"
    for module in (False, True):
        given = Catalogue([found]).find(Asked("round-thing", module=module))
        assert given is not None
        assert given.path == "dist/m.js"
    assert library(files, style="x.css").main == "x.css"


def test_a_script_becomes_a_module_with_the_names_that_it_gives() -> None:
    found = library(
        {
            "index.js": b'module.exports = require("./cjs/a.js");',
            "cjs/a.js": b'exports.round = 1; Object.defineProperty(exports, "flat", {get(){}});',
        }
    )
    assert found.exports["index.js"] == ("flat", "round")
    text = module_text(Catalogue([found]), found, "index.js", "require('./cjs/a')")
    assert 'import * as required0 from "./cjs/a.js";' in text


def test_it_needs_what_it_imports_and_states_in_the_newest_major_of_its_range() -> None:
    stated = {"react": "^16.8 || ^18.0.0", "flat": ">=2", "@a/b": "~1.2", "unused": "1"}
    source = b"import 'react'; import('flat/part'); export * from \"@a/b\"; import 'unstated';"
    found = library({"m.mjs": source}, module="m.mjs", peerDependencies=stated)
    assert dict(found.needs) == {"react": "18", "flat": "", "@a/b": "1"}


@pytest.mark.parametrize("licence", ["\ud800", "\x1b[31m", "", 7, {"type": ["MIT"]}])
def test_a_licence_that_is_no_words_is_none(licence: object) -> None:
    assert library({}, license=licence).licence == "no licence stated"


def test_a_licence_is_cut_to_a_length() -> None:
    assert library({}, license="MIT " * 100).licence == ("MIT " * 100)[:100]


def test_so_many_scripts_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "MOST_SCRIPTS", 2)
    assert list(library({f"{n}.js": b"" for n in range(5)}).exports) == ["0.js", "1.js"]


def test_what_a_package_says_is_read_as_strictly_as_a_listing() -> None:
    archive = tarball({"package.json": b"{}"})
    with pytest.raises(FetchError):
        read_package(archive, "round-thing", "1.0.4/../..", integrity(archive))


def test_what_is_no_file_is_left_out() -> None:
    """A link in an archive could lead to another of its members, or to none."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, kind in (("link.js", tarfile.LNKTYPE), ("soft.js", tarfile.SYMTYPE)):
            entry = tarfile.TarInfo(f"package/{name}")
            entry.type, entry.linkname = kind, "package/package.json"
            archive.addfile(entry)
        entry = tarfile.TarInfo("package/package.json")
        entry.size = 2
        archive.addfile(entry, io.BytesIO(b"{}"))
    assert list(taken(buffer.getvalue()).files) == ["package.json"]


@pytest.mark.parametrize("said", [b"", b"[]", b"[" * 100_000, b"\xff", b"null"])
def test_one_that_says_nothing_of_itself_is_refused(said: bytes) -> None:
    with pytest.raises(FetchError, match="says nothing of itself"):
        taken(tarball({"package.json": said}))


def claiming(size: int, **pax: str) -> bytes:
    """An archive with one header, and nothing of what that claims to be there."""
    entry = tarfile.TarInfo("package/x.js")
    entry.size = size
    entry.pax_headers = pax
    return gzip.compress(entry.tobuf(tarfile.PAX_FORMAT))


@pytest.mark.parametrize(
    "archive",
    [
        b"",
        b"no archive",
        gzip.compress(b"\0" * 5_000_000)[:-20],
        claiming(10**11),
        claiming(10, **{"GNU.sparse.realsize": "-1000000000", "GNU.sparse.major": "1"}),
        claiming(10, **{"GNU.sparse.realsize": "abc", "GNU.sparse.map": "0,1"}),
    ],
    ids=["empty", "none", "cut", "claims much", "claims less than nothing", "claims letters"],
)
def test_an_archive_that_lies_is_refused(archive: bytes) -> None:
    with pytest.raises(FetchError):
        taken(archive)


def test_a_header_that_unpacks_to_more_than_all_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "MOST_UNPACKED", 1_000_000)
    entry = tarfile.TarInfo("package/x")
    entry.type = tarfile.XHDTYPE
    entry.size = (1 << 33) - 1
    bomb = io.BytesIO(entry.tobuf(tarfile.USTAR_FORMAT) + b"\0" * 2_000_000)
    with pytest.raises(FetchError, match="too large when it is unpacked"):
        taken(gzip.compress(bomb.getvalue()))


def test_too_much_of_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "MOST_KEPT", 1_000)
    with pytest.raises(FetchError, match="too large"):
        package({"x.js": b"a" * 2_000})
    monkeypatch.setattr(packages, "MOST_FILES", 3)
    with pytest.raises(FetchError, match="too large"):
        package({f"{n}.js": b"" for n in range(5)})


def test_a_size_below_nothing_makes_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "MOST_KEPT", 1_000)
    entry = tarfile.TarInfo("package/x.js")
    entry.pax_headers = {"GNU.sparse.realsize": "-1500"}
    much = gzip.decompress(tarball({"package.json": b"{}", "y.js": b"a" * 2_000}))
    with pytest.raises(FetchError, match="too large"):
        taken(gzip.compress(entry.tobuf(tarfile.PAX_FORMAT) + much))


def test_a_long_file_is_read_once() -> None:
    """With a pattern that went back for each letter this would take hours."""
    spaces = " " * 300_000
    source = f"import{spaces}import({spaces}from{spaces}"
    assert (bare_names(source), names_beside(source)) == (set(), set())


@pytest.mark.parametrize(
    ("source", "asks"),
    [
        ("if (process.env.NODE_ENV === 'x') f();", True),
        ("import process from 'process'; process.env.NODE_ENV;", False),
        ("let a = 1, process = {}; process.env.NODE_ENV;", False),
        ("typeof process != 'undefined' && process.env.NODE_ENV;", False),
    ],
)
def test_what_bundlers_put_in_is_there_unless_it_is_declared(source: str, *, asks: bool) -> None:
    found = library({"m.mjs": b""}, module="m.mjs")
    text = module_text(Catalogue([found]), found, "m.mjs", source)
    assert text.startswith("const process =") is asks
