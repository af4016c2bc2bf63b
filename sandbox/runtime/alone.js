// The page that holds a tool opened in a tab of its own. What the tool reports is told to this
// window as "sandwright" events, for whoever looks at the page from outside: a developer, a test.

import { addressHandlers } from "./host/links.js";
import { openPort } from "./host/port.js";
import { Keeper, saveTo } from "./host/stored.js";

const TOLD = [
  "ready", "loaded", "console", "error", "rejection", "violation", "resource", "dropped", "pong",
];
const report = (detail) => window.dispatchEvent(new CustomEvent("sandwright", { detail }));
// Here alone does a request to the tool's address save something: this page is of its origin.
const keeper = new Keeper(saveTo("POST", location.pathname), {
  room: location.pathname.replace(/\/$/, ""),
  failed: (error) => error && report({ type: "unsaved", message: error.message }),
});
let opened = null;

// This runs before the frame is there, and the frame's first word comes before the page's end.
window.addEventListener("message", (event) => {
  const frame = document.querySelector("iframe");
  if (opened === null && frame !== null) {
    const handlers = Object.fromEntries(TOLD.map((type) => [type, report]));
    handlers.stored = (said) => stored.hear(said);
    opened = openPort(frame, frame.dataset.key, { ...handlers, ...addressHandlers() });
    const stored = keeper.attend(opened.tell);
    opened.receive(event);
  }
});
