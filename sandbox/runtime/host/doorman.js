/**
 * What a tool posts is made anew where it is read, and a list of a million objects takes many seconds.
 * So this page reads nothing that did not come through a port which only our own code can have: a worker
 * does, the doorman, and tells which of the ports that the tool offers is its bridge's.
 */
const MOST_MS = 100;
// Of the worker's time, in the long run.
const SHARE = 0.02;
// Ports that have said nothing yet: more than a second can bring (floods.js).
const MOST_WAITING = 500;
/** Beside one message. Each is made before anybody can look at the message; a bridge sends one. */
export const MOST_PORTS = 8;

let address = null;
let summoned = null;

/** Lets the next tool's worker begin before there is that tool: a start takes longer than a hello. */
export function summon() {
  if (summoned !== null) return;
  try {
    const worker = begin();
    summoned = worker;
    worker.addEventListener("error", () => {
      if (summoned === worker) summoned = null;
    });
  } catch {
    // Who asks for one in earnest is told.
  }
}

function begin() {
  address ??= URL.createObjectURL(new Blob([`(${stand})(self)`], { type: "text/javascript" }));
  return new Worker(address);
}

/**
 * Throws where the browser lets no worker begin.
 * @param {string} key what the bridge says first through the port that it offers, with its own beside it
 * @param {{known: (port: MessagePort) => void, flooded: () => void, absent: () => void}} told `known`
 *   is given the bridge's own port, once for each document; `flooded`: reading took too long;
 *   `absent`: the browser has let no worker begin after all
 * @returns {{offer: (port: MessagePort) => void, close: () => void}}
 */
export function doorman(key, { known, flooded, absent }) {
  const worker = summoned ?? begin();
  summoned = null;
  let offered = 0;
  let newest = 0;
  worker.addEventListener("message", ({ data, ports: [port] }) => {
    if (data.at === undefined) {
      flooded();
    } else if (data.at > newest) {
      newest = data.at;
      known(port);
    } else {
      // Of a document that is gone.
      port.close();
    }
  });
  worker.addEventListener("error", absent);
  const told = { key, mostMs: MOST_MS, share: SHARE, mostWaiting: MOST_WAITING, mostPorts: MOST_PORTS };
  worker.postMessage(told, []);
  return {
    offer(port) {
      offered += 1;
      worker.postMessage(offered, [port]);
    },
    close: () => worker.terminate(),
  };
}

/** The worker: this function's text is all that runs there. */
function stand(worker) {
  "use strict";
  const waiting = new Set();
  let told = null;
  let spent = 0;
  let last = performance.now();

  const count = (from) => {
    const to = performance.now();
    spent = Math.max(0, spent - (from - last) * told.share) + to - from;
    last = to;
    if (spent > told.mostMs) worker.postMessage({}, []);
  };
  const hear = (port, at) => (event) => {
    // It is read once.
    port.onmessage = null;
    port.close();
    waiting.delete(port);
    const { ports } = event;
    if (ports.length > told.mostPorts) worker.postMessage({}, []);
    // What costs time is an event's `data`, where an engine makes it when it is asked for.
    const from = performance.now();
    const isKey = event.data === told.key;
    if (isKey && ports.length === 1) worker.postMessage({ at }, ports);
    else for (const stray of ports) stray.close();
    // A machine that stalls in the middle of a few letters is no flood.
    if (!isKey) count(from);
  };
  worker.onmessage = ({ data, ports: [port] }) => {
    if (!port) {
      told = data;
      return;
    }
    if (waiting.size === told.mostWaiting) {
      const [oldest] = waiting;
      waiting.delete(oldest);
      oldest.close();
    }
    waiting.add(port);
    port.onmessage = hear(port, data);
  };
}
