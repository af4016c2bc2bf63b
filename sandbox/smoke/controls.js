// Finds what a person could use on a page, and says how to reach it. It runs in a world of its
// own beside the tool's: the same document, none of the tool's variables, nothing left behind.
// The whole file is one expression; its value is the object of functions below.
(() => {
  "use strict";

  const base = globalThis.smokeBase ?? 0; // its elements are counted from there

  const CONTROLS = [
    "button", "input", "select", "textarea", "summary", "canvas", "a", "[contenteditable]",
    "[onclick]", "[onpointerdown]", "[onmousedown]", "[tabindex='0']",
    ...["button", "tab", "switch", "checkbox", "radio", "menuitem", "option", "link", "slider"]
      .map((role) => `[role='${role}']`),
  ].join(",");
  // A control whatever it stands in: the button of a row that can be pressed itself.
  const OWN = "button,input,select,textarea";
  const PICTURES = "img,svg,video,input,button,select,textarea,progress,meter,hr,object";
  const TYPED = new Set([
    "text", "search", "email", "url", "tel", "password", "number", "", "textarea",
  ]);
  const SET = new Set(["range", "color", "date", "time", "datetime-local", "month", "week"]);

  const FITTING_MS = 500;

  const adopted = new WeakMap(); // elements that only hear a person -> how they are to be used
  let dropped = []; // where something can be dropped

  const ids = new WeakMap();
  const elements = new Map();
  let changed = 0;
  new MutationObserver(({ length }) => {
    changed += length;
  }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });

  // How often the document was changed so far.
  function changes() {
    return changed;
  }

  function idOf(element) {
    if (!ids.has(element)) {
      ids.set(element, base + elements.size + 1);
      elements.set(base + elements.size + 1, new WeakRef(element));
    }
    return ids.get(element);
  }

  function elementOf(id) {
    const element = elements.get(id)?.deref();
    return element?.isConnected ? element : null;
  }

  function* within(root, selector) {
    for (const element of root.querySelectorAll("*")) {
      if (element.matches(selector)) {
        yield element;
      }
      if (element.shadowRoot) {
        yield* within(element.shadowRoot, selector);
      }
    }
  }

  function shown(element) {
    const box = element.getBoundingClientRect();
    // What lies above or left of the page (links to skip to the content) nobody can scroll to.
    return (
      box.width >= 2 &&
      box.height >= 2 &&
      box.right + window.scrollX > 0 &&
      box.bottom + window.scrollY > 0 &&
      element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
    );
  }

  // Where a person would press: the element, or the label that stands for a hidden one.
  function surface(element) {
    if (shown(element)) {
      return element;
    }
    return [...(element.labels ?? [])].find(shown) ?? null;
  }

  function plain(text) {
    return (text ?? "").replace(/\s+/g, " ").trim().slice(0, 60);
  }

  function nameOf(element) {
    const by = element.getAttribute("aria-labelledby");
    const root = element.getRootNode();
    const labelled = by && by.split(/\s+/).map((id) => root.getElementById?.(id)?.innerText ?? "");
    const label = [...(element.labels ?? [])].map((one) => one.innerText).join(" ");
    const isField = element.matches("input,select,textarea,canvas");
    const isButton = element.matches("input[type=button],input[type=submit],input[type=reset]");
    return (
      plain(element.getAttribute("aria-label")) ||
      plain(labelled && labelled.join(" ")) ||
      plain(label) ||
      (isField ? "" : plain(element.innerText)) ||
      (isButton ? plain(element.value) || element.type : "") ||
      plain(element.getAttribute("placeholder")) ||
      plain(element.title) ||
      plain(element.getAttribute("alt") ?? element.querySelector("img[alt]")?.alt) ||
      plain(element.name) ||
      plain(element.id)
    );
  }

  // An attribute or name as far as anybody would read it.
  const brief = (text) => String(text ?? "").slice(0, 200);

  // Words near a field that has no label of its own, as a person would read them.
  function wordsAround(element) {
    const before = element.previousElementSibling ?? element.parentElement?.previousElementSibling;
    const near = before && !before.matches(CONTROLS) ? plain(before.innerText) : "";
    return [nameOf(element), brief(element.name), brief(element.id), near].filter(Boolean).join(" ");
  }

  function kindOf(element) {
    const { localName: tag } = element;
    const type = tag === "input" ? element.type : tag;
    if (tag === "input" || tag === "textarea") {
      if (TYPED.has(type)) {
        return element.readOnly ? null : "type";
      }
      if (SET.has(type)) {
        return element.readOnly ? null : "set";
      }
      if (type === "file") {
        return "file";
      }
      return type === "hidden" || type === "image" ? null : "press";
    }
    if (tag === "select") {
      return "choose";
    }
    if (tag === "canvas") {
      return "draw";
    }
    if (element.isContentEditable) {
      return element.parentElement?.isContentEditable ? null : "write";
    }
    if (tag === "a") {
      const href = element.getAttribute("href");
      const inside = href === null || href.startsWith("#") || /^javascript:/i.test(href);
      return inside || element.hasAttribute("download") ? "press" : null;
    }
    return adopted.get(element) ?? "press";
  }

  function isOff(element) {
    return (
      element.disabled === true ||
      element.matches("fieldset:disabled *, [aria-disabled=true], [inert], [inert] *")
    );
  }

  // Elements that only look pressable: the topmost one with a hand for a cursor.
  function isPointed(element) {
    const parent = element.parentElement;
    return (
      getComputedStyle(element).cursor === "pointer" &&
      (!parent || getComputedStyle(parent).cursor !== "pointer") &&
      !element.closest("label") &&
      !element.querySelector(CONTROLS)
    );
  }

  function* candidates() {
    const root = document.querySelector("dialog:modal") ?? document;
    const found = new Set();
    for (const element of within(root, "*")) {
      const isControl = element.matches(CONTROLS);
      const isPart = found.has(element.parentElement) && !element.matches(OWN);
      if (isControl ? !isPart : adopted.has(element) || isPointed(element)) {
        found.add(element);
        yield element;
      }
    }
  }

  // Takes elements that hear a person (`uses` says how, one each) as controls unless they look like
  // some, belong to one or hold some; says how many it took.
  function adopt(uses, given) {
    let taken = 0;
    given.forEach((element, at) => {
      if (!(element instanceof Element) || element.matches("html,body")) {
        return;
      }
      if (uses[at] === "drop") {
        dropped.push(new WeakRef(element));
      } else if (
        !adopted.has(element) &&
        !element.closest(`${CONTROLS},label`) &&
        !element.querySelector(CONTROLS) &&
        getComputedStyle(element).cursor !== "pointer"
      ) {
        adopted.set(element, uses[at]);
        taken += 1;
      }
    });
    return taken;
  }

  // Where to drop a control: at the first other place that takes it, as far as one is in sight.
  function goal(id) {
    const element = elementOf(id);
    dropped = dropped.filter((one) => one.deref()?.isConnected);
    const others = dropped.map((one) => one.deref()).filter((one) => shown(one) && !one.contains(element));
    const centres = others.map((one) => {
      const { left, top, width, height } = one.getBoundingClientRect();
      return { x: left + width / 2, y: top + height / 2 };
    });
    return centres.find(({ x, y }) => x > 0 && y > 0 && x < innerWidth && y < innerHeight) ?? null;
  }

  // Whether it stands among what changes the view: tabs, the entries of a menu.
  function leads(element) {
    const VIEWS = /(?:^|[\s_-])(?:tabs?|nav|navbar|navigation|menu|pager|pagination)(?:$|[\s_-])/i;
    const around = [element, element.parentElement, element.parentElement?.parentElement];
    return (
      element.closest("nav,[role='tab'],[role='tablist'],[role='menubar']") !== null ||
      around.some((one) => one && one !== document.body && VIEWS.test(brief(one.getAttribute("class"))))
    );
  }

  function described(element, kind) {
    const { localName: tag } = element;
    const place = surface(element)?.getBoundingClientRect();
    const type = tag === "input" ? element.type : tag;
    const name = nameOf(element);
    const attribute = (key) => brief(element.getAttribute(key));
    const form = element.form ?? null;
    return {
      id: idOf(element),
      kind,
      tag,
      type: type === "" ? "text" : type,
      role: attribute("role"),
      name,
      words: wordsAround(element),
      placeholder: attribute("placeholder"),
      value: kind === "type" || kind === "set" ? element.value.slice(0, 2000) : "",
      minimum: attribute("min"),
      maximum: attribute("max"),
      step: attribute("step"),
      pattern: attribute("pattern"),
      inputMode: attribute("inputmode"),
      maxLength: element.maxLength ?? -1,
      accept: attribute("accept"),
      form: form ? idOf(form) : 0,
      group: element.parentElement ? idOf(element.parentElement) : 0,
      leads: leads(element),
      box: place ? [place.left, place.top, place.width, place.height] : null,
      submits: form !== null && (type === "submit" || (tag === "button" && element.type === "submit")),
    };
  }

  function collect(most) {
    const found = [];
    for (const element of candidates()) {
      const kind = kindOf(element);
      const hidden = kind !== "file" && surface(element) === null;
      if (kind !== null && !hidden && !isOff(element)) {
        found.push(described(element, kind));
      }
      if (found.length >= most) {
        break;
      }
    }
    return found;
  }

  // The innermost element at a point, through open shadow roots.
  function elementAt(x, y) {
    let element = document.elementFromPoint(x, y);
    while (element?.shadowRoot) {
      const inner = element.shadowRoot.elementFromPoint(x, y);
      if (inner === null || inner === element) {
        break;
      }
      element = inner;
    }
    return element;
  }

  function belongs(element, hit, target) {
    for (let node = hit; node; node = node.parentNode ?? node.host) {
      if (node === element || node === target) {
        return true;
      }
    }
    return target.contains(hit) || hit?.closest("label")?.control === element;
  }

  // A point of the control that nothing covers, scrolled into view. Without one, a point where
  // something covers it; null when the control is gone or off.
  function reach(id) {
    const element = elementOf(id);
    const target = element && surface(element);
    if (!target || isOff(element)) {
      return null;
    }
    target.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
    let cover = null;
    for (const scroll of [null, "center", "start"]) {
      if (scroll) {
        target.scrollIntoView({ block: scroll, inline: "nearest", behavior: "instant" });
      }
      const box = [...target.getClientRects()].find((one) => one.width > 0 && one.height > 0);
      for (const [across, down] of [[0.5, 0.5], [0.2, 0.5], [0.8, 0.5], [0.5, 0.2], [0.5, 0.8]]) {
        const x = box ? box.left + box.width * across : -1;
        const y = box ? box.top + box.height * down : -1;
        const hit = elementAt(x, y);
        if (hit !== null && belongs(element, hit, target)) {
          return { x, y, covered: false, box: [box.left, box.top, box.width, box.height] };
        }
        if (hit !== null && hit !== document.documentElement && !hit.contains(target)) {
          cover ??= { x, y, covered: true };
        }
      }
    }
    return cover ?? { x: 0, y: 0, covered: false };
  }

  function select(id) {
    const element = elementOf(id);
    const root = element?.getRootNode();
    const isFocused = element !== null && (root.activeElement === element || element.contains(root.activeElement));
    if (isFocused && typeof element.select === "function") {
      element.select();
    } else if (isFocused) {
      getSelection().selectAllChildren(element);
    }
    return isFocused;
  }

  // The first value that fits the field's pattern; without any, the first of all. The browser's own
  // check gives a pattern up that takes too long, and the field beside it is nobody's.
  function fitting(id, values) {
    const field = document.createElement("input");
    field.type = elementOf(id)?.type ?? "text";
    field.pattern = elementOf(id)?.pattern ?? "";
    const until = performance.now() + FITTING_MS;
    return values.find((value) => {
      field.value = value;
      return performance.now() < until && !field.validity.patternMismatch;
    }) ?? values[0];
  }

  // So that a key that is pressed for the page presses no button.
  function leave() {
    let focused = document.activeElement;
    while (focused?.shadowRoot?.activeElement) {
      focused = focused.shadowRoot.activeElement;
    }
    focused?.blur();
  }

  function announce(element) {
    element.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
    element.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // Through the prototype's own setter, which frameworks that watch `value` do not see.
  function assign(element, value) {
    const own = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(element), "value");
    own.set.call(element, value);
    announce(element);
  }

  function set(id, value) {
    const element = elementOf(id);
    if (element) {
      element.focus({ preventScroll: true });
      assign(element, value);
    }
    return element !== null;
  }

  function options(id) {
    const element = elementOf(id);
    return [...(element?.options ?? [])].map((option, index) => ({
      index,
      text: plain(option.label),
      usable: !option.disabled && !option.selected,
    }));
  }

  function choose(id, index) {
    const element = elementOf(id);
    const option = element?.options?.[index];
    if (!option) {
      return false;
    }
    element.focus({ preventScroll: true });
    option.selected = true;
    announce(element);
    return true;
  }

  function look() {
    const { body } = document;
    const seen = { text: 0, pictures: 0, canvases: 0 };
    if (body) {
      seen.text = body.checkVisibility({ visibilityProperty: true })
        ? body.innerText.trim().length
        : 0;
      for (const element of within(document, `${PICTURES},canvas`)) {
        if (shown(element)) {
          seen[element.localName === "canvas" ? "canvases" : "pictures"] += 1;
        }
      }
      for (const element of within(document, "*")) {
        seen.text += element.shadowRoot ? element.shadowRoot.textContent.trim().length : 0;
      }
    }
    return seen;
  }

  function isLoading() {
    const moving = document
      .getAnimations()
      .some(({ playState, effect }) => {
        const end = effect?.getComputedTiming().endTime ?? Infinity;
        return playState === "running" && end < 1500;
      });
    return document.readyState !== "complete" || document.fonts.status === "loading" || moving;
  }

  // Resolves once the document has been still for `still` ms, or after `most` ms at the latest.
  function quiet(still, most) {
    return new Promise((resolve) => {
      let timer = 0;
      const finish = (calm) => {
        observer.disconnect();
        clearTimeout(timer);
        clearTimeout(end);
        resolve(calm);
      };
      const wait = () => {
        clearTimeout(timer);
        timer = setTimeout(() => (isLoading() ? wait() : finish(true)), still);
      };
      const observer = new MutationObserver(wait);
      observer.observe(document, {
        subtree: true, childList: true, attributes: true, characterData: true,
      });
      const end = setTimeout(() => finish(false), most);
      wait();
    });
  }

  // All that is asked after every use, at once.
  async function after(still, most, controls) {
    await quiet(still, most);
    return { changes: changed, controls: collect(controls) };
  }

  return {
    after, collect, adopt, goal, reach, select, leave, fitting, set, options, choose, look, quiet, changes,
    elementOf,
  };
})()
