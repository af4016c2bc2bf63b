/**
 * Counts what reaches this window's `message` listeners from a tool's frame, whoever in it posts, and
 * the ports beside it, each of which is made here before anybody can refuse it.
 * What a message holds is not looked at: reading it would be the work that a flood wants done.
 */
const MAX_BY_PORT = 1000;
// A tool has little to say to a page that it does not know; and of large messages this page hears
// only a few hundred a second before they fill all its time.
const MAX_POSTED = 200;
const MAX_DEPTH = 32;

const watched = new Map();

function onMessage({ source, ports }) {
  if (watched.size === 0 || source === window) return;
  const found = frameOf(source);
  // Of a document that is gone nothing tells where it was.
  for (const count of found ? [found] : [...watched.values()]) count(1 + ports.length);
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
 * @returns {{count: (many?: number) => void, close: () => void}} `count` adds a message that came another way
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

/** So many at once, and as many more in each second of calm. */
function bounded(max, exceeded) {
  let heard = 0;
  let last = calm();
  return (many = 1) => {
    const now = calm();
    heard = Math.max(0, heard - ((now - last) * max) / 1000) + many;
    last = now;
    if (heard > max) exceeded();
  };
}

const { port1: end, port2: line } = new MessageChannel();
let rested = 0;
let since = performance.now();
line.onmessage = () => {
  since = performance.now();
};

/**
 * Milliseconds in which no message waited for this page. Were they the clock's, a tool whose messages
 * slow the page down could send the more, the slower it gets.
 */
function calm() {
  if (since !== null) {
    rested += performance.now() - since;
    since = null;
    // It comes once all is heard that waits now.
    end.postMessage(0, []);
  }
  return rested;
}
