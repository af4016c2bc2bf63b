import { openAhead } from "./ahead.js";
import { askForPage } from "./api.js";
import { arrive } from "./arrive.js";
import { clearProblem, showProblem } from "./problem.js";

/** Create: one request, and its answer is the workbench. When it fails, the words stay where they are. */
export function create(form, { box, menu, files, draft, frame, renew }) {
  const problem = document.querySelector("[data-problem]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const prompt = box.value;
    if (prompt.trim() === "" || form.hasAttribute("data-busy")) return;
    clearProblem(problem);
    form.toggleAttribute("data-busy", true);
    renew();
    let ahead = null;
    try {
      const answer = askForPage("/artifacts", {
        prompt,
        ...(menu.value && { model: menu.value }),
        attachments: await files.read(),
        frame_label: frame.label,
        frame_secret: frame.secret,
      });
      ahead = openAhead(frame); // While the answer is on its way.
      const page = await answer;
      draft.forget(prompt);
      await arrive(page, ahead);
    } catch (error) {
      showProblem(problem, error);
    } finally {
      ahead?.close();
      form.toggleAttribute("data-busy", false);
      renew();
    }
  });
}
