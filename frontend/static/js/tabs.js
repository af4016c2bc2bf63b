const panel = (tab) => document.getElementById(tab.getAttribute("aria-controls"));

/**
 * A tab list by the book: arrows, Home and End move and select. The stage is hidden without
 * leaving the layout, so a tool keeps its size while one reads its code. On a phone `picker`, a
 * plain select, stands in its place: six tabs do not fit there.
 */
export function tabs(list, picker, changed) {
  const all = [...list.querySelectorAll("[role=tab]")];
  const options = all.map((tab) => new Option("", tab.id));
  picker.append(...options);
  picker.addEventListener("change", () => select(document.getElementById(picker.value)));
  new MutationObserver(name).observe(list, { subtree: true, childList: true, attributeFilter: ["hidden"] });
  name();

  /** Options are called as their tabs, with the count that a tab may carry. */
  function name() {
    const shown = [];
    all.forEach((tab, at) => {
      const count = tab.querySelector(".count:not([hidden])")?.textContent ?? "";
      if (count) shown.push(count);
      options[at].textContent = `${tab.getAttribute("aria-label") ?? tab.firstChild.textContent}${count ? ` (${count})` : ""}`;
    });
    picker.nextElementSibling.textContent = shown.join(" ");
  }

  function select(tab, focus = false) {
    for (const other of all) {
      const on = other === tab;
      other.setAttribute("aria-selected", String(on));
      other.tabIndex = on ? 0 : -1;
      const its = panel(other);
      if ("stage" in its.dataset) {
        its.toggleAttribute("data-away", !on);
        its.inert = !on;
      } else {
        its.hidden = !on;
      }
    }
    picker.value = tab.id;
    if (focus) tab.focus();
    changed(tab.id);
  }

  list.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) select(tab);
  });
  list.addEventListener("keydown", (event) => {
    const at = all.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    select(all[(to + all.length) % all.length], true);
  });
  return (id) => select(document.getElementById(id));
}
