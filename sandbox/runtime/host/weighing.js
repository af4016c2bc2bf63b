/**
 * What comes through the bridge's own port, should a tool ever make the bridge say what it never
 * would: what is posted is made anew where it is read, and a list of a million objects takes this page
 * many seconds. The bridge's largest message holds 2000 changes of three parts each (host/stored.js).
 */
const MOST_PARTS = 10_000;
// For what has few parts and takes long all the same. Far more than megabytes of text take.
const MOST_READING_MS = 1500;
// A machine that stalls in the middle of one message is no flood.
const MOST_OF_ONE_MS = 500;
// Of this page's time, in the long run.
const READING_SHARE = 0.5;

/**
 * @param {() => void} exceeded
 * @returns {(event: MessageEvent) => unknown} what it holds; undefined for what is too heavy
 */
export function scales(exceeded) {
  let spent = 0;
  let last = performance.now();
  return (event) => {
    const from = performance.now();
    const { data } = event;
    const to = performance.now();
    spent = Math.max(0, spent - (from - last) * READING_SHARE) + Math.min(to - from, MOST_OF_ONE_MS);
    last = to;
    if (spent <= MOST_READING_MS && isLight(data)) return data;
    exceeded();
    return undefined;
  };
}

function isLight(data) {
  const parts = [data];
  // Grows while it is gone through.
  for (const part of parts) {
    const own = partsOf(part);
    if (parts.length + own.length > MOST_PARTS) return false;
    parts.push(...own);
  }
  return true;
}

function partsOf(value) {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value;
  if (value instanceof Map || value instanceof Set) return [...value.entries()].flat();
  return Object.getPrototypeOf(value) === Object.prototype ? Object.values(value) : [];
}
