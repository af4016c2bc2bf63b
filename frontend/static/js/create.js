import { ask } from "./api.js";
import { arrive } from "./arrive.js";
import { clearProblem, showProblem } from "./problem.js";

/** Create: one request, then the workbench. When it fails, the words stay where they are. */
export function create(form, { box, menu, files, draft, label, renew }) {
  const problem = document.querySelector("[data-problem]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const prompt = box.value;
    if (prompt.trim() === "" || form.hasAttribute("data-busy")) return;
    clearProblem(problem);
    form.toggleAttribute("data-busy", true);
    renew();
    try {
      const made = await ask("POST", "/api/artifacts", {
        prompt,
        ...(menu.value && { model: menu.value }),
        attachments: await files.read(),
        frame_label: label,
      });
      draft.forget(prompt);
      await arrive(made.artifact.url);
    } catch (error) {
      showProblem(problem, error);
    } finally {
      form.toggleAttribute("data-busy", false);
      renew();
    }
  });
}
