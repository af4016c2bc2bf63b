"""What code can have no effect, whatever the state of the tool is."""

from __future__ import annotations

import pytest

from sandbox.smoke.effects import is_given_a_handler, is_looked_up
from sandbox.smoke.idle import Ran, does_nothing

IDLE = [
    "() => {}",
    "()=>{}",
    "e => {}",
    "async () => {}",
    "() => null",
    "function () {}",
    "function save() {\n  // rest of the code unchanged\n}",
    "function onclick(event) {\n\n}",
    "save() { /* ... rest of the code unchanged ... */ }",
    "async save(a, b = 2) {}",
    "e => { e.preventDefault(); }",
    "(event) => { event.preventDefault(); /* here it is saved */ return false; }",
    "() => { console.log('Export clicked'); }",
    "() => { const amount = document.getElementById('amount').value.trim(); }",
    "() => { 'use strict'; return; }",
    "void 0",
    "",
    "return false",
]

BUSY = [
    "() => { total = 5; }",
    "() => { if (!text) return; }",
    "() => go()",
    "() => items.push(1)",
    "() => { const saved = store.load(); }",
    "() => { let n = count++; }",
    "e => e.target.closest('button')?.remove()",
    "() => { 'a'.length; } + go()",
    "() => { x.style = '/*'; go(); /* */ }",
    "() => { `${go()}`; }",
    "() => { console.log(go()); }",
    "() => 1 + go()",
    "() => show = true",
    "() => { console.log(n = 1); }",
    "() => { console.log(n++); }",
    "(a = go()) => {}",
    "player.play()",
    "open = !open",
    "save(); close()",
    "return confirm('Sure?')",
    "e => { e.preventDefault(); location.hash = 'a'; }",
    "get value() { return this.a; }",
    "function save() { /* long */" + " go();" * 2000 + "}",
]


@pytest.mark.parametrize("text", IDLE)
def test_code_without_any_effect_does_nothing(text: str) -> None:
    assert does_nothing([Ran("", text)])


@pytest.mark.parametrize("text", BUSY)
def test_whatever_may_have_an_effect_does_something(text: str) -> None:
    assert not does_nothing([Ran("", text)])


@pytest.mark.parametrize(
    "caller",
    [
        "save()",
        "save(this)",
        "() => save()",
        "$event => (save(at))",
        "(...args) => (_ctx.save && _ctx.save(...args))",
        "() => { this.save(); }",
        "async () => { await save(); }",
    ],
)
def test_a_call_is_as_idle_as_what_it_calls(caller: str) -> None:
    callee = Ran("save", "function save() {}")
    assert does_nothing([Ran("onclick", caller), callee])
    assert not does_nothing([Ran("onclick", caller), Ran("save", "function save() { go(); }")])
    assert not does_nothing([Ran("onclick", caller)])


def test_nothing_that_ran_says_nothing() -> None:
    assert not does_nothing([])


def test_what_nobody_read_may_do_anything() -> None:
    assert not does_nothing([Ran("save", "save() {}"), Ran("render", None)])


def test_code_looks_a_button_up_by_its_id_or_a_class_of_its_own() -> None:
    for code in (
        "document.getElementById('save').addEventListener('onclick', keep)",
        'document.querySelector("#bar #save")?.focus()',
        "$('#save').on('clik', keep)",
        "save.onclick = keep",
        "document.getElementsByClassName('row-save')[0]",
        "document.querySelectorAll('.list .row-save').forEach(hear)",
    ):
        assert is_looked_up(["#save", ".row-save"], code), code
    for code in (
        "document.getElementById('saved')",
        "list.save.onclick = keep",
        ".row-save { color: red }",
        "html += '<button class=\"row-save\">'",
        "$('.row-save-all')",
    ):
        assert not is_looked_up(["#save", ".row-save"], code), code
    assert not is_looked_up([], "document.querySelector('#save')")


def test_a_framework_s_button_has_a_handler_where_it_stands() -> None:
    for code in (
        '<button class="a" @click="clearAll">Clear</button>',
        "<button onClick={() => a > b && go()} type='button'>\n  Clear\n</button>",
        '<button v-on:click.once="x">Clear</button>',
    ):
        assert is_given_a_handler("Clear", code), code
    for code in (
        "<button>Clear</button>",
        '<button @click="go">Go</button><button>Clear</button>',
        '<button @click="go">Clear all</button>',
    ):
        assert not is_given_a_handler("Clear", code), code
