// Runs before the first paint, as a classic script: the remembered theme and split must not flash,
// and a frame's first message may come before any module is there. Nothing is left on `window`: ports
// that are offered wait here until a module asks for them with a "frame-offers" event.
(() => {
  const root = document.documentElement;
  // For host/limits.js: what a tool puts into the history comes on top.
  root.dataset.entries = history.length;
  try {
    const theme = localStorage.getItem("sandwright.theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    const split = Number(localStorage.getItem("sandwright.split"));
    if (split >= 280 && split <= 900) root.style.setProperty("--split", `${split}px`);
  } catch {
    // Storage may be blocked; the defaults hold.
  }
  // A tool that froze or flooded last time does not run unasked; a mark of one that was starting
  // counts once the page that made it must be gone.
  const recorded = () => {
    try {
      return JSON.parse(localStorage.getItem("sandwright.trouble")) ?? {};
    } catch {
      return {}; // As above.
    }
  };
  const trouble = recorded();
  const hold = () => {
    for (const frame of document.querySelectorAll("[data-stage] > iframe[src]")) {
      const secret = frame.src.split(/[?#]/)[0].split("/").findLast(Boolean);
      const found = Object.hasOwn(trouble, secret) ? trouble[secret] : null;
      if (!found || (found.reason === "starting" && Date.now() - found.at < 10_000)) continue;
      frame.dataset.held = frame.src;
      frame.dataset.heldFor = found.reason;
      frame.removeAttribute("src");
    }
  };
  if (Object.keys(trouble).length > 0) {
    const watch = new MutationObserver(hold);
    watch.observe(root, { childList: true, subtree: true });
    addEventListener("DOMContentLoaded", () => watch.disconnect(), { once: true });
  }
  // What the tool's sessionStorage holds in this tab, as host/session.js keeps it.
  const name = (() => {
    try {
      return sessionStorage.getItem(`sandwright.session.${location.pathname.split("/")[2]}`);
    } catch {
      return null;
    }
  })();
  if (name) {
    const watch = new MutationObserver(() => {
      const frame = document.querySelector("[data-stage] > iframe");
      if (frame === null) return;
      watch.disconnect();
      // A browser reads the name when the frame comes into the tree, and not again.
      const next = frame.nextSibling;
      const parent = frame.parentNode;
      frame.remove();
      frame.name = name;
      parent.insertBefore(frame, next);
    });
    watch.observe(root, { childList: true, subtree: true });
  }
  // A flood that comes before any module is there would keep them from coming.
  const end = () => {
    const now = recorded();
    for (const frame of document.querySelectorAll("[data-stage] > iframe[src]")) {
      const held = frame.cloneNode();
      held.removeAttribute("src");
      Object.assign(held.dataset, { held: frame.src, heldFor: "flooded", heldNow: "" });
      frame.replaceWith(held);
      now[frame.src.split(/[?#]/)[0].split("/").findLast(Boolean)] = { reason: "flooded", at: Date.now() };
    }
    try {
      localStorage.setItem("sandwright.trouble", JSON.stringify(now));
    } catch {
      // As above.
    }
  };
  // As host/floods.js counts.
  const MOST = 200;
  let heard = 0;
  const offers = [];
  const isShown = (source) =>
    [...document.querySelectorAll("[data-stage] > iframe")].some((frame) => frame.contentWindow === source);
  // What they say is read by nobody here, as host/doorman.js tells; and it is not kept, as it may be large.
  const keep = ({ source, ports }) => {
    if (heard >= MOST) return;
    heard += 1 + ports.length;
    if (heard >= MOST) {
      offers.length = 0;
      end();
    } else if (ports.length === 1) {
      offers.push({ source, ports });
      if (isShown(source)) root.dataset.greeted = ""; // for probe.js
    }
  };
  addEventListener("message", keep);
  document.addEventListener(
    "frame-offers",
    (event) => {
      removeEventListener("message", keep);
      for (const early of offers) event.detail.receive(early);
    },
    { once: true },
  );
})();
