import { ask } from "./api.js";
import { made } from "./host/made.js";
import { showProblem } from "./problem.js";

const KEY = "sandwright.brought";
const AT_ONCE = 1000;

/**
 * Says in `told` what an archive brought, and offers the way back: `{words, artifacts, binned}`, ids of tools that came
 * and of those that were in the bin. What fails is said in `place`.
 */
export function tellBrought(told, place, answer) {
  const link = document.createElement("a");
  link.href = "/";
  link.textContent = "See the list";
  link.addEventListener("click", () => remember(answer));
  tell(told, place, answer, link);
  if (document.activeElement === document.body) link.focus(); // What was pressed is gone.
}

/** Once more beside the list, which the way back changes too. */
export function tellAgain(told, place) {
  const stored = sessionStorage.getItem(KEY);
  if (!stored) return;
  sessionStorage.removeItem(KEY);
  tell(told, place, JSON.parse(stored));
}

function tell(told, place, { words, artifacts = [], binned = [] }, ...links) {
  if (artifacts.length > 0) {
    const undo = async () => {
      const moved = await move("bin", artifacts);
      remember({ words: `${counted(moved.length)} put into the bin.`, binned: moved });
    };
    links.push(button("Undo", place, undo));
  }
  if (binned.length > 0) {
    const back = async () => {
      const moved = await move("undelete", binned);
      remember({ words: `${counted(moved.length)} brought back.`, artifacts: moved });
    };
    links.push(button(artifacts.length > 0 ? "Bring back what is in the bin" : "Bring back", place, back));
  }
  told.replaceChildren(words, ...links.flatMap((one, at) => [at === 0 ? " " : " · ", one]));
  told.hidden = false;
}

function button(text, place, act) {
  const one = made("button", "link", text);
  one.type = "button";
  one.addEventListener("click", async () => {
    one.disabled = true;
    try {
      await act();
      location.assign("/");
    } catch (problem) {
      one.disabled = false;
      showProblem(place, problem);
    }
  });
  return one;
}

async function move(where, ids) {
  const moved = [];
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    // oxlint-disable-next-line no-await-in-loop -- the database writes one after the other
    moved.push(...(await ask("POST", `/api/artifacts/${where}`, { ids: ids.slice(at, at + AT_ONCE) })).ids);
  }
  return moved;
}

function remember(told) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(told));
  } catch {
    // Too many to keep: the bin has them all the same.
  }
}

const counted = (tools) => (tools === 1 ? "1 tool was" : `${tools.toLocaleString("en")} tools were`);
