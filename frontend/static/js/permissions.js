import { ask } from "./api.js";
import { GrantQuestions } from "./grant-questions.js";
import { clearProblem, showProblem } from "./problem.js";

/** Of what a tool tries in one load, so much is looked at; a flood costs the server no more. */
const MOST_LOOKED_AT = 20;
const ASK_AGAIN_MS = 2_000;
const CAPABILITIES = { geolocation: "Where you are", clipboard_read: "Reading your clipboard" };

/**
 * What this tool may do beyond its walls: questions when it tries, and the list to look at and
 * take back. Whatever changes, the tool loads again under its new policy.
 *
 * `bench` knows the version in sight and its address, `preview` loads it.
 */
export function permissions({ artifact, bench, preview, stage, place, panel }) {
  const api = `/api/artifacts/${artifact}/grants`;
  const problem = panel.querySelector("[data-permissions-problem]");
  const form = panel.querySelector("form");
  const questions = new GrantQuestions(place, answer);
  let state = null;
  let shown = null;
  let early = []; // asked before the version in sight was known
  let looking = Promise.resolve(); // one look-up after the other, so that questions keep their order
  const looked = new Set();
  let unheard = false; // another tab has changed something before this one knew what there was
  // What was revoked in another tab of this browser ends here too, and the old address leads nowhere.
  const tabs = new BroadcastChannel(`sandwright.grants.${artifact}`);

  document.addEventListener("tool-asked", ({ detail }) => {
    if (detail.frame.title !== "Preview") return;
    if (state === null) early = [...early, detail.asked].slice(0, MOST_LOOKED_AT);
    else consider(detail.asked);
  });
  document.addEventListener("tool-loading", ({ detail }) => {
    if (detail.frame.title !== "Preview") return;
    looked.clear();
    questions.loaded();
  });
  document.addEventListener("page-renewed", ({ detail }) => renewed(detail.shown));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const field = form.elements.origin;
    change((now) => allowed(now, field.value.trim()), () => (field.value = ""));
  });
  tabs.addEventListener("message", changedElsewhere);
  renewed(bench.shown);

  async function renewed(version) {
    const n = version?.n ?? null;
    if (n === shown) return;
    const another = shown !== null;
    shown = n;
    if (n === null) return;
    if (another) questions.clear();
    try {
      state = await ask("GET", `${api}?version=${n}`);
      if (unheard) await moveOn();
    } catch (error) {
      showProblem(problem, error);
      return;
    }
    paint();
    // What streamed had no grants; now that its text is known, it has those that hold.
    const frame = stage.querySelector('iframe[title="Preview"]');
    if (another && isAny(state) && state.holds && frame?.dataset.generation) reload();
    for (const asked of early.splice(0)) consider(asked);
  }

  function consider(asked) {
    if (looked.has(asked) || looked.size >= MOST_LOOKED_AT) return;
    looked.add(asked);
    looking = looking.then(() => lookAt(asked));
  }

  async function lookAt(asked) {
    if (state.kept_blocked.includes(asked) || (state.holds && has(state, asked))) return;
    if (!asked.startsWith("https://")) {
      questions.ask(asked);
      return;
    }
    try {
      // The server says what can be granted, and how it is written.
      const { origin } = await ask("GET", `${api}/grantable?origin=${encodeURIComponent(asked)}`);
      if (origin === asked) questions.ask(origin);
    } catch {
      // It cannot be granted: the console says that it was kept inside.
    }
  }

  function answer(asked, allow) {
    change((now) => (allow ? allowed(now, asked) : { ...whole(now), kept_blocked: [...now.kept_blocked, asked] }));
  }

  /** One list, given on one version: what another version had goes only with it. */
  function allowed(now, asked) {
    const before = now.holds ? whole(now) : { network: [], geolocation: false, clipboard_read: false };
    const more = asked in CAPABILITIES ? { [asked]: true } : { network: [...before.network, asked] };
    return { ...before, ...more, version: shown };
  }

  async function change(to, done = () => {}) {
    clearProblem(problem);
    try {
      // From what holds now: another tab may have changed it since.
      const now = await ask("GET", `${api}?version=${shown}`);
      await ask("PUT", api, to(now));
      // oxlint-disable-next-line require-post-message-target-origin -- a channel has none
      tabs.postMessage(null);
      await take(now);
      done();
      const renew = JSON.stringify(inForce(state)) !== JSON.stringify(inForce(now));
      panel.querySelector("[data-permissions-said]").textContent = said(renew ? inForce(now) : null, inForce(state));
      if (renew) reload();
    } catch (error) {
      showProblem(problem, error);
      panel.dispatchEvent(new CustomEvent("permissions-problem", { bubbles: true }));
    }
  }

  async function changedElsewhere() {
    if (state === null) {
      unheard = true;
      return;
    }
    const before = state;
    try {
      await take(before);
      clearProblem(problem);
    } catch (error) {
      showProblem(problem, error);
      // What was revoked runs on here, so this is asked until it is answered.
      setTimeout(changedElsewhere, ASK_AGAIN_MS);
      return;
    }
    // What was given can wait until it loads again: the person may be in the midst of something.
    if (lost(before, state).length > 0) reload();
  }

  /** What holds now, which was `before`. */
  async function take(before) {
    const now = await ask("GET", `${api}?version=${shown}`);
    if (lost(before, now).some((one) => !(one in CAPABILITIES))) await move();
    state = now;
    paint();
  }

  /** Revoked before this page knew what it had: the new address tells. */
  async function moveOn() {
    unheard = false;
    const before = bench.frameUrl;
    await move();
    if (bench.frameUrl !== before) reload();
  }

  /** With an origin revoked the tool has a new address: it may have told its old one there. */
  async function move() {
    bench.moved((await ask("GET", `/api/artifacts/${artifact}/versions/${shown}`)).frame_url);
  }

  function reload() {
    preview.renew(bench.frameUrl);
  }

  function paint() {
    // Counts from its next load.
    stage.dataset.allow = state.allow;
    stage.querySelector('iframe[title="Preview"]')?.setAttribute("allow", state.allow);
    const { network, kept_blocked: kept, holds } = state;
    const given = [...network, ...Object.keys(CAPABILITIES).filter((name) => state[name])];
    list("given", given, "Revoke", (one) => {
      questions.forget(one);
      change((now) => without(now, one));
    });
    list("kept", kept, "Ask again", (one) => {
      questions.forget(one);
      change((now) => ({ ...whole(now), kept_blocked: now.kept_blocked.filter((other) => other !== one) }));
    });
    panel.querySelector("[data-permissions-none]").hidden = given.length > 0;
    const note = panel.querySelector("[data-permissions-more]");
    note.hidden = holds || given.length === 0;
    if (note.hidden) return;
    note.querySelector("p").textContent =
      `Version ${state.version} has none of these. You gave them ${state.given_on ? `on version ${state.given_on}` : "before there was a version"}, and this one asks for more: ${state.asks_more.map(name).join(", ")}.`;
    const button = note.querySelector("button");
    button.textContent = `Allow them for version ${state.version}`;
    button.onclick = () => change((now) => ({ ...whole(now), version: shown }));
  }

  function list(kind, items, verb, act) {
    const section = panel.querySelector(`[data-permissions-list="${kind}"]`);
    section.hidden = items.length === 0;
    section.querySelector("ul").replaceChildren(
      ...items.map((one) => {
        const words = document.createElement(one in CAPABILITIES ? "span" : "code");
        words.textContent = name(one);
        const button = document.createElement("button");
        button.type = "button";
        button.className = "button";
        button.textContent = verb;
        button.setAttribute("aria-label", `${verb}: ${name(one)}`);
        button.addEventListener("click", () => act(one));
        const item = document.createElement("li");
        item.append(words, button);
        return item;
      }),
    );
  }
}

/** What a change means, and when: a policy goes with a document, so it is for the next one. */
function said(before, now) {
  if (before === null && now === null) return "";
  const gone = lost(before, now);
  if (gone.length === 0) return "";
  return `Revoked: ${gone.map(name).join(", ")}. The tool has loaded again without it; ${elsewhere(gone)}`;
}

function lost(before, now) {
  const all = (state) => (state ? [...state.network, ...Object.keys(CAPABILITIES).filter((one) => state[one])] : []);
  return all(before).filter((one) => !all(now).includes(one));
}

function elsewhere(gone) {
  return gone.some((one) => !(one in CAPABILITIES))
    ? "it has a new address, so where it is open alone or in another browser, open it again."
    : "where it is open alone in another tab, that holds from its next load.";
}

const name = (asked) => CAPABILITIES[asked] ?? asked;
const has = (state, asked) => (asked in CAPABILITIES ? state[asked] : state.network.includes(asked));
const whole = ({ network, geolocation, clipboard_read }) => ({ network, geolocation, clipboard_read });
const inForce = (state) => (state.holds ? whole(state) : null);
const isAny = ({ network, geolocation, clipboard_read }) => network.length > 0 || geolocation || clipboard_read;

function without(now, asked) {
  const left = whole(now);
  return asked in CAPABILITIES
    ? { ...left, [asked]: false }
    : { ...left, network: left.network.filter((origin) => origin !== asked) };
}
