/**
 * A browser draws everything in one place. A tool of hundreds of layers keeps it busy for a minute, while
 * the tool and this page answer as ever: all stands still in sight, and nobody could be told why.
 *
 * What nobody sees is not drawn either. So it counts from a person's act on, in a window that stays in
 * front, while this page's own timer is on time.
 */
const FRAME_TICK_MS = 500;
const FRAME_ON_TIME_MS = 1000;
// Shaders that are compiled take seconds, too.
const UNDRAWN_MS = 8000;

/** @param {() => void} stuck called each time when nothing was drawn for so long after an act */
export function watchDrawing(stuck) {
  // When the act was after which nothing has been drawn yet.
  let since = null;
  let last = performance.now();
  let resting = false;
  const drawn = () => (since = null);
  const acted = () => {
    if (since !== null || resting) return;
    since = performance.now();
    requestAnimationFrame(drawn);
  };
  const timer = setInterval(() => {
    const now = performance.now();
    const isHere = now - last < FRAME_ON_TIME_MS && document.visibilityState === "visible" && document.hasFocus();
    last = now;
    if (!isHere) since = null;
    if (since === null || now - since < UNDRAWN_MS) return;
    since = null;
    stuck();
  }, FRAME_TICK_MS);
  for (const type of ["pointerdown", "keydown"]) addEventListener(type, acted, true);

  return {
    acted,
    /** A dialog of the browser's is open, or no more. */
    rest(yes) {
      resting = yes;
      since = null;
    },
    close() {
      clearInterval(timer);
      for (const type of ["pointerdown", "keydown"]) removeEventListener(type, acted, true);
    },
  };
}
