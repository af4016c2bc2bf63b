"""What our pages make of a tool's words, module by module: it is counted, cut and refused.

Whole pages are tried in test_grants.py, test_bridge_host.py and test_halted.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from sandbox.policy import host_headers
from sandbox.runtime.assembly import HOST_MODULES

MODULES = Path(__file__).parents[2] / "frontend" / "static" / "js"


async def modules(scope: Any, _receive: Any, send: Any) -> None:
    """A page of ours with nothing in it, and the modules beside it."""
    path = scope["path"][1:]
    file = HOST_MODULES / path[5:] if path.startswith("host/") else MODULES / path
    is_script = path.endswith(".js")
    kind = b"text/javascript" if is_script else b"text/html; charset=utf-8"
    headers = [(name.encode(), value.encode()) for name, value in host_headers(("'self'",))]
    headers.append((b"content-type", kind))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    body = file.read_bytes() if is_script else b"<!doctype html><p>"
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def ours(page: Page, serve: Any) -> Page:
    await page.goto(f"http://127.0.0.1:{await serve(modules)}/")
    return page


ASKED = """async () => {
  const { readAsked } = await import("/asked.js");
  const blocked = (more) => readAsked({
    type: "violation", directive: "connect-src", uri: "https://api.example/secret?d=1", ...more,
  });
  const odd = [
    { type: "asked", capability: "everything" }, { type: "asked", capability: ["camera"] },
    ...[
      { directive: "script-src" }, { uri: { toString: () => "https://api.example" } }, { uri: "words" },
      { uri: "http://api.example" }, { uri: "blob:https://api.example/x" },
      { uri: "https://api.example/" + "x".repeat(2000) },
    ].map((more) => ({ type: "violation", directive: "connect-src", uri: "https://api.example", ...more })),
  ];
  const read = (said) => {
    try {
      return readAsked(said);
    } catch {
      return "thrown";
    }
  };
  return {
    odd: odd.filter((said) => read(said) !== null),
    origin: blocked({}),
    media: blocked({ directive: "media-src" }),
    power: readAsked({ type: "asked", capability: "camera" }),
  };
}"""  # noqa: E501


async def test_a_tool_asks_for_an_origin_or_a_power_that_is_known_and_for_nothing_else(
    ours: Page,
) -> None:
    assert await ours.evaluate(ASKED) == {
        "odd": [],
        "origin": "https://api.example",
        "media": "https://api.example",
        "power": "camera",
    }


# The clock is the test's own.
QUESTIONS = """async () => {
  const later = [];
  let tick = null;
  let clock = 0;
  performance.now = () => clock;
  window.setTimeout = (run, ms) => { later.push([clock + ms, run]) };
  window.setInterval = (run) => { tick = run };
  const pass = (ms) => {
    for (let n = 0; n < ms; n += 100) {
      clock += 100;
      tick?.();
      for (const one of later.splice(0)) if (one[0] <= clock) one[1](); else later.push(one);
    }
  };
  const { GrantQuestions } = await import("/grant-questions.js");
  const place = document.body.appendChild(document.createElement("div"));
  const answers = [];
  const questions = new GrantQuestions(place, (asked, allow) => answers.push(`${asked} ${allow}`));
  const button = (name) => [...place.querySelectorAll("button")].find((one) => one.textContent === name);
  const keep = () => button("Keep blocked")?.click();
  const all = () => place.querySelectorAll(".question").length;
  const got = {};
  questions.ask("a");
  questions.ask("a");
  questions.ask("b");
  got.shown = all();
  keep();
  button("Allow for this tool").click();
  got.at_once = answers.length;
  pass(700);
  keep();
  pass(700);
  keep();
  questions.ask("a");
  got.again = all();
  for (let n = 0; n < 9; n += 1) questions.ask(`load ${n}`);
  for (let n = 0; n < 9; n += 1) { pass(700); keep() }
  got.of_a_load = answers.length;
  for (let load = 0; load < 5; load += 1) {
    questions.loaded();
    for (let n = 0; n < 5; n += 1) questions.ask(`${load} ${n}`);
    for (let n = 0; n < 5; n += 1) { pass(700); keep() }
  }
  got.of_a_visit = answers.length;
  const more = new GrantQuestions(place, (asked, allow) => answers.push(`${asked} ${allow}`));
  more.ask("<b>bold</b>");
  got.markup = place.querySelectorAll("b").length;
  // A button that is held while another question comes.
  const held = button("Keep blocked");
  pass(700);
  more.clear();
  more.ask("next");
  held.click();
  got.before = answers.includes("<b>bold</b> false") || answers.includes("next false");
  more.clear();
  got.cleared = all();
  more.ask("camera");
  got.camera = button("Allow for this tool") !== undefined;
  return got;
}"""  # noqa: E501


async def test_a_tools_questions_are_few_and_answered_by_nothing_but_a_click_that_was_for_them(
    ours: Page,
) -> None:
    assert await ours.evaluate(QUESTIONS) == {
        "shown": 1,
        "at_once": 0,
        "again": 0,
        "of_a_load": 5,
        "of_a_visit": 15,
        "markup": 0,
        "before": False,
        "cleared": 0,
        "camera": False,
    }


# Waits for what a test expects; where it never comes to be, the test says what there is instead.
SPOKEN = """async () => {
  const { bridge } = await import("/bridge.js");
  const frame = document.body.appendChild(document.createElement("iframe"));
  const [entries, asked] = [[], []];
  document.addEventListener("tool-asked", ({ detail }) => asked.push(detail.asked));
  let greeted = null;
  const hello = new Promise((done) => { greeted = done });
  const idle = () => {};
  const hear = { hello: () => greeted(), loaded: idle, stored: idle, indexed: idle, entry: (one) => entries.push(one) };
  const held = bridge(frame, "key", hear);
  const [door, own] = [new MessageChannel(), new MessageChannel()];
  held.receive({ source: frame.contentWindow, ports: [door.port2] });
  door.port1.postMessage("key", [own.port2]);
  await hello;
  const say = (said) => own.port1.postMessage(said);
  const odd = [
    { type: "console" }, { type: "console", text: ["odd"] }, { type: "error", message: null }, { type: "rejection", message: {} },
    { type: "violation", directive: [], uri: "https://odd.example" }, { type: "resource", tag: "img", uri: 9 },
    { type: "dropped", count: "9" }, { type: "dropped", count: -9 }, { type: "dropped", count: 1.5 },
    { type: "asked", capability: "everything" },
  ];
  odd.forEach(say);
  say({ type: "console", level: "<b>", text: "x".repeat(3000), line: "9" });
  say({ type: "violation", directive: "connect-src", uri: { odd: 1 } });
  say({ type: "console", level: "warn", text: "last", line: 9 });
  for (let n = 0; n < 1000 && !entries.some(({ text }) => text.endsWith("not understand.")); n += 1) {
    await new Promise((done) => setTimeout(done, 20));
  }
  held.close();
  return [entries.map(({ level, text, line }) => [level, text.slice(0, 40), text.length > 2000, line]), asked];
}"""  # noqa: E501


async def test_of_a_tools_words_a_page_shows_text_of_a_length_and_counts_the_rest(
    ours: Page,
) -> None:
    lines, asked = await ours.evaluate(SPOKEN)
    assert lines == [
        ["log", "x" * 40, False, None],
        ["warn", "Kept inside (connect-src): ", False, None],
        ["warn", "last", False, 9],
        ["warn", "The tool said 10 things that this page d", False, None],
    ]
    assert asked == []


TROUBLE = """async () => {
  const [first, second] = [await import("/trouble.js"), await import("/trouble.js?another")];
  const url = (name) => `https://k7.example/${name}`;
  const record = () => JSON.parse(localStorage.getItem("sandwright.trouble") ?? "{}");
  const got = {};
  first.remember(url("frozen"), "frozen");
  first.starting(url("frozen"));
  first.alive(url("frozen"));
  got.frozen = record().frozen?.reason;
  first.starting(url("both"));
  sessionStorage.clear();
  const other = await import("/trouble.js?tab");
  other.starting(url("both"));
  other.alive(url("both"));
  got.both = record().both?.reason;
  first.alive(url("both"));
  got.neither = record().both === undefined;
  first.alive(url("never begun"));
  first.remember(url("__proto__"), "frozen");
  got.inherited = Object.hasOwn(record(), "toString");
  for (let n = 0; n < 150; n += 1) second.remember(url(n), "flooded");
  got.many = Object.keys(record()).length;
  got.newest = record()[149]?.reason;
  return got;
}"""


async def test_what_a_tool_did_is_remembered_whatever_another_tab_makes_of_it(ours: Page) -> None:
    assert await ours.evaluate(TROUBLE) == {
        "frozen": "frozen",
        "both": "starting",
        "neither": True,
        "inherited": False,
        "many": 100,
        "newest": "flooded",
    }
