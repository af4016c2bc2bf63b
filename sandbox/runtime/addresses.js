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

// A tag may be written in parts: an integrity is taken back as soon as it begins, unless its script is known to
// be another's; where that is told only later, it has it again at its end.
const MOST_UNFINISHED = 10_000;
let unfinished = "";
let parked = false;
let writing = null;

function untiedTag(tag, begun) {
  const isWhole = slice(tag, -1) === ">";
  const address = exec(/\s(?:src|href)\s*=\s*["']?([^\s"'>]+)["'\s>]/i, tag);
  const ours = address !== null && isOurs(address[1]);
  const keeps = address === null ? isWhole : !ours;
  const names = /\sintegrity(?=\s*(?:=|$))/gi;
  let text = "";
  let from = begun;
  for (let found = exec(names, tag); found !== null; found = exec(names, tag)) {
    const [at, end] = [found.index + 1, names.lastIndex];
    if (!keeps && end > begun) {
      const cut = at < begun ? begun : at;
      text += `${slice(tag, from, cut)}${at < begun ? "-" : "data-"}`;
      from = cut;
    }
    if (ours) {
      leaveUncompared(address[1]);
    } else {
      parked ||= !keeps;
    }
  }
  const value = isWhole && keeps && parked && exec(/\sintegrity\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)/i, tag);
  text += slice(tag, from, value ? -1 : undefined);
  parked &&= !isWhole;
  return value ? `${text} integrity=${value[1]}>` : text;
}

function untiedPart(html) {
  const whole = unfinished + html;
  const begun = unfinished.length;
  const tags = /<(?:script|link)\b[^<>]*(?:>|$)/gi;
  let text = "";
  let from = begun;
  for (let found = exec(tags, whole); found !== null; found = exec(tags, whole)) {
    const at = found.index;
    text += at > from ? slice(whole, from, at) : "";
    text += untiedTag(found[0], at < begun ? begun - at : 0);
    from = at + found[0].length;
  }
  const last = exec(/<(?:[a-z]{0,6}|(?:script|link)\s[^<>]*)$/i, whole);
  unfinished = last && last[0].length < MOST_UNFINISHED ? last[0] : "";
  return text + slice(whole, from);
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
  ["write", "writeln"].forEach((name) => {
    const found = getOwnPropertyDescriptor(Document.prototype, name);
    const watched = {
      [name](...parts) {
        let html = "";
        for (let index = 0; index < parts.length && html !== null; index += 1) {
          html = typeof parts[index] === "string" ? html + parts[index] : null;
        }
        unfinished = this === writing && html !== null ? unfinished : "";
        parked &&= unfinished !== "";
        writing = this;
        const led = html === null ? null : untiedPart(html);
        unfinished += name === "writeln" && unfinished !== "" ? "\n" : "";
        return apply(found.value, this, led === html ? parts : [led]);
      },
    };
    defineProperty(Document.prototype, name, { ...found, value: watched[name] });
  });
}
