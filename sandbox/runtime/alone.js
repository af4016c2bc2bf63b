// The other end of the bridge in the page that holds a tool opened in a tab of its own.
// It offers the tool nothing. What the tool reports is told to this window as "sandwright"
// events, for whoever looks at the page from outside: a smoke test, a developer.

const TYPES = new Set([
  "ready", "loaded", "console", "error", "rejection", "violation", "resource", "dropped", "pong",
]);
const MAX_PER_SECOND = 200;
let port = null;
let second = 0;
let heard = 0;

function withinRate() {
  const current = Math.floor(performance.now() / 1000);
  heard = current === second ? heard + 1 : 1;
  second = current;
  return heard <= MAX_PER_SECOND;
}

function onReport({ data }) {
  if (withinRate() && typeof data === "object" && data !== null && TYPES.has(data.type)) {
    window.dispatchEvent(new CustomEvent("sandwright", { detail: data }));
  }
}

function isHello({ data, ports, source }) {
  const frame = document.querySelector("iframe");
  return (
    frame !== null &&
    source === frame.contentWindow &&
    typeof data === "object" &&
    data !== null &&
    data.sandwright === 1 &&
    data.type === "hello" &&
    ports.length === 1
  );
}

// The first handshake comes before any of the tool's code; every later one is ignored.
window.addEventListener("message", (event) => {
  if (port === null && isHello(event)) {
    [port] = event.ports;
    port.onmessage = onReport;
  }
});
