import { ask, Problem } from "./api.js";
import { clearProblem, showProblem } from "./problem.js";

const MOST_BYTES = 20_000_000;

/** Makes a tool of a file that a person has, and goes there; what fails is said in `place`. */
export function importing(button, place) {
  const input = button.nextElementSibling;
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", async () => {
    const [file] = input.files;
    input.value = "";
    if (!file) return;
    clearProblem(place);
    button.disabled = true;
    try {
      await bring(file, place);
    } catch (problem) {
      showProblem(place, problem);
    } finally {
      button.disabled = false;
    }
  });
}

async function bring(file, place) {
  if (file.size > MOST_BYTES) {
    throw new Problem({ title: `${file.name} is too large.`, detail: "At most 20 MB fit." });
  }
  const data = await encoded(file);
  const { artifact, missing } = await ask("POST", "/api/artifacts/import", { file: { name: file.name, data } });
  if (missing.length === 0) {
    location.assign(artifact.url);
    return;
  }
  const link = document.createElement("a");
  link.href = artifact.url;
  link.textContent = `Open ${artifact.title}`;
  place.replaceChildren(`It was imported, but these files were not with it: ${missing.join(", ")}. `, link);
  place.setAttribute("role", "alert");
  place.hidden = false;
}

function encoded(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(new Problem({ title: `${file.name} could not be read.` }));
    reader.readAsDataURL(file);
  });
}
