/**
 * What a tool posts is made anew here when it is read, at this page's cost: a list of a million
 * objects takes it many seconds. How long a message takes is not known before; so one that took long,
 * or many that did together, are a flood.
 */
const MOST_MS = 100;
// Of this page's time, in the long run.
const SHARE = 0.02;

/**
 * @param {() => void} exceeded
 * @returns {<T>(read: () => T) => T} reads, and counts the time
 */
export function clock(exceeded) {
  let spent = 0;
  let last = performance.now();
  return (read) => {
    const from = performance.now();
    const found = read();
    const to = performance.now();
    spent = Math.max(0, spent - (from - last) * SHARE) + to - from;
    last = to;
    if (spent > MOST_MS) exceeded();
    return found;
  };
}
