import { Problem } from "./api.js";

/** Shows a problem in its place: what happened, what is safe, what to do. */
export function showProblem(place, error) {
  if (!(error instanceof Problem)) throw error;
  const title = document.createElement("strong");
  title.textContent = error.title;
  place.replaceChildren(title, ` ${[error.detail, error.action].filter(Boolean).join(" ")}`);
  place.setAttribute("role", "alert");
  place.hidden = false;
}

export function clearProblem(place) {
  place.hidden = true;
  place.replaceChildren();
}
