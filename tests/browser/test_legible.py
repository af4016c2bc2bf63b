# ruff: noqa: E501 - documents keep their own lines
"""What can be read on a page: small documents, each with one text that cannot, or only seems so."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from playwright.async_api import Page
from smoke_documents import page as document

from sandbox.report import Verdict
from sandbox.smoke import BrowserChoice, SmokeTester
from sandbox.smoke.legibility import Look, read_look, read_width
from tests.browser.asking import told_in_time

HEAD = "<!doctype html><meta charset=utf-8><style>%s</style><h1>Seen by all</h1>"

# The style, what stands in the page, and the text that nobody can read.
UNSEEN = {
    "the colour of the page": ("p { color: #fff }", "<p>Total</p>", "Total"),
    "nearly that": ("p { color: #fafafa }", "<p>Total due</p>", "Total due"),
    "of a box": (".card { background: #123; color: #234 }", "<div class=card>Total</div>", "Total"),
    "transparent": ("p { color: transparent }", "<p>Total</p>", "Total"),
    "a button": ("button { background: #fff; color: #fff }", "<button>Save</button>", "Save"),
    "nearly faded": ("p { opacity: .1; color: #777 }", "<p>Total due</p>", "Total due"),
    "a new colour space": ("p { color: oklch(1 0 0) }", "<p>Total</p>", "Total"),
    "below what is in sight": ("p { color: #fff; margin-top: 3000px }", "<p>Total</p>", "Total"),
    "in a shadow tree": (
        "",
        "<div><template shadowrootmode=open><p style='color: #fff'>Total</p></template></div>",
        "Total",
    ),
    "white in the dark": (
        ":root { color-scheme: dark } p { color: #111 }",
        "<p>Total</p>",
        "Total",
    ),
    "what is typed": ("input { color: #fff; background: #fff }", "<input value=Tea>", "Tea"),
    "a rule of the theme": (
        "p { color: #fff } .dark p { color: #eee }",
        "<p>Total</p>",
        "Total",
    ),
}
# Nothing is said of these.
SEEN = {
    "plain": ("", "<p>Total</p>"),
    "for screen readers": (
        ".a { position: absolute; width: 1px; height: 1px; overflow: hidden; clip: rect(0 0 0 0); color: #fff } .b { position: absolute; left: -9999px; color: #fff } .c { clip-path: inset(50%); color: #fff }",
        "<span class=a>One</span><span class=b>Two</span><p class=c>Three</p>",
    ),
    "a folded part": ("p { max-height: 0; overflow: hidden; color: #fff }", "<p>Total</p>"),
    "a floating label": (
        "input::placeholder { color: transparent }",
        "<input placeholder='Your name'>",
    ),
    "off": ("button { color: #fff; background: #fff }", "<button disabled>Save</button>"),
    "a picture behind": (
        "div { background: url(data:image/gif;base64,R0lGODlhAQABAAAAACw=) #fff; color: #fff }",
        "<div>Over a picture</div>",
    ),
    "a gradient behind": (
        "div { background: linear-gradient(#000, #333); color: #fff }",
        "<div>Over it</div>",
    ),
    "a picture beside, that lies behind": (
        "div { position: relative } canvas { position: absolute; left: 0; top: 0; z-index: -1 } p { color: #fff }",
        "<div><canvas></canvas><p>Over it</p></div>",
    ),
    "a part of the rule behind": (
        "div { position: relative; color: #fff; z-index: 0 } div::before { content: ''; position: absolute; inset: 0; background: #000; z-index: -1 }",
        "<div>Over it</div>",
    ),
    "decoration behind, that no pointer hits": (
        "i { position: fixed; inset: 0; background: #000; pointer-events: none; z-index: -1 } p { color: #fff }",
        "<i></i><p>Over it</p>",
    ),
    "cut out of a gradient": (
        "h2 { background: linear-gradient(red, blue); background-clip: text; color: transparent }",
        "<h2>Colourful</h2>",
    ),
    "an outline": ("p { color: #fff; text-shadow: 0 0 2px #000 }", "<p>Outlined</p>"),
    "a spoiler": (
        ".spoiler { background: #222; color: #222 } .spoiler:hover { color: #fff }",
        "<p>He was <span class=spoiler>the gardener</span></p>",
    ),
    "a block that waits": (
        "b { background: #222; color: #222 }",
        "<p>He was <b>the gardener</b></p>",
    ),
    "shown when pointed at": (
        ".row .del { color: #fff } .row:hover .del { color: #c00 }",
        "<p class=row>Tea <span class=del>Delete</span></p>",
    ),
    "shown by a name": (
        ".card { color: transparent } .card.flipped { color: #000 }",
        "<p class=card>Tea</p>",
    ),
    "cards of a game": (
        "button { color: transparent }",
        "<div>" + "<button>Tea</button>" * 6 + "</div>",
    ),
    "faded out": ("p { opacity: 0 }", "<p>Copied</p>"),
    "decoration": ("p { color: #fff }", "<p aria-hidden=true>Ornament</p><p>· | ·</p>"),
    "no letters": ("p { color: #fff }", "<p>★ ★ ★</p>"),
    "a day of another month": ("td { color: #eee }", "<table><tr><td>31</table>"),
    "coloured words over a field": (
        "textarea { color: transparent; caret-color: #000; background: none }",
        "<textarea>let a</textarea>",
    ),
    "a veil that lets see": (
        "div { position: fixed; inset: 0; background: rgb(0 0 0 / 60%) } p { color: #fff }",
        "<p>Under it</p><div></div>",
    ),
    "white on what is black in the dark": (
        ":root { color-scheme: dark } p { color: #fff }",
        "<p>Total</p>",
    ),
    "an icon instead of a word": (
        "button { font-size: 0 } button::before { content: '✕'; font-size: 16px }",
        "<button>Close</button>",
    ),
}


async def look(page: Page, style: str, body: str) -> dict[str, Any]:
    await page.set_content(HEAD % style + body)
    script = files("sandbox.smoke").joinpath("legible.js").read_text("utf-8").strip()
    told: dict[str, Any] = await page.evaluate(f"({script}).legible('light')")
    return told


async def test_text_that_nobody_can_read_is_found_and_no_other(page: Page) -> None:
    said, wanted = {}, {}
    for name, (style, body, text) in UNSEEN.items():
        told = await look(page, style, body)
        said[name], wanted[name] = [one["text"] for one in told["same"]], [text]
    for name, (style, body) in SEEN.items():
        told = await look(page, style, body)
        said[name], wanted[name] = [one["text"] for one in told["same"]], []
        assert not told["small"], name
    assert said == wanted


async def test_text_that_is_hard_to_read_is_a_note(page: Page) -> None:
    style = "p { color: #999 } h2 { color: #888; font-size: 30px } b { color: #666 }"
    told = await look(page, style, "<p>Pale</p><h2>Large</h2><b>Dark</b>")
    assert [one["text"] for one in told["hard"]] == ["Pale"]
    (found,) = read_look(Look("light", told), f"\n{style}\n")
    assert (found.kind, found.severity, found.line) == ("contrast", "advisory", 2)
    assert "‘Pale’, #999999 on #ffffff, a contrast of 2.8" in found.message


async def test_text_without_size_is_found(page: Page) -> None:
    style = "body * { font-size: 0 !important }"
    told = await look(page, style, "<p>Total</p><button>Go</button>")
    found = read_look(Look("light", told), f"\n{style}")
    assert [(one.kind, one.line) for one in found] == [("invisible", 2)]


async def test_what_could_be_read_once_was_only_changed(page: Page) -> None:
    await page.set_content(HEAD % "" + "<p id=p>Sample</p>")
    script = files("sandbox.smoke").joinpath("legible.js").read_text("utf-8").strip()
    await page.evaluate(f"window.looks = {script}; looks.legible('light'); 0")
    await page.evaluate("p.style.color = '#fff'; 0")
    assert (await page.evaluate("looks.legible('light')"))["same"] == []


async def test_a_page_wider_than_a_telephone_is_told_with_what_sticks_out(page: Page) -> None:
    script = files("sandbox.smoke").joinpath("legible.js").read_text("utf-8").strip()
    await page.set_viewport_size({"width": 360, "height": 800})
    said = []
    for body in (
        "<table id=wide><tr><td style='min-width: 600px'>Wide</table>",
        "<div style='overflow-x: auto'><table style='width: 900px'><td>Wide</table></div>",
        "<p>Narrow</p>",
    ):
        html = "<!doctype html><meta name=viewport content='width=device-width'>\n" + body
        await page.set_content(html)
        said.append(
            [one.message for one in read_width(await page.evaluate(f"({script}).width()"), html)]
        )
    assert len(said[0]) == 1
    assert said[0][0].endswith("pixels wider than the window: table#wide sticks out")
    assert said[1:] == [[], []]


async def test_the_smoke_test_fails_a_tool_whose_text_cannot_be_read(choice: BrowserChoice) -> None:
    """White on white, by day or by night, and a page that shows nothing; not what a press shows."""
    night = "@media (prefers-color-scheme: dark) { body { background: #111 } h1 { color: #000 } }"
    of = {
        "h1\n  { color: #fff }": "invisible: text that cannot be seen: ‘Tea’, in the colour of"
        " what is behind it (#ffffff on #ffffff, by ‘h1’) (5)",
        night: "invisible: text that cannot be seen in dark mode: ‘Tea’, in the colour of what is"
        " behind it (#000000 on #111111, by ‘h1’) (5)",
        "body { opacity: 0 }": "blank: nothing can be seen: the whole page has one colour, though it"
        " holds text (None)",
        "h1 { color: #fff } .on h1 { color: #000 }": "",
    }
    press = "b.onclick = () => { document.body.className = 'on'; };"
    async with SmokeTester(choice) as tester:
        for style, said in of.items():
            html = document(f"<style>{style}</style><h1>Tea</h1><button id=b>Go</button>", press)
            report = await told_in_time(tester, html)
            told = [f"{one.kind}: {one.message} ({one.line})" for one in report.fatal]
            assert told == ([said] if said else []), style
            assert report.verdict is (Verdict.FAILED if said else Verdict.PASSED)


async def test_what_bars_people_is_a_note_of_the_smoke_test(choice: BrowserChoice) -> None:
    """A rule is told once, with the first element that breaks it; labels are found as people do."""
    html = document(
        '<label>Name <input id="name"></label>\n<p><input id="amount"></p><input title="Tip">'
        '<button id="a"></button><button class="icon b"></button><button>Go</button>'
        '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt="">',
        "a.onclick = () => { document.title += '!'; };",
    )
    async with SmokeTester(choice) as tester:
        report = await told_in_time(tester, html)
    told = [(one.message, one.line) for one in report.findings if one.kind == "accessibility"]
    at = html[: html.index('<button id="a"')].count("\n") + 1
    assert told == [
        ('Buttons must have discernible text: <button id="a">, and 1 more', at),
        ('Form elements must have labels: <input id="amount">', at),
    ]
    assert report.verdict is Verdict.PASSED
