/** The table of a proof: a section for each class, a row for each attack, what was not run below. */
import { made } from "./host/made.js";

const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** Verdicts: how each is counted, its colour and glyph, its words. */
export const VERDICTS = {
  out: { colour: "failed", words: "got out" },
  held: { colour: "passed", words: "held" },
  unproven: { colour: "not tested", words: "not proven" },
};

/**
 * @param {HTMLElement} place
 * @param {HTMLTemplateElement} glyphs one for each colour of a verdict
 * @param {{name: string, class: string, says: string}[]} cases those that run
 * @param {{name: string, class: string, says: string, reason: string}[]} rest those that do not
 */
export function table(place, glyphs, cases, rest) {
  const rows = new Map();
  const tallies = new Map();
  const kinds = new Set([...cases, ...rest].map((one) => one.class));
  place.replaceChildren(...[...kinds].map(section));

  function section(kind) {
    const some = cases.filter((one) => one.class === kind);
    const others = rest.filter((one) => one.class === kind);
    const whole = made("section", "prove-class");
    const title = made("h2", "", capital(kind));
    title.id = `class-${kind.replaceAll(" ", "-")}`;
    whole.setAttribute("aria-labelledby", title.id);
    const head = made("div", "prove-class-head");
    const tally = made("span", "measure quiet");
    tallies.set(kind, { tally, all: some.length, held: 0 });
    head.append(title, tally);
    whole.append(head);
    if (some.length > 0) whole.append(grid(title.id, some));
    if (others.length > 0) whole.append(notRun(others));
    return whole;
  }

  function grid(title, some) {
    const whole = made("table", "prove-table");
    whole.setAttribute("aria-labelledby", title);
    const head = made("tr");
    for (const words of ["What it tries", "No walls", "Here", "Verdict"]) {
      const cell = made("th", "", words);
      cell.scope = "col";
      head.append(cell);
    }
    const top = made("thead");
    top.append(head);
    const body = made("tbody");
    body.append(...some.map(row));
    whole.append(top, body);
    return whole;
  }

  function row(one) {
    const whole = made("tr");
    whole.dataset.case = one.name;
    const title = made("th", "", `${capital(one.says)} `);
    title.scope = "row";
    title.append(made("code", "quiet", one.name));
    const [control, attack, verdict] = ["control", "attack", "verdict"].map((part) => {
      const cell = made("td", "", part === "verdict" ? "waiting" : "·");
      cell.dataset.part = part;
      return cell;
    });
    whole.append(title, control, attack, verdict);
    rows.set(one.name, { whole, control, attack, verdict });
    return whole;
  }

  return {
    /** It is being tried, or no longer. */
    trying(one, yes) {
      const { whole, verdict } = rows.get(one.name);
      whole.toggleAttribute("data-now", yes);
      if (whole.dataset.verdict === undefined) verdict.textContent = yes ? "trying" : "waiting";
    },
    show(one, verdict, { control, attack, ran, how }) {
      const cells = rows.get(one.name);
      cells.whole.dataset.verdict = verdict;
      cells.control.textContent = control ? "heard" : "silent";
      cells.attack.textContent = attack ? how || "heard" : ran ? "silent" : "did not run";
      const { colour, words } = VERDICTS[verdict];
      const word = made("span", "verdict");
      word.dataset.verdict = colour;
      word.append(glyphs.content.querySelector(`[data-glyph="${colour}"] > svg`).cloneNode(true), ` ${words}`);
      cells.verdict.replaceChildren(word);
      const mine = tallies.get(one.class);
      mine.held += verdict === "held" ? 1 : 0;
      mine.tally.textContent = `${mine.held} of ${mine.all} held`;
    },
    /** What was left when the person ended it, or the server went away. */
    left(one) {
      rows.get(one.name).verdict.textContent = "not run";
    },
  };
}

function notRun(others) {
  const whole = made("details", "prove-rest");
  whole.append(made("summary", "", `${others.length} not run here`));
  const list = made("ul");
  for (const one of others) {
    const item = made("li");
    item.append(made("span", "", `${capital(one.says)} `), made("code", "quiet", one.name), made("span", "quiet", capital(one.reason)));
    list.append(item);
  }
  whole.append(list);
  return whole;
}
