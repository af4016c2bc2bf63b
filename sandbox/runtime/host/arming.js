/**
 * A button that grants something counts only once the person can have meant it. Presses that were
 * for the tool, as in a game for quick fingers, must not fall on it, and not those either that came
 * while this page could not yet show what it asks.
 */
const TICK_MS = 100;
const TICKS = 7;
const ON_TIME_MS = 250;

const waiting = new Set();

/** Somebody pressed, here or in a tool: whoever is waited for begins anew. */
export function startAnew() {
  for (const restart of waiting) restart();
}

/**
 * Disables the button until nobody has pressed anywhere for 0.7 s, in which this page was there to
 * answer all the time.
 * @param {HTMLButtonElement} button
 * @returns {(event: MouseEvent) => boolean} whether a click on it counts
 */
export function arm(button) {
  let left = TICKS;
  let last = performance.now();
  let armed = Infinity;
  let pressed = 0;
  const restart = () => {
    left = TICKS;
  };
  button.setAttribute("aria-disabled", "true");
  button.addEventListener("pointerdown", ({ timeStamp }) => {
    pressed = timeStamp;
  });
  const end = () => {
    clearInterval(timer);
    waiting.delete(restart);
    if (waiting.size === 0) document.removeEventListener("pointerdown", startAnew, true);
  };
  const timer = setInterval(() => {
    const now = performance.now();
    if (now - last < ON_TIME_MS) left -= 1;
    last = now;
    if (!button.isConnected) end();
    else if (left <= 0) {
      end();
      armed = now;
      button.removeAttribute("aria-disabled");
    }
  }, TICK_MS);
  if (waiting.size === 0) document.addEventListener("pointerdown", startAnew, true);
  waiting.add(restart);
  // By keyboard nothing is pressed.
  return ({ detail }) => armed !== Infinity && (detail === 0 || pressed >= armed);
}
