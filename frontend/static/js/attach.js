import { Problem } from "./api.js";
import { clearProblem, showProblem } from "./problem.js";

const LIMIT = 10 * 1024 * 1024;

/** Files that go with a wish. `read()` gives the API's `attachments`, or undefined for none. */
export function attachments(form) {
  const input = form.querySelector("[data-attach-input]");
  const list = form.querySelector("[data-attachments]");
  const problem = form.querySelector("[data-problem]") ?? document.querySelector("[data-problem]");
  let files = [];
  let sent = [];

  form.querySelector("[data-attach]").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    add([...input.files]);
    input.value = "";
  });
  // A text goes into the box as the browser does it.
  const hear = (name, use) =>
    form.addEventListener(name, (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      use(event.dataTransfer);
    });
  hear("dragover", () => {});
  hear("drop", ({ files: dropped }) => add([...dropped]));

  function add(more) {
    clearProblem(problem);
    const all = [...files, ...more];
    if (all.reduce((sum, file) => sum + file.size, 0) > LIMIT) {
      showProblem(problem, new Problem({ title: "Too large.", detail: "Attachments may have 10 MB together. Nothing was added." }));
      return;
    }
    files = all;
    show();
  }

  function show() {
    list.hidden = files.length === 0;
    list.replaceChildren(...files.map(row));
  }

  function row(file) {
    const name = document.createElement("span");
    name.className = "name";
    name.textContent = file.name;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "button quiet square";
    remove.setAttribute("aria-label", `Remove ${file.name}`);
    remove.textContent = "×";
    remove.addEventListener("click", () => {
      files = files.filter((other) => other !== file);
      show();
      form.querySelector("[data-attach]").focus();
    });
    const item = document.createElement("li");
    item.append(name, remove);
    return item;
  }

  return {
    add,
    async read() {
      sent = files;
      if (files.length === 0) return undefined;
      return Promise.all(
        files.map(async (file) => ({
          name: file.name,
          media_type: file.type || "application/octet-stream",
          data: await base64(file),
        })),
      );
    },
    /** Takes away what was read last; what was added since stays. */
    clear() {
      files = files.filter((file) => !sent.includes(file));
      show();
    },
  };
}

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result.slice(reader.result.indexOf(",") + 1)));
    reader.addEventListener("error", () => reject(new Problem({ title: "A file could not be read.", detail: file.name })));
    reader.readAsDataURL(file);
  });
}
