import { Problem, ask } from "./api.js";

const PAUSE = 180;

/**
 * Says by the box, while one types, what sending would do: which recipe, or which are nearest; with a model
 * how many tokens, and what they cost. `question` says what else is asked; `told` hears whether something is said.
 */
export function estimate(box, menu, place, { words, question = () => menu.value && { model: menu.value }, told = () => {} }) {
  let timer = 0;
  let turn = 0;
  const later = () => {
    clearTimeout(timer);
    if (box.value.trim() === "") {
      say([]);
      return;
    }
    timer = setTimeout(now, PAUSE);
  };

  function say(nodes) {
    turn += 1;
    place.replaceChildren(...nodes);
    told(nodes.length > 0);
  }

  async function now() {
    turn += 1;
    const mine = turn;
    try {
      const answer = await ask("POST", "/api/estimate", { prompt: box.value, ...question() });
      if (mine === turn) say(words(answer));
    } catch (error) {
      // An estimate is a kindness: when it cannot be had, nothing is said.
      if (!(error instanceof Problem)) throw error;
      if (mine === turn) say([]);
    }
  }

  // Once it is asked for, the estimate is of no use, and the server has better things to do.
  box.form.addEventListener("submit", () => clearTimeout(timer));
  box.addEventListener("input", later);
  menu.addEventListener("change", later);
  later();
  return {
    later,
    /** What runs or was sent needs no estimate. */
    stop() {
      clearTimeout(timer);
      say([]);
    },
  };
}

function strong(text) {
  const b = document.createElement("b");
  b.textContent = text;
  return b;
}

/** "about 1.3 k in, 3–5 k out, ≈ $0.04" */
export function amounts(answer) {
  const { tokens_in: sent, tokens_out_least: least, tokens_out: most, cost } = answer;
  const out = short(least) === short(most) ? short(most) : `${short(least).replace(/ k$/, "")}–${short(most)}`;
  return `about ${short(sent)} in, ${out} out, ${cost ? `≈ ${dollars(cost.amount)}` : "price unknown"}`;
}

function short(count) {
  if (count < 1000) return `${count}`;
  const thousands = count / 1000;
  return `${thousands < 10 ? Number(thousands.toFixed(1)) : Math.round(thousands)} k`;
}

function dollars(amount) {
  if (amount === 0) return "$0";
  return amount < 0.01 ? `$${amount.toFixed(4)}` : `$${amount.toFixed(2)}`;
}

/** Home's words. */
export function wordsFor(recipes) {
  return (answer) => {
    if (answer.provider !== "recipes") return [strong(`${answer.provider}/${answer.model}`), `: ${amounts(answer)}`];
    if (answer.recipe) {
      const recipe = recipes.find((one) => one.name === answer.recipe);
      return ["Built-in recipe: ", strong(recipe?.title ?? answer.recipe)];
    }
    const nearest = (answer.nearest ?? []).slice(0, 3).map((one) => one.title);
    if (nearest.length === 0) return ["No built-in recipe fits."];
    return ["No built-in recipe fits; nearest: ", strong(nearest.join(", "))];
  };
}
