import { Problem, ask } from "./api.js";

/** When no recipe fits, the nearest three stand as buttons; `choose` is given the name that is pressed. */
export async function nearest(box, choose) {
  const list = box?.querySelector("[data-nearest]");
  if (!list || box.dataset.asked) return;
  box.dataset.asked = "yes";
  let answer;
  try {
    answer = await ask("POST", "/api/estimate", { prompt: box.dataset.prompt, model: "recipes/built-in" });
  } catch (error) {
    if (error instanceof Problem) return; // The decline itself stands; only its hints are missing.
    throw error;
  }
  const found = (answer.nearest ?? []).slice(0, 3);
  box.querySelector("[data-nearest-label]").hidden = found.length === 0;
  list.replaceChildren(
    ...found.map((one) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "chip";
      button.textContent = one.title;
      button.title = one.example;
      button.addEventListener("click", () => choose(one.title));
      const item = document.createElement("li");
      item.append(button);
      return item;
    }),
  );
}
