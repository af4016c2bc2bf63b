import { ask } from "./api.js";

// A machine that is only busy must not get a weaker level for it.
const PATIENCE = 6000;
const HEAD_START = 300;
const KEY = "sandwright.level";

/**
 * Finds out whether tools can be reached where this page expects them, and falls to the next level
 * by itself where not: a forwarded port, a container and a tunnel all look like this machine.
 *
 * `ahead` is for a page that holds no tool yet: it looks at every level, so that a stronger one
 * that has begun to work is taken up. A page with a tool only falls, since to change the level is
 * to load the page again; and a bridge that says hello has proved it, with no question asked.
 * @returns {Promise<string | null>} the level that was found to work
 */
export async function probe({ ahead = false } = {}) {
  const levels = JSON.parse(document.getElementById("levels")?.textContent ?? "null");
  if (!levels) return null;
  if (!ahead && (await greeted())) return levels.used;
  const at = levels.offered.findIndex(({ level }) => level === levels.used);
  const wanted = ahead ? levels.offered : levels.offered.slice(at);
  const found = await firstThatWorks(wanted, levels.identity);
  if (found === null) {
    say(levels);
    return null;
  }
  const renamed = found === "path" && levels.origin !== null && levels.origin !== location.origin;
  if (found === levels.used && !renamed) return found;
  try {
    await ask("POST", "/level", { level: found });
  } catch {
    return found; // The server is away, which the page says elsewhere.
  }
  const isLower = levels.offered.findIndex(({ level }) => level === found) > at;
  // The page may frame the lower levels already; half a wish with its files is worth more than a note.
  if (ahead && isLower && !renamed && typing()) return found;
  if (mayReload(found)) location.reload();
  else say(levels);
  return found;
}

/** Whether a tool's bridge says hello soon. */
function greeted() {
  const root = document.documentElement;
  if ("greeted" in root.dataset) return Promise.resolve(true);
  return new Promise((resolve) => {
    const end = (yes) => {
      watch.disconnect();
      resolve(yes);
    };
    const watch = new MutationObserver(() => end(true));
    watch.observe(root, { attributeFilter: ["data-greeted"] });
    setTimeout(end, HEAD_START, false);
  });
}

/** All are asked at once, and the strongest that answers is taken. */
function firstThatWorks(levels, identity) {
  const answers = levels.map(({ probe: url }) => (url === null ? true : answersAs(url, identity)));
  const choose = async (stronger, answer, index) => (await stronger) ?? ((await answer) ? levels[index].level : null);
  return answers.reduce(choose, null);
}

async function answersAs(url, identity) {
  // From elsewhere, loopback is the reader's own machine, not the server's: a browser asks first.
  if (isLoopback(new URL(url).hostname) && !isLoopback(location.hostname)) return false;
  try {
    const response = await fetch(url, {
      credentials: "omit",
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE),
    });
    return response.ok && (await response.text()) === identity;
  } catch {
    return false; // Refused, not resolved, not answered in time: all the same here.
  }
}

function isLoopback(name) {
  return /^(localhost|.*\.localhost|127\.[\d.]+|0\.0\.0\.0|\[::1?\])$/.test(name);
}

function typing() {
  const box = document.getElementById("prompt");
  return Boolean(box?.value || document.querySelector("[data-attachments] li"));
}

/** Once in a while: where the answer cannot be kept (no cookies), the page must not turn in circles. */
function mayReload(level) {
  try {
    const [last, time] = (sessionStorage.getItem(KEY) ?? "").split(" ");
    if (last === level && Date.now() - Number(time) < 60_000) return false;
    sessionStorage.setItem(KEY, `${level} ${Date.now()}`);
    return true;
  } catch {
    return false;
  }
}

function say(levels) {
  const note = document.querySelector("[data-unreachable]");
  if (note) note.hidden = levels.used === null;
}
