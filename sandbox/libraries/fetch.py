"""Fetching from the npm registry: an archive is used only if its SHA-512 is the one listed.

The registry is `npm_config_registry` (or `NPM_CONFIG_REGISTRY`), by default the public one; the
caller hands the environment in. Standard library only: set-up runs this before anything is
installed, and so does a wheel build.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import io
import json
import re
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path

from sandbox.libraries.manifest import VENDORED, Library, is_plain

REGISTRY = "https://registry.npmjs.org"
ATTEMPTS = 2
TIMEOUT = 30  # seconds without a byte
AT_ONCE = 8
MOST_OF_ALL = 1_000_000_000
"""Bytes of any archive: its sum is looked at once all of it is here, and a registry may not end."""
RECORD = ".fetched.json"  # what a folder holds


class FetchError(Exception):
    """A listed file could not be had; the message is one line for a person."""


class MissingError(FetchError):
    """The registry has no such package, or it no such file."""


class NoRoomError(FetchError):
    """It could not be written."""


def is_fetched(library: Library, target: Path) -> bool:
    """Whether the folder is there and of this listing. Reads one small file, hashes nothing."""
    try:
        record = (target / library.id / RECORD).read_text(encoding="utf-8")
    except OSError:
        return False
    return record == _record(library)


def missing(listed: Iterable[Library], target: Path = VENDORED) -> list[Library]:
    return [library for library in listed if not is_fetched(library, target)]


def fetch(
    wanted: Iterable[Library], environment: Mapping[str, str], target: Path = VENDORED
) -> list[Library]:
    """Fetch libraries, each whole or not at all; return those that are there afterwards.

    What is there already is left alone, so that a cut-off run goes on where it was. Raises
    `FetchError` at the first that cannot be had, after the others under way are in their place.
    """
    done: list[Library] = []
    errors: list[FetchError] = []

    def one(library: Library) -> None:
        if errors:
            return
        try:
            archive = download(library.name, library.version, library.integrity, environment)
            put(library, unpack(archive, library), target)
        except FetchError as error:
            errors.append(error)
        else:
            done.append(library)

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        list(pool.map(one, missing(wanted, target)))
    if errors:
        raise errors[0]
    return done


def put(library: Library, files: Mapping[str, bytes], target: Path) -> None:
    """Write a library's files beside their place, then move them there at once."""
    folder = target / library.id
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target, prefix=".fetching-") as made:
        partial = Path(made) / "library"
        for name, content in files.items():
            path = partial / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        (partial / RECORD).write_text(_record(library), encoding="utf-8")
        if folder.exists():
            folder.rename(Path(made) / "former")
        partial.rename(folder)


def remove(library: Library, target: Path = VENDORED) -> None:
    """Take a library away. Raises `OSError` where its files cannot be."""
    if (target / library.id).exists():
        shutil.rmtree(target / library.id)


def _record(library: Library) -> str:
    return json.dumps({"integrity": library.integrity, "digest": library.digest})


def unpack(archive: bytes, library: Library) -> dict[str, bytes]:
    """Return the listed files of an archive. Raises `FetchError` for one that it has not."""
    patterns = {pattern: _matcher(pattern) for pattern in library.patterns}
    unused, found = set(patterns), {}
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        for member in tar:
            # Most packages are packed in a folder `package`, some in one of another name.
            name = member.name.partition("/")[2]
            hits = [pattern for pattern, matches in patterns.items() if matches(name)]
            content = tar.extractfile(member) if hits and member.isfile() else None
            if content is not None and is_plain(name):
                unused.difference_update(hits)
                found[name] = content.read()
    if unused:
        raise FetchError(f"{library.name} {library.version} has no file {min(unused)}")
    if library.digest and digest(found) != library.digest:
        raise FetchError(f"the files of {library.name} {library.version} are not those listed")
    return dict(sorted(found.items()))


def _matcher(pattern: str) -> Callable[[str], bool]:
    """`*` stays within a folder, `**/` is any number of folders, `[1-9]` is one of these."""
    signs = {"**/": "(?:[^/]+/)*", "*": "[^/]*"}
    parts = re.split(r"(\*\*/|\*|\[[0-9a-z-]+\])", pattern)
    compiled = re.compile("".join(signs.get(p, p if p[:1] == "[" else re.escape(p)) for p in parts))
    return lambda name: compiled.fullmatch(name) is not None


def digest(files: Mapping[str, bytes]) -> str:
    """Return one SHA-512 over the names and contents of files."""
    whole = hashlib.sha512()
    for name in sorted(files):
        whole.update(f"{hashlib.sha512(files[name]).hexdigest()}  {name}\n".encode())
    return f"sha512-{base64.b64encode(whole.digest()).decode('ascii')}"


def stored(library: Library, target: Path = VENDORED) -> dict[str, bytes]:
    """Return what lies in a library's folder, our own record left out."""
    folder = target / library.id
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != RECORD
    }


def registry(environment: Mapping[str, str]) -> str:
    """Return the registry's address. Raises `FetchError` for one that is not http(s)."""
    # npm reads its variables in either case, the lower one by its own documentation.
    names = ("npm_config_registry", "NPM_CONFIG_REGISTRY")
    chosen = next((environment[key] for key in names if environment.get(key)), REGISTRY)
    if not chosen.startswith(("https://", "http://")):
        raise FetchError(f"the npm registry must be an http(s) address, not {_shown(chosen)}")
    return chosen.rstrip("/")


def archive_url(name: str, version: str, environment: Mapping[str, str]) -> str:
    return f"{registry(environment)}/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"


def download(
    name: str,
    version: str,
    integrity: str,
    environment: Mapping[str, str],
    *,
    most: int | None = None,
) -> bytes:
    """Return a package's archive, checked, of at most so many bytes. Raises `FetchError`."""
    bound = MOST_OF_ALL if most is None else most
    archive = read(archive_url(name, version, environment), most=bound)
    actual = base64.b64encode(hashlib.sha512(archive).digest()).decode("ascii")
    if not hmac.compare_digest(f"sha512-{actual}", integrity):
        raise FetchError(f"{name} {version} is not the archive that was listed")
    return archive


def read(url: str, *, most: int | None = None, accept: str = "*/*") -> bytes:
    """Return what an address of the registry gives. Raises `FetchError`."""
    request = urllib.request.Request(url, headers={"Accept": accept})  # noqa: S310 - checked
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310
                body: bytes = response.read() if most is None else response.read(most + 1)
            break
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, urllib.error.HTTPError):
                error.close()
                if error.code == HTTPStatus.NOT_FOUND:
                    raise MissingError(f"{_shown(url)} is not there") from error
            if attempt == ATTEMPTS:
                raise FetchError(f"{_shown(url)} could not be fetched: {error}") from error
    if most is not None and len(body) > most:
        raise FetchError(f"{_shown(url)} is larger than {most // 1_000_000} MB")
    return body


def _shown(url: str) -> str:
    """Leave out a password that a registry address may hold."""
    parts = urllib.parse.urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
