// A person's acts in the tool: what only the browser can make. What may happen a few times only
// without one (dialogs, downloads, entries in the history) is counted from the last.

const ACT_PAUSE = 100;
const actTypeOf = getter(Event.prototype, "type");
const actTimeOf = getter(Event.prototype, "timeStamp");
const acted = [];
let lastAct = -ACT_PAUSE;
// Whether the press that ends began here too.
let held = false;
// Over all documents of this frame: a reload is no act.
let dialogsShown = 0;

function whenActed(handler) {
  acted[acted.length] = handler;
}

function actedNow() {
  for (let index = 0; index < acted.length; index += 1) {
    acted[index]();
  }
}

function onAct(event) {
  const type = actTypeOf(event);
  const released = type === "pointerup";
  if (!event.isTrusted || (released && !held)) {
    return;
  }
  actedNow();
  // A press says who moved the focus here, so it is told of each time; keys may be a thief's. What was
  // held or drawn for long may move the focus only at its end.
  const pressed = released || type === "pointerdown";
  if (pressed) {
    held = !released;
  }
  if (pressed || now() - lastAct >= ACT_PAUSE) {
    lastAct = now();
    deliver({ type: "act", pressed, late: now() - actTimeOf(event) });
  }
}

// Again after `document.open`, which takes every listener away.
function watchActs() {
  addListener(window, "pointerdown", onAct, true);
  addListener(window, "pointerup", onAct, true);
  addListener(window, "keydown", onAct, true);
}

function tellTrapped(message) {
  if (message.type === "dialog" && message.open) {
    dialogsShown += 1;
  }
  deliver(message);
}

function installActs() {
  whenActed(() => {
    dialogsShown = 0;
  });
  // The person loads the tool anew.
  listen("renewed", actedNow);
  watchActs();
  window.addEventListener("pagehide", (event) => event.isTrusted && deliver({ type: "leaving" }), true);
}
