"""`sandwright libraries`: list, verify, add."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace

import pytest

from sandbox.libraries import fetch, manifest
from sandbox.libraries.manifest import libraries
from server.cli import main
from server.licences import listed

SMALL = next(one for one in libraries() if one.name == "crelt")


@pytest.fixture
def vendored(tmp_path, monkeypatch):
    """A folder that holds one small library, whole."""
    if not fetch.is_fetched(SMALL, manifest.VENDORED):
        pytest.skip("the libraries are not here: make vendor")
    shutil.copytree(manifest.VENDORED / SMALL.id, tmp_path / SMALL.id)
    monkeypatch.setattr(manifest, "VENDORED", tmp_path)
    for function in (fetch.stored, fetch.missing, fetch.fetch, fetch.remove):
        monkeypatch.setattr(function, "__defaults__", (tmp_path,))
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


@pytest.mark.usefixtures("vendored")
def test_a_library_that_is_not_listed_cannot_be_added(capsys):
    assert main(["libraries", "add", "left-pad"]) == 2
    assert "Not listed: left-pad." in capsys.readouterr().err


def test_without_a_registry_adding_says_so_in_one_line(vendored, capsys, monkeypatch):
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    (vendored / "index.js").write_text("changed")
    assert main(["libraries", "add", "crelt"]) == 2
    said = capsys.readouterr().err
    assert "could not be fetched" in said
    assert said.count("\n") == 1
