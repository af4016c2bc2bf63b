import { batch } from "./batch.js";

/** The answer while it comes, as plain text; the server's rendering takes its place at the end. */
export class LiveAnswer {
  #entry;
  #thread;
  #prose;
  #reasoning;
  #parts = { prose: [], reasoning: [] };
  #later = batch(() => this.#write());

  constructor(entry, thread) {
    this.#entry = entry;
    this.#thread = thread;
    this.#prose = entry.querySelector("[data-live-prose]");
    this.#reasoning = entry.querySelector("[data-live-reasoning]");
  }

  begin() {
    this.#clear();
    this.#entry.hidden = false;
  }

  end() {
    this.#clear();
    this.#entry.hidden = true;
  }

  prose(text) {
    this.#parts.prose.push(text);
    this.#later();
  }

  reasoning(text) {
    this.#parts.reasoning.push(text);
    this.#later();
  }

  /** Once the server renders the answer itself, this copy would say it twice. */
  yieldTo(rendered) {
    if (rendered) this.#entry.hidden = true;
  }

  #clear() {
    this.#parts = { prose: [], reasoning: [] };
    this.#prose.replaceChildren();
    this.#reasoning.hidden = true;
    this.#reasoning.querySelector("p").replaceChildren();
  }

  #write() {
    const { prose, reasoning } = this.#parts;
    this.#parts = { prose: [], reasoning: [] };
    const { scrollHeight, scrollTop, clientHeight } = this.#thread;
    if (prose.length) this.#prose.append(prose.join(""));
    if (reasoning.length) {
      this.#reasoning.hidden = false;
      this.#reasoning.querySelector("p").append(reasoning.join(""));
    }
    // Follows, unless one has scrolled up to read.
    if (scrollHeight - scrollTop - clientHeight < 120) this.#thread.scrollTop = this.#thread.scrollHeight;
  }
}
