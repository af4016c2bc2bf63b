"""What other chat products give as an artifact, made into a document: React, SVG, Markdown. Pure.

The libraries come from CDNs, whose addresses the frame answers from what is kept here.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass

from server import parts, standing_in

_HEAD = (
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
)
_NPM = "https://cdn.jsdelivr.net/npm"
_ESM = "https://esm.sh"
_MODULES = {
    "react": f"{_ESM}/react@18",
    "react/jsx-runtime": f"{_ESM}/react@18/jsx-runtime",
    "react-dom": f"{_ESM}/react-dom@18",
    "react-dom/client": f"{_ESM}/react-dom@18/client",
    "recharts": f"{_ESM}/recharts@2",
    # The last that has the icons of brands, for which components still ask.
    "lucide-react": f"{_ESM}/lucide-react@0",
}
# Possessive, and nothing is read twice: the text is a stranger's, and no other thread runs while
# it is searched. An import's name is whatever is quoted next; where nothing is, it has none.
_IMPORT = re.compile(
    r"""^[ \t]*+import\b(?P<what>[^"'`;]*+)"""
    r"""(?:["'](?P<name>[@~./\w][^"'\n]{0,300}+)["'](?:\s*+;)?+)?+""",
    re.MULTILINE,
)
_BOUND = re.compile(r"\s*+([A-Za-z_$][\w$]*+)\s++from\s*+\Z")
_TYPES = re.compile(r"\s++type\b(?!\s++from\b)")
_BESIDE = re.compile(r"(?:\.{0,2}|[@~])/")
_STYLES = (".css", ".scss", ".sass", ".less")
_MEDIA = (
    *(".avif", ".gif", ".jpeg", ".jpg", ".mp3", ".mp4", ".ogg", ".png", ".svg", ".wav"),
    *(".webm", ".webp"),
)
_REACT = re.compile(r"^[ \t]*+import\s++(?:React\b|\*\s++as\s++React\b)", re.MULTILINE)
_DEFAULT = re.compile(
    r"^[ \t]*+export\s++default\s++(?:(?P<kind>(?:async\s++)?+function|class)\s++(?P<name>\w++)"
    r"|(?P<given>[A-Za-z_$][\w$]*+)(?:\s*+;)?+[ \t]*+$)",
    re.MULTILINE,
)
_EXPRESSION = re.compile(r"^[ \t]*+export\s++default\s++", re.MULTILINE)
_COMPONENT = re.compile(r"^(?:export\s++)?+(?:function|const|class)\s++([A-Z]\w*+)", re.MULTILINE)
_PROLOGUE = re.compile(
    r"(?:<\?xml[^>]*\?>|<!doctype[^>\[]*(?:\[.*?\]\s*)?>|<!--.*?-->|\s)*", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Wrapped:
    """`missing`: files that a component imports and that did not come with it."""

    html: str
    missing: tuple[str, ...] = ()


def from_react(source: str, title: str) -> Wrapped | None:
    """Return a document that shows a component; `None` if there is none in the text."""
    code, name = _with_named_default(source)
    if name is None:
        return None
    if not _REACT.search(code):
        code = f'import React from "react";\n{code}'
    beside = _Beside()
    code = _IMPORT.sub(beside.taken, code)
    imports = {one: _MODULES.get(one, f"{_ESM}/{one}") for one in beside.packages}
    texts = parts.with_theirs(beside.parts)
    imports |= {one: parts.address(text) for one, text in texts.items()}
    absent = {one: standing_in.module(one, names) for one, names in beside.absent.items()}
    imports |= {one: parts.address(text) for one, text in absent.items()}
    sheets = "".join(
        f'<link rel="stylesheet" href="{_NPM}/{html.escape(one)}">\n' for one in beside.sheets
    )
    style = theme = ""
    if beside.has_parts:
        style = f"<style>\n{parts.style(texts.values())}</style>\n"
        theme = f"<script>\n{parts.theme()}</script>\n"
    shown = (
        '\nimport { createRoot as showAtRoot } from "react-dom/client";\n'
        f'showAtRoot(document.getElementById("root")).render(React.createElement({name}));\n'
    )
    script = re.sub(r"</(?=script)", r"<\\/", code + shown, flags=re.IGNORECASE)
    text = (
        f"{_HEAD}<title>{html.escape(title)}</title>\n{sheets}{style}"
        '<script src="https://cdn.tailwindcss.com"></script>\n'
        f'{theme}<script src="{_NPM}/@babel/standalone@7/babel.min.js"></script>\n'
        "<script>Babel.registerPreset('component', { presets: [[Babel.availablePresets.react], "
        "[Babel.availablePresets.typescript, { isTSX: true, allExtensions: true }]] });</script>\n"
        f'<script type="importmap">{_as_json({"imports": imports})}</script>\n'
        '</head>\n<body>\n<div id="root"></div>\n'
        '<script type="text/babel" data-type="module" data-presets="component">\n'
        f"{script}</script>\n</body>\n</html>\n"
    )
    return Wrapped(text, tuple(beside.missing))


class _Beside:
    """Reads a component's imports: what of them are packages, parts of ours, or not here."""

    def __init__(self) -> None:
        self.packages: dict[str, None] = {"react-dom/client": None}
        self.parts: dict[str, str] = {}  # by the name that the component has for it
        self.sheets: dict[str, None] = {}
        self.missing: dict[str, None] = {}
        self.absent: dict[str, dict[str, str]] = {}  # what is taken of modules that are missing

    @property
    def has_parts(self) -> bool:
        return any(part != parts.UTILS for part in self.parts.values())

    def taken(self, found: re.Match[str]) -> str:
        """Return what stands for an import: itself, where it leads to something."""
        name, what = found["name"], found["what"]
        if name is None or _TYPES.match(what):
            return found[0]
        if not _BESIDE.match(name):
            return self._package(found[0], name, what)
        part = parts.named(name)
        if part is not None:
            self.parts.setdefault(name, part)
            return found[0]
        self.missing.setdefault(name)
        bare = name.partition("?")[0].lower()
        if bare.endswith(_STYLES):
            return _without(found[0], what)
        bound = _BOUND.fullmatch(what)
        if bound and bare.endswith(_MEDIA):
            return f"const {bound[1]} = {json.dumps(name)};"
        self.absent.setdefault(name, {}).update(standing_in.taken(what))
        return found[0]

    def _package(self, whole: str, name: str, what: str) -> str:
        if name.endswith(".css"):
            self.sheets.setdefault(name)
            return _without(whole, what)
        self.packages.setdefault(name)
        return whole


def _without(whole: str, what: str) -> str:
    """Return what stands for the import of a style sheet, which is no module."""
    bound = _BOUND.fullmatch(what)
    if bound:
        return f"const {bound[1]} = {{}};"
    # As a module it would keep all of the component from running.
    return whole if what.strip() else ""


def _as_json(value: object) -> str:
    return json.dumps(value, indent=2).replace("<", "\\u003c")


def _with_named_default(source: str) -> tuple[str, str | None]:
    """Return the source without its default export, and the name of what it exported."""
    found = _DEFAULT.search(source)
    if found is not None and found["name"]:
        start, end = found.span()
        kept = f"{found['kind']} {found['name']}"
        return source[:start] + kept + source[end:], found["name"]
    if found is not None:
        return source[: found.start()] + source[found.end() :], found["given"]
    if _EXPRESSION.search(source):
        return _EXPRESSION.sub("const ShownComponent = ", source, count=1), "ShownComponent"
    components = _COMPONENT.findall(source)
    return source, components[-1] if components else None


def from_svg(source: str, title: str) -> str | None:
    """Return a document that shows a drawing; `None` for what is no SVG."""
    drawing = _PROLOGUE.sub("", source, count=1)
    if not re.match(r"<svg[\s>]", drawing, re.IGNORECASE):
        return None
    return (
        f"{_HEAD}<title>{html.escape(title)}</title>\n"
        "<style>body { margin: 0; min-height: 100vh; display: grid; place-items: center } "
        "svg { max-width: 100%; max-height: 100vh }</style>\n"
        f"</head>\n<body>\n{drawing}\n</body>\n</html>\n"
    )


def from_markdown(source: str, title: str) -> str:
    """Return a document that shows a text, with its Mermaid diagrams drawn."""
    text = json.dumps(source, ensure_ascii=False).replace("<", "\\u003c")
    draws = "```mermaid" in source
    drawing = (
        f'  import mermaid from "{_NPM}/mermaid@11/dist/mermaid.esm.min.mjs";\n'
        '  const dark = matchMedia("(prefers-color-scheme: dark)").matches;\n'
        '  mermaid.initialize({ startOnLoad: false, theme: dark ? "dark" : "default" });\n'
    )
    shown = (
        '  for (const code of document.querySelectorAll("code.language-mermaid")) {\n'
        '    const figure = document.createElement("pre");\n'
        '    figure.className = "mermaid";\n'
        "    figure.textContent = code.textContent;\n"
        "    code.parentElement.replaceWith(figure);\n  }\n"
        "  await mermaid.run();\n"
    )
    return (
        f"{_HEAD}<title>{html.escape(title)}</title>\n"
        "<style>:root { color-scheme: light dark } body { max-width: 44rem; margin: 2rem auto; "
        "padding: 0 1rem; font: 1rem/1.6 system-ui, sans-serif } pre { overflow: auto } "
        "img, svg { max-width: 100% }</style>\n"
        f'<script src="{_NPM}/marked@12/marked.min.js"></script>\n'
        '</head>\n<body>\n<main id="text"></main>\n<script type="module">\n'
        f"{drawing if draws else ''}"
        f"  const text = {text};\n"
        '  document.getElementById("text").innerHTML = marked.parse(text);\n'
        f"{shown if draws else ''}"
        "</script>\n</body>\n</html>\n"
    )
