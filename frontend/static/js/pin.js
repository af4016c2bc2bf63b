import { ask } from "./api.js";
import { clearProblem, showProblem } from "./problem.js";

/**
 * Holds a version live, or none, and offers to take that back.
 * @returns {(wanted: number | null) => Promise<void>}
 */
export function pinning({ api, bench, place, problem }) {
  const words = place.querySelector("span");
  const undo = place.querySelector("button");
  let back = null;

  async function pin(wanted) {
    clearProblem(problem);
    const before = bench.artifact.pinned_version;
    try {
      if (wanted !== null) await ask("POST", `${api}/versions/${wanted}/pin`);
      else if (before !== null) await ask("DELETE", `${api}/versions/${before}/pin`);
    } catch (error) {
      showProblem(problem, error);
      return;
    }
    await bench.renew();
    back = before;
    const live = bench.artifact.live_version;
    words.textContent =
      wanted === null
        ? `No version is pinned now: version ${live} is live.`
        : `Version ${wanted} was pinned.`;
    undo.hidden = before === wanted;
    place.hidden = false;
    undo.focus();
  }

  undo.addEventListener("click", () => pin(back));
  return pin;
}
