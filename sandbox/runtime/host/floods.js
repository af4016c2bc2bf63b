/**
 * Counts what reaches this window's `message` listeners from a tool's frame, whoever in it posts.
 * What a message holds is not looked at: reading it would be the work that a flood wants done.
 */
const MAX_PER_SECOND = 1000;
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
  let second = 0;
  let heard = 0;
  const count = () => {
    const current = Math.floor(performance.now() / 1000);
    heard = current === second ? heard + 1 : 1;
    second = current;
    if (heard > MAX_PER_SECOND && watched.delete(frame)) flooded();
  };
  if (watched.size === 0) addEventListener("message", onMessage);
  watched.set(frame, count);
  return {
    count,
    close() {
      watched.delete(frame);
      if (watched.size === 0) removeEventListener("message", onMessage);
    },
  };
}
