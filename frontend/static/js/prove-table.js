/** The table of a proof: a section for each class, a row for each attack, what was not run below. */

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
    const made = element("section", "prove-class");
    const title = element("h2", "", capital(kind));
    title.id = `class-${kind.replaceAll(" ", "-")}`;
    made.setAttribute("aria-labelledby", title.id);
    const head = element("div", "prove-class-head");
    const tally = element("span", "measure quiet");
    tallies.set(kind, { tally, all: some.length, held: 0 });
    head.append(title, tally);
    made.append(head);
    if (some.length > 0) made.append(grid(title.id, some));
    if (others.length > 0) made.append(notRun(others));
    return made;
  }

  function grid(title, some) {
    const made = element("table", "prove-table");
    made.setAttribute("aria-labelledby", title);
    const head = element("tr");
    for (const words of ["What it tries", "No walls", "Here", "Verdict"]) {
      const cell = element("th", "", words);
      cell.scope = "col";
      head.append(cell);
    }
    const top = element("thead");
    top.append(head);
    const body = element("tbody");
    body.append(...some.map(row));
    made.append(top, body);
    return made;
  }

  function row(one) {
    const made = element("tr");
    made.dataset.case = one.name;
    const title = element("th", "", `${capital(one.says)} `);
    title.scope = "row";
    title.append(element("code", "quiet", one.name));
    const [control, attack, verdict] = ["control", "attack", "verdict"].map((part) => {
      const cell = element("td", "", part === "verdict" ? "waiting" : "·");
      cell.dataset.part = part;
      return cell;
    });
    made.append(title, control, attack, verdict);
    rows.set(one.name, { made, control, attack, verdict });
    return made;
  }

  return {
    /** It is being tried, or no longer. */
    trying(one, yes) {
      const { made, verdict } = rows.get(one.name);
      made.toggleAttribute("data-now", yes);
      if (made.dataset.verdict === undefined) verdict.textContent = yes ? "trying" : "waiting";
    },
    show(one, verdict, { control, attack, ran, how }) {
      const cells = rows.get(one.name);
      cells.made.dataset.verdict = verdict;
      cells.control.textContent = control ? "heard" : "silent";
      cells.attack.textContent = attack ? how || "heard" : ran ? "silent" : "did not run";
      const { colour, words } = VERDICTS[verdict];
      const word = element("span", "verdict");
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
  const made = element("details", "prove-rest");
  made.append(element("summary", "", `${others.length} not run here`));
  const list = element("ul");
  for (const one of others) {
    const item = element("li");
    item.append(element("span", "", `${capital(one.says)} `), element("code", "quiet", one.name), element("span", "quiet", capital(one.reason)));
    list.append(item);
  }
  made.append(list);
  return made;
}

function element(tag, name = "", text = "") {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.textContent = text;
  return made;
}
