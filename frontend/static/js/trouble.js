/**
 * Which tools froze, flooded or trapped this browser, by the secret in their frames' addresses:
 * these do not run again unasked. early.js reads the same record before any frame can load.
 *
 * A tool that has begun and not yet answered is on record too: if it takes this very page down
 * with it, nobody is left to write that afterwards.
 */
const KEY = "sandwright.trouble";
const MAX = 100;

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {}; // Storage is blocked or holds something else: nothing is remembered.
  }
}

function change(url, reason) {
  const secret = secretOf(url);
  const record = read();
  if (!secret || (reason === null && !(secret in record))) return;
  delete record[secret];
  if (reason !== null) record[secret] = { reason, at: Date.now() };
  try {
    localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(Object.entries(record).slice(-MAX))));
  } catch {
    // As above.
  }
}

export const secretOf = (url) => new URL(url, location.href).pathname.split("/").findLast(Boolean) ?? "";

const begun = new Set();

export function remember(url, reason) {
  begun.delete(url);
  change(url, reason);
}

export const forget = (url) => change(url, null);

export function starting(url) {
  begun.add(url);
  change(url, "starting");
}

export function alive(url) {
  if (begun.delete(url)) change(url, null);
}

// This page leaves alive, so none of what it began has taken it down.
addEventListener("pagehide", () => begun.forEach(alive));
