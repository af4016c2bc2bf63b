// Addresses that a script gives to an element, or writes as markup: `toOurs` says into what one is changed,
// and `isOurs` knows it again.

// An integrity is that of the CDN's file; ours is checked by the server. That it was not compared is told once
// for each address: a test hears it.
const tellUncompared = console.warn.bind(console);
const MOST_TOLD = 50;
const told = { __proto__: null };
let toldCount = 0;

function leaveUncompared(address) {
  if (!told[address] && toldCount < MOST_TOLD) {
    told[address] = true;
    toldCount += 1;
    tellUncompared(`the integrity of ${address} was not compared: a file of ours answers it`);
  }
}

function watchAddress(owner, name) {
  const { defineProperty } = Reflect;
  const lower = unbound(String.prototype.toLowerCase);
  const put = unbound(owner.setAttribute);
  const remove = unbound(owner.removeAttribute);
  const has = unbound(owner.hasAttribute);
  const address = getter(owner, name);
  const lead = (element, given) => {
    const text = toOurs(given);
    put(element, name, text);
    if (isOurs(text) && has(element, "integrity")) {
      leaveUncompared(toText(given));
      remove(element, "integrity");
    }
  };
  const check = (element, value) => {
    const own = address(element);
    if (!isOurs(own)) {
      put(element, "integrity", value);
    } else if (toText(value) !== "") {
      leaveUncompared(own);
    }
  };
  const define = (key, set) =>
    defineProperty(owner, key, { ...getOwnPropertyDescriptor(owner, key), set });
  define(name, function set(value) {
    lead(this, value);
  });
  define("integrity", function set(value) {
    check(this, value);
  });
  owner.setAttribute = function setAttribute(key, value) {
    const known = lower(toText(key));
    if (known === name) {
      lead(this, value);
    } else if (known === "integrity") {
      check(this, value);
    } else {
      put(this, key, value);
    }
  };
}

// By `exec` and `slice` alone: `replace` would ask what the tool has made of regular expressions.
function swapped(text, pattern, change) {
  let made = "";
  let from = 0;
  for (let found = exec(pattern, text); found !== null; found = exec(pattern, text)) {
    made += slice(text, from, found.index) + change(found);
    from = found.index + found[0].length;
  }
  return made + slice(text, from);
}

// In markup the address is ours already, where it stood in the tool's text.
function untied(html) {
  if (typeof html !== "string" || !exec(/\sintegrity\s*=/i, html)) {
    return html;
  }
  return swapped(html, /<(?:script|link)\b[^<>]*>/gi, (element) => {
    const tag = element[0];
    const found = exec(/\s(?:src|href)\s*=\s*["']?([^\s"'>]+)/i, tag);
    if (!found || !isOurs(found[1])) {
      return tag;
    }
    return swapped(tag, /(\s)integrity(?=\s*=)/gi, (name) => {
      leaveUncompared(found[1]);
      return `${name[1]}data-integrity`;
    });
  });
}

function watchMarkup() {
  const { defineProperty } = Reflect;
  const setters = [
    [Element.prototype, "innerHTML"], [Element.prototype, "outerHTML"], [ShadowRoot.prototype, "innerHTML"],
  ];
  setters.forEach(([owner, name]) => {
    const found = getOwnPropertyDescriptor(owner, name);
    const set = function set(html) {
      apply(found.set, this, [untied(html)]);
    };
    defineProperty(owner, name, { ...found, set });
  });
  // The markup is the last of what is given.
  const methods = [
    [Element.prototype, "insertAdjacentHTML"], [Range.prototype, "createContextualFragment"],
  ];
  methods.forEach(([owner, name]) => {
    const found = getOwnPropertyDescriptor(owner, name);
    const watched = {
      [name](...given) {
        given[given.length - 1] = untied(given[given.length - 1]);
        return apply(found.value, this, given);
      },
    };
    defineProperty(owner, name, { ...found, value: watched[name] });
  });
  // A tag may be written in parts.
  ["write", "writeln"].forEach((name) => {
    const found = getOwnPropertyDescriptor(Document.prototype, name);
    const watched = {
      [name](...parts) {
        let html = "";
        for (let index = 0; index < parts.length && html !== null; index += 1) {
          html = typeof parts[index] === "string" ? html + parts[index] : null;
        }
        const led = untied(html);
        return apply(found.value, this, led === html ? parts : [led]);
      },
    };
    defineProperty(Document.prototype, name, { ...found, value: watched[name] });
  });
}
