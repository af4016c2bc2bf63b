"""The frame origin's app below `/libraries/`: who gets what, under which headers."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.frame import create_frame_app
from sandbox.libraries.manifest import VENDORED, libraries

D3 = next(one for one in libraries() if one.name == "d3" and one.numbers[0] == 7)
PATH = f"/libraries/{D3.id}/dist/d3.min.js"


class Documents:
    def __init__(self):
        self.opened = []

    async def open_document(self, secret):
        self.opened.append(secret)


@pytest.fixture
def documents():
    return Documents()


@pytest.fixture
def ask(documents):
    app = create_frame_app(documents, ancestors=lambda _host: ("http://127.0.0.1:8000",))

    async def ask(path=PATH, *, method="GET", query="", host="k7.localhost:8001", dest="script"):
        """Return the status, the headers and the body of an answer."""
        said: list[Any] = []

        async def send(message):
            said.append(message)

        headers = [(b"host", host.encode()), (b"sec-fetch-dest", dest.encode())]
        scope = {"type": "http", "method": method, "path": path, "headers": headers}
        await app({**scope, "query_string": query.encode()}, None, send)
        head = {name.decode(): value.decode() for name, value in said[0]["headers"]}
        return said[0]["status"], head, b"".join(part["body"] for part in said[1:])

    return ask


@pytest.mark.skipif(not (VENDORED / D3.id).is_dir(), reason="not fetched: make vendor")
@pytest.mark.parametrize("dest", ["script", "document", "empty"])
async def test_a_file_is_given_to_anybody_and_names_no_page_of_ours(ask, documents, dest):
    status, headers, body = await ask(dest=dest)
    assert status == 200
    assert body == (VENDORED / D3.id / "dist/d3.min.js").read_bytes()
    assert headers["content-type"] == "text/javascript; charset=utf-8"
    assert headers["content-length"] == str(len(body))
    assert headers["access-control-allow-origin"] == "*"
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["x-content-type-options"] == "nosniff"
    csp = headers["content-security-policy"]
    assert csp.startswith("default-src 'none'; ")
    assert "sandbox allow-scripts" in csp
    assert csp.endswith("frame-ancestors 'none'")
    assert "8000" not in str(headers)
    assert documents.opened == []


@pytest.mark.skipif(not (VENDORED / D3.id).is_dir(), reason="not fetched: make vendor")
async def test_head_gives_the_headers_alone(ask):
    status, headers, body = await ask(method="HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) > 100_000


@pytest.mark.parametrize(
    "path",
    [
        "/libraries/",
        "/libraries/tool",
        "/libraries/../tool",
        "/libraries//etc/passwd",
        "/libraries/d3@7/dist/d3.min.js",
        "/libraries/../libraries/manifest.toml",
        f"/libraries/{D3.id}/.fetched.json",
        f"/libraries/{D3.id}/../../manifest.toml",
    ],
)
async def test_nothing_else_is_there_and_no_document_is_looked_for(ask, documents, path):
    status, headers, _ = await ask(path)
    assert status == 404
    assert headers["cache-control"] == "no-store"
    assert documents.opened == []


async def test_only_reading_is_answered_and_only_under_a_name_of_ours(ask):
    assert (await ask(method="POST"))[0] == 405
    assert (await ask(host="rebound.example"))[0] == 421


async def test_an_address_of_google_fonts_gives_a_sheet(ask):
    status, headers, body = await ask("/libraries/css2", query="family=Inter&display=swap")
    assert status == 200
    assert headers["content-type"] == "text/css; charset=utf-8"
    assert b"font-family:'Inter'" in body
