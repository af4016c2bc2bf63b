"""The kinds of fault. Each breaks a document in one way, the same way for the same seed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random

from tests.mutants.handlers import Element, Handler, click_handlers, elements, extent
from tests.mutants.scripts import Script, main_script, read_scripts


@dataclass(frozen=True)
class Mutant:
    """A broken document; `line` is the fault's, `control` what is written on what shows it."""

    html: str
    line: int
    control: str = ""


Mutate = Callable[[str, Random], Mutant | None]
KINDS: dict[str, Mutate] = {}


def _kind(name: str) -> Callable[[Mutate], Mutate]:
    def register(mutate: Mutate) -> Mutate:
        KINDS[name] = mutate
        return mutate

    return register


# On click


@_kind("missing function on click")
def missing_function(html: str, rng: Random) -> Mutant | None:
    return _on_click(html, rng, [f"{name}();" for name in _unknown(html)])


@_kind("null element")
def null_element(html: str, rng: Random) -> Mutant | None:
    """A look-up of an element by an id that no element has, and a use of what was found."""
    ids = {one.get("id") for one in elements(html)}
    places = []
    for script in read_scripts(html):
        call = r"(?:getElementById\(|querySelector\(|\$\(|byId\()\s*[\"']#?([\w-]+)[\"']\s*\)\.\w"
        known = [match for match in script.find(call) if match[1] in ids]
        places += [match for match in known if not _is_dead(script, match.start())]
    if places:
        found = rng.choice(places)
        changed = _misspelt(found[1], rng)
        if changed not in ids:
            start, end = found.span(1)
            return Mutant(html[:start] + changed + html[end:], _line(html, start))
    return _on_click(html, rng, ["document.getElementById('summary-box').textContent = 'Done';"])


@_kind("rejected promise")
def rejected_promise(html: str, rng: Random) -> Mutant | None:
    statements = [
        "Promise.resolve(null).then((saved) => saved.items.length);",
        "(async () => { await null; throw new Error('Could not save'); })();",
    ]
    return _on_click(html, rng, statements)


@_kind("endless loop on click")
def endless_on_click(html: str, rng: Random) -> Mutant | None:
    return _on_click(html, rng, _ENDLESS)


@_kind("dead button")
def dead_button(html: str, rng: Random) -> Mutant | None:
    return _emptied(html, rng, "")


@_kind("left out")
def left_out(html: str, rng: Random) -> Mutant | None:
    """Instead of the code a word that it is as it was."""
    return _emptied(html, rng, "/* ... rest of the code unchanged ... */", blocks=True)


@_kind("broken at second click")
def second_click(html: str, rng: Random) -> Mutant | None:
    statements = [
        "if (window.lastResult) window.lastResult.items.push(1); window.lastResult = {};",
        "if (window.timesPressed) showTimes(); window.timesPressed = 1;",
    ]
    return _on_click(html, rng, statements)


@_kind("broken after a tab switch")
def after_tab_switch(html: str, rng: Random) -> Mutant | None:
    """A fault of a button that is hidden until something else was pressed."""
    classes = _hiding_classes(html)
    hidden = [extent(html, one) for one in elements(html) if _is_hidden(one, classes)]

    def inside(handler: Handler) -> bool:
        at = handler.element.start if handler.element else -1
        return any(start <= at < end for start, end in hidden)

    handlers = [one for one in click_handlers(html) if one.is_of_a_button and inside(one)]
    return _among(handlers, html, rng, [f"{name}();" for name in _unknown(html)])


@_kind("wrong handler name")
def wrong_handler_name(html: str, rng: Random) -> Mutant | None:
    """The name of a function of the tool's own, misspelt where something is to call it."""
    places = [
        span
        for script in read_scripts(html)
        for pattern in (
            r"\.addEventListener\(\s*[\"']\w+[\"']\s*,\s*([\w$]+)\s*[,)]",
            r"\.on\w+\s*=\s*([\w$]+)\s*[;\n]",
            r"\.on\(\s*[\"']\w+[\"']\s*,\s*([\w$]+)\s*\)",
            r"\bon[A-Z]\w+=\{\s*([\w$]+)\s*\}",
        )
        for match in script.find(pattern)
        for span in [match.span(1)]
    ]
    for element in elements(html):
        for name, (value, at) in element.attributes.items():
            called = re.match(r"\s*([A-Za-z_$][\w$]*)", value)
            if called and re.match(r"on[a-z]+$|@", name) and html.startswith(value, at):
                places.append((at + called.start(1), at + called.end(1)))
    if not (places := _of_own_functions(html, places)):
        calls = [
            match.span(1)
            for handler in click_handlers(html)
            if handler.script is not None
            for match in handler.script.find(r"(?<![.\w$])([A-Za-z_$][\w$]*)\(")
            if handler.body.start <= match.start() < handler.body.end
        ]
        places = _of_own_functions(html, calls)
    if not places:
        return None
    start, end = rng.choice(sorted(set(places)))
    changed = _misspelt(html[start:end], rng)
    if re.search(rf"\b{re.escape(changed)}\b", html):
        return None
    control = next((one.control for one in click_handlers(html) if _holds(one, start)), "")
    return Mutant(html[:start] + changed + html[end:], _line(html, start), control)


@_kind("empty download")
def empty_download(html: str, rng: Random) -> Mutant | None:
    places = [
        (match.end() - 1, script.pairs[match.end() - 1] + 1)
        for script in read_scripts(html)
        for match in script.find(r"new\s+Blob\(\s*\[")
        if not _is_dead(script, match.start())
    ]
    if not places:
        return None
    start, end = rng.choice(places)
    lines = "\n" * html.count("\n", start, end)
    return Mutant(f"{html[:start]}[{lines}]{html[end:]}", _line(html, start))


# By itself


@_kind("late throw")
def late_throw(html: str, rng: Random) -> Mutant | None:
    [name, *_] = _unknown(html)
    late = rng.choice((300, 900, 1800, 2500))
    return _at_end(html, f"setTimeout(() => {{ {name}(); }}, {late});")


@_kind("throw at a timer's end")
def timer_end(html: str, rng: Random) -> Mutant | None:
    [name, *_] = _unknown(html)
    late = rng.choice((60, 300, 1500)) * 1000
    return _on_click(html, rng, [f"setTimeout(() => {name}(), {late});"])


@_kind("endless loop on load")
def endless_on_load(html: str, rng: Random) -> Mutant | None:
    return _at_end(html, rng.choice(_ENDLESS))


@_kind("storage exception")
def storage_exception(html: str, rng: Random) -> Mutant | None:
    """On the first visit, on the second, or when there is no room."""
    script = main_script(html)
    if script is None:
        return None
    [name, *_] = _unknown(html)
    first = f"{{ const saved = JSON.parse(localStorage.getItem('{name}')); saved.theme; }}"
    second = (
        f"if (localStorage.getItem('{name}')) JSON.parse(localStorage.getItem('{name}'));"
        f" localStorage.setItem('{name}', 'dark theme');"
    )
    full = f"localStorage.setItem('{name}', 'x'.repeat(3e7));"
    chosen = rng.choice((first, second, full))
    if chosen == full:
        return _on_click(html, rng, [full])
    at = script.start
    return Mutant(f"{html[:at]}{chosen}{html[at:]}", _line(html, at))


@_kind("module typo")
def module_typo(html: str, rng: Random) -> Mutant | None:
    """A name that no module exports, an address that has none, or a file that is not there."""
    names = [
        match.span(1)
        for script in read_scripts(html)
        if script.is_module
        for match in script.find(
            r"\bimport\s*(?:[\w$]+\s*,\s*)?\{\s*([\w$]+)[^}]*\}\s*from\s*[\"'][^\"']+[\"']"
        )
    ]
    addresses = [
        match.span(1)
        for script in read_scripts(html)
        if script.is_module
        for match in script.find(r"\bfrom\s*[\"'](?:https?://[^\"'/]+/|\./)([@\w/.-]+)[\"']")
    ]
    if places := names + addresses:
        start, end = rng.choice(places)
        is_name = (start, end) in names
        name = html[start:end]
        changed = _misspelt(name, rng)
        if is_name:  # known by its own name still
            changed = f"{changed} as {name}"
        return Mutant(html[:start] + changed + html[end:], _line(html, start))
    script = main_script(html)
    if script is None or (script.attributes.strip() and not script.is_module):
        return None
    tag = html.rindex("<script", 0, script.start)
    module = '<script type="module">import { formatValue } from "./format.js";'
    return Mutant(html[:tag] + module + html[script.start :], _line(html, tag))


@_kind("missing library")
def missing_library(html: str, rng: Random) -> Mutant | None:
    """The tag is left out, its address is wrong, or nobody thought of one."""
    loaded = list(_LOADS.finditer(html))
    if loaded:
        tag = rng.choice(loaded)
        start, end = tag.span(0) if rng.random() < 0.5 else tag.span(1)
        left = "" if (start, end) == tag.span(0) else "https://cdn.example.org/lib.min.js"
        lines = "\n" * html.count("\n", start, end)
        return Mutant(html[:start] + left + lines + html[end:], _line(html, start))
    call = rng.choice(("dayjs().format('HH:mm')", "_.range(3)"))
    if re.search(r"dayjs|(?<![\w$])_\.", html):
        return None
    return _at_end(html, f"window.shownAs = {call};")


# The document's text


@_kind("syntax error")
def syntax_error(html: str, rng: Random) -> Mutant | None:
    """A bracket is left out, or stands there twice, or a word is misspelt."""
    script = main_script(html)
    if script is None:
        return None
    # Twice, what closes `${` in a template is text there.
    closing = [
        end
        for start, end in script.pairs.items()
        if html[end] in ")}" and html[start - 1 : start + 1] != "${"
    ]
    words = [match.start() for match in script.find(r"\bconst (?=[a-z])")]
    choice = rng.choice(("left out", "twice", "misspelt" if words else "left out"))
    if words and "babel" in script.attributes:  # text may hold any bracket there
        choice = "misspelt"
    if choice == "misspelt":
        at = rng.choice(words)
        return Mutant(f"{html[:at]}cosnt{html[at + 5 :]}", _line(html, at))
    at = rng.choice(sorted(closing))
    middle = "" if choice == "left out" else html[at] * 2
    return Mutant(html[:at] + middle + html[at + 1 :], _line(html, at))


@_kind("truncation")
def truncation(html: str, rng: Random) -> Mutant | None:
    """The document ends in its script, before it, or in a tag."""
    script = main_script(html)
    if script is None:
        return None
    at = script.start + int((script.end - script.start) * rng.uniform(0.2, 0.9))
    tag = html.rindex("<script", 0, script.start)
    tags = [one for one in elements(html) if one.start < tag and len(one.attributes) > 0]
    where = rng.choice(("script", "script", "before", "tag"))
    # A script in the head would be whole, and what is missing hard to say.
    if where != "script" and re.search(r"<body", html[:tag], re.IGNORECASE):
        at = tag
        if where == "tag" and tags:
            cut = rng.choice(tags[len(tags) // 2 :])
            at = cut.end - max(2, (cut.end - cut.start) // 3)
    return Mutant(html[:at], _line(html, at))


@_kind("unclosed tag")
def unclosed_tag(html: str, rng: Random) -> Mutant | None:
    """The end of an element that swallows what follows, of a comment, or of a quoted id."""
    ends = list(re.finditer(r"</(style|script|textarea|title)\s*>", html, re.IGNORECASE))
    scripts = read_scripts(html)  # what one writes is none of the document's markup
    ends = [one for one in ends if not any(_in(script, one.start()) for script in scripts)]
    quotes = [
        one.attributes["id"]
        for one in elements(html)
        if one.get("id")
        and html[one.attributes["id"][1] - 1] == '"'
        and re.search(rf"[\"'#(]{re.escape(one.get('id'))}\b", html[one.end :])
    ]
    if quotes and rng.random() < 0.3:
        value, start = rng.choice(quotes)
        end = start + len(value)
        return Mutant(html[:end] + html[end + 1 :], _line(html, end))
    if not ends:
        return None
    # One name after the other, so that the rarer ones are as likely as script.
    name = rng.choice(sorted({one[1].lower() for one in ends}))
    end_tag = rng.choice([one for one in ends if one[1].lower() == name])
    opened = html.lower().rfind(f"<{name}", 0, end_tag.start())
    return Mutant(html[: end_tag.start()] + html[end_tag.end() :], _line(html, opened))


@_kind("invisible text")
def invisible_text(html: str, rng: Random) -> Mutant | None:
    rules = (
        "body, body * { color: #fff !important; background: #fff !important; }",
        "body, body * { color: transparent !important; }",
        "body { opacity: 0 !important; }",
        "body * { font-size: 0 !important; }",
        "body > * { display: none !important; }",
    )
    at = html.lower().find("</head>")
    style = f"<style>{rng.choice(rules)}</style>"
    return None if at < 0 else Mutant(html[:at] + style + html[at:], _line(html, at))


@_kind("covered")
def covered(html: str, rng: Random) -> Mutant | None:
    """A veil that nothing takes away."""
    body = re.search(r"<body\b[^>]*>", html, re.IGNORECASE)
    if body is None:
        return None
    shown = rng.choice(("Loading…", "", "Please wait"))
    paint = rng.choice(("#fff", "rgb(0 0 0 / 60%)"))
    veil = f'<div style="position:fixed;inset:0;z-index:99999;background:{paint}">{shown}</div>'
    return Mutant(html[: body.end()] + veil + html[body.end() :], _line(html, body.end()))


_LOADS = re.compile(
    r"<script\b[^>]*\bsrc\s*=\s*[\"'](https?://[^\"']+)[\"'][^>]*>\s*</script>", re.IGNORECASE
)
_ENDLESS = (
    "for (let left = 10; left !== 0.5; left -= 1) { Math.sqrt(left); }",
    "{ let tries = 0; while (tries < 10) { Math.max(tries, 1); } }",
)
_NAMES = ("refreshTotals", "updateSummary", "showToast", "renderHistory", "syncState", "finish")


def _unknown(html: str) -> list[str]:
    """List names that the document does not know."""
    return [name for name in _NAMES if name not in html] or ["nobodyWroteThis"]


def _line(html: str, at: int) -> int:
    return html.count("\n", 0, at) + 1


def _on_click(html: str, rng: Random, statements: Sequence[str]) -> Mutant | None:
    return _among(click_handlers(html), html, rng, statements)


def _among(
    handlers: Sequence[Handler], html: str, rng: Random, statements: Sequence[str]
) -> Mutant | None:
    if not handlers:
        return None
    handler = rng.choice(handlers)
    at = rng.choice(handler.places())
    changed = handler.insert(html, rng.choice(statements), at)
    return Mutant(changed, _line(html, at), handler.control)


def _emptied(html: str, rng: Random, left: str, *, blocks: bool = False) -> Mutant | None:
    handlers = [
        one
        for one in click_handlers(html)
        if one.is_of_a_button
        and (one.body.is_block and not one.quote if blocks else True)
        and not re.match(_UNSEEN, html[one.body.start : one.body.end])
    ]
    if not handlers:
        return None
    handler = rng.choice(handlers)
    inside = html[handler.body.start : handler.body.end]
    kept = re.search(r"\b[\w$]+\.preventDefault\(\)", inside)  # else the press would do something
    left = f"{kept[0]}; {left}" if kept and handler.body.is_block else left
    return Mutant(handler.empty(html, left), _line(html, handler.body.start), handler.control)


_UNSEEN = r"\s*(?:(?:window\.)?print\(|[\w$]+\.preventDefault\(\);?\s*$|$)"


def _at_end(html: str, statement: str) -> Mutant | None:
    """Let the longest script end with a statement."""
    script = main_script(html)
    if script is None:
        return None
    at = script.start + len(html[script.start : script.end].rstrip())
    # A last line may be a comment, and a last statement may lack its end.
    return Mutant(f"{html[:at]}\n;{statement}{html[at:]}", _line(html, at) + 1)


def _of_own_functions(html: str, spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    scripts = read_scripts(html)
    return [
        (start, end)
        for start, end in spans
        if any(script.function_named(html[start:end]) for script in scripts)
    ]


def _is_dead(script: Script, at: int) -> bool:
    """Whether it is in a function that nothing calls."""
    for match in script.find(r"\bfunction\s+([\w$]+)\s*\("):
        body = script.function_at(match.start(), or_name=False)
        is_in = body is not None and body.start <= at < body.end
        if (
            is_in
            and len(re.findall(rf"(?<![\w$]){re.escape(match[1])}(?![\w$])", script.html)) == 1
        ):
            return True
    return False


def _holds(handler: Handler, at: int) -> bool:
    return handler.body.start <= at < handler.body.end


def _misspelt(name: str, rng: Random) -> str:
    """Leave a letter out, or turn two around."""
    at = rng.randrange(1, max(2, len(name) - 1))
    turned = name[:at] + name[at : at + 2][::-1] + name[at + 2 :]
    if turned != name and rng.random() < 0.5:
        return turned
    return name[:at] + name[at + 1 :] if len(name) > 3 else f"{name}{name[-1]}"


_SHOWS = re.compile(r"\b(?:active|show|shown|open|current|visible|selected|is-active)\b")


def _hiding_classes(html: str) -> set[str]:
    """List the classes whose own rule hides."""
    return set(re.findall(r"\.([\w-]+)\s*\{[^}]*display\s*:\s*none", html))


def _is_hidden(element: Element, classes: set[str]) -> bool:
    if element.name == "dialog" or "hidden" in element.attributes:
        return "open" not in element.attributes
    if re.search(r"display\s*:\s*none", element.get("style")):
        return True
    own = element.get("class")
    return not _SHOWS.search(own) and not classes.isdisjoint(own.split())


def _in(script: Script, at: int) -> bool:
    return script.start <= at < script.end
