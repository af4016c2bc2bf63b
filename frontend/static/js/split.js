const LEAST = 280;

/** The divider between conversation and tool: dragged, or moved by arrows, and remembered. */
export function split(divider) {
  const root = document.documentElement;
  const talk = divider.previousElementSibling;
  const most = () => Math.max(LEAST, Math.min(900, innerWidth - 360));

  function set(width) {
    const now = Math.round(Math.min(most(), Math.max(LEAST, width)));
    root.style.setProperty("--split", `${now}px`);
    divider.setAttribute("aria-valuenow", String(now));
    try {
      localStorage.setItem("sandwright.split", String(now));
    } catch {
      // Not remembered where storage is blocked.
    }
  }

  divider.setAttribute("aria-valuemin", String(LEAST));
  divider.setAttribute("aria-valuemax", String(most()));
  divider.setAttribute("aria-valuenow", String(Math.round(talk.getBoundingClientRect().width) || LEAST));
  divider.addEventListener("pointerdown", (event) => {
    divider.setPointerCapture(event.pointerId);
    document.body.classList.add("dragging");
  });
  divider.addEventListener("pointermove", (event) => {
    if (divider.hasPointerCapture(event.pointerId)) set(event.clientX);
  });
  divider.addEventListener("lostpointercapture", () => document.body.classList.remove("dragging"));
  divider.addEventListener("dblclick", () => set(376));
  divider.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -16, ArrowRight: 16 }[event.key];
    if (!step) return;
    event.preventDefault();
    set(talk.getBoundingClientRect().width + step);
  });
}
