"""The pages' own files: addressed by their contents, so that a browser asks for each once.

The sandbox's modules for pages that hold a tool stand among them, as `js/host/`; pages ask for all
modules as one file, `js/joined.js`.
`/static/<fingerprint>/…` never changes and is cached for good; `/static/…` is checked each time.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from starlette.requests import Request
from starlette.responses import Response

import frontend
from sandbox.runtime.assembly import HOST_MODULES, databases_script
from server.joining import join

_FOR_GOOD = "public, max-age=31536000, immutable"


def install(app: FastAPI, templates: Jinja2Templates) -> None:
    """Serve the files, and tell the templates where: `static`."""
    library = hashlib.sha256(databases_script().encode()).hexdigest()[:4]
    address = f"/static/{fingerprint(frontend.STATIC, HOST_MODULES)}{library}"
    app.add_route(f"{address}/indexed.js", _databases)
    app.add_route(f"{address}/js/joined.js", _script(join(_sources())))
    for prefix, files in ((address, _Lasting), ("/static", StaticFiles)):
        app.mount(f"{prefix}/js/host", files(directory=HOST_MODULES))
        app.mount(prefix, files(directory=frontend.STATIC))
    templates.env.globals["static"] = address


async def _databases(request: Request) -> Response:
    return await _script(await asyncio.to_thread(databases_script))(request)


def _script(text: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_request: Request) -> Response:
        headers = {"Cache-Control": _FOR_GOOD}
        return Response(text, media_type="text/javascript", headers=headers)

    return answer


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


def _sources() -> dict[str, str]:
    own = {path.stem: path for path in (frontend.STATIC / "js").glob("*.js")}
    del own["early"]  # a classic script, which every page runs before these
    host = {f"host/{path.stem}": path for path in HOST_MODULES.glob("*.js")}
    return {name: path.read_text(encoding="utf-8") for name, path in (own | host).items()}
