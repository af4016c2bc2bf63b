import { ask } from "./api.js";
import { batch } from "./batch.js";
import { made } from "./host/made.js";
import { Keeper, saveTo } from "./host/stored.js";
import { entries, inUnits } from "./stored-entries.js";

const LONGEST = 20_000;
const LONGEST_NAME = 200;
/** A tool decides how many it keeps, and this page would draw each, again with every change. */
const MOST_SHOWN = 500;

/**
 * What the tool stores: saved through `keeper`, and shown in a panel where one can look at it,
 * take it home and clear it. `restart()` loads the tool anew after its data were changed here.
 */
export function storedData(artifact, panel, restart) {
  const api = `/api/artifacts/${artifact.id}/data`;
  const part = (name) => panel.querySelector(`[data-stored-${name}]`);
  const [facts, list, empty, problem, cleared] = ["facts", "list", "empty", "problem", "cleared"].map(part);
  const [download, clear] = ["download", "clear"].map(part);
  const alarm = document.querySelector("[data-stored-alarm]");
  let shown = false;

  const renew = batch(() => shown && show());
  const databases = { script: new URL("../indexed.js", import.meta.url), read: async () => (await ask("GET", api)).indexed };
  const keeper = new Keeper(saveTo("PATCH", api), databases, { room: artifact.id, changed: renew, failed });

  function failed(error) {
    alarm.hidden = !error;
    const words = {
      NotKept: error?.message,
      NotYet: `${error?.message} What the tool stores is kept here meanwhile, and saved as soon as it can be.`,
    };
    const silent = "The server does not answer; what the tool stores is kept here and saved when it does.";
    say(error && "Not saved.", words[error?.name] ?? silent);
  }

  function say(title, words) {
    problem.hidden = !title;
    const strong = document.createElement("strong");
    strong.textContent = title || "";
    problem.replaceChildren(strong, ` ${words}`);
    if (title) problem.setAttribute("role", "alert");
  }

  async function show() {
    const data = await read();
    if (!data) return;
    const all = entries(data);
    const open = new Set([...list.querySelectorAll("details[open]")].map((one) => one.dataset.name));
    list.replaceChildren(...all.slice(0, MOST_SHOWN).map((entry) => row(entry, open)));
    const more = all.length - MOST_SHOWN;
    if (more > 0) list.append(made("li", "data-more", `${more} more; Download has all of them.`));
    empty.hidden = all.length > 0;
    const used = data.used.local + data.used.indexed;
    facts.textContent = all.length ? `${all.length} ${all.length === 1 ? "entry" : "entries"}, ${inUnits(used)}` : "";
    const fill = (area) => `${inUnits(data.used[area])} of ${inUnits(data.quota[area])}`;
    facts.title = `localStorage ${fill("local")}, IndexedDB ${fill("indexed")}`;
    download.disabled = clear.disabled = all.length === 0;
  }

  async function read() {
    try {
      return await ask("GET", api);
    } catch (error) {
      say(error.title, [error.detail, error.action].join(" "));
      return null;
    }
  }

  /** Writes all of it, lets the tool begin anew, and other windows know. */
  async function replace(method, before, after) {
    try {
      await ask(method, api, after ?? undefined);
    } catch (error) {
      say(error.title, [error.detail, error.action].join(" "));
      return false;
    }
    for (const area of ["local", "indexed"]) {
      const gone = Object.keys(before?.[area] ?? {}).map((key) => [key, null]);
      keeper.announce(area, [...gone, ...Object.entries(after?.[area] ?? {})]);
    }
    restart();
    await show();
    return true;
  }

  clear.addEventListener("click", async () => {
    await keeper.saved();
    const before = await read();
    if (!before || !(await replace("DELETE", before, null))) return;
    const words = document.createElement("span");
    words.textContent = "Cleared, and the tool has begun anew.";
    const undo = document.createElement("button");
    undo.type = "button";
    undo.className = "link";
    undo.textContent = "Undo";
    undo.addEventListener("click", async () => {
      const { local, indexed } = before;
      if (await replace("PUT", await read(), { local, indexed })) cleared.hidden = true;
      list.parentElement.focus();
    });
    cleared.replaceChildren(words, undo);
    cleared.hidden = false;
    undo.focus();
  });

  download.addEventListener("click", async () => {
    const data = await read();
    if (!data) return;
    const { local, indexed } = data;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify({ local, indexed }, null, 2)], { type: "application/json" }));
    link.download = `${artifact.title.replaceAll(/[^\p{L}\p{N}]+/gu, "-").slice(0, 60) || "tool"}-data.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  });

  return {
    keeper,
    visible(yes) {
      shown = yes;
      if (yes) show();
    },
  };
}

function row({ name, glance, size, value }, open) {
  const item = made("li", "data-entry");
  const details = document.createElement("details");
  details.dataset.name = name;
  details.open = open.has(name);
  const summary = document.createElement("summary");
  const key = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
  for (const [className, text] of [["data-key", key], ["data-glance", glance], ["data-size", inUnits(size)]]) {
    summary.append(made("span", className, text));
  }
  const whole = made("pre");
  const fill = () => {
    const text = value();
    whole.textContent = text.length > LONGEST ? `${text.slice(0, LONGEST)}… ${inUnits(text.length - LONGEST)} more; Download has all of it.` : text;
  };
  // Of each in the list it would be much.
  if (details.open) fill();
  else details.addEventListener("toggle", fill, { once: true });
  details.append(summary, whole);
  item.append(details);
  return item;
}
