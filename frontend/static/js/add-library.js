import { ask } from "./api.js";
import { clearProblem, showProblem } from "./problem.js";

/** Adds what a finding names, then tests the version again and loads the tool anew, which has it now. */
export async function addLibrary(button, { api, bench, preview, problem }) {
  const place = button.closest(".finding")?.querySelector("[data-problem]") ?? problem;
  const words = button.textContent;
  const version = Number(button.dataset.version);
  clearProblem(place);
  button.disabled = true;
  button.textContent = `${words.replace(/^Add/, "Adding")}…`;
  try {
    await ask("POST", "/api/libraries", { address: button.dataset.addLibrary });
    button.textContent = "Added. Testing again…";
    bench.testing(version);
    await ask("POST", `${api}/versions/${version}/test`);
    preview.reload(bench.frameUrl);
  } catch (error) {
    button.textContent = words;
    button.disabled = false;
    showProblem(place, error);
  }
}
