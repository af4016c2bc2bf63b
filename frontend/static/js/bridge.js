/**
 * What the workbench makes of a tool's reports: one readable line for each, as text, in the
 * frame's own log. The port, its handshake and all limits are in host/.
 */
import { addressHandlers } from "./host/links.js";
import { tellAsked } from "./asked.js";
import { holdTool } from "./host/hold.js";

const MAX_TEXT = 2000;

const text = (value) => (typeof value === "string" ? value.slice(0, MAX_TEXT) : null);
const whole = (value) => (Number.isSafeInteger(value) && value > 0 ? value : null);

/** One readable line for each kind of report; null for what is malformed. */
const READERS = {
  console: (said) => entry(["log", "info", "debug", "warn", "error"].includes(said.level) ? said.level : "log", text(said.text), said),
  error: (said) => entry("error", text(said.message), said),
  rejection: (said) => entry("error", text(said.message) === null ? null : `Unhandled rejection: ${text(said.message)}`, said),
  violation: (said) => entry("warn", text(said.directive) === null ? null : `Kept inside (${text(said.directive)}): ${text(said.uri) ?? ""}`, said),
  resource: (said) => entry("error", notLoaded(text(said.tag) ?? "?", text(said.uri)), said),
  dropped: (said) => entry("info", whole(said.count) && `and ${said.count.toLocaleString("en")} more, not shown`, said),
};

/** Of a module in the page itself, the browser does not tell which of its imports failed. */
function notLoaded(tag, uri) {
  if (uri === "") return tag === "script" ? "Could not load what a <script> imports." : `Could not load <${tag}>: it has no address.`;
  return uri === null ? null : `Could not load <${tag}>: ${uri}`;
}

function entry(level, words, said) {
  return words === null ? null : { level, text: words, line: whole(said.line) };
}

/**
 * Listens to one frame.
 * @param {HTMLIFrameElement} frame
 * @param {string} key
 * @param {{hello: () => void, loaded: () => void, stored: (said: object) => void, indexed: () => void, entry: (entry: object) => void}} hear and what
 *   `holdTool` tells of
 */
export function bridge(frame, key, hear) {
  const handlers = { loaded: () => hear.loaded(), stored: (said) => hear.stored(said), indexed: () => hear.indexed(), ...addressHandlers() };
  for (const [type, read] of Object.entries(READERS)) {
    handlers[type] = (said) => {
      const one = read(said);
      if (one?.text) hear.entry(one);
      return one !== null;
    };
  }
  const told = handlers.violation;
  handlers.violation = (said) => {
    const understood = told(said);
    tellAsked(frame, said);
    return understood;
  };
  handlers.asked = (said) => tellAsked(frame, said);
  return holdTool(frame, key, handlers, {
    ...hear,
    hello() {
      document.dispatchEvent(new CustomEvent("tool-loading", { detail: { frame } }));
      hear.hello();
    },
    dropped({ many, odd }) {
      if (many > 0) hear.entry(READERS.dropped({ count: many }));
      if (odd > 0) hear.entry({ level: "warn", text: `The tool said ${odd.toLocaleString("en")} things that this page does not understand.`, line: null });
    },
    say: (words) => hear.entry({ level: "warn", text: words, line: null }),
  });
}
