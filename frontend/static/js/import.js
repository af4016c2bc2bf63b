import { ask, Problem } from "./api.js";
import { toolsIn } from "./archive.js";
import { counted, tellBrought } from "./brought.js";
import { made } from "./host/made.js";
import { clearProblem, showProblem } from "./problem.js";

const MOST_BYTES = 20_000_000;

/**
 * Makes a tool of a file that a person has, and goes there; of an archive of everything, asks first, and says in
 * `told` what came. What fails is said in `place`. Returns what takes a file that came another way, and tells whether
 * it was imported.
 */
export function importing(button, place, told) {
  const input = button.parentElement.querySelector("input[type=file]");
  button.addEventListener("click", () => isFree() && input.click());
  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = "";
    if (file) take(file);
  });
  // Whoever comes back finds the page as it was left.
  addEventListener("pagehide", () => {
    told.hidden = true;
  });
  return take;

  function take(file) {
    return alone(async () => {
      const tools = await toolsIn(file);
      if (tools > 0) {
        offer(file, tools);
        return false;
      }
      say(`Importing ${file.name}…`);
      await (tools === null ? bring(file, place, told) : bringEither(file, place, told));
      return true;
    });
  }

  function offer(file, tools) {
    const choice = (words, act) => {
      const chosen = made("button", "link", words);
      chosen.addEventListener("click", act);
      return chosen;
    };
    const some = counted(tools);
    const yes = choice(`Import ${some}`, () =>
      alone(async () => {
        say(`Importing ${some}…`);
        // What was pressed is gone.
        told.tabIndex = -1;
        told.focus();
        await bringEither(file, place, told);
      }),
    );
    const no = choice("Cancel", () => {
      told.hidden = true;
      button.focus();
    });
    say(`${file.name} holds ${some}. `, yes, " · ", no);
  }

  function say(...words) {
    told.replaceChildren(...words);
    told.hidden = false;
  }

  // Not `disabled`, which would take the focus from who imports by keyboard.
  function isFree() {
    return button.getAttribute("aria-disabled") !== "true";
  }

  /** One file at a time. */
  async function alone(work) {
    if (!isFree()) {
      showProblem(place, new Problem({ title: "Another file is being imported.", action: "Wait until it has come." }));
      return false;
    }
    clearProblem(place);
    told.hidden = true;
    button.setAttribute("aria-disabled", "true");
    try {
      return await work();
    } catch (problem) {
      if (told.contains(document.activeElement)) button.focus();
      told.hidden = true;
      showProblem(place, problem);
      return false;
    } finally {
      button.removeAttribute("aria-disabled");
    }
  }
}

/** What looks like an archive of everything may be a page's folder with a file of that name. */
async function bringEither(file, place, told) {
  if (!(await bringEverything(file, place, told))) await bring(file, place, told);
}

/** Returns whether it was what it looks like. */
async function bringEverything(file, place, told) {
  let answer;
  try {
    answer = await ask("POST", "/api/import", file);
  } catch (problem) {
    if (problem.code !== "not_everything") throw problem;
    return false;
  }
  if (answer.added + answer.kept === 0) {
    throw new Problem({ title: `${file.name} holds no tools.`, action: "Nothing was imported." });
  }
  tellBrought(told, place, answer);
  return true;
}

async function bring(file, place, told) {
  if (file.size > MOST_BYTES) {
    throw new Problem({ title: `${file.name} is too large.`, detail: "At most 20 MB fit." });
  }
  const data = await encoded(file);
  const { artifact, missing, notes } = await ask("POST", "/api/artifacts/import", { file: { name: file.name, data } });
  if (missing.length + notes.length === 0) {
    location.assign(artifact.url);
    return;
  }
  told.hidden = true;
  const link = document.createElement("a");
  link.href = artifact.url;
  link.textContent = `Open ${artifact.title}`;
  const lacks = missing.length > 0 ? [`These files were not with it: ${missing.join(", ")}.`] : [];
  place.replaceChildren(`It was imported, but it may lack something. ${[...lacks, ...notes].join(" ")} `, link);
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
