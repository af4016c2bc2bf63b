import { ask } from "./api.js";
import { made } from "./host/made.js";
import { showProblem } from "./problem.js";

const KEY = "sandwright.brought";
const AT_ONCE = 1000;

/**
 * Says in `told` what an archive brought, and offers the way back: `{words, artifacts, binned, libraries}`, ids of tools
 * that came and of those that were in the bin, and what these use and is not here. What fails is said in `place`.
 */
export function tellBrought(told, place, answer) {
  const link = document.createElement("a");
  link.href = "/";
  link.textContent = "See the list";
  link.addEventListener("click", () => remember(answer));
  tell(told, place, answer, link);
  if ([document.body, told].includes(document.activeElement)) link.focus(); // What was pressed is gone.
}

/** Once more beside the list, which the way back changes too. */
export function tellAgain(told, place) {
  const stored = sessionStorage.getItem(KEY);
  if (!stored) return;
  sessionStorage.removeItem(KEY);
  tell(told, place, JSON.parse(stored));
}

function tell(told, place, answer, ...links) {
  const { words, artifacts = [], binned = [], libraries = [], half } = answer; // `half`: which of the two was begun
  const addable = libraries.filter((one) => one.address !== null);
  if (addable.length > 0) {
    const [only] = addable;
    const text = addable.length === 1 ? `Add ${named(only)}` : `Add these ${addable.length.toLocaleString("en")} libraries`;
    links.unshift(button(text, place, adder(answer, addable)));
  }
  if (artifacts.length > 0) {
    const undo = mover("bin", artifacts, half === "bin" ? binned : [], (moved, left) => {
      const said = `${were(moved.length)} put into the bin.`;
      remember(Object.assign(answer, { words: said, artifacts: left, binned: moved, half: "bin" }));
    });
    links.push(button("Undo", place, undo));
  }
  if (binned.length > 0) {
    const back = mover("undelete", binned, half === "undelete" ? artifacts : [], (moved, left) => {
      const said = `${were(moved.length)} brought back.`;
      remember(Object.assign(answer, { words: said, artifacts: moved, binned: left, half: "undelete" }));
    });
    links.push(button(artifacts.length > 0 ? "Bring back what is in the bin" : "Bring back", place, back));
  }
  told.replaceChildren(words, ...links.flatMap((one, at) => [at === 0 ? " " : " · ", one]));
  told.hidden = false;
}

function button(text, place, act) {
  const one = made("button", "link", text);
  one.addEventListener("click", async () => {
    if (one.getAttribute("aria-disabled") === "true") return;
    one.setAttribute("aria-disabled", "true"); // `disabled` would take the focus.
    try {
      await act(one);
      location.assign("/");
    } catch (problem) {
      one.textContent = text;
      one.removeAttribute("aria-disabled");
      showProblem(place, problem);
    }
  });
  return one;
}

/** Adds one after the other, each after what it needs; another try goes on with those that are left. */
function adder(answer, addable) {
  const added = [];
  return async (pressed) => {
    while (added.length < addable.length) {
      const next = addable[added.length];
      pressed.textContent = `Adding ${named(next)}…`;
      // oxlint-disable-next-line no-await-in-loop -- what one needs is there before it
      await ask("POST", "/api/libraries", { address: next.address, integrity: next.integrity });
      added.push(named(next));
      // What came is not taken back beside these words, which tell of something else.
      const told = { words: `Added ${added.join(", ")}.`, artifacts: [], binned: [] };
      remember(Object.assign(answer, told, { libraries: addable.slice(added.length) }));
    }
  };
}

/**
 * Moves a thousand at a time, and tells after each what has moved, `before` included, and what is left, which another
 * try goes on with.
 */
function mover(where, ids, before, told) {
  const moved = [...before];
  let left = ids;
  return async () => {
    while (left.length > 0) {
      // oxlint-disable-next-line no-await-in-loop -- the database writes one after the other
      const answer = await ask("POST", `/api/artifacts/${where}`, { ids: left.slice(0, AT_ONCE) });
      moved.push(...answer.ids);
      left = left.slice(AT_ONCE);
      told(moved, left);
    }
  };
}

function remember(told) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(told));
  } catch {
    // Too many to keep: the bin has them all the same.
  }
}

const named = (library) => `${library.name} ${library.version}`;

const were = (tools) => `${counted(tools)} ${tools === 1 ? "was" : "were"}`;

export const counted = (tools) => (tools === 1 ? "1 tool" : `${tools.toLocaleString("en")} tools`);
