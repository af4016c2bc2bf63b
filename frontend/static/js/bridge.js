/**
 * The host's end of the bridge to a tool. Nothing a tool says is trusted: shapes are checked,
 * lengths cut, floods dropped and counted, whatever they consist of.
 *
 * A hello counts once until the frame has loaded, then once more: the frame may have been
 * navigated by the tool itself, and of a document of another origin nothing tells which one
 * speaks. So a tool can, after it has loaded, put a port of its own in the place of the bridge's.
 * It gains nothing by it: it can then say what it could also write to its console, in this
 * frame's own log, as text, within the same allowance.
 */
const MAX_TEXT = 2000;
const BURST = 200;
const PER_SECOND = 100;

const text = (value) => (typeof value === "string" ? value.slice(0, MAX_TEXT) : null);
const whole = (value) => (Number.isSafeInteger(value) && value > 0 ? value : null);

/** One readable line for each kind of report; null for what is malformed or unknown. */
const READERS = {
  console: (said) => entry(["log", "info", "debug", "warn", "error"].includes(said.level) ? said.level : "log", text(said.text), said),
  error: (said) => entry("error", text(said.message), said),
  rejection: (said) => entry("error", text(said.message) && `Unhandled rejection: ${text(said.message)}`, said),
  violation: (said) => entry("warn", text(said.directive) && `Kept inside (${text(said.directive)}): ${text(said.uri) ?? ""}`, said),
  resource: (said) => entry("error", text(said.uri) !== null ? `Could not load <${text(said.tag) ?? "?"}>: ${text(said.uri)}` : null, said),
  dropped: (said) => entry("info", whole(said.count) && `and ${said.count.toLocaleString("en")} more, not shown`, said),
};

function entry(level, words, said) {
  return words ? { level, text: words, line: whole(said.line) } : null;
}

/**
 * Listens to one frame.
 * @param {HTMLIFrameElement} frame
 * @param {{hello: () => void, loaded: () => void, entry: (entry: object) => void}} hear
 * @returns {{receive: (event: MessageEvent) => void, close: () => void}}
 */
export function bridge(frame, hear) {
  let greeted = false;
  let port = null;
  const hearing = limited(hear); // one allowance for the frame, not one for each port
  const relief = () => {
    greeted = false;
  };
  frame.addEventListener("load", relief);

  function receive(event) {
    if (greeted || event.source !== frame.contentWindow || event.ports.length !== 1) return;
    if (event.data?.sandwright !== 1 || event.data.type !== "hello") return;
    greeted = true;
    port?.close();
    [port] = event.ports;
    port.addEventListener("message", hearing);
    port.start();
    hear.hello();
  }

  addEventListener("message", receive);
  return {
    receive,
    close() {
      removeEventListener("message", receive);
      frame.removeEventListener("load", relief);
      port?.close();
    },
  };
}

function limited(hear) {
  let allowance = BURST;
  let last = performance.now();
  let dropped = 0;
  return ({ data }) => {
    const now = performance.now();
    allowance = Math.min(BURST, allowance + ((now - last) / 1000) * PER_SECOND);
    last = now;
    if (allowance < 1) {
      dropped += 1;
      return;
    }
    allowance -= 1;
    if (typeof data !== "object" || data === null) return;
    if (data.type === "loaded") hear.loaded();
    const read = Object.hasOwn(READERS, data.type) ? READERS[data.type] : null;
    const one = read?.(data);
    if (!one) return;
    if (dropped > 0) hear.entry(READERS.dropped({ count: dropped }));
    dropped = 0;
    hear.entry(one);
  };
}
