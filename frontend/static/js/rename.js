import { Problem, ask } from "./api.js";

/** The title is a button that turns into a field: Enter keeps, Escape gives up. */
export function rename(heading, artifact, renamed) {
  const button = heading.querySelector("[data-rename]");
  button.addEventListener("click", () => {
    const input = document.createElement("input");
    input.value = button.textContent;
    input.setAttribute("aria-label", "Title");
    button.hidden = true;
    heading.append(input);
    input.focus();
    input.select();
    let open = true;
    const close = async (keep) => {
      if (!open) return;
      open = false;
      const title = input.value.trim();
      const back = document.activeElement === input;
      input.remove();
      button.hidden = false;
      if (back) button.focus();
      if (keep && title && title !== button.textContent) await store(title);
    };
    input.addEventListener("blur", () => close(true));
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "Enter") {
        event.preventDefault(); // The same key would press the button that gets the focus.
        close(true);
      }
      if (event.key === "Escape") close(false);
    });
  });

  function show(title) {
    button.textContent = title;
    button.title = title.slice(0, 600);
    renamed(title);
  }

  async function store(title) {
    const before = button.textContent;
    button.textContent = title;
    try {
      const kept = await ask("PATCH", `/api/artifacts/${artifact}`, { title });
      show(kept.title);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      button.textContent = before;
      button.title = error.message;
    }
  }
  return show;
}
