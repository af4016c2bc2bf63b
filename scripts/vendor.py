"""Fetch the front-end files that `sandbox/libraries/manifest.toml` lists.

Standard library only: it runs before anything is installed, and inside a wheel build.
The registry is `npm_config_registry` (or `NPM_CONFIG_REGISTRY`), by default the public one.
Nothing is written before the archive's SHA-512 agrees with the manifest.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import os
import sys
import tarfile
import tomllib
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = ROOT / "sandbox" / "libraries" / "manifest.toml"
TARGET = ROOT / "frontend" / "static" / "vendor"
REGISTRY = "https://registry.npmjs.org"
ATTEMPTS = 2
TIMEOUT = 30  # seconds without a byte
RECORD = ".fetched.json"  # what a folder holds, written last: a cut-off run is no success


class VendorError(Exception):
    """A listed file could not be had; the message is one line for a person."""


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


def tarball_url(package: Package) -> str:
    # npm reads its variables in either case, the lower one by its own documentation.
    names = ("npm_config_registry", "NPM_CONFIG_REGISTRY")
    registry = next((os.environ[name] for name in names if os.environ.get(name)), None)
    base = (registry or REGISTRY).rstrip("/")
    plain_name = package.name.rpartition("/")[2]
    return f"{base}/{package.name}/-/{plain_name}-{package.version}.tgz"


def _download(package: Package) -> bytes:
    url = tarball_url(package)
    if not url.startswith(("https://", "http://")):
        raise VendorError(f"the npm registry must be an http(s) address, not {_shown(url)}")
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT) as response:  # noqa: S310 - checked
                archive: bytes = response.read()
            break
        except OSError as error:
            if attempt == ATTEMPTS:
                raise VendorError(f"{_shown(url)} could not be fetched: {error}") from error
    algorithm, _, expected = package.integrity.partition("-")
    actual = base64.b64encode(hashlib.sha512(archive).digest()).decode("ascii")
    if algorithm != "sha512" or not hmac.compare_digest(actual, expected):
        raise VendorError(f"{package.name} {package.version} is not the archive that was listed")
    return archive


def _shown(url: str) -> str:
    """Leave out a password that a registry address may hold."""
    parts = urllib.parse.urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


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


def main() -> int:
    try:
        fetched = fetch_missing()
    except VendorError as error:
        print(f"Front-end files: {error}", file=sys.stderr)
        return 1
    print(f"Front-end files: {', '.join(fetched) or 'all there'}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
