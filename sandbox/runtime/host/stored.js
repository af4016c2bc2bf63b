/**
 * The page's part in what a tool keeps: takes the changes that its frames tell of, saves them in
 * order, the last of each key, and lets other windows of the same tool know. sessionStorage stays
 * in this window.
 *
 * A tool's word is only ever about its own data: keys and values are stored as they are, and shown
 * to nobody but a person who looks at them.
 */
import { sendDatabases } from "./databases.js";
import { patience, pause } from "./pause.js";
import { openSession } from "./session.js";

const AREAS = ["local", "indexed"];
const SESSION = "session";
// Whoever reads what is kept may be ahead of what another window has just saved.
const LATE_MS = 10_000;
const PACE_MS = 100;
// In a message and in a request, so that neither holds up the page or the server.
const MOST_CHANGES = 2000;
const HEADERS = { "content-type": "application/json", accept: "application/json" };
// What browsers send after the page has gone: 64 KiB for all such requests together.
const LASTING_BYTES = 60_000;

/** What the server said of changes that it did not take for now. */
export class NotYet extends Error {
  constructor({ title = "", detail = "", action = "" }) {
    super([detail || title, action].filter(Boolean).join(" "));
    this.name = "NotYet";
  }
}

/** Saying it again would not help. */
export class NotKept extends NotYet {
  name = "NotKept";
}

/**
 * @param {string} method
 * @param {string} url
 * @returns {(changes: object) => Promise<void>} rejects with `NotKept`, `NotYet` or the network's error
 */
export function saveTo(method, url) {
  return async (changes) => {
    const request = { method, headers: HEADERS };
    const body = JSON.stringify(changes);
    // Longer in bytes than in characters where it is not ASCII.
    const keepalive = body.length * 3 < LASTING_BYTES || new Blob([body]).size < LASTING_BYTES;
    const response = await fetch(url, Object.assign(request, { body, keepalive }));
    if (response.ok) return;
    const isFinal = response.status < 500;
    let told = {};
    try {
      told = await response.json();
    } catch {
      told = { detail: isFinal ? "What the tool stored was not kept." : `The server said ${response.status}.` };
    }
    throw isFinal ? new NotKept(told) : new NotYet(told);
  };
}

export class Keeper {
  #save;
  #told;
  #frames = new Set();
  #pending = nothing();
  #acks = [];
  #sent = new Set();
  #isSaving = false;
  #failures = 0;
  #others = null;
  #written = 0;
  #clock = 0;
  /** Of two changes at once one wins, in every window the same. */
  #own = Math.random();
  #databases;
  #session;
  #late = nothing();
  #awaited = [];

  /**
   * @param {(changes: object) => Promise<void>} save
   * @param {{script: URL, read: () => Promise<Record<string, string>>}} databases the address of
   *   what opens them, and what is kept of them
   * @param {{room?: string, changed?: () => void, failed?: (error: Error | null) => void}} told
   *   `room` names this tool among the windows of this browser; `changed` hears of data that were
   *   saved or came from elsewhere, `failed` of what was not kept, and null when it is again.
   */
  constructor(save, databases, { room, changed = () => {}, failed = () => {} } = {}) {
    this.#save = save;
    this.#databases = databases;
    this.#session = openSession(room);
    this.#told = { changed, failed };
    if (room) {
      this.#others = new BroadcastChannel(`sandwright.stored.${room}`);
      this.#others.addEventListener("message", ({ data }) => this.#elsewhere(data));
    }
    addEventListener("pagehide", () => this.#leave());
    document.addEventListener("visibilitychange", () => document.hidden && this.#leave());
  }

  /**
   * Takes a frame's words. While `held` its changes are kept back: what nobody has seen yet may
   * not change what a person has stored.
   * @param {(message: object) => void} tell
   */
  attend(tell, { held = false } = {}) {
    const frame = { tell, held, muted: false, documents: 0, kept: nothing(), acks: [], begun: this.#written, heard: {} };
    this.#frames.add(frame);
    return {
      hear: (message) => this.#hear(frame, message),
      /** Its document opens a database. */
      open: () => this.#open(frame),
      /** What its document still says is not meant any more: another is on its way. */
      mute: () => {
        frame.muted = true;
      },
      /** A new document of the frame has begun. */
      begin: () => {
        frame.documents += 1;
        frame.muted = false;
        // It was loaded with what was stored then; since, nobody was there to be told.
        const changes = this.#lateIn("local");
        if (changes.length > 0) frame.tell({ type: "stored", area: "local", changes });
      },
      /** Whether its document was loaded before the newest change. */
      stale: () => frame.begun !== this.#written,
      /** Its document loads anew with what `saved()` told of, and what it kept back was never said. */
      restart: (saved) => {
        frame.kept = nothing();
        frame.acks = [];
        frame.begun = saved;
      },
      release: () => {
        frame.held = false;
        for (const area of [...AREAS, SESSION]) this.#take(frame, area, frame.kept[area], null);
        this.#acks.push(...frame.acks.map((ack) => ({ ...ack, at: this.#written })));
        for (const { area, n } of frame.acks) frame.heard[area] = n;
      },
      close: () => this.#frames.delete(frame),
    };
  }

  /** Lets other windows of this tool know of changes that were saved in another way. */
  announce(area, changes) {
    for (const [key] of changes) this.#late[area].delete(key);
    this.#others?.postMessage({ area, changes, made: this.#made() });
  }

  /** Gives a frame that is not loaded yet what its tool's sessionStorage holds in this tab. */
  name(frame) {
    frame.name = this.#session.name();
  }

  /**
   * What comes after this call is not waited for: a tool may never rest.
   * @returns {Promise<number>} the newest change by now, when no change up to it is left to save
   */
  saved() {
    const upTo = this.#written;
    return new Promise((resolve) => {
      this.#awaited.push({ upTo, resolve });
      this.#tellSaved();
    });
  }

  #tellSaved() {
    const waits = [...this.#sent, this.#pending].flatMap((one) => AREAS.map((area) => oldest(one[area])));
    const first = Math.min(...waits);
    for (const { upTo, resolve } of this.#awaited) if (upTo < first) resolve(upTo);
    this.#awaited = this.#awaited.filter(({ upTo }) => upTo >= first);
  }

  #hear(frame, { area, n, changes }) {
    if (area !== SESSION && !AREAS.includes(area)) return false;
    if (!Number.isSafeInteger(n) || !Array.isArray(changes) || changes.length > MOST_CHANGES) return false;
    if (!changes.every(isChange)) return false;
    if (frame.muted) return true;
    const ack = { frame, area, n };
    if (frame.held) {
      for (const [key, value] of changes) frame.kept[area].set(key, value);
      frame.acks.push(ack);
    } else {
      frame.heard[area] = n;
      this.#take(frame, area, changes, ack);
    }
    return true;
  }

  /** When a change was made: later than all that this window knew of then. */
  #made() {
    this.#clock += 1;
    return [this.#clock, this.#own];
  }

  #take(frame, area, changes, ack) {
    const list = [...changes];
    if (area === SESSION) {
      this.#session.take(list);
      if (ack) frame.tell({ type: "stored", area, saved: ack.n });
      return;
    }
    if (list.length > 0) this.#written += 1;
    if (ack) this.#acks.push({ ...ack, at: this.#written });
    if (list.length === 0) return;
    frame.begun = this.#written;
    for (const [key] of list) this.#late[area].delete(key);
    const made = this.#made();
    for (const [key, value] of list) this.#wait(area, key, value, made);
    this.#others?.postMessage({ area, changes: list, made });
    this.#saveAll();
  }

  /** A key that waits already keeps its place, so that each has its turn. */
  #wait(area, key, value, made) {
    const pending = this.#pending[area];
    pending.set(key, { value, made, at: pending.get(key)?.at ?? this.#written });
  }

  /** What of a key is not saved yet, the newest. */
  #waiting(area, key) {
    return [...this.#sent, this.#pending].map((one) => one[area].get(key)).findLast(Boolean);
  }

  async #open(frame) {
    if (frame.muted) return;
    const { documents } = frame;
    const tell = (message) => frame.documents === documents && frame.tell(message);
    await sendDatabases(tell, this.#databases.script, async () => {
      await this.saved();
      const kept = new Map(Object.entries(await this.#databases.read()));
      for (const [key, value] of this.#lateIn("indexed")) {
        if (value === null) kept.delete(key);
        else kept.set(key, value);
      }
      return kept;
    });
  }

  async #saveAll() {
    if (this.#isSaving) return;
    this.#isSaving = true;
    // One request at a time, so that none overtakes another.
    while (AREAS.some((area) => this.#pending[area].size > 0)) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other is the point
      await this.#saveOnce();
    }
    this.#isSaving = false;
  }

  async #saveOnce() {
    const { changes, acks, taken } = this.#batch();
    try {
      await this.#deliver(changes, acks, taken);
    } catch (error) {
      if (error instanceof NotKept) return;
      this.#failures += 1;
      await pause(patience(this.#failures));
      return;
    }
    this.#failures = 0;
    await pause(PACE_MS);
  }

  /** The oldest changes of each area, half of each where both have many, and the acks of which all is among them or saved already. */
  #batch(most = MOST_CHANGES) {
    const taken = nothing();
    const changes = {};
    const waiting = AREAS.reduce((sum, area) => sum + this.#pending[area].size, 0);
    const shares = AREAS.map((area) => Math.max(most / AREAS.length, most - (waiting - this.#pending[area].size)));
    for (const [n, area] of AREAS.entries()) {
      const all = this.#pending[area];
      const some = all.size > shares[n] ? Array.from(all).slice(0, shares[n]) : [...all];
      for (const [key] of some) all.delete(key);
      taken[area] = new Map(some);
      if (some.length > 0) changes[area] = Object.fromEntries(plain(taken[area]));
    }
    const first = Object.fromEntries(AREAS.map((area) => [area, oldest(this.#pending[area])]));
    const acks = this.#acks.filter(({ area, at }) => at < first[area]);
    this.#acks = this.#acks.filter(({ area, at }) => at >= first[area]);
    return { changes, acks, taken };
  }

  /** The page goes: what waits for its turn is sent at once, and may outlive the page. */
  #leave() {
    this.#session.keep(this.#unsaved());
    // All in one: several that are to outlive the page would be too large together.
    const { changes, acks, taken } = this.#batch(Infinity);
    if (Object.keys(changes).length === 0) {
      this.#acks.push(...acks);
      return;
    }
    this.#deliver(changes, acks, taken).catch((error) => {
      if (error instanceof NotKept) return;
      this.#saveAll();
    });
  }

  /** In the order they were made. */
  #unsaved() {
    const all = [...this.#sent, this.#pending];
    return Object.fromEntries(AREAS.map((area) => [area, all.flatMap((one) => plain(one[area]))]));
  }

  /** Newer values of the same keys stand. */
  #putBack(taken, acks) {
    for (const area of AREAS) {
      const newer = this.#pending[area];
      this.#pending[area] = new Map([...taken[area], ...newer]);
      for (const [key, { at }] of taken[area]) this.#pending[area].get(key).at = at;
    }
    this.#acks.unshift(...acks);
  }

  async #deliver(changes, acks, taken) {
    this.#sent.add(taken);
    try {
      await this.#save(changes);
    } catch (error) {
      if (!(error instanceof NotKept)) this.#putBack(taken, acks);
      this.#told.failed(error);
      throw error;
    } finally {
      this.#sent.delete(taken);
      this.#tellSaved();
    }
    this.#acknowledge(acks);
  }

  #acknowledge(acks) {
    this.#told.failed(null);
    this.#told.changed();
    for (const { frame, area, n } of acks) frame.tell({ type: "stored", area, saved: n });
  }

  /** What other windows have changed of late, and nobody here since. */
  #lateIn(area) {
    const late = this.#late[area];
    const from = performance.now() - LATE_MS;
    for (const [key, { at }] of late) {
      if (at > from) break;
      late.delete(key);
    }
    return plain(late);
  }

  #elsewhere({ area, changes: all, made = [0, 0] }) {
    this.#clock = Math.max(this.#clock, made[0]);
    this.#written += 1;
    const at = performance.now();
    const late = this.#late[area];
    const changes = all.filter(([key]) => !isNewer(this.#waiting(area, key)?.made, made));
    for (const [key, value] of changes) {
      // Ours may come to the server after theirs: then theirs comes once more.
      if (this.#waiting(area, key)) this.#wait(area, key, value, made);
      // The newest come last.
      late.delete(key);
      late.set(key, { value, at });
    }
    this.#lateIn(area);
    for (const frame of this.#frames) {
      // A frame that nobody has seen loads anew before anybody does.
      if (!frame.held) frame.begun = this.#written;
      frame.tell({ type: "stored", area, changes, heard: frame.heard[area] });
    }
    this.#saveAll();
    this.#told.changed();
  }
}

const isNewer = (one, other) => one !== undefined && (one[0] - other[0] || one[1] - other[1]) > 0;

const nothing = () => ({ local: new Map(), indexed: new Map(), session: new Map() });

const plain = (map) => Array.from(map, ([key, { value }]) => [key, value]);

/** When the first change of those that wait was made; they stand in that order. */
const oldest = (map) => map.values().next().value?.at ?? Infinity;

function isChange(change) {
  if (!Array.isArray(change) || change.length !== 2) return false;
  const [key, value] = change;
  return typeof key === "string" && (value === null || typeof value === "string");
}
