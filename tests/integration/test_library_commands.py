"""`sandwright libraries`: list, verify, add."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace

import pytest

from sandbox.libraries import added, fetch, manifest
from sandbox.libraries.manifest import libraries
from sandbox.libraries.resolve import Catalogue
from sandbox.libraries.shelf import Shelf
from sandbox.own_command import own_command
from server.cli import main
from server.licences import listed
from tests.archives import integrity, open_registry, tarball

SMALL = next(one for one in libraries() if one.name == "crelt")


@pytest.fixture
def vendored(tmp_path, monkeypatch):
    """A folder that holds one small library, whole."""
    if not fetch.is_fetched(SMALL, manifest.VENDORED):
        pytest.skip("the libraries are not here: make vendor")
    shutil.copytree(manifest.VENDORED / SMALL.id, tmp_path / SMALL.id)
    monkeypatch.setattr(manifest, "VENDORED", tmp_path)
    monkeypatch.setenv("SANDWRIGHT_DATA_DIR", str(tmp_path / "data"))
    for function in (fetch.stored, fetch.missing, fetch.fetch, fetch.remove):
        monkeypatch.setattr(function, "__defaults__", (tmp_path,))
    shelf = Shelf(Catalogue(libraries()), tmp_path)
    monkeypatch.setattr("server.licences.shipped_shelf", lambda: shelf)
    return tmp_path / SMALL.id


def lines(capsys) -> list[SimpleNamespace]:
    return [SimpleNamespace(**json.loads(line)) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.usefixtures("vendored")
def test_list_says_of_each_library_its_licence_and_whether_it_is_here(capsys):
    assert main(["libraries", "list", "--json"]) == 0
    said = lines(capsys)
    assert len(said) == len(libraries())
    assert [one.name for one in said if one.here] == ["crelt"]
    assert all(one.licence for one in said)


@pytest.mark.usefixtures("vendored")
def test_the_page_of_licences_lists_those_that_are_here():
    named = {one.name for one in listed() if not one.name.endswith("(these pages)")}
    assert named == {"crelt"}


def test_verify_finds_a_file_that_was_changed_added_or_lost(vendored, capsys):
    assert main(["libraries", "verify"]) == 0
    assert "1 libraries checked, 0 wrong." in capsys.readouterr().out
    script = vendored / "index.js"
    good = script.read_bytes()
    script.write_bytes(good + b"// more\n")
    assert main(["libraries", "verify"]) == 1
    assert "crelt 1." in capsys.readouterr().out
    script.unlink()
    assert main(["libraries", "verify"]) == 1
    script.write_bytes(good)
    (vendored / "more.js").write_text("more")
    assert main(["libraries", "verify"]) == 1
    (vendored / "more.js").unlink()
    assert main(["libraries", "verify"]) == 0


def test_a_library_is_removed_by_its_name_alone(vendored, capsys):
    assert main(["libraries", "remove", "left-pad"]) == 2
    assert "Not listed: left-pad." in capsys.readouterr().err
    assert main(["libraries", "remove", "d3"]) == 0
    assert "Removed: none was here." in capsys.readouterr().out
    assert vendored.is_dir()
    assert main(["libraries", "remove", SMALL.id]) == 0
    said = capsys.readouterr().out
    assert f"Removed: {SMALL.id}." in said
    assert "add` brings it back" in said
    assert not vendored.exists()
    assert main(["libraries", "verify"]) == 0
    assert "0 libraries checked" in capsys.readouterr().out


@pytest.fixture
def two_listed(registry, tmp_path, monkeypatch):
    """A manifest of two libraries that a registry has, one of them optional; none is here."""
    tables, contents = [], {}
    for name, more in (
        ("round", ""),
        ("square", 'optional = true\nneeds = { round = "1" }\n'),
    ):
        files = {"LICENSE": b"Free.\n", f"{name}.js": name.encode()}
        archive = tarball(files)
        registry(archive, name)
        facts = {"name": name, "version": "1.2.3", "licence": "MIT"}
        facts["integrity"] = integrity(archive)
        lines = [f'{key} = "{value}"\n' for key, value in facts.items()]
        tables.append(f'[[library]]\n{"".join(lines)}files = ["LICENSE", "*.js"]\n{more}')
        contents[f"{name}@1.2.3"] = {
            "integrity": facts["integrity"],
            "files": list(files),
            "digest": fetch.digest(files),
        }
    listing, known, place = (tmp_path / name for name in ("m.toml", "c.json", "kept"))
    listing.write_text("".join(tables))
    known.write_text(json.dumps(contents))
    for name, path in (("MANIFEST", listing), ("CONTENTS", known), ("VENDORED", place)):
        monkeypatch.setattr(manifest, name, path)
    for function in (fetch.stored, fetch.missing, fetch.fetch, fetch.remove):
        monkeypatch.setattr(function, "__defaults__", (place,))
    for name, value in registry.environment.items():
        monkeypatch.setenv(name, value)
    libraries.cache_clear()
    yield place
    libraries.cache_clear()


def test_what_is_missing_is_added_and_the_optional_ones_when_asked_for(two_listed, capsys):
    for words, fetched in (
        (["add"], "round@1.2.3"),
        (["add"], "all were there"),
        (["add", "--optional"], "square@1.2.3"),
        (["add", "square"], "all were there"),
    ):
        assert main(["libraries", *words]) == 0
        assert capsys.readouterr().out == f"Fetched: {fetched}.\n"
    assert (two_listed / "square@1.2.3/square.js").read_bytes() == b"square"
    (two_listed / "round@1.2.3/round.js").write_text("changed")
    assert main(["libraries", "verify"]) == 1
    assert main(["libraries", "add", "round"]) == 0
    assert main(["libraries", "verify"]) == 0


@pytest.mark.usefixtures("two_listed")
def test_what_a_library_needs_is_added_with_it(capsys):
    assert main(["libraries", "add", "square"]) == 0
    said = capsys.readouterr().out.removeprefix("Fetched: ").removesuffix(".\n")
    assert set(said.split(", ")) == {"square@1.2.3", "round@1.2.3"}


@pytest.mark.usefixtures("two_listed")
def test_doctor_names_what_is_missing_save_the_optional_ones(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("SANDWRIGHT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SANDWRIGHT_BROWSER", "none")

    def told() -> dict[str, object]:
        main(["doctor", "--json"])
        checks = json.loads(capsys.readouterr().out)["checks"]
        return next(check for check in checks if check["name"] == "Libraries")

    assert told() == {
        "name": "Libraries",
        "works": False,
        "detail": "not here: round@1.2.3",
        "advice": f"Run '{own_command('libraries add')}'.",
    }
    main(["libraries", "add"])
    capsys.readouterr()
    assert told() == {
        "name": "Libraries",
        "works": True,
        "detail": "1 of 2, for tools",
        "advice": None,
    }


@pytest.mark.usefixtures("vendored")
def test_any_package_is_added_listed_checked_and_removed(tmp_path, capsys, monkeypatch):
    with open_registry() as registry:
        for name, value in registry.environment.items():
            monkeypatch.setenv(name, value)
        registry.put("round-thing", "1.2.3", {"index.js": b"var round = 1;", "LICENSE": b"Free."})
        assert main(["libraries", "add", "never-heard-of"]) == 2
        assert "the npm registry has no never-heard-of" in capsys.readouterr().err
        assert main(["libraries", "add", "round-thing@1"]) == 0
        assert "Added: round-thing@1.2.3." in capsys.readouterr().out
        registry.put("flat-thing", "2.0.0", {"index.js": b"var flat = 1;"})
        modules = {"type": "module", "dependencies": {"flat-thing": "2"}}
        files = {"dist/m.js": b"import 'flat-thing';", "LICENSE": b"Free."}
        for name, entry in (("esm-thing", "."), ("parts-thing", "./part")):
            registry.put(name, "1.0.0", files, {**modules, "exports": {entry: "./dist/m.js"}})
        assert main(["libraries", "add", "parts-thing"]) == 2
        assert "parts-thing 1.0.0 of the npm registry has no file that" in capsys.readouterr().err
        with monkeypatch.context() as patch:
            patch.setattr(added, "MOST_TOGETHER", 20)
            assert main(["libraries", "add", "esm-thing"]) == 2
        assert "esm-thing and what it imports are too large together" in capsys.readouterr().err
        assert main(["libraries", "add", "esm-thing"]) == 0
        assert "Added: esm-thing@1.0.0, flat-thing@2.0.0." in capsys.readouterr().out
    assert main(["libraries", "list"]) == 0
    assert "round-thing 1.2.3  MIT  added" in capsys.readouterr().out
    file = tmp_path / "data/libraries/round-thing@1.2.3/index.js"
    assert main(["libraries", "verify"]) == 0
    file.write_text("changed")
    assert main(["libraries", "verify"]) == 1
    assert main(["libraries", "remove", "round-thing"]) == 0
    assert not file.exists()
    capsys.readouterr()
    assert main(["libraries", "list"]) == 0
    assert "round-thing" not in capsys.readouterr().out


def test_what_a_registry_says_gives_a_terminal_no_orders(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("SANDWRIGHT_DATA_DIR", str(tmp_path))
    with open_registry() as registry:
        for name, value in registry.environment.items():
            monkeypatch.setenv(name, value)
        registry.refuses = "not\x1b]0;owned\x07 now"
        assert main(["libraries", "add", "never-heard-of"]) == 2
    said = capsys.readouterr().err.strip()
    assert said.isprintable()
    assert "x1b]0;owned" in said


def test_without_a_registry_adding_says_so_in_one_line(vendored, capsys, monkeypatch):
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    (vendored / "index.js").write_text("changed")
    assert main(["libraries", "add", "crelt"]) == 2
    said = capsys.readouterr().err
    assert "could not be fetched" in said
    assert said.count("\n") == 1
