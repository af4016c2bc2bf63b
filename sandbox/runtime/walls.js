// What headers leave open, closed in a realm before any of the tool's code runs in it: WebRTC,
// shared workers and transports, windows and links to the outside, documents nested in the tool.
//
// A nested document has an opaque origin of its own, into which no other can reach; it gets the
// source of this very function in front. So the function uses nothing of this closure but its
// arguments, and takes at its start every native that it needs: the tool may replace any.

// `ask(url)` asks the page around the tool to open an address; `reopened()` is called when a
// document was opened for writing, which takes all listeners away.
// `bound` are functions that a nested document runs first; each returns what a reopened document
// needs again. `lead(html)` changes what a nested document of the tool's own loads.
function raiseWalls(ask, reopened, bound, lead) {
  "use strict";
  const { defineProperty, getOwnPropertyDescriptor } = Reflect;
  const unbound = (method) => Function.prototype.call.bind(method);
  const getter = (owner, name) => unbound(getOwnPropertyDescriptor(owner.prototype, name).get);
  const exec = unbound(RegExp.prototype.exec);
  const slice = unbound(String.prototype.slice);
  const lower = unbound(String.prototype.toLowerCase);
  const later = window.setTimeout.bind(window);
  // oxlint-disable-next-line no-eval -- what a javascript: link asks for
  const evaluate = eval;
  const decode = decodeURIComponent;
  const NativeURL = URL;
  const [urlOf, schemeOf, originOf, hashOf] = ["href", "protocol", "origin", "hash"].map(
    (name) => getter(URL, name),
  );
  const addressOf = getter(Document, "URL");
  const stateOf = getter(Document, "readyState");
  const [kindOf, baseOf, firstOf, nextOf, parentOf, parentNodeOf, isConnected] = [
    "nodeType", "baseURI", "firstChild", "nextSibling", "parentElement", "parentNode", "isConnected",
  ].map((name) => getter(Node, name));
  const nameOf = getter(Element, "localName");
  const namespaceOf = getter(Element, "namespaceURI");
  const contentOf = getter(HTMLTemplateElement, "content");
  const drawnOf = getter(SVGAElement, "href");
  const usedOf = getter(SVGUseElement, "href");
  const shownOf = getter(SVGAnimatedString, "animVal");
  const rootNodeOf = unbound(Node.prototype.getRootNode);
  const byId = {
    __proto__: null,
    9: unbound(Document.prototype.getElementById),
    11: unbound(DocumentFragment.prototype.getElementById),
  };
  const { prototype: element } = Element;
  // By namespace: another's attribute may have the same name, and be found first.
  const attributeNS = unbound(element.getAttributeNS);
  const setAttributeNS = unbound(element.setAttributeNS);
  const removeAttributeNS = unbound(element.removeAttributeNS);
  const attribute = (node, name) => attributeNS(node, null, name);
  const setAttribute = (node, name, value) => setAttributeNS(node, null, name, value);
  const removeAttribute = (node, name) => removeAttributeNS(node, null, name);
  const remove = unbound(element.remove);
  const { stringify, parse: read } = JSON;
  // Else a policy of the tool's own could change what we have looked at, or put in front of a nested
  // document. Where it refuses ours, nothing of the kind is done.
  let asHtml = (text) => text;
  try {
    const policy = window.trustedTypes?.createPolicy("sandwright", { createHTML: asHtml });
    asHtml = policy?.createHTML.bind(policy) ?? asHtml;
  } catch (refused) {
    asHtml = () => {
      throw refused;
    };
  }
  const attachShadow = unbound(element.attachShadow);
  const append = unbound(DocumentFragment.prototype.append);
  const find = {
    1: unbound(element.querySelectorAll),
    9: unbound(Document.prototype.querySelectorAll),
    11: unbound(DocumentFragment.prototype.querySelectorAll),
  };
  const countOf = getter(NodeList, "length");
  const [addedOf, subjectOf, changeOf] = ["addedNodes", "target", "type"].map((name) =>
    getter(MutationRecord, name),
  );
  const listenTo = unbound(EventTarget.prototype.addEventListener);
  const unlisten = unbound(EventTarget.prototype.removeEventListener);
  const dispatch = unbound(EventTarget.prototype.dispatchEvent);
  const NativeEvent = Event;
  const pathOf = unbound(Event.prototype.composedPath);
  const prevent = unbound(Event.prototype.preventDefault);
  const [isPrevented, isCancelable, isComposed, bubbles, typeOf] = [
    "defaultPrevented", "cancelable", "composed", "bubbles", "type",
  ].map((name) => getter(Event, name));
  const initEvent = unbound(Event.prototype.initEvent);
  const submitterOf = getter(SubmitEvent, "submitter");
  const submit = unbound(HTMLFormElement.prototype.submit);
  const stop = unbound(Event.prototype.stopImmediatePropagation);
  const keys = ["button", "ctrlKey", "metaKey", "shiftKey", "altKey"].map((name) =>
    getter(MouseEvent, name),
  );
  const rootOf = getter(Element, "shadowRoot");
  const hostOf = getter(ShadowRoot, "host");
  const closest = unbound(element.closest);
  const close = unbound(HTMLDialogElement.prototype.close);
  const modeOf = getter(ShadowRoot, "mode");
  const dataOf = getter(MessageEvent, "data");
  const mark = unbound(WeakSet.prototype.add);
  const isMarked = unbound(WeakSet.prototype.has);
  const remember = unbound(WeakMap.prototype.set);
  const recall = unbound(WeakMap.prototype.get);
  const activation = navigator.userActivation;
  const isActive = activation ? getter(UserActivation, "isActive") : () => true;
  const up = window.parent;
  lead ??= (html) => html;
  ask ??= (url) => up.postMessage({ sandwright: "open", url }, "*");

  const replace = (owner, name, make) => {
    const found = getOwnPropertyDescriptor(owner, name);
    if (found && found.value) {
      defineProperty(owner, name, { ...found, value: make(unbound(found.value))[name] });
    }
  };

  // Names leave through ICE candidates; in WebKit a shared worker sheds the policy.
  [
    "RTCPeerConnection", "webkitRTCPeerConnection", "mozRTCPeerConnection", "RTCIceTransport",
    "RTCDataChannel", "SharedWorker", "WebTransport",
  ].forEach((name) => delete window[name]);
  // Reading it throws in an opaque origin; tools ask `"serviceWorker" in navigator`.
  delete Navigator.prototype.serviceWorker;

  // Firefox and WebKit have no policy for game controllers.
  delete Navigator.prototype.getGamepads;
  delete window.GamepadEvent?.prototype.gamepad;

  // Windows and links.
  const resolve = (text, base) => {
    try {
      return new NativeURL(text, base);
    } catch {
      return null;
    }
  };
  // In WebKit a worklet's module loads only from a data: address, and what it imports sheds the
  // policy. There its text runs as a script, which can import nothing.
  if (navigator.vendor === "Apple Computer, Inc." && window.Worklet) {
    const load = window.fetch.bind(window);
    const chain = unbound(Promise.prototype.then);
    const textOf = unbound(Response.prototype.text);
    const encode = encodeURIComponent;
    replace(window.Worklet.prototype, "addModule", (add) => ({
      addModule(address, options) {
        const text = `${address}`;
        const url = resolve(text, baseOf(document));
        const run = (code) => {
          const script = `(0,eval)(${stringify(`"use strict";${code}`)})`;
          return add(this, `data:text/javascript,${encode(script)}`, options);
        };
        return url && exec(/^(?:blob|data):/, urlOf(url))
          ? chain(load(urlOf(url)), (response) => chain(textOf(response), run))
          : add(this, text, options);
      },
    }));
  }

  const withoutHash = (url) => slice(urlOf(url), 0, urlOf(url).length - hashOf(url).length);
  const bareAddress = () => exec(/^[^#]*/, addressOf(document))[0];

  // A tool is one document: of its own server there is nothing else to open.
  const isOutside = (url, base) => {
    const own = resolve(base);
    const away = own === null || originOf(own) !== originOf(url) || originOf(url) === "null";
    return away && exec(/^(?:https?|mailto|tel):/, urlOf(url)) !== null;
  };
  // Opening waits for a person's act, as a browser's own popups do.
  const open = (url) => {
    if (isActive(activation)) {
      ask(urlOf(url));
    }
  };

  replace(window, "open", () => ({
    open(address = "") {
      const base = baseOf(document);
      const url = resolve(`${address}`, base);
      if (!url || !isOutside(url, base)) {
        return null;
      }
      open(url);
      return {
        closed: false, opener: null, name: "", length: 0, location: { href: "about:blank" },
        close() { this.closed = true; }, focus() {}, blur() {}, postMessage() {},
      };
    },
  }));

  // The address of a link in HTML, in SVG (also by xlink or an animation) or, in Firefox, in MathML.
  const linkOf = (node) => {
    const name = nameOf(node);
    if (name === "a" && namespaceOf(node) === "http://www.w3.org/2000/svg") {
      const shown = shownOf(drawnOf(node));
      if (shown !== "") {
        return shown;
      }
    }
    const isLink =
      name === "a" || name === "area" || namespaceOf(node) === "http://www.w3.org/1998/Math/MathML";
    return isLink
      ? attribute(node, "href") ?? attributeNS(node, "http://www.w3.org/1999/xlink", "href")
      : null;
  };

  // A drawing may use a part of itself, which a browser copies, links too, to where no listener sees
  // them. Of several the first counts: which was hit nobody can tell. Where there is too much to look at it throws.
  const MOST_USED = 10_000;
  const usedLink = (use, left = { count: MOST_USED }) => {
    const text = shownOf(usedOf(use));
    const url = resolve(text, addressOf(document));
    const root = rootNodeOf(use);
    const named = byId[kindOf(root)];
    if (url === null || !named || (!exec(/^\s*#/, text) && withoutHash(url) !== bareAddress())) {
      return null;
    }
    const name = slice(hashOf(url), 1);
    let part = named(root, name);
    try {
      part ??= named(root, decode(name));
    } catch {
      // No name of anything.
    }
    return part === null ? null : linkWithin(part, left);
  };
  const TooMuch = RangeError;
  const isUse = (node) => nameOf(node) === "use" && namespaceOf(node) === "http://www.w3.org/2000/svg";
  const linkWithin = (part, left) => {
    const found = find[1](part, "a,use");
    for (let index = -1; index < countOf(found); index += 1) {
      left.count -= 1;
      if (left.count < 0) {
        throw new TooMuch("a drawing uses too much of itself");
      }
      const node = index < 0 ? part : found[index];
      const link = isUse(node) ? usedLink(node, left) : node;
      if (link !== null && linkOf(link) !== null) {
        return link;
      }
    }
    return null;
  };

  // With a key or another button a browser makes a window, a tab or a download of a link.
  const isSpecial = (event) => {
    for (let index = 0; index < keys.length; index += 1) {
      if (keys[index](event)) {
        return true;
      }
    }
    return false;
  };

  // Prevents what the browser would do; the tool's own listeners see an event that nobody has
  // touched. Returns a function that says whether one of them refused it.
  const disarm = (event) => {
    let prevented = isPrevented(event);
    prevent(event);
    const show = (name, descriptor) => defineProperty(event, name, { ...descriptor, configurable: true });
    show("preventDefault", { value() { prevented = true; } });
    show("defaultPrevented", { get: () => prevented });
    show("returnValue", { get: () => !prevented, set(value) { prevented ||= !value; } });
    return () => prevented;
  };

  // A form is sent into a window, too, by a key that is held meanwhile; later no event says so.
  function onSubmit(event) {
    const form = pathOf(event)[0];
    if (!event.isTrusted || nameOf(form) !== "form") {
      return;
    }
    const button = submitterOf(event);
    const isRefused = disarm(event);
    // Only now: the tool may have made it another in the meantime.
    later(() => {
      if (isRefused()) {
        return;
      }
      const method = (button && attribute(button, "formmethod")) ?? attribute(form, "method") ?? "";
      if (lower(method) !== "dialog") {
        try {
          submit(form);
        } catch {
          // Firefox throws where the policy refuses it.
        }
        return;
      }
      const dialog = closest(form, "dialog[open]");
      const value = button && attribute(button, "value");
      if (dialog !== null && value === null) {
        close(dialog);
      } else if (dialog !== null) {
        close(dialog, value);
      }
    });
  }

  function onClick(event) {
    const path = pathOf(event);
    for (let index = 0; index < path.length && path[index] !== document; index += 1) {
      const node = kindOf(path[index]) === 1 ? path[index] : null;
      let link = node;
      try {
        link = node !== null && isUse(node) ? usedLink(node) : node;
      } catch {
        prevent(event);
        return;
      }
      const text = link === null ? null : linkOf(link);
      const url = text === null ? null : resolve(text, baseOf(link));
      if (url !== null) {
        onLink(event, link, text, url);
        return;
      }
    }
  }

  // What does not leave its root meets no listener of the window's.
  function onInnerClick(event) {
    if (!isComposed(event)) {
      onClick(event);
    }
  }

  function onLink(event, link, text, url) {
    const base = baseOf(link);
    const scheme = schemeOf(url);
    let special;
    try {
      special = isSpecial(event);
    } catch {
      // An event that is no mouse's follows no link.
      return;
    }
    const whole = urlOf(url);
    const inside = withoutHash(url) === bareAddress() || exec(/^\s*#/, text);
    const saves = attribute(link, "download") !== null && (scheme === "blob:" || scheme === "data:");
    if (!special && (inside || saves)) {
      return;
    }
    const isRefused = disarm(event);
    later(() => {
      if (!isRefused() && scheme === "javascript:" && !special) {
        evaluate(decode(slice(whole, 11)));
      } else if (!isRefused() && isOutside(url, base)) {
        open(url);
      }
    });
  }

  // A click of the tool's own making in what is not in the document meets no listener of ours.
  const above = (node) => {
    const parent = parentNodeOf(node);
    try {
      return parent === null && kindOf(node) === 11 ? hostOf(node) : parent;
    } catch {
      return null;
    }
  };
  const outsideAround = (node) => {
    for (let at = isConnected(node) ? null : node; at !== null; at = above(at)) {
      const text = kindOf(at) === 1 ? linkOf(at) : null;
      const url = text === null ? null : resolve(text, baseOf(at));
      if (url !== null && isOutside(url, baseOf(at))) {
        return url;
      }
    }
    return null;
  };
  replace(HTMLElement.prototype, "click", (click) => ({
    click() {
      const url = outsideAround(this);
      if (url === null) {
        click(this);
      } else {
        open(url);
      }
    },
  }));
  replace(EventTarget.prototype, "dispatchEvent", (native) => ({
    dispatchEvent(event) {
      let url = null;
      try {
        if (typeOf(event) === "click") {
          if (!isCancelable(event)) {
            initEvent(event, "click", bubbles(event), true);
          }
          url = outsideAround(this);
        }
      } catch {
        // No event, or no node.
      }
      if (url === null) {
        return native(this, event);
      }
      open(url);
      return true;
    },
  }));

  // A nested document's wish is passed on, and no listener of the tool's hears of it.
  function onMessage(event) {
    const data = dataOf(event);
    if (typeof data === "object" && data !== null && data.sandwright === "open") {
      stop(event);
      const url = resolve(`${data.url}`);
      if (url && isOutside(url)) {
        open(url);
      }
    }
  }

  // What `make` says, in the place of all that is found.
  const swap = (text, pattern, make) => {
    let swapped = "";
    let from = 0;
    for (let found = exec(pattern, text); found !== null; found = exec(pattern, text)) {
      swapped += slice(text, from, found.index) + make(found[0], found.index);
      from = found.index + found[0].length;
    }
    return swapped + slice(text, from);
  };

  // Makes of declarative shadow roots plain templates, for `adopt`: else a parser would make
  // roots that nobody watches.
  const tame = (html) =>
    swap(html, /(?<=^|[\s/"'])shadowrootmode(?=[\s/>=]|$)/gi, (name) => `data-${name}`);

  // Nested documents and shadow roots: whatever is inserted is met before it can load. All of a nested
  // document but the guard is a string in the guard's own script, which writes it once the walls are up:
  // where that script does not run (a policy of the tool's own, one that came later), there is nothing.
  const HEAD = `<script>{const bound=[${bound}],again=bound.map((run)=>run());(${raiseWalls})(undefined,()=>{for(let i=0;i<again.length;i+=1)again[i]()},bound)}document.currentScript.remove();document.write(`;
  const TAIL = `)<${"/script"}>`;
  // Before a document that is to run no script.
  const STILL = `<meta http-equiv="Content-Security-Policy" content="script-src 'none'">`;
  const SOUGHT = "iframe,frame,template[data-shadowrootmode]";
  // With no prototype: a setter that the tool has put there could end what we are at.
  const waiting = Object.setPrototypeOf([], null);

  const wrap = (html) => HEAD + swap(stringify(html), /</g, () => "\\u003c") + TAIL;

  // Where the string ends that stands at a place; -1 where none does that cannot leave its script.
  const endOfString = (text, at) => {
    const signs = /["\\<]/g;
    signs.lastIndex = at + 1;
    for (let found = exec(signs, text); found !== null && text[at] === '"'; found = exec(signs, text)) {
      if (found[0] === '"') {
        return found.index + 1;
      }
      if (found[0] === "<" || text[found.index + 1] === "<") {
        return -1;
      }
      signs.lastIndex = found.index + 2;
    }
    return -1;
  };

  // What a nested document is to be, of the text that its frame holds: the tool's own, or ours, which it
  // may have copied, and have added to.
  const unwrap = (html) => {
    const end = slice(html, 0, HEAD.length) === HEAD ? endOfString(html, HEAD.length) : -1;
    if (end < 0 || slice(html, end, end + TAIL.length) !== TAIL) {
      return null;
    }
    return read(slice(html, HEAD.length, end)) + slice(html, end + TAIL.length);
  };
  const startsStill = (text) => slice(text, 0, STILL.length) === STILL;

  // Whatever goes wrong in it, the guard comes before the text.
  const led = (html) => {
    try {
      return `${lead(html)}`;
    } catch {
      return html;
    }
  };

  // A frame that runs no script would have no walls either. So its scripts run, and its document has a
  // policy that lets none but the guard.
  const quieted = new WeakMap();
  const isStill = (frame) => {
    const flags = attribute(frame, "sandbox");
    if (flags === null || flags === recall(quieted, frame)) {
      return flags !== null;
    }
    if (exec(/(?:^|\s)allow-scripts(?:\s|$)/i, flags)) {
      return false;
    }
    remember(quieted, frame, `${flags} allow-scripts`);
    setAttribute(frame, "sandbox", `${flags} allow-scripts`);
    return true;
  };

  function guard(frame) {
    // A policy for the frame alone.
    removeAttribute(frame, "csp");
    const html = attribute(frame, "srcdoc");
    if (html !== null) {
      try {
        const text = unwrap(html) ?? led(exec(/^\ufeff?([^]*)$/, html)[1]);
        const guarded = wrap(isStill(frame) && !startsStill(text) ? STILL + text : text);
        if (guarded !== html) {
          setAttribute(frame, "srcdoc", asHtml(guarded));
        }
      } catch {
        removeAttribute(frame, "srcdoc");
      }
    }
    const source = attribute(frame, "src");
    const url = source === null ? null : resolve(source, baseOf(frame));
    if (url !== null && schemeOf(url) === "javascript:") {
      removeAttribute(frame, "src");
    }
  }

  function adopt(template) {
    const init = {
      mode: lower(attribute(template, "data-shadowrootmode")),
      delegatesFocus: attribute(template, "shadowrootdelegatesfocus") !== null,
      serializable: attribute(template, "shadowrootserializable") !== null,
    };
    let root;
    try {
      root = rooted(parentOf(template), init);
    } catch {
      // What has a root, or can have none, keeps its template, as in any browser.
      return;
    }
    append(root, contentOf(template));
    remove(template);
    search(root);
  }

  // While the document comes in, what follows a template tells that it has ended.
  function isWhole(template) {
    let node = template;
    while (node && !nextOf(node)) {
      node = parentOf(node);
    }
    return node || stateOf(document) !== "loading";
  }

  function meet(node) {
    const name = nameOf(node);
    if (name === "iframe" || name === "frame") {
      guard(node);
    } else if (name === "template" && attribute(node, "data-shadowrootmode") !== null) {
      waiting[waiting.length] = node;
    }
  }

  function search(node) {
    const kind = kindOf(node);
    if (kind === 1) {
      meet(node);
    }
    if (kind === 1 || kind === 9 || kind === 11) {
      const found = find[kind](node, SOUGHT);
      for (let index = 0; index < countOf(found); index += 1) {
        meet(found[index]);
      }
    }
  }

  function settle(isParsed) {
    let left = 0;
    for (let index = 0; index < waiting.length; index += 1) {
      const template = waiting[index];
      if (isParsed === true || isWhole(template)) {
        adopt(template);
      } else {
        waiting[left] = template;
        left += 1;
      }
    }
    waiting.length = left;
  }

  const observer = new MutationObserver((records) => {
    for (let index = 0; index < records.length; index += 1) {
      if (changeOf(records[index]) === "attributes") {
        meet(subjectOf(records[index]));
        continue;
      }
      const added = addedOf(records[index]);
      for (let place = 0; place < countOf(added); place += 1) {
        search(added[place]);
      }
    }
    settle();
  });
  const observe = observer.observe.bind(observer);

  // What it does not say itself, and how a list is gone through, the tool could say.
  const names = ["srcdoc", "src", "csp"];
  const watched = {
    __proto__: null, childList: true, subtree: true,
    attributeFilter: {
      __proto__: null,
      [Symbol.iterator]() {
        let next = -1;
        return {
          __proto__: null,
          next() {
            next += 1;
            return next < names.length ? { done: false, value: names[next] } : { done: true, value: "" };
          },
        };
      },
    },
  };
  const closed = new WeakSet();

  // A closed root is an open one that does not say so: else a click in it would not tell us the
  // link. A clone would be a root that nobody watches.
  function rooted(host, init) {
    const wish = typeof init === "object" && init !== null ? init.mode : undefined;
    // Once: it may say something else the next time.
    const mode = wish === undefined ? undefined : `${wish}`;
    const isClosed = mode === "closed";
    const root = attachShadow(host, { __proto__: init, clonable: false, mode: isClosed ? "open" : mode });
    if (isClosed) {
      mark(closed, root);
    }
    observe(root, watched);
    listenTo(root, "submit", onSubmit, true);
    listenTo(root, "click", onInnerClick, true);
    return root;
  }

  // The first listeners of the window: nothing of the tool's comes before them.
  function stand() {
    listenTo(window, "click", onClick, true);
    listenTo(window, "auxclick", onClick, true);
    listenTo(window, "submit", onSubmit, true);
    listenTo(window, "message", onMessage, true);
    listenTo(document, "readystatechange", settle, true);
  }

  replace(element, "attachShadow", () => ({
    attachShadow(init) {
      return rooted(this, init);
    },
  }));
  const shown = (owner, name, get) =>
    defineProperty(owner, name, { ...getOwnPropertyDescriptor(owner, name), get });
  shown(element, "shadowRoot", function shadowRoot() {
    const root = rootOf(this);
    return root !== null && isMarked(closed, root) ? null : root;
  });
  shown(ShadowRoot.prototype, "mode", function mode() {
    return isMarked(closed, this) ? "closed" : modeOf(this);
  });
  const parsing = (name) => (parse) => ({
    [name](html, options) {
      const result = parse(this, asHtml(tame(`${html}`)), options);
      search(result ?? this);
      settle(true);
      return result;
    },
  });
  [element, ShadowRoot.prototype, Document].forEach((owner) => {
    ["setHTMLUnsafe", "setHTML", "parseHTMLUnsafe", "parseHTML"].forEach((name) =>
      replace(owner, name, parsing(name)),
    );
  });

  // A style sheet's document is parsed as well, out of sight: it is made anew of what can be seen of it.
  const kindOfText = getter(Document, "contentType");
  const rootElementOf = getter(Document, "documentElement");
  const outerOf = getter(Element, "outerHTML");
  const parser = new DOMParser();
  const parseText = unbound(DOMParser.prototype.parseFromString);
  if (window.XSLTProcessor) {
    replace(XSLTProcessor.prototype, "transformToDocument", (transform) => ({
      transformToDocument(source) {
        const made = transform(this, source);
        const root = made && kindOfText(made) === "text/html" ? rootElementOf(made) : null;
        return root === null ? made : parseText(parser, asHtml(outerOf(root)), "text/html");
      },
    }));
  }

  // A tag may be written in parts, and its end be in the document itself, which nobody looks at as that of a
  // tag. So a template's name is held back until it is whole; and where its tag is not, it has the
  // attribute already: a parser takes no second one.
  const NAME = "<template";
  const WHOLE = /<template(?:[\t\n\f\r ]+[^\t\n\f\r "'<>/=]+(?:=(?:"[^"]*"|'[^']*'|[^\t\n\f\r "'<>/=`][^\t\n\f\r "'<>]*))?)*[\t\n\f\r ]*\/?>/iy;
  let held = "";
  const written = (html) => {
    const whole = held + tame(html);
    const last = exec(/<[a-z]{0,8}$/i, whole);
    held = last && slice(NAME, 0, last[0].length) === lower(last[0]) ? last[0] : "";
    const now = slice(whole, 0, whole.length - held.length);
    return swap(now, /<template(?=[\t\n\f\r />])/gi, (name, at) => {
      WHOLE.lastIndex = at;
      return exec(WHOLE, now) ? name : `${name} shadowrootmode=x `;
    });
  };
  const { prototype: page } = Document;
  const write = unbound(page.write);
  const openFor = unbound(page.open);
  let opening = 0;
  // A document whose parser was stopped opens no more, and what elements listen to as they leave stays.
  replace(window, "stop", (native) => ({
    stop() {
      if (opening === 0) {
        native(window);
      }
    },
  }));
  // Where the stack is at its end, nothing is opened that could not be guarded again.
  const roomFor = (calls) => (calls === 0 ? 0 : 1 + roomFor(calls - 1));
  // `begin` may open the document, which takes all listeners away and then runs what elements of the
  // tool's do as they leave. So it is opened until none was left; before anything else runs, we stand.
  const reopen = (self, begin) => {
    roomFor(200);
    const probe = new NativeEvent("sandwright");
    let stood = false;
    const onProbe = (event) => {
      if (event === probe) {
        stood = true;
        stop(event);
      }
    };
    listenTo(window, "sandwright", onProbe, true);
    opening += 1;
    try {
      begin();
      dispatch(window, probe);
      if (!stood) {
        for (let some = true; some; ) {
          some = firstOf(self) !== null;
          openFor(self);
        }
        stand();
        reopened?.();
      }
    } finally {
      opening -= 1;
      unlisten(window, "sandwright", onProbe, true);
    }
  };
  const writing = (name, end) => ({
    [name](...parts) {
      let html = "";
      for (let index = 0; index < parts.length; index += 1) {
        html += parts[index];
      }
      const whole = written(html + end);
      // Of nothing first: opens the document where that is what writing does, and no script runs yet.
      reopen(this, () => write(this, asHtml("")));
      // What left the document meanwhile may have closed it.
      reopen(this, () => write(this, asHtml(whole)));
    },
  });
  replace(page, "write", () => writing("write", ""));
  replace(page, "writeln", () => writing("writeln", "\n"));
  replace(page, "open", () => ({
    open(...given) {
      if (given.length > 2) {
        return window.open(given[0]);
      }
      let result = null;
      reopen(this, () => {
        result = openFor(this);
      });
      return result;
    },
  }));

  observe(document, watched);
  stand();
  // What a tool nested, of what the frame's attribute holds.
  return (html) => {
    const text = unwrap(html) ?? html;
    return startsStill(text) ? slice(text, STILL.length) : text;
  };
}
