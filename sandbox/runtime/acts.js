// A person's acts in the tool: what only the browser can make. What may happen a few times only
// without one (dialogs, downloads, entries in the history) is counted from the last.

const ACT_PAUSE = 100;
const acted = [];
let lastAct = -ACT_PAUSE;

function whenActed(handler) {
  acted[acted.length] = handler;
}

function onAct(event) {
  if (!event.isTrusted) {
    return;
  }
  for (let index = 0; index < acted.length; index += 1) {
    acted[index]();
  }
  if (now() - lastAct >= ACT_PAUSE) {
    lastAct = now();
    deliver({ type: "act" });
  }
}

// Again after `document.open`, which takes every listener away.
function watchActs() {
  window.addEventListener("pointerdown", onAct, true);
  window.addEventListener("keydown", onAct, true);
}

function installActs() {
  watchActs();
  window.addEventListener("pagehide", (event) => event.isTrusted && deliver({ type: "leaving" }), true);
}
