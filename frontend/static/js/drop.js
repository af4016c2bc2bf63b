import { Problem } from "./api.js";
import { made } from "./host/made.js";
import { toolIn } from "./pasted.js";
import { showProblem } from "./problem.js";

const KINDS = /\.(?:html?|zip|[jt]sx|svg|md|markdown)$/i;
const ACCEPTED = "HTML, a zip of a page with its files, .jsx, .tsx, .svg or .md are taken, one file at a time.";

/**
 * A file that is dropped on the page, or pasted, is imported by `take`, and so is a text that is a tool. What is
 * dropped on `form` goes with a wish (`attach`), and what is pasted into its box is a part of it: a file of another
 * kind is attached, and a whole tool stays a text, with an offer in `place`.
 */
export function dropping(form, { take, attach, place, problem }) {
  const box = form.querySelector("textarea");

  const takeAll = (given, text) => {
    try {
      const file = brought(given, text);
      if (file) take(file);
    } catch (error) {
      showProblem(problem, error);
    }
  };

  const hear = (name, listener) =>
    addEventListener(name, (event) => {
      if (form.isConnected) listener(event); // another page may be opened in this one's place
    });

  hear("dragover", (event) => {
    const isWish = form.contains(event.target);
    const { types } = event.dataTransfer;
    if (types.includes("Files")) document.body.dataset.dropping = isWish ? "wish" : "page";
    else if (isWish || !types.includes("text/plain")) return;
    event.preventDefault();
  });
  hear("dragleave", (event) => {
    if (!event.relatedTarget) delete document.body.dataset.dropping;
  });
  hear("drop", (event) => {
    delete document.body.dataset.dropping;
    if (event.target === box) return;
    event.preventDefault();
    if (form.contains(event.target)) return;
    takeAll(event.dataTransfer, event.dataTransfer.getData("text/plain"));
  });
  hear("paste", (event) => {
    const { clipboardData: given, target } = event;
    const text = given.getData("text/plain");
    const [file] = given.files;
    // Some systems give a file's name beside it; a text with a picture of it is a text.
    if (file && (text === "" || text === file.name)) {
      event.preventDefault();
      if (target === box && !KINDS.test(file.name)) attach([...given.files]);
      else takeAll(given, "");
    } else if (target === box) {
      offer(text, { box, take, place });
    } else if (!target.closest?.("input, textarea, [contenteditable]") && toolIn(text)) {
      event.preventDefault();
      takeAll(given, text);
    }
  });
}

/** Many people paste a tool where they are asked for words. It stays there until it was imported. */
function offer(text, { box, take, place }) {
  const found = toolIn(text);
  if (!found?.isWhole) return;
  const pasted = text.replaceAll("\r\n", "\n");
  const button = made("button", "link", `Import it as a ${found.name}`);
  button.addEventListener("click", async () => {
    place.hidden = true;
    if (!(await take(found.file))) return;
    box.value = box.value.replace(pasted, () => "");
    box.dispatchEvent(new Event("input", { bubbles: true }));
  });
  const gone = () => {
    if (box.value.includes(pasted)) return;
    place.hidden = true;
    box.removeEventListener("input", gone);
  };
  box.addEventListener("input", gone);
  place.replaceChildren(`${found.said} `, button);
  place.hidden = false;
}

/** @throws {Problem} */
function brought({ files, items }, text) {
  if ([...items].some((item) => item.webkitGetAsEntry?.()?.isDirectory)) {
    throw new Problem({ title: "That is a folder.", detail: "Pack it as a zip.", action: ACCEPTED });
  }
  if (files.length > 1) throw new Problem({ title: `Those are ${files.length} files.`, action: ACCEPTED });
  if (files.length === 1) return files[0];
  return toolIn(text)?.file ?? null;
}
