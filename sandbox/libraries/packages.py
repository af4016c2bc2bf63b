"""A package that the manifest does not list, read from the npm registry as a library for tools.

The manifest's libraries were looked at by a person; these were asked for by one. So what is
taken is bounded, and nothing in a package runs here: its files are only ever served to tools.
Standard library only, as `fetch`.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile
import urllib.parse
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from sandbox.libraries.fetch import FetchError, MissingError, digest, download, read, registry
from sandbox.libraries.manifest import (
    Library,
    ManifestError,
    is_name,
    is_plain,
    numbers_of,
    read_library,
)
from sandbox.libraries.modules import bare_names, beside, names_beside, spelled
from sandbox.libraries.versions import in_order

MOST_ARCHIVE = 40_000_000
"""Bytes of a package's archive."""
MOST_KEPT = 80_000_000
"""Bytes of the files that are kept of it."""
MOST_UNPACKED = 250_000_000
MOST_FILES = 5_000
MOST_SCRIPTS = 500
LONGEST_PATH = 200
_MOST_LISTED = 30_000_000  # what the registry says of all versions of a package

_KEPT = frozenset(
    {".css", ".cjs", ".gif", ".jpeg", ".jpg", ".js", ".json", ".mjs", ".png", ".svg"}
    | {".ttf", ".wasm", ".webp", ".woff", ".woff2"}
)
_LICENCE = re.compile(r"(?:licen[cs]e|copying|notice|ofl)", re.IGNORECASE)
_NOT_KEPT = frozenset({"__tests__", "node_modules", "test", "tests", ".github"})
_MODULES = frozenset({".js", ".mjs"})
_EXPORTED = re.compile(r"\bexports\.([A-Za-z_$][\w$]*)\s*=(?!=)", re.ASCII)
_DEFINED = re.compile(r"defineProperty\(\s*exports\s*,\s*([\"'])([A-Za-z_$][\w$]*)\1", re.ASCII)
_STANDS_FOR = re.compile(r"\bmodule\.exports\s*=\s*require\(\s*([\"'])(\.{1,2}/[^\"']*)\1\s*\)")
_NO_NAMES = frozenset({"default", "__esModule"})
# Of a package's `exports`, those that hold in a browser that loads modules.
_CONDITIONS = ("browser", "import", "module", "default")


@dataclass(frozen=True, slots=True)
class Package:
    library: Library
    files: Mapping[str, bytes]


class DiffersError(FetchError):
    """The registry has another archive than the one that was pinned."""


def fetch_package(
    name: str, asked: str, environment: Mapping[str, str], pinned: str = ""
) -> Package:
    """Fetch the version asked for, else the newest of its major. Raises `FetchError`.

    The archive must be the one whose SHA-512 the registry states; from then on it is pinned. Where
    it is `pinned` already, none of another SHA-512 is fetched.
    """
    version, integrity = choose(name, asked, environment)
    if pinned and integrity != pinned:
        raise DiffersError(f"the npm registry has another archive of {name} {asked}".rstrip())
    archive = download(name, version, integrity, environment, most=MOST_ARCHIVE)
    return read_package(archive, name, version, integrity)


def choose(name: str, asked: str, environment: Mapping[str, str]) -> tuple[str, str]:
    """Return a version that the registry has, and its integrity. Raises `FetchError`."""
    if not is_name(name):
        raise MissingError(f"the npm registry has no {name}")
    base = registry(environment)
    url = f"{base}/{urllib.parse.quote(name, safe='@')}"
    told = read(url, most=_MOST_LISTED, accept="application/vnd.npm.install-v1+json")
    try:
        document = json.loads(told)
        versions = {
            version: str(facts["dist"].get("integrity", ""))
            for version, facts in document["versions"].items()
        }
        tagged = document.get("dist-tags", {}).items()
        tags = {tag: version for tag, version in tagged if isinstance(version, str)}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise FetchError(f"the npm registry gave no list of versions of {name}") from error
    wanted = tags.get(asked or "latest", asked)
    chosen = wanted if wanted in versions else _newest(name, wanted, versions)
    if chosen is None:
        raise MissingError(f"the npm registry has no {name} {asked}".rstrip())
    integrity = next(iter(versions[chosen].split()), "")
    if not integrity.startswith("sha512-") or not integrity.isascii():
        raise FetchError(f"the npm registry states no SHA-512 of {name} {chosen}")
    return chosen, integrity


def _newest(name: str, asked: str, versions: Mapping[str, str]) -> str | None:
    stable = [version for version in versions if "-" not in version and numbers_of(version)]
    plain = [Library(name, version, "", "", ()) for version in stable]
    found = in_order(plain, asked)
    return found[0].version if found else None


def read_package(archive: bytes, name: str, version: str, integrity: str) -> Package:
    """Read what is in an archive. Raises `FetchError` for what no tool could load."""
    files = _files(archive, f"{name} {version}")
    try:
        facts: Any = json.loads(files["package.json"])
    except (KeyError, ValueError, RecursionError) as error:
        raise FetchError(f"{name} {version} says nothing of itself (package.json)") from error
    if not isinstance(facts, dict):
        raise FetchError(f"{name} {version} says nothing of itself (package.json)")
    modules = dict(_modules(facts, files))
    main = _main(facts, files) or modules.get(".") or _path(facts.get("style"), files)
    scripts = [] if modules else _scripts(files)
    wrapped = {path: path for path in scripts}
    if main in wrapped:
        wrapped["."] = main
    names = _named(files, [*modules.values(), *scripts])
    exports = {path: _exported(path, files) for path in scripts}
    stated = {**_ranges(facts, "peerDependencies"), **_ranges(facts, "dependencies")}
    needs = {one: _major(stated[one]) for one in names if one in stated}
    found = Library(
        name=name,
        version=version,
        licence=_licence(facts),
        integrity=integrity,
        patterns=(),
        main=main,
        modules=modules,
        wrapped=wrapped,
        needs=needs,
        files=tuple(files),
        digest=digest(files),
        exports=exports,
    )
    try:
        return Package(read_written(written(found)), files)
    except ManifestError as error:
        raise FetchError(str(error)) from error


def written(library: Library) -> dict[str, Any]:
    """Write down a library that was added, as JSON can hold it: all of its files are its own."""
    table = {
        "name": library.name,
        "version": library.version,
        "licence": library.licence,
        "integrity": library.integrity,
        "files": list(library.files),
        "modules": library.modules,
        "wrapped": library.wrapped,
        "needs": library.needs,
        "cdnjs": list(library.cdnjs),
        **({"main": library.main} if library.main else {}),
    }
    contents = {
        "integrity": library.integrity,
        "files": library.files,
        "digest": library.digest,
        "exports": library.exports,
    }
    return {"table": table, "contents": contents}


def read_written(told: Mapping[str, Any]) -> Library:
    """Read what `written` wrote. Raises `ManifestError`, and what a wrong shape raises."""
    return replace(read_library(told["table"], told["contents"]), added=True)


class _Unpacked(io.RawIOBase):
    """What an archive unpacks to, read once from its start to its end, and no further than a bound.

    A header of an archive may claim any size, and is read before anybody can look at it.
    """

    def __init__(self, archive: bytes) -> None:
        self._unpacked = gzip.GzipFile(fileobj=io.BytesIO(archive))
        self._left = MOST_UNPACKED

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        read = self._unpacked.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(read)
        if self._left < 0:
            raise FetchError("it is too large when it is unpacked")
        return read


def _files(archive: bytes, what: str) -> dict[str, bytes]:
    try:
        with tarfile.open(fileobj=_Unpacked(archive), mode="r|") as tar:
            found = _kept(tar)
    except FetchError as error:
        raise FetchError(f"{what} cannot be taken: {error}") from error
    except (tarfile.TarError, EOFError, OSError, ValueError, zlib.error) as error:
        raise FetchError(f"the archive of {what} cannot be read") from error
    parents = {str(parent) for name in found for parent in PurePosixPath(name).parents}
    return {name: found[name] for name in sorted(found) if name not in parents}


def _kept(tar: tarfile.TarFile) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    kept = 0
    for member in tar:
        name = member.name.partition("/")[2]
        is_file = member.isreg() and not member.issparse() and member.size >= 0
        if not is_file or not _is_kept(name):
            continue
        kept += member.size
        if kept > MOST_KEPT or len(found) == MOST_FILES:
            raise FetchError(f"it is too large: {len(found)} files, {kept} bytes")
        content = tar.extractfile(member)
        found[name] = content.read() if content is not None else b""
    return found


def _is_kept(name: str) -> bool:
    path = PurePosixPath(name)
    wanted = path.suffix.lower() in _KEPT or _LICENCE.match(path.name) is not None
    is_safe = is_plain(name) and name.isprintable() and len(name) <= LONGEST_PATH
    return wanted and is_safe and path.name[0] != "." and _NOT_KEPT.isdisjoint(path.parts)


def _main(facts: Mapping[str, Any], files: Mapping[str, bytes]) -> str | None:
    """Return the file for scripts that an address without a path means, as CDNs choose it."""
    for key in ("jsdelivr", "unpkg", "browser", "main"):
        path = _path(facts.get(key), files)
        if path is not None:
            return path
    return _path("index.js", files)


def _path(value: object, files: Mapping[str, bytes]) -> str | None:
    if not isinstance(value, str):
        return None
    return spelled(value.removeprefix("./").strip("/"), files)


def _modules(facts: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    exports = facts.get("exports")
    is_paths = isinstance(exports, dict) and any(key.startswith(".") for key in exports)
    paths = exports if isinstance(exports, dict) and is_paths else {".": exports}
    all_modules = facts.get("type") == "module"
    for entry, value in paths.items():
        file, says_esm = _condition(value)
        path = _path(file, files)
        is_esm = path is not None and (all_modules or path.endswith(".mjs") or says_esm)
        if path is not None and is_esm and PurePosixPath(path).suffix in _MODULES:
            yield entry.removeprefix("./"), path
    if "." not in paths or _path(_condition(paths["."])[0], files) is None:
        path = _path(facts.get("module"), files)
        if path is None and all_modules:
            path = _path(facts.get("main"), files) or _path("index.js", files)
        if path is not None:
            yield ".", path


def _condition(value: object) -> tuple[object, bool]:
    """Return what conditions lead to, and whether one of them is met by modules alone."""
    says_esm = False
    while isinstance(value, dict):
        name = next((name for name in _CONDITIONS if name in value), None)
        says_esm = says_esm or name in ("import", "module")
        value = value[name] if name else None
    return value, says_esm


def _exported(path: str, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the names that a script gives, those of the one that it stands for among them."""
    names: set[str] = set()
    for text in _texts(files, [path], lambda text: [one[2] for one in _STANDS_FOR.finditer(text)]):
        names |= {found[1] for found in _EXPORTED.finditer(text)}
        names |= {found[2] for found in _DEFINED.finditer(text)}
    return tuple(sorted(names - _NO_NAMES))


def _scripts(files: Mapping[str, bytes]) -> list[str]:
    """Return what may be imported, though it is written as a script; what looks like one at all."""
    scripts = [path for path in files if PurePosixPath(path).suffix in (".js", ".cjs")]
    return scripts[:MOST_SCRIPTS]


def _named(files: Mapping[str, bytes], entries: Sequence[str]) -> list[str]:
    """Return what these files, and those that they load, import by name."""
    names: dict[str, None] = {}
    for text in _texts(files, entries, names_beside):
        names.update(dict.fromkeys(sorted(bare_names(text))))
    return list(names)


def _texts(
    files: Mapping[str, bytes], entries: Sequence[str], lead: Callable[[str], Iterable[str]]
) -> Iterator[str]:
    """Yield the texts of these files and of those that `lead` finds beside them, each once."""
    waiting, seen = list(entries), set(entries)
    while waiting:
        path = waiting.pop()
        text = files[path].decode("utf-8", "replace")
        yield text
        for one in lead(text):
            other = beside(path, one, files)
            if other is not None and other not in seen:
                seen.add(other)
                waiting.append(other)


def _ranges(facts: Mapping[str, Any], key: str) -> dict[str, str]:
    stated = facts.get(key)
    if not isinstance(stated, dict):
        return {}
    return {name: asked for name, asked in stated.items() if isinstance(asked, str)}


def _major(asked: str) -> str:
    """Return the newest major version in a range: of "^16.8 || ^18.0" 18, of ">=16" any."""
    if asked.startswith(">"):
        return ""
    majors = [numbers_of(part)[:1] for part in asked.split("||")]
    return str(max(majors)[0]) if majors and all(majors) else ""


def _licence(facts: Mapping[str, Any]) -> str:
    stated = facts.get("license")
    if isinstance(stated, dict):
        stated = stated.get("type")
    if isinstance(stated, str) and stated.strip() and stated.isprintable():
        return stated[:100]
    return "no licence stated"
