import { Problem, ask } from "./api.js";
import { made } from "./host/made.js";

const KEY = "sandwright.deleted";

/** Delete with undo: the card's place stays, so that nothing jumps and the way back is where one looks. */
export function deletable(cards) {
  cards?.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-delete]");
    if (!button) return;
    const card = button.closest("[data-artifact]");
    button.disabled = true;
    try {
      await ask("DELETE", `/api/artifacts/${card.dataset.artifact}`);
      leaveGap(card);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      button.disabled = false;
      button.title = error.message;
    }
  });
}

function leaveGap(card) {
  const kept = [...card.children];
  const gap = document.createElement("div");
  gap.className = "card-gone";
  const words = document.createElement("p");
  words.textContent = `Deleted “${cut(card.dataset.title)}”.`;
  const undo = undoButton(card.dataset.artifact, () => {
    card.replaceChildren(...kept);
    const button = card.querySelector("[data-delete]");
    button.disabled = false;
    button.focus();
  });
  gap.append(words, undo);
  card.replaceChildren(gap);
  undo.focus();
}

function undoButton(id, done) {
  const undo = made("button", "button", "Undo");
  undo.type = "button";
  undo.addEventListener("click", async () => {
    undo.disabled = true;
    try {
      await ask("POST", `/api/artifacts/${id}/undelete`);
      done();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      undo.disabled = false;
      undo.title = error.message;
    }
  });
  return undo;
}

const cut = (text) => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** The workbench remembers what it deleted, so that home can offer the way back. */
export function rememberDeleted(artifact) {
  sessionStorage.setItem(KEY, JSON.stringify({ id: artifact.id, title: artifact.title }));
}

export function offerUndo(place) {
  const stored = sessionStorage.getItem(KEY);
  if (!stored) return;
  sessionStorage.removeItem(KEY);
  const { id, title } = JSON.parse(stored);
  const words = document.createElement("span");
  words.textContent = `Deleted “${cut(title)}”.`;
  place.replaceChildren(words, undoButton(id, () => location.reload()));
  place.hidden = false;
}
