"""What DevTools reports, as findings: real messages, lines of the user's own document."""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from sandbox.libraries.manifest import Library
from sandbox.own_command import own_command
from sandbox.report import NEEDS_NETWORK, Finding, Phase, Severity
from sandbox.smoke.libraries import (
    addable,
    as_asked,
    asked_at_cdn,
    at_cdn,
    lacking,
    uncompared,
    unfetched,
)
from sandbox.smoke.places import line_at
from sandbox.smoke.signatures import sign
from sandbox.smoke.surroundings import UNDEFINED, misses_power, tells_of_lack
from sandbox.smoke.withheld import withheld

SENT = "form"
"""The kind of what tells of a form that was sent."""

# Protocol shapes: https://chromedevtools.github.io/devtools-protocol/tot/Runtime/ and .../Audits/
Event = Mapping[str, Any]


@dataclass(frozen=True)
class Document:
    """The document under test: its address in the frame, and the lines that came before it."""

    url: str
    html: str
    lines_before: int

    # Read once: it may be large, and what a tool throws comes without end.
    @functools.cached_property
    def asks_network(self) -> bool:
        return _ASKS_NETWORK.search(self.html) is not None

    @functools.cached_property
    def asks_data(self) -> bool:
        return _ASKS_DATA.search(self.html) is not None

    @functools.cached_property
    def script_tags(self) -> tuple[str, ...]:
        return tuple(tag[0] for tag in _SCRIPT_TAG.finditer(self.html))

    @functools.cached_property
    def _addresses(self) -> tuple[str, ...]:
        """What a script element, a static import or a worker is loaded from.

        What `import()` asks for is thrown where it is missed, for the tool to catch.
        """
        sources = (_SOURCE.search(tag) for tag in self.script_tags)
        found = [source[1] for source in sources if source is not None]
        return (*found, *(one[1] for one in _LOADED.finditer(self.html)))

    @functools.cached_property
    def loads(self) -> frozenset[str]:
        """The names of the files among them."""
        return frozenset(re.split(r"[?#]", one)[0].rpartition("/")[2] for one in self._addresses)

    @functools.cached_property
    def script_origins(self) -> frozenset[str]:
        """The other servers among them."""
        parts = (re.match(r"(https?:)?//[^/?#]+", one) for one in self._addresses)
        return frozenset(
            part[0] if part[1] else f"https:{part[0]}" for part in parts if part is not None
        )

    @functools.cached_property
    def data_names(self) -> frozenset[str]:
        """The names near a fetch that something is assigned to."""
        found: set[str] = set()
        for call in itertools.islice(_DATA_CALL.finditer(self.html), _MOST_CALLS):
            line = self.html.rfind("\n", 0, call.start()) + 1
            start = max(line, call.start() - _AROUND)
            end = _end_of_statement(self.html, call.start())
            for name, parts in _ASSIGNED.findall(self.html, start, end):
                found.update(re.findall(r"[\w$]++", parts) if parts else (name,))
        return frozenset(found - _NO_NAMES)

    @functools.cached_property
    def _lines(self) -> list[str]:
        return self.html.split("\n")

    def line(self, number: int) -> str:
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was seen: in which phase, and after which control was used.

    `unsure`: what was given to it may be none of what it takes; an error says little then.
    """

    phase: Phase = "load"
    control: str | None = None
    unsure: bool = False


# Noise that says nothing about the tool.
_DYNAMIC = re.compile(r"dynamically imported module: (\S+)")
_ASKS_DATA = re.compile(r"\bfetch\s*+\(|\bXMLHttpRequest\b|\baxios\b")
_NO_DATA = re.compile(
    # What a page was to hold is no data.
    r"TypeError: Cannot read properties of (?:null|undefined) \(reading '(?!addEventListener|value|"
    r"textContent|inner|style|classList|append|getContext|querySelector|getAttribute|checked)"
    r"([^']*)"
)
_DATA_CALL = re.compile(r"\b(?:fetch\s*\(|XMLHttpRequest\b|axios\b|\.json\s*\()")
_ASSIGNED = re.compile(
    r"([A-Za-z_$][\w$]*+)\s*+(?:=(?![=>])|=>)|\b(?:let|const|var)\s*+\{([^}]*+)\}"
)
_MOST_CALLS = 200
_NO_NAMES = frozenset(
    {"document", "window", "this", "e", "event", "err", "error", "res", "response"}
)
_AROUND = 400  # characters, in which what was fetched gets its name
_UNCAUGHT = re.compile(r"Uncaught (?:\(in promise\) )?")
_NOISE = re.compile(r"ResizeObserver loop (?:limit exceeded|completed)")
_ASKS_NETWORK = re.compile(
    r"\b(?:fetch|importScripts|import)\s*\(|\bXMLHttpRequest\b|\bWebSocket\b|\bEventSource\b"
    r"|https?://(?!www\.w3\.org/)",
)
_HAS_CODE = re.compile(r"<script\b|\son\w+\s*+=", re.IGNORECASE)
_SCRIPT_TAG = re.compile(r"<script\b[^>]*+", re.IGNORECASE)
_SOURCE = re.compile(r"\ssrc\s*+=\s*+[\"']?+([^\"'\s>]++)", re.IGNORECASE)
_LOADED = re.compile(
    r"\b(?:from|import|new\s+(?:Shared)?Worker\s*+\()\s*+[\"']([^\"'\n]{1,300})[\"']"
)
_OF_LIBRARIES = ("script-src", "style-src", "font-src")
_OF_SCRIPTS = ("script-src", "worker-src")


def from_exception(details: Event, document: Document, moment: Moment) -> Finding | None:
    """Read `Runtime.exceptionThrown`; `None` for noise."""
    message = as_asked(message_of(details))
    if _NOISE.search(message):
        return None
    if found := _withheld(message, document, moment):
        return found
    line, column, function = _place(details, document)
    kind = "error"
    if "in promise" in details.get("text", ""):
        kind = "rejection"
    elif message.startswith("SyntaxError") and not _frames(details):
        kind = "syntax"
    is_excused = moment.unsure and kind != "syntax" and not UNDEFINED.match(message)
    return Finding(
        kind=kind,
        severity="advisory" if is_excused or _is_lacking(message, document) else "fatal",
        phase=moment.phase,
        message=message,
        signature=sign(kind, message, function),
        line=line,
        column=column,
        control=moment.control,
    )


def _is_lacking(message: str, document: Document) -> bool:
    """Say whether an error tells of what the surroundings lack, and not of the tool's own fault."""
    if own := _DYNAMIC.search(message):
        return not _is_own(own[1], document)
    return misses_power(message, document.html) or tells_of_lack(
        message, asks_network=document.asks_network
    )


def from_console(event: Event, document: Document, moment: Moment) -> Finding | None:
    """Read `Runtime.consoleAPICalled`; only errors and failed assertions are findings.

    And what the frame itself says of a file that it led to ours.
    """
    if event.get("type") == "warning":
        values = [str(one.get("value", "")) for one in event.get("args", ())]
        said = as_asked(values[0][:_LONGEST]) if len(values) == 1 else ""
        return uncompared(said, document.html)
    if event.get("type") not in ("error", "assert"):
        return None
    shown = " ".join(_shown(argument) for argument in event.get("args", ()))
    message = as_asked(shown) or "(no text)"
    if _NOISE.search(message):
        return None
    if found := _withheld(message, document, moment):
        return found
    line, column, _ = _place(event, document)
    found = _advisory("console", message, moment, line, column)
    thrown = [_shown(one) for one in event.get("args", ()) if one.get("subtype") == "error"]
    # Frameworks catch what a handler throws and log it; who only asks whether a name is there
    # logs no error.
    is_caught_by_library = _is_of_library(event, document)
    for one in thrown:
        is_bug = UNDEFINED.match(one) or (is_caught_by_library and _OF_HANDLERS.match(one))
        if is_bug and not _is_lacking(one, document):
            return replace(found, severity="fatal")
    return found


# What a handler throws by itself, and no request that came to nothing.
_OF_HANDLERS = re.compile(r"(?:Type|Range|Syntax|QuotaExceeded)Error: ")


def _is_of_library(event: Event, document: Document) -> bool:
    """Whether a library's own code said it: what a tool's handler threw is not handled by that."""
    for frame in _frames(event):
        url = frame.get("url")
        # The bridge hands on what is written down: it stands before the document.
        if url != document.url or _line(url, frame.get("lineNumber"), document) is not None:
            return "/libraries/" in urlsplit(str(url)).path
    return False


def _is_bug_of_worker(text: str, document: Document) -> bool:
    """Whether a worker ended by a fault of its own; what it throws itself, the page may take."""
    said = _UNCAUGHT.match(text)
    return (
        said is not None
        and re.match(r"(?:Reference|Type|Syntax|Range)Error: ", text[said.end() :]) is not None
        and not _is_lacking(text[said.end() :], document)
    )


def settled(seen: Iterable[Finding], document: Document) -> tuple[Finding, ...]:
    """Judge all that was seen, once it is known what the surroundings lacked.

    A name that a missing library was to bring is told by that, and data that did not come are
    missed after it.
    """
    found = _sent_once(tuple(seen), document)
    unanswered = [one for one in found if one.kind == NEEDS_NETWORK]
    origins = {one.message.removeprefix(f"{NEEDS_NETWORK}: ") for one in unanswered}
    lacks_script = any(one.kind == "missing library" for one in found) or not (
        origins.isdisjoint(document.script_origins)
    )
    lacks_data = bool(origins - document.script_origins) and document.asks_data
    asked = {(one.phase, one.control) for one in unanswered}

    def is_excused(one: Finding) -> bool:
        if one.kind == "console":
            return lacks_script or (lacks_data and "ReferenceError: " not in one.message)
        if not lacks_data or one.kind not in ("error", "rejection"):
            return False
        if one.kind == "rejection" and (one.phase, one.control) in asked:
            # Or it says in its own words that nothing came.
            return bool(_NO_DATA.match(one.message)) or one.message.startswith("Error: ")
        return _is_of_data(one, document)

    return tuple(replace(one, severity="advisory") if is_excused(one) else one for one in found)


def _sent_once(found: tuple[Finding, ...], document: Document) -> tuple[Finding, ...]:
    """Tell of a form that is sent only where it is known that no code has taken it."""
    sent = [one for one in found if one.kind == SENT]
    if not sent:
        return found  # without reading the document: this is asked after every act
    kept = [one for one in sent if one.severity == "fatal"]
    if not kept and _HAS_CODE.search(document.html) is None:
        kept = sent[:1]  # Enter in one of its fields has sent it as well
    return tuple(one for one in found if one.kind != SENT or one in kept)


def _end_of_statement(html: str, at: int) -> int:
    """Return about where a statement ends, or how far it is looked at."""
    depth = 0
    for place in range(at, min(len(html), at + _AROUND)):
        sign = html[place]
        depth += (sign in "([{") - (sign in ")]}")
        if depth < 0 or (depth == 0 and sign in ";\n"):
            return place
    return min(len(html), at + _AROUND)


def _is_of_data(found: Finding, document: Document) -> bool:
    """Whether it misses a part of what was to be fetched, by a name that holds it."""
    missed = _NO_DATA.match(found.message)
    if missed is None or found.line is None:
        return False
    line = document.line(found.line)
    at = line.find(f".{missed[1]}") if missed[1] else -1
    before = line[:at] if at >= 0 else line
    names = re.findall(r"[A-Za-z_$][\w$]*+", before[-_LONGEST:])
    return not document.data_names.isdisjoint(names)


def from_log(entry: Event, document: Document, moment: Moment) -> Finding | None:
    """Read `Log.entryAdded`: the browser's own complaints. Violations come as issues instead."""
    text = str(entry.get("text", ""))
    if entry.get("level") != "error" or entry.get("source") == "security" or _NOISE.search(text):
        return None
    if "Content Security Policy" in text:
        return None
    url = str(entry.get("url") or "")
    found = _withheld(text, document, moment)
    if found is None and entry.get("source") == "network":
        found = _unanswered(url, document, moment)
    if found is not None:
        return found
    asked = asked_at_cdn(url)
    if asked is not None and (said := lacking(asked)):
        line = _line_of_text(asked, document)
        if _is_imported(asked, document):
            return _missing_library(asked, line, moment)
        return _addable(f"{said}: {asked}", asked, moment, line)
    kind = "resource" if entry.get("source") == "network" else "console"
    line = _line(entry.get("url"), entry.get("lineNumber"), document)
    found = _advisory(kind, text, moment, line, None)
    # Thrown in a worker, which nobody caught.
    is_bug = _is_bug_of_worker(text, document)
    return replace(found, severity="fatal") if is_bug else found


def from_issue(issue: Event, document: Document, moment: Moment) -> Finding | None:
    """Read a `ContentSecurityPolicyIssue` of `Audits.issueAdded`."""
    details = issue.get("details", {}).get("contentSecurityPolicyIssueDetails")
    if details is None or details.get("isReportOnly"):
        return None
    directive = str(details.get("violatedDirective", ""))
    blocked = str(details.get("blockedURL") or "")
    location = details.get("sourceCodeLocation") or {}
    line = _line(location.get("url"), location.get("lineNumber"), document)
    parts = urlsplit(blocked)
    if _is_own(blocked, document):
        return _beside(parts.path.rpartition("/")[2] or blocked, directive, line, document, moment)
    if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc:
        line = line or _line_of_text(blocked, document)
        if directive.startswith("script-src") and _is_imported(blocked, document):
            # Chromium names the parser's line at that moment, which is not the import's.
            return _missing_library(blocked, _line_of_text(blocked, document) or line, moment)
        # What a granted origin could give is told as that, below.
        if directive.startswith(_OF_LIBRARIES) and (said := lacking(blocked)):
            return _addable(f"{said}: {blocked}", blocked, moment, line)
        return _needs_network(blocked, line, moment)
    message = f"blocked by the sandbox: {directive} {blocked}".rstrip()
    return _advisory("violation", message, moment, line, None)


def hang(line: int | None, column: int | None, function: str, moment: Moment) -> Finding:
    """Make the finding for a tool whose main thread was silent for too long."""
    where = f" in {function}()" if function else ""
    message = f"the page stopped answering for 3 s: a script runs without end{where}"
    if line is None and not function:
        message = "the page stopped answering for 3 s"
    return Finding(
        kind="hang",
        severity="fatal",
        phase=moment.phase,
        message=message,
        signature=sign("hang", function, moment.control or ""),
        line=line,
        column=column,
        control=moment.control,
    )


def crash(moment: Moment) -> Finding:
    message = "the page crashed the browser's tab"
    return _finding("crash", "fatal", message, moment, moment.control or "")


def blank() -> Finding:
    return _finding("blank", "fatal", "the page is blank: nothing can be seen on it", Moment())


def endless(what: str, moment: Moment) -> Finding:
    return _finding("endless", "fatal", f"the page {what} without end", moment)


def slow(line: int | None, column: int | None, function: str, moment: Moment) -> Finding:
    """Make the note for a tool that was silent for as long, and then went on."""
    where = f" in {function}()" if function else ""
    message = f"the page did not answer for more than 3 s: a script took so long{where}"
    return _advisory("hang", message, moment, line, column)


def covered(hidden: int, found: int) -> Finding:
    message = "something covers the whole page: none of its controls can be reached"
    if hidden < found:
        message = f"something covers the page: {hidden} of its {found} controls cannot be reached"
    return _finding("covered", "fatal", message, Moment("interact"))


def trapped(control: str, hidden: int, found: int) -> Finding:
    message = (
        f"{control} closes nothing: what it stands in covers the page, and {hidden} of its {found}"
        " controls cannot be reached"
    )
    return _finding("covered", "fatal", message, Moment("interact", control), control)


def invisible() -> Finding:
    message = "nothing can be seen: the whole page has one colour, though it holds text"
    return _finding("blank", "fatal", message, Moment())


def dead(control: str, line: int | None, moment: Moment) -> Finding:
    """Make the finding for a control whose handler is there, with nothing in it."""
    message = f"{control} does nothing: there is nothing in the code that a press of it runs"
    found = _finding("dead", "fatal", message, moment, control)
    return replace(found, line=line)


def deaf(control: str, moment: Moment, *, is_meant: bool) -> Finding:
    """Make the finding for one that no code hears.

    A note, unless code was meant to: what shows how buttons look has none either.
    """
    message = f"{control} does nothing: no code runs when it is pressed"
    return _finding("dead", "fatal" if is_meant else "advisory", message, moment, control)


def _sent(moment: Moment) -> Finding:
    """Make the note for a form that goes where nobody is."""
    what = f"{moment.control} sends its form" if moment.control else "a form is sent"
    message = (
        f"{what}, and no code takes it: nothing comes of it here, and elsewhere the page is left"
    )
    return _finding(SENT, "advisory", message, moment, moment.control or "")


def empty_download(name: str, moment: Moment) -> Finding:
    message = f"the file that is offered for download, ‘{name[:_LONGEST_NAME]}’, is empty"
    return _finding("empty download", "fatal", message, moment, moment.control or "")


def place_in_document(
    url: object, line: object, column: object, document: Document
) -> tuple[int | None, int | None]:
    """Turn DevTools' place (from 0, in what was served) into one in the user's own document."""
    found = _line(url, line, document)
    return found, (column + 1 if found and isinstance(column, int) and column >= 0 else None)


def _withheld(message: str, document: Document, moment: Moment) -> Finding | None:
    found = withheld(message, document.html)
    return None if found is None else _advisory("violation", found[0], moment, found[1], None)


def _finding(
    kind: str, severity: Severity, message: str, moment: Moment, place: str = ""
) -> Finding:
    return Finding(
        kind=kind,
        severity=severity,
        phase=moment.phase,
        message=message,
        signature=sign(kind, message, place),
        control=moment.control,
    )


def _advisory(
    kind: str, message: str, moment: Moment, line: int | None, column: int | None
) -> Finding:
    shown = message if len(message) <= _LONGEST else message[: _LONGEST - 1] + "…"
    return Finding(
        kind=kind,
        severity="advisory",
        phase=moment.phase,
        message=shown,
        signature=sign(kind, shown),
        line=line,
        column=column,
        control=moment.control,
    )


_LONGEST = 500
_LONGEST_NAME = 80


def message_of(details: Event) -> str:
    """Take what was thrown, as a console would show it, without the stack."""
    thrown = details.get("exception")
    if thrown is None:
        return str(details.get("text", "")).removeprefix("Uncaught ") or "unknown error"
    message = _shown(thrown)
    return message if len(message) <= _LONGEST else message[: _LONGEST - 1] + "…"


def _shown(thing: Event) -> str:
    if thing.get("type") == "string":
        return str(thing.get("value", ""))
    if thing.get("subtype") == "error" or "\n    at " in str(thing.get("description", "")):
        return str(thing.get("description", "")).split("\n    at ", 1)[0]
    if thing.get("type") == "object" and "preview" in thing:
        return _preview(thing["preview"])
    if "description" in thing:
        return str(thing["description"])
    return json.dumps(thing["value"]) if "value" in thing else str(thing.get("type", ""))


def _preview(preview: Event) -> str:
    items = preview.get("properties", ())
    if preview.get("subtype") == "array":
        return "[" + ", ".join(str(item.get("value")) for item in items) + "]"
    shown = ", ".join(f"{item['name']}: {item.get('value', '…')}" for item in items)
    name = str(preview.get("description", ""))
    return ("" if name == "Object" else f"{name} ") + "{" + shown + "}"


def _frames(details: Event) -> list[Event]:
    return list((details.get("stackTrace") or {}).get("callFrames", ()))


def _place(details: Event, document: Document) -> tuple[int | None, int | None, str]:
    """Find the innermost place in the user's document, and the function's name there."""
    for frame in _frames(details):
        line, column = place_in_document(
            frame.get("url"), frame.get("lineNumber"), frame.get("columnNumber"), document
        )
        if line is not None:
            return line, column, str(frame.get("functionName", ""))
    line, column = place_in_document(
        details.get("url"), details.get("lineNumber"), details.get("columnNumber"), document
    )
    return line, column, ""


def _line(url: object, line: object, document: Document) -> int | None:
    """`line` counts from 0 in what was served; the bridge came before the user's document."""
    if url != document.url or not isinstance(line, int):
        return None
    own = line + 1 - document.lines_before
    return own if own >= 1 else None


def _is_own(blocked: str, document: Document) -> bool:
    own, parts = urlsplit(document.url), urlsplit(blocked)
    return bool(parts.netloc) and parts.netloc == own.netloc


def _unanswered(url: str, document: Document, moment: Moment) -> Finding | None:
    """Make the finding for what has an answer elsewhere, or would have had one here."""
    # A file that was opened from disk may ask for it, and has no network.
    if document.url.startswith("file:") and urlsplit(url).scheme in ("http", "https"):
        return _needs_network(url, _line_of_text(url, document), moment)
    listed = unfetched(url)
    return _unfetched(listed[0], document, moment) if listed else None


def _beside(
    name: str, directive: str, line: int | None, document: Document, moment: Moment
) -> Finding:
    """Make the finding for what lies nowhere beside the document."""
    if directive == "form-action":
        return _sent(moment)
    line = line or _line_of_text(name, document)
    found = _advisory("resource", f"missing file: {name}", moment, line, None)
    # Nobody ever gets a script that was to lie beside the document.
    is_script = directive.startswith(_OF_SCRIPTS) and name in document.loads
    return replace(found, severity="fatal") if is_script else found


def _needs_network(url: str, line: int | None, moment: Moment) -> Finding:
    parts = urlsplit(url)
    message = f"{NEEDS_NETWORK}: {parts.scheme}://{parts.netloc}"
    return _advisory(NEEDS_NETWORK, message, moment, line, None)


def _line_of_text(text: str, document: Document) -> int | None:
    at = document.html.find(text)
    return line_at(document.html, at)


def _is_imported(url: str, document: Document) -> bool:
    """Say whether a module imports this address by itself, or by a name in an import map.

    Such a module never runs, and nothing is thrown that would say so.
    """
    source = re.compile(rf"src\s*+=\s*+[\"']?+{re.escape(url)}", re.IGNORECASE)
    if any(source.search(tag) for tag in document.script_tags):
        return False
    html = document.html
    quoted = rf"[\"']{re.escape(url)}[\"']"
    if re.search(rf"(?:from|import)\s*{quoted}", html):
        return True
    name = re.search(rf"[\"']([^\"']+)[\"']\s*:\s*{quoted}", html)
    return name is not None and (
        re.search(rf"(?:from|import)\s*[\"']{re.escape(name[1])}[\"']", html) is not None
    )


def _unfetched(library: Library, document: Document, moment: Moment) -> Finding:
    """Make the finding for what `libraries add` would answer; without a module nothing runs."""
    name = re.escape(library.name)
    imported = re.search(rf"(?:from|import)\s*[\"'][^\"']*\b{name}\b", document.html)
    command = own_command(f"libraries add {library.name}")
    message = f"the library {library.name} {library.version} is not here: {command} fetches it"
    found = _finding("missing library", "fatal" if imported else "advisory", message, moment)
    line = _line_of_text(imported[0] if imported else library.name, document)
    return replace(found, line=line, adds=at_cdn(library))


def _missing_library(url: str, line: int | None, moment: Moment) -> Finding:
    message = f"{lacking(url) or 'a library is not available'}, so its module cannot run: {url}"
    found = _finding("missing library", "fatal", message, moment)
    return replace(found, line=line, adds=addable(url))


def _addable(message: str, url: str, moment: Moment, line: int | None) -> Finding:
    found = _advisory("missing library", message, moment, line, None)
    return replace(found, adds=addable(url))
