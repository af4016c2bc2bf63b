/**
 * Asks a tool's bridge each second whether it still answers. One that does not has frozen, is
 * busy for longer than a person waits, or has crashed: seen from here these are one.
 */
const ASK_MS = 1000;
const PATIENCE_MS = 4000;
// After a document has left, which the next one's beginning makes it do.
const LEFT_TICKS = 8;

/**
 * @param {(message: object) => void} tell
 * @param {{silent: (yes: boolean) => void, alive: () => void}} told `alive` is called once for
 *   each document, when it has answered after its start
 */
export function watchdog(tell, { silent, alive }) {
  let next = 0;
  // When the oldest question without an answer was asked.
  let asked = null;
  let late = 0;
  let resting = true;
  // Of a rest that ends by itself.
  let ticksLeft = Infinity;
  let greeted = false;
  const quiet = (yes) => {
    if (yes !== late > 1) silent(yes);
  };

  const timer = setInterval(() => {
    ticksLeft -= 1;
    if (resting && ticksLeft > 0) return;
    const now = performance.now();
    // Twice, so that answers which wait behind a long task of this page's own are heard first.
    if (asked !== null && now - asked > PATIENCE_MS) {
      quiet(late + 1 > 1);
      late += 1;
    }
    asked ??= now;
    next += 1;
    tell({ type: "ping", n: next });
  }, ASK_MS);

  return {
    pong() {
      quiet(false);
      asked = null;
      late = 0;
      if (!greeted) alive();
      greeted = true;
    },
    /** A new document is there, or the old one waits for a person: nothing can be late before it. */
    rest(yes) {
      quiet(false);
      asked = null;
      late = 0;
      resting = yes;
      ticksLeft = Infinity;
    },
    /** The document has gone. One that says nothing in its place is asked, too. */
    left() {
      this.rest(true);
      ticksLeft = LEFT_TICKS;
    },
    begin() {
      greeted = false;
      this.rest(false);
    },
    close: () => clearInterval(timer),
  };
}
