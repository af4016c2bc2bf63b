"""Fetching libraries: from a real registry on this machine, checked, each whole or not at all."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace

import pytest

from sandbox.libraries import fetch
from sandbox.libraries.manifest import Library
from tests.archives import integrity, tarball

FILES = {
    "LICENSE": b"Free.\n",
    "dist/round.js": b"var round = 1;\n",
    "dist/deep/flat.js": b"var flat = 2;\n",
    "src/round.js": b"not taken\n",
}


def library(archive: bytes, *patterns: str, name: str = "@type/round") -> Library:
    files = patterns or ("LICENSE", "dist/*.js")
    return Library(name, "1.2.3", "MIT", integrity(archive), files)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def test_named_files_alone_are_taken_with_their_folders_and_fetched_once(registry, tmp_path):
    archive = tarball(FILES, folder="round-1.2.3")
    registry(archive)
    wanted = library(archive)
    assert fetch.fetch([wanted], registry.environment, tmp_path / "v") == [wanted]
    held = fetch.stored(wanted, tmp_path / "v")
    assert held == {"LICENSE": FILES["LICENSE"], "dist/round.js": FILES["dist/round.js"]}
    assert (tmp_path / "v/@type/round@1.2.3/dist/round.js").is_file()
    assert fetch.fetch([wanted], registry.environment, tmp_path / "v") == []
    assert len(registry.asked) == 1


@pytest.mark.parametrize(
    ("pattern", "taken"),
    [
        ("dist/*.js", {"dist/round.js"}),
        ("dist/**/*.js", {"dist/round.js", "dist/deep/flat.js"}),
        ("**/*.js", {"dist/round.js", "dist/deep/flat.js", "src/round.js"}),
        ("[A-Z]ICENSE", {"LICENSE"}),
    ],
)
def test_a_pattern_keeps_to_its_folder_unless_it_says_otherwise(pattern, taken):
    archive = tarball(FILES)
    assert set(fetch.unpack(archive, library(archive, pattern))) == taken


def test_an_archive_that_is_not_the_listed_one_is_refused_and_leaves_nothing(registry, tmp_path):
    registry(tarball({"LICENSE": b"Other.\n"}))
    wanted = library(tarball(FILES))
    with pytest.raises(fetch.FetchError, match=r"@type/round 1\.2\.3 is not the archive"):
        fetch.fetch([wanted], registry.environment, tmp_path / "v")
    assert not (tmp_path / "v").exists()
    assert fetch.missing([wanted], tmp_path / "v") == [wanted]


def test_files_that_are_not_the_listed_ones_are_refused(registry, tmp_path):
    archive = tarball(FILES)
    registry(archive)
    wanted = replace(library(archive), digest=fetch.digest({"LICENSE": b"Other.\n"}))
    with pytest.raises(fetch.FetchError, match="are not those listed"):
        fetch.fetch([wanted], registry.environment, tmp_path / "v")
    assert not (tmp_path / "v").exists()


def test_a_file_that_the_package_lacks_is_named(registry, tmp_path):
    archive = tarball(FILES)
    registry(archive)
    wanted = library(archive, "LICENSE", "dist/square.js")
    with pytest.raises(fetch.FetchError, match=r"no file dist/square\.js"):
        fetch.fetch([wanted], registry.environment, tmp_path / "v")


def test_what_was_fetched_before_a_failure_is_kept_and_not_fetched_again(registry, tmp_path):
    archive = tarball(FILES)
    registry(archive, "here")
    here, away = library(archive, name="here"), library(archive, name="away")
    with pytest.raises(fetch.FetchError, match="away"):
        fetch.fetch([here, away], registry.environment, tmp_path / "v")
    assert fetch.missing([here, away], tmp_path / "v") == [away]
    registry(archive, "away")
    assert fetch.fetch([here, away], registry.environment, tmp_path / "v") == [away]
    assert [path for path in registry.asked if path.startswith("/here/")] == [
        "/here/-/here-1.2.3.tgz"
    ]


def test_a_new_listing_takes_the_place_of_the_old_one_whole(registry, tmp_path):
    archive = tarball(FILES)
    registry(archive)
    fetch.fetch([library(archive)], registry.environment, tmp_path / "v")
    newer = tarball({"LICENSE": b"Freer.\n", "dist/new.js": b"new\n"})
    registry(newer)
    wanted = library(newer)
    fetch.fetch([wanted], registry.environment, tmp_path / "v")
    assert set(fetch.stored(wanted, tmp_path / "v")) == {"LICENSE", "dist/new.js"}
    assert {path.name for path in (tmp_path / "v").iterdir()} == {"@type"}


def test_an_archive_cannot_write_outside_its_folder(registry, tmp_path):
    archive = tarball({**FILES, "dist/../../../evil.js": b"out\n"})
    registry(archive)
    wanted = library(archive, "LICENSE", "**/*.js")
    fetch.fetch([wanted], registry.environment, tmp_path / "v")
    assert not list(tmp_path.rglob("evil.js"))


def test_a_link_in_an_archive_is_not_followed():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as made:
        entry = tarfile.TarInfo("package/LICENSE")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        made.addfile(entry)
    archive = buffer.getvalue()
    with pytest.raises(fetch.FetchError, match="no file LICENSE"):
        fetch.unpack(archive, library(archive, "LICENSE"))


def test_a_registry_that_is_away_is_one_line_without_its_password(tmp_path):
    environment = {"NPM_CONFIG_REGISTRY": "http://ada:hunter2@127.0.0.1:9"}
    with pytest.raises(fetch.FetchError) as caught:
        fetch.fetch([library(tarball(FILES))], environment, tmp_path / "v")
    assert "could not be fetched" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_registry_is_a_web_address(tmp_path):
    for odd in (f"file://{tmp_path}", "ftp://127.0.0.1:9", "data:,", str(tmp_path)):
        with pytest.raises(fetch.FetchError, match=r"must be an http\(s\) address"):
            fetch.archive_url("round", "1.0.0", {"npm_config_registry": odd})
