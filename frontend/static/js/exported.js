import { ask, Problem } from "./api.js";
import { pause } from "./host/pause.js";
import { menu } from "./menu.js";
import { inUnits } from "./stored-entries.js";

const TOLD_MS = 100; // A tool's last word is on its way to the page a little less long.
const PATIENCE_MS = 10_000;

/**
 * Says of each file that is taken home what it carries, and whether it works with the network off.
 * `options` is the menu of how it is made; its HTML can be copied there, too. `keeper` saves what the tool stores.
 */
export function exported(place, options, keeper) {
  let latest = 0;
  let isSaved = false;
  menu(options);

  const say = (text) => {
    place.hidden = false;
    place.textContent = text;
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a#export[href]");
    if (!link) return;
    latest += 1;
    if (isSaved || !withData(options)) {
      takeHome(link, latest);
    } else {
      event.preventDefault();
      save(latest);
    }
  });

  /** Presses the link again once all that the tool had stored by then is saved. */
  async function save(mine) {
    say("What the tool has stored is being saved…");
    const isKept = await saved(keeper);
    if (mine !== latest) return;
    if (!isKept) {
      say(NOT_SAVED);
      return;
    }
    const link = document.querySelector("a#export[href]"); // The page may have renewed it meanwhile.
    if (!link) {
      say("There is nothing to export yet.");
      return;
    }
    isSaved = true;
    try {
      link.click();
    } finally {
      isSaved = false;
    }
  }

  async function takeHome(link, mine) {
    link.search = chosen(options);
    // What one would not want in the next file unasked holds for this one; its address is still needed.
    setTimeout(() => {
      for (const name of ["data", "policy"]) options.querySelector(`[name=${name}]`).checked = false;
      link.search = chosen(options);
    });
    const isOffline = !link.search.includes("libraries=cdn");
    say(`Exported. The file is being ${isOffline ? "opened from disk, with no network" : "checked"}…`);
    let text;
    try {
      const { words, bytes } = await ask("POST", `${link.pathname}/check${link.search}`);
      text = `${words.join(" ")} ${inUnits(bytes)}.`;
    } catch (problem) {
      text = `The file could not be checked. ${problem.message}`;
    }
    if (mine === latest) say(text);
  }

  options.querySelector("[data-copy-html]").addEventListener("click", async () => {
    latest += 1;
    const mine = latest;
    options.open = false;
    options.querySelector("summary").focus();
    const link = document.querySelector("a#export[href]");
    let text;
    try {
      const query = chosen(options);
      const kept = withData(options) ? keeper : null;
      text = link ? `${await copied(() => textOf(link.pathname + query, kept))} of HTML copied.` : "There is nothing to copy yet.";
    } catch (problem) {
      text = `The HTML could not be copied. ${problem.message}`;
    }
    if (mine === latest) say(text);
  });
}

function chosen(options) {
  const query = new URLSearchParams();
  for (const { name, value } of options.querySelectorAll("input:checked")) query.set(name, value);
  return query.size > 0 ? `?${query}` : "";
}

const withData = (options) => options.querySelector("[name=data]").checked;

const NOT_SAVED = "What the tool has stored last could not be saved yet. Export it again when the server answers.";

/** Whether all that the tool had stored by now was saved, within a while. */
async function saved(keeper) {
  await pause(TOLD_MS);
  return Promise.race([keeper.saved().then(() => true), pause(PATIENCE_MS).then(() => false)]);
}

/** Copies the text that `get` promises; returns how much it was. */
async function copied(get) {
  if (!navigator.clipboard) {
    throw new Problem({ title: "Browsers let a page copy only on this machine or over HTTPS. Export the file instead." });
  }
  const text = get();
  // Asked for while the click still counts; what is copied may come later.
  const type = "text/plain";
  await navigator.clipboard.write([new ClipboardItem({ [type]: text.then((found) => new Blob([found], { type })) })]);
  return inUnits((await text).length);
}

async function textOf(url, keeper) {
  if (keeper && !(await saved(keeper))) throw new Problem({ title: NOT_SAVED });
  const response = await fetch(url);
  if (!response.ok) throw new Problem({ title: `The server said ${response.status}.` });
  return response.text();
}
