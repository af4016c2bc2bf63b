/**
 * The documents that a tool nests. Each sends this page a port when it begins (runtime/keys.js), and
 * hears by it whether the keyboard is free. A tool can send ports of its own, so each is to be proven:
 * by a word that is said to the nested window alone, whose first listener is ours.
 */
const MAX_PORTS = 100;
const MAX_LEVELS = 32;

/**
 * @param {HTMLIFrameElement} frame
 * @param {() => boolean} free
 * @param {(late: number) => void} pressed in one of them, that many milliseconds ago
 * @param {() => void} heard counts a message, before it is read
 * @param {<T>(read: () => T) => T} timed reads it
 */
export function tellNested(frame, free, pressed, heard, timed) {
  const ports = [];
  // A press that is told before the proof counts with it.
  const listen = (port, word) => {
    let proven = false;
    let last = null;
    port.addEventListener("message", (event) => {
      heard();
      const data = timed(() => event.data);
      if (data === word) {
        proven = true;
        if (last !== null) pressed(performance.now() - last);
      } else if (typeof data === "number" && data >= 0) {
        last = performance.now() - data;
        if (proven) pressed(data);
      }
    });
    port.start();
  };
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
    if (!port || another || !isBelow(event.source)) return;
    if (timed(() => event.data?.sandwright) !== "keys") return;
    if (ports.length === MAX_PORTS) forget(ports.shift());
    ports.push(port);
    // `randomUUID` is not there in plain http.
    const word = crypto.getRandomValues(new Uint32Array(4)).join("-");
    listen(port, word);
    port.postMessage(free());
    event.source.postMessage({ sandwright: "keys", word }, "*");
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
