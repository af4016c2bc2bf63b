/**
 * What a tool's sessionStorage holds lasts as long as this tab does: it is kept in the page's own,
 * and a new frame of the tool finds it in its name, which its bridge takes and clears.
 */
const KEPT = "sandwright.session.";

/** @param {string} room names the tool */
export function openSession(room) {
  const key = KEPT + room;
  const values = new Map(remembered(key));
  let changed = false;

  function keep() {
    if (!changed) return;
    changed = false;
    try {
      if (values.size > 0) sessionStorage.setItem(key, JSON.stringify([...values]));
      else sessionStorage.removeItem(key);
    } catch {
      // Full or refused: then it lasts as long as the page.
    }
  }

  addEventListener("pagehide", keep);
  document.addEventListener("visibilitychange", () => document.hidden && keep());
  return {
    take(changes) {
      changed = true;
      for (const [name, value] of changes) {
        if (value === null) values.delete(name);
        else values.set(name, value);
      }
    },
    /** For a frame that is not loaded yet. */
    name: () => asName([...values]),
  };
}

function remembered(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key)) ?? [];
  } catch {
    return [];
  }
}

/** As runtime/stored.js reads it; early.js says the same. */
const asName = (session) =>
  session.length > 0 ? `sandwright:${JSON.stringify({ name: "", session, unsaved: { local: [] }, dialogs: 0 })}` : "";
