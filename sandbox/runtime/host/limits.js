/**
 * What a tool may do a few times only without a person's act between: load itself again, and put
 * entries into this tab's history.
 */
// Ten may happen; a document that loads itself at once has two more under way before this page acts.
const MAX_LOADS = 8;
const MAX_ENTRIES = 5;
const CHECK_MS = 250;

// Before the page's first frame: one that is there before this module has had time for many.
let first = Number(document.documentElement.dataset.entries) || history.length;
// From then on entries may be the page's own.
for (const type of ["pointerdown", "keydown"]) {
  addEventListener(type, () => (first = 0), { once: true, capture: true });
}

/** @param {{loads: () => void, entries: () => void}} exceeded */
export function limits(exceeded) {
  let loads = 0;
  let length = first || history.length;
  first = 0;
  const timer = setInterval(() => {
    if (history.length - length > MAX_ENTRIES) exceeded.entries();
  }, CHECK_MS);

  return {
    loaded() {
      loads += 1;
      if (loads >= MAX_LOADS) exceeded.loads();
    },
    acted() {
      loads = 0;
      length = history.length;
    },
    /** How many entries came since the last act: so far back is where the person was. */
    entries: () => Math.max(0, history.length - length),
    close: () => clearInterval(timer),
  };
}
