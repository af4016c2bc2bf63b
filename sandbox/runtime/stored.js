// localStorage, sessionStorage and IndexedDB that last. The server puts what localStorage holds
// ahead of this script; changes go to the page, which saves them and says when that is done.
//
// What is not saved yet when the document is left, and all of sessionStorage, goes to the next
// document of this frame in `window.name`, which outlives a reload: the reload asks the server
// before the last change has reached it. The page puts the session of its tab there for a new
// frame. The tool has a name of its own in its place.

const { parse, stringify } = JSON;
const { defineProperty } = Object;
const { floor } = Math;
const later = window.setTimeout.bind(window);
const soon = window.queueMicrotask.bind(window);
const nameOf = getter(window, "name");
const setName = unbound(getOwnPropertyDescriptor(window, "name").set);
const CARRIED = "sandwright:";
const PACE_MS = 50;
const LEAVING_MS = 2000;
// As many as the page takes in one message: host/stored.js.
const MOST_CHANGES = 2000;
// What goes to the page passes nothing that the tool may have replaced.
const [getOf, setIn, dropFrom, eachOf] = ["get", "set", "delete", "forEach"].map((name) =>
  unbound(Map.prototype[name]),
);
const countOf = getter(Map.prototype, "size");

const onGone = [];
let onLeaving;

// Before anything that listens to the same and lets nobody else hear it.
function installStored() {
  // What throws here and does not last is better not there: tools and their libraries ask.
  delete window.caches;
  delete window.indexedDB;
  const carried = takeCarried();
  dialogsShown = carried.dialogs;
  const boxes = {};
  for (const area of ["local", "indexed", "session"]) {
    boxes[area] = outbox(area, carried.unsaved[area]);
  }
  const { local, indexed } = boxes;
  const kept = new Map(Object.entries(takeSnapshot()));
  for (const [key, value] of carried.unsaved.local) {
    if (value === null) {
      kept.delete(key);
    } else {
      kept.set(key, value);
    }
  }
  const session = new Map(carried.session);
  const carry = carrier(carried.name, () => ({
    session: [...session],
    unsaved: { local: local.unsaved(), indexed: indexed.unsaved(), session: boxes.session.unsaved() },
  }));
  const saving = (box) => (key, value) => {
    box.add(key, value);
    carry();
  };
  const stores = {
    localStorage: memoryStore(kept, saving(local)),
    sessionStorage: memoryStore(session, saving(boxes.session)),
  };
  const acceptIndexed =
    window.parent !== window && window.IDBFactory
      ? installIndexed({ add: saving(indexed) })
      : () => {};
  installStorage(stores);
  watchStored();
  listen("stored", ({ area, saved, changes, heard }) => {
    if (saved) {
      boxes[area].saved(saved);
    } else if (area === "local") {
      acceptAll(stores.localStorage, changes, (key) => local.keeps(key, heard));
    } else {
      acceptIndexed(changes.filter(([key]) => !indexed.keeps(key, heard)));
    }
  });
}

function watchStored() {
  addListener(window, "beforeunload", () => onLeaving(), true);
  addListener(window, "pagehide", () => {
    for (let index = 0; index < onGone.length; index += 1) {
      onGone[index]();
    }
  }, true);
}

// The element that the server puts ahead of ours when something is kept.
function takeSnapshot() {
  const element = document.currentScript.previousElementSibling;
  if (element === null) {
    return {};
  }
  const snapshot = parse(element.textContent);
  element.remove();
  return snapshot;
}

// The tool may have had a part in it; whatever it is, what stands behind this must begin.
function takeCarried() {
  const name = nameOf(window);
  if (!name.startsWith(CARRIED)) {
    return { name, session: [], unsaved: { local: [] }, dialogs: 0 };
  }
  setName(window, "");
  const carried = readCarried(name.slice(CARRIED.length));
  const { dialogs } = carried;
  const isOver = typeof carried.until === "number" && carried.until < Date.now();
  const recent = isOver ? {} : carried.unsaved ?? {};
  const unsaved = {};
  for (const area of ["local", "indexed", "session"]) {
    unsaved[area] = changesOf(recent[area]);
  }
  return {
    name: typeof carried.name === "string" ? carried.name : "",
    session: changesOf(carried.session).filter((change) => change[1] !== null),
    unsaved,
    dialogs: Number.isInteger(dialogs) && dialogs >= 0 ? dialogs : 0,
  };
}

function readCarried(text) {
  try {
    return parse(text) ?? {};
  } catch {
    return {};
  }
}

function changesOf(list) {
  const isChange = (change) =>
    isArray(change) && typeof change[0] === "string" && (change[1] === null || typeof change[1] === "string");
  return isArray(list) ? list.filter(isChange) : [];
}

// Returns what is to be called after a change: it matters from the moment the document is left,
// when the tool's own listeners may still store things.
function carrier(first, contents) {
  let name = first;
  let leaving = false;
  const write = () => {
    // However many dialogs there were, the tool must not say how many: it has no part in what is said of
    // them, also where what it has given to every object or list throws.
    let text = `{"name":"","session":[],"unsaved":{"local":[]},"dialogs":${dialogsShown}}`;
    try {
      text = stringify({ __proto__: null, name, ...contents(), dialogs: dialogsShown });
    } finally {
      setName(window, CARRIED + text);
    }
  };
  let due = false;
  // Once for all that one listener stores.
  const carry = () => {
    if (leaving && !due) {
      due = true;
      soon(() => {
        due = false;
        if (leaving) {
          write();
        }
      });
    }
  };
  onLeaving = () => {
    leaving = true;
    write();
    // Still here: it was a download, or the person stayed.
    later(() => {
      leaving = false;
      setName(window, "");
    }, LEAVING_MS);
  };
  defineProperty(window, "name", {
    get: () => name,
    set(value) {
      name = `${value}`;
      carry();
    },
    enumerable: true,
    configurable: true,
  });
  return carry;
}

// A setter that the tool has given to all lists would get what is assigned.
function put(list, value) {
  defineProperty(list, list.length, {
    __proto__: null, value, writable: true, enumerable: true, configurable: true,
  });
}

// Changes on their way to the page, the last of each key: told at once, then at most every 50 ms,
// and more slowly the more are not saved yet. Keys are texts, values texts or null, whatever the tool
// has made of what stands between its call and this.
function outbox(area, carried = []) {
  const waiting = new Map();
  // Greater than any of the document before: what is said to be saved may have been its.
  let serial = floor(performance.timeOrigin);
  let due = false;
  let last = -PACE_MS;
  // Returns whether there is more to tell.
  const tellSome = () => {
    const changes = [];
    let more = false;
    serial += 1;
    eachOf(waiting, (change, key) => {
      if (change.n === 0) {
        if (changes.length < MOST_CHANGES) {
          change.n = serial;
          put(changes, [key, change.value]);
        } else {
          more = true;
        }
      }
    });
    if (changes.length > 0) {
      last = now();
      deliver({ type: "stored", area, n: serial, changes });
    }
    return more;
  };
  const tell = () => {
    due = tellSome();
    if (due) {
      later(tell, PACE_MS * (1 + countOf(waiting) / MOST_CHANGES));
    }
  };
  const add = (key, value) => {
    if (typeof key !== "string" || (value !== null && typeof value !== "string")) {
      return;
    }
    // What is not told yet keeps its place, so that each key has its turn.
    if (getOf(waiting, key)?.n > 0) {
      dropFrom(waiting, key);
    }
    setIn(waiting, key, { value, n: 0 });
    if (!due) {
      due = true;
      if (now() - last >= PACE_MS) {
        soon(tell);
      } else {
        later(tell, PACE_MS);
      }
    }
  };
  put(onGone, () => {
    while (tellSome()) {
      // The next of them.
    }
  });
  carried.forEach(([key, value]) => add(key, value));
  return {
    add,
    // Whether a change of our own is newer than what the page tells, which had heard of ours up to `heard`.
    keeps(key, heard) {
      const n = getOf(waiting, key)?.n;
      const isOlder = n > 0 && n <= heard;
      if (isOlder) {
        dropFrom(waiting, key);
      }
      return n !== undefined && !isOlder;
    },
    saved(n) {
      eachOf(waiting, (change, key) => {
        if (change.n > 0 && change.n <= n) {
          dropFrom(waiting, key);
        }
      });
    },
    unsaved() {
      const changes = [];
      eachOf(waiting, ({ value }, key) => put(changes, [key, value]));
      return changes;
    },
  };
}

// What another window of the same tool has stored.
function acceptAll(store, changes, keeps) {
  for (const [key, value] of changes) {
    const old = store.get(key);
    if (!keeps(key) && old !== value) {
      store.accept(key, value);
      const told = { key, oldValue: old, newValue: value, url: documentUrl(document) };
      const event = new StorageEvent("storage", told);
      defineProperty(event, "storageArea", { value: window.localStorage });
      window.dispatchEvent(event);
    }
  }
}
