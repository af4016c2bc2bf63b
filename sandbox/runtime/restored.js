// What the tool had stored when it was taken home, put where it stores: once in a browser. The first
// file fills what is empty, localStorage whole or not at all, and so each database. A newer one takes
// the place of what earlier files brought if all of it is as it came, and else brings nothing: what a
// tool keeps in one place may be about what it keeps in another.

const restored = JSON.parse(document.currentScript.previousElementSibling.textContent);
document.currentScript.previousElementSibling.remove();
// Beside the tool's own keys, so that it sees none of it.
const RESTORED = `${STORAGE_PREFIX.slice(0, -1)} restored`;
// Another window may hold a database for as long as it likes.
const TICK_MS = 500;
const MOST_TICKS = 10;
// When the newest file that was opened here was made, and prints of what files brought.
const before = JSON.parse(realLocal?.getItem(RESTORED) ?? null);
const brought = new Map(before?.databases);
const broughtLocal = before?.local ?? printOfLocal([]);

function orSkip(work) {
  try {
    return work();
  } catch (error) {
    console.warn("Something that the file carries could not be put into its storage.", error);
    return null;
  }
}

function remember(news) {
  if (realLocal !== null) {
    const known = JSON.parse(realLocal.getItem(RESTORED));
    realLocal.setItem(RESTORED, JSON.stringify({ ...known, ...news }));
  }
}

function rememberDatabase(name, print) {
  const known = new Map(JSON.parse(realLocal?.getItem(RESTORED) ?? null)?.databases);
  remember({ databases: [...known.set(name, print)] });
}

function tellKept(place) {
  console.info(`What is stored in ${place} stays. This file has other data for it.`);
}

const inDatabase = (name) => `the database “${name}”`;

function localEntries() {
  return localStore.keys().map((key) => [key, localStore.get(key)]);
}

// All of it or, where there is no room, none: the next time it is tried again.
function restoreLocal(entries) {
  const there = localEntries();
  const [old, own] = [there, entries].map(printOfLocal);
  if (old === own) {
    return own;
  }
  if (old !== broughtLocal) {
    if (entries.length > 0) {
      tellKept("localStorage");
    }
    return before?.local;
  }
  try {
    putLocal(entries);
  } catch (error) {
    putLocal(there);
    throw error;
  }
  return own;
}

function putLocal(entries) {
  localStore.clear();
  entries.forEach(([key, value]) => localStore.set(key, value));
}

// Ids are JSON lists, as databases/keeping.js writes them: database, store, key.
function databasesOf(indexed) {
  const records = [];
  const schemas = [];
  for (const [id, text] of Object.entries(indexed)) {
    const [database, store, key] = JSON.parse(id);
    if (store === undefined) {
      schemas.push([database, JSON.parse(text)]);
    } else {
      records.push({ database, store, key, text });
    }
  }
  return schemas.map(([name, { version, stores }]) => {
    const own = records.filter(({ database }) => database === name);
    const names = stores.map((store) => store.name);
    return { name, version, stores, records: own, print: printOfDatabase(version, names, own) };
  });
}

// Counted in ticks: where the machine itself stood still, few have come.
function waitOnce(giveUp) {
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
    if (ticks === MOST_TICKS) {
      clearInterval(timer);
      giveUp();
    }
  }, TICK_MS);
  return () => clearInterval(timer);
}

// The tool's own request for it waits behind this one, and its first transaction behind ours.
// `done` hears once whether it holds now what the file has: after that, nothing is put into it.
function restoreDatabase({ name, version, stores, records, print: own }, done = () => {}) {
  const request = indexedDB.open(name, version);
  let hasCome = () => {};
  let isOver = false;
  const end = (isTaken) => {
    hasCome();
    if (!isOver) {
      isOver = true;
      done(isTaken);
    }
  };
  const finish = () => {
    orSkip(() => rememberDatabase(name, own));
    end(true);
  };
  const keep = (transaction) => {
    tellKept(inDatabase(name));
    transaction.abort();
  };
  let isNew = false;
  request.onupgradeneeded = ({ oldVersion }) => {
    hasCome();
    const { result: database, transaction } = request;
    if (isOver) {
      transaction.abort();
      return;
    }
    isNew = true;
    transaction.oncomplete = finish;
    if (oldVersion === 0) {
      // One that was brought and is gone has been deleted.
      if (brought.has(name)) {
        keep(transaction);
      } else {
        create(database, stores);
        fill(transaction, stores, records);
      }
      return;
    }
    readPrint(transaction, oldVersion, (found) => {
      if (found !== brought.get(name)) {
        keep(transaction);
        return;
      }
      [...database.objectStoreNames].forEach((one) => database.deleteObjectStore(one));
      create(database, stores);
      fill(transaction, stores, records);
    });
  };
  request.onsuccess = () => {
    const database = request.result;
    if (!isNew && database.objectStoreNames.length > 0) {
      const transaction = database.transaction(database.objectStoreNames, "readwrite");
      transaction.oncomplete = finish;
      transaction.onabort = () => end(false);
      readPrint(transaction, version, (found) => {
        if (found === own) {
          return;
        }
        if (found !== brought.get(name)) {
          keep(transaction);
          return;
        }
        stores.forEach((schema) => transaction.objectStore(schema.name).clear());
        fill(transaction, stores, records);
      });
    } else if (!isNew) {
      end(true);
    }
    database.close();
  };
  request.onblocked = () => {
    hasCome = waitOnce(() => end(false));
  };
  request.onerror = (event) => {
    event.preventDefault();
    if (request.error.name === "VersionError") {
      tellKept(inDatabase(name));
    }
    end(false);
  };
}

function create(database, stores) {
  for (const { name, keyPath, autoIncrement, indexes } of stores) {
    orSkip(() => {
      const store = database.createObjectStore(name, { keyPath, autoIncrement });
      for (const { name: own, keyPath: path, multiEntry, unique } of indexes) {
        store.createIndex(own, path, { multiEntry, unique });
      }
    });
  }
}

function fill(transaction, stores, records) {
  for (const schema of stores) {
    const own = records.filter(({ store }) => store === schema.name);
    orSkip(() => fillStore(transaction.objectStore(schema.name), schema, own));
  }
}

function fillStore(store, { keyPath, autoIncrement, next }, records) {
  // Its next key comes after this one, which may be gone by now.
  if (autoIncrement && next > 0) {
    if (keyPath === null) {
      store.put(0, next);
    } else {
      store.put(keyPath.split(".").reduceRight((value, part) => ({ [part]: value }), next));
    }
    store.delete(next);
  }
  for (const { key, text } of records) {
    orSkip(() => store.put(decode(text), ...(keyPath === null ? [decodeTree(key, [])] : [])));
  }
}

// Tells the print of what is there now: undefined where there is no such database. Once it has given
// up it tells nothing: until the page has loaded again this one may still hear what it waited for.
function printNow(name, tell, giveUp) {
  let isOver = false;
  const end = () => {
    isOver = true;
    giveUp();
  };
  let hasCome = waitOnce(end);
  const request = indexedDB.open(name);
  request.onupgradeneeded = () => request.transaction.abort();
  request.onerror = (event) => {
    hasCome();
    event.preventDefault();
    if (!isOver) {
      tell(request.error.name === "AbortError" ? undefined : null);
    }
  };
  request.onsuccess = () => {
    hasCome();
    const database = request.result;
    if (isOver) {
      database.close();
      return;
    }
    hasCome = waitOnce(end);
    const tellAndClose = (print) => {
      hasCome();
      database.close();
      if (!isOver) {
        tell(print);
      }
    };
    if (database.objectStoreNames.length === 0) {
      tellAndClose(printOfDatabase(database.version, [], []));
    } else {
      readPrint(database.transaction(database.objectStoreNames), database.version, tellAndClose);
    }
  };
}

// Tells which places are neither as an earlier file brought them nor as this one would.
function findChanged(entries, databases, tell, giveUp) {
  const now = printOfLocal(localEntries());
  const isLocalOwn = now === broughtLocal || now === printOfLocal(entries);
  const changed = isLocalOwn ? [] : ["localStorage"];
  const own = new Map(databases.map(({ name, print }) => [name, print]));
  const names = [...new Set([...brought.keys(), ...own.keys()])];
  const ask = ([name, ...others]) => {
    if (name === undefined) {
      tell(changed);
      return;
    }
    const judge = (print) => {
      if (print !== brought.get(name) && print !== own.get(name)) {
        changed.push(inDatabase(name));
      }
      ask(others);
    };
    printNow(name, judge, giveUp);
  };
  ask(window.indexedDB ? names : []);
}

// Tells whether all of it has been taken.
function takeAll(entries, databases, tell) {
  const there = localEntries();
  const isIn = orSkip(() => {
    remember({ local: restoreLocal(entries) });
    return true;
  });
  if (!isIn) {
    tell(false);
    return;
  }
  const next = ([database, ...others]) => {
    if (database === undefined) {
      tell(true);
      return;
    }
    restoreDatabase(database, (isTaken) => {
      if (isTaken) {
        next(others);
      } else {
        putLocal(there);
        remember({ local: before.local });
        tell(false);
      }
    });
  };
  next(window.indexedDB ? databases : []);
}

// The tool begins when all is decided. Databases tell what they hold only later: the page stops here,
// and loads again.
function takeNewer(entries, databases) {
  const isLater = window.indexedDB && databases.length + brought.size > 0;
  if (isLater) {
    // Where this cannot be written, or has just come to nothing, the tool runs with what is there.
    const isAgain = before.tried === restored.at;
    remember({ tried: isAgain ? null : restored.at });
    if (isAgain) {
      return;
    }
    window.stop();
  }
  const finish = (told) => {
    remember({ at: restored.at, told: isLater ? told : null });
    if (isLater) {
      location.reload();
    } else if (told !== null) {
      console.info(told);
    }
  };
  const stays = "so all that is stored stays. This file has other data.";
  const decide = (changed) => {
    if (changed.length > 0) {
      const places = changed.join(" and ");
      finish(`What is stored in ${places} is not as an earlier file of this tool brought it, ${stays}`);
    } else {
      takeAll(entries, databases, (isTaken) => {
        finish(isTaken ? null : `What this file has could not be put into its storage, ${stays}`);
      });
    }
  };
  findChanged(entries, databases, decide, () => location.reload());
}

const own = Object.entries(restored.local ?? {});
if (before?.told) {
  orSkip(() => remember({ told: null }));
  console.info(before.told);
}
if (before === null) {
  orSkip(() => remember({ local: restoreLocal(own), at: restored.at }));
  if (window.indexedDB) {
    orSkip(() => databasesOf(restored.indexed ?? {}).forEach((one) => restoreDatabase(one)));
  }
} else if (restored.at > (before.at ?? 0)) {
  orSkip(() => takeNewer(own, databasesOf(restored.indexed ?? {})));
}
