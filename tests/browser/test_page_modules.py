"""What our pages make of a tool's words, module by module: it is counted, cut and refused.

Whole pages are tried in test_grants.py, test_bridge_host.py, test_halted.py and
test_stored_panel.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Route

from sandbox.runtime.assembly import HOST_MODULES
from tests.browser.tools import module_page

MODULES = Path(__file__).parents[2] / "frontend" / "static" / "js"


def found(path: str) -> Path:
    return HOST_MODULES / path[5:] if path.startswith("host/") else MODULES / path


modules = module_page(found)


@pytest.fixture
async def ours(page: Page, serve: Any) -> Page:
    await page.goto(f"http://127.0.0.1:{await serve(modules)}/")
    return page


# Waits for what a test expects; where it never comes to be, the test says what there is instead.
UNTIL = """const until = async (holds) => {
  for (let n = 0; n < 500 && !holds(); n += 1) await new Promise((done) => setTimeout(done, 20));
};
const add = (tag, attributes = {}, to = document.body) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return to.appendChild(made);
};
// A bridge of the test's own in a frame; the page has greeted it.
const greeted = async (frame) => {
  const [door, own] = [new MessageChannel(), new MessageChannel()];
  const answer = new Promise((done) => { own.port1.onmessage = done });
  dispatchEvent(new MessageEvent("message", { source: frame.contentWindow, ports: [door.port2] }));
  door.port1.postMessage("key", [own.port2]);
  await answer;
  return own.port1;
};
// By then what was posted before has been heard.
const hops = async () => {
  for (let n = 0; n < 20; n += 1) await new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(0);
  });
};
const flood = (frame) => {
  for (let n = 0; n < 300; n += 1) dispatchEvent(new MessageEvent("message", { source: frame.contentWindow }));
};"""  # noqa: E501

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


PERMISSIONS = f"""async () => {{ {UNTIL}
  const later = window.setTimeout;
  window.setTimeout = (run, ms) => later(run, ms === 2000 ? 20 : ms);
  const none = {{ network: [], geolocation: false, clipboard_read: false, asks_more: [], given_on: 1 }};
  const server = {{ ...none, kept_blocked: ["https://kept.example"], holds: true, version: 1 }};
  const [looked, puts] = [[], []];
  let [moves, away, gate] = [0, 0, null];
  window.fetch = async (url, {{ method, body }}) => {{
    await gate;
    const at = new URL(url, location);
    const origin = at.searchParams.get("origin");
    if (origin) looked.push(origin);
    if (origin) return Response.json({{ origin }});
    if (at.pathname.includes("/versions/")) {{
      away -= 1;
      if (away === 0) throw new TypeError("away");
      moves += 1;
      return Response.json({{ frame_url: `/moved/${{moves}}` }});
    }}
    if (method === "PUT") puts.push(JSON.parse(body));
    if (method === "PUT") Object.assign(server, {{ ...JSON.parse(body), holds: true }});
    return Response.json({{ ...server, allow: server.network.join(" ") }});
  }};
  const {{ permissions }} = await import("/permissions.js");
  const tab = (n) => {{
    const [stage, place, panel] = [add("div"), add("div"), add("div")];
    for (const name of ["problem", "said", "none"]) add("p", {{ [`data-permissions-${{name}}`]: "" }}, panel);
    const more = add("div", {{ "data-permissions-more": "" }}, panel);
    for (const tag of ["p", "button"]) add(tag, {{}}, more);
    for (const kind of ["given", "kept"]) add("ul", {{}}, add("div", {{ "data-permissions-list": kind }}, panel));
    const form = add("form", {{}}, panel);
    const box = add("input", {{ name: "origin" }}, form);
    const frame = add("iframe", {{ title: "Preview" }}, stage);
    const loads = [];
    const bench = {{ shown: {{ n }}, frameUrl: "/first", moved: (url) => {{ bench.frameUrl = url }} }};
    permissions({{ artifact: "a", bench, preview: {{ renew: (url) => loads.push(url) }}, stage, place, panel }});
    const allow = async (origin) => {{
      const before = loads.length;
      box.value = origin;
      form.requestSubmit();
      await until(() => loads.length > before);
    }};
    return {{ stage, place, panel, frame, loads, allow }};
  }};
  const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, {{ detail }}));
  const others = new BroadcastChannel("sandwright.grants.a");
  let heard = 0;
  others.onmessage = () => {{ heard += 1 }};
  const one = tab(1);
  const next = add("iframe", {{ title: "Loading next version" }}, one.stage);
  const asks = (asked, frame = one.frame) => tell("tool-asked", {{ frame, asked }});
  const got = {{}};
  await until(() => one.panel.querySelector("li"));
  asks("https://unseen.example", next);
  asks("https://kept.example");
  for (let n = 0; n < 5; n += 1) asks(`https://n${{n}}.example`);
  await until(() => looked.includes("https://n4.example"));
  got.first = one.place.querySelector("code")?.textContent;
  tell("tool-loading", {{ frame: next }});
  for (const n of [5, 6]) asks(`https://n${{n}}.example`);
  await until(() => looked.includes("https://n6.example"));
  got.of_a_load = one.place.querySelector(".question-count").textContent;
  Object.assign(server, {{ network: ["https://of-1.example"], holds: false, version: 2 }});
  tell("page-renewed", {{ shown: {{ n: 2 }} }});
  got.of_another_version = one.place.children.length;
  await one.allow("https://a.example");
  got.given = puts.at(-1);
  await until(() => heard > 0);
  got.told = heard > 0;
  // Somebody takes it back where this browser does not hear of it.
  server.network = [];
  await one.allow("https://b.example");
  got.from_what_holds = puts.at(-1).network;
  await until(() => one.panel.querySelector('[aria-label="Revoke: https://b.example"]'));
  const revoked = one.loads.length;
  one.panel.querySelector('[aria-label="Revoke: https://b.example"]').click();
  await until(() => one.loads.length > revoked);
  got.revoked_here = [one.loads.at(-1) === `/moved/${{moves}}`, one.stage.dataset.allow, one.frame.getAttribute("allow")];
  await one.allow("https://c.example");
  const before = one.loads.length;
  server.network = [];
  // The news do not get through at first.
  away = 1;
  others.postMessage(null);
  await until(() => one.loads.length > before);
  got.revoked_elsewhere = [one.loads.length - before, one.loads.at(-1) === `/moved/${{moves}}`];
  let open = null;
  gate = new Promise((done) => {{ open = done }});
  const two = tab(2);
  const echo = new BroadcastChannel("sandwright.grants.a");
  const arrived = new Promise((done) => {{ echo.onmessage = done }});
  others.postMessage(null);
  await arrived;
  open();
  await until(() => two.loads.length > 0);
  got.before_it_was_known = two.loads[0]?.startsWith("/moved/");
  return got;
}}"""  # noqa: E501


async def test_a_tool_in_sight_asks_and_what_was_taken_back_ends_in_every_tab(ours: Page) -> None:
    assert await ours.evaluate(PERMISSIONS) == {
        "first": "https://n0.example",
        "of_a_load": "1 of 5",
        "of_another_version": 0,
        "given": {
            "network": ["https://a.example"],
            "geolocation": False,
            "clipboard_read": False,
            "version": 2,
        },
        "told": True,
        "from_what_holds": ["https://b.example"],
        "revoked_here": [True, "", ""],
        "revoked_elsewhere": [1, True],
        "before_it_was_known": True,
    }


# The clock is the test's own.
PREVIEW = f"""async () => {{ {UNTIL}
  const ticks = [];
  let clock = 0;
  performance.now = () => clock;
  window.setInterval = (run, ms) => ms === 1000 && ticks.push(run);
  const [{{ Preview }}, {{ Keeper }}] = [await import("/preview.js"), await import("/host/stored.js")];
  const saves = [];
  const keeper = new Keeper(async (changes) => saves.push(changes), {{}});
  let log = [];
  const staged = (held) => {{
    const stage = add("div");
    Object.assign(stage.dataset, {{ sandbox: "", allow: "", key: "key", still: "/still" }});
    if (held) add("iframe", {{ "data-held": "/held", "data-held-for": "flooded" }}, stage);
    return [stage, new Preview(stage, (all) => {{ log = all }}, keeper)];
  }};
  const got = {{}};
  const [before] = staged(true);
  got.held = [before.querySelectorAll("iframe").length, before.querySelectorAll(".halted").length];
  const [stage, preview] = staged(false);
  const frames = () => [...stage.querySelectorAll("iframe")];
  const sources = () => frames().map(({{ src }}) => src.slice(origin.length));
  const record = (name) => JSON.parse(localStorage.getItem("sandwright.trouble") ?? "{{}}")[name]?.reason;
  const press = (words) => [...stage.querySelectorAll("button")].find((one) => one.textContent === words).click();
  preview.stream("one", "/first", true);
  got.starting = record("first");
  const [frame] = frames();
  const bridge = await greeted(frame);
  for (let said = 0; said < 600;) {{
    for (const end = said + 150; said < end; said += 1) bridge.postMessage({{ type: "console", text: `${{said}}` }});
    await until(() => log.at(-1)?.text === `${{said - 1}}`);
    clock += 5000;
  }}
  got.lines = log.length;
  for (let n = 0; n < 4; n += 1) {{
    clock += 5000;
    for (const tick of ticks) tick();
  }}
  got.silent = [record("first"), stage.querySelectorAll(".silent").length];
  preview.stream("two", "/second", false);
  const next = frames().find((one) => one !== frame);
  got.unseen = next.inert;
  flood(next);
  got.flooded = [frames().length, stage.querySelector(".halted-title")?.textContent, record("second")];
  await preview.renew("/third");
  got.ended = frames().length;
  press("Open without running");
  got.looked_at = sources();
  await preview.reload("/third");
  got.looked_at_again = sources();
  press("Run anyway");
  got.ran = sources();
  const [ran] = frames();
  const stores = (port, key) => port.postMessage({{ type: "stored", area: "local", n: 1, changes: [[key, "x"]] }});
  const old = await greeted(ran);
  preview.reload("/third", {{ changed: true }});
  stores(old, "cleared");
  old.postMessage({{ type: "console", text: "said" }});
  await until(() => log.at(-1)?.text === "said");
  const seen = await greeted(ran);
  stores(seen, "fresh");
  await until(() => saves.length > 0);
  preview.stream("four", "/fourth", false);
  stores(await greeted(frames().find((one) => one !== ran)), "unseen");
  await hops();
  stores(seen, "seen");
  await until(() => saves.some(({{ local }}) => "seen" in local));
  got.saved = saves.flatMap(({{ local }}) => Object.keys(local));
  return got;
}}"""  # noqa: E501


async def test_what_a_tool_did_and_what_a_person_ended_stays_so_until_they_say_otherwise(
    ours: Page,
) -> None:
    assert await ours.evaluate(PREVIEW) == {
        "held": [0, 1],
        "starting": "starting",
        "lines": 500,
        "silent": ["frozen", 1],
        "unseen": True,
        "flooded": [0, "This tool flooded the page.", "flooded"],
        "ended": 0,
        "looked_at": ["/still/third?still"],
        "looked_at_again": ["/still/third?still"],
        "ran": ["/third"],
        "saved": ["fresh", "seen"],
    }


STORED = f"""async () => {{ {UNTIL}
  const panel = add("div");
  const parts = {{ list: "ol", download: "button", clear: "button" }};
  for (const name of ["facts", "empty", "problem", "cleared", "list", "download", "clear"]) {{
    add(parts[name] ?? "p", {{ [`data-stored-${{name}}`]: "" }}, panel);
  }}
  add("p", {{ "data-stored-alarm": "" }});
  const local = {{ "<i>key</i>": "<i>value</i>", long: "x".repeat(30_000) }};
  const indexed = {{ "null": "1", "{{": "2", "[1]": "3", '["<i>","store","key"]': "<i>" }};
  const sizes = {{ local: 1, indexed: 1 }};
  window.fetch = async () => Response.json({{ local, indexed, used: sizes, quota: sizes }});
  const {{ storedData }} = await import("/stored-data.js");
  const title = `../<i>${{"y".repeat(100)}}`;
  storedData({{ id: "a", title }}, panel, () => {{}}).visible(true);
  await until(() => panel.querySelectorAll("li").length > 0);
  panel.querySelectorAll("details").forEach((one) => {{ one.open = true }});
  await until(() => [...panel.querySelectorAll("pre")].every((one) => one.textContent));
  let file = "";
  HTMLAnchorElement.prototype.click = function () {{ file = this.download }};
  panel.querySelector("[data-stored-download]").click();
  await until(() => file);
  const texts = (selector) => [...panel.querySelectorAll(selector)].map((one) => one.textContent);
  return {{
    names: texts(".data-key"),
    values: texts("pre").map((text) => text.slice(0, 20)),
    markup: panel.querySelectorAll("i").length,
    longest: Math.max(...texts("pre, .data-glance").map(({{ length }}) => length)),
    glance: Math.max(...texts(".data-glance").map(({{ length }}) => length)),
    file: file.replace(/y+/, ({{ length }}) => ` ${{length}} `),
  }};
}}"""


async def test_what_a_tool_stored_is_shown_as_text_of_a_length(ours: Page) -> None:
    shown = await ours.evaluate(STORED)
    assert shown.pop("longest") < 20_100
    assert shown == {
        "names": ["<i>key</i>", "long", "<i> › store"],  # noqa: RUF001 - as people see it
        "values": ["<i>value</i>", "x" * 20, "<i>"],
        "markup": 0,
        "glance": 200,
        "file": "-i- 57 -data.json",
    }


CONFIRMED = """async () => {
  const { confirmed } = await import("/confirm.js");
  const got = {};
  for (const end of ["Escape", "Keep", "Delete"]) {
    const answer = confirmed({ title: "Delete <i>Tool</i>?", words: "For good.", keep: "Keep", go: "Delete" });
    const dialog = document.querySelector("dialog");
    got.focus = document.activeElement.textContent;
    got.markup = dialog.querySelectorAll("i").length;
    const button = [...dialog.querySelectorAll("button")].find((one) => one.textContent === end);
    if (button) button.click(); else dialog.close();
    got[end] = await answer;
  }
  return got;
}"""  # noqa: E501


async def test_what_cannot_be_undone_is_done_by_one_button_alone(ours: Page) -> None:
    expected = {"focus": "Keep", "markup": 0, "Escape": False, "Keep": False, "Delete": True}
    assert await ours.evaluate(CONFIRMED) == expected


LOOPBACK = [
    *("http://localhost:9/probe", "http://k7.localhost:9/probe", "http://127.0.0.1:9/probe"),
    *("http://127.9.9.9:9/probe", "http://0.0.0.0:9/probe", "http://[::1]:9/probe"),
]
PROBED = f"""async (urls) => {{ {UNTIL}
  const offered = [...urls.map((probe) => ({{ level: probe, probe }})), {{ level: "path", probe: null }}];
  const levels = {{ used: "path", origin: null, identity: "ours", offered }};
  add("p", {{ id: "levels" }}).textContent = JSON.stringify(levels);
  const asked = [];
  window.fetch = async (url) => {{
    if (urls.includes(url)) asked.push(url);
    return new Response("ours");
  }};
  const {{ probe }} = await import("/probe.js");
  return [await probe({{ ahead: true }}), asked];
}}"""  # noqa: E501


async def test_a_page_from_elsewhere_asks_nothing_of_the_readers_own_machine(
    page: Page, serve: Any
) -> None:
    here = f"127.0.0.1:{await serve(modules)}"

    async def answered(route: Route) -> None:
        there = route.request.url.replace("box.example", here)
        await route.fulfill(response=await route.fetch(url=there))

    await page.route("http://box.example/**", answered)
    await page.goto("http://box.example/")
    assert await page.evaluate(PROBED, LOOPBACK) == ["path", []]
    # On the server's own machine they are.
    await page.goto(f"http://{here}/")
    assert await page.evaluate(PROBED, LOOPBACK) == [LOOPBACK[0], LOOPBACK]


PROVED = f"""async () => {{ {UNTIL}
  const stage = add("div");
  const names = ["stranger", "leaves", "floods", "runs"];
  window.fetch = async () => Response.json(Object.fromEntries(names.map((name) => [name, {{ control: true }}])));
  const {{ attempts }} = await import("/prove-attempt.js");
  let stop = null;
  const ended = new Promise((done) => {{ stop = done }});
  const {{ together }} = attempts({{ id: "1", sandbox: "", allow: "", stage, lend: null, ended }});
  const found = together(names.map((name) => ({{ name, mark: name, key: "key", control: "/", attack: "/" }})));
  await until(() => stage.querySelectorAll("[data-attack]").length === names.length);
  const frames = names.map((name) => stage.querySelector(`[data-attack=${{name}}]`));
  const [stranger, leaves, floods, runs] = await Promise.all(frames.map(greeted));
  const say = (port, text) => port.postMessage({{ type: "console", text }});
  flood(frames[2]);
  say(floods, "ended floods");
  say(stranger, "ended runs");
  say(leaves, "begun runs");
  leaves.postMessage({{ type: "leaving" }});
  say(runs, "begun runs");
  runs.postMessage({{ type: "leaving" }});
  await hops();
  const left = stage.querySelectorAll("iframe").length;
  stop();
  return [left, (await found).map(({{ ran }}, at) => ran && names[at]).filter(Boolean)];
}}"""  # noqa: E501


async def test_an_attack_has_run_by_its_own_word_and_one_that_floods_the_proof_has_not(
    ours: Page,
) -> None:
    assert await ours.evaluate(PROVED) == [3, ["runs"]]


BY_HAND = f"""async () => {{ {UNTIL}
  const [timer, now] = [setTimeout, performance.now.bind(performance)];
  let ahead = 0;
  window.setTimeout = (run, ms) => timer(run, Math.min(ms, 20));
  performance.now = () => now() + ahead;
  const stage = add("div");
  const {{ attempts }} = await import("/prove-attempt.js");
  let cases = 0;
  const tried = async ({{ heard = true, acted = true, says = true, looks = {{}} }}) => {{
    cases += 1;
    const name = `case${{cases}}`;
    window.fetch = async () => Response.json({{ [name]: {{ control: heard }} }});
    let attacked = false;
    const lend = async ({{ part }}) => {{
      if (part === "look" && !heard) ahead += 11_000;
      attacked ||= part === "attack";
      return part === "look" ? attacked && looks : {{ acted }};
    }};
    const ended = new Promise(() => {{}});
    const told = {{ id: name, sandbox: "", allow: "", stage, lend, ended }};
    const one = {{ name, mark: name, key: "key", control: "/", attack: "/" }};
    const found = attempts(told).byHand(one);
    await until(() => stage.firstElementChild);
    const port = await greeted(stage.firstElementChild);
    if (says) port.postMessage({{ type: "console", text: `ended ${{name}}` }});
    else ahead += 11_000;
    const {{ control, attack, ran, how }} = await found;
    return [[control, attack, ran, how].join(), stage.childElementCount];
  }};
  return {{
    silent: await tried({{}}),
    unheard: await tried({{ heard: false }}),
    idle: await tried({{ acted: false }}),
    dead: await tried({{ says: false }}),
    opened: await tried({{ looks: {{ opened: 1 }} }}),
    gained: await tried({{ looks: {{ gained: 1 }} }}),
    looked_up: await tried({{ looks: {{ looked_up: 1 }} }}),
    heard: await tried({{ looks: {{ attack: 1 }} }}),
  }};
}}"""


async def test_an_attack_with_a_hand_has_run_where_it_was_acted_on_and_is_seen_however_it_gets_out(
    ours: Page,
) -> None:
    assert await ours.evaluate(BY_HAND) == {
        "silent": ["true,false,true,", 0],
        "unheard": ["false,false,true,", 0],
        "idle": ["true,false,false,", 0],
        "dead": ["true,false,false,", 0],
        "opened": ["true,true,true,opened a tab", 0],
        "gained": ["true,true,true,gained the power", 0],
        "looked_up": ["true,true,true,looked a name up", 0],
        "heard": ["true,true,true,", 0],
    }
