import { made } from "./host/made.js";

/**
 * Asks, in a dialog, before what cannot be undone. Escape keeps all as it is, and so does the button that has the focus.
 * @returns {Promise<boolean>} whether the person said yes
 */
export function confirmed({ title, words, keep, go }) {
  const dialog = made("dialog", "confirm");
  const heading = made("h2", "", title);
  const told = made("p", "", words);
  heading.id = "confirm-title";
  told.id = "confirm-words";
  dialog.setAttribute("aria-labelledby", heading.id);
  dialog.setAttribute("aria-describedby", told.id);
  const [stay, yes] = [made("button", "button", keep), made("button", "button danger", go)];
  const row = made("div", "confirm-row");
  row.append(stay, yes);
  dialog.append(heading, told, row);
  stay.autofocus = true;
  stay.addEventListener("click", () => dialog.close());
  yes.addEventListener("click", () => dialog.close("yes"));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((answer) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    });
  });
}
