"""The attack table: each tries to reach a server outside, and must be heard when unconfined.

An attack is a document (or a part of one). `{canary}` is the base address of a server that
counts what reaches it, `{ws}` the same as a WebSocket, `{name}` the attack's own path. `click`
names an element that a person is made to use. Attacks are told apart by their means, never only
by an address.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attack:
    name: str
    kind: str
    html: str
    click: str | None = None

    def document(self, port: int) -> str:
        base = f"http://127.0.0.1:{port}"
        html = self.html.replace("{canary}", f"{base}/{self.name}")
        html = html.replace("{ws}", f"ws://127.0.0.1:{port}/{self.name}")
        return f"<!doctype html><title>attack</title><body>{html}"


ATTACKS = (
    Attack("fetch", "api", "<script>fetch('{canary}', {mode: 'no-cors'})</script>"),
    Attack(
        "keepalive", "api", "<script>fetch('{canary}', {mode: 'no-cors', keepalive: true})</script>"
    ),
    Attack(
        "xhr",
        "api",
        "<script>const x = new XMLHttpRequest; x.open('GET', '{canary}'); x.send()</script>",
    ),
    Attack("beacon", "api", "<script>navigator.sendBeacon('{canary}', 'x')</script>"),
    Attack("websocket", "api", "<script>new WebSocket('{ws}')</script>"),
    Attack("eventsource", "api", "<script>new EventSource('{canary}')</script>"),
    Attack(
        "worker",
        "api",
        "<script>const code = \"fetch('{canary}', {mode: 'no-cors'})\";"
        "window.w = new Worker(URL.createObjectURL(new Blob([code])))</script>",
    ),
    Attack("import", "api", "<script>import('{canary}').catch(() => 0)</script>"),
    Attack("image", "markup", "<img src='{canary}'>"),
    Attack("picture", "markup", "<picture><source srcset='{canary}'><img></picture>"),
    Attack("script", "markup", "<script src='{canary}'></script>"),
    Attack("video", "markup", "<video src='{canary}' preload=auto></video>"),
    Attack("object", "markup", "<object data='{canary}'></object>"),
    Attack("iframe", "frames", "<iframe src='{canary}'></iframe>"),
    Attack(
        "srcdoc",
        "frames",
        "<iframe srcdoc=\"<img src='{canary}'>\"></iframe>",
    ),
    Attack("background", "css", "<style>body {background: url('{canary}')}</style>"),
    Attack("css-import", "css", "<style>@import '{canary}';</style>"),
    Attack(
        "font",
        "css",
        "<style>@font-face {font-family: f; src: url('{canary}')} p {font-family: f}</style><p>x",
    ),
    Attack("stylesheet", "links", "<link rel=stylesheet href='{canary}'>"),
    Attack("prefetch", "links", "<link rel=prefetch href='{canary}'>"),
    Attack("preload", "links", "<link rel=preload as=image href='{canary}'>"),
    Attack(
        "location",
        "navigation",
        "<script>onload = () => setTimeout(() => { location.href = '{canary}' })</script>",
    ),
    Attack("refresh", "navigation", "<meta http-equiv=refresh content='0; url={canary}'>"),
    Attack(
        "top",
        "navigation",
        "<script>onload = () => setTimeout(() => { top.location = '{canary}' })</script>",
    ),
    Attack("link", "navigation", "<a id=go href='{canary}'>go</a>", click="#go"),
    Attack(
        "form",
        "forms",
        "<form id=f action='{canary}'><input name=a value=b></form>"
        "<script>onload = () => setTimeout(() => f.submit())</script>",
    ),
    Attack(
        "form-post",
        "forms",
        "<form action='{canary}' method=post><button id=go>go</button></form>",
        click="#go",
    ),
    Attack(
        "popup",
        "popups",
        "<button id=go onclick=\"window.open('{canary}')\">go</button>",
        click="#go",
    ),
    Attack("blank", "popups", "<a id=go target=_blank href='{canary}'>go</a>", click="#go"),
)

KINDS = tuple(dict.fromkeys(attack.kind for attack in ATTACKS))
