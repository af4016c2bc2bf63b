"""A library's file as an ES module whose imports are addresses of ours. Pure.

A module keeps its text; only names without a path, which a browser could not resolve, become
relative addresses. A script is put into a function that looks like CommonJS to it, and what it
exports is exported; the names come from `contents.json`.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Container

from sandbox.libraries.manifest import Library
from sandbox.libraries.resolve import Catalogue, package_of

# `from "x"`, `import "x"` and `import("x")`, for names that begin neither with "." nor with "/".
_IMPORT = re.compile(r"""(\b(?:from|import)\s*+(?:\(\s*+)?+)(["'])([@\w][^"'\s:]*)\2""", re.ASCII)
_REQUIRE = re.compile(r"""\brequire\(\s*+(["'])([@\w][^"'\s:]*)\1\s*\)""", re.ASCII)
_REQUIRE_BESIDE = re.compile(r"""\brequire\(\s*+(["'])(\.{1,2}/[^"'\s]*)\1\s*\)""", re.ASCII)
_BESIDE = re.compile(
    r"""\b(?:from|import|require)\s*+(?:\(\s*+)?+(["'])(\.{1,2}/[^"'\s]*)\1""", re.ASCII
)
_DECLARES_PROCESS = re.compile(
    r"\b(?:class|const|function|import|let|var)\b[^;]{0,200}?\bprocess\b(?!\.)", re.ASCII
)
_PROCESS = '{ env: { NODE_ENV: "production" } }'
_WHOLE = '"module.exports"'  # the name that Node has for it, too


def bare_names(source: str) -> set[str]:
    """Return the packages that a script imports."""
    named = {found[3] for found in _IMPORT.finditer(source)}
    named |= {found[2] for found in _REQUIRE.finditer(source)}
    return {package_of(name)[0] for name in named}


def names_beside(source: str) -> set[str]:
    """Return the files beside it that a script imports, as it writes them."""
    return {found[2] for found in _BESIDE.finditer(source)}


def beside(path: str, relative: str, files: Container[str]) -> str | None:
    """Return the file that another one means by "./part"."""
    return spelled(posixpath.normpath(posixpath.join(posixpath.dirname(path), relative)), files)


def spelled(path: str, files: Container[str]) -> str | None:
    """Return the file that scripts mean by a path, which may leave out how it ends."""
    spellings = (path, f"{path}.js", f"{path}/index.js")
    return next((name for name in spellings if name in files), None)


def module_text(
    catalogue: Catalogue, library: Library, path: str, source: str, choices: tuple[str, ...] = ()
) -> str:
    """Return the file as a module that stands in its library's folder among other modules."""
    if path in library.wrapped.values():
        return _wrapped(catalogue, library, path, source, choices)

    def addressed(found: re.Match[str]) -> str:
        address = _address(catalogue, library, path, found[3], choices)
        return found[0] if address is None else f"{found[1]}{found[2]}{address}{found[2]}"

    text = _IMPORT.sub(addressed, source)
    return f"const process = {_PROCESS}; {text}" if _asks_for_process(source) else text


def _asks_for_process(source: str) -> bool:
    """Whether it takes for granted what only bundlers put in its place: which build this is."""
    asks = "process.env.NODE_ENV" in source and "typeof process" not in source
    return asks and _DECLARES_PROCESS.search(source) is None


def _address(
    catalogue: Catalogue, library: Library, path: str, name: str, choices: tuple[str, ...]
) -> str | None:
    """Return where a name leads, seen from a file: every library has the same parent folder."""
    if package_of(name)[0] in choices:
        return name  # what the page's import map has for it
    given = catalogue.imported(name, library, choices)
    if given is None:
        return None
    return "../" * f"{library.id}/{path}".count("/") + f"{given.folder}/{given.path}"


def _wrapped(
    catalogue: Catalogue, library: Library, path: str, source: str, choices: tuple[str, ...]
) -> str:
    required = dict.fromkeys(found[2] for found in _REQUIRE.finditer(source))
    addresses = {name: _address(catalogue, library, path, name, choices) for name in required}
    for found in _REQUIRE_BESIDE.finditer(source):
        other = beside(path, found[2], library.files)
        if other is not None and other in library.wrapped.values():
            addresses[found[2]] = "../" * path.count("/") + other if "/" in path else f"./{other}"
    known = [name for name, address in addresses.items() if address is not None]
    imports = "".join(
        f"import * as required{at} from {json.dumps(addresses[name])};\n"
        for at, name in enumerate(known)
    )
    table = ", ".join(f"{json.dumps(name)}: required{at}" for at, name in enumerate(known))
    # A script for pages may define a name and export nothing.
    names = " ?? ".join(
        f'(typeof {name} === "undefined" ? undefined : {name})' for name in library.globals[:1]
    )
    asks = ", process" if _asks_for_process(source) else ""
    given_process = f", undefined, {_PROCESS}" if asks else ""
    exports = library.exports.get(path, ())
    taken = ", ".join(f"{name}: exported{at}" for at, name in enumerate(exports))
    given = ", ".join(f"exported{at} as {name}" for at, name in enumerate(exports))
    return (
        f"{imports}const required = {{ __proto__: null, {table} }};\n"
        "const module = { exports: {} };\n"
        "const require = (name) => {\n"
        "  const found = required[name];\n"
        '  if (!found) throw new Error(`"${name}" is not here`);\n'
        f"  return found[{_WHOLE}] ?? found.default ?? found;\n"
        "};\n"
        f"const defined = function (module, exports, require, define{asks}) {{\n"
        f"{source}\n"
        f"return {names or 'undefined'};\n"
        f"}}.call(globalThis, module, module.exports, require{given_process});\n"
        'const empty = typeof module.exports === "object" && !Object.keys(module.exports).length;\n'
        "const whole = empty && defined ? defined : module.exports;\n"
        f"const {{ {taken} }} = whole;\n"
        "const standard = whole?.__esModule && whole.default ? whole.default : whole;\n"
        f"export {{ standard as default, whole as {_WHOLE}{', ' + given if given else ''} }};\n"
    )
