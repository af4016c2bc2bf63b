import { ask } from "./api.js";
import { pageData } from "./page-data.js";
import { themeToggle } from "./theme.js";

const AT_ONCE = 6;
const CONTROL_MS = 4000;
const QUIET_MS = 1800;
const POLL_MS = 200;

const { id, cases, sandbox, allow } = pageData();
const stage = document.querySelector("[data-prove-stage]");
const sum = document.querySelector("[data-sum]");
const ruler = document.querySelector("[data-ruler]");
const counts = { done: 0, held: 0, broken: 0, unproven: 0 };

themeToggle();
run();

async function run() {
  const batches = [];
  for (let at = 0; at < cases.length; at += AT_ONCE) batches.push(cases.slice(at, at + AT_ONCE));
  tell();
  // One batch after the other: each must have the machine to itself.
  await batches.reduce((before, batch) => before.then(() => tryAll(batch)), Promise.resolve());
  await ask("DELETE", `/prove/${id}`);
  document.documentElement.dataset.proof = "done";
  tell();
}

/** First without walls, until each is heard; then behind them, while nothing may be heard. */
async function tryAll(batch) {
  for (const one of batch) row(one).toggleAttribute("data-now", true);
  const open = batch.map((one) => frame(one.control, { sandbox: "allow-scripts allow-same-origin allow-forms" }));
  await until(CONTROL_MS, (heard) => batch.every((one) => heard[one.name]?.control));
  for (const one of open) one.remove();
  const closed = batch.map((one) => frame(one.attack, { sandbox, allow }));
  await Promise.all([...closed.map(loaded), pause(QUIET_MS)]);
  await pause(QUIET_MS);
  for (const one of closed) one.remove();
  const heard = await ask("GET", `/prove/${id}/heard`);
  for (const one of batch) judge(one, heard[one.name] ?? {});
  tell();
}

function frame(url, attributes) {
  const made = document.createElement("iframe");
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.referrerPolicy = "no-referrer";
  made.src = url;
  stage.append(made);
  return made;
}

function loaded(made) {
  return Promise.race([new Promise((done) => made.addEventListener("load", done)), pause(CONTROL_MS)]);
}

function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

async function until(ms, holds) {
  const start = performance.now();
  const look = async () => {
    if (holds(await ask("GET", `/prove/${id}/heard`)) || performance.now() - start > ms) return;
    await pause(POLL_MS);
    await look();
  };
  await look();
}

function judge(one, { control = false, attack = false }) {
  const verdict = verdictOf(control, attack);
  counts.done += 1;
  counts[verdict.counts] += 1;
  const shown = row(one);
  shown.removeAttribute("data-now");
  shown.dataset.verdict = verdict.counts;
  shown.querySelector("[data-control]").textContent = control ? "heard" : "silent";
  shown.querySelector("[data-attack]").textContent = attack ? "heard" : "silent";
  const word = document.createElement("span");
  word.className = "verdict";
  word.dataset.verdict = verdict.colour;
  word.textContent = verdict.words;
  shown.querySelector("[data-verdict-cell]").replaceChildren(word);
}

function verdictOf(control, attack) {
  if (attack) return { counts: "broken", colour: "failed", words: "✕ got out" };
  if (control) return { counts: "held", colour: "passed", words: "✓ held" };
  return { counts: "unproven", colour: "not tested", words: "○ not proven" };
}

function row(one) {
  return document.querySelector(`[data-case="${CSS.escape(one.name)}"]`);
}

function tell() {
  const { done, held, broken, unproven } = counts;
  const found = `${broken} got out, ${held} held, ${unproven} not proven`;
  sum.textContent = done < cases.length ? `${done} of ${cases.length} tried: ${found}` : `${cases.length} tried: ${found}.`;
  ruler.toggleAttribute("data-filled", done > 0);
  ruler.firstElementChild.style.transform = `translateX(${(done / cases.length) * 100 - 101}%)`;
}
