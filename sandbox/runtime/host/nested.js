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
 */
export function tellNested(frame, free, pressed) {
  const ports = [];
  const isBelow = (source) => {
    let place = source;
    for (let depth = 0; depth < MAX_LEVELS && place && place !== place.parent; depth += 1) {
      place = place.parent;
      if (place === frame.contentWindow) return true;
    }
    return false;
  };
  const receive = ({ source, ports: [port, another], data }) => {
    if (!port || another || !isBelow(source) || data?.sandwright !== "keys") return;
    if (ports.length === MAX_PORTS) ports.shift().close();
    ports.push(port);
    port.addEventListener("message", ({ data: late }) => late >= 0 && pressed(Number(late)));
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
      for (const port of ports) port.close();
    },
  };
}
