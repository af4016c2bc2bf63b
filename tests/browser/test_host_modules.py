"""The page's end of the bridge, module by module, in a browser and by a clock of the test's own.

What a hostile tool may say is counted, weighed and refused.

Whole tools are tried in test_bridge_host.py and test_traps.py.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page

from sandbox.runtime.assembly import HOST_MODULES
from tests.browser.tools import module_page

modules = module_page(lambda path: HOST_MODULES / path)


@pytest.fixture
async def ours(page: Page, serve: Any) -> Page:
    await page.goto(f"http://127.0.0.1:{await serve(modules)}/")
    return page


# Waits for what a test expects; where it never comes to be, the test says what there is instead.
UNTIL = """const until = async (holds) => {
  for (let n = 0; n < 1000 && !holds(); n += 1) await new Promise((done) => setTimeout(done, 20));
};"""

ARMING = """async () => {
  const { arm, startAnew } = await import("/arming.js");
  let [clock, tick] = [0, null];
  performance.now = () => clock;
  window.setInterval = (run) => { tick = run };
  const pass = (ms, step = 100) => { for (let n = 0; n < ms; n += step) { clock += step; tick() } };
  const press = (on) => {
    const event = new PointerEvent("pointerdown", { bubbles: true });
    Object.defineProperty(event, "timeStamp", { value: clock });
    on.dispatchEvent(event);
  };
  const button = document.body.appendChild(document.createElement("button"));
  const counts = arm(button);
  const clicked = () => counts({ detail: 1 }) || counts({ detail: 0 });
  const got = { at_once: clicked() };
  pass(600);
  press(document.body);
  pass(600);
  got.after_a_press_here = clicked();
  startAnew();
  pass(600);
  got.after_a_press_in_a_tool = clicked();
  pass(6000, 300);
  got.while_the_page_is_late = clicked();
  press(button);
  pass(700);
  got.pressed_too_soon = counts({ detail: 1 });
  got.by_keyboard = counts({ detail: 0 });
  press(button);
  got.pressed = counts({ detail: 1 });
  return got;
}"""


async def test_a_button_that_grants_counts_once_nobody_has_pressed_anywhere(ours: Page) -> None:
    got = await ours.evaluate(ARMING)
    assert [name for name, counts in got.items() if counts] == ["by_keyboard", "pressed"]


DOOR = """
  const { doorman } = await import("/doorman.js");
  const heard = [];
  let floods = 0;
  const door = doorman("key", {
    known(port) { port.onmessage = ({ data }) => { heard.push(data) } },
    flooded() { floods += 1 },
    absent() {},
  });
  const offers = [];
  const offer = (many) => {
    for (let n = 0; n < many; n += 1) {
      const { port1, port2 } = new MessageChannel();
      offers.push(port1);
      door.offer(port2);
    }
  };
  const say = (n, word, ports = 1) => {
    const own = Array.from({ length: ports }, () => new MessageChannel());
    for (const { port1 } of own) port1.postMessage(n);
    offers[n].postMessage(word, own.map(({ port2 }) => port2));
  };
"""
AT_THE_DOOR = f"""async () => {{ {UNTIL} {DOOR}
  // One more than may wait: the first is not listened to any more.
  offer(501);
  say(500, "", 9);
  await until(() => floods > 0);
  say(0, "key");
  // The first word counts, and no other is read.
  say(1, "another");
  say(1, "key", 9);
  say(2, "key", 2);
  for (const n of [3, 5]) {{
    say(n, "key");
    await until(() => heard.includes(n));
  }}
  // Of a document that is gone: a newer one has said hello.
  say(4, "key");
  say(6, "key");
  await until(() => heard.includes(6));
  door.close();
  return [floods, heard];
}}"""
# The worker's clock goes 60 ms each time that it is asked.
LATE_AT_THE_DOOR = f"""async () => {{
  const Plain = Blob;
  window.Blob = class extends Plain {{
    constructor([code], options) {{
      super([`let c = 0; performance.now = () => (c += 60);${{code}}`], options);
    }}
  }};
  {UNTIL} {DOOR}
  offer(2);
  say(0, "heavy");
  say(1, "heavy");
  await until(() => floods > 0);
  door.close();
  return floods;
}}"""


async def test_the_door_opens_to_the_newest_document_and_keeps_no_more_waiting_than_it_may(
    ours: Page,
) -> None:
    assert await ours.evaluate(AT_THE_DOOR) == [1, [3, 5, 6]]


async def test_what_takes_long_to_read_at_the_door_is_a_flood(ours: Page) -> None:
    assert await ours.evaluate(LATE_AT_THE_DOOR) == 1


# What a tool wishes, and what is left of it. All of it is one name, none of it a place.
NAMES = {
    "report.csv": "report.csv",
    "../../etc/passwd": "_.._etc_passwd",
    "..\\..\\boot.ini": "_.._boot.ini",
    "/etc/passwd": "_etc_passwd",
    "C:\\Windows\\system.ini": "C__Windows_system.ini",
    'a:b*c?d"e<f>g|h.txt': "a_b_c_d_e_f_g_h.txt",
    "tab\tline\nnul\0end.txt": "tablinenulend.txt",
    "photo\u202egpj.exe": "photogpj.exe",
    "in\u2066sid\u2069e\u200b\u200d\ufeff.txt": "inside.txt",
    "line\u2028para\u2029graph.txt": "lineparagraph.txt",
    "half\ud800.txt": "half.txt",
    "con": "_con",
    "CON.txt": "_CON.txt",
    "Lpt9.log": "_Lpt9.log",
    "nul.tar.gz": "_nul.tar.gz",
    "console.txt": "console.txt",
    ".bashrc": "bashrc",
    "...": "download.txt",
    "": "download.txt",
    " \t . ": "download.txt",
    "dots and spaces. . .": "dots and spaces",
    "bill.pdf" + " \u00a0\u2800\u3164" * 20 + ".exe": "bill.pdf .exe",
    "x" * 300 + ".json": "x" * 115 + ".json",
    "y" * 300: "y" * 120,
    "z." + "e" * 300: "z." + "e" * 118,
    "Grüße 表 🎈.txt": "Grüße 表 🎈.txt",
}
MALICIOUS_WISHES = [7, None, {}, ["../x"], {"toString": "x"}]


async def test_a_files_name_is_only_a_name(ours: Page) -> None:
    """As the page writes it; what a browser makes of names besides is not counted on."""
    name = "async (wish) => (await import('/downloads.js')).fileName(wish, 'text/plain')"
    for wish, left in NAMES.items():
        assert (wish, await ours.evaluate(name, wish)) == (wish, left)
    for wish in MALICIOUS_WISHES:
        assert await ours.evaluate(name, wish) == "download.txt"


SAVING = """async () => {
  const { downloads } = await import("/downloads.js");
  const [files, kinds] = [[], new Set()];
  let refused = 0;
  HTMLAnchorElement.prototype.click = function () { files.push(this.download) };
  URL.createObjectURL = ({ type }) => { kinds.add(type); return "blob:x" };
  const saving = downloads({ refused: () => { refused += 1 } });
  const odd = [null, "odd", { size: 1, type: "text/plain" }].map((blob) =>
    saving.hear({ name: "odd", blob }));
  const save = (name) => saving.hear({ name, blob: new Blob(["x"], { type: "text/html" }) });
  ["a", "b", "c", "d", "e"].forEach(save);
  saving.acted();
  save("f");
  return [odd, files.join(""), [...kinds], refused];
}"""


async def test_three_files_are_written_between_two_acts_and_none_of_a_kind_that_opens(
    ours: Page,
) -> None:
    kind = ["application/octet-stream"]
    assert await ours.evaluate(SAVING) == [[False] * 3, "abcf", kind, 1]


FLOODS = """async () => {
  const { countMessages } = await import("/floods.js");
  const post = (source, many, ports = 0) => {
    const made = Array.from({ length: ports }, () => new MessageChannel().port1);
    for (let n = 0; n < many; n += 1) {
      dispatchEvent(new MessageEvent("message", { source, ports: made }));
    }
  };
  const ended = (does) => {
    const frame = document.body.appendChild(document.createElement("iframe"));
    let times = 0;
    const counting = countMessages(frame, () => { times += 1 });
    does(frame.contentWindow, counting.count);
    counting.close();
    frame.remove();
    return times;
  };
  const nested = (own) => {
    const { document } = own;
    return document.body.appendChild(document.createElement("iframe")).contentWindow;
  };
  const busy = () => { for (const end = Date.now() + 1100; Date.now() < end; ); };
  return {
    few: ended((own) => post(own, 150)),
    of_ours: ended(() => post(window, 300)),
    posted: ended((own) => post(own, 300)),
    with_ports: ended((own) => post(own, 40, 8)),
    nested: ended((own) => post(nested(own), 300)),
    of_a_document_that_is_gone: ended(() => post(null, 300)),
    by_the_port: ended((_, count) => { for (let n = 0; n < 1100; n += 1) count() }),
    while_the_page_is_busy: ended((own) => { post(own, 150); busy(); post(own, 150) }),
  };
}"""


async def test_a_flood_is_counted_whoever_in_the_frame_posts_it(ours: Page) -> None:
    got = await ours.evaluate(FLOODS)
    assert [name for name, ended in got.items() if not ended] == ["few", "of_ours"]
    assert max(got.values()) == 1


LIMITS = """async () => {
  document.documentElement.dataset.entries = history.length;
  const push = (many) => { for (let n = 0; n < many; n += 1) history.pushState(n, "") };
  push(6);
  const { limits } = await import("/limits.js");
  let [loads, entries, tick] = [0, 0, null];
  window.setInterval = (run) => { tick = run };
  const told = { loads: () => { loads += 1 }, entries: () => { entries += 1 } };
  const bounds = limits(told);
  const got = [];
  tick();
  got.push(entries); // of before there was this module
  bounds.acted();
  push(5);
  tick();
  got.push(entries);
  push(1);
  tick();
  got.push(entries, bounds.entries());
  for (const many of [7, 1]) {
    for (let n = 0; n < many; n += 1) bounds.loaded();
    got.push(loads);
  }
  bounds.acted();
  bounds.loaded();
  got.push(loads, bounds.entries());
  return got;
}"""


async def test_entries_and_loads_without_an_act_are_counted(ours: Page) -> None:
    assert await ours.evaluate(LIMITS) == [1, 1, 2, 6, 0, 1, 1, 0]


LINKS = f"""async () => {{ {UNTIL}
  const {{ open }} = (await import("/links.js")).addressHandlers();
  const active = {{ isActive: false }};
  Object.defineProperty(navigator, "userActivation", {{ value: active }});
  const opened = [];
  HTMLAnchorElement.prototype.click = function () {{ opened.push(this.href) }};
  const dialogs = () => [...document.querySelectorAll("dialog")];
  const button = (name) =>
    [...document.querySelectorAll("dialog button")].find((one) => one.textContent === name);
  const out = "https://out.example/";
  const odd = [
    7, ["https://odd.example"], "javascript:1", "file:///etc/passwd", "data:text/html,odd",
    `blob:${{location.origin}}/odd`, "/api", out + "x".repeat(8192),
  ];
  const got = {{ odd: odd.filter((url) => open({{ url }}) !== false) }};
  open({{ url: out }});
  got.unpressed = dialogs().length;
  active.isActive = true;
  open({{ url: `${{out}}1` }});
  open({{ url: `${{out}}2` }});
  got.asked = dialogs().map((one) => one.querySelector("code").textContent);
  got.focused = document.activeElement.textContent;
  button("Open").click();
  for (let n = 0; n < 5; n += 1) await new Promise((done) => setTimeout(done));
  got.at_once = opened;
  for (let n = 0; n < 3; n += 1) {{
    if (n > 0) open({{ url: out }});
    button("Stay here")?.click();
    await until(() => dialogs().length === 0);
  }}
  open({{ url: out }});
  got.nagging = dialogs().length;
  return got;
}}"""


async def test_an_address_is_asked_about_one_at_a_time_and_only_of_a_kind_that_leads_outside(
    ours: Page,
) -> None:
    assert await ours.evaluate(LINKS) == {
        "odd": [],
        "unpressed": 0,
        "asked": ["https://out.example/1"],
        "focused": "Stay here",
        "at_once": [],
        "nagging": 0,
    }


NESTED = f"""async () => {{ {UNTIL}
  const {{ tellNested }} = await import("/nested.js");
  const [frame, presses, answers] = [{{ contentWindow: {{}} }}, [], []];
  let counted = 0;
  const nested = {{ parent: frame.contentWindow, postMessage: (...said) => answers.push(said) }};
  const port = () => new MessageChannel().port1;
  const press = (late) => presses.push(late);
  const telling = tellNested(frame, () => true, press, () => {{ counted += 1 }});
  telling.receive({{ source: nested, ports: [] }});
  telling.receive({{ source: nested, ports: [port(), port()] }});
  telling.receive({{ source: {{ ...nested, parent: window }}, ports: [port()] }});
  telling.receive({{ source: nested, ports: [port()] }});
  const given = answers.flatMap((said) => said[2]);
  const words = [];
  given[0].onmessage = ({{ data }}) => words.push(data);
  for (const late of [-1, "odd", {{}}, 7]) given[0].postMessage(late);
  await until(() => presses.length > 0 && words.length > 0);
  // More than are kept: the oldest hears that the keyboard is not free, and nothing more.
  for (let n = 0; n < 100; n += 1) telling.receive({{ source: nested, ports: [port()] }});
  await until(() => words.length > 1);
  telling.close();
  return [given.length, words, presses, counted];
}}"""


async def test_a_nested_document_gets_one_port_for_one_question_and_tells_of_presses_that_were(
    ours: Page,
) -> None:
    assert await ours.evaluate(NESTED) == [1, [True, False], [7], 4]


PORT = f"""async () => {{ {UNTIL}
  const {{ openPort }} = await import("/port.js");
  const frame = {{ contentWindow: {{}} }};
  const [said, lost] = [[], {{ many: 0, odd: 0 }}];
  let [hellos, heard, floods] = [0, 0, 0];
  const handlers = {{
    note({{ text }}) {{ said.push(text) }},
    shaped: () => false,
    error() {{}},
  }};
  const open = openPort(frame, "key", handlers, {{
    hello() {{ hellos += 1 }},
    heard() {{ heard += 1 }},
    flooded() {{ floods += 1 }},
    dropped({{ many, odd }}) {{ lost.many += many; lost.odd += odd }},
  }});
  const join = (source = frame.contentWindow, more = []) => {{
    const [door, own] = [new MessageChannel(), new MessageChannel()];
    open.receive({{ source, ports: [door.port2, ...more] }});
    door.port1.postMessage("key", [own.port2]);
    return own.port1;
  }};
  const ports = (many) => Array.from({{ length: many }}, () => new MessageChannel().port1);
  for (const stray of [join({{}}), join(undefined, ports(1))]) stray.postMessage({{ type: "note", text: "stray" }});
  const first = join();
  await until(() => hellos > 0);
  for (const odd of [null, 7, "note", {{}}, {{ type: ["note"], text: "odd" }}, {{ type: "toString" }}, {{ type: "shaped" }}]) {{
    first.postMessage(odd);
  }}
  for (let n = 0; n < 3000; n += 1) first.postMessage({{ type: "error" }});
  first.postMessage({{ type: "note", text: "still heard" }});
  await until(() => lost.odd >= 7 && lost.many > 0 && said.length > 0);
  const got = {{ many: lost.many > 0, odd: lost.odd, heard, floods }};
  first.postMessage({{ type: "note", text: Array(10_001).fill(0) }});
  await until(() => floods > 0);
  got.heavy = floods;
  join(undefined, ports(8));
  got.with_ports = floods;
  const second = join();
  await until(() => hellos > 1);
  first.postMessage({{ type: "note", text: "of a document that is gone" }});
  second.postMessage({{ type: "note", text: "of the next" }});
  await until(() => said.includes("of the next"));
  open.close();
  return {{ ...got, said, hellos }};
}}"""  # noqa: E501


async def test_a_port_is_the_frames_own_and_what_comes_through_it_is_counted_and_checked(
    ours: Page,
) -> None:
    assert await ours.evaluate(PORT) == {
        "many": True,
        "odd": 7,
        "heard": 3008,
        "floods": 0,
        "heavy": 1,
        "with_ports": 2,
        "said": ["still heard", "of the next"],
        "hellos": 2,
    }


WATCHDOG = """async () => {
  const { watchdog } = await import("/watchdog.js");
  let [clock, tick] = [0, null];
  performance.now = () => clock;
  window.setInterval = (run) => { tick = run };
  const silences = [];
  const dog = watchdog(() => {}, { silent: (yes) => silences.push(yes), alive() {} });
  const after = (seconds) => {
    for (let n = 0; n < seconds; n += 1) { clock += 1000; tick() }
    return silences.splice(0);
  };
  const got = [after(20)];
  dog.begin();
  got.push(after(4), after(20));
  dog.pong();
  got.push(after(1));
  dog.rest(true); // a dialog is open
  got.push(after(60));
  dog.rest(false);
  dog.left();
  got.push(after(20));
  return got;
}"""


async def test_a_bridge_that_does_not_answer_is_told_of_also_when_it_said_that_it_leaves(
    ours: Page,
) -> None:
    assert await ours.evaluate(WATCHDOG) == [[], [], [True], [False], [], [True]]


DRAWING = """async () => {
  const { watchDrawing } = await import("/drawing.js");
  let [clock, tick, frames, stuck] = [0, null, [], 0];
  let inFront = true;
  performance.now = () => clock;
  window.setInterval = (run) => { tick = run };
  window.requestAnimationFrame = (draw) => frames.push(draw);
  document.hasFocus = () => inFront;
  const watch = watchDrawing(() => { stuck += 1 });
  const after = (seconds, step = 500) => {
    for (const to = clock + seconds * 1000; clock < to; ) { clock += step; tick() }
    return stuck;
  };
  const draw = () => frames.splice(0).forEach((run) => run());
  const key = () => dispatchEvent(new KeyboardEvent("keydown"));
  const got = { nobody_acts: after(20) };
  key();
  after(6);
  draw();
  got.slow = after(20);
  key();
  after(3);
  inFront = false;
  after(1);
  inFront = true;
  got.in_the_back = after(20);
  key();
  got.busy_itself = after(20, 2000);
  watch.rest(true);
  watch.acted();
  got.dialog = after(20);
  watch.rest(false);
  watch.acted();
  got.soon = after(7);
  got.in_the_end = after(2);
  return got;
}"""


async def test_a_page_that_is_not_drawn_after_a_persons_act_is_told_of(ours: Page) -> None:
    assert await ours.evaluate(DRAWING) == {
        **dict.fromkeys(("nobody_acts", "slow", "in_the_back", "busy_itself", "dialog", "soon"), 0),
        "in_the_end": 1,
    }


READING = """async (each) => {
  const { scales } = await import("/weighing.js");
  let clock = 0;
  performance.now = () => clock;
  let exceeded = 0;
  const read = scales(() => { exceeded += 1 });
  for (const [before, takes] of each) {
    clock += before;
    read({ get data() { clock += takes; return "few parts" } });
  }
  return exceeded;
}"""
# Milliseconds before each message, and how long it took to read.
TOO_LONG = ([(0, 400)] * 4, [(400, 400)] * 7)
NOT_TOO_LONG = ([(0, 400)] * 3, [(800, 400)] * 40, [(0, 60_000)])
WEIGHING = """async () => {
  const { scales } = await import("/weighing.js");
  const many = Array(5001).fill(0).map((_, n) => [n, n]);
  const heavy = {
    list: many.flat(), field: { a: { b: many.flat() } }, lists: many, map: new Map(many),
    set: new Set(many.flat()),
  };
  const read = scales(() => {});
  return Object.keys(heavy).filter((name) => read({ data: heavy[name] }) !== undefined);
}"""


async def test_what_takes_long_to_read_is_too_much_in_the_long_run_and_one_stall_is_not(
    ours: Page,
) -> None:
    assert [await ours.evaluate(READING, each) for each in TOO_LONG] == [1, 1]
    assert [await ours.evaluate(READING, each) for each in NOT_TOO_LONG] == [0, 0, 0]


async def test_what_has_more_parts_than_a_bridge_sends_is_too_heavy_in_whatever_holds_them(
    ours: Page,
) -> None:
    assert await ours.evaluate(WEIGHING) == []


STORED = f"""async () => {{ {UNTIL}
  const {{ Keeper }} = await import("/stored.js");
  const saves = [];
  const keeper = new Keeper(async (changes) => {{ saves.push(changes) }}, {{}});
  const frame = keeper.attend(() => {{}});
  const local = (changes, n = 1) => ({{ area: "local", n, changes }});
  const odd = {{
    nothing: {{}}, area: {{ ...local([]), area: "other" }}, number: local([], "1"),
    list: local({{ length: 0, every: true }}), one: local([["a"]]), three: local([["a", "b", "c"]]),
    key: local([[7, "b"]]), value: local([["a", 7]]), many: local(Array(2001).fill(["odd", "b"])),
  }};
  const taken = [];
  for (const name of Object.keys(odd)) {{
    try {{
      if (frame.hear(odd[name]) !== false) taken.push(name);
    }} catch {{
      taken.push(name);
    }}
  }}
  const next = keeper.attend(() => {{}}, {{ held: true }});
  next.hear(local([["a", "held"]]));
  frame.mute();
  frame.hear(local([["a", "mute"]]));
  frame.begin();
  frame.hear(local([["a", "heard"]]));
  await until(() => saves.length > 0);
  next.release();
  await until(() => saves.length > 1);
  const again = keeper.attend(() => {{}}, {{ held: true }});
  again.hear(local([["b", "before it began anew"]]));
  again.restart(0);
  again.hear(local([["a", "again"]]));
  again.release();
  await until(() => saves.length > 2);
  const early = saves.some(({{ local }}) => "b" in local);
  return [taken, saves.map((changes) => changes.local.a), early];
}}"""


async def test_what_a_tool_stores_is_of_its_shape_and_waits_until_the_tool_is_seen(
    ours: Page,
) -> None:
    assert await ours.evaluate(STORED) == [[], ["heard", "held", "again"], False]


FOCUS = f"""async () => {{ {UNTIL}
  const [{{ guardFocus }}, {{ arm }}] = [await import("/focus.js"), await import("/arming.js")];
  let clock = 0;
  performance.now = () => clock;
  const add = (tag) => document.body.appendChild(document.createElement(tag));
  const [frame, box, button] = ["iframe", "input", "button"].map(add);
  let ends = 0;
  const frees = [];
  const guard = guardFocus(frame, () => {{ ends += 1 }}, (free) => frees.push(free), () => {{}});
  const begin = () => {{ clock += 1000; button.focus(); box.focus() }};
  const press = (late) => {{ clock += 10; guard.pressed(late) }};
  const type = () => {{
    const event = new KeyboardEvent("keydown", {{ key: "k", bubbles: true }});
    Object.defineProperty(event, "timeStamp", {{ value: clock }});
    box.dispatchEvent(event);
  }};
  // Whether the tool has the focus after it has taken it, when nothing is awaited any more.
  const takes = async () => {{
    frame.focus();
    await until(() => document.activeElement === box || frees.at(-1));
    return document.activeElement === frame;
  }};
  const got = {{}};
  begin();
  got.is_told_free = frees.at(-1);
  got.takes_it = await takes();
  press(0);
  got.after_a_press = await takes();
  begin();
  press(0);
  clock += 2500;
  got.long_after_a_press = await takes();
  begin();
  press(0);
  clock += 300;
  type();
  got.after_a_press_and_a_key = await takes();
  begin();
  press(500);
  got.by_a_press_from_before = await takes();
  begin();
  clock += 1000;
  type();
  press(400);
  got.by_a_press_before_a_key = await takes();
  for (let n = 0; n < 8 && ends === 0; n += 1) await takes();
  got.ended = ends > 0;
  let tick = null;
  window.setInterval = (run) => {{ tick = run }};
  arm(button);
  const pass = () => {{ for (let n = 0; n < 6; n += 1) {{ clock += 100; tick() }} }};
  pass();
  press(0);
  pass();
  got.armed = !button.hasAttribute("aria-disabled");
  guard.close();
  return got;
}}"""


async def test_a_box_of_ours_keeps_the_focus_unless_a_press_of_just_now_led_away(
    ours: Page,
) -> None:
    got = await ours.evaluate(FOCUS)
    assert [name for name, holds in got.items() if holds] == ["after_a_press", "ended"]


HOLD = f"""async () => {{ {UNTIL}
  // As in Firefox.
  const {{ supports }} = CSS;
  CSS.supports = () => true;
  const {{ holdTool }} = await import("/hold.js");
  CSS.supports = supports;
  const stops = [];
  const hold = async () => {{
    const frame = document.createElement("iframe");
    frame.src = "http://another.test/";
    document.body.append(frame);
    const [words, lost, got] = [[], [], []];
    const handlers = {{ act: ({{ late }}) => {{ got.push(late) }} }};
    let hellos = 0;
    const held = holdTool(frame, "key", handlers, {{
      stop(reason) {{ stops.push(reason) }},
      say(said) {{ words.push(said) }},
      dropped({{ odd }}) {{ lost.push(odd) }},
      hello() {{ hellos += 1 }},
    }});
    const greet = async () => {{
      const [door, own, before] = [new MessageChannel(), new MessageChannel(), hellos];
      const told = [];
      own.port1.onmessage = ({{ data }}) => told.push(data.type);
      held.receive({{ source: frame.contentWindow, ports: [door.port2] }});
      door.port1.postMessage("key", [own.port2]);
      await until(() => hellos > before);
      return {{ say: (said) => own.port1.postMessage(said), told }};
    }};
    const end = () => {{ held.close(); frame.remove(); return stops.splice(0) }};
    return {{ frame, greet, end, words, lost, got, ...(await greet()) }};
  }};
  const ended = async (does) => {{
    const tool = await hold();
    await does(tool);
    await until(() => stops.length > 0);
    return tool.end();
  }};
  const box = document.body.appendChild(document.createElement("input"));
  const takes = async (frame) => {{
    box.focus();
    frame.focus();
    await until(() => document.activeElement === box || stops.length > 0);
  }};
  const got = {{
    many: await ended(({{ say }}) => {{ for (let n = 0; n < 1100; n += 1) say({{ type: "console" }}) }}),
    heavy: await ended(({{ say }}) => say({{ type: "console", text: Array(10_001).fill(0) }})),
    hashes: await ended(({{ say }}) => {{ say({{ type: "history" }}); say({{ type: "loads" }}) }}),
    nested_loads: await ended(({{ say }}) => say({{ type: "loads" }})),
    loads: await ended(async ({{ greet }}) => {{ for (let n = 0; n < 7; n += 1) await greet() }}),
    keyboard: await ended(async ({{ frame }}) => {{ for (let n = 0; n < 8 && !stops.length; n += 1) await takes(frame) }}),
    entries: await ended(() => {{ for (let n = 0; n < 6; n += 1) history.pushState(n, "") }}),
  }};
  await until(() => history.state === null);
  got.is_back = history.state === null;
  const tool = await hold();
  for (const odd of [
    {{ type: "act" }}, {{ type: "act", pressed: "yes" }}, {{ type: "act", pressed: false, late: -1 }},
    {{ type: "act", pressed: false, late: "odd" }}, {{ type: "dialog" }}, {{ type: "dialog", open: 1, refused: true }},
    {{ type: "download", blob: "odd" }},
  ]) tool.say(odd);
  tool.say({{ type: "act", pressed: false, late: 7 }});
  await until(() => tool.lost.length > 0 && tool.got.length > 0);
  // A key that was pressed in the tool is no press that leads the focus there.
  await takes(tool.frame);
  got.keeps = document.activeElement === box;
  HTMLAnchorElement.prototype.click = () => {{}};
  for (let n = 0; n < 5; n += 1) tool.say({{ type: "download", blob: new Blob() }});
  tool.say({{ type: "dialog", refused: "alert" }});
  await until(() => tool.words.length > 1 && tool.told.includes("ping"));
  got.told = tool.told.slice(0, 2).concat(tool.told.includes("ping"));
  got.said = tool.words.map((words) => words.split(";")[0]);
  return {{ ...got, lost: tool.lost, got: tool.got, stops: tool.end() }};
}}"""  # noqa: E501


async def test_whatever_is_too_much_ends_a_tool_once_and_what_is_of_no_shape_does_nothing(
    ours: Page,
) -> None:
    assert await ours.evaluate(HOLD) == {
        "many": ["flooded"],
        "heavy": ["flooded"],
        "hashes": ["history"],
        "nested_loads": ["reloading"],
        "loads": ["reloading"],
        "keyboard": ["keyboard"],
        "entries": ["history"],
        "is_back": True,
        "keeps": True,
        "told": ["free", "alien", True],
        "said": ["The tool saved many files at once", "The tool opened one dialog after another"],
        "lost": [7],
        "got": [7],
        "stops": [],
    }
