/**
 * What a tool may do a few times only without a person's act between: load itself again, and put
 * entries into this tab's history.
 */
const MAX_LOADS = 10;
const MAX_ENTRIES = 5;
const CHECK_MS = 250;

/** @param {{loads: () => void, entries: () => void}} exceeded */
export function limits(exceeded) {
  let loads = 0;
  let length = history.length;
  const timer = setInterval(() => {
    if (history.length - length > MAX_ENTRIES) exceeded.entries();
  }, CHECK_MS);

  return {
    loaded() {
      loads += 1;
      if (loads > MAX_LOADS) exceeded.loads();
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
