import { Problem, askForText } from "./api.js";
import { made } from "./host/made.js";

const BLOCK = 100; // lines in one block, which the browser skips while it is out of sight
const LINE = 20; // pixels
const HEAD = /^(?:---|\+\+\+) /;

/**
 * In the place of the code, what changed from another version to the one in sight. The choice is there from the
 * second version on, and goes back to the code by itself when another version comes into sight.
 * @returns {() => void} goes back to the code
 */
export function comparing(panel, data) {
  const select = panel.querySelector("[data-compare]");
  const facts = panel.querySelector("[data-diff-facts]");
  const pre = panel.querySelector("[data-diff]");
  const versions = `/api/artifacts/${data.artifact.id}/versions`;
  let shown = null;

  select.addEventListener("change", choose);
  document.addEventListener("page-renewed", ({ detail }) => offer(detail));
  offer(data);
  return close;

  function offer(page) {
    const others = numbers().filter((n) => n !== page.shown?.n);
    const words = others.map((n) => new Option(`Compare with v${n}`, n));
    const chosen = page.shown?.n === shown ? select.value : "";
    shown = page.shown?.n ?? null;
    select.replaceChildren(new Option(`Code of v${shown}`, ""), ...words);
    select.value = chosen;
    select.parentElement.hidden = shown === null || others.length === 0;
    if (!select.value) close();
  }

  function close() {
    select.value = "";
    panel.removeAttribute("data-comparing");
    pre.replaceChildren();
    facts.textContent = "";
  }

  async function choose() {
    const [other, to] = [select.value, shown];
    if (!other) return close();
    panel.setAttribute("data-comparing", "");
    pre.replaceChildren();
    facts.textContent = "Comparing";
    const said = await difference(`${versions}/${to}/diff?against=${other}`);
    if (select.value !== other || shown !== to) return; // chosen otherwise meanwhile
    pre.replaceChildren(...said.blocks);
    facts.textContent = said.words ?? `v${other} and v${to} are the same.`;
  }
}

/** The versions in the strip, the newest first. */
function numbers() {
  const links = document.querySelectorAll("[data-region=versions] a[href]");
  return [...links].map((link) => Number(link.getAttribute("href").split("/").at(-1))).toReversed();
}

async function difference(url) {
  try {
    return written(await askForText(url));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { blocks: [], words: [error.title, error.detail, error.action].filter(Boolean).join(" ") };
  }
}

/** Lines are told apart by their sign first; `words` is null where nothing differs. */
function written(text) {
  const count = { "+": 0, "-": 0 };
  const blocks = [];
  const lines = text.split("\n").slice(0, -1);
  const begin = lines.findIndex((line) => line.startsWith("@@"));
  for (const [index, words] of lines.entries()) {
    if (index < begin && HEAD.test(words)) continue; // their names, which the choice says
    const line = made("span", "code-line", words);
    const sign = index < begin ? "" : words[0];
    if (sign in count) count[sign] += 1;
    line.dataset.sign = sign in count ? sign : sign === " " ? "" : "@";
    if (!blocks.at(-1) || blocks.at(-1).childElementCount === BLOCK) {
      blocks.at(-1)?.style.setProperty("--block", `${BLOCK * LINE}px`);
      blocks.push(made("code", "code-block", ""));
    }
    blocks.at(-1).append(line);
  }
  const said = (n) => n.toLocaleString("en");
  return { blocks, words: begin < 0 ? null : `${said(count["+"])} added, ${said(count["-"])} removed` };
}
