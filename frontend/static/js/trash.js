import { Problem, ask } from "./api.js";
import { made } from "./host/made.js";
import { clearProblem, showProblem } from "./problem.js";

const KEY = "sandwright.deleted";

/**
 * Delete with undo: the card's place stays, so that nothing jumps and the way back is where one looks. What fails is
 * said in `place`.
 */
export function deletable(cards, place) {
  cards?.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-delete]");
    if (!button) return;
    const card = button.closest("[data-artifact]");
    await tried(button, place, async () => {
      await ask("DELETE", `/api/artifacts/${card.dataset.artifact}`);
      leaveGap(card, place);
    });
  });
}

/** Does what a button is for, once at a time; what fails is said in `place`. */
export async function tried(button, place, act) {
  clearProblem(place);
  button.disabled = true;
  try {
    await act();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    button.disabled = false;
    button.focus({ preventScroll: true });
    showProblem(place, error);
    place.scrollIntoView({ block: "nearest" });
  }
}

function leaveGap(card, place) {
  const kept = [...card.children];
  const gap = document.createElement("div");
  gap.className = "card-gone";
  const words = document.createElement("p");
  words.textContent = `Deleted “${cut(card.dataset.title)}”.`;
  const undo = undoButton(card.dataset.artifact, place, () => {
    card.replaceChildren(...kept);
    const button = card.querySelector("[data-delete]");
    button.disabled = false;
    button.focus();
  });
  gap.append(words, undo);
  card.replaceChildren(gap);
  undo.focus();
  for (const link of document.querySelectorAll("[data-bin]")) link.hidden = false;
}

function undoButton(id, place, done) {
  const undo = made("button", "button", "Undo");
  const bringBack = async () => {
    await ask("POST", `/api/artifacts/${id}/undelete`);
    done();
  };
  undo.addEventListener("click", () => tried(undo, place, bringBack));
  return undo;
}

/** A title as far as a sentence can hold it. */
export const cut = (text) => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** The workbench remembers what it deleted, so that home can offer the way back. */
export function rememberDeleted(artifact) {
  sessionStorage.setItem(KEY, JSON.stringify({ id: artifact.id, title: artifact.title }));
}

/** What fails is said in `problem`. */
export function offerUndo(place, problem) {
  const stored = sessionStorage.getItem(KEY);
  if (!stored) return;
  sessionStorage.removeItem(KEY);
  const { id, title } = JSON.parse(stored);
  place.replaceChildren(...wayBack(id, `Deleted “${cut(title)}”.`, problem));
  place.hidden = false;
}

/** `words`, and both ways to have a tool back; what fails is said in `problem`. */
export function wayBack(id, words, problem) {
  const bin = made("a", "", "Open the bin");
  bin.href = "/bin";
  return [made("span", "", words), undoButton(id, problem, () => location.reload()), bin];
}
