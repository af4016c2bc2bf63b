import { bridge } from "./bridge.js";

const PATIENCE = 5000;

/**
 * The stage and its frames. The frame that streams a first version is never loaded again; a new
 * document comes in a second frame, stacked in place and inert, and the two are swapped when it
 * has loaded and its version exists. Exactly one frame is titled "Preview" at any time.
 */
export class Preview {
  #stage;
  #show;
  #current;
  #next = null;

  /** `show(log)` is told which console log belongs to the frame in sight. */
  constructor(stage, show) {
    this.#stage = stage;
    this.#show = show;
    const frame = stage.querySelector("iframe");
    this.#current = frame ? this.#attend(frame) : null;
    document.dispatchEvent(
      new CustomEvent("frame-hellos", { detail: { receive: (event) => this.#current?.bridge.receive(event) } }),
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
    this.#current.bridge.close();
    this.#current.frame.remove();
    this.#current = null;
    this.#show([]);
  }

  reload(url) {
    if (!this.#current) return;
    this.#current.log.length = 0;
    this.#show(this.#current.log);
    delete this.#current.frame.dataset.generation;
    this.#current.frame.src = url;
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
    if (this.#current) {
      frame.title = "Loading next version";
      frame.inert = true;
      frame.setAttribute("aria-hidden", "true");
    } else {
      frame.title = "Preview";
    }
    frame.src = url;
    const attended = this.#attend(frame);
    if (this.#current) this.#next = attended;
    else this.#current = attended;
    this.#stage.append(frame);
    if (!this.#next) this.#show(attended.log);
  }

  #attend(frame) {
    const attended = { frame, log: [], loaded: false, settled: false, bridge: null, inSight: () => {} };
    const loaded = () => {
      attended.loaded = true;
      this.#swapIfReady();
    };
    frame.addEventListener("load", loaded);
    attended.bridge = bridge(frame, this.#stage.dataset.key, {
      hello: () => {
        attended.log.length = 0;
        if (attended === this.#current) this.#show(attended.log);
      },
      loaded,
      entry: (entry) => {
        if (attended.log.push(entry) > 500) attended.log.shift();
        if (attended === this.#current) this.#show(attended.log);
      },
    });
    return attended;
  }

  #swapIfReady() {
    if (this.#next?.settled && this.#next.loaded) this.#swap();
  }

  #swap() {
    const next = this.#next;
    const old = this.#current;
    this.#current = next;
    this.#next = null;
    old.frame.title = "";
    next.frame.title = "Preview";
    next.frame.inert = false;
    next.frame.removeAttribute("aria-hidden");
    old.bridge.close();
    old.frame.remove();
    this.#show(next.log);
    next.inSight();
  }

  #drop() {
    const dropped = this.#next;
    if (!dropped) return;
    this.#next = null;
    dropped.bridge.close();
    dropped.frame.remove();
    dropped.inSight();
  }
}
