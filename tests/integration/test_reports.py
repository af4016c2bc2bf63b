"""The report of a version: its page, its JSON, its file, its film."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from sandbox.report import Finding, Picture, Report, Screenshot, Step, Verdict
from server.store import artifacts, reports, tables, versions
from server.store.database import Database
from tests.conftest import Start

TOKEN = "open-sesame-0123456789"
MARKUP = "<img src=x onerror=alert(1)>"
PNG, JPEG = b"\x89PNG one", b"\xff\xd8\xff two"
FAULT = Finding(
    "error",
    "fatal",
    "interact",
    f"Error: {MARKUP}</style><script>alert(2)</script>",
    "s",
    control=f"button ‘{MARKUP}’",
    steps=(f"pressed ‘{MARKUP}’",),
    picture="film-01",
)
TESTED = Report(
    Verdict.FAILED,
    (FAULT,),
    1200,
    (Screenshot("load", PNG), Screenshot("end", PNG)),
    1,
    1,
    steps=(
        Step(f"pressed ‘{MARKUP}’", 310, "film-01", (1.5, 2.0, 3.0, 4.0)),
        Step("looked at the page", 400, "end"),
    ),
    film=(Picture("film-01", JPEG),),
    browser="Chromium 1.2",
    policy="default-src 'none'",
    loaded_ms=120,
)
OLD = Report(Verdict.PASSED, (), 900, (Screenshot("load", PNG), Screenshot("end", PNG)), 2, 2)


async def fill(data: Path) -> dict[str, str]:
    """Make tools with a report each, and one that waits for its own; return their ids."""
    store = Database(f"sqlite+aiosqlite:///{data}/sandwright.db")
    await store.migrate()
    found = {}
    untested = Report(Verdict.NOT_TESTED, reason="There is no browser to test with.")
    told = {"failed": TESTED, "old": OLD, "not tested": untested, "waits": None}
    async with store.write() as connection:
        for name, report in told.items():
            artifact = await artifacts.create(connection, title=MARKUP, prompt="p")
            found[name] = artifact.id
            new = versions.NewVersion(
                artifact_id=artifact.id,
                html="<p>one",
                title=MARKUP,
                secret=f"s-{artifact.id}",
                origin="import",
                grants={},
            )
            await versions.add(connection, new)
            if report is not None:
                await reports.add(connection, artifact.id, 1, report)
    await store.aclose()
    return found


async def test_a_report_is_a_page_a_file_and_json(serve_app: Start, tmp_path: Path) -> None:
    """Nothing that a tool says becomes markup, and who may not see the tool sees none of them."""
    found = await fill(tmp_path)
    app = serve_app(tmp_path, SANDWRIGHT_ACCESS_TOKEN=TOKEN)

    def get(path: str, **headers: str) -> httpx.Response:
        headers = headers or {"Authorization": f"Bearer {TOKEN}"}
        return httpx.get(f"{app.url}{path}", headers=headers)

    api = f"/api/artifacts/{found['failed']}/versions/1/report"
    told: dict[str, Any] = get(api).json()
    assert told["words"] == "failed: 1 control used, 1 error, 0 notes"
    assert told["findings"][0]["steps"] == [f"pressed ‘{MARKUP}’"]
    first, last = told["steps"]
    assert told["findings"][0]["picture"] == first["picture"]
    assert (first["at_ms"], first["box"]) == (310, [1.5, 2.0, 3.0, 4.0])
    assert (told["browser"], told["loaded_ms"]) == ("Chromium 1.2", 120)
    pictures = [get(one["picture"]) for one in (first, last)]
    assert [(one.headers["content-type"], one.content) for one in pictures] == [
        ("image/jpeg", JPEG),
        ("image/png", PNG),
    ]
    version = get(api.removesuffix("/report")).json()["report"]
    assert version == told
    assert len(version["screenshots"]) == 2, "the film is no screenshot of it"

    page = get(f"/artifacts/{found['failed']}/versions/1/report")
    file = get(f"{api}.html")
    for shown in (page, file):
        assert shown.status_code == 200
        assert "&lt;img src=x onerror=alert(1)&gt;" in shown.text
        assert not re.search(r"<img src=x|<script>alert", shown.text)
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert file.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert file.headers["content-disposition"].startswith("attachment;")
    addresses = set(re.findall(r'(?:src|href)="([^"]*)"', file.text))
    assert addresses
    assert all(one.startswith("data:image/") for one in addresses), "it asks nothing of a server"
    assert "url(" not in file.text
    for name, words in (("old", "Passed: 2 controls used"), ("not tested", "There is no browser")):
        assert words in get(f"/artifacts/{found[name]}/versions/1/report").text

    for path in (
        f"/api/artifacts/{found['failed']}/versions/2/report",
        f"/api/artifacts/{found['waits']}/versions/1/report",
        f"/api/artifacts/{'a' * 16}/versions/1/report.html",
    ):
        problem = get(path)
        assert problem.status_code == 404
        assert problem.headers["content-type"] == "application/problem+json"
    assert get(f"/artifacts/{found['waits']}/versions/1/report").status_code == 404
    for path in (api, f"{api}.html", first["picture"]):
        assert get(path, Accept="application/json").status_code == 401


async def test_only_the_newest_report_keeps_its_film(tmp_path: Path) -> None:
    found = (await fill(tmp_path))["failed"]
    store = Database(f"sqlite+aiosqlite:///{tmp_path}/sandwright.db")

    async def names() -> set[str]:
        async with store.read() as connection:
            newest = (await reports.latest(connection, found))[1]
            return set(await reports.pictures(connection, newest.id))

    async with store.write() as connection:
        await reports.add(connection, found, 1, TESTED)
    assert await names() == {"load", "end", "film-01"}
    async with store.write() as connection:
        await reports.add(connection, found, 1, replace(TESTED, film=()))
    assert await names() == {"load", "end"}
    async with store.read() as connection:
        every = (await connection.execute(select(tables.screenshots.c.name))).scalars()
        assert set(every) == {"load", "end"}
    await store.aclose()
