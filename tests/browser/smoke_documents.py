# ruff: noqa: E501 - documents keep their own lines
"""Small tools that work, and ways in which they do not."""

from __future__ import annotations

from dataclasses import dataclass


def page(body: str, script: str = "") -> str:
    """A whole document; `script` begins on its own line, line 7."""
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Tool</title></head>
<body>
{body}
<script>
{script}
</script>
</body>
</html>
"""


SPLIT = page(
    '<h1>Split</h1><form id="f"><label>Bill <input id="bill" type="number" min="0" required></label>'
    '<label>People <input id="people" type="number" value="2" min="1"></label>'
    "<button>Split</button></form><p id=out></p>",
    """const form = document.getElementById('f');
form.addEventListener('submit', event => {
  event.preventDefault();
  const share = Number(bill.value) / Number(people.value);
  out.textContent = `Each pays ${share.toFixed(2)}`;
});""",
)

GOOD = {
    "form": SPLIT,
    "canvas": page(
        '<canvas id="c" width="300" height="200"></canvas>',
        """const g = c.getContext('2d');
g.fillStyle = 'teal'; g.fillRect(20, 20, 90, 60);
c.addEventListener('pointerdown', e => g.fillRect(e.offsetX, e.offsetY, 5, 5));""",
    ),
    "to-do list": page(
        '<h1>To do</h1><input id="t" placeholder="What next?"><button id="add">Add</button>'
        '<ul id="list"></ul>',
        """const items = [];
function draw() {
  list.innerHTML = '';
  items.forEach((item, i) => {
    const li = document.createElement('li');
    li.append(item, Object.assign(document.createElement('button'), {
      textContent: 'Delete', onclick: () => { items.splice(i, 1); draw(); } }));
    list.append(li);
  });
}
add.onclick = () => { if (t.value) { items.push(t.value); t.value = ''; draw(); } };
t.onkeydown = e => { if (e.key === 'Enter') add.click(); };""",
    ),
    "what hears a person without looking so": page(
        '<div id="tile">Red</div><p id="row">Milk</p><p id="word">Word</p><p id="tip" hidden>Tip</p>'
        '<p id="card" draggable="true">Card</p><p id="done">Done</p><p id="at">0</p>',
        """const say = text => { document.getElementById('at').textContent = text; };
tile.addEventListener('click', () => say('tile'));
row.ondblclick = () => say('row');
word.onpointerenter = () => { tip.hidden = false; };
done.ondragover = e => e.preventDefault();
card.ondragstart = e => { e.dataTransfer.setData('text', 'card'); };
done.ondrop = e => { if (e.dataTransfer.getData('text') === 'card') say('dropped'); };
document.addEventListener('keydown', e => say(e.key));""",
    ),
    "timer": page(
        '<p id="left">25:00</p><button id="go">Start</button><button id="no">Reset</button>',
        """let left = 1500, ticking = 0;
const show = () => { document.getElementById('left').textContent =
  `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`; };
go.onclick = () => { clearInterval(ticking); ticking = setInterval(() => { left--; show(); }, 1000); };
no.onclick = () => { clearInterval(ticking); left = 1500; show(); };""",
    ),
    "one that refuses empty input": page(
        '<textarea id="json"></textarea><button id="go">Format</button><p role="alert" id="why"></p>',
        """go.onclick = () => {
  try {
    if (!json.value.trim()) throw new Error('Paste some JSON first.');
    json.value = JSON.stringify(JSON.parse(json.value), null, 2);
  } catch (error) {
    console.warn(error);
    why.textContent = error.message;
  }
};""",
    ),
    "one that throws on empty input and says so": page(
        '<input id="t" placeholder="What next?"><button id="go">Add</button><p id="why"></p><p id="done"></p>',
        """go.onclick = () => {
  if (!t.value) { why.textContent = 'Type something'; throw new Error('empty'); }
  done.textContent += t.value; t.value = '';
};
t.onkeydown = e => { if (e.key === 'Enter') go.click(); };""",
    ),
    "one that asks for a file that is not had": page(
        '<label>Model <input type="file" id="f" accept=".blend"></label>',
        """f.onchange = async () => {
  const text = await f.files[0].text();
  if (!text.startsWith('BLENDER')) throw new TypeError('no model');
};""",
    ),
    "one that stores": page(
        '<button id="more">Count</button> <output id="n"></output>',
        """let count = Number(localStorage.getItem('count') || 0);
n.value = count;
more.onclick = () => { localStorage.setItem('count', ++count); n.value = count; };""",
    ),
    "one with dialogs": page(
        '<button id="a">Greet</button><button id="d">Delete all</button><p id="out">Ready</p>',
        """a.onclick = () => { const name = prompt('Name?'); alert('Hello ' + name.trim()); };
d.onclick = () => { if (confirm('Really?')) out.textContent = 'Gone'; };""",
    ),
    "game": page(
        '<canvas id="c" width="200" height="200"></canvas><p>Arrow keys move</p>',
        """const g = c.getContext('2d'); let x = 100, dx = 1;
addEventListener('keydown', e => { if (e.key === 'ArrowLeft') dx = -1; else dx = 1; });
(function frame() {
  x = (x + dx + Math.random() + 200) % 200;
  g.clearRect(0, 0, 200, 200); g.fillRect(x, 90, 20, 20);
  requestAnimationFrame(frame);
})();""",
    ),
    "one whose only control is a link to skip": page(
        '<a href="#main" style="position:absolute;left:-9999px">Skip</a><h1 id="main">Hi</h1>'
    ),
    "one with noise": page(
        '<p id="box">Some text</p>',
        """new ResizeObserver(() => { box.style.width = `${Math.random() * 90 + 9}px`; }).observe(box);
document.createElement('video').play().catch(() => {});
new Audio('data:audio/wav;base64,AA').play();
fetch('https://api.example.org/rates');""",
    ),
    "one that changes its address and fills frames": page(
        "".join(f'<a href="#{word}">{word}</a> ' for word in ("one", "two", "three", "four"))
        + '<button>red</button><button>blue</button><button id="run">Run</button>'
        + "<iframe srcdoc='<p>Hi'></iframe>" * 3,
        """onclick = event => { history.replaceState(null, '', '#' + event.target.textContent); };
run.onclick = () => { for (const frame of document.querySelectorAll('iframe')) frame.srcdoc = 'Ho'; };""",
    ),
    "one that says something late": page(
        '<div id="app"></div>',
        "setTimeout(() => { app.innerHTML = '<button>Hi</button>'; }, 1500);",
    ),
    "one that only colours the page": page(
        '<div style="height:100vh;background:linear-gradient(red,blue)"></div>'
    ),
    "an empty sheet to draw on": page(
        '<canvas id="c" width="300" height="200"></canvas>',
        """let down = false;
c.onpointerdown = () => { down = true; }; onpointerup = () => { down = false; };
c.onpointermove = e => { if (down) c.getContext('2d').fillRect(e.offsetX, e.offsetY, 3, 3); };""",
    ),
    "a game behind its first words": page(
        '<div style="position:relative"><canvas id="c" width="300" height="200"></canvas>'
        '<div id="intro" style="position:absolute;inset:0">Press Space</div></div>',
        "onkeydown = event => { if (event.key === ' ') document.getElementById('intro')?.remove(); };",
    ),
    "one that begins with a click anywhere": page(
        '<div id="intro" style="position:fixed;inset:0;background:#eee">Click to begin</div>'
        '<button id="go">Go</button><button>Come</button>',
        "onclick = () => { document.getElementById('intro')?.remove(); };",
    ),
    "one that waits and ticks": page(
        '<p id="left">0</p><button id="go">Start</button><button id="no">Stop</button>',
        """let ticking = 0;
const later = setTimeout(() => { throw new Error('was cancelled'); }, 60000);
clearTimeout(later);
go.onclick = () => { ticking ||= setInterval(() => { left.textContent += '.'; }, 10); };
no.onclick = () => { clearInterval(ticking); ticking = 0; };
setInterval(() => { alert('Drink some water'); }, 600000);
const made = new Date(0);
setTimeout(() => {
  if (made.constructor !== Date || !(new Date() instanceof Date)) throw new Error('no date');
}, 3600000);""",
    ),
    "one that keeps what is typed": page(
        '<label>Name <input id="n"></label><button id="keep">Keep</button><p id="told"></p>',
        """const kept = JSON.parse(localStorage.kept || '[]');
told.textContent = kept.join();
keep.onclick = () => { kept.push(n.value); localStorage.kept = JSON.stringify(kept); };""",
    ),
    "one whose buttons have nothing to do yet": page(
        '<input id="t" aria-label="Note"><ul id="list"></ul>'
        '<button id="clear">Clear</button><button id="undo">Undo</button><button id="copy">Copy</button>'
        '<button id="brush">Brush</button><button id="check">Check</button><button id="later">Later</button>'
        '<button id="tell">Tell</button><button class="menu">Menu</button><p class="more">More</p>'
        '<button id="look" class="preview">Your words</button><button>Click me</button>'
        '<label>Corners <input type="range" id="round"></label>'
        '<button id="some">Save the marked</button><button id="all">Save all</button>'
        "<style>.more { display: none } .menu:focus + .more { display: block }</style>",
        """let past = [], mode = 'pen';
clear.onclick = () => { for (const item of list.children) item.remove(); };
undo.onclick = () => { if (past.length) t.value = past.pop(); };
copy.onclick = () => navigator.clipboard.writeText(mode).catch(() => {});
brush.onclick = () => { mode = 'brush'; };
check.onclick = () => { if (!t.value) t.focus(); };
later.onclick = () => setTimeout(() => { list.append('Now'); }, 1000);
tell.onclick = () => postMessage(mode, '*');
round.oninput = () => { look.style.borderRadius = round.value + 'px'; };
function save(text) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text]));
  link.download = 'notes.txt';
  link.click();
}
some.onclick = () => save('');
all.onclick = () => save('Now');""",
    ),
    "one of every control": page(
        '<label>Mail <input type="email" required></label><label>Site <input type="url"></label>'
        '<label>Day <input id="day" type="date" min="2030-01-01"></label>'
        '<label>Code <input id="code" pattern="[A-Z]{2}[0-9]{2}"></label>'
        '<label>Size <input id="size" type="range" min="5" max="9"></label>'
        '<label>Ink <input type="color"></label><label>Sound <input type="checkbox" id="box"></label>'
        '<label>One <input type="radio" name="r"></label><label>Two <input type="radio" name="r"></label>'
        '<label>Unit <select id="unit"><option>km<option>mi</select></label>'
        '<details><summary>More</summary><button id="inner">Inside</button></details>'
        '<a href="#here">Jump</a><div contenteditable id="note">Note</div>'
        '<label>Table <input type="file" id="table" accept=".csv"></label>'
        '<div role="button" tabindex="0" id="fake">Fake</div><p id="log"></p>',
        """const seen = new Set();
const note_ = what => { seen.add(what); log.textContent = [...seen].join(' '); };
day.onchange = () => note_('day:' + day.value);
code.onchange = () => note_('code:' + code.checkValidity());
size.oninput = () => note_('size:' + size.value);
box.onchange = () => note_('box'); unit.onchange = () => note_('unit:' + unit.value);
inner.onclick = () => note_('inner'); fake.onclick = () => note_('fake');
note.oninput = () => note_('note:' + note.textContent);
table.onchange = async () => note_('table:' + (await table.files[0].text()).split(',')[0]);
addEventListener('hashchange', () => note_('hash'));""",
    ),
}


@dataclass(frozen=True, slots=True)
class Broken:
    html: str
    kind: str
    message: str
    line: int | None
    control: str | None = None


def change(html: str, old: str, new: str) -> str:
    assert html.count(old) == 1, old
    return html.replace(old, new)


TWO = page(
    '<p>Two</p><button id="one">One</button><button id="two">Two</button>',
    """one.onclick = () => { one.textContent = 'Done'; };
two.onclick = () => {
  const missing = document.getElementById('result');
  missing.textContent = 'x';
};""",
)

BROKEN = {
    "a missing function on click": Broken(
        change(SPLIT, "out.textContent =", "show(share); out.textContent ="),
        "error",
        "ReferenceError: show is not defined",
        11,
        "field ‘People’",  # Enter in the last field of the form
    ),
    "a wrong name in a handler": Broken(
        page('<p>Hi</p><button onclick="caculate()">Go</button>', "function calculate() {}"),
        "error",
        "ReferenceError: caculate is not defined",
        5,
        "button ‘Go’",
    ),
    "a null element at load": Broken(
        change(SPLIT, "'f'", "'form'"),
        "error",
        "TypeError: Cannot read properties of null (reading 'addEventListener')",
        8,
    ),
    "a late throw": Broken(
        page("<p>Fine so far</p>", "setTimeout(() => {\n  throw new Error('too late');\n}, 900);"),
        "error",
        "Error: too late",
        8,
    ),
    "a very late throw": Broken(
        page("<p>Fine so far</p>", "setTimeout(() => {\n  throw new Error('later');\n}, 2800);"),
        "error",
        "Error: later",
        8,
    ),
    "a rejected promise": Broken(
        page(
            '<button id="go">Go</button>',
            "go.onclick = async () => {\n  await null;\n  throw new RangeError('no more');\n};",
        ),
        "rejection",
        "RangeError: no more",
        9,
        "button ‘Go’",
    ),
    "a rejection that is no error": Broken(
        page("<p>Hi</p>", "\nPromise.reject({ code: 5 });"),
        "rejection",
        "{code: 5}",
        8,
    ),
    "a syntax error": Broken(
        page("<p>Hi</p>", "const fine = 1;\nconst broken = ;"),
        "syntax",
        "SyntaxError: Unexpected token ';'",
        8,
    ),
    "a handler that cannot be read, where nobody comes": Broken(
        page("<p>Hi</p>\n<div hidden><button onclick=\"alert('Hi'\">Go</button></div>", ""),
        "syntax",
        "SyntaxError: missing ) after argument list",
        6,
    ),
    "a truncated script": Broken(
        SPLIT[: SPLIT.index("out.textContent")],
        "unclosed",
        "<script> is never closed: the document ends inside it",
        6,
    ),
    "a blank page": Broken(page(""), "blank", "the page is blank: nothing can be seen on it", None),
    "a second control that fails": Broken(
        TWO,
        "error",
        "TypeError: Cannot set properties of null (setting 'textContent')",
        10,
        "button ‘Two’",
    ),
    "a list that fails on change": Broken(
        page(
            '<select aria-label="Unit" id="u"><option>km<option>mi</select>',
            "const rate = { km: { to: 1 } };\nu.onchange = () => {\n  rate[u.value].to;\n};",
        ),
        "error",
        "TypeError: Cannot read properties of undefined (reading 'to')",
        9,
        "list ‘Unit’",
    ),
    "what a click brings up": Broken(
        page(
            '<button id="open">Open</button><div id="more" hidden><button id="save">Save</button></div>',
            "open.onclick = null;\ndocument.getElementById('open').onclick = () => { more.hidden = false; };\n"
            "save.onclick = () => store.save();",
        ),
        "error",
        "ReferenceError: store is not defined",
        9,
        "button ‘Save’",
    ),
    "a veil that never goes": Broken(
        page(
            '<div style="position:fixed;inset:0;background:#eee">Loading…</div><button>Go</button>'
        ),
        "covered",
        "something covers the whole page: none of its controls can be reached",
        None,
    ),
    "a button that fails at the second press": Broken(
        page(
            '<button id="go">Go</button>',
            "let on = false;\ngo.onclick = () => {\n  on = !on;\n  if (!on) leave();\n};",
        ),
        "error",
        "ReferenceError: leave is not defined",
        10,
        "button ‘Go’",
    ),
    "what a later tab hides, and the first brings back": Broken(
        page(
            '<button id="one">One</button><button id="two">Two</button>'
            '<p id="a"><button onclick="boil()">Boil</button></p><p id="b" hidden>Second</p>',
            "one.onclick = () => { a.hidden = false; b.hidden = true; };\n"
            "two.onclick = () => { a.hidden = true; b.hidden = false; };",
        ),
        "error",
        "ReferenceError: boil is not defined",
        5,
        "button ‘Boil’",
    ),
    "a tab that hides the first for good": Broken(
        page(
            '<div role="tablist"><button role="tab" id="one">One</button>'
            '<button role="tab" id="two">Two</button></div>'
            '<p id="a"><button onclick="boil()">Boil</button></p>',
            "two.onclick = () => { a.remove(); };",
        ),
        "error",
        "ReferenceError: boil is not defined",
        5,
        "button ‘Boil’",
    ),
    "the last of several steps": Broken(
        page(
            '<p id="step">Step 1</p><button id="on">Next</button><button id="off">Back</button>'
            '<button id="send" hidden>Send</button>',
            """let at = 1;
const show = () => {
  step.innerHTML = `Step ${at} <label>${'abcd'[at]} <input></label>`;
  send.hidden = at < 4; off.hidden = at < 2; on.hidden = at === 4;
};
on.onclick = () => { at += 1; show(); };
off.onclick = () => { at -= 1; show(); };
send.onclick = () => { deliver(); };
show();""".replace("'abcd'[at]", "'Tea Cake Jam Bread Milk'.split(' ')[at]"),
        ),
        "error",
        "ReferenceError: deliver is not defined",
        14,
        "button ‘Send’",
    ),
    "a second entry that fails": Broken(
        page(
            '<form id="f"><textarea aria-label="Note" id="note"></textarea><button>Add</button></form>',
            """let last = null;
f.onsubmit = event => {
  event.preventDefault();
  if (!note.value) return;
  if (last) last.items.push(note.value);
  last = { text: note.value };
  note.value = '';
};""",
        ),
        "error",
        "TypeError: Cannot read properties of undefined (reading 'push')",
        11,
        "button ‘Add’",
    ),
    "what destroys, at the second time": Broken(
        page(
            '<button id="no">Clear</button>',
            "let times = 0;\nno.onclick = () => {\n  if (times++) wipe();\n};",
        ),
        "error",
        "ReferenceError: wipe is not defined",
        9,
        "button ‘Clear’",
    ),
    "a button that another hides for good": Broken(
        page(
            '<button id="two">Two</button><p id="a"><button onclick="boil()">Boil</button></p>',
            "two.onclick = () => { a.hidden = true; };",
        ),
        "error",
        "ReferenceError: boil is not defined",
        5,
        "button ‘Boil’",
    ),
    "a timer's end": Broken(
        page(
            '<p id="left">25:00</p><button id="go">Start</button><button id="no">Stop</button>',
            """let left = 1500, ticking = 0;
no.onclick = () => { clearInterval(ticking); };
go.onclick = () => {
  ticking = setInterval(() => {
    document.getElementById('left').textContent = left -= 1;
    if (left === 0) chime();
  }, 1000);
};""",
        ),
        "error",
        "ReferenceError: chime is not defined",
        12,
    ),
    "a timer's end, by the clock": Broken(
        page(
            '<button id="go">Start</button><button id="no">Pause</button>',
            """let end = 0, ticking = 0;
no.onclick = () => { clearInterval(ticking); };
go.onclick = () => {
  end = Date.now() + 20 * 60 * 1000;
  ticking = setInterval(() => { if (new Date() >= end) chime(); }, 100);
};""",
        ),
        "error",
        "ReferenceError: chime is not defined",
        11,
    ),
    "a reminder in half an hour": Broken(
        page("<p>Fine</p>", "setTimeout(() => {\n  remind();\n}, 1700000);"),
        "error",
        "ReferenceError: remind is not defined",
        8,
    ),
    "a second visit": Broken(
        page(
            "<p>Fine</p>",
            "const kept = localStorage.getItem('theme');\nif (kept) JSON.parse(kept);\n"
            "localStorage.setItem('theme', 'dark');",
        ),
        "error",
        "SyntaxError: Unexpected token 'd', \"dark\" is not valid JSON",
        8,
        "the second visit",
    ),
    "a button in a row that can be pressed itself": Broken(
        page('<div onclick="1">A row of words <button onclick="drop()">Drop</button></div>'),
        "error",
        "ReferenceError: drop is not defined",
        5,
        "button ‘Drop’",
    ),
    "a veil whose only button does nothing": Broken(
        page(
            '<div style="position:fixed;inset:0;background:#eee"><button>Start</button></div>'
            "<button>Go</button><button>Come</button><button>See</button>"
        ),
        "covered",
        "something covers the page: 3 of its 4 controls cannot be reached",
        None,
    ),
    "a button whose code was left out": Broken(
        page(
            '<button onclick="save()">Save</button><button id="go">Go</button><p id="out"></p>',
            "function save() {\n  // rest of the code unchanged\n}\n"
            "go.onclick = () => { out.textContent += 'Gone'; };\n"
            "setTimeout(() => { out.textContent += 'Time is up'; }, 1500000);",
        ),
        "dead",
        "button ‘Save’ does nothing: there is nothing in the code that a press of it runs",
        7,
        "button ‘Save’",
    ),
    "a file with nothing in it": Broken(
        page(
            '<button id="save">Save</button>',
            "save.onclick = () => {\n  const link = document.createElement('a');\n"
            "  link.href = URL.createObjectURL(new Blob([]));\n  link.download = 'trip.csv';\n"
            "  link.click();\n};",
        ),
        "empty download",
        "the file that is offered for download, ‘trip.csv’, is empty",
        None,
        "button ‘Save’",
    ),
    "a sheet on which nothing is ever drawn": Broken(
        page('<canvas width="300" height="200"></canvas>'),
        "blank",
        "the page is blank: nothing can be seen on it",
        None,
    ),
    "a library that is not there": Broken(
        page(
            "<p>Chart</p>",
            "const chart = new Chart('c');",
        ).replace("<title>", '<script src="https://cdn.example.org/chart.js"></script><title>'),
        "error",
        "ReferenceError: Chart is not defined",
        7,
    ),
    "a module that imports what is not there": Broken(
        page("<p>Hi</p>", "import { h } from 'https://cdn.example.org/preact.js';\nh();").replace(
            "<script>", '<script type="module">'
        ),
        "missing library",
        "a library is not available, so its module cannot run: https://cdn.example.org/preact.js",
        7,
    ),
    "a file that is refused": Broken(
        page(
            '<label>Data <input type="file" id="f" accept="application/json"></label>',
            "f.onchange = async () => {\n  const rows = JSON.parse(await f.files[0].text());\n"
            "  rows.data.forEach(row => row);\n};",
        ),
        "rejection",
        "TypeError: Cannot read properties of undefined (reading 'forEach')",
        9,
        "file field ‘Data’",
    ),
    "a dead button of a view that is left": Broken(
        page(
            '<nav><button id="one">First</button><button id="two">Second</button></nav>'
            '<section id="a"><button id="save">Save</button><button id="add">Add</button></section>'
            '<section id="b" hidden><p>Other</p></section><p id="sum">0</p>',
            "const show = other => { a.hidden = other; b.hidden = !other; };\n"
            "one.onclick = () => show(false); two.onclick = () => show(true);\n"
            "add.onclick = () => { sum.textContent++; };\nsave.onclick = () => {};",
        ),
        "dead",
        "button ‘Save’ does nothing: there is nothing in the code that a press of it runs",
        10,
        "button ‘Save’",
    ),
    "a cover over what needs no press": Broken(
        page(
            '<input type="range" id="size" aria-label="Size"><select aria-label="Unit" id="u">'
            '<option>km<option>mi</select><p id="out">0</p>'
            '<div style="position: fixed; inset: 0; background: #0008">Wait</div>',
            "size.oninput = u.onchange = () => { out.textContent = size.value + u.value; };",
        ),
        "covered",
        "something covers the whole page: none of its controls can be reached",
        None,
    ),
    "what destroys beside what leads on": Broken(
        page(
            '<button id="make">New</button><dialog id="box"><button id="save">Save</button>'
            '<button id="no">Cancel</button></dialog><ul id="all"></ul>',
            "make.onclick = () => box.showModal();\n"
            "save.onclick = () => { all.append(document.createElement('li')); box.close(); };\n"
            "no.onclick = () => {\n  forget();\n};",
        ),
        "error",
        "ReferenceError: forget is not defined",
        10,
        "button ‘Cancel’",
    ),
    "a question that is answered with no": Broken(
        page(
            '<button id="go">Empty</button><p id="out">Full</p>',
            "go.onclick = () => {\n  if (confirm('Sure?')) out.textContent = 'Empty';\n"
            "  else keep();\n};",
        ),
        "error",
        "ReferenceError: keep is not defined",
        9,
        "button ‘Empty’",
    ),
    "a tile that looks like no button": Broken(
        page('<div id="tile">Red</div>', "tile.addEventListener('click', () => {\n  gone();\n});"),
        "error",
        "ReferenceError: gone is not defined",
        8,
        "button ‘Red’",
    ),
    "a double click": Broken(
        page('<ul><li id="row">Milk</li></ul>', "row.ondblclick = () => {\n  edit();\n};"),
        "error",
        "ReferenceError: edit is not defined",
        8,
        "element ‘Milk’",
    ),
    "what is pointed at": Broken(
        page('<p id="word">Word</p>', "word.onmouseenter = () => {\n  tip();\n};"),
        "error",
        "ReferenceError: tip is not defined",
        8,
        "element ‘Word’",
    ),
    "what is dropped": Broken(
        page(
            '<p id="card" draggable="true">Card</p><p id="done">Done</p>',
            "done.ondragover = e => e.preventDefault();\n"
            "card.ondragstart = e => e.dataTransfer.setData('text', 'card');\n"
            "done.ondrop = e => {\n  put(e.dataTransfer.getData('text'));\n};",
        ),
        "error",
        "ReferenceError: put is not defined",
        10,
        "element ‘Card’",
    ),
    "a key of a game without a canvas": Broken(
        page('<p id="at">0</p>', "onkeydown = e => {\n  if (e.key === 'd') step();\n};"),
        "error",
        "ReferenceError: step is not defined",
        8,
        "the keyboard",
    ),
    "an error beside a message that has nothing to do with it": Broken(
        page(
            '<input id="note" aria-label="Note"><button id="save">Save</button><p id="status">Ready</p>',
            "save.onclick = async () => {\n  document.getElementById('status').textContent = 'Saving…';\n"
            "  note.value = '';\n  throw new Error('Could not save');\n};",
        ),
        "rejection",
        "Error: Could not save",
        10,
        "button ‘Save’",
    ),
    "a form that no handler takes": Broken(
        page(
            '<div id="app"><form @submit="keep"><input v-model="name" name="name" aria-label="Name">'
            "<button>Keep</button></form><p>{{ name }}</p></div>",
            "Vue.createApp({\n  data: () => ({ name: '' }),\n"
            "  methods: { keepName() { this.name = ''; } },\n}).mount('#app');",
        ).replace(
            "<title>",
            '<script src="https://unpkg.com/vue@3/dist/vue.global.prod.js"></script><title>',
        ),
        "form",
        "button ‘Keep’ sends its form, and no code takes it: nothing comes of it here, and elsewhere"
        " the page is left",
        None,
        "button ‘Keep’",
    ),
    "a dead button of a panel that another one closes": Broken(
        page(
            '<p id="words">Words</p><button id="gear">Settings</button><div id="panel" hidden>'
            '<button id="try">Preview</button><button id="use">Apply</button></div>',
            "gear.onclick = () => { panel.hidden = !panel.hidden; };\n"
            "document.getElementById('try').onclick = () => {};\n"
            "use.onclick = () => { words.textContent += '!'; panel.hidden = true; };",
        ),
        "dead",
        "button ‘Preview’ does nothing: there is nothing in the code that a press of it runs",
        8,
        "button ‘Preview’",
    ),
    "a button that the code looks up and that nothing hears": Broken(
        page(
            '<p id="sum">0</p><button id="more">More</button><button id="less">Less</button>',
            "more.addEventListener('click', () => { sum.textContent++; });\n"
            "document.getElementById('less').addEventListener('onclick', () => { sum.textContent--; });",
        ),
        "dead",
        "button ‘Less’ does nothing: no code runs when it is pressed",
        None,
        "button ‘Less’",
    ),
    "rows that are written anew with each one that is added": Broken(
        page(
            '<input id="t" aria-label="Task"><button id="add">Add</button><div id="list"></div>',
            "let n = 0;\nadd.onclick = () => {\n"
            "  list.innerHTML += `<p id=row${++n}>${t.value} <button>Done</button></p>`;\n"
            "  list.querySelector(`#row${n} button`).onclick = e => { e.target.parentElement.style.color = 'red'; };\n"
            "};",
        ),
        "dead",
        "button ‘Done’ does nothing: no code runs when it is pressed",
        None,
        "button ‘Done’",
    ),
    "the last row, which has none after it": Broken(
        page(
            '<ul id="list"></ul>',
            """const rows = [{ n: 'Tea' }, { n: 'Cake' }, { n: 'Jam' }, { n: 'Milk' }];
const draw = () => {
  list.innerHTML = '';
  rows.forEach((row, at) => {
    const button = Object.assign(document.createElement('button'), { textContent: 'Delete' });
    button.onclick = () => {
      document.title = rows[at + 1].n;
      rows.splice(at, 1);
      draw();
    };
    list.append(row.n, button);
  });
};
draw();""",
        ),
        "error",
        "TypeError: Cannot read properties of undefined (reading 'n')",
        13,
        "button ‘Delete’",
    ),
    "a layer whose own button does not close it": Broken(
        page(
            '<button id="open">Details</button><button id="mix">Shuffle</button><p id="at">1</p>'
            '<div id="box" style="position:fixed;inset:0;background:#eee" hidden>All about it'
            '<button id="shut">Close</button></div>',
            "open.onclick = null;\ndocument.getElementById('open').onclick = () => { box.hidden = false; };\n"
            "shut.onclick = () => { box.classList.remove('shown'); box.title = 'Closed'; };\n"
            "mix.onclick = () => { at.textContent++; };",
        ).replace("</title>", "</title><style>[hidden] { display: none }</style>"),
        "covered",
        "button ‘Close’ closes nothing: what it stands in covers the page, and 1 of its 3 controls"
        " cannot be reached",
        None,
        "button ‘Close’",
    ),
    "a promise instead of what it brings": Broken(
        page(
            '<button id="go">Hash</button><p>Hash: <output id="out"></output></p>',
            "const hash = async text => btoa(text);\ngo.onclick = () => { out.value = hash('tea'); };",
        ),
        "garbled",
        "a text on the page is none: ‘[object Promise]’: it is made of a Promise that nobody waits for",
        None,
    ),
    "words that nobody sees in a dialog that was open for a while": Broken(
        page(
            '<button id="help">Help</button><button id="more">More</button><output id="sum">0</output>'
            '<dialog id="box"><p class="words">Press More to have more.</p><button id="shut">Shut</button></dialog>',
            "help.onclick = () => box.showModal(); shut.onclick = () => box.close();\n"
            "more.onclick = () => { sum.value++; };",
        ).replace("</title>", "</title>\n<style>.words { color: white }</style>"),
        "invisible",
        "text that cannot be seen: ‘Press More to have more.’, in the colour of what is behind it"
        " (#ffffff on #ffffff, by ‘.words’)",
        4,
    ),
    "a shortcut": Broken(
        page(
            '<p>Control and S saves</p><p id="said">Not yet</p>',
            "onkeydown = event => {\n  if (event.ctrlKey && event.key === 's') {\n    keep();\n  }\n};",
        ),
        "error",
        "ReferenceError: keep is not defined",
        9,
        "the keyboard",
    ),
    "a page of rows that only a long file has": Broken(
        page(
            '<input type="file" id="file" accept=".csv" aria-label="Rows"><p id="out"></p><p id="pager"></p>',
            """file.onchange = async () => {
  const rows = (await file.files[0].text()).split('\\n');
  out.textContent = rows.slice(0, 50);
  if (rows.length > 50) pager.innerHTML = '<button onclick="turn()">Next</button>';
};""",
        ),
        "error",
        "ReferenceError: turn is not defined",
        None,
        "button ‘Next’",
    ),
    "the last of many in a list": Broken(
        page(
            '<select id="kind" aria-label="Kind"><option>soup<option>cake<option>salad<option>bread'
            '<option>jam<option>tea<option>desserts</select><p id="out"></p>',
            "const all = { soup: 1, cake: 2, salad: 3, bread: 4, jam: 5, tea: 6, dessert: 7 };\n"
            "kind.onchange = () => {\n  out.textContent = all[kind.value].toFixed(1);\n};",
        ),
        "error",
        "TypeError: Cannot read properties of undefined (reading 'toFixed')",
        9,
        "list ‘Kind’",
    ),
}

HANGS = {
    "a page that loads itself again and again": Broken(
        page("<p>Hi</p>", "location.reload();"),
        "endless",
        "the page loads itself again without end",
        None,
    ),
    "a page that opens dialogs again and again": Broken(
        # After three in a row they return at once, and what is left is a loop.
        page("<p>Hi</p>", "for (;;) alert('Hi');"),
        "hang",
        "the page stopped answering for 3 s: a script runs without end",
        7,
    ),
    "an endless loop at load": Broken(
        page("<p>Hi</p>", "function spin() {\n  while (true) {}\n}\nspin();"),
        "hang",
        "the page stopped answering for 3 s: a script runs without end in spin()",
        8,
    ),
    "an endless loop on click": Broken(
        page('<button id="go">Go</button>', "go.onclick = () => {\n  for (;;) {}\n};"),
        "hang",
        "the page stopped answering for 3 s: a script runs without end in go.onclick()",
        8,
        "button ‘Go’",
    ),
}
