import { Problem, ask } from "./api.js";

const PAUSE = 180;

/** Says under the box, while one types, what Create would do: which recipe, or which are nearest. */
export function estimate(box, menu, place, recipes) {
  let timer = 0;
  let turn = 0;
  const later = () => {
    clearTimeout(timer);
    if (box.value.trim() === "") {
      turn += 1;
      place.replaceChildren();
      return;
    }
    timer = setTimeout(now, PAUSE);
  };

  async function now() {
    turn += 1;
    const mine = turn;
    try {
      const answer = await ask("POST", "/api/estimate", { prompt: box.value, ...(menu.value && { model: menu.value }) });
      if (mine === turn) place.replaceChildren(...words(answer, recipes));
    } catch (error) {
      // An estimate is a kindness: when it cannot be had, nothing is said.
      if (!(error instanceof Problem)) throw error;
      if (mine === turn) place.replaceChildren();
    }
  }

  // Once it is asked for, the estimate is of no use, and the server has better things to do.
  box.form.addEventListener("submit", () => clearTimeout(timer));
  box.addEventListener("input", later);
  menu.addEventListener("change", later);
  later();
}

function strong(text) {
  const b = document.createElement("b");
  b.textContent = text;
  return b;
}

function words(answer, recipes) {
  if (answer.provider !== "recipes") {
    const cost = answer.cost ? `${answer.cost.amount} ${answer.cost.currency}` : "price unknown";
    const tokens = answer.tokens_out ? `about ${answer.tokens_out.toLocaleString("en")} tokens, ` : "";
    return [strong(`${answer.provider}/${answer.model}`), `: ${tokens}${cost}`];
  }
  if (answer.recipe) {
    const recipe = recipes.find((one) => one.name === answer.recipe);
    return ["Built-in recipe: ", strong(recipe?.title ?? answer.recipe)];
  }
  const nearest = (answer.nearest ?? []).slice(0, 3).map((one) => one.title);
  if (nearest.length === 0) return ["No built-in recipe fits."];
  return ["No built-in recipe fits; nearest: ", strong(nearest.join(", "))];
}
