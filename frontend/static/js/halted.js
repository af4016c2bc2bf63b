import { DEAF, REASONS } from "./host/hold.js";
import { made } from "./host/made.js";

const LAST_TIME = {
  frozen: "This tool froze last time.",
  flooded: "This tool flooded the page last time.",
  history: "This tool filled the history of this tab last time.",
  reloading: "This tool loaded itself again and again last time.",
  keyboard: "This tool kept taking the keyboard last time.",
  starting: "This page ended last time while the tool was starting.",
};

const WHAT_NOW = {
  stopped: "It begins anew when it runs again.",
  starting: "It may have taken the page with it, or something else did. It has not run now.",
};
const TAKEN_OFF = "It was taken off the page before it could do more.";
const NOT_RUN = "So it has not run now.";
const SAFE = "Its versions, and what it has stored, are safe.";

/**
 * In the place of a tool that does not run: why, and what can be done.
 * @param {string} reason a key of REASONS, or "starting"
 * @param {{before: boolean, run: () => void, look: () => void}} choices `before`: it was the last
 *   time, and nothing has run now
 */
export function haltedPanel(reason, { before, run, look }) {
  const words = made("p", "halted-title", before ? LAST_TIME[reason] ?? LAST_TIME.frozen : REASONS[reason]);
  const more = made("p", "halted-more quiet", `${WHAT_NOW[reason] ?? (before ? NOT_RUN : TAKEN_OFF)} ${SAFE}`);
  const row = made("div", "halted-row");
  row.append(button("Open without running", look), button(reason === "stopped" ? "Run again" : "Run anyway", run));
  const box = made("div", "halted-box");
  box.append(words, more, row);
  const panel = made("div", "halted");
  panel.setAttribute("role", "alert");
  panel.append(box);
  return panel;
}

/** Over a tool that does not answer; it may only be busy. */
export function silentBar(remove) {
  const more = "It may be busy, or never end; the page goes on without it.";
  return bar("This tool does not answer.", more, button("Halt it", remove));
}

/** Over a tool that runs, but that this page does not hear. What it covers can be used once it is hidden. */
export function deafBar(hide) {
  return bar(DEAF.what, DEAF.more, button("Hide this", hide));
}

function bar(what, more, act) {
  const words = made("span", "silent-words");
  words.append(made("strong", "", what), ` ${more}`);
  const over = made("div", "silent");
  over.setAttribute("role", "alert");
  over.append(words, act);
  return over;
}

function button(words, act) {
  const pressed = made("button", "button", words);
  pressed.addEventListener("click", act);
  return pressed;
}
