const MARKS = { busy: "…", passed: "✓", failed: "✕" };

/** The browser tab says what goes on: a mark before the title, and the favicon. */
export function pageState(title) {
  const icon = document.getElementById("favicon");
  const settled = icon.getAttribute("href").replace(/\.svg$/, "");
  let state = "";
  const show = () => {
    const mark = MARKS[state];
    document.title = `${mark ? `${mark} ` : ""}${title.slice(0, 120)} · Sandwright`;
    icon.href = mark ? `${settled}-${state}.svg` : `${settled}.svg`;
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
