import { ages } from "./ages.js";
import { ask } from "./api.js";
import { counted } from "./brought.js";
import { confirmed } from "./confirm.js";
import { made } from "./host/made.js";
import { themeToggle } from "./theme.js";
import { cut, tried } from "./trash.js";

const one = (name) => document.querySelector(`[data-${name}]`);
const [filled, count, empty, nothing, problem] = ["filled", "count", "empty", "nothing", "problem"].map(one);
const FINAL = "This cannot be undone.";

themeToggle();
ages();

document.getElementById("binned")?.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const act = "restore" in button.dataset ? restore : deleteForGood;
  act(button.closest("[data-artifact]"), button);
});
empty?.addEventListener("click", emptyAll);

function restore(row, button) {
  const { artifact, title } = row.dataset;
  return tried(button, problem, async () => {
    await ask("POST", `/api/artifacts/${artifact}/undelete`);
    const link = made("a", "", "Open it");
    link.href = `/artifacts/${artifact}`;
    leave(row, `“${cut(title)}” is back among your tools. `, link);
    link.focus();
  });
}

async function deleteForGood(row, button) {
  const { artifact, title, versions } = row.dataset;
  const its = { 0: "Its", 1: "Its one version, its" }[versions] ?? `Its ${versions} versions, its`;
  const asked = {
    title: `Delete “${cut(title)}” for good?`,
    words: `${its} conversation, test reports and what it has stored are lost. ${FINAL}`,
    keep: "Keep it",
    go: "Delete for good",
  };
  if (!(await confirmed(asked))) return;
  await tried(button, problem, async () => {
    await ask("DELETE", `/api/artifacts/bin/${artifact}`);
    leave(row, `“${cut(title)}” is deleted for good.`).focus();
  });
}

/** Deletes all that this page counted; what came into the bin since stays, for nobody was asked about it. */
async function emptyAll() {
  const left = Number(count.dataset.count);
  const tools = left === 1 ? "The one tool in it is" : `All ${counted(left)} in it are`;
  const asked = {
    title: "Empty the bin?",
    words: `${tools} deleted for good, with every version, the conversations, test reports and stored data. ${FINAL}`,
    keep: "Keep the bin",
    go: `Delete ${counted(left)} for good`,
  };
  if (!(await confirmed(asked))) return;
  await tried(empty, problem, async () => {
    await ask("DELETE", `/api/artifacts/bin?until=${encodeURIComponent(empty.dataset.until)}`);
    location.assign("/bin");
  });
}

/** The row's place stays, so that nothing jumps, and says what became of the tool. */
function leave(row, words, ...more) {
  const said = made("p", "quiet", words);
  said.tabIndex = -1;
  said.append(...more);
  row.replaceChildren(said);
  const left = Number(count.dataset.count) - 1;
  count.dataset.count = left;
  count.textContent = counted(left);
  filled.hidden = left === 0;
  nothing.hidden = left > 0;
  return said;
}
