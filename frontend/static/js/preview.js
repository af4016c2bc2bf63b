import { bridge } from "./bridge.js";
import { deafBar, haltedPanel, silentBar } from "./halted.js";
import { alive, forget, remember, secretOf, starting } from "./trouble.js";

const PATIENCE = 5000;
// The other end of a document that runs nothing.
const IDLE = { receive: () => {}, tell: () => {}, renewed: () => {}, mute: () => {}, begin: () => {}, close: () => {} };

/**
 * The stage and its frames. The frame that streams a first version is never loaded again; a new
 * document comes in a second frame, stacked in place and inert, and the two are swapped when it
 * has loaded and its version exists. Exactly one frame is titled "Preview" at any time.
 */
export class Preview {
  #stage;
  #show;
  #keeper;
  #current;
  #next = null;
  #notice = null;
  // The address of a tool that was ended, for who looks at it or runs it again.
  #ended = null;

  /**
   * `show(log)` is told which console log belongs to the frame in sight; `keeper` saves what the
   * tool stores.
   */
  constructor(stage, show, keeper) {
    this.#stage = stage;
    this.#show = show;
    this.#keeper = keeper;
    const frame = stage.querySelector("iframe");
    const { held, heldFor, heldNow } = frame?.dataset ?? {};
    if (held) frame.remove();
    this.#current = frame && !held ? this.#attend(frame) : null;
    if (held) this.#halted(held, heldFor, heldNow === undefined);
    document.dispatchEvent(
      new CustomEvent("frame-offers", { detail: { receive: (offer) => this.#current?.bridge.receive(offer) } }),
    );
    show(this.#current?.log ?? []);
  }

  /** A generation began: its document will come at `url`. With no version to keep, it is shown at once. */
  stream(generation, url, atOnce) {
    if (this.#current?.frame.dataset.generation === generation) return;
    if (this.#next?.frame.dataset.generation === generation) return;
    this.#load(url, generation);
    if (atOnce && this.#next) this.#swap();
  }

  /**
   * The generation made a version: its frame may come into sight as soon as it has loaded.
   * @returns {Promise<void>} done when it is in sight
   */
  settle(generation) {
    const next = this.#next;
    if (next?.frame.dataset.generation !== generation) return Promise.resolve();
    next.settled = true;
    const inSight = new Promise((resolve) => {
      next.inSight = resolve;
    });
    // A document whose own script never rests never loads; it is shown all the same.
    setTimeout(() => next === this.#next && this.#swap(), PATIENCE);
    this.#swapIfReady();
    return inSight;
  }

  /** The answer held more than one document: the last counts, and is loaded like a change. */
  replace(url) {
    this.#load(url, "");
    if (this.#next) this.#next.settled = true;
  }

  /** No document came: what was there stays. */
  dismiss(generation) {
    if (this.#next?.frame.dataset.generation === generation) this.#drop();
  }

  /** Nothing came at all, and nothing was there before: an empty stage says so itself. */
  clear() {
    if (this.#current === null) return;
    leave(this.#current);
    this.#current = null;
    this.#say(null);
    this.#show([]);
  }

  /** Ends the tool in sight, at once. */
  halt(reason = "stopped") {
    if (!this.#current?.frame.isConnected) return;
    const { frame, url = frame.src } = this.#current;
    this.#remove(this.#current);
    if (reason !== "stopped") remember(url, reason);
    this.#halted(url, reason, false);
  }

  /** Loads it anew, with all that it has stored; when that was `changed`, its old word counts no more. */
  async reload(url, { changed = false } = {}) {
    if (this.#notice && !this.#current?.frame.isConnected) {
      this.#run(url);
      return;
    }
    const current = this.#current;
    if (!current) return;
    current.bridge.renewed();
    current.log.length = 0;
    this.#show(current.log);
    delete current.frame.dataset.generation;
    if (changed) current.stored.mute();
    await this.#keeper.saved();
    if (current.url) current.url = url;
    current.frame.src = current.url ? this.#still(url) : url;
  }

  /** Its address or what it may do has changed: what runs begins anew, and what was ended stays so. */
  async renew(url) {
    this.#ended &&= url;
    if (this.#current?.frame.isConnected) await this.reload(url);
  }

  #halted(url, reason, before) {
    this.#ended = url;
    const run = () => this.#run(this.#ended);
    this.#say(haltedPanel(reason, { before, run, look: () => this.#look(this.#ended) }));
  }

  #say(notice) {
    this.#notice?.remove();
    this.#notice = notice;
    if (notice) this.#stage.append(notice);
  }

  /** The person wants it in spite of what it did. */
  #run(url) {
    forget(url);
    this.#ended = null;
    this.#say(null);
    this.#current?.frame.remove();
    this.#current = null;
    this.#load(url, "");
  }

  /** Its markup alone: without scripts and links nothing in it moves, asks, ends or leads away. */
  #look(url) {
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "");
    frame.referrerPolicy = "no-referrer";
    frame.title = "Preview";
    frame.src = this.#still(url);
    this.#notice.classList.add("aside");
    this.#notice.querySelector("button").hidden = true;
    this.#current = { frame, url, log: [], loaded: true, settled: false, bridge: IDLE, stored: IDLE, inSight: () => {} };
    this.#stage.append(frame);
  }

  /** Where the server gives a document without its scripts and links: elsewhere than it ran, and may run yet. */
  #still(url) {
    return `${this.#stage.dataset.still}/${secretOf(url)}?still`;
  }

  #remove(attended) {
    attended.bridge.close();
    attended.stored.close();
    attended.frame.remove();
    attended.frame.title = "";
  }

  #load(url, generation) {
    // A version that was only waiting to have loaded must not be lost to the next one.
    if (this.#next?.settled) this.#swap();
    else this.#drop();
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", this.#stage.dataset.sandbox);
    frame.setAttribute("allow", this.#stage.dataset.allow);
    frame.referrerPolicy = "no-referrer";
    frame.dataset.generation = generation;
    this.#keeper.name(frame);
    if (this.#current) {
      frame.title = "Loading next version";
      frame.inert = true;
      frame.setAttribute("aria-hidden", "true");
    } else {
      frame.title = "Preview";
    }
    frame.src = url;
    const attended = this.#attend(frame, { held: this.#current !== null });
    if (this.#current) this.#next = attended;
    else this.#current = attended;
    this.#stage.append(frame);
    if (!this.#next) this.#show(attended.log);
  }

  #attend(frame, { held = false } = {}) {
    const attended = { frame, log: [], loaded: false, settled: false, silent: false, deaf: false, bridge: null, inSight: () => {} };
    const loaded = () => {
      attended.loaded = true;
      this.#swapIfReady();
    };
    frame.addEventListener("load", loaded);
    starting(frame.src);
    attended.bridge = bridge(frame, this.#stage.dataset.key, {
      stop: (reason) => this.#stopped(attended, reason),
      silent: (yes) => this.#silent(attended, yes),
      deaf: () => {
        attended.deaf = true;
        if (attended === this.#current) this.#say(this.#barOver(attended));
      },
      alive: () => alive(frame.src),
      hello: () => {
        attended.log.length = 0;
        attended.stored.begin();
        if (attended === this.#current) this.#show(attended.log);
      },
      loaded,
      stored: (said) => attended.stored.hear(said),
      indexed: () => attended.stored.open(),
      entry: (entry) => {
        if (attended.log.push(entry) > 500) attended.log.shift();
        if (attended === this.#current) this.#show(attended.log);
      },
    });
    attended.stored = this.#keeper.attend((message) => attended.bridge.tell(message), { held });
    return attended;
  }

  /** It did what no tool may: whatever the page waited for with it is over. */
  #stopped(attended, reason) {
    if (attended === this.#next) this.#swap();
    if (attended === this.#current) this.halt(reason);
  }

  #silent(attended, yes) {
    attended.silent = yes;
    // Remembered now: the person may close the tab rather than wait. One that only was busy is forgiven.
    if (yes) remember(attended.frame.src, "frozen");
    else forget(attended.frame.src);
    if (attended === this.#current) this.#say(this.#barOver(attended));
  }

  #barOver(attended) {
    const hide = () => {
      attended.deaf = false;
      this.#say(null);
    };
    if (attended.deaf) return deafBar(hide);
    return attended.silent ? silentBar(() => this.halt("frozen")) : null;
  }

  #swapIfReady() {
    if (!this.#next?.settled || !this.#next.loaded) return;
    if (this.#next.stored.stale()) this.#loadAgain(this.#next);
    else this.#swap();
  }

  /** The person went on in the old frame meanwhile: the new one begins with what is stored now. */
  async #loadAgain(next) {
    next.loaded = false;
    next.stored.restart(await this.#keeper.saved());
    next.frame.src = next.frame.getAttribute("src");
  }

  #swap() {
    const next = this.#next;
    const old = this.#current;
    this.#current = next;
    this.#next = null;
    this.#say(this.#barOver(next));
    old.frame.title = "";
    next.frame.title = "Preview";
    next.stored.release();
    next.frame.inert = false;
    next.frame.removeAttribute("aria-hidden");
    leave(old);
    this.#show(next.log);
    next.inSight();
  }

  #drop() {
    const dropped = this.#next;
    if (!dropped) return;
    this.#next = null;
    leave(dropped);
    dropped.inSight();
  }
}

function leave({ bridge: open, stored, frame }) {
  open.close();
  stored.close();
  frame.remove();
}
