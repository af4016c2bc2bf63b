"""Archives as the npm registry has them."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.server
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote


def tarball(files: dict[str, bytes], folder: str = "package") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def integrity(archive: bytes) -> str:
    return f"sha512-{base64.b64encode(hashlib.sha512(archive).digest()).decode()}"


class Registry:
    """A server in the shape of the npm registry, and the paths that it was asked for."""

    def __init__(self, url: str) -> None:
        self.environment = {"npm_config_registry": url, "no_proxy": "127.0.0.1"}
        self.asked: list[str] = []
        self.refuses = ""
        """With what words it answers everything, if it does."""
        self._url = url
        self._answers: dict[str, bytes] = {}
        self._versions: dict[str, dict[str, Any]] = {}

    def put(
        self, name: str, version: str, files: dict[str, bytes], facts: dict[str, Any] | None = None
    ) -> None:
        """Publish a version; `facts` are what its package.json says besides."""
        stated = {"name": name, "version": version, "license": "MIT", **(facts or {})}
        archive = tarball({"package.json": json.dumps(stated).encode(), **files})
        self._versions.setdefault(name, {})[version] = {"dist": {"integrity": integrity(archive)}}
        listing = {"versions": self._versions[name], "dist-tags": {"latest": version}}
        self._answers[f"/{name}"] = json.dumps(listing).encode()
        self.swap(name, version, archive)

    def state(self, name: str, version: str, sum_: str) -> None:
        """State another sum of a version that is there."""
        self._versions[name][version]["dist"]["integrity"] = sum_
        listing = {"versions": self._versions[name], "dist-tags": {"latest": version}}
        self._answers[f"/{name}"] = json.dumps(listing).encode()

    def tell(self, name: str, told: bytes) -> None:
        """Tell something else of the versions that there are."""
        self._answers[f"/{name}"] = told

    def sum_of(self, name: str, version: str) -> str:
        """Return what is stated of a version."""
        stated: str = self._versions[name][version]["dist"]["integrity"]
        return stated

    def swap(self, name: str, version: str, archive: bytes) -> None:
        """Give another archive than the one that is stated."""
        self._answers[f"/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"] = archive

    def answer(self, path: str) -> bytes | None:
        self.asked.append(path)
        return self._answers.get(unquote(path))


@contextlib.contextmanager
def open_registry() -> Iterator[Registry]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = registry.answer(self.path)
            if registry.refuses:
                self.send_response(503, registry.refuses)
            else:
                self.send_response(200 if body is not None else 404)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_args: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        registry = Registry(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield registry
        finally:
            server.shutdown()
