/**
 * The documents that a tool nests. Each asks this page for a port when it begins (runtime/keys.js), and
 * hears by it whether the keyboard is free. A tool can ask too, but the port is sent to the nested
 * window, whose first listener is ours: so nobody else has one, and what comes through it is true.
 */
const MAX_PORTS = 100;
const MAX_LEVELS = 32;

/**
 * @param {HTMLIFrameElement} frame
 * @param {() => boolean} free
 * @param {(late: number) => void} pressed in one of them, that many milliseconds ago
 * @param {() => void} heard counts a message of a nested guard's
 */
export function tellNested(frame, free, pressed, heard) {
  const ports = [];
  const isBelow = (source) => {
    let place = source;
    for (let depth = 0; depth < MAX_LEVELS && place && place !== place.parent; depth += 1) {
      place = place.parent;
      if (place === frame.contentWindow) return true;
    }
    return false;
  };
  // Of what is posted nothing is read: that would be the work that a flood wants done.
  const receive = ({ source, ports: asking }) => {
    if (asking.length === 0 || !isBelow(source)) return;
    for (const one of asking) one.close();
    if (asking.length > 1) return;
    if (ports.length === MAX_PORTS) forget(ports.shift());
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", ({ data }) => {
      heard();
      if (data >= 0) pressed(data);
    });
    port1.start();
    port1.postMessage(free());
    ports.push(port1);
    source.postMessage("keys", "*", [port2]);
  };
  addEventListener("message", receive);
  return {
    receive,
    tell() {
      for (const port of ports) port.postMessage(free());
    },
    close() {
      removeEventListener("message", receive);
      ports.forEach(forget);
    },
  };
}

/** It hears of no box any more, so it must not go on believing that none is used. */
function forget(port) {
  port.postMessage(false);
  port.close();
}
