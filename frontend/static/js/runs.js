import { events } from "./events.js";
import { LiveAnswer } from "./live-answer.js";
import { nearest } from "./nearest.js";
import { Progress } from "./progress.js";
import { refresh } from "./refresh.js";

const ACTIVE = new Set(["queued", "streaming", "testing"]);
const FRESH = ["artifact", "generation", "shown", "selected", "newest", "frame_url", "idle"];

const one = (selector) => document.querySelector(selector);

/**
 * Follows the artifact's generations through the event connection and keeps the page in step:
 * words and ruler while one runs, the server's own regions when one begins, is judged or ends.
 */
export class Runs {
  #data;
  #preview;
  #code;
  #title;
  #busyChanged;
  #choose;
  #retitled;
  #thread = one("#thread");
  #messages = one("[data-region=messages]");
  #versions = one("[data-region=versions]");
  #verdict = one("#verdict");
  #answer = new LiveAnswer(one("[data-live]"), one("#thread"));
  #progress = new Progress(one("[data-activity]"), one("[data-ruler]"));
  #run = null;
  // An older version is looked at: what is written meanwhile is followed, and leaves it in sight.
  #aside;
  #asked = null;
  // The number of the version in the frame: it stays in sight here whichever is live by now.
  #sight;
  #gone = false;
  // Generations that are over: a replay of the journal must not start them again.
  #over;

  /**
   * `busyChanged(yes)` is told when a run begins and ends, `retitled(title)` when the tool has a new
   * title; `choose(prompt)` sends a wish.
   */
  constructor({ data, preview, code, title, busyChanged, retitled, choose }) {
    this.#data = data;
    this.#preview = preview;
    this.#code = code;
    this.#title = title;
    this.#busyChanged = busyChanged;
    this.#choose = choose;
    this.#retitled = retitled;
    this.#over = new Set(data.known ?? []);
    this.#aside = data.selected !== null;
    this.#sight = data.shown?.n ?? null;
  }

  /** Takes up what the page was served with, then listens. */
  start() {
    const { generation, shown, artifact } = this.#data;
    // Whoever opens the tool again finds the live version.
    if (location.search) history.replaceState(null, "", location.pathname);
    this.#thread.scrollTop = this.#thread.scrollHeight;
    if (shown) this.#code.stored(this.#source(shown));
    if (generation) this.#over.add(generation.id);
    if (generation && ACTIVE.has(generation.state)) {
      this.#over.delete(generation.id);
      this.begin(generation, { served: true });
    } else {
      this.#settled();
    }
    let away = false;
    events({
      artifact: artifact.id,
      // From the start of what runs: it may end before the connection stands.
      after: this.#run ? `${this.#run.id}:0` : (this.#data.events_after ?? null),
      handle: (kind, event) => this.#handle(kind, event),
      connected: (yes) => {
        if (yes && away) this.#returned();
        away = !yes;
        this.#progress.away(away);
      },
    });
  }

  /** The id of the generation that runs, or null. */
  get running() {
    return this.#run?.id ?? null;
  }

  get shown() {
    return this.#data.shown;
  }

  get artifact() {
    return this.#data.artifact;
  }

  get frameUrl() {
    return this.#data.frame_url ?? "about:blank";
  }

  /** The version in sight has another address. */
  moved(url) {
    this.#data.frame_url = url;
    document.querySelector('[data-region="open"] a')?.setAttribute("href", url);
  }

  /** This page asks for a test of a version that was tested before: whatever it says is shown. */
  testing(version) {
    this.#asked = version;
  }

  /** What begins from now on was wished for here (or, after all, was not), so it comes into sight. */
  wished(yes) {
    this.#aside = !yes && this.#data.selected !== null;
  }

  /** The tool was deleted elsewhere: the server has no word of it any more, and what stands here is over. */
  gone() {
    this.#say("Deleted");
    this.#gone = true;
    this.#versions.querySelector(".pending")?.remove();
    one("[data-region=of]").textContent = "";
  }

  /** `served`: the page came with it already. */
  async begin(generation, { served = false } = {}) {
    if (this.#run?.id === generation.id || this.#over.has(generation.id) || !ACTIVE.has(generation.state)) return;
    const kept = Boolean(this.#data.shown || this.#run?.made);
    if (this.#run) this.#over.add(this.#run.id);
    // A change that starts from an older version leads to the newest, so the address does too.
    const aside = this.#aside;
    if (!aside && this.#data.selected !== null) history.replaceState(null, "", this.#data.artifact.url);
    this.#run = newRun(generation, this.#data.shown?.usage?.output ?? null, aside);
    this.#answer.begin();
    this.#busyChanged(true);
    this.#say("Writing");
    if (!aside) this.#preview.stream(generation.id, generation.frame_url, !kept);
    this.#paint();
    if (served) this.#settled();
    else await this.#renew();
    this.#thread.scrollTop = this.#thread.scrollHeight;
  }

  /**
   * A generation is unknown, then followed (`#run`), then over (`#over`), and never goes back.
   * The one that is followed may be over while `#finish` still brings its version into sight; the
   * first `state` of the next one takes over even then, so that none of its events is lost.
   */
  #handle(kind, event) {
    if (kind === "report" && this.#run?.id !== event.generation) {
      this.#judgedAgain(event);
      return;
    }
    if (this.#over.has(event.generation)) return;
    const free = !this.#run || this.#over.has(this.#run.id);
    if (kind === "state" && free) this.begin({ ...event, id: event.generation });
    if (this.#run?.id !== event.generation) return;
    this.#take(kind, event);
    this.#paint();
  }

  #take(kind, event) {
    const run = this.#run;
    if (kind === "prose") this.#answer.prose(event.text);
    if (kind === "reasoning") this.#answer.reasoning(event.text);
    if (kind === "prose" || kind === "document") run.begun = true;
    if (kind === "reasoning") run.thinking = true;
    if (kind === "document") this.#document(event);
    if (kind === "usage") run.usage = event;
    if (kind === "progress") Object.assign(run, { state: "testing", progress: event });
    if (kind === "state") run.state = event.state;
    if (kind === "report") run.verdict = event.report.verdict;
    if (run.state === "testing") this.#say("Testing");
    if ((kind === "state" || kind === "report") && event.version) this.#made(event.version);
    if (kind === "end") this.#finish(event.state);
  }

  #document({ index, text }) {
    const run = this.#run;
    if (index !== run.document) {
      run.document = index;
      run.documents += 1;
      if (!run.aside) this.#code.begin();
    }
    run.characters += text.length;
    if (!run.aside) this.#code.append(text);
  }

  /** The version is stored: a change comes into sight, and only then is it spoken of. */
  #made(version) {
    const run = this.#run;
    if (run.made) return;
    run.made = run.aside || run.documents > 1 ? Promise.resolve() : this.#preview.settle(run.id);
    run.made.then(() => this.#renewWith(run, version));
  }

  #renewWith(run, version) {
    if (!run.aside) this.#sight = version;
    return this.#renew();
  }

  async #finish(state) {
    const ended = this.#run;
    this.#over.add(ended.id);
    if (ended.made) await ended.made;
    else if (!ended.aside) this.#preview.dismiss(ended.id);
    const fresh = await this.#renew();
    // A generation that began meanwhile (a repair) has taken over; the page is its now.
    if (this.#run !== ended) return;
    this.#run = null;
    if (!fresh && !ended.aside) this.#say(ended.verdict ?? state); // The page could not be renewed: the events' own word.
    this.#answer.end();
    this.#busyChanged(false);
    if (fresh && !fresh.frame_url) this.#preview.clear();
    // Two documents in one answer: the last counts, and is the only second load there is, but for
    // a document whose stream was cut off here and had its end on the server.
    if (!ended.aside && (ended.documents > 1 || ended.cut) && fresh?.shown && state === "done") {
      this.#preview.replace(fresh.shown.frame_url);
      if (ended.cut) this.#code.stored(this.#source(fresh.shown));
    }
    this.#settled();
  }

  /** The server was away, and may have been killed: what this page followed may have ended without a word. */
  async #returned() {
    const fresh = await this.#renew();
    const run = this.#run;
    if (!fresh?.generation || !run || this.#over.has(run.id)) return;
    const newest = fresh.generation.id === run.id;
    if (newest ? ACTIVE.has(fresh.generation.state) : !fresh.known.includes(run.id)) return;
    run.cut = true;
    const state = newest ? fresh.generation.state : "done";
    if (state === "done" && !run.aside) this.#sight = fresh.newest;
    this.#finish(state);
  }

  /** A version was tested again, or while this page was on its way here. */
  #judgedAgain({ version, report }) {
    const shown = this.#data.shown?.n === version ? this.#data.shown.report : undefined;
    const asked = this.#asked === version;
    if (asked) this.#asked = null;
    if (asked || shown === undefined || shown?.verdict !== report.verdict) this.#renew();
  }

  /** Brings the server's regions up to date. */
  renew() {
    return this.#renew();
  }

  async #renew() {
    const fresh = await refresh(this.#sight);
    if (fresh) {
      this.#gone = false;
      if (fresh.artifact.title !== this.#data.artifact.title) this.#retitled(fresh.artifact.title);
      for (const key of FRESH) this.#data[key] = fresh[key];
    }
    const rendered = this.#run && `.assistant[data-generation="${CSS.escape(this.#run.id)}"]`;
    this.#answer.yieldTo(rendered && this.#messages.querySelector(rendered));
    this.#settled();
    return fresh;
  }

  #source({ n }) {
    return `/api/artifacts/${this.#data.artifact.id}/versions/${n}/source`;
  }

  #settled() {
    nearest(one("[data-declined]"), this.#choose);
    const current = this.#versions.querySelector("[aria-current], .pending");
    if (current) this.#versions.scrollLeft = current.offsetLeft - this.#versions.clientWidth / 2;
    const verdict = this.#data.shown?.report?.verdict;
    this.#title.set(this.#run ? "busy" : ({ passed: "passed", failed: "failed" }[verdict] ?? ""));
    this.#paint();
  }

  #say(words) {
    if (this.#gone) return;
    if (this.#run?.aside) return; // The verdict in sight is an older version's.
    if (this.#verdict.textContent.trim() === words) return;
    this.#verdict.dataset.verdict = "running";
    this.#verdict.textContent = words;
  }

  #paint() {
    this.#progress.show(this.#run, this.#data.idle);
  }
}

/**
 * What is known of a generation while it runs; `expected` is how many tokens it may come to, `aside`
 * whether another version stays in sight.
 */
function newRun(generation, expected, aside) {
  return {
    aside,
    id: generation.id,
    state: generation.state,
    kind: generation.kind,
    attempt: generation.attempt ?? null,
    label: label(generation),
    // Without its maker: the line is short.
    model: { recipes: "built-in recipe", mechanical: "no model" }[generation.provider] ?? generation.model.split("/").at(-1),
    expected,
    usage: null,
    progress: null,
    begun: false,
    thinking: false,
    characters: 0,
    document: null,
    documents: 0,
    verdict: null,
    cut: false, // the connection was lost and the end not heard
    made: null, // a promise, kept when the version is in sight
  };
}

function label({ provider, model }) {
  if (provider === "recipes") return "the built-in recipes";
  if (provider === "mechanical") return "a repair without a model";
  return [provider, model].filter(Boolean).join("/") || "the model";
}
