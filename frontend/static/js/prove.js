import { ask, Problem } from "./api.js";
import { pageData } from "./page-data.js";
import { showProblem } from "./problem.js";
import { attempts } from "./prove-attempt.js";
import { reportUrl } from "./prove-report.js";
import { table, VERDICTS } from "./prove-table.js";
import { themeToggle } from "./theme.js";

const AT_ONCE = 6;

const one = (name) => document.querySelector(`[data-${name}]`);
const { id, cases: all, sandbox, allow, version, command } = pageData();
const REASONS = {
  outside: "it would take over this very page; the project’s own tests watch it from outside",
  engine: "this browser has no such means",
  names: `only a name server of ours hears it; ${command} asks one`,
  eyes: `what it gains stays in the tool, where this page cannot look; ${command} looks`,
  tab: `it needs a tab of its own; ${command} opens one`,
  hand: `it needs a hand; ${command} lends one`,
};
const AWAY = {
  title: "The server did not answer.",
  detail: "What was found until then stands below.",
  action: "See that Sandwright is still running, then run the attacks again.",
};

const [headline, said, announced, ruler, stop, report] = ["headline", "said", "announced", "ruler", "stop", "report"].map(one);
// `sandwright prove` drives this page and lends it what a page has not.
const { sandwrightLend: lend = null, sandwrightPlan: plan = {} } = window;
const counts = { out: 0, held: 0, unproven: 0 };
const results = new Map();

// Whoever drives this page must not wait in vain.
for (const type of ["error", "unhandledrejection"]) {
  addEventListener(type, (event) => {
    document.documentElement.dataset.broken = event.message ?? event.reason;
    document.documentElement.dataset.proof ??= "broken";
  });
}
themeToggle();
one("stage").toggleAttribute("data-lent", lend !== null);
const asked = all.filter(({ name, class: kind }) => !plan.only || plan.only.includes(name) || plan.only.includes(kind));
const rest = asked.map((each) => ({ ...each, reason: whyNot(each) })).filter(({ reason }) => reason);
const cases = asked.filter((each) => !whyNot(each));
const shown = table(one("table"), one("glyphs"), cases, rest);
const ended = new Promise((done) => {
  stop.addEventListener("click", () => {
    // Not `disabled`, which would take the focus from who stopped by keyboard.
    stop.setAttribute("aria-disabled", "true");
    done();
  });
});
// early.js waits for who attends frames that stood there before; here are none.
document.dispatchEvent(new CustomEvent("frame-offers", { detail: { receive: () => {} } }));
let isEnded = false;
ended.then(() => (isEnded = true));
const tries = attempts({ id, sandbox, allow, stage: one("stage"), lend, ended });
run();

function whyNot({ needs, engines }) {
  if (needs.includes("outside")) return REASONS.outside;
  if (!engines.includes(engine())) return REASONS.engine;
  if (lend === null) return needs.length > 0 ? REASONS[needs[0]] : "";
  return needs.includes("names") && !plan.names ? plan.noNames : "";
}

function engine() {
  if (CSS.supports("-moz-appearance", "none")) return "firefox";
  return "GestureEvent" in window || CSS.supports("-apple-pay-button-style", "plain") ? "webkit" : "chromium";
}

async function run() {
  tell();
  try {
    const alone = cases.filter(({ needs }) => needs.length === 0);
    const batches = [];
    for (let at = 0; at < alone.length; at += AT_ONCE) batches.push(alone.slice(at, at + AT_ONCE));
    // One after the other: each must have the machine to itself.
    await inTurn(batches, (batch) => tryAll(batch, tries.together));
    await inTurn(cases.filter(({ needs }) => needs.length > 0), (each) => tryAll([each], async () => [await tries.byHand(each)]));
    await ask("DELETE", `/prove/${id}`);
    finish(isEnded ? "stopped" : "done");
  } catch (error) {
    showProblem(one("problem"), error.status === 0 ? new Problem(AWAY) : error);
    finish("failed");
  }
}

function inTurn(list, work) {
  return list.reduce((before, each) => before.then(() => (isEnded ? null : work(each))), Promise.resolve());
}

/** What could not be proven is tried once more by itself: a machine may be busy with something else. */
async function tryAll(some, tryThem, last = false) {
  for (const each of some) shown.trying(each, true);
  const seen = await tryThem(some);
  for (const each of some) shown.trying(each, false);
  if (isEnded) return;
  const again = [];
  some.forEach((each, at) => {
    if (!last && verdictOf(seen[at]) === "unproven") again.push(each);
    else judge(each, seen[at]);
  });
  tell();
  await inTurn(again, (each) => tryAll([each], tryThem, true));
}

function verdictOf({ control = false, attack = false, ran }) {
  if (attack) return "out";
  return control && ran ? "held" : "unproven";
}

function judge(each, { control = false, attack = false, ran, how = "" }) {
  const verdict = verdictOf({ control, attack, ran });
  counts[verdict] += 1;
  results.set(each.name, { control, attack, ran, how, verdict });
  shown.show(each, verdict, { control, attack, ran, how });
  if (verdict === "out") announced.textContent = `Got out: ${each.name}`;
}

function attacks(number) {
  return `${number} ${number === 1 ? "attack" : "attacks"}`;
}

function tell(left = 0) {
  const done = results.size;
  headline.textContent = `${done} of ${attacks(cases.length)} tried`;
  for (const [name, number] of Object.entries({ ...counts, rest: rest.length + left })) {
    one(`count-${name}`).textContent = number;
  }
  ruler.toggleAttribute("data-filled", done > 0);
  ruler.firstElementChild.style.transform = `translateX(${(done / Math.max(1, cases.length)) * 101 - 101}%)`;
  window.sandwrightTold?.(headline.textContent);
}

function finish(state) {
  for (const each of cases) if (!results.has(each.name)) shown.left(each);
  tell(cases.length - results.size);
  const { out, held, unproven } = counts;
  if (out > 0) headline.textContent = `${attacks(out)} got out.`;
  else if (state === "done" && held > 0) headline.textContent = unproven ? `Nothing was seen to get out.` : "Nothing got out.";
  else if (state === "done") headline.textContent = "Nothing was proven.";
  else headline.textContent = `${state === "stopped" ? "Stopped" : "Broken off"} after ${results.size} of ${attacks(cases.length)}.`;
  said.textContent = words(state);
  announced.textContent = `${headline.textContent} ${said.textContent}`;
  const hadFocus = document.activeElement === stop;
  stop.hidden = true;
  one("again").hidden = false;
  report.href = reportUrl({ state, version, cases, rest, results, words: VERDICTS });
  report.hidden = false;
  document.documentElement.dataset.proof = state;
  document.documentElement.toggleAttribute("data-out", out > 0);
  if (hadFocus) headline.focus();
}

function words(state) {
  const { out, held, unproven } = counts;
  const parts = [];
  if (out > 0) parts.push("Whatever a tool knows can leave that way. Open only tools that you would trust with it until this is mended, and send the report to whoever keeps Sandwright up.");
  if (held > 0) parts.push(`${attacks(held)} ran here as a tool and ${held === 1 ? "was" : "were"} silent; with no walls the same ${held === 1 ? "was" : "were"} heard.`);
  if (unproven > 0) parts.push(`${attacks(unproven)} could not be proven: not heard with no walls either (a private window, for one, opens no connections ahead), or not run as a tool.`);
  if (state === "stopped") parts.push("You stopped the rest.");
  return parts.join(" ");
}
