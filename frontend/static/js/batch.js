/**
 * Collects work and does it once a frame, or every 50 ms in a tab that is not seen, where frames
 * stop. Ten thousand deltas a second become sixty writes.
 */
export function batch(work) {
  let due = false;
  const run = () => {
    if (!due) return;
    due = false;
    work();
  };
  return () => {
    if (due) return;
    due = true;
    if (document.visibilityState === "visible") requestAnimationFrame(run);
    setTimeout(run, 50);
  };
}
