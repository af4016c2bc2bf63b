/**
 * Counts what reaches this window's `message` listeners from a tool's frame, whoever in it posts.
 * What a message holds is not looked at: reading it would be the work that a flood wants done.
 */
const MAX_BY_PORT = 1000;
// A tool has little to say to a page that it does not know; and of large messages this page hears
// only a few hundred a second before they fill all its time.
const MAX_POSTED = 200;
const MAX_DEPTH = 32;

const watched = new Map();

function onMessage({ source }) {
  if (watched.size === 0 || source === window) return;
  const found = frameOf(source);
  // Of a document that is gone nothing tells where it was.
  for (const count of found ? [found] : [...watched.values()]) count();
}

function frameOf(source) {
  let place = source;
  for (let depth = 0; place && depth < MAX_DEPTH; depth += 1) {
    for (const [frame, count] of watched) {
      if (frame.contentWindow === place) return count;
    }
    if (place.parent === place) return null;
    place = place.parent;
  }
  return null;
}

/**
 * @param {HTMLIFrameElement} frame
 * @param {() => void} flooded called once
 * @returns {{count: () => void, close: () => void}} `count` adds a message that came another way
 */
export function countMessages(frame, flooded) {
  const end = () => {
    if (watched.delete(frame)) flooded();
  };
  if (watched.size === 0) addEventListener("message", onMessage);
  watched.set(frame, bounded(MAX_POSTED, end));
  return {
    count: bounded(MAX_BY_PORT, end),
    close() {
      watched.delete(frame);
      if (watched.size === 0) removeEventListener("message", onMessage);
    },
  };
}

function bounded(max, exceeded) {
  let second = 0;
  let heard = 0;
  return () => {
    const current = Math.floor(performance.now() / 1000);
    heard = current === second ? heard + 1 : 1;
    second = current;
    if (heard > max) exceeded();
  };
}
