"""Fetch what `sandbox/libraries/manifest.toml` lists: for our pages, and for tools.

    vendor.py                      what is not there yet
    vendor.py --optional           the optional libraries too
    vendor.py --refresh [NAME …]   write contents.json anew, after a change to the manifest

Standard library only: it runs before anything is installed, and inside a wheel build.
The registry is `npm_config_registry` (or `NPM_CONFIG_REGISTRY`), by default the public one.
Nothing is written before the archive's SHA-512 agrees with the manifest.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import tarfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # not installed yet

from sandbox.libraries import fetch, manifest  # noqa: E402

MANIFEST = manifest.MANIFEST
CONTENTS = manifest.CONTENTS
TARGET = ROOT / "frontend" / "static" / "vendor"
RECORD = fetch.RECORD  # written last: a cut-off run is no success

VendorError = fetch.FetchError


@dataclass(frozen=True, slots=True)
class Package:
    name: str
    version: str
    licence: str
    integrity: str
    directory: str
    files: tuple[str, ...]

    @property
    def record(self) -> str:
        return json.dumps({"integrity": self.integrity, "files": sorted(self.files)})


def read_manifest(path: Path = MANIFEST) -> list[Package]:
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["package"]
    return [Package(**{**entry, "files": tuple(entry["files"])}) for entry in entries]


def missing(packages: list[Package], target: Path = TARGET) -> list[Package]:
    """Return the packages whose files are not there as listed."""
    return [package for package in packages if not _is_fetched(package, target)]


def _is_fetched(package: Package, target: Path) -> bool:
    folder = target / package.directory
    record = folder / RECORD
    if not record.is_file() or record.read_text(encoding="utf-8") != package.record:
        return False
    return all((folder / Path(name).name).is_file() for name in package.files)


def fetch_missing(target: Path = TARGET) -> list[str]:
    """Fetch what is not there yet; return "name version" of each package fetched.

    Raises `VendorError` at the first package that cannot be had or is not what was listed.
    """
    wanted = missing(read_manifest(), target)
    with ThreadPoolExecutor(max_workers=4) as pool:
        for package, archive in zip(wanted, pool.map(_download, wanted), strict=True):
            _extract(package, archive, target)
    return [f"{package.name} {package.version}" for package in wanted]


def _download(package: Package) -> bytes:
    return fetch.download(package.name, package.version, package.integrity, os.environ)


def _extract(package: Package, archive: bytes, target: Path) -> None:
    folder = target / package.directory
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / RECORD
    record.unlink(missing_ok=True)
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        for name in package.files:
            try:
                member = tar.extractfile(f"package/{name}")
            except KeyError:
                member = None
            if member is None:
                raise VendorError(f"{package.name} {package.version} has no file {name}")
            (folder / Path(name).name).write_bytes(member.read())
    record.write_text(package.record, encoding="utf-8")


def fetch_libraries(*, optional: bool = False, target: Path = manifest.VENDORED) -> list[str]:
    """Fetch the libraries for tools that are not there yet; return the id of each one fetched."""
    wanted = [library for library in manifest.libraries() if optional or not library.optional]
    return [library.id for library in fetch.fetch(wanted, os.environ, target)]


def library_folders(target: Path = manifest.VENDORED) -> list[Path]:
    """Return where the libraries lie that everybody gets."""
    return [target / library.id for library in manifest.libraries() if not library.optional]


def refresh(names: list[str]) -> None:
    """Write what the manifest's patterns give, of the packages named or of all.

    What a wrapped script exports is kept.
    """
    listed = manifest.read_manifest(MANIFEST.read_text(encoding="utf-8"))
    known = {}
    if manifest.CONTENTS.is_file():
        known = json.loads(manifest.CONTENTS.read_text(encoding="utf-8"))
    anew = [one for one in listed if one.name in names or not names or one.id not in known]
    with ThreadPoolExecutor(max_workers=fetch.AT_ONCE) as pool:
        made = dict(zip([one.id for one in anew], pool.map(_contents, anew), strict=True))
    for name, entry in made.items():
        if known.get(name, {}).get("integrity") == entry["integrity"]:
            entry["exports"] = known[name].get("exports", {})
    contents = {one.id: made.get(one.id) or known[one.id] for one in listed}
    lines = (f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in contents.items())
    manifest.CONTENTS.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _contents(library: manifest.Library) -> dict[str, object]:
    archive = fetch.download(library.name, library.version, library.integrity, os.environ)
    files = fetch.unpack(archive, library)
    fetch.put(library, files, manifest.VENDORED)
    return {
        "integrity": library.integrity,
        "digest": fetch.digest(files),
        "files": list(files),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Fetch what the manifest lists.")
    parser.add_argument("--optional", action="store_true", help="the optional libraries too")
    parser.add_argument("--refresh", nargs="*", metavar="NAME", help="write contents.json anew")
    arguments = parser.parse_args()
    try:
        if arguments.refresh is not None:
            refresh(arguments.refresh)
        fetched = fetch_missing() + fetch_libraries(optional=arguments.optional)
    except VendorError as error:
        print(f"Front-end files: {error}", file=sys.stderr)
        return 1
    print(f"Front-end files: {', '.join(fetched) or 'all there'}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
