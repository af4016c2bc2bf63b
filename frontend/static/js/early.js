// Runs before the first paint, as a classic script: the remembered theme and split must not flash,
// and a frame's first message may come before any module is there. Nothing is left on `window`:
// hellos wait here until a module asks for them with a "frame-hellos" event.
(() => {
  const root = document.documentElement;
  try {
    const theme = localStorage.getItem("sandwright.theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    const split = Number(localStorage.getItem("sandwright.split"));
    if (split >= 280 && split <= 900) root.style.setProperty("--split", `${split}px`);
  } catch {
    // Storage may be blocked; the defaults hold.
  }
  let waiting = [];
  const keep = (event) => {
    if (event.data?.sandwright === 1 && waiting.length < 8) waiting.push(event);
  };
  addEventListener("message", keep);
  document.addEventListener(
    "frame-hellos",
    (event) => {
      removeEventListener("message", keep);
      for (const hello of waiting) event.detail.receive(hello);
      waiting = [];
    },
    { once: true },
  );
})();
