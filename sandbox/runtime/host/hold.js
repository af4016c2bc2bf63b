/**
 * Holds a tool: the port of its bridge, and everything that keeps it from freezing, flooding or
 * trapping the page around it. What must end a tool is told; the page removes the frame.
 */
import { countMessages } from "./floods.js";
import { downloads } from "./downloads.js";
import { watchDrawing } from "./drawing.js";
import { refuseDrops } from "./drops.js";
import { guardFocus } from "./focus.js";
import { limits } from "./limits.js";
import { openPort } from "./port.js";
import { watchdog } from "./watchdog.js";

const SETTLE_MS = 100;
// Firefox puts no entry of a sandboxed frame of another site into the history: a step back there would
// leave this page.
const KEEPS_NO_ENTRIES = CSS.supports("-moz-appearance", "none");

/** Why a tool was stopped, in words for the person. */
export const REASONS = {
  flooded: "This tool flooded the page.",
  history: "This tool filled the history of this tab.",
  reloading: "This tool loaded itself again and again.",
  keyboard: "This tool kept taking the keyboard.",
  frozen: "This tool froze.",
  stopped: "This tool was stopped.",
};

/** Where the browser starts no worker for the page, in words for the person. */
export const DEAF = {
  what: "This page does not hear the tool.",
  more: "Nothing that it stores or saves is kept: the browser started no worker here. Allow “worker-src blob:” where this page’s Content-Security-Policy is set, and workers in the browser; then load the page again.",
};

// What a bridge says that a page need not care about.
const SPOKEN = [
  "ready", "loaded", "console", "error", "rejection", "violation", "resource", "dropped", "asked",
  "open", "stored",
];

/**
 * @param {HTMLIFrameElement} frame
 * @param {string} key
 * @param {Record<string, (message: object) => unknown>} handlers as for `openPort`
 * @param {{hello?: () => void, dropped?: (lost: {many: number, odd: number}) => void, stop?: (reason: string) => void,
 *   silent?: (yes: boolean) => void, deaf?: () => void, alive?: () => void, say?: (words: string) => void}} told
 *   `stop` is called once, with a key of REASONS; `deaf` may be told more than once, of what DEAF says
 */
export function holdTool(frame, key, handlers, told) {
  const idle = () => {};
  const { hello = idle, dropped = idle, stop = idle, silent = idle, deaf = idle, alive = idle, say = idle } = told;
  let ended = false;
  const end = (reason) => {
    if (ended) return;
    ended = true;
    stop(reason);
    goBack();
  };
  // Forward entries of a frame that is gone do no harm; behind the person they would. Those that
  // it made last come in after it has gone.
  const goBack = () => {
    let before = -1;
    const timer = setInterval(() => {
      const entries = bounds.entries();
      if (entries === before) {
        clearInterval(timer);
        if (entries > 0) history.go(-entries);
      }
      before = entries;
    }, SETTLE_MS);
  };
  refuseDrops();
  const flooded = () => end("flooded");
  const flood = countMessages(frame, flooded);
  const bounds = limits({ loads: () => end("reloading"), entries: () => end("history") });
  const files = downloads({
    refused: () => say("The tool saved many files at once; after three, nothing more was saved."),
  });
  const tellFree = (yes) => port.tell({ type: "free", yes });
  const focus = guardFocus(frame, () => end("keyboard"), tellFree, () => flood.count());
  const drawing = watchDrawing(() => end("frozen"));
  const dog = watchdog((message) => port.tell(message), { silent, alive });

  const own = {
    act({ pressed, late = 0 }) {
      if (typeof pressed !== "boolean" || !(late >= 0)) return false;
      bounds.acted();
      files.acted();
      drawing.acted();
      if (pressed) focus.pressed(Number(late));
      return true;
    },
    leaving: () => dog.left(),
    pong: () => dog.pong(),
    history: () => end("history"),
    loads: () => end("reloading"),
    download: files.hear,
    dialog({ open, refused }) {
      if (typeof open === "boolean") {
        dog.rest(open);
        drawing.rest(open);
      } else if (typeof refused === "string") say("The tool opened one dialog after another; after three, no more were shown.");
      else return false;
      return true;
    },
  };
  const both = (type) => (message) => own[type](message) !== false && handlers[type]?.(message);
  const all = { ...Object.fromEntries(SPOKEN.map((type) => [type, idle])), ...handlers };
  for (const type of Object.keys(own)) all[type] = both(type);
  const port = openPort(frame, key, all, {
    heard: flood.count,
    flooded,
    deaf,
    dropped(lost) {
      port.tell({ type: "dropped", count: lost.many, odd: lost.odd });
      dropped(lost);
    },
    hello() {
      // For probe.js.
      document.documentElement.dataset.greeted = "";
      bounds.loaded();
      focus.say();
      if (KEEPS_NO_ENTRIES && new URL(frame.src).hostname !== location.hostname) port.tell({ type: "alien" });
      dog.begin();
      hello();
    },
  });
  return {
    /** For what came before this module was there. */
    receive(event) {
      port.receive(event);
      focus.receive(event);
    },
    tell: port.tell,
    /** Loads that follow are the page's own wish. */
    renewed() {
      bounds.acted();
      port.tell({ type: "renewed" });
    },
    close() {
      ended = true;
      for (const part of [flood, bounds, focus, drawing, dog, port]) part.close();
    },
  };
}
