/**
 * What lasts as long as this tab does, in the page's own sessionStorage: what the tool's holds,
 * and what was not saved yet when the page went, since a reload asks the server before that has
 * got there. It is kept as the name of a tool's frame; runtime/stored.js takes it from there.
 */
const KEPT = "sandwright.session.";
const MARK = "sandwright:";
// After that it has long been saved, and another window may have written since.
const UNSAVED_MS = 10_000;

/** @param {string} room names the tool */
export function openSession(room) {
  const key = KEPT + room;
  const first = remembered(key);
  const values = new Map(first && JSON.parse(first.slice(MARK.length)).session);
  const name = (unsaved, until) =>
    values.size > 0 || unsaved.local.length > 0 || unsaved.indexed.length > 0
      ? MARK + JSON.stringify({ name: "", session: [...values], unsaved, until, dialogs: 0 })
      : "";
  return {
    /** Of the first frame of this page. As early.js has it. */
    first,
    take(changes) {
      for (const [item, value] of changes) {
        if (value === null) values.delete(item);
        else values.set(item, value);
      }
    },
    /**
     * The page may go.
     * @param {{local: [string, string | null][], indexed: [string, string | null][]}} unsaved
     */
    keep(unsaved) {
      try {
        sessionStorage.setItem(key, name(unsaved, Date.now() + UNSAVED_MS));
      } catch {
        // Full or refused: then it lasts as long as the page.
      }
    },
    /** Of a later frame. */
    name: () => name({ local: [], indexed: [] }),
  };
}

function remembered(key) {
  try {
    return sessionStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}
