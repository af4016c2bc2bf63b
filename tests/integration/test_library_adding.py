"""A library that is not listed: fetched because a person asked, pinned, and there from then on."""

from __future__ import annotations

import functools
import io
import itertools
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from sandbox.libraries import added, fetch, packages
from sandbox.libraries.fetch import FetchError, MissingError
from sandbox.libraries.resolve import Catalogue
from sandbox.libraries.shelf import Shelf
from tests.archives import Registry, open_registry, tarball
from tests.conftest import Api, Process, Start, clean_environment
from tests.forks import run_sandwright

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


def test_a_wish_is_an_address_of_a_length_and_a_sum_perhaps(ask: Api) -> None:
    for odd in ("sha512-x", f"sha1-{'A' * 86}==", f"sha512-{'A' * 86}==\n", 7):
        wish = {"address": f"{CDN}/round-thing@1.0.4", "integrity": odd}
        assert ask.client.post("/api/libraries", json=wish).status_code == 422
    response = ask.client.post("/api/libraries", json={"address": "x" * 3000})
    assert response.status_code == 422
    assert "at most 2000" in response.json()["detail"]


def test_what_cdnjs_calls_it_is_found_under_the_name_that_npm_has(ask: Api) -> None:
    address = "https://cdnjs.cloudflare.com/ajax/libs/round.thing/1.0.4/round.min.js"
    found = ask("POST", "/api/libraries", status=201, address=address)
    assert told(found)[0] == "round-thing 1.0.4"


def everything(ask: Api) -> bytes:
    return ask.client.get("/api/export").content


def imported(ask: Api, archive: bytes) -> dict[str, Any]:
    response = ask.client.post("/api/import", content=archive)
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    return told


def named(archive: bytes) -> list[dict[str, Any]]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        listed: list[dict[str, Any]] = json.loads(opened.read("libraries.json"))["libraries"]
    return listed


ROUND = f"<h1>Round</h1><script type=module>import x from '{CDN}/round-thing@1.0.4/+esm'</script>"
CDNJS = "https://cdnjs.cloudflare.com/ajax/libs"
THINGS = f"<h1>Thing</h1><script src='{CDNJS}/round.thing/1.0.4/round.min.js'></script>"


@pytest.fixture
def things() -> Iterator[Registry]:
    """A registry with a library that another one imports."""
    with open_registry() as registry:
        esm = b"import { flat } from 'flat-thing'; export default flat;"
        files = {"esm.js": esm, "dist/round.js": b"var r"}
        facts = {"module": "./esm.js", "dependencies": {"flat-thing": "^2.1.0"}}
        registry.put("round-thing", "1.0.4", files, facts)
        put_flat(registry, "2.3.0")
        yield registry


def put_flat(registry: Registry, version: str) -> None:
    module = f"export const flat = '{version}';".encode()
    registry.put("flat-thing", version, {"esm.js": module}, {"module": "esm.js"})


@pytest.fixture
def archive(serve_app: Start, api: Callable[..., Api], things: Registry, tmp_path: Path) -> bytes:
    """What a server exports of two tools that use what was added there; one is in the bin."""
    there = api(serve_app(tmp_path / "there", **things.environment).url)
    assert "libraries.json" not in zipfile.ZipFile(io.BytesIO(everything(there))).namelist()
    for address in (f"{CDN}/round-thing@1.0.4/+esm", f"{CDNJS}/round.thing/1.0.4/round.min.js"):
        there("POST", "/api/libraries", status=201, address=address)
    for html in (THINGS, ROUND):
        made = there("POST", "/api/artifacts/import", status=201, html=html)
        if html is THINGS:
            there("DELETE", f"/api/artifacts/{made['artifact']['id']}", status=204)
    archive = everything(there)
    # What is newer by now is not what these tools had.
    put_flat(things, "2.4.0")
    things.asked.clear()
    return archive


def test_an_import_names_what_was_added_where_it_comes_from_and_is_missing(
    serve_app: Start, api: Callable[..., Api], things: Registry, archive: bytes
) -> None:
    """Of tools in the bin too. Nothing is fetched until somebody asks, and then just the same."""
    server = serve_app(**things.environment)
    here = api(server.url)
    came = imported(here, archive)
    assert things.asked == []
    assert came["added"] == 2
    said = "These tools use 2 libraries that are not here: flat-thing 2.3.0, round-thing 1.0.4."
    assert said in came["words"]
    assert [len(one["tools"]) for one in came["libraries"]] == [1, 2]
    assert named(archive)[1]["cdnjs"] == "round.thing"
    for one in came["libraries"]:
        wish = {"address": one["address"], "integrity": one["integrity"]}
        wrong = {**wish, "integrity": f"sha512-{'A' * 86}=="}
        refused = here.client.post("/api/libraries", json=wrong)
        assert refused.status_code == 502
        assert "has another archive of" in refused.json()["detail"]
        added = here("POST", "/api/libraries", status=201, **wish)
        assert told(added) == [f"{one['name']} {one['version']}"]
    again = imported(here, archive)
    assert again["libraries"] == []
    assert "not here" not in again["words"]
    module = library(server, "+esm/round-thing@1.0.4/esm.js")
    assert "flat-thing@2.3.0/esm.js" in module.text
    script = library(server, f"cdn/{CDNJS.removeprefix('https://')}/round.thing/1.0.4/round.js")
    assert script.text == "var r"
    assert library(server, "flat-thing@2.4.0/esm.js").status_code == 404


def test_the_command_that_an_import_names_adds_just_that(
    things: Registry, archive: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "all.zip"
    file.write_bytes(archive)
    environment = clean_environment(
        **things.environment, SANDWRIGHT_DATA_DIR=str(tmp_path / "data")
    )
    run = functools.partial(run_sandwright, environment=environment)
    done = run("import", "--no-test", "--json", str(file))
    assert done.returncode == 0, done.stderr
    commands = [one["add"] for one in json.loads(done.stdout)["libraries"]]
    assert len(commands) == 2
    assert things.asked == []
    wrong = [*commands[0].split()[1:-1], f"flat-thing@2.4.0#sha512-{'A' * 86}=="]
    done = run(*wrong)
    assert done.returncode == 2
    assert "has another archive of flat-thing 2.4.0" in done.stderr
    for command in commands:
        done = run(*command.split()[1:])
        assert done.returncode == 0, done.stderr
    done = run("import", "--no-test", str(file))
    assert done.stdout.endswith("2 were here already and stayed as here. Of these, 1 in the bin.\n")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with open_registry() as registry:
        yield registry


@pytest.fixture
def adding(small: Registry, tmp_path: Path) -> Callable[..., list[str]]:
    """What adds the package `first`, and says what that brought."""
    shelf = Shelf(Catalogue([]), tmp_path)

    def adding(integrity: str = "") -> list[str]:
        new = added.add(
            f"{CDN}/first@1.0.0",
            shelf=shelf,
            folder=tmp_path,
            environment=small.environment,
            integrity=integrity,
        )
        return [library.name for library in new]

    return adding


def put_chain(registry: Registry, *names: str) -> None:
    """Publish packages of which each imports the next."""
    for name, other in itertools.pairwise([*names, ""]):
        facts = {"module": "m.js", "dependencies": {other: "1"}} if other else {"module": "m.js"}
        registry.put(name, "1.0.0", {"m.js": f"import '{other}';".encode()}, facts)


def test_so_many_packages_are_brought_and_no_more_than_so_large_together(
    small: Registry, adding: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    put_chain(small, "first", "second", "third")
    monkeypatch.setattr(added, "MOST_PACKAGES", 2)
    with pytest.raises(FetchError, match="needs more than 2 packages"):
        adding()
    monkeypatch.setattr(added, "MOST_PACKAGES", 3)
    monkeypatch.setattr(added, "MOST_TOGETHER", 100)
    with pytest.raises(FetchError, match="are too large together"):
        adding()
    monkeypatch.setattr(added, "MOST_TOGETHER", 10_000)
    assert adding() == ["first", "second", "third"]


def test_what_a_registry_gives_is_of_a_size_and_has_a_sum(
    small: Registry,
    adding: Callable[..., list[str]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    put_chain(small, "first")
    for name in ("MOST_ARCHIVE", "_MOST_LISTED"):
        with monkeypatch.context() as tight:
            tight.setattr(packages, name, 10)
            with pytest.raises(FetchError, match="is larger than"):
                adding()
    for odd in ("sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "", " ", "sha512-\u00e9"):
        small.state("first", "1.0.0", odd)
        with pytest.raises(FetchError, match="states no SHA-512"):
            adding()
    small.asked.clear()
    with pytest.raises(MissingError):
        packages.choose("../first", "", small.environment)
    assert small.asked == []
    # What is fetched again, too: its sum is known, and comes last.
    put_chain(small, "first")
    assert adding() == ["first"]
    shutil.rmtree(tmp_path / "first@1.0.0")
    monkeypatch.setattr(fetch, "MOST_OF_ALL", 10)
    with pytest.raises(FetchError, match="is larger than"):
        adding()


@pytest.mark.parametrize(
    "told",
    [
        b'{"versions": {}, "dist-tags": {"latest": {"of": "1.0.0"}}}',
        b'{"versions": {}, "dist-tags": {"latest": 1}}',
        b'{"versions": {"1.0.0": {"dist": []}}}',
        b'{"versions": ' + b"[" * 100_000,
    ],
    ids=["a tag that is an object", "a number", "a list", "no end of brackets"],
)
def test_what_a_registry_tells_in_another_shape_is_said(small: Registry, told: bytes) -> None:
    small.tell("first", told)
    with pytest.raises(FetchError, match=r"the npm registry (gave no list|has no)"):
        packages.choose("first", "", small.environment)


def test_a_version_that_is_here_is_not_replaced_by_another_archive_of_it(
    small: Registry, adding: Callable[..., list[str]]
) -> None:
    put_chain(small, "first")
    assert adding() == ["first"]
    put_chain(small, "first", "second")
    with pytest.raises(FetchError, match=r"another archive of first 1\.0\.0 is here"):
        adding(small.sum_of("first", "1.0.0"))


def test_where_an_archive_is_named_no_other_is_fetched(
    small: Registry, adding: Callable[..., list[str]]
) -> None:
    put_chain(small, "first")
    with pytest.raises(FetchError, match="has another archive of first"):
        adding(f"sha512-{'A' * 86}==")
    assert small.asked == ["/first"]
    assert adding(small.sum_of("first", "1.0.0")) == ["first"]


def test_no_other_sites_page_adds_one(ask: Api, registry: Registry) -> None:
    registry.asked.clear()
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}):
        response = ask.client.post(
            "/api/libraries", json={"address": f"{CDN}/round-thing@1"}, headers=headers
        )
        assert response.status_code == 403
    assert registry.asked == []
