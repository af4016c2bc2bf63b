const MARKS = { busy: "…", passed: "✓", failed: "✕" };
const SETTLED = "/static/img/favicon";

/** The browser tab says what goes on: a mark before the title, and the favicon. */
export function pageState(title) {
  const icon = document.getElementById("favicon");
  let state = "";
  const show = () => {
    const mark = MARKS[state];
    document.title = `${mark ? `${mark} ` : ""}${title.slice(0, 120)} · Sandwright`;
    icon.href = mark ? `${SETTLED}-${state}.svg` : `${SETTLED}.svg`;
  };
  return {
    set(next) {
      if (next === state) return;
      state = next;
      show();
    },
    rename(next) {
      title = next;
      show();
    },
  };
}
