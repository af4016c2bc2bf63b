const RECIPES = "recipes/built-in";
const RECIPE_FIRST = "recipe-first";

/**
 * The workbench's menu of models. The server draws it anew with what ran last; what a person picked here
 * stays picked.
 */
export function models(menu) {
  let picked = null;

  const chosen = () => menu.selectedOptions[0];
  // Empty where only the server knows which its default is.
  const id = () => chosen()?.dataset.id ?? menu.value;
  const name = () => id().slice(id().indexOf("/") + 1);
  const onRecipes = () => menu.value === RECIPE_FIRST || id() === RECIPES;

  function tell() {
    for (const place of document.querySelectorAll("[data-with]")) {
      const words = `with ${(!onRecipes() && name()) || place.dataset.with}`;
      if (place.textContent !== words) place.textContent = words;
    }
  }

  menu.addEventListener("change", () => {
    picked = menu.value;
    tell();
  });
  document.addEventListener("page-renewed", () => {
    const options = [...menu.options];
    const shown = options.find((one) => one.value === picked) ?? options.find((one) => one.defaultSelected) ?? options[0];
    shown.selected = true;
    tell();
  });
  tell();

  return {
    /** What a wish says of the model. */
    forWish() {
      if (menu.value === RECIPE_FIRST) return { recipe_first: true };
      return menu.value ? { model: menu.value } : {};
    },

    /** The same of a run that was there before; `instead` is the model where the recipes will not do. */
    forRun(instead) {
      const model = (onRecipes() && instead) || id();
      if (model !== id()) picked = null; // What runs is shown.
      return model ? { model } : {};
    },
  };
}
