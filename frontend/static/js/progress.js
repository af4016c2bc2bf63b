import { batch } from "./batch.js";
import { activityWords, fill } from "./words.js";

/**
 * What is happening: a line of words by the box, and the ruler over the preview. Nothing is asked
 * of the browser while neither changes: each frame it draws is time that the tool does not have.
 */
export class Progress {
  #line;
  #ruler;
  #run = null;
  #away = false;
  #idle = "";
  #told = "";
  #later = batch(() => this.#paint());

  constructor(line, ruler) {
    this.#line = line;
    this.#ruler = ruler;
  }

  /** `idle` is what the line says when nothing runs. */
  show(run, idle) {
    this.#run = run;
    this.#idle = idle;
    this.#changed();
  }

  away(yes) {
    this.#away = yes;
    this.#changed();
  }

  #changed() {
    const told = JSON.stringify([this.#words(), this.#run && fill(this.#run)]);
    if (told === this.#told) return;
    this.#told = told;
    this.#later();
  }

  #words() {
    if (this.#away) return "The server is away. Reconnecting; nothing is lost.";
    return this.#run ? activityWords(this.#run) : this.#idle;
  }

  #paint() {
    this.#line.textContent = this.#words();
    const filled = this.#ruler.firstElementChild;
    this.#ruler.toggleAttribute("data-filled", this.#run !== null);
    filled.style.opacity = this.#run ? "1" : "0";
    if (this.#run) filled.style.transform = `translateX(${(fill(this.#run) - 1) * 100}%)`;
  }
}
