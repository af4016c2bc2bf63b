import { ask, Problem } from "./api.js";
import { clearProblem, showProblem } from "./problem.js";

const MOST_BYTES = 20_000_000;
const NAME_AT = 30; // of the first file in a zip
const MANIFEST = "sandwright.json";

/**
 * Makes a tool of a file that a person has, and goes there; of an archive of everything, says in `told`
 * what came. What fails is said in `place`. Returns what takes a file that came another way, and tells whether it
 * was imported.
 */
export function importing(button, place, told) {
  const input = button.nextElementSibling;
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = "";
    if (file) take(file);
  });
  return take;

  async function take(file) {
    if (button.disabled) {
      showProblem(place, new Problem({ title: "Another file is being imported.", action: "Wait until it has come." }));
      return false;
    }
    clearProblem(place);
    told.hidden = true;
    button.disabled = true;
    try {
      if (!((await isEverything(file)) && (await bringEverything(file, told)))) await bring(file, place);
      return true;
    } catch (problem) {
      told.hidden = true;
      showProblem(place, problem);
      return false;
    } finally {
      button.disabled = false;
    }
  }
}

/** Whether Export everything wrote it, which begins with a file that says so. */
async function isEverything(file) {
  const name = file.slice(NAME_AT, NAME_AT + MANIFEST.length).text();
  return (await name.catch(() => "")) === MANIFEST;
}

/** Returns whether it was what it looks like: a page's folder may have a file of that name. */
async function bringEverything(file, told) {
  told.hidden = false;
  told.textContent = `Importing ${file.name}…`;
  let words;
  try {
    ({ words } = await ask("POST", "/api/import", file));
  } catch (problem) {
    if (problem.code !== "not_everything") throw problem;
    told.hidden = true;
    return false;
  }
  const link = document.createElement("a");
  link.href = "/";
  link.textContent = "See the list";
  told.replaceChildren(`${words} `, link);
  return true;
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
