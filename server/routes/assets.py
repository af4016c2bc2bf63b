"""The pages' own files: addressed by their contents, so that a browser asks for each once.

The sandbox's modules for pages that hold a tool stand among them, as `js/host/`.
`/static/<fingerprint>/…` never changes and is cached for good; `/static/…` is checked each time.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from starlette.requests import Request
from starlette.responses import Response

import frontend
from sandbox.runtime.assembly import HOST_MODULES, databases_script

_FOR_GOOD = "public, max-age=31536000, immutable"
_IMPORT = re.compile(r"""^(?:import|export)\b[^;'"]*['"]\./([\w/-]+)\.js['"]""", re.MULTILINE)


def install(app: FastAPI, templates: Jinja2Templates) -> None:
    """Serve the files, and tell the templates where: `static`, and `modules(entry)`."""
    library = hashlib.sha256(databases_script().encode()).hexdigest()[:4]
    address = f"/static/{fingerprint(frontend.STATIC, HOST_MODULES)}{library}"
    app.add_route(f"{address}/indexed.js", _databases)
    for prefix, files in ((address, _Lasting), ("/static", StaticFiles)):
        app.mount(f"{prefix}/js/host", files(directory=HOST_MODULES))
        app.mount(prefix, files(directory=frontend.STATIC))
    templates.env.globals["static"] = address
    templates.env.globals["modules"] = modules


async def _databases(_request: Request) -> Response:
    response = Response(await asyncio.to_thread(databases_script), media_type="text/javascript")
    response.headers["Cache-Control"] = _FOR_GOOD
    return response


def compile_templates(templates: Jinja2Templates) -> None:
    """Compile every template, so that the first page does not wait for it."""
    for name in templates.env.list_templates():
        templates.env.get_template(name)


class _Lasting(StaticFiles):
    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = _FOR_GOOD
        return response


def fingerprint(*folders: Path) -> str:
    """Digest the names and contents of all files below `folders`, in 12 hexadecimal digits."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = path.relative_to(folder).as_posix()
            digest.update(f"{name}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@functools.cache
def modules(entry: str) -> tuple[str, ...]:
    """List a module and all that it imports, directly or not, the entry last."""
    found: dict[str, None] = {}
    _gather(entry, _sources(), found)
    return tuple(found)


def _gather(name: str, sources: Mapping[str, str], found: dict[str, None]) -> None:
    for written in _IMPORT.findall(sources[name]):
        imported = posixpath.join(posixpath.dirname(name), written)
        if imported not in found:
            _gather(imported, sources, found)
    found[name] = None


@functools.cache
def _sources() -> dict[str, str]:
    own = {path.stem: path for path in (frontend.STATIC / "js").glob("*.js")}
    host = {f"host/{path.stem}": path for path in HOST_MODULES.glob("*.js")}
    return {name: path.read_text(encoding="utf-8") for name, path in (own | host).items()}
