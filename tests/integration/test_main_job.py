"""The main job through the API: create, follow, change, fix, keep, take home."""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import unquote

from tests.conftest import Api, Process, Start, go_on
from tests.integration.tools import BROKEN, GOOD, SECOND, answers, fenced


def test_a_sentence_becomes_a_tool_without_any_model(
    testing_server: Process, api: type[Api]
) -> None:
    """Keyless: a recipe streams, is tested, passes, is changed, and version 1 stays as it was."""
    client = api(testing_server.url)
    made = client("POST", "/api/artifacts", status=201, prompt="split a restaurant bill with tip")
    artifact, generation = made["artifact"], client.ended(made["generation"])
    assert (generation["state"], generation["version"]) == ("done", 1), generation
    assert generation["provider"] == "recipes"
    version = client("GET", f"/api/artifacts/{artifact['id']}/versions/1")
    assert version["report"]["verdict"] == "passed", version["report"]
    assert version["live"] is True

    path = f"/api/artifacts/{artifact['id']}"
    before = client.client.get(f"{path}/versions/1/source").text
    asked = client("POST", f"{path}/messages", status=202, prompt="in euros")
    second = client.ended(asked["generation"])
    assert (second["state"], second["version"], second["base_version"]) == ("done", 2, 1)
    after = client.client.get(f"{path}/versions/2/source").text
    assert "EUR" in after
    assert after != before
    assert client.client.get(f"{path}/versions/1/source").text == before
    said = client("GET", f"{path}/messages")["items"]
    assert [one["role"] for one in said] == ["user", "assistant", "user", "assistant"]
    assert "recipe" in said[1]["text"].lower()


def test_a_restored_version_brings_its_title_and_leaves_a_line(
    server: Process, api: type[Api]
) -> None:
    """The tool is called what it is again, unless a person named it; the conversation says so."""
    client = api(server.url)
    made = client("POST", "/api/artifacts", status=201, prompt="tip splitter for 3 people")
    client.ended(made["generation"])
    path = f"/api/artifacts/{made['artifact']['id']}"
    first = client("GET", path)["title"]
    client.ended(
        client("POST", f"{path}/messages", status=202, prompt="for 5 people")["generation"]
    )
    assert client("GET", path)["title"] != first
    client("POST", f"{path}/versions/1/restore", status=201)
    assert client("GET", path)["title"] == first
    page = client.client.get(made["artifact"]["url"]).text
    line = "Version 1 was restored as version 3."
    assert re.sub("<[^>]*>", "", page).count(line) == 1
    client("PATCH", path, title="Mine")
    client("POST", f"{path}/versions/2/restore", status=201)
    assert client("GET", path)["title"] == "Mine"


def test_a_wish_without_a_recipe_is_declined_in_words(server: Process, api: type[Api]) -> None:
    """Nothing is guessed: no version, the state is done, and words say what there is."""
    client = api(server.url)
    made = client("POST", "/api/artifacts", status=201, prompt="a chess game against an engine")
    ended = client.ended(made["generation"])
    assert (ended["state"], ended["version"]) == ("done", None)
    said = client("GET", f"/api/artifacts/{made['artifact']['id']}/messages")["items"]
    assert said[-1]["kind"] == "declined"
    again = client("POST", f"/api/generations/{ended['id']}/retry", status=202)
    assert client.ended(again["generation"])["prompt"] == "a chess game against an engine"


def test_a_failed_verdict_can_be_fixed_by_the_model(
    serve_app: Start, scripted: Start, api: type[Api]
) -> None:
    """`fix` sends the real message with its line; the version that passes becomes live."""
    model = scripted(answers({"text": fenced(BROKEN)}, {"text": fenced(GOOD)}))
    app = serve_app(tests=True, OPENAI_BASE_URL=model.url, SANDWRIGHT_MAX_REPAIRS="0")
    client = api(app.url)
    made = client("POST", "/api/artifacts", status=201, prompt="a counter")
    path = f"/api/artifacts/{made['artifact']['id']}"
    assert client.ended(made["generation"])["state"] == "done"
    report = client("GET", f"{path}/versions/1")["report"]
    assert report["verdict"] == "failed"
    finding = report["findings"][0]
    assert "missingFunction is not defined" in finding["message"]
    assert BROKEN.splitlines()[finding["line"] - 1].strip() == "missingFunction();"

    asked = client("POST", f"{path}/fix", status=202, version=1)
    fixed = client.ended(asked["generation"])
    assert (fixed["version"], fixed["repairs"]) == (2, made["generation"]["id"])
    sent = client.client.get(f"{_root(model.url)}/_scripted/log").json()
    assert "missingFunction is not defined" in str(sent)
    assert client("GET", path)["live_version"] == 2
    assert client("GET", f"{path}/versions/2")["report"]["verdict"] == "passed"


def _root(url: str) -> str:
    return re.sub(r"/v1/?$", "", url)


def test_every_version_endpoint_answers(server: Process, api: type[Api]) -> None:
    """Import, source, export, diff, restore, fork, pin, test, grants, rename, bin."""
    client = api(server.url)
    made = client("POST", "/api/artifacts/import", status=201, html=GOOD)
    path = f"/api/artifacts/{made['artifact']['id']}"
    assert made["artifact"]["title"] == "Counter"
    assert client.client.get(f"{path}/versions/1/source").text == GOOD
    exported = client.client.get(f"{path}/versions/1/export")
    assert exported.headers["content-disposition"].startswith("attachment")
    assert GOOD.split("<body>")[1] in exported.text

    restored = client("POST", f"{path}/versions/1/restore", status=201)["version"]
    assert (restored["n"], restored["parent"]) == (2, 1)
    assert client.client.get(f"{path}/versions/2/diff?against=1").text == ""
    forked = client("POST", f"{path}/versions/2/fork", status=201)
    assert forked["version"]["n"] == 2
    assert forked["artifact"]["id"] != made["artifact"]["id"]
    assert client("POST", f"{path}/versions/1/pin")["artifact"]["live_version"] == 1
    assert client("DELETE", f"{path}/versions/1/pin")["artifact"]["pinned_version"] is None
    assert client("POST", f"{path}/versions/1/test", status=202)["version"]["n"] == 1

    granted = client("PUT", f"{path}/grants", network=["https://API.example.org/"])
    assert granted["network"] == ["https://api.example.org"]
    assert client("GET", f"{path}/grants") == granted
    assert client("PATCH", path, title="  Mine  ")["title"] == "Mine"
    client("DELETE", path, status=204)
    client("GET", path, status=404)
    assert client("POST", f"{path}/undelete")["title"] == "Mine"


def test_lists_page_with_a_cursor(serve_app: Start, api: type[Api]) -> None:
    """Every artifact is listed once, newest first, however small the pages."""
    client = api(serve_app().url)
    made = [
        client("POST", "/api/artifacts/import", status=201, html=f"<title>T{n}</title><p>{n}")
        for n in range(5)
    ]
    seen: list[str] = []
    cursor = ""
    while True:
        page = client("GET", f"/api/artifacts?limit=2{cursor}")
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == [one["artifact"]["id"] for one in made][::-1]


def test_the_estimate_makes_nothing(server: Process, api: type[Api]) -> None:
    """It names the recipe and its parameters, or the nearest three."""
    client = api(server.url)
    before = len(client("GET", "/api/artifacts")["items"])
    fitting = client("POST", "/api/estimate", prompt="split a restaurant bill for 6 people")
    assert fitting["recipe"]
    assert 6 in fitting["parameters"].values()
    assert fitting["cost"] == {"amount": 0, "currency": "USD"}
    other = client("POST", "/api/estimate", prompt="a chess game against an engine")
    assert other["recipe"] is None
    assert len(other["nearest"]) == 3
    assert len(client("GET", "/api/artifacts")["items"]) == before


def test_a_change_that_waits_stands_on_the_one_before(
    serve_app: Start, scripted: Start, api: type[Api]
) -> None:
    """Two messages at once: the second is queued and builds on the first one's version."""
    first = {"text": fenced(GOOD), "stall_at": 100, "stall_seconds": 3600}
    model = scripted(answers(first, {"text": fenced(SECOND)}))
    client = api(serve_app(OPENAI_BASE_URL=model.url).url)
    made = client("POST", "/api/artifacts", status=201, prompt="a counter")
    path = f"/api/artifacts/{made['artifact']['id']}"
    asked = client("POST", f"{path}/messages", status=202, prompt="bigger")["generation"]
    assert asked["state"] == "queued"
    go_on(model)
    second = client.ended(asked)
    assert (second["version"], second["base_version"]) == (2, 1)
    assert "bigger" in client.client.get(f"{path}/versions/2/source").text


def test_a_recipe_goes_on_with_what_it_can_do_and_a_model_with_the_rest(
    serve_app: Start, scripted: Start, api: type[Api]
) -> None:
    """`recipe_first`: one generation each, at once by whoever can do all of it."""
    model = scripted(answers({"text": fenced(GOOD)}))
    client = api(serve_app(OPENAI_BASE_URL=model.url).url)
    recipes = {"model": "recipes/built-in"}
    made = client("POST", "/api/artifacts", status=201, prompt="split a bill", **recipes)
    client.ended(made["generation"])
    path = f"/api/artifacts/{made['artifact']['id']}/messages"

    def asked(prompt: str, **more: Any) -> tuple[str, int]:
        body = {"prompt": prompt, "recipe_first": True, **more}
        ended = client.ended(client("POST", path, status=202, **body)["generation"])
        return ended["provider"], ended["version"]

    file = {"name": "a.txt", "media_type": "text/plain", "data": "YQ=="}
    assert asked("in euros") == ("recipes", 2)
    assert asked("in euros, and with a history") == ("openai", 3)
    # Now it is a model's: the recipe would undo what that did.
    assert asked("in dollars") == ("openai", 4)
    assert asked("in dollars", base_version=2) == ("recipes", 5)
    assert asked("for 8 people", model="openai/another", attachments=[file]) == ("openai", 6)


def test_what_no_recipe_fits_waits_for_a_model(
    serve_app: Start, scripted: Start, api: type[Api]
) -> None:
    """Without one it says so; with one, even where the recipes are the default, "retry" asks it."""
    app = serve_app()
    client = api(app.url)
    made = client("POST", "/api/artifacts", status=201, prompt="a chess game against an engine")
    ended = client.ended(made["generation"])
    assert client("GET", f"/api/artifacts/{made['artifact']['id']}")["declined"] is True
    assert "needs a model" in client.client.get("/").text
    assert client("GET", "/api/models")["connected"] is None
    page = client.client.get(made["artifact"]["url"]).text
    assert "Connect a model" in page
    assert "data-retry" not in page
    app.stop()
    model = scripted(answers({"text": fenced(GOOD)}))
    client = api(serve_app(OPENAI_BASE_URL=model.url, SANDWRIGHT_MODEL="recipes").url)
    assert client("GET", "/api/models")["connected"]["model"] == "scripted"
    again = client("POST", f"/api/generations/{ended['id']}/retry", status=202)["generation"]
    assert (again["provider"], client.ended(again)["version"]) == ("openai", 1)
    assert client("GET", f"/api/artifacts/{made['artifact']['id']}")["declined"] is False


def test_two_tools_never_share_a_site(server: Process, api: type[Api]) -> None:
    """A label that is taken is not used again; one of the wrong form is refused."""
    client = api(server.url)
    label = "abcdefghijklmnop"
    urls = [
        client("POST", "/api/artifacts", status=201, prompt="a to-do list", frame_label=label)
        for _ in range(2)
    ]
    first, second = (made["generation"]["frame_url"] for made in urls)
    assert f"//{label}.localhost:" in first
    assert f"//{label}.localhost:" not in second
    client("POST", "/api/artifacts", status=422, prompt="a to-do list", frame_label="../x")


def test_an_export_is_named_in_any_script(server: Process, api: type[Api]) -> None:
    """A Chinese title makes a file of that name (RFC 8187)."""
    client = api(server.url)
    made = client("POST", "/api/artifacts/import", status=201, html=GOOD, title="二维码 生成器")
    path = f"/api/artifacts/{made['artifact']['id']}/versions/1/export"
    named = client.client.get(path).headers["content-disposition"]
    assert unquote(named.partition("UTF-8''")[2]).startswith("二维码")


def test_attached_files_stand_under_the_words(server: Process, api: type[Api]) -> None:
    """Name and size, on the page as in the API, and a name is text whatever is in it."""
    name = "<b>pupils.csv"
    file = {"name": name, "media_type": "text/csv", "data": base64.b64encode(b"a" * 1234).decode()}
    client = api(server.url)
    body = {"prompt": "a to-do list", "attachments": [file, {**file, "data": "YQ=="}]}
    made = client("POST", "/api/artifacts", status=201, **body)
    client.ended(made["generation"])
    path = f"/artifacts/{made['artifact']['id']}"
    said = client("GET", f"/api{path}/messages")["items"]
    assert [file["size"] for file in said[0]["attachments"]] == [1234, 1]
    page = client.client.get(path).text
    assert '<span class="name" title="&lt;b&gt;pupils.csv">&lt;b&gt;pupils.csv</span>' in page
    assert re.findall(r'<span class="size">(.*?)</span>', page) == ["1.2 kB", "1 B"]
