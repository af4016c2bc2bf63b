"""An export is the model's document behind a policy, a shim and a comment nobody can end."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.grants import NO_GRANTS, Grants
from sandbox.policy import export_csp
from server.export import Licence, export_filename, export_html

DOCUMENT = "<!doctype html>\r\n<title>Tip</title><h1>Tip</h1>"


class Reader(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.comments: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def export(source: str = DOCUMENT, **changes: object) -> str:
    arguments: dict[str, object] = {"title": "Tip", "storage_prefix": "k7:", "grants": NO_GRANTS}
    return export_html(source, **(arguments | changes))  # type: ignore[arg-type]


def test_the_document_ends_the_file_unchanged() -> None:
    exported = export()
    assert exported.startswith("<!doctype html>")
    assert exported.endswith("</script>\n" + DOCUMENT)


def test_a_byte_order_mark_does_not_become_text_in_the_body() -> None:
    assert "\ufeff" not in export("\ufeff" + DOCUMENT)


def test_the_policy_stands_before_any_script_and_is_the_frames() -> None:
    grants = Grants(network=("https://api.example.org",))
    tags = Reader(export(grants=grants)).tags
    assert [tag for tag, _ in tags[:3]] == ["meta", "meta", "script"]
    assert tags[1][1]["content"] == export_csp(grants)


def test_the_policy_lets_in_what_comes_from_a_cdn_or_is_left_out() -> None:
    loads = {"script-src": ("https://cdn.example/a.js",), "font-src": ("https://cdn.example/a/",)}
    policy = Reader(export(loads=loads)).tags[1][1]["content"] or ""
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert [name for name, value in rules.items() if "https:" in value] == [
        "script-src",
        "font-src",
    ]
    assert rules["script-src"].endswith(" https://cdn.example/a.js")
    assert [tag for tag, _ in Reader(export("", policy=False)).tags] == ["meta", "script"]


def test_the_shim_asks_for_nothing_and_holds_no_address() -> None:
    ahead = export("")
    assert "://" not in ahead
    assert "src=" not in ahead
    assert "postMessage" not in ahead


def test_the_comment_tells_where_the_document_came_from() -> None:
    exported = export(version=3, model="openai/example-1", prompt="Trinkgeld für 6")
    [comment] = Reader(exported).comments
    assert json.loads(comment.partition(": ")[2]) == {
        "title": "Tip",
        "version": 3,
        "model": "openai/example-1",
        "prompt": "Trinkgeld für 6",
    }


def test_a_prompt_that_is_kept_back_is_not_in_the_file() -> None:
    assert "prompt" not in Reader(export(version=1)).comments[0]


def test_licences_are_told_once_and_end_no_comment() -> None:
    text = "Free -->\n--!> <script>x</script> --- for all"
    licences = [
        Licence("round", "1.0.0", "MIT", text),
        Licence("flat", "2.0.0", "MIT", text),
        Licence("edge", "3.0.0", "ISC"),
    ]
    exported = export(licences=licences)
    [_, told] = Reader(exported).comments
    for name in ("round 1.0.0 (MIT)", "flat 2.0.0 (MIT)", "edge 3.0.0 (ISC)"):
        assert name in told
    assert told.count("for all") == 1
    assert [tag for tag, _ in Reader(exported).tags].count("script") == 1


HOSTILE = (
    "--><script>alert(1)</script>",
    "--!><script>alert(1)</script>",
    "-->",
    ">",
    "->",
    "<!--",
    "--",
    "-" * 7,
    "</script>",
    "\ud83d",
    "\x00\r\n",
    "]]>",
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_prompt_title_model_or_prefix_breaks_out(hostile: str) -> None:
    exported = export(title=hostile, storage_prefix=hostile, model=hostile, prompt=hostile)
    comment = exported[exported.index("<!--") + 4 : exported.index("<script>")]
    assert comment.endswith(" -->")
    assert not re.search(r"--|[<>]", comment.removesuffix("-->"))
    assert exported.count("</script>") == 1
    assert exported.encode().decode() == exported


@given(st.text(st.sampled_from("<>-!/scriptx \n")), st.text(st.sampled_from("-<>!x")))
def test_the_comment_holds_whatever_the_text(title: str, prompt: str) -> None:
    reader = Reader(export(title=title, prompt=prompt))
    [comment] = reader.comments
    told = json.loads(comment.partition(": ")[2])
    assert (told["title"], told["prompt"]) == (title, prompt)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Tip splitter", "tip-splitter.html"),
        ("  Würfel & Karten!  ", "würfel-karten.html"),
        ("小费计算器", "小费计算器.html"),
        ("../../etc/passwd", "etc-passwd.html"),
        ('a"b\r\nc: d', "a-b-c-d.html"),
        ("con", "con-tool.html"),
        ("COM1", "com1-tool.html"),
        ("", "tool.html"),
        ("///", "tool.html"),
        ("\u202egnp.exe", "gnp-exe.html"),
        ("\ud83d", "tool.html"),
    ],
)
def test_a_title_becomes_a_name_every_system_takes(title: str, name: str) -> None:
    assert export_filename(title) == name


@given(st.text(max_size=300))
def test_a_file_name_is_short_and_has_one_part(title: str) -> None:
    name = export_filename(title)
    assert len(name.encode()) <= 85
    assert name.endswith(".html")
    assert not set(name) & set('/\\:*?"<>|\r\n\x00')
    assert not name.startswith(".")
