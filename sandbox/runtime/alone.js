// The page that holds a tool opened in a tab of its own. What the tool reports is told to this
// window as "sandwright" events, for whoever looks at the page from outside: a developer, a test.

import { openPort } from "./host/port.js";

const TOLD = [
  "ready", "loaded", "console", "error", "rejection", "violation", "resource", "dropped", "pong",
];
const report = (detail) => window.dispatchEvent(new CustomEvent("sandwright", { detail }));
let opened = null;

// This runs before the frame is there, and the frame's first word comes before the page's end.
window.addEventListener("message", (event) => {
  const frame = document.querySelector("iframe");
  if (opened === null && frame !== null) {
    const handlers = Object.fromEntries(TOLD.map((type) => [type, report]));
    opened = openPort(frame, frame.dataset.key, handlers);
    opened.receive(event);
  }
});
