"""Exports over the API and the command line: what the file carries is in it, and is said."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.libraries.fetch import missing
from sandbox.libraries.manifest import VENDORED, libraries
from sandbox.stored import Area
from server.exporting import AS_EVER, Export, LatestExport, Options
from server.importing import read
from server.routes.artifacts import bring
from server.store import stored
from server.store.database import Database
from tests.conftest import Process, Start, clean_environment, until
from tests.forks import run_sandwright
from tests.integration.test_nothing_lost import read_frame
from tests.integration.tools import GOOD

pytestmark = pytest.mark.skipif(
    any(not library.optional for library in missing(libraries())),
    reason="the libraries are not here: make vendor",
)
DRAW = "https://unpkg.com/never-heard-of@1.0.4/dist/draw.js"
TOOL = GOOD.replace(
    "</head>",
    "<script src='https://unpkg.com/dayjs@1/dayjs.min.js'></script>"
    f"<script src='{DRAW}'></script></head>",
)


def export(data: Path, artifact: str, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    environment = clean_environment(SANDWRIGHT_DATA_DIR=str(data))
    return run_sandwright("export", artifact, "-o", str(out), *more, environment=environment)


def test_an_export_carries_libraries_and_says_what_it_does_not(
    serve_app: Start, api: Any, tmp_path: Path
) -> None:
    client = api(serve_app(tests=True).url)
    made = client("POST", "/api/artifacts/import", status=201, html=TOOL)["artifact"]["id"]
    file = client.client.get(f"/api/artifacts/{made}/versions/1/export").text
    version = next(one.version for one in libraries() if one.name == "dayjs")
    assert f"dayjs {version} (MIT)" in file
    assert "Permission is hereby granted" in file
    assert '<script src="data:text/javascript,__carried(0,' in file
    source = client.client.get(f"/api/artifacts/{made}/versions/1/source").text
    assert source == TOOL

    out = tmp_path / "tool.html"
    done = export(tmp_path / "data", made, out)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{out}\n"
    assert done.stderr.splitlines() == [
        "Verified offline: it was opened from disk with no network, and works.",
        f"It carries dayjs {version}.",
        f"Not in it, since it is not here: the library never-heard-of 1.0.4 ({DRAW}).",
    ]
    assert out.read_text("utf-8") == file

    checked = client("POST", f"/api/artifacts/{made}/versions/1/export/check")
    assert checked["verdict"] == "passed"
    assert checked["libraries"] == [{"name": "dayjs", "version": version, "licence": "MIT"}]
    assert checked["words"] == done.stderr.splitlines()
    assert checked["bytes"] == out.stat().st_size


API = "https://api.example.org"
ASKS = GOOD.replace(
    "<script>\n",
    f"<script>\nfetch('{API}/x').catch(() => 0);\n",
)


def test_a_file_that_needs_the_network_says_so_and_whom_it_asks(
    testing_server: Process, api: Any
) -> None:
    """It runs, for its script is ready for that; nobody has seen it work offline."""
    client = api(testing_server.url)
    made = client("POST", "/api/artifacts/import", status=201, html=ASKS)["artifact"]["id"]
    path = f"/api/artifacts/{made}/versions/1/export/check"
    needs = f"Opened from disk with no network, it runs, but it needs the network: {API}."
    assert client("POST", path)["words"] == [
        needs,
        f"With a network, too, its policy keeps it from {API}.",
    ]
    client("PUT", f"/api/artifacts/{made}/grants", network=[API])
    assert client("POST", path)["words"] == [
        needs,
        f"It may reach {API}: what comes from there needs the network.",
    ]
    without = client.client.post(path, params={"policy": "false"}).json()
    assert without["words"] == [
        needs,
        "It has no policy: what is in it may load and send as any page may.",
    ]


def test_a_large_file_says_how_large_it_is() -> None:
    assert Export("a" * 25_000_000).words() == []
    assert Export("é" * 12_600_000).words() == ["It is large: 25 MB."]


LATER = GOOD.replace(
    "<script>\n",
    "<script>\nconst late = document.createElement('script');\n"
    "late.src = ['https://unpkg', 'com/dayjs@1/dayjs.min.js'].join('.');\n"
    "late.onerror = () => missingFunction();\ndocument.head.append(late);\n",
)


def test_what_was_asked_for_in_its_test_is_in_the_file(serve_app: Start, api: Any) -> None:
    """By an address that nobody can read in the tool. Without it the file fails, and says so."""
    client = api(serve_app(tests=True).url)
    made = client("POST", "/api/artifacts/import", status=201, html=LATER)["artifact"]["id"]
    path = f"/api/artifacts/{made}/versions/1"
    checked = client("POST", f"{path}/export/check")
    if not checked["libraries"]:  # its test was still under way
        assert checked["verdict"] == "failed"
        assert "missingFunction is not defined" in checked["words"][0]
    until(lambda: client("GET", path)["report"])
    assert client("GET", path)["report"]["verdict"] == "passed"
    checked = client("POST", f"{path}/export/check")
    assert [one["name"] for one in checked["libraries"]] == ["dayjs"]
    assert checked["verdict"] == "passed", checked


ENDLESS = "https://unpkg.com/react@" + "1" * 5000


@pytest.mark.parametrize(
    "odd",
    [
        f'<script src="{ENDLESS}"></script>',
        '<script type="importmap">' + '{"imports":' * 1_800 + "{}" + "}" * 1_800 + "</script>",
    ],
)
def test_an_address_that_cannot_be_read_cuts_nothing(server: Process, api: Any, odd: str) -> None:
    client = api(server.url)
    html = GOOD.replace("</head>", f"{odd}</head>")
    made = client("POST", "/api/artifacts/import", status=201, html=html)
    path = f"/api/artifacts/{made['artifact']['id']}/versions/1"
    rest = html.partition("</head>")[2]
    assert read_frame(client("GET", path)["frame_url"]).endswith(rest)
    file = client.client.get(f"{path}/export").raise_for_status().text
    assert file.rstrip().endswith("</body></html>")
    asked = f"{server.url}/frame/k7/libraries/cdn/{ENDLESS.removeprefix('https://')}"
    assert httpx.get(asked).status_code == 404


def test_a_person_chooses_what_is_in_the_file(serve_app: Start, api: Any, tmp_path: Path) -> None:
    """Libraries from a CDN by hash, stored data, no prompt, no policy: each is said."""
    client = api(serve_app().url)
    made = client("POST", "/api/artifacts/import", status=201, html=TOOL)["artifact"]["id"]
    client("PATCH", f"/api/artifacts/{made}/data", status=204, local={"mine": "a secret"})
    path = f"/api/artifacts/{made}/versions/1/export"
    dayjs = next(one for one in libraries() if one.name == "dayjs" and one.numbers[0] == 1)
    body = (VENDORED / dayjs.id / "dayjs.min.js").read_bytes()
    coded = base64.b64encode(hashlib.sha384(body).digest()).decode()
    url = f"https://cdn.jsdelivr.net/npm/{dayjs.id}/dayjs.min.js"

    plain = client.client.get(path).text
    assert "a secret" not in plain
    assert "cdn.jsdelivr.net" not in plain
    query = {"libraries": "cdn", "data": "include", "prompt": "false"}
    file = client.client.get(path, params=query).text
    assert f'<script integrity="sha384-{coded}" crossorigin="anonymous" src="{url}"' in file
    assert f"{url}; style-src" in file, "its policy lets in this one file"
    assert '"mine":"a secret"' in file
    smaller = client.client.get(path, params={"libraries": "cdn"}).text
    assert len(smaller) < len(plain) - len(body) // 2, "the library is not in it"
    checked = client.client.post(f"{path}/check", params=query).json()
    assert checked["verdict"] == "not tested"
    said = [
        "Not verified offline: it needs the network.",
        f"It loads dayjs {dayjs.version} from cdn.jsdelivr.net, each checked by its hash.",
        "It carries what the tool has stored: who gets the file gets that too.",
    ]
    assert checked["words"][:3] == said
    assert client.client.get(path, params={"libraries": "all"}).status_code == 422

    out = tmp_path / "tool.html"
    chosen = ["--libraries", "cdn", "--data", "include", "--no-prompt", "--no-policy"]
    done = export(tmp_path / "data", made, out, *chosen)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[:3] == said
    assert "It has no policy: what is in it may load and send as any page may." in done.stderr
    assert "Content-Security-Policy" not in out.read_text("utf-8")


async def test_a_file_that_is_saved_and_checked_is_made_once(tmp_path: Path) -> None:
    """And anew for another choice, and once what is in it has changed."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/test.db")
    latest, with_data = LatestExport(), Options(data=True)

    async def made(options: Options) -> Export | None:
        async with database.read() as connection:
            return await latest.of(connection, artifact, 1, options)

    try:
        await database.migrate()
        async with database.write() as connection:
            artifact = await bring(connection, read("tool.html", TOOL.encode()))
        saved, checked = await asyncio.gather(made(AS_EVER), made(AS_EVER))
        assert saved is checked is not None
        assert await made(with_data) is not saved
        async with database.write() as connection:
            await stored.change(connection, artifact.id, {Area.LOCAL: {"mine": "a secret"}})
        with_secret = await made(with_data)
        assert with_secret is not None
        assert "a secret" in with_secret.html
        assert await made(with_data) is with_secret
        again = await made(AS_EVER)
        assert again == saved
    finally:
        await database.aclose()
