"""The frame origin's app below `/libraries/`: who gets what, under which headers."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from sandbox.frame import FrameDocument, create_frame_app
from sandbox.grants import NO_GRANTS
from sandbox.libraries.manifest import VENDORED, libraries
from sandbox.live import LiveDocument
from sandbox.origins import FrameAddress, public_origin

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

    async def ask(
        path=PATH, *, method="GET", query="", host="k7.localhost:8001", dest="script", more=()
    ):
        """Return the status, the headers and the body of an answer."""
        said: list[Any] = []

        async def send(message):
            said.append(message)

        headers = [(b"host", host.encode()), (b"sec-fetch-dest", dest.encode()), *more]
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
    # Who reads the first of two and who reads the last would not mean the same.
    assert (await ask(more=[(b"host", b"rebound.example")]))[0] == 421


async def test_an_address_of_google_fonts_gives_a_sheet(ask):
    status, headers, body = await ask("/libraries/css2", query="family=Inter&display=swap")
    assert status == 200
    assert headers["content-type"] == "text/css; charset=utf-8"
    assert b"font-family:'Inter'" in body


async def test_an_address_of_a_cdn_is_answered_from_here_and_never_by_a_redirect(ask):
    """After a redirect a policy does not look at paths any more."""
    status, headers, body = await ask("/libraries/cdn/unpkg.com/d3@7")
    assert (status, body) == (200, (await ask(PATH))[2])
    assert "location" not in headers
    assert headers["access-control-allow-origin"] == "*"
    sheet = (await ask("/libraries/cdn/fonts.googleapis.com/css2", query="family=Inter"))[2]
    assert b"src:url(../../@fontsource" in sheet
    assert (await ask("/libraries/cdn/canary.example/d3@7"))[0] == 404


HOSTILE = [
    ("/libraries/cdn/unpkg.com/stolen-words", ""),
    ("/libraries/cdn/unpkg.com/d3@7", "stolen=words"),
    ("/libraries/cdn/canary.example/stolen-words", ""),
    ("/libraries/stolen-words", ""),
    ("/libraries/css2", "family=Inter&stolen=words"),
    ("/libraries/css2", "family=Stolen+Words"),
    (PATH, "stolen=words"),
    (PATH + "/stolen-words", ""),
    ("/libraries/https://canary.example/stolen-words", ""),
    ("/libraries/combine/http://127.0.0.1:1/stolen-words", ""),
    (f"/libraries/+esm/{D3.id}/stolen-words", "stolen=words"),
]
WATCHED: list[str] | None = None


def _watch(event: str, given: tuple[Any, ...]) -> None:
    if WATCHED is None:
        return
    reads = event == "open" and isinstance(given[2], int) and not given[2] & 0o3103
    if event.startswith(("socket.", "subprocess.", "os.")) or (event == "open" and not reads):
        WATCHED.append(f"{event} {given}")


async def test_an_address_below_libraries_leaves_no_trace_and_asks_nobody(ask, caplog):
    """Whatever a tool writes into it: nothing is connected to, written or logged meanwhile."""
    global WATCHED  # noqa: PLW0603 - an audit hook cannot be taken away again
    for path, query in HOSTILE:
        await ask(path, query=query)  # what is loaded once is loaded
    before = [await ask(path, query=query) for path, query in HOSTILE]
    sys.addaudithook(_watch)
    WATCHED = []
    with caplog.at_level(0):
        after = [await ask(path, query=query) for path, query in HOSTILE]
        seen, WATCHED = WATCHED, None
    assert seen == []
    assert caplog.text == ""
    # Nothing of it comes back, so nobody who asks later can read it either.
    assert after == before
    assert all("stolen" not in str(answer[1:]) for answer in after)


class Frozen:
    """One document, whatever is asked for."""

    def __init__(self, html="<p>x"):
        self.html = html

    async def open_document(self, _secret):
        return FrameDocument(LiveDocument(self.html, finished=True).chunks(), NO_GRANTS)


@pytest.mark.parametrize(("browser", "ours"), [("Chrome/140.0", 1), ("Firefox/150.0", 0)])
async def test_cdns_are_in_one_import_map_only_and_in_a_tools_own_where_none_may_be_before_it(
    browser, ours
):
    own = '<script type="importmap">{"imports": {}}</script>'
    app = create_frame_app(Frozen(own), ancestors=lambda _host: ())
    said: list[Any] = []

    async def send(message):
        said.append(message)

    headers = [(b"host", b"k7.localhost:8001"), (b"user-agent", browser.encode())]
    scope = {"type": "http", "method": "GET", "path": "/secret", "query_string": b""}
    await app({**scope, "headers": headers}, asyncio.Event().wait, send)
    prefix, _, tool = b"".join(part["body"] for part in said[1:]).decode().partition("\n")
    assert tool.count("https://esm.sh/") == 1 - ours
    assert prefix.count('MAPS = "1"') == ours


@pytest.mark.parametrize(
    ("host", "scheme", "folder", "source"),
    [
        ("k7.localhost:8001", "http", "", "http://k7.localhost:8001/libraries/"),
        ("box.example", "https", "", "https://box.example/libraries/"),
        ("127.0.0.1:8000", "http", "/frame/k7", "http://127.0.0.1:8000/frame/k7/libraries/"),
        # A policy has no notation for such an address.
        ("[::1]:8001", "http", "", None),
    ],
)
async def test_a_tools_policy_names_the_folder_at_its_own_address(host, scheme, folder, source):
    app = create_frame_app(Frozen(), ancestors=lambda _host: (), allows_host=lambda _host: True)
    said: list[Any] = []

    async def send(message):
        said.append(message)

    async def receive():
        await asyncio.Event().wait()

    scope = {"type": "http", "method": "GET", "path": "/secret", "query_string": b""}
    headers = [(b"host", host.encode()), (b"sec-fetch-dest", b"iframe")]
    await app({**scope, "headers": headers, "scheme": scheme, "root_path": folder}, receive, send)
    csp = dict(said[0]["headers"])[b"content-security-policy"].decode()
    script = next(part for part in csp.split("; ") if part.startswith("script-src"))
    assert script.partition("blob: data:")[2].strip() == (source or "")
    assert csp.count("/libraries/") == (6 if source else 0)


def test_a_template_of_the_operators_says_how_the_browser_calls_it() -> None:
    address = FrameAddress(8000, 8001, template="https://{id}.tools.example")
    assert public_origin("k7.tools.example", "http", address) == "https://k7.tools.example"
    assert public_origin("k7.localhost:8001", "http", address) == "http://k7.localhost:8001"
