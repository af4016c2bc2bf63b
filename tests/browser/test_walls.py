"""What headers leave open is closed before the tool's first line, in every realm it can make."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from canaries import open_canary
from frames import Host, Shelf, frame_in, messages, show
from playwright.async_api import Frame, Page

from tests.browser.tools import PRESSES_AT_ONCE
from tests.sampling import sampled

MEANS = "[typeof RTCPeerConnection, typeof webkitRTCPeerConnection, typeof SharedWorker, typeof WebTransport, 'serviceWorker' in navigator, 'getGamepads' in navigator, 'gamepad' in GamepadEvent.prototype].join()"  # noqa: E501
NONE_OF_THEM = "undefined,undefined,undefined,undefined,false,false,false"

# Each makes a nested document that tells the tool which means it has.
REALMS = {
    "markup": "<iframe srcdoc='NESTED'></iframe>",
    "markup in a table": "<table><iframe srcdoc='NESTED'></iframe>",
    "innerHTML": "<p id=p><script>p.innerHTML = `<iframe srcdoc='NESTED'></iframe>`</script>",
    "a property": "<script>const f = document.createElement('iframe');"
    "document.body.append(f); f.srcdoc = `PLAIN`</script>",
    "an attribute": "<script>const f = document.createElement('iframe');"
    "Element.prototype.setAttribute.call(f, 'srcdoc', `PLAIN`); document.body.append(f)</script>",
    "an Attr": "<script>const f = document.body.appendChild(document.createElement('iframe'));"
    "const a = document.createAttribute('srcdoc'); f.setAttributeNode(a); a.value = `PLAIN`"
    "</script>",
    "a parser's element": "<script>document.body.append(new DOMParser().parseFromString("
    "`<iframe srcdoc='NESTED'></iframe>`, 'text/html').querySelector('iframe'))</script>",
    "a template": "<template id=t><iframe srcdoc='NESTED'></iframe></template>"
    "<script>document.body.append(t.content.cloneNode(true))</script>",
    "foreign content": "<svg><foreignObject><div><iframe srcdoc='NESTED'></iframe></div></svg>",
    "a closed root": "<p id=p><script>p.attachShadow({mode: 'closed'}).innerHTML ="
    "`<iframe srcdoc='NESTED'></iframe>`</script>",
    "a clone of a root": "<p id=p><script>p.attachShadow({mode: 'open', clonable: true}).innerHTML"
    "= `<iframe srcdoc='NESTED'></iframe>`; document.body.append(p.cloneNode(true))</script>",
    "setHTMLUnsafe": "<p id=p><script>p.setHTMLUnsafe(`<div><template shadowrootmode=closed>"
    "<iframe srcdoc='NESTED'></iframe></template></div>`)</script>",
    "setHTMLUnsafe of a name in parts": "<p id=p><script>p.setHTMLUnsafe(`ROOT`)</script>",
    "setHTMLUnsafe of a root": "<p id=p><script>p.attachShadow({mode: 'open'}).setHTMLUnsafe("
    "`ROOT`)</script>",
    "parseHTMLUnsafe": "<script>document.body.append(Document.parseHTMLUnsafe(`ROOT`)"
    ".querySelector('div'))</script>",
    "a declared root": "<div><template shadowrootmode=closed>"
    "<iframe srcdoc='NESTED'></iframe></template></div>",
    "document.write": "<script>document.write(`<iframe srcdoc='NESTED'></iframe>`)</script>",
    "document.writeln of a root": "<script>document.writeln(`ROOT`)</script>",
    "a nested document's own": "<iframe srcdoc='<iframe srcdoc=\"NESTED2\"></iframe>'></iframe>",
    "tampered natives": "<script>String.prototype.slice = Array.prototype.push = () => '';"
    "RegExp.prototype.exec = () => null; Element.prototype.querySelectorAll = () => [];"
    "NodeList.prototype.item = () => null; Array.prototype[Symbol.iterator] = null;"
    "Object.defineProperty(NodeList.prototype, 'length', {get: () => 0});"
    "document.body.insertAdjacentHTML('beforeend', `<p><iframe srcdoc='NESTED'></iframe>`)"
    "</script>",
    "natives that throw": "<script>RegExp.prototype.exec = RegExp.prototype[Symbol.replace] ="
    "String.prototype.replace = String.prototype.match = () => { throw 0 };"
    "document.body.insertAdjacentHTML('beforeend', `<p><iframe srcdoc='NESTED'></iframe>`)"
    "</script>",
    "natives that give no text": "<script>RegExp.prototype[Symbol.replace] = (text) => {"
    "let n = 0; return { toString: () => n++ ? `<div><template shadowrootmode=closed>"
    "${text}</template></div>` : `` } };"
    "document.body.insertAdjacentHTML('beforeend', `<p><iframe srcdoc='NESTED'></iframe>`)"
    "</script>",
    "document.open": "<script>onload = () => setTimeout(() => { document.open();"
    "document.write(`<iframe srcdoc='NESTED'></iframe><script>LISTEN<\\/script>`);"
    "document.close() })</script>",
}  # fmt: skip
LISTEN = (
    "window.told = 0; addEventListener('message', ({data}) => { told += 1; console.log(data) });"
)
NESTED = "<script nonce=k>top.frames[0].postMessage(MEANS, `*`)</script>".replace("MEANS", MEANS)


def nested(realm: str) -> str:
    inner = NESTED.replace("'", "&#39;").replace("`", "&#96;").replace("<", "&lt;")
    twice = inner.replace("&", "&amp;")
    plain = NESTED.replace("`", "'").replace("</script", "<\\/script")
    realm = realm.replace("PLAIN", plain).replace("ROOT", ROOT)
    return realm.replace("NESTED2", twice).replace("NESTED", inner).replace("LISTEN", LISTEN)


async def test_no_realm_that_a_tool_can_make_has_the_means(
    page: Page, host: Host, shelf: Shelf
) -> None:
    shelf.put("tool", f"<body><script>window.means = {MEANS}</script>")
    frame = await show(page, host)
    await messages(page, "loaded")
    assert await frame.evaluate("means") == NONE_OF_THEM
    for name, realm in REALMS.items():
        shelf.put("tool", f"<body><script>{LISTEN}</script>{nested(realm)}")
        await show(page, host)
        said = await messages(page, "console")
        assert (name, said[0]["text"]) == (name, NONE_OF_THEM)


# A parser may make a realm of these, and need not.
RARE = {
    "document.write of a root in parts": "<script>document.write(`<div><template shadowroot`);"
    "document.write(`mode=closed><iframe srcdoc='NESTED'></iframe></template></div>`)</script>",
    "a nested document's declared root": "<iframe srcdoc='<div><template shadowrootmode=closed>"
    '<iframe srcdoc="NESTED2"></iframe></template></div>\'></iframe>',
    "a policy of the tool's own": "<script>POLICY.content = `script-src 'nonce-k'`; document.body"
    ".insertAdjacentHTML('beforeend', `<p><iframe srcdoc='NESTED'></iframe>`)</script>",
    "a policy that comes after": "<script>document.body.insertAdjacentHTML('beforeend',"
    " `<p><iframe srcdoc='NESTED'></iframe>`); POLICY.content = `script-src 'nonce-k'`</script>",
    "a policy for the frame": """<iframe csp="script-src 'nonce-k'" srcdoc='NESTED'></iframe>""",
    "a policy that refuses ours": "<script>POLICY.content = `trusted-types 'none'`; document.body"
    ".insertAdjacentHTML('beforeend', `<p><iframe srcdoc='NESTED'></iframe>`)</script>",
    "a policy that changes what is put in front": "<script>if (window.trustedTypes) {"
    "POLICY.content = `require-trusted-types-for 'script'`; trustedTypes.createPolicy('default',"
    "{createHTML: (html) => html.replace(/^<script>[^]*?<.script>/, '')}) }"
    "const f = document.createElement('iframe'); f.srcdoc = `x PLAIN`; document.body.append(f)"
    "</script>",
    "a policy that refuses ours in a nested document": "<script>POLICY.content = `trusted-types"
    " default`; const run = () => { POLICY.content = `require-trusted-types-for 'script'`;"
    "trustedTypes.createPolicy('default', {createHTML: (html) =>"
    " html.replace(/^<script>[^]*?<.script>/, '')}); const f = document.createElement('iframe');"
    "f.srcdoc = `x PLAIN`; document.body.append(f) }; if (window.trustedTypes) {"
    "const f = document.createElement('iframe'); f.srcdoc = `<body><script>(${run})()<\\/script>`;"
    "document.body.append(f) }</script>",
    "ours, begun": "<iframe id=f srcdoc=x></iframe><script>setTimeout(() => {"
    " f.srcdoc = f.srcdoc.slice(0, f.srcdoc.lastIndexOf('x')) + `ROOT` }, 50)</script>",
    "ours, with more": "<iframe id=f srcdoc=x></iframe><script>setTimeout(() => {"
    " f.srcdoc += `ROOT` }, 50)</script>",
    "ours, with more in it": "<iframe id=f srcdoc=x></iframe><script>setTimeout(() => {"
    " f.srcdoc = f.srcdoc.replace('\"x\"', () => '\"x<\\/script>') + `ROOT` }, 50)</script>",
    "document.write of a name in parts": "<script>document.write(`ROOT`)</script>",
    "document.write of a letter and a name in parts": "<div><script>document.write('<');"
    "document.write('template shadowroot'); document.write(`mode=closed><iframe srcdoc='NESTED'>"
    "</iframe></template></div>`)</script>",
    "document.write of a padded tag": "<div><script>document.write('<template ' + 'a'.repeat(200)"
    " + ' '); document.write('shadowroot')</script>mode=closed><iframe srcdoc='NESTED'></iframe>"
    "</template></div>",
    "document.write of a tag's beginning": "<div><script>document.write('<template ')</script>"
    "shadowrootmode=closed><iframe srcdoc='NESTED'></iframe></template></div>",
    "document.write of a letter": "<div><script>document.write('<')</script>template "
    "shadowrootmode=closed><iframe srcdoc='NESTED'></iframe></template></div>",
    "document.write in what is written": "<div><script>document.write(`<script>document.write("
    "'<template ')<\\/script>shadowroot${'mode'}=closed><iframe srcdoc='NESTED'></iframe>"
    "</template></div>`)</script>",
    "document.write of a comment's beginning": "<script>document.write('<!--')</script><x a='-->"
    '<div><template shadowrootmode=closed><iframe srcdoc="NESTED"></iframe></template></div>\'>',
    "document.write of raw text's beginning": "<script>document.write('<style>')</script><!--"
    '</style><div><template shadowrootmode=closed><iframe srcdoc="NESTED"></iframe></template>'
    "</div>-->",
    "an attribute of another namespace": "<script>const f = document.createElement('iframe');"
    "f.setAttributeNS('urn:x', 'srcdoc', 'x'); f.srcdoc = `PLAIN`; document.body.append(f)"
    "</script>",
    "a policy that changes what is written": "<script>if (window.trustedTypes) {"
    "POLICY.content = `require-trusted-types-for 'script'`; trustedTypes.createPolicy('default',"
    " {createHTML: (html) => html === 'x' ? `ROOT` : html}) } document.write('x')</script>",
    "a policy that changes what is set": "<p id=p><script>if (window.trustedTypes) {"
    "POLICY.content = `require-trusted-types-for 'script'`; trustedTypes.createPolicy('default',"
    " {createHTML: (html) => html === 'x' ? `ROOT` : html}) } p.setHTMLUnsafe('x')</script>",
    "a policy before a frame loads itself again": "<iframe srcdoc='NESTED&lt;script>onmessage ="
    " () => location.reload()&lt;/script>'></iframe><script>setTimeout(() => { POLICY.content ="
    " `script-src 'nonce-k'`; frames[0].postMessage(1, '*') }, 100)</script>",
    "what every object has": "<p id=p><script>Object.prototype.attributes = false;"
    "try { p.attachShadow({mode: 'open'}) } catch {} delete Object.prototype.attributes;"
    "p.shadowRoot.innerHTML = `<iframe srcdoc='NESTED'></iframe>`</script>",
    "what every list has": "<p id=p><script>Object.defineProperty(Array.prototype, 0, {"
    "configurable: true, set() { throw 0 }}); setTimeout(() => { delete Array.prototype[0] });"
    "p.innerHTML = '<template data-shadowrootmode=open></template>';"
    "document.body.insertAdjacentHTML('beforeend', `<iframe srcdoc='NESTED'></iframe>`)</script>",
    "a style sheet's document": "<script>if (window.XSLTProcessor) { const x = new XSLTProcessor();"
    "const parse = (xml) => new DOMParser().parseFromString(xml, 'text/xml');"
    "x.importStylesheet(parse(`<t:stylesheet version='1.0' xmlns:t="
    "'http://www.w3.org/1999/XSL/Transform'><t:output method='html'/><t:template match='/'><html>"
    "<body><div><template><t:attribute name='shadowrootmode'>closed</t:attribute>"
    "<iframe srcdoc='NESTED'/></template></div></body></html></t:template></t:stylesheet>`));"
    "document.body.append(x.transformToDocument(parse('<a/>')).querySelector('div')) }</script>",
}
# Of these `make test` runs a few.
OFTEN = frozenset(
    (
        "a policy that changes what is put in front",
        "ours, with more",
        "document.write of a padded tag",
        "document.write of a tag's beginning",
        "document.write of a comment's beginning",
        "an attribute of another namespace",
        "a policy before a frame loads itself again",
        "what every list has",
    )
)
ROOT = (
    "<div><template shadowroot${'mode'}=closed><iframe srcdoc='NESTED'></iframe></template></div>"
)
POLICY = (
    "const meta = document.createElement('meta'); meta.httpEquiv = 'Content-Security-Policy';"
    "document.head.append(meta); meta"
)


@pytest.mark.parametrize("name", sampled(RARE, OFTEN))
async def test_no_realm_that_a_parser_makes_has_the_means(
    name: str, page: Page, host: Host, shelf: Shelf
) -> None:
    last = "onload = () => setTimeout(() => console.log('last'), 400)"
    html = f"<script nonce=k>{LISTEN}{last}</script>{nested(RARE[name])}"
    said = await logged(page, host, shelf, html, "last")
    assert set(said) - {"last", NONE_OF_THEM} == set()


async def logged(page: Page, host: Host, shelf: Shelf, html: str, last: str) -> list[str]:
    """Show a tool and return what its console has said when it has said `last`."""
    for word, text in WORDS.items():
        html = html.replace(word, text)
    shelf.put("tool", f"<body>{html}")
    await show(page, host)
    await page.wait_for_function("(last) => messages.some((m) => m.text === last)", arg=last)
    return [message["text"] for message in await messages(page, "console")]


async def test_a_javascript_address_makes_no_realm(page: Page, host: Host, shelf: Shelf) -> None:
    run = "javascript:top.frames[0].postMessage(1, `*`)"
    shelf.put(
        "tool",
        f"<body><script>{LISTEN}</script><iframe src='{run}'></iframe><p id=p><script>"
        f"p.innerHTML = '<iframe src=\" java\\tscript:{run[11:]}\"></iframe>';"
        "const f = document.body.appendChild(document.createElement('iframe'));"
        f"f.src = '{run}'; setTimeout(() => {{ f.src = '{run}' }}, 50);"
        "setTimeout(() => { window.done = true }, 400)</script>",
    )
    frame = await show(page, host)
    await frame.wait_for_function("window.done")
    assert await frame.evaluate("told") == 0


async def test_a_nested_preview_works_and_in_standards_mode(
    page: Page, host: Host, shelf: Shelf
) -> None:
    document = (
        "<!doctype html><html lang=de><title>x</title><p>hello</p>"
        "<script>document.body.dataset.mode ="
        " document.compatMode + document.scripts.length</script>"
    )
    shelf.put("tool", f'<iframe srcdoc="{document}"></iframe>')
    frame = await show(page, host)
    await frame.wait_for_selector("iframe")
    await messages(page, "loaded")
    inner = frame.child_frames[0]
    assert await inner.inner_text("p") == "hello"
    assert await inner.get_attribute("body", "data-mode") == "CSS1Compat1"


async def test_declarative_shadow_roots_are_made_all_the_same(
    page: Page, host: Host, shelf: Shelf
) -> None:
    shelf.put(
        "tool",
        "<body><div id=a><template shadowrootmode=open><b>in a</b></template></div>"
        "<script>window.a1 = a.shadowRoot.textContent</script>"
        "<div id=b></div><script>b.setHTMLUnsafe('<p><template shadowrootmode=closed>in b"
        "</template></p>'); window.b1 = [b.textContent, b.firstChild.shadowRoot]</script>"
        "<div id=c></div><script>const r = c.attachShadow({mode: 'closed'});"
        "window.c1 = [c.shadowRoot, r.mode, r instanceof ShadowRoot]</script>"
        "<div id=d><template shadowrootmode=open><p><template shadowrootmode=open>deep",
    )
    frame = await show(page, host)
    await messages(page, "loaded")
    assert await frame.evaluate("a1") == "in a"
    assert await frame.evaluate("b1") == ["", None]
    assert await frame.evaluate("c1") == [None, "closed", True]
    deep = "d.shadowRoot.firstChild.shadowRoot.textContent"
    assert await frame.evaluate(deep) == "deep"


OUT = "https://example.org/path?q=1"
LINKS = f"""<body>
<a id=out href="{OUT}">out</a>
<a id=blank target=_blank href="{OUT}">blank</a>
<a id=hash href="#there">hash</a>
<a id=own href="/about">own</a>
<a id=file href="file:///etc/passwd">file</a>
<a id=handled href="{OUT}" onclick="event.preventDefault(); window.seen = event.defaultPrevented">h</a>
<p onclick="event.stopPropagation()"><a id=stopped href="{OUT}" onclick="event.stopPropagation()">s</a></p>
<svg width=20 height=20><a xlink:href="{OUT}"><rect id=drawn width=20 height=20 /></a></svg>
<svg width=20 height=20><a href="#no"><set attributeName=href to="{OUT}" /><rect id=moved width=20 height=20 /></a></svg>
<div id=root></div>
<a id=script href="javascript:void(window.ran = 1 %2B 1)">script</a>
<button id=window onclick="window.opened = window.open('{OUT}')">window</button>
<button id=detached onclick="Object.assign(document.createElement('a'), {{href: '{OUT}'}}).click()">d</button>
<iframe srcdoc="<a id=deep target=_blank href='{OUT}'>deep</a>"></iframe>
<iframe sandbox srcdoc="<a id=still href='{OUT}'>still</a><script>document.body.className = 'ran'</script>"></iframe>
<p id=made onclick="MADE(out, {{cancelable: false}})">made up</p>
<p id=inner onclick="MADE(twice.shadowRoot.firstChild, {{cancelable: true}})">in a root</p>
<p id=sent onclick="MADE(around(document.createElement('b')), {{}})">to a detached one</p>
<p id=child onclick="around(document.createElement('b')).click()">in a detached one</p>
<div id=twice></div>
<form method=dialog action="{OUT}" onsubmit="this.method = 'get'"><button id=form>form</button></form>
<script>let reads = 0; const MADE = (node, how) => node.dispatchEvent(new MouseEvent('click', {{bubbles: true, ...how}}));
const around = (node) => {{ Object.assign(document.createElement('a'), {{href: '{OUT}'}}).append(node); return node }};
twice.attachShadow({{get mode() {{ return reads++ ? 'closed' : 'open' }}}}).innerHTML = '<a href="{OUT}">twice</a>';
root.attachShadow({{mode: new String('closed')}}).innerHTML = '<a id=closed href="{OUT}">closed</a>';
addEventListener('click', (event) => event.stopImmediatePropagation(), true);</script>"""  # noqa: E501
ASKING = (
    ("#out", {}),
    ("#out", {"modifiers": ["Alt"]}),
    ("#out", {"modifiers": ["Shift"]}),
    ("#out", {"modifiers": ["Control"]}),
    ("#out", {"button": "middle"}),
    ("#blank", {}),
    ("#drawn", {"modifiers": ["Shift"]}),
    ("#moved", {"modifiers": ["Shift"]}),
    ("#closed", {}),
    ("#closed", {"modifiers": ["Control"]}),
    ("#declared", {"modifiers": ["Shift"]}),
)
WITHOUT_LISTENER = LINKS.replace("addEventListener('click'", "void ('click'")


async def click(frame: Frame, on: str, how: dict[str, Any]) -> None:
    await frame.click(on, **how)
    # What a click led to was sent before this is.
    await frame.evaluate("new Promise((done) => setTimeout(done, 20))")


async def test_every_way_out_by_a_link_asks_the_page_and_opens_nothing(
    page: Page, host: Host, shelf: Shelf
) -> None:
    """Even when the tool stops every click on its way."""
    declared = (
        f"<p><template shadowrootmode=closed><a id=declared href='{OUT}'>d</a></template></p>"
    )
    shelf.put("tool", LINKS + declared)
    frame = await show(page, host)
    await messages(page, "loaded")
    for count, (on, how) in enumerate(ASKING, 1):
        await click(frame, on, how)
        asked = await messages(page, "open", count)
        assert (on, how, [message["url"] for message in asked]) == (on, how, [OUT] * count)
    # Where the tool lets no script run, ours does.
    still = frame.child_frames[1]
    assert await still.get_attribute("body", "class") is None
    await click(still, "#still", {"modifiers": ["Shift"]})
    assert (await messages(page, "open", len(ASKING) + 1))[-1]["url"] == OUT
    assert frame.url.endswith("/tool")
    # The policy stops it in the frame, which shows the browser's error.
    # It takes the document with it, and Playwright may wait for that one's word on the click.
    pressing = asyncio.ensure_future(frame.click("#form", modifiers=["Control"]))
    await frame.wait_for_url("chrome-error://**")
    pressing.cancel()
    assert page.context.pages == [page]


async def test_links_and_windows_do_what_a_tool_expects(
    page: Page, host: Host, shelf: Shelf
) -> None:
    shelf.put("tool", WITHOUT_LISTENER)
    frame = await show(page, host)
    await messages(page, "loaded")
    for on in ("#hash", "#own", "#file", "#handled", "#script"):
        await click(frame, on, {})
    for how in ({"modifiers": ["Control"]}, {"modifiers": ["Shift"]}, {"button": "middle"}):
        await click(frame, "#hash", how)
    assert await frame.evaluate("[location.hash, seen, ran]") == ["#there", True, 2]
    assert await page.evaluate("messages.filter((m) => m.type === 'open')") == []
    asking = ("#stopped", "#window", "#detached", "#made", "#inner", "#sent", "#child")
    for count, on in enumerate(asking, 1):
        await click(frame, on, {})
        assert (await messages(page, "open", count))[-1]["url"] == OUT
    assert await frame.evaluate("[opened.closed, (opened.close(), opened.closed)]") == [False, True]
    await frame.child_frames[0].click("#deep")
    assert (await messages(page, "open", len(asking) + 1))[-1]["url"] == OUT
    assert page.context.pages == [page]
    assert frame.url.endswith("/tool#there")


async def test_nothing_is_asked_without_a_persons_act(page: Page, host: Host, shelf: Shelf) -> None:
    shelf.put(
        "tool",
        f"<a id=a href='{OUT}' target=_blank>a</a><script>a.click(); window.open('{OUT}');"
        f"postMessage({{sandwright: 'open', url: '{OUT}'}}, '*');"
        "a.dispatchEvent(new MouseEvent('click',"
        "{ctrlKey: true, bubbles: true, cancelable: true}));"
        "setTimeout(() => console.log('done'), 100)</script>",
    )
    await show(page, host)
    await messages(page, "console")
    assert await page.evaluate("messages.filter((m) => m.type === 'open')") == []
    assert page.context.pages == [page]


async def test_walls_and_reports_stand_after_a_document_was_opened_for_writing(
    page: Page, host: Host, shelf: Shelf
) -> None:
    shelf.put("tool", "<p>first")
    frame = await show(page, host)
    await messages(page, "loaded")
    await frame.evaluate(
        f"document.open(); document.write('<a id=out href=\"{OUT}\">out</a>'); document.close()"
    )
    await click(frame, "#out", {"modifiers": ["Shift"]})
    assert (await messages(page, "open"))[0]["url"] == OUT
    await frame.evaluate("setTimeout(() => missing())")
    assert "missing" in (await messages(page, "error"))[0]["message"]


def leaving(does: str, then: str) -> str:
    """A tool whose element does something as it leaves the document, which `then` opens anew."""
    return (
        "<x-y></x-y><script>let n = 0; customElements.define('x-y', class extends HTMLElement {"
        f"disconnectedCallback() {{ {does} }} }}); {later(then)}</script>"
    )


def later(does: str) -> str:
    return f"onload = () => setTimeout(() => {{ {does}; LAST }});"


REOPENINGS = {
    "an element that leaves": leaving("FIRST", "document.open()"),
    "an element that comes back": leaving(
        "FIRST; n += 1; if (n < 4) document.append(this)", "document.open()"
    ),
    "an element that stops the parser": leaving("FIRST; stop()", "document.open()"),
    "an element that opens it too": leaving(
        "try { document.open.call({}) } catch {} FIRST", "document.open()"
    ),
    "an element that leaves for what is written": leaving("FIRST", "document.write('<p>new')"),
    "a tool that replaced natives": (
        "<script>const native = EventTarget.prototype.addEventListener;"
        "Array.prototype.forEach = EventTarget.prototype.addEventListener = () => {};"
        + later("document.open(); EventTarget.prototype.addEventListener = native")
        + "</script>"
    ),
    "a script that is written": "<script>"
    + later("document.write(`<script>FIRST<\\/script>`)")
    + "</script>",
    "a script that is written in parts": "<script>"
    + later(
        "document.write('<p id=p>'); document.writeln(`<script>FIRST;`);"
        "document.write('</' + 'script>', p.localName)"
    )
    + "</script>",
    "a script that is written under a policy": (
        "<script>if (window.trustedTypes) { POLICY.content = `require-trusted-types-for 'script'`;"
        "trustedTypes.createPolicy('default', {createHTML: (html) => {"
        " if (html) document.close(); return html }}) }"
        + later("document.write(`<script>FIRST<\\/script>`)")
        + "</script>"
    ),
}
FIRST = "addEventListener('message', ({data}) => console.log('first ' + data.sandwright), true)"
LAST = (
    "addEventListener('message', ({data}) => console.log('last ' + data.sandwright), true);"
    "document.close(); for (const sandwright of ['open', 'end'])"
    " postMessage({sandwright, url: '#'}, '*')"
)
WORDS = {"FIRST": FIRST, "LAST": LAST, "POLICY": POLICY}


async def test_no_listener_comes_before_ours_when_a_document_is_opened_for_writing(
    page: Page, host: Host, shelf: Shelf
) -> None:
    for name, html in REOPENINGS.items():
        said = await logged(page, host, shelf, html, "last end")
        # Listeners go with the document; what a written script adds is heard after ours.
        script = ["first end"] if name.startswith("a script") else []
        assert (name, said) == (name, [*script, "last end"])


OUTSTANDING = """(code) => [
  code.firstChild.textContent.length, code.querySelector("strong").textContent,
]"""


async def test_an_address_opens_only_by_the_persons_word(
    page: Page, host: Host, shelf: Shelf
) -> None:
    """In our page around a tool opened alone; the workbench uses the same module."""
    async with open_canary() as canary:
        # In front of the host, what looks like one.
        whose = f"127.0.0.1:{canary.port}"
        out = f"http://my-bank.example%2F{whose}@{whose}/out?d=secret"
        shelf.put("tool", f"<a id=go href='{out}'>go</a>")
        # As the second half of a double click does, which comes too soon to be an answer.
        await page.add_init_script(PRESSES_AT_ONCE.replace("NAME", "'Open'"))
        await page.goto(f"http://k7.localhost:{host.frame_port}/tool")
        frame = await frame_in(page)
        await frame.click("#go")
        dialog = page.get_by_role("dialog", name="Open this address?")
        # A browser writes a ":" in front of an "@" with a password behind it.
        shown = await dialog.locator("code").inner_text()
        assert shown == out
        assert await dialog.locator("code").evaluate(OUTSTANDING) == [out.index("@") + 1, whose]
        assert await page.evaluate("document.activeElement.textContent") == "Stay here"
        assert await page.evaluate("pressedAtOnce")
        assert await dialog.is_visible()
        await page.keyboard.press("Escape")
        await dialog.wait_for(state="hidden")
        assert canary.connections == 0

        await frame.click("#go")
        await dialog.wait_for()
        await dialog.get_by_role("button", name="Open").click()
        assert await canary.heard("/out")
        assert frame.url.endswith("/tool/")


async def test_a_tool_that_nags_is_not_heard_any_more(page: Page, host: Host, shelf: Shelf) -> None:
    shelf.put("tool", f"<a id=go href='{OUT}'>go</a>")
    await page.goto(f"http://k7.localhost:{host.frame_port}/tool")
    frame = await frame_in(page)
    dialog = page.get_by_role("dialog")
    for _ in range(3):
        await frame.click("#go")
        await dialog.get_by_role("button", name="Stay here").click()
        await dialog.wait_for(state="hidden")
    await click(frame, "#go", {})
    assert await dialog.count() == 0


# What a document hands to the next one of its frame, made into what nobody could use.
HANDED_ON = {
    "lists": "Array.prototype.toJSON = () => 5",
    "what is in lists": "Array.prototype.toJSON = function () { return this.map(() => null) }",
    "all but lists": "Object.prototype.toJSON = function () {"
    " return Array.isArray(this) ? this : 0 }",
    "everything": "Object.prototype.toJSON = () => 'x'",
    "an error": "Array.prototype.toJSON = () => { throw 0 }",
}


@pytest.mark.parametrize("name", sampled(HANDED_ON, {"lists"}))
async def test_walls_stand_whatever_a_document_hands_to_the_next_one(
    name: str, page: Page, host: Host, shelf: Shelf
) -> None:
    again = (
        "if (performance.getEntriesByType('navigation')[0].type === 'reload') console.log(MEANS);"
        "else onload = () => setTimeout(() => { sessionStorage.a = localStorage.b = 1; WHAT;"
        "location.reload() })"
    )
    script = again.replace("MEANS", MEANS).replace("WHAT", HANDED_ON[name])
    shelf.put("tool", f"<body><script>{script}</script>")
    await show(page, host)
    said = await messages(page, "console")
    assert said[0]["text"] == NONE_OF_THEM
