import { ask } from "./api.js";
import { inUnits } from "./stored-entries.js";

/** Says of each file that is taken home what it carries, and whether it works with the network off. */
export function exported(place) {
  let latest = 0;

  const say = (text) => {
    place.hidden = false;
    place.textContent = text;
  };

  document.addEventListener("click", async (event) => {
    const link = event.target.closest?.("a#export[href]");
    if (!link) return;
    latest += 1;
    const mine = latest;
    say("Exported. The file is being opened from disk, with no network…");
    let text;
    try {
      const { words, bytes } = await ask("POST", `${link.pathname}/check`);
      text = `${words.join(" ")} ${inUnits(bytes)}.`;
    } catch (problem) {
      text = `The file could not be checked. ${problem.message}`;
    }
    if (mine === latest) say(text);
  });
}
