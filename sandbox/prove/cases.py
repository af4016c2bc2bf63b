"""An attack and a probe: the shapes that the files of this room are read into."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The classes of attacks."""

    API = "network by API"
    MARKUP = "markup"
    CSS = "CSS"
    LINKS = "link relations"
    NAVIGATION = "navigation"
    FORMS = "forms"
    POPUPS = "popups"
    DNS = "DNS"
    WEBRTC = "WebRTC"
    FRAMES = "nested frames"
    PERMISSIONS = "permissions"
    HOST = "host access"
    MESSAGES = "message spoofing"
    DENIAL = "denial of service"


class Act(StrEnum):
    """What the person does in the document, on the element that `on` names."""

    NOTHING = "nothing"
    CLICK = "click"
    ALT_CLICK = "alt-click"
    SHIFT_CLICK = "shift-click"
    CONTROL_CLICK = "control-click"
    MIDDLE_CLICK = "middle-click"
    HOVER = "hover"
    TYPE = "type"
    ENTER = "enter"
    CONTROL_ENTER = "control-enter"
    PASTE = "paste"
    FILE = "file"
    DRAG = "drag"  # to the element with the id `to`


class Canary(StrEnum):
    """Where success is heard; the last ones are facts about the page that holds the tool."""

    HTTP = "http"
    TCP = "tcp"
    UDP = "udp"
    DNS = "dns"
    FULLSCREEN = "fullscreen"  # the tool fills the screen; before what is asked inside of the tool
    PROOF = "proof"  # the tool holds what it should not have, in `window.proof`
    NAVIGATED = "navigated"
    OPENED = "opened"  # another tab
    HISTORY = "history"  # Back no longer leaves with one press
    FOCUS = "focus"  # the host's text box lost it
    DIALOGS = "dialogs"  # more than three with no act between
    DOWNLOADS = "downloads"  # more than three with no act between
    FROZEN = "frozen"  # the host page stopped answering
    LOADS = "loads"  # more than ten documents with no act between
    TRAPPED = "trapped"  # the browser asked whether the person wants to leave
    SCROLLED = "scrolled"  # the host page was scrolled
    FOOLED = "fooled"  # the host did or showed what a message told it to


OUTSIDE = frozenset({Canary.HTTP, Canary.TCP, Canary.UDP, Canary.DNS})
"""Canaries that are servers; all the others are watched on the host's side."""

ENGINES = ("chromium", "firefox", "webkit")


@dataclass(frozen=True, slots=True)
class Attack:
    """One means of getting out, in a document that uses it.

    In `html` these are filled in: `{http}` an address of a canary with the attack's own path,
    `{ws}` the same as a WebSocket, `{wt}` as https, `{origin}` and `{authority}` parts of it,
    `{stun}` host and port of a UDP canary, `{dns}` a name that only the DNS canary knows, `{page}`
    the origin of the page that holds the tool.
    `engines` are those in which the means exists at all. With no walls, one with `tab` works only
    where it has a whole tab for itself. `takes` is for how many seconds more it must be listened
    to, where the means itself needs long.
    """

    name: str
    kind: Kind
    says: str
    html: str
    canary: Canary = Canary.HTTP
    act: Act = Act.NOTHING
    on: str = "#go"
    engines: tuple[str, ...] = ENGINES
    tab: bool = False
    takes: float = 0

    def document(self, addresses: Mapping[str, str], mark: str = "") -> str:
        """Return the whole document, with the canaries' addresses filled in.

        With a `mark`, it says to the console that it has begun, first, and that it has ended,
        last: then a browser has read and run all that stands between.
        """
        begun, ended = (_said(f"{word} {mark}") if mark else "" for word in ("begun", "ended"))
        html = fill(self.html, addresses)
        return f"<!doctype html><title>attack</title><body>{begun}{html}{ended}"


def _said(words: str) -> str:
    return f"<script>console.info({json.dumps(words)})</script>"


class Expects(StrEnum):
    """What a working probe makes a person see besides."""

    NOTHING = "nothing"
    DOWNLOAD = "download"
    QUESTION = "question"  # a dialog of the host's that shows the full address


@dataclass(frozen=True, slots=True)
class Probe:
    """An ordinary thing that tools do.

    Its document says how it went: `window.worked` is `true`, or a text that says what went wrong.
    """

    name: str
    says: str
    html: str
    act: Act = Act.NOTHING
    on: str = "#go"
    text: str = ""
    expects: Expects = Expects.NOTHING
    deferred: bool = False  # browsers run it once the document is whole, however early it came

    def document(self) -> str:
        """Return the whole document; `works` and `check` stand before the probe's own lines.

        Last it says in `window.written` that a browser has read and run all that stands before.
        """
        return f"<!doctype html><title>probe</title><body>{_SAYING}{self.html}{_WRITTEN}"


_SAYING = (
    "<script>function works(how) { window.worked = how || 'it did not work' }"
    "function check(promise) { promise.then(works, (error) => works(String(error))) }"
    "addEventListener('error', (event) => { window.worked ??= event.message });</script>"
)
_WRITTEN = "<script>window.written = true</script>"
_FIELD = re.compile(r"\{(http|ws|wt|origin|authority|stun|dns|page)\}")


def fill(html: str, addresses: Mapping[str, str]) -> str:
    """Put addresses in the place of their names; all other braces stay."""
    return _FIELD.sub(lambda match: addresses[match[1]], html)
