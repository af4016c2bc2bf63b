"""Vendoring: what the manifest lists is fetched from the registry, checked, and recorded."""

from __future__ import annotations

import http.server
import importlib.util
import sys
import threading
from functools import partial
from pathlib import Path

import pytest

from tests.archives import integrity, tarball

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def vendor():
    spec = importlib.util.spec_from_file_location("vendor", ROOT / "scripts" / "vendor.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["vendor"] = module
    spec.loader.exec_module(module)
    return module


ARCHIVE = tarball({"LICENSE": b"Free.\n", "files/round.woff2": b"glyphs"})


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_args):
        pass


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """A real server in the shape of the npm registry, holding one package."""
    folder = tmp_path / "registry" / "@type" / "round" / "-"
    folder.mkdir(parents=True)
    (folder / "round-1.2.3.tgz").write_bytes(ARCHIVE)
    handler = partial(_Quiet, directory=str(tmp_path / "registry"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield server
        server.shutdown()


@pytest.fixture
def manifest(tmp_path, vendor, monkeypatch):
    def write(*, archive: bytes = ARCHIVE, file: str = "files/round.woff2") -> None:
        path = tmp_path / "manifest.toml"
        path.write_text(
            '[[package]]\nname = "@type/round"\nversion = "1.2.3"\nlicence = "OFL-1.1"\n'
            f'integrity = "{integrity(archive)}"\n'
            f'directory = "round"\nfiles = ["LICENSE", "{file}"]\n'
        )
        monkeypatch.setattr(vendor.read_manifest, "__defaults__", (path,))

    return write


@pytest.mark.usefixtures("registry")
def test_listed_files_are_fetched_once(vendor, manifest, tmp_path):
    manifest()
    target = tmp_path / "vendor"
    assert vendor.fetch_missing(target) == ["@type/round 1.2.3"]
    assert (target / "round" / "round.woff2").read_bytes() == b"glyphs"
    assert (target / "round" / "LICENSE").read_bytes() == b"Free.\n"
    assert vendor.fetch_missing(target) == []


@pytest.mark.usefixtures("registry")
def test_an_archive_that_is_not_the_listed_one_is_refused_and_leaves_nothing(
    vendor, manifest, tmp_path
):
    manifest(archive=tarball({"LICENSE": b"Other.\n"}))
    target = tmp_path / "vendor"
    with pytest.raises(vendor.VendorError, match=r"@type/round 1\.2\.3 is not the archive"):
        vendor.fetch_missing(target)
    assert not (target / "round").exists()


@pytest.mark.usefixtures("registry")
def test_a_listed_file_that_the_package_lacks_is_named(vendor, manifest, tmp_path):
    manifest(file="files/square.woff2")
    target = tmp_path / "vendor"
    with pytest.raises(vendor.VendorError, match=r"no file files/square\.woff2"):
        vendor.fetch_missing(target)
    assert len(vendor.missing(vendor.read_manifest(), target)) == 1


@pytest.mark.usefixtures("registry")
def test_a_file_that_got_lost_is_fetched_again(vendor, manifest, tmp_path):
    manifest()
    target = tmp_path / "vendor"
    vendor.fetch_missing(target)
    (target / "round" / "round.woff2").unlink()
    assert vendor.fetch_missing(target) == ["@type/round 1.2.3"]


def test_a_registry_that_is_away_is_one_line_without_its_password(
    vendor, manifest, tmp_path, monkeypatch
):
    manifest()
    monkeypatch.setenv("npm_config_registry", "http://ada:hunter2@127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(vendor.VendorError) as caught:
        vendor.fetch_missing(tmp_path / "vendor")
    assert "could not be fetched" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_every_vendored_package_says_its_licence_and_carries_its_text(vendor):
    for package in vendor.read_manifest():
        assert package.licence in {"OFL-1.1", "ISC", "MIT", "BSD-3-Clause", "Apache-2.0"}
        assert any("LICEN" in name.upper() for name in package.files)


def test_no_two_files_of_a_package_land_on_one_name(vendor):
    for package in vendor.read_manifest():
        names = [Path(name).name for name in package.files]
        assert len(names) == len(set(names))
