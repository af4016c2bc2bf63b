"""Addresses of public CDNs, read: which package, which version, which file.

Pure, and without a look at what we have. A form that is not known is `None`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote, urlsplit


class Names(StrEnum):
    """Where a package has its name."""

    NPM = "npm"
    CDNJS = "cdnjs"
    GITHUB = "gh"


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for. `module`: as an ES module whose imports have been resolved.

    `deps` are what it is to import: "react@19", or "react" where the page says by itself which.
    """

    name: str
    version: str = ""
    path: str = ""
    names: Names = Names.NPM
    module: bool = False
    deps: tuple[str, ...] = ()


# The package's name, a version, a path: "@scope/name@1.2.3/dist/x.js".
_SPEC = re.compile(
    r"(?P<name>(?:@[A-Za-z0-9._~-]+/)?[A-Za-z0-9._~-]+)(?:@(?P<version>[^/]*))?(?:/(?P<path>.*))?"
)
_GITHUB = re.compile(r"(?P<name>[\w.-]+/[\w.-]+?)(?:@(?P<version>[^/]*))?/(?P<path>.+)")
_CDNJS = re.compile(r"ajax/libs/(?P<name>[^/]+)/(?P<version>[^/]+)/(?P<path>.+)")
_REVISION = re.compile(r"r(\d+)")
_ESM_SH = re.compile(r"(?:(?:v\d+|stable|pin|-)/)*(?P<bare>\*?)(?P<rest>.*)")
_DEP = re.compile(r"(?P<name>[a-z0-9._~-]+)(?:@(?P<version>[^@]+))?")
# What a page must have once, whoever imports it.
_SHARED = ("react", "react-dom")
_ESM_SH_BUILD = re.compile(r"(?:X-[^/]+/)?(?:es\d{4}|esnext|deno|denonext)/")

_JQUERY = re.compile(r"jquery-(?P<version>\d+\.\d+\.\d+)(?P<kind>\.slim)?(?:\.min)?\.js")
_D3 = re.compile(r"(?P<name>d3|topojson)\.v(?P<version>\d+)(?:\.min)?\.js")
_PLOTLY = re.compile(r"plotly(?P<basic>-basic)?-(?P<version>\d+\.\d+\.\d+)(?:\.min)?\.js")
_SHEETJS = re.compile(r"xlsx-(?P<version>[^/]+)/package/(?P<path>.+)")
_FONT_AWESOME = re.compile(r"releases/v(?P<version>[^/]+)/(?P<path>.+)")
_BOOTSTRAP = re.compile(r"(?P<name>bootstrap|font-awesome)/(?P<version>[^/]+)/(?P<path>.+)")
_PYODIDE = re.compile(r"pyodide/v(?P<version>[^/]+)/(?:full|debug)/(?P<path>.+)")
_TESSERACT_DATA = re.compile(r"(?P<path>[\w.]+/(?P<language>\w+)\.traineddata(?:\.gz)?)")
_GOOGLE_NAMES = {"d3js": "d3", "threejs": "three"}


FONT_HOST = "fonts.googleapis.com"


def hosts() -> frozenset[str]:
    """Return the names of all servers whose addresses are read."""
    return frozenset(_HOSTS) | {FONT_HOST}


def read_address(url: str) -> tuple[Asked, ...] | None:
    """Read an address; `None` for a form that is not known. Several only where CDNs combine."""
    parts = split(url)
    if parts is None:
        return None
    host, path, query = parts
    reader = _HOSTS.get(host)
    return None if reader is None else reader(path, query)


def split(url: str) -> tuple[str, str, str] | None:
    """Return host, path without its first slash, and query; `None` for what is not http(s)."""
    try:
        parts = urlsplit(url.strip(), scheme="https")
        if parts.scheme not in {"http", "https"} or parts.port not in {None, 80, 443}:
            return None
    except ValueError:
        return None
    host = (parts.hostname or "").removesuffix(".")
    return host, unquote(parts.path).lstrip("/"), parts.query


def _one(asked: Asked | None) -> tuple[Asked, ...] | None:
    return None if asked is None else (asked,)


def _npm(spec: str, *, module: bool = False) -> Asked | None:
    found = _SPEC.fullmatch(spec)
    if found is None:
        return None
    path = (found["path"] or "").strip("/")
    return Asked(found["name"], found["version"] or "", path, module=module)


def _jsdelivr(path: str, query: str) -> tuple[Asked, ...] | None:
    kind, _, rest = path.partition("/")
    if kind == "combine":
        each = [_jsdelivr(part.lstrip("/"), query) for part in rest.split(",")]
        return tuple(one for found in each if found for one in found) if all(each) else None
    if kind == "npm":
        whole, plus, _ = rest.partition("/+esm")
        return _one(_npm(whole, module=bool(plus)))
    if kind == "gh":
        return _one(_matched(_GITHUB, rest.partition("/+esm")[0], Names.GITHUB))
    if kind == "pyodide":
        found = _PYODIDE.fullmatch(path)
        return _one(found and Asked("pyodide", found["version"], found["path"]))
    return None


def _unpkg(path: str, query: str) -> tuple[Asked, ...] | None:
    return _one(_npm(path, module="module" in query.split("&")))


def _esm_sh(path: str, query: str) -> tuple[Asked, ...] | None:
    found = _ESM_SH.fullmatch(path)
    rest = found["rest"] if found else path
    if rest.startswith(("gh/", "jsr/", "pr/")):
        return None
    asked = _npm(rest, module=True)
    if asked is None:
        return None
    version, _, options = asked.version.partition("&")  # "react-dom@18&dev"
    deps = _deps(f"{query}&{options}") + (_SHARED if found and found["bare"] else ())
    built = _ESM_SH_BUILD.match(asked.path)
    subpath = asked.path[built.end() :].removesuffix(".mjs") if built else asked.path
    if built and subpath == asked.name.rpartition("/")[2]:
        subpath = ""
    return (Asked(asked.name, version, subpath, module=True, deps=deps),)


def _deps(options: str) -> tuple[str, ...]:
    """Read "deps=react@19,react-dom@19" and "external=react"; names with a scope are not read."""
    found: dict[str, str] = {}
    for option in options.split("&"):
        key, _, value = option.partition("=")
        for one in unquote(value).split(",") if key in {"deps", "external"} else ():
            dep = _DEP.fullmatch(one)
            if dep is not None and (dep["version"] is None) == (key == "external"):
                found.setdefault(dep["name"], one)
    return tuple(found.values())


def _esm(path: str, _query: str) -> tuple[Asked, ...] | None:
    return _one(_npm(path.removeprefix("npm/").partition("/+esm")[0], module=True))


def _skypack(path: str, _query: str) -> tuple[Asked, ...] | None:
    path = path.removeprefix("pin/").removeprefix("-/")
    # A pinned address: "preact@v10.5.12-abc/dist=es2020/…/preact.js".
    whole = re.sub(r"@v(\d+\.\d+\.\d+)-[^/]*(?:/.*)?", r"@\1", path)
    return _one(_npm(whole, module=True))


def _jspm(path: str, _query: str) -> tuple[Asked, ...] | None:
    asked = _npm(path.removeprefix("npm:"), module=True)
    if asked is None:
        return None
    # Its builds of the whole package have names of their own.
    is_whole = re.fullmatch(r"(?:dev\.)?index\.js", asked.path) is not None
    subpath = "" if is_whole else asked.path.removeprefix("dev.")
    return (Asked(asked.name, asked.version, subpath, module=True),)


def _matched(pattern: re.Pattern[str], path: str, names: Names) -> Asked | None:
    found = pattern.fullmatch(path)
    return found and Asked(found["name"], found["version"] or "", found["path"], names)


def _cdnjs(path: str, _query: str) -> tuple[Asked, ...] | None:
    asked = _matched(_CDNJS, path, Names.CDNJS)
    if asked is None:
        return None
    revision = _REVISION.fullmatch(asked.version)  # three.js calls 0.128.0 "r128"
    version = f"0.{revision[1]}.0" if revision else asked.version
    return (Asked(asked.name, version, asked.path, Names.CDNJS),)


def _google(path: str, _query: str) -> tuple[Asked, ...] | None:
    asked = _matched(_CDNJS, path, Names.NPM)
    if asked is None:
        return None
    revision = _REVISION.fullmatch(asked.version)
    version = f"0.{revision[1]}.0" if revision else asked.version
    return (Asked(_GOOGLE_NAMES.get(asked.name, asked.name), version, asked.path),)


def _jquery(path: str, _query: str) -> tuple[Asked, ...] | None:
    found = _JQUERY.fullmatch(path)
    file = f"dist/jquery{(found and found['kind']) or ''}.min.js"
    return _one(found and Asked("jquery", found["version"], file))


def _d3(path: str, _query: str) -> tuple[Asked, ...] | None:
    found = _D3.fullmatch(path)
    return _one(found and Asked(found["name"], found["version"]))


def _plotly(path: str, _query: str) -> tuple[Asked, ...] | None:
    found = _PLOTLY.fullmatch(path)
    if found is None:
        return None
    name = "plotly.js-basic-dist-min" if found["basic"] else "plotly.js-dist-min"
    return (Asked(name, found["version"]),)


def _tailwind(path: str, query: str) -> tuple[Asked, ...] | None:
    with_plugins = "plugins=" in query
    file = "tailwindcss-with-all-plugins.js" if with_plugins else "tailwindcss.js"
    return (Asked("tailwindcss-cdn", path.strip("/") or "3", file),)


def _sheetjs(path: str, _query: str) -> tuple[Asked, ...] | None:
    found = _SHEETJS.fullmatch(path)
    return _one(found and Asked("xlsx", found["version"], found["path"]))


def _font_awesome(path: str, _query: str) -> tuple[Asked, ...] | None:
    found = _FONT_AWESOME.fullmatch(path)
    return _one(found and Asked("@fortawesome/fontawesome-free", found["version"], found["path"]))


def _bootstrap(path: str, _query: str) -> tuple[Asked, ...] | None:
    return _one(_matched(_BOOTSTRAP, path, Names.CDNJS))


def _three(path: str, _query: str) -> tuple[Asked, ...] | None:
    return (Asked("three", "", path),) if path.startswith(("build/", "examples/")) else None


def _pdf_js(path: str, _query: str) -> tuple[Asked, ...] | None:
    rest = path.removeprefix("pdf.js/")
    return (Asked("pdfjs-dist", "", rest),) if rest.startswith("build/") else None


def _sql_js(path: str, _query: str) -> tuple[Asked, ...] | None:
    return (Asked("sql.js", "", path),) if path.startswith("dist/") else None


def _tesseract_data(path: str, _query: str) -> tuple[Asked, ...] | None:
    found = _TESSERACT_DATA.fullmatch(path)
    return _one(found and Asked(f"@tesseract.js-data/{found['language']}", "", found["path"]))


def _pyodide(path: str, _query: str) -> tuple[Asked, ...] | None:
    return _jsdelivr(f"pyodide/{path}", "")


_HOSTS: dict[str, Callable[[str, str], tuple[Asked, ...] | None]] = {
    "cdn.jsdelivr.net": _jsdelivr,
    "fastly.jsdelivr.net": _jsdelivr,
    "gcore.jsdelivr.net": _jsdelivr,
    "unpkg.com": _unpkg,
    "www.unpkg.com": _unpkg,
    "cdnjs.cloudflare.com": _cdnjs,
    "cdnjs.com": _cdnjs,
    "esm.sh": _esm_sh,
    "cdn.esm.sh": _esm_sh,
    "esm.run": _esm,
    "cdn.skypack.dev": _skypack,
    "ga.jspm.io": _jspm,
    "jspm.dev": _jspm,
    "ajax.googleapis.com": _google,
    "code.jquery.com": _jquery,
    "d3js.org": _d3,
    "cdn.plot.ly": _plotly,
    "cdn.tailwindcss.com": _tailwind,
    "cdn.sheetjs.com": _sheetjs,
    "use.fontawesome.com": _font_awesome,
    "maxcdn.bootstrapcdn.com": _bootstrap,
    "netdna.bootstrapcdn.com": _bootstrap,
    "stackpath.bootstrapcdn.com": _bootstrap,
    "sql.js.org": _sql_js,
    "tessdata.projectnaptha.com": _tesseract_data,
    "threejs.org": _three,
    "mozilla.github.io": _pdf_js,
    "pyodide-cdn2.iodide.io": _pyodide,
}
