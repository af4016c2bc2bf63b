/**
 * The documents that a tool nests. Each sends this page a port when it begins (runtime/keys.js), and
 * hears by it whether the keyboard is free. What comes back may be the tool's own word.
 */
const MAX_PORTS = 100;
const MAX_LEVELS = 32;

/**
 * @param {HTMLIFrameElement} frame
 * @param {() => boolean} free
 * @param {(late: number) => void} pressed that many milliseconds ago, it says
 * @param {() => void} heard counts a message, before it is read
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
  const receive = (event) => {
    const [port, another] = event.ports;
    // Of another message nothing is read: that would be the work that a flood wants done.
    if (!port || another || !isBelow(event.source) || event.data?.sandwright !== "keys") return;
    if (ports.length === MAX_PORTS) forget(ports.shift());
    ports.push(port);
    port.addEventListener("message", (said) => {
      heard();
      if (said.data >= 0) pressed(Number(said.data));
    });
    port.start();
    port.postMessage(free());
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
