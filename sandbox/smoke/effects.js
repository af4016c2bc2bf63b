// Says what may answer a press without any code. It runs after controls.js, in the same world.
// The whole file is one expression; its value is the object of functions below.
(() => {
  "use strict";

  const BUTTONS = [
    "button", "input[type=button]", "input[type=submit]", "input[type=reset]",
    ...["button", "tab", "menuitem"].map((role) => `[role='${role}']`),
  ].join(",");
  const ANSWERED = "label,summary,a[href],[popovertarget],[commandfor],[contenteditable]";
  // A tool that makes buttons shows one, which is there to be looked at.
  const SHOWN = /preview|sample|demo\b|example|mock|specimen|showcase|swatch/i;
  const MOST_MARKS = 6;
  const MOST = 3000; // elements that are looked at

  const restyled = new WeakSet();
  new MutationObserver((records) => {
    for (const { target } of records) {
      restyled.add(target);
    }
  }).observe(document, { subtree: true, attributes: true, attributeFilter: ["style"] });

  function* above(element) {
    for (let node = element; node; node = node.parentElement) {
      yield node;
    }
  }

  // A form that the browser itself answers.
  const isLeading = (form) => form.hasAttribute("action") || form.getAttribute("method") === "dialog";

  // Whether only buttons that look like this one have the class: "btn" has many.
  function isRare(name) {
    const found = [...document.getElementsByClassName(name)];
    return new Set(found.map((one) => one.textContent.trim())).size === 1;
  }

  // What of a control tells whether a press of it must do something; null when it is gone.
  function standing(id) {
    const element = globalThis.smoke.elementOf(id);
    if (element === null) {
      return null;
    }
    const { form = null, type } = element;
    const leads = form !== null && (type === "reset" || (type === "submit" && isLeading(form)));
    const around = [...above(element)];
    const words = around.map((one) => `${one.id} ${one.getAttribute("class") ?? ""}`).join(" ");
    return {
      button: element.matches(BUTTONS) && !element.closest(ANSWERED) && !leads,
      submits: form !== null && type === "submit",
      // What code may look for it by, and for hardly anything else.
      marks: [
        ...(element.id ? [`#${element.id}`] : []),
        ...[...element.classList].filter((one) => isRare(one)).map((one) => `.${one}`),
      ].slice(0, MOST_MARKS).map((one) => one.slice(0, 80)),
      shown: SHOWN.test(words) || element.getRootNode() !== document,
      restyled: around.some((one) => restyled.has(one)),
    };
  }

  // Whether a control stands in a layer that lies at this point and over most of the window.
  function isCovering(id, x, y) {
    const element = globalThis.smoke.elementOf(id);
    const hit = document.elementFromPoint(x, y);
    const layer = hit && element ? [...above(hit)].find((one) => one.contains(element)) : null;
    const outer = layer ? [...above(layer)].find((one) => getComputedStyle(one).position === "fixed") : null;
    const box = outer?.getBoundingClientRect();
    return Boolean(box) && box.width * box.height > (innerWidth * innerHeight) / 2;
  }

  // How much can be seen: rules alone may show a menu under a button that has the focus.
  function sight() {
    const elements = [...document.querySelectorAll("body *")].slice(0, MOST);
    const visible = { opacityProperty: true, visibilityProperty: true };
    const seen = elements.filter((one) => one.checkVisibility(visible)).length;
    return `${seen} ${document.body?.innerText.length}`;
  }

  return { standing, isCovering, sight };
})()
