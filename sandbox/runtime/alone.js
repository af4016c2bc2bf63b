// The page that holds a tool opened in a tab of its own. What the tool reports is told to this
// window as "sandwright" events, for whoever looks at the page from outside: a developer, a test.

import { sendDatabases } from "./host/databases.js";
import { summon } from "./host/doorman.js";
import { DEAF, holdTool, REASONS } from "./host/hold.js";
import { addressHandlers } from "./host/links.js";
import { openSession } from "./host/session.js";
import { Keeper, saveTo } from "./host/stored.js";

const TOLD = [
  "ready", "loaded", "console", "error", "rejection", "violation", "resource", "dropped", "pong",
];
const report = (detail) => window.dispatchEvent(new CustomEvent("sandwright", { detail }));
let opened = null;

function notice(words, button, act) {
  const told = document.createElement("p");
  told.className = "notice";
  told.role = "alert";
  told.append(words, " ", button);
  button.type = "button";
  button.addEventListener("click", act);
  return told;
}

function labelled(words) {
  const button = document.createElement("button");
  button.textContent = words;
  return button;
}

// Here alone does a request to the tool's address save something: this page is of its origin.
const room = location.pathname.replace(/\/$/, "");
const script = new URL("indexed.js", new URL(room, location));

function keeper() {
  return new Keeper(saveTo("POST", location.pathname), { script, read: readIndexed }, {
    room,
    failed: (error) => error && report({ type: "unsaved", message: error.message }),
  });
}

async function readIndexed() {
  const response = await fetch(`${location.pathname}?stored=indexed`);
  if (!response.ok) throw new Error(`the server said ${response.status}`);
  return response.json();
}

// Where nobody saves it, a tool keeps nothing.
function forgetful(tell) {
  return { hear: () => {}, begin: () => {}, open: () => sendDatabases(tell, script, async () => []) };
}

function hold(frame) {
  let bar = null;
  const stop = (reason) => {
    bar?.remove();
    opened.close();
    frame.remove();
    document.body.append(notice(REASONS[reason], labelled("Run anyway"), () => location.reload()));
  };
  const silent = (yes) => {
    bar?.remove();
    bar = yes ? notice("This tool does not answer.", labelled("Halt it"), () => stop("frozen")) : null;
    if (bar) document.body.append(bar);
  };
  const deaf = () => {
    bar?.remove();
    bar = notice(`${DEAF.what} ${DEAF.more}`, labelled("Hide this"), () => bar.remove());
    document.body.append(bar);
  };
  const handlers = Object.fromEntries(TOLD.map((type) => [type, report]));
  const told = {
    ...handlers,
    ...addressHandlers(),
    stored: (said) => stored.hear(said),
    indexed: () => stored.open(),
  };
  const held = holdTool(frame, frame.dataset.key, told, { stop, silent, deaf, hello: () => stored.begin() });
  const stored = "keeps" in frame.dataset ? keeper().attend(held.tell) : forgetful(held.tell);
  return held;
}

// This runs before the frame is there.
summon();
const { first: name } = openSession(room);
const watch = new MutationObserver(() => {
  const frame = document.querySelector("iframe");
  if (frame === null) return;
  watch.disconnect();
  // A browser reads a frame's name when it comes into the tree, and not again.
  if (name) {
    frame.remove();
    frame.name = name;
    document.body.append(frame);
  }
  opened = hold(frame);
});
watch.observe(document.documentElement, { childList: true, subtree: true });
