import { REASONS } from "./host/hold.js";

const LAST_TIME = {
  frozen: "This tool froze last time.",
  flooded: "This tool flooded the page last time.",
  history: "This tool filled the history of this tab last time.",
  reloading: "This tool loaded itself again and again last time.",
  keyboard: "This tool kept taking the keyboard last time.",
  starting: "This page ended last time while the tool was starting.",
};

/**
 * In the place of a tool that does not run: why, and what can be done.
 * @param {string} reason a key of REASONS, or "starting"
 * @param {{before: boolean, run: () => void, look: () => void}} choices `before`: it was the last
 *   time, and nothing has run now
 */
export function haltedPanel(reason, { before, run, look }) {
  const words = document.createElement("p");
  words.textContent = before ? LAST_TIME[reason] ?? LAST_TIME.frozen : REASONS[reason];
  const row = document.createElement("div");
  row.className = "halted-row";
  row.append(button("Open without running", look), button("Run anyway", run));
  const panel = document.createElement("div");
  panel.className = "halted";
  panel.setAttribute("role", "alert");
  panel.append(words, row);
  return panel;
}

/** Over a tool that does not answer; it may only be busy. */
export function silentBar(remove) {
  const words = document.createElement("span");
  words.textContent = "This tool does not answer.";
  const bar = document.createElement("div");
  bar.className = "silent";
  bar.setAttribute("role", "alert");
  bar.append(words, button("Remove it", remove));
  return bar;
}

function button(words, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button";
  made.textContent = words;
  made.addEventListener("click", act);
  return made;
}
