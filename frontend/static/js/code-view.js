import { batch } from "./batch.js";

const BLOCK = 100; // lines in one block, which the browser skips while it is out of sight
const LINE = 20; // pixels

/**
 * The source, as it streams or as it is stored. Text is kept in parts and written to the page
 * only while the tab is in sight, in blocks of lines, so a long document costs what is new.
 */
export class CodeView {
  #pre;
  #scroll;
  #facts;
  #parts = [];
  #written = 0;
  #size = 0;
  #lines = 0;
  #line = null;
  #block = null;
  #follow = false;
  #visible = false;
  #load = null;
  #later = batch(() => this.#write());

  constructor(panel) {
    this.#pre = panel.querySelector("[data-code]");
    this.#scroll = panel.querySelector("[data-code-scroll]");
    this.#facts = panel.querySelector("[data-code-facts]");
    this.#scroll.addEventListener(
      "scroll",
      () => {
        const { scrollTop, scrollHeight, clientHeight } = this.#scroll;
        this.#follow = scrollHeight - scrollTop - clientHeight < 2 * LINE;
      },
      { passive: true },
    );
    panel.querySelector("[data-copy]").addEventListener("click", (event) => this.#copy(event.currentTarget));
  }

  /** What the view holds when nothing streams: it is fetched when first looked at. */
  stored(url) {
    this.#clear();
    this.#load = url;
    if (this.#visible) this.#fetch();
  }

  /** A new document begins to stream. */
  begin() {
    this.#clear();
    this.#load = null;
    this.#follow = true;
  }

  append(text) {
    this.#parts.push(text);
    this.#size += text.length;
    if (this.#visible) this.#later();
  }

  async visible(yes) {
    this.#visible = yes;
    if (!yes) return;
    if (this.#load) await this.#fetch();
    this.#write();
  }

  /** Shows the line that a finding names. */
  async mark(number) {
    await this.visible(true);
    this.#pre.querySelector(".marked")?.classList.remove("marked");
    const line = this.#pre.querySelector(`[data-n="${number}"]`);
    line?.classList.add("marked");
    line?.scrollIntoView({ block: "center" });
  }

  async #fetch() {
    const url = this.#load;
    this.#load = null;
    const response = await fetch(url).catch(() => null);
    if (response?.ok) this.append(await response.text());
    else this.#load = url;
  }

  async #copy(button) {
    if (this.#load) await this.#fetch();
    const label = button.querySelector("span");
    try {
      await navigator.clipboard.writeText(this.#parts.join(""));
      label.textContent = "Copied";
    } catch {
      label.textContent = "Not allowed";
    }
    setTimeout(() => {
      label.textContent = "Copy";
    }, 1500);
  }

  #clear() {
    this.#parts = [];
    this.#written = this.#size = this.#lines = 0;
    this.#line = this.#block = null;
    this.#pre.replaceChildren();
    this.#facts.textContent = "";
  }

  #write() {
    if (this.#written < this.#parts.length) {
      const lines = this.#parts.slice(this.#written).join("").split("\n");
      this.#written = this.#parts.length;
      lines.forEach((text, index) => {
        if (index > 0 || !this.#line) this.#newLine();
        if (text) this.#line.append(text);
      });
    }
    this.#facts.textContent = this.#size
      ? `${this.#lines.toLocaleString("en")} lines, ${(this.#size / 1000).toFixed(1)} kB`
      : "";
    if (this.#follow) this.#scroll.scrollTop = this.#scroll.scrollHeight;
  }

  #newLine() {
    if (this.#lines % BLOCK === 0) {
      this.#block?.style.setProperty("--block", `${BLOCK * LINE}px`);
      this.#block = document.createElement("code");
      this.#block.className = "code-block";
      this.#pre.append(this.#block);
    }
    this.#lines += 1;
    this.#line = document.createElement("span");
    this.#line.className = "code-line";
    this.#line.dataset.n = this.#lines;
    this.#block.append(this.#line);
  }
}
