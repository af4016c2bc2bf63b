"""A registry of packages on this machine."""

from __future__ import annotations

import http.server
import threading
from functools import partial

import pytest


class _Counting(http.server.SimpleHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012 - one for all, emptied by the fixture

    def do_GET(self):
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *_args):
        pass


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """A server in the shape of the npm registry: `put(name, archive)`, and what it was asked."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    root = tmp_path / "registry"
    root.mkdir()
    _Counting.asked.clear()
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(_Counting, directory=str(root))
    ) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()

        def put(archive: bytes, name: str = "@type/round") -> None:
            folder = root / name / "-"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{name.rpartition('/')[2]}-1.2.3.tgz").write_bytes(archive)

        put.environment = {"npm_config_registry": f"http://127.0.0.1:{server.server_port}"}
        put.asked = _Counting.asked
        yield put
        server.shutdown()
