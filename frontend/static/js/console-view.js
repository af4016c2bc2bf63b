import { batch } from "./batch.js";

const PER_PAINT = 50;

/**
 * Shows a tool's console log as text, and the number of its errors on the tab. The log only grows
 * at its end and is cut at its start; what is there already is not made again, and what comes at
 * once is shown in parts, so that no flood holds the page up.
 */
export function consoleView(list, empty, count) {
  let log = [];
  let shown = []; // the entries whose lines stand in the list, in order
  const show = batch(() => {
    const gone = shown.findIndex((entry) => entry === log[0]);
    for (const old of shown.splice(0, gone < 0 ? shown.length : gone)) lines.get(old).remove();
    const fresh = log.slice(shown.length, shown.length + PER_PAINT);
    for (const entry of fresh) {
      const item = line(entry);
      lines.set(entry, item);
      list.append(item);
    }
    shown = shown.concat(fresh);
    empty.hidden = log.length > 0;
    const errors = log.filter((entry) => entry.level === "error").length;
    count.hidden = errors === 0;
    count.textContent = errors > 99 ? "99+" : String(errors);
    if (shown.length < log.length) show();
  });
  const lines = new WeakMap();
  return (next) => {
    log = next;
    show();
  };
}

function line(entry) {
  const level = document.createElement("span");
  level.className = "level";
  level.textContent = entry.level;
  const words = document.createElement("span");
  words.className = "text";
  words.textContent = entry.text;
  const item = document.createElement("li");
  item.className = "console-line";
  item.dataset.level = entry.level;
  item.append(level, words);
  if (entry.line) {
    const place = document.createElement("button");
    place.type = "button";
    place.className = "link";
    place.dataset.line = entry.line;
    place.textContent = `line ${entry.line}`;
    item.append(place);
  }
  return item;
}
