import { ask, Problem } from "./api.js";
import { menu } from "./menu.js";
import { inUnits } from "./stored-entries.js";

/**
 * Says of each file that is taken home what it carries, and whether it works with the network off.
 * `options` is the menu of how it is made; its HTML can be copied there, too.
 */
export function exported(place, options) {
  let latest = 0;
  menu(options);

  const say = (text) => {
    place.hidden = false;
    place.textContent = text;
  };

  document.addEventListener("click", async (event) => {
    const link = event.target.closest?.("a#export[href]");
    if (!link) return;
    link.search = chosen(options);
    // What one would not want in the next file unasked holds for this one; its address is still needed.
    setTimeout(() => {
      for (const name of ["data", "policy"]) options.querySelector(`[name=${name}]`).checked = false;
      link.search = chosen(options);
    });
    latest += 1;
    const mine = latest;
    say("Exported. The file is being opened from disk, with no network…");
    let text;
    try {
      const { words, bytes } = await ask("POST", `${link.pathname}/check${link.search}`);
      text = `${words.join(" ")} ${inUnits(bytes)}.`;
    } catch (problem) {
      text = `The file could not be checked. ${problem.message}`;
    }
    if (mine === latest) say(text);
  });

  options.querySelector("[data-copy-html]").addEventListener("click", async () => {
    latest += 1;
    const mine = latest;
    options.open = false;
    options.querySelector("summary").focus();
    const link = document.querySelector("a#export[href]");
    let text;
    try {
      text = link ? `${await copied(link.pathname + chosen(options))} of HTML copied.` : "There is nothing to copy yet.";
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

/** Copies what an address gives; returns how much that was. */
async function copied(url) {
  if (!navigator.clipboard) {
    throw new Problem({ title: "Browsers let a page copy only on this machine or over HTTPS. Export the file instead." });
  }
  const text = textOf(url);
  // Asked for while the click still counts; what is copied may come later.
  const type = "text/plain";
  await navigator.clipboard.write([new ClipboardItem({ [type]: text.then((found) => new Blob([found], { type })) })]);
  return inUnits((await text).length);
}

async function textOf(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Problem({ title: `The server said ${response.status}.` });
  return response.text();
}
