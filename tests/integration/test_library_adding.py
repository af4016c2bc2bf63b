"""A library that is not listed: fetched because a person asked, pinned, and there from then on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.archives import Registry, open_registry, tarball
from tests.conftest import Api, Process, Start

CDN = "https://cdn.jsdelivr.net/npm"


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    with open_registry() as registry:
        registry.put(
            "round-thing",
            "1.0.4",
            {
                "LICENSE": b"Free.",
                "dist/round.js": b"var round = 1;",
                "dist/esm/index.mjs": b"import { flat } from 'flat-thing/deep'; export { flat };",
                "test/round.js": b"not taken",
                "src/round.ts": b"not taken",
            },
            {
                "main": "./dist/round",
                "exports": {".": {"import": "./dist/esm/index.mjs", "require": "./dist/round.js"}},
                "dependencies": {"flat-thing": "^2.1.0", "never-imported": "1"},
            },
        )
        registry.put("flat-thing", "2.3.0", {"index.js": b"", "deep.js": FLAT, "part.js": PART})
        registry.put("flat-thing", "3.0.0", {"index.js": b"", "deep.js": b""})
        registry.put("leaflet-swap", "1.0.0", {"index.js": b"var one"})
        registry.swap("leaflet-swap", "1.0.0", tarball({"index.js": b"var other"}))
        registry.put("d3", "99.0.0", {"index.js": b"not d3"})
        registry.put("no-module", "1.0.0", {"readme.md": b"nothing"})
        yield registry


FLAT = b"""if (process.env.NODE_ENV === "production") module.exports = require("./part.js");
else throw new Error("not for pages");"""
PART = b"exports.flat = 7; exports.__esModule = true;"


@pytest.fixture
def served(serve_app: Start, registry: Registry) -> Process:
    registry.asked.clear()
    return serve_app(**registry.environment)


@pytest.fixture
def ask(served: Process, api: Callable[..., Api]) -> Api:
    return api(served.url)


def told(found: dict[str, Any]) -> list[str]:
    return [f"{one['name']} {one['version']}" for one in found["items"]]


def library(served: Process, path: str) -> httpx.Response:
    """Ask the frame origin, as a tool's page does."""
    port = served.arguments[served.arguments.index("--frame-port") + 1]
    host = urlsplit(served.url).hostname
    return httpx.get(f"http://{host}:{port}/libraries/{path}")


def test_a_library_is_added_with_what_it_imports_and_lasts(
    serve_app: Start, served: Process, ask: Api, registry: Registry
) -> None:
    address = f"{CDN}/round-thing@1.0.4/dist/round.js"
    of_cdn = "cdn/cdn.jsdelivr.net/npm"
    assert library(served, f"{of_cdn}/round-thing@1.0.4/dist/round.js").status_code == 404
    assert registry.asked == []
    added = ask("POST", "/api/libraries", status=201, address=address)
    assert told(added) == ["round-thing 1.0.4", "flat-thing 2.3.0"]
    assert not [path for path in registry.asked if "never-imported" in path]
    assert told(ask("POST", "/api/libraries", address=address)) == []
    script = library(served, f"{of_cdn}/round-thing@1.0.4/dist/round.js")
    assert script.text == "var round = 1;"
    listed = {one["name"]: one for one in ask("GET", "/api/libraries")["items"]}
    assert listed["round-thing"] == {
        "name": "round-thing",
        "version": "1.0.4",
        "licence": "MIT",
        "here": True,
        "added": True,
    }
    assert not listed["d3"]["added"]
    assert "round-thing" in ask.client.get("/licences").text
    served.stop()
    again = serve_app(npm_config_registry="http://127.0.0.1:9")
    module = library(again, "+esm/round-thing@1.0.4/dist/esm/index.mjs")
    assert "from '../../../flat-thing@2.3.0/deep.js'" in module.text
    flat = library(again, "+esm/flat-thing@2.3.0/deep.js")
    assert 'NODE_ENV: "production"' in flat.text
    assert "exported0 as flat" in flat.text
    assert library(again, "round-thing@1.0.4/test/round.js").status_code == 404


def test_what_was_added_comes_back_where_its_files_are_gone(
    served: Process, ask: Api, tmp_path: Path
) -> None:
    """And where nobody names a version, the one that is listed stays what it means."""
    ask("POST", "/api/libraries", status=201, address=f"{CDN}/round-thing@1")
    shutil.rmtree(tmp_path / "data/libraries/flat-thing@2.3.0")
    back = ask("POST", "/api/libraries", status=201, address=f"{CDN}/flat-thing@2")
    assert told(back) == ["flat-thing 2.3.0"]
    assert library(served, "flat-thing@2.3.0/deep.js").status_code == 200
    newer = ask("POST", "/api/libraries", status=201, address=f"{CDN}/d3@99")
    assert told(newer) == ["d3 99.0.0"]
    unversioned = library(served, "cdn/cdn.jsdelivr.net/npm/d3")
    assert unversioned.text != "not d3"


def test_a_record_that_cannot_be_read_keeps_nothing_else_down(
    serve_app: Start, api: Callable[..., Api], registry: Registry, tmp_path: Path
) -> None:
    record = tmp_path / "data/libraries/added.json"
    record.parent.mkdir(parents=True)
    record.write_text('{"libraries": [{"table": [], "contents": 1}]}')
    ask = api(serve_app(**registry.environment).url)
    problem = ask("POST", "/api/libraries", status=500, address=f"{CDN}/round-thing@1")
    assert "added.json cannot be read" in problem["detail"]
    assert "added.json" in problem["action"]
    assert record.read_text().startswith('{"libraries"')


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("https://example.com/x.js", 422, "is no address of a package"),
        (f"{CDN.replace('npm', 'gh')}/some/body@1/x.js", 422, "is no address of a package"),
        (f"{CDN}/never-heard-of@1", 404, "the npm registry has no never-heard-of"),
        (f"{CDN}/round-thing@9", 404, "the npm registry has no round-thing"),
        (
            f"{CDN}/round-thing@1/other.js",
            404,
            "1.0.4 of the npm registry has no other",
        ),
        (f"{CDN}/leaflet-swap@1", 502, "is not the archive that was listed"),
        ("https://unpkg.com/..%2Fescape@1", 404, "the npm registry has no"),
        ("https://unpkg.com/@..%2F..%2Fescape", 404, "the npm registry has no"),
        ("x" * 3000, 422, "at most 2000"),
    ],
)
def test_what_cannot_be_had_is_said_and_nothing_is_added(
    ask: Api, address: str, status: int, said: str
) -> None:
    before = ask("GET", "/api/libraries")
    response = ask.client.post("/api/libraries", json={"address": address})
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert said in response.json()["detail"]
    assert ask("GET", "/api/libraries") == before


def test_what_cdnjs_calls_it_is_found_under_the_name_that_npm_has(ask: Api) -> None:
    address = "https://cdnjs.cloudflare.com/ajax/libs/round.thing/1.0.4/round.min.js"
    found = ask("POST", "/api/libraries", status=201, address=address)
    assert told(found)[0] == "round-thing 1.0.4"


def test_no_other_sites_page_adds_one(ask: Api, registry: Registry) -> None:
    registry.asked.clear()
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}):
        response = ask.client.post(
            "/api/libraries", json={"address": f"{CDN}/round-thing@1"}, headers=headers
        )
        assert response.status_code == 403
    assert registry.asked == []
