"""The pages' own files: addressed by their contents, so that a browser asks for each once.

`/static/<fingerprint>/…` never changes and is cached for good; `/static/…` is checked each time.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from starlette.responses import Response

import frontend

_IMPORT = re.compile(r"""^(?:import|export)\b[^;'"]*['"]\./([\w-]+)\.js['"]""", re.MULTILINE)


def install(app: FastAPI, templates: Jinja2Templates) -> None:
    """Serve the files, and tell the templates where: `static`, and `modules(entry)`."""
    address = f"/static/{fingerprint(frontend.STATIC)}"
    app.mount(address, _Lasting(directory=frontend.STATIC), name="assets")
    app.mount("/static", StaticFiles(directory=frontend.STATIC), name="static")
    templates.env.globals["static"] = address
    templates.env.globals["modules"] = modules


def compile_templates(templates: Jinja2Templates) -> None:
    """Compile every template, so that the first page does not wait for it."""
    for name in templates.env.list_templates():
        templates.env.get_template(name)


class _Lasting(StaticFiles):
    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def fingerprint(folder: Path) -> str:
    """Digest the names and contents of all files below `folder`, in 12 hexadecimal digits."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@functools.cache
def modules(entry: str) -> tuple[str, ...]:
    """List a module and all that it imports, directly or not, the entry last."""
    found: dict[str, None] = {}
    _gather(entry, _sources(), found)
    return tuple(found)


def _gather(name: str, sources: Mapping[str, str], found: dict[str, None]) -> None:
    for imported in _IMPORT.findall(sources[name]):
        if imported not in found:
            _gather(imported, sources, found)
    found[name] = None


@functools.cache
def _sources() -> dict[str, str]:
    folder = frontend.STATIC / "js"
    return {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.js")}
