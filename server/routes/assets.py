"""The pages' own files: addressed by their contents, so that a browser asks for each once.

All modules are one file, `js/joined.js`: the sandbox's for pages that hold a tool are among them.
`/static/<fingerprint>/…` never changes and is cached for good; `/static/…` is checked each time.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path, PurePosixPath

from fastapi import FastAPI, HTTPException
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.requests import Request
from starlette.responses import Response

import frontend
from sandbox.runtime.assembly import HOST_MODULES, databases_script
from server.joining import join
from server.libraries import named

_FOR_GOOD = "public, max-age=31536000, immutable"
_KB, _MB = 1_000, 1_000_000
# Said here, since what a machine takes a `.js` for is anyone's to change on some.
_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}


def install(app: FastAPI, templates: Jinja2Templates) -> None:
    """Serve the files, and tell the templates where: `static`."""
    kept = files()
    address = f"/static/{fingerprint(kept)}"
    app.add_route(f"{address}/{{path:path}}", _lasting(kept))
    app.mount("/static/js/host", StaticFiles(directory=HOST_MODULES))
    app.mount("/static", StaticFiles(directory=frontend.STATIC))
    templates.env.globals["static"] = address


def _lasting(kept: Mapping[str, bytes]) -> Callable[[Request], Awaitable[Response]]:
    """Answer from memory: a few hundred kB, and each look at the disk would be a thread's work."""

    async def answer(request: Request) -> Response:
        path = request.path_params["path"]
        if path not in kept:
            raise HTTPException(404)
        kind = _TYPES.get(PurePosixPath(path).suffix, "text/plain")
        return Response(kept[path], media_type=kind, headers={"Cache-Control": _FOR_GOOD})

    return answer


@functools.cache
def files() -> Mapping[str, bytes]:
    """Read and join them, once in a process."""
    kept = _read(frontend.STATIC)
    kept["indexed.js"] = databases_script().encode()
    kept["js/joined.js"] = join(_modules(kept)).encode()
    return kept


@functools.cache
def environment() -> Environment:
    """Hold the templates of this process, and what they were compiled to."""
    loader = FileSystemLoader(frontend.TEMPLATES)
    found = Environment(loader=loader, autoescape=select_autoescape())
    found.filters["named"] = named
    found.filters["measured"] = measured
    found.tests["shows"] = shows
    return found


def measured(size: int) -> str:
    """Say a file's size as people read it: "312 B", "4.2 kB"."""
    if size < _KB:
        return f"{size} B"
    return f"{size / _KB:.1f} kB" if size < _MB else f"{size / _MB:.1f} MB"


def shows(url: str, name: str) -> bool:
    """Whether a screenshot's address names it so."""
    return url.endswith(f"/{name}.png")


def compile_templates() -> None:
    """Compile every template, so that the first page does not wait for it."""
    for name in environment().list_templates():
        environment().get_template(name)


def fingerprint(kept: Mapping[str, bytes]) -> str:
    """Digest names and contents, in 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for name, content in kept.items():
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def _read(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def _modules(kept: Mapping[str, bytes]) -> dict[str, str]:
    own = {path.removeprefix("js/"): text for path, text in kept.items() if path.startswith("js/")}
    del own["early.js"]  # a classic script, which every page runs before these
    host = {f"host/{path}": text for path, text in _read(HOST_MODULES).items()}
    return {path.removesuffix(".js"): text.decode() for path, text in (own | host).items()}
