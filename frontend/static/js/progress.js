import { batch } from "./batch.js";
import { activityWords, fill } from "./words.js";

/** What is happening: a line of words by the box, and the ruler over the preview. */
export class Progress {
  #line;
  #ruler;
  #run = null;
  #away = false;
  #idle = "";
  #later = batch(() => this.#paint());

  constructor(line, ruler) {
    this.#line = line;
    this.#ruler = ruler;
  }

  /** `idle` is what the line says when nothing runs. */
  show(run, idle) {
    this.#run = run;
    this.#idle = idle;
    this.#later();
  }

  away(yes) {
    this.#away = yes;
    this.#later();
  }

  #paint() {
    const words = this.#run ? activityWords(this.#run) : this.#idle;
    this.#line.textContent = this.#away ? "The server is away. Reconnecting; nothing is lost." : words;
    const filled = this.#ruler.firstElementChild;
    this.#ruler.toggleAttribute("data-filled", this.#run !== null);
    filled.style.opacity = this.#run ? "1" : "0";
    if (this.#run) filled.style.transform = `translateX(${(fill(this.#run) - 1) * 100}%)`;
  }
}
