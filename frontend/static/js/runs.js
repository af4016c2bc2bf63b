import { batch } from "./batch.js";
import { events } from "./events.js";
import { nearest } from "./nearest.js";
import { refresh } from "./refresh.js";
import { activityWords, fill } from "./words.js";

const ACTIVE = new Set(["queued", "streaming", "testing"]);

/**
 * Follows the artifact's generations through the event connection and keeps the page in step:
 * words and ruler while one runs, the server's own regions when one begins, is judged or ends.
 */
export function runs({ data, preview, code, title, renew, choose }) {
  const activity = document.querySelector("[data-activity]");
  const ruler = document.querySelector("[data-ruler]");
  const rulerFill = ruler.firstElementChild;
  const verdict = document.getElementById("verdict");
  const live = document.querySelector("[data-live]");
  const prose = live.querySelector("[data-live-prose]");
  const reasoning = live.querySelector("[data-live-reasoning]");
  const thread = document.getElementById("thread");
  const messages = document.querySelector("[data-region=messages]");
  const versions = document.querySelector("[data-region=versions]");
  const send = document.getElementById("send");
  const stop = document.getElementById("stop");
  // Generations that are over: a replay of the journal must not start them again.
  const over = new Set(data.known ?? []);
  let run = null;
  let away = false;
  let proseParts = [];
  let reasoningParts = [];

  const paint = batch(() => {
    if (proseParts.length) prose.append(proseParts.join(""));
    if (reasoningParts.length) {
      reasoning.hidden = false;
      reasoning.querySelector("p").append(reasoningParts.join(""));
    }
    if (proseParts.length || reasoningParts.length) followThread();
    proseParts = [];
    reasoningParts = [];
    paintProgress();
  });

  function paintProgress() {
    if (away) activity.textContent = "The server is away. Reconnecting; nothing is lost.";
    else if (run) activity.textContent = activityWords(run);
    else activity.textContent = idleWords();
    if (!run) return;
    ruler.toggleAttribute("data-filled", true);
    rulerFill.style.opacity = "1";
    rulerFill.style.transform = `translateX(${(fill(run) - 1) * 100}%)`;
  }

  function idleWords() {
    const shown = data.shown;
    return shown ? `The next change starts from v${shown.n}` : "No version yet: say it another way";
  }

  function followThread() {
    if (thread.scrollHeight - thread.scrollTop - thread.clientHeight < 120) thread.scrollTop = thread.scrollHeight;
  }

  function label(generation) {
    if (generation.provider === "recipes") return "the built-in recipes";
    return [generation.provider, generation.model].filter(Boolean).join("/") || "the model";
  }

  function begin(generation) {
    if (run?.id === generation.id || over.has(generation.id) || !ACTIVE.has(generation.state)) return;
    if (run) over.add(run.id);
    if (data.selected !== null && location.pathname !== data.artifact.url) {
      history.replaceState(null, "", data.artifact.url);
    }
    run = {
      id: generation.id,
      state: generation.state,
      repairs: generation.repairs,
      label: label(generation),
      expected: data.shown?.usage?.output ?? null,
      usage: null,
      progress: null,
      begun: false,
      thinking: false,
      characters: 0,
      document: -1,
      settled: false,
    };
    live.hidden = false;
    prose.replaceChildren();
    reasoning.hidden = true;
    reasoning.querySelector("p").replaceChildren();
    busy(true);
    say("Writing");
    if (generation.frame_url) preview.stream(run.id, generation.frame_url, !data.shown);
    paint();
    renewRegions().then(() => {
      thread.scrollTop = thread.scrollHeight;
    });
  }

  function busy(yes) {
    document.body.toggleAttribute("data-running", yes);
    send.hidden = yes;
    stop.hidden = !yes;
    stop.disabled = false;
    if (yes) title.set("busy");
    renew();
  }

  function say(words) {
    if (verdict.textContent.trim() === words) return;
    verdict.dataset.verdict = "running";
    verdict.textContent = words;
  }

  async function renewRegions() {
    const fresh = await refresh();
    // Once the server renders the answer itself, the live copy would say it twice.
    if (run && messages.querySelector(`.assistant[data-generation="${CSS.escape(run.id)}"]`)) live.hidden = true;
    if (fresh) {
      for (const key of ["generation", "shown", "selected", "newest", "known"]) data[key] = fresh[key];
      nearest(document.querySelector("[data-declined]"), choose);
    }
    showCurrent();
    settleTitle();
    return fresh;
  }

  function showCurrent() {
    const current = versions.querySelector("[aria-current], .pending");
    if (current) versions.scrollLeft = current.offsetLeft - versions.clientWidth / 2;
  }

  function settleTitle() {
    if (run) title.set("busy");
    else title.set({ passed: "passed", failed: "failed" }[data.shown?.report?.verdict] ?? "");
  }

  const handlers = {
    state(event) {
      if (!run) begin({ ...event, id: event.generation });
      if (run?.id !== event.generation) return;
      run.state = event.state;
      if (event.state === "testing") say("Testing");
      if (event.version) settle(event.version);
      paint();
    },
    prose(event) {
      run.begun = true;
      proseParts.push(event.text);
      paint();
    },
    reasoning(event) {
      run.thinking = true;
      reasoningParts.push(event.text);
      paint();
    },
    document(event) {
      run.begun = true;
      run.characters += event.text.length;
      if (event.index !== run.document) {
        run.document = event.index;
        code.begin();
      }
      code.append(event.text);
      paint();
    },
    usage(event) {
      run.usage = event;
      paint();
    },
    progress(event) {
      run.state = "testing";
      run.progress = event;
      paint();
    },
    report(event) {
      if (event.version) settle(event.version);
    },
    end(event) {
      finish(event.state);
    },
  };

  function settle(number) {
    if (run.settled) return;
    run.settled = true;
    run.version = number;
    if (run.document <= 0) preview.settle(run.id);
  }

  async function finish(state) {
    const ended = run;
    over.add(ended.id);
    if (!ended.settled) preview.dismiss(ended.id);
    const fresh = await renewRegions();
    // A generation that begins meanwhile (a repair) has taken over; the page is its now.
    if (run !== ended) return;
    run = null;
    busy(false);
    // The server's rendering of the answer is in the conversation now; the live one steps aside.
    live.hidden = true;
    prose.replaceChildren();
    rulerFill.style.opacity = "0";
    ruler.toggleAttribute("data-filled", false);
    if (ended.document > 0 && fresh?.shown && state === "done") preview.replace(fresh.shown.frame_url);
    settleTitle();
    paint();
  }

  function handle(kind, event) {
    if (kind === "report" && run?.id !== event.generation) {
      renewRegions(); // A version was tested again.
      return;
    }
    if (over.has(event.generation)) return;
    if (kind !== "state" && run?.id !== event.generation) return;
    handlers[kind](event);
  }

  if (data.generation && ACTIVE.has(data.generation.state)) {
    over.delete(data.generation.id);
    begin(data.generation);
  } else {
    if (data.generation) over.add(data.generation.id);
    nearest(document.querySelector("[data-declined]"), choose);
    settleTitle();
    paint();
  }
  if (data.shown && !run) code.stored(`/api/artifacts/${data.artifact.id}/versions/${data.shown.n}/source`);
  thread.scrollTop = thread.scrollHeight;
  showCurrent();
  events({
    artifact: data.artifact.id,
    after: data.events_after ?? null,
    handle,
    connected(yes) {
      if (yes && away) renewRegions();
      away = !yes;
      paint();
    },
  });

  return {
    begin,
    running: () => run?.id ?? null,
    shown: () => data.shown,
    url: () => data.shown?.frame_url ?? data.generation?.frame_url ?? "about:blank",
  };
}
