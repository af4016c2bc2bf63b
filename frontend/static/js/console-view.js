import { batch } from "./batch.js";

/** Shows a tool's console log as text, and the number of its errors on the tab. */
export function consoleView(list, empty, count) {
  let log = [];
  const show = batch(() => {
    list.replaceChildren(...log.map(line));
    empty.hidden = log.length > 0;
    const errors = log.filter((entry) => entry.level === "error").length;
    count.hidden = errors === 0;
    count.textContent = errors > 99 ? "99+" : String(errors);
  });
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
