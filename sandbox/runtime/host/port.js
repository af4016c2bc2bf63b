import { doorman, MOST_PORTS } from "./doorman.js";
import { scales } from "./weighing.js";

/**
 * The host's end of the bridge to a tool, for every page of ours that holds one. Nothing a tool
 * says is trusted: only the bridge's own port is read here, and of that what is no object of a known
 * type and shape is dropped and counted, and so is a flood.
 *
 * Each document of the frame says hello once, with the key that the server wrote into its bridge
 * and told this page. A tool can send hellos of its own, but knows no key; so it never speaks
 * through a port, however often it loads itself again.
 */
const BURST = 200;
const PER_SECOND = 100;
// How long what was lost is added up before it is told.
const TELL_MS = 500;
// These, and what nobody knows, share one allowance; every other kind has its own, so that a noisy console stops no saving.
const REPORTS = new Set(["console", "error", "rejection", "violation", "resource", "dropped"]);

const ignore = () => {};

/**
 * Listens to one frame and speaks to it.
 *
 * `key` is what a hello must show.
 * `handlers` holds a function for each type of message that is understood; what they are given
 * is still the tool's word, and its fields are theirs to check: they return `false` for what is not
 * of their shape. `hello` is called for each new document of the frame, before anything that it
 * says; `heard` for each message of the bridge's, whatever it is; `flooded` when what the tool offers
 * takes long to read; `deaf` when the browser starts no worker, so that nothing is ever heard; `dropped` with how many were too `many` at once, and how many nobody understood.
 * @param {HTMLIFrameElement} frame
 * @param {string} key
 * @param {Record<string, (message: object) => unknown>} handlers
 * @param {{hello?: () => void, heard?: () => void, flooded?: () => void, deaf?: () => void,
 *   dropped?: (lost: {many: number, odd: number}) => void}} told
 * @returns {{receive: (offer: {source: MessageEventSource, ports: MessagePort[]}) => void, tell: (message: object) => void, close: () => void}}
 */
export function openPort(frame, key, handlers, { hello = ignore, heard = ignore, flooded = ignore, deaf = ignore, dropped = ignore } = {}) {
  let port = null;
  // Of the frame, not of each port.
  const limits = new Map();
  let lost = { many: 0, odd: 0 };
  let telling = null;

  function lose(how) {
    lost[how] += 1;
    telling ??= setTimeout(() => {
      telling = null;
      const told = lost;
      lost = { many: 0, odd: 0 };
      dropped(told);
    }, TELL_MS);
  }

  const read = scales(flooded);

  function hear(event) {
    heard();
    const data = read(event);
    const type = typeof data === "object" && data !== null ? data.type : undefined;
    const known = typeof type === "string" && Object.hasOwn(handlers, type);
    const kind = known && !REPORTS.has(type) ? type : "report";
    if (!limits.has(kind)) limits.set(kind, allowance());
    if (!limits.get(kind)()) lose("many");
    else if (!known || handlers[type](data) === false) lose("odd");
  }

  const door = admit(key, {
    known(bridge) {
      port?.close();
      port = bridge;
      port.addEventListener("message", hear);
      port.start();
      hello();
    },
    flooded,
    absent: deaf,
  });

  function receive({ source, ports }) {
    if (source !== frame.contentWindow) return;
    if (ports.length === 1) {
      door.offer(ports[0]);
      return;
    }
    // Left open, they would be filled with what nobody reads.
    for (const stray of ports) stray.close();
    if (ports.length > MOST_PORTS) flooded();
  }

  addEventListener("message", receive);
  return {
    receive,
    tell: (message) => port?.postMessage(message),
    close() {
      removeEventListener("message", receive);
      clearTimeout(telling);
      door.close();
      port?.close();
    },
  };
}

/** Without a doorman the tool runs all the same. */
function admit(key, told) {
  try {
    return doorman(key, told);
  } catch {
    setTimeout(told.absent);
    return { offer: (port) => port.close(), close: ignore };
  }
}

/** Called for each message: false when it is one too many. */
function allowance() {
  let left = BURST;
  let last = performance.now();
  return () => {
    const now = performance.now();
    left = Math.min(BURST, left + ((now - last) / 1000) * PER_SECOND);
    last = now;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
}
