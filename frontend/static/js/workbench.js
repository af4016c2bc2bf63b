import { ask } from "./api.js";
import { addLibrary } from "./add-library.js";
import { ages } from "./ages.js";
import { attachments } from "./attach.js";
import { CodeView } from "./code-view.js";
import { comparing } from "./compare.js";
import { consoleView } from "./console-view.js";
import { draft } from "./draft.js";
import { amounts, estimate } from "./estimate.js";
import { exported } from "./exported.js";
import { menu } from "./menu.js";
import { models } from "./models.js";
import { pageData } from "./page-data.js";
import { permissions } from "./permissions.js";
import { pinning } from "./pin.js";
import { pageState } from "./page-state.js";
import { Preview } from "./preview.js";
import { probe } from "./probe.js";
import { clearProblem, showProblem } from "./problem.js";
import { rename } from "./rename.js";
import { Runs } from "./runs.js";
import { sheet } from "./sheet.js";
import { split } from "./split.js";
import { storedData } from "./stored-data.js";
import { submitWhenWorded } from "./submit.js";
import { tabs } from "./tabs.js";
import { themeToggle } from "./theme.js";
import { rememberDeleted, wayBack } from "./trash.js";
import { widths } from "./widths.js";

const RESTORED = "sandwright.restored";
const one = (selector) => document.querySelector(selector);
const data = pageData();
const api = `/api/artifacts/${data.artifact.id}`;
const form = document.getElementById("ask");
const box = document.getElementById("change");
const send = document.getElementById("send");
const stop = document.getElementById("stop");
const problem = form.querySelector("[data-problem]");
const model = models(form.querySelector("[data-model]"));
const stage = one("[data-stage]");

const kept = draft(box, `sandwright.change.${data.artifact.id}`);
const files = attachments(form);
const renew = submitWhenWorded(form, box, send);
const title = pageState(data.artifact.title);
const code = new CodeView(document.getElementById("panel-code"));
const showCode = comparing(document.getElementById("panel-code"), data);
const stored = storedData(data.artifact, document.getElementById("panel-data"), () => preview.reload(bench.frameUrl, { changed: true }));
const preview = new Preview(
  stage,
  consoleView(one("[data-console]"), one("[data-console-empty]"), one("[data-console-count]")),
  stored.keeper,
);
const select = tabs(one("[data-tabs]"), one("[data-views] select"), (id) => {
  code.visible(id === "tab-code");
  stored.visible(id === "tab-data");
});
const bench = new Runs({ data, preview, code, title, busyChanged, retitled, choose: (name) => wish(name, { model: "recipes/built-in" }) });
const expected = estimate(box, form.querySelector("[data-model]"), one("[data-estimate]"), {
  words: (answer) => [
    bench.shown ? `From v${bench.shown.n}: ` : "",
    answer.provider === "recipes" ? "built-in recipe, no cost" : amounts(answer),
  ],
  question: () => ({ ...model.forWish(), artifact: data.artifact.id, ...(bench.shown && { base_version: bench.shown.n }) }),
  told(yes) {
    // In the place of what stands there while nothing runs, so that nothing moves.
    one("[data-estimate]").hidden = !yes || Boolean(bench.running);
    one("[data-activity]").hidden = !one("[data-estimate]").hidden;
  },
});

themeToggle();
ages();
split(one("[data-divider]"));
sheet(one("[data-talk]"));
menu(one("[data-menu]"));
widths(one("[data-widths]"), stage);
const showTitle = rename(one("[data-title]"), data.artifact.id, title.rename);
bench.start();
landRestored();
probe();
exported(one("[data-exported]"), one("[data-options]"), stored.keeper);
const pin = pinning({ api, bench, place: one("[data-pinned]"), problem });
permissions({
  artifact: data.artifact.id,
  bench,
  preview,
  stage,
  place: one("[data-asking]"),
  panel: one("[data-permissions]"),
});

/** Restore ends here, on another page than it was pressed on: the focus goes to what it made. */
function landRestored() {
  const isOurs = sessionStorage.getItem(RESTORED) === data.artifact.id;
  sessionStorage.removeItem(RESTORED);
  if (isOurs) (one("[data-region=versions] [aria-current]") ?? one("[data-rename]")).focus();
}

function retitled(text) {
  showTitle(text);
}

function busyChanged(yes) {
  const held = document.activeElement === stop;
  document.body.toggleAttribute("data-running", yes);
  send.hidden = yes;
  stop.hidden = !yes;
  stop.disabled = false;
  stop.removeAttribute("aria-disabled");
  renew();
  if (yes) expected.stop();
  else expected.later();
  if (held && !yes) focusNext();
}

/** What was pressed is gone or disabled, and whoever works by keyboard goes on with what comes next. */
function focusNext() {
  const action = one("[data-region=step]").querySelector("button, a[href]");
  (stop.hidden ? action ?? box : stop).focus();
}

/** `button` had the focus when it was pressed; if nothing else has it by now, it goes on. */
function focusAfter(button, begun) {
  if (![document.body, button].includes(document.activeElement)) return;
  if (begun) focusNext();
  else button.focus();
}

/** Runs a request that starts a generation (`body` may be a promise); what fails is said beside the box. */
async function begin(url, body, button = null) {
  clearProblem(problem);
  const held = button !== null && document.activeElement === button;
  if (button) button.disabled = true;
  let begun = false;
  bench.wished(true); // before its first event can come
  try {
    const { generation } = await ask("POST", url, await body);
    bench.begin(generation);
    begun = true;
  } catch (error) {
    bench.wished(false);
    showProblem(problem, error);
  } finally {
    if (button) button.disabled = false;
    if (held) focusAfter(button, begun);
  }
  return begun;
}

function wish(prompt, by = model.forWish()) {
  return begin(`${api}/messages`, wished(prompt, by));
}

async function wished(prompt, by) {
  const body = { prompt, ...by };
  if (bench.shown) body.base_version = bench.shown.n;
  const attached = await files.read();
  if (attached) body.attachments = attached;
  return body;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const prompt = box.value;
  const held = document.activeElement === send;
  if (prompt.trim() === "" || bench.running || form.hasAttribute("data-busy")) return;
  form.toggleAttribute("data-busy", true);
  renew();
  try {
    if (!(await wish(prompt))) return;
    kept.forget(prompt);
    if (box.value === prompt) box.value = "";
    files.clear();
  } finally {
    form.toggleAttribute("data-busy", false);
    renew();
    if (held) focusAfter(send, send.hidden);
  }
});

stop.addEventListener("click", async () => {
  // Not `disabled`, which would take the focus from it.
  if (stop.getAttribute("aria-disabled") === "true") return;
  stop.setAttribute("aria-disabled", "true");
  try {
    await ask("POST", `/api/generations/${bench.running}/cancel`);
  } catch (error) {
    showProblem(problem, error);
  } finally {
    stop.removeAttribute("aria-disabled");
  }
});

/** Presses and goes on: what the page's other buttons do, by the attribute that names it. */
const ACTIONS = {
  fix: (button) => begin(`${api}/fix`, { version: Number(button.dataset.fix), ...model.forRun(button.dataset.instead) }, button),
  retry: (button) => begin(`/api/generations/${button.dataset.retry}/retry`, model.forRun(button.dataset.instead), button),
  continue: (button) => begin(`/api/generations/${button.dataset.continue}/continue`, model.forRun(), button),
  restore: (button) =>
    leave(async () => {
      const { version } = await ask("POST", `${api}/versions/${button.dataset.restore}/restore`);
      sessionStorage.setItem(RESTORED, data.artifact.id);
      return `${data.artifact.url}?shown=${version.n}`;
    }),
  pin: (button) => pin(Number(button.dataset.pin)),
  unpin: () => pin(null),
  fork: () =>
    leave(async () => {
      const shown = bench.shown;
      if (!shown) return null;
      return (await ask("POST", `${api}/versions/${shown.n}/fork`)).artifact.url;
    }),
  delete: () =>
    leave(async () => {
      await ask("DELETE", api);
      rememberDeleted(data.artifact);
      return "/";
    }),
  addLibrary: (button) => addLibrary(button, { api, bench, preview, problem }),
  showTests: () => select("tab-tests"),
  line: (button) => {
    select("tab-code");
    showCode();
    code.mark(Number(button.dataset.line));
  },
  halt: () => preview.halt(),
  reload: () => preview.reload(bench.frameUrl),
};

document.addEventListener("page-gone", () => {
  bench.gone();
  const said = document.createElement("p");
  said.className = "banner";
  said.setAttribute("role", "alert");
  said.append(...wayBack(data.artifact.id, "This tool was deleted.", problem));
  one("[data-region=banner]").replaceChildren(said);
});

async function leave(work) {
  clearProblem(problem);
  try {
    const url = await work();
    if (url) location.assign(url);
  } catch (error) {
    showProblem(problem, error);
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const name = button && Object.keys(ACTIONS).find((action) => action in button.dataset);
  if (name) ACTIONS[name](button);
});
