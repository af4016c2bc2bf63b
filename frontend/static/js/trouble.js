/**
 * Which tools froze, flooded or trapped this browser, by the secret in their frames' addresses:
 * these do not run again unasked. early.js reads the same record before any frame can load.
 *
 * A tool that has begun and not yet answered is on record too: if it takes this very page down
 * with it, nobody is left to write that afterwards. Each tab has its own mark there, and takes no
 * other's away.
 */
const KEY = "sandwright.trouble";
const TAB = "sandwright.tab";
const MAX = 100;

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {}; // Storage is blocked or holds something else: nothing is remembered.
  }
}

/** `next` makes the new mark of the old one; undefined is none. */
function change(url, next) {
  const secret = secretOf(url);
  const record = read();
  const old = Object.hasOwn(record, secret) ? record[secret] : undefined;
  const mark = next(old);
  if (!secret || mark === old) return;
  delete record[secret];
  if (mark !== undefined) record[secret] = mark;
  try {
    localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(Object.entries(record).slice(-MAX))));
  } catch {
    // As above.
  }
}

export const secretOf = (url) => new URL(url, location.href).pathname.split("/").findLast(Boolean) ?? "";

// Outlives a reload: what took this page down last time and runs well now is forgiven.
const tab = (() => {
  const made = crypto.getRandomValues(new Uint32Array(2)).join("-");
  try {
    const kept = sessionStorage.getItem(TAB) ?? made;
    sessionStorage.setItem(TAB, kept);
    return kept;
  } catch {
    return made; // Blocked or full: then it lasts as long as the page.
  }
})();

// What another tab has found out counts for more than that it begins here.
const isMore = (mark) => mark !== undefined && mark.reason !== "starting";
const others = (mark) => (mark?.tabs ?? []).filter((one) => one !== tab);
const begun = new Set();

export function remember(url, reason) {
  begun.delete(url);
  change(url, () => ({ reason, at: Date.now() }));
}

export const forget = (url) => change(url, () => undefined);

export function starting(url) {
  begun.add(url);
  change(url, (mark) => (isMore(mark) ? mark : { reason: "starting", at: Date.now(), tabs: [...others(mark), tab] }));
}

export function alive(url) {
  if (!begun.delete(url)) return;
  change(url, (mark) => {
    if (isMore(mark)) return mark;
    const tabs = others(mark);
    return tabs.length > 0 ? { ...mark, tabs } : undefined;
  });
}

// This page leaves alive, so none of what it began has taken it down.
addEventListener("pagehide", () => begun.forEach(alive));
