// What the tool had stored when it was taken home, put where it stores: once in a browser, and over
// nothing but what an earlier file brought, if it is as it came. localStorage is taken whole or not at
// all, and so is each database.

const restored = JSON.parse(document.currentScript.previousElementSibling.textContent);
document.currentScript.previousElementSibling.remove();
// Beside the tool's own keys, so that it sees none of it.
const RESTORED = `${STORAGE_PREFIX.slice(0, -1)} restored`;
// When the newest file that was opened here was made, and prints of what files brought.
const before = JSON.parse(realLocal?.getItem(RESTORED) ?? null);
const brought = new Map(before?.databases);

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
  const text = "is not as an earlier file of this tool brought it, so it stays. This file has other data for it.";
  console.info(`What is stored in ${place} ${text}`);
}

// All of it or, where there is no room, none: the next time it is tried again.
function restoreLocal(entries) {
  const there = localStore.keys().map((key) => [key, localStore.get(key)]);
  const [old, own] = [there, entries].map(printOfLocal);
  if (old === own) {
    return own;
  }
  const known = before?.local ?? printOfLocal([]);
  if (old !== known) {
    tellKept("localStorage");
    return before?.local;
  }
  const put = (all) => all.forEach(([key, value]) => localStore.set(key, value));
  localStore.clear();
  try {
    put(entries);
  } catch (error) {
    localStore.clear();
    put(there);
    throw error;
  }
  return own;
}

// Ids are JSON lists, as databases/keeping.js writes them: database, store, key.
function restoreDatabases(indexed) {
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
  for (const [name, { version, stores }] of schemas) {
    const own = records.filter(({ database }) => database === name);
    restoreDatabase(name, version, stores, own);
  }
}

// The tool's own request for it waits behind this one, and its first transaction behind ours.
function restoreDatabase(name, version, stores, records) {
  const names = stores.map((store) => store.name);
  const own = printOfDatabase(version, names, records);
  const request = indexedDB.open(name, version);
  const finish = () => orSkip(() => rememberDatabase(name, own));
  const keep = (transaction) => {
    tellKept(`the database “${name}”`);
    transaction.abort();
  };
  let isNew = false;
  request.onupgradeneeded = ({ oldVersion }) => {
    const { result: database, transaction } = request;
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
    }
    database.close();
  };
  request.onerror = (event) => {
    event.preventDefault();
    if (request.error.name === "VersionError") {
      tellKept(`the database “${name}”`);
    }
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

if (before === null || restored.at > (before.at ?? 0)) {
  orSkip(() => remember({ local: restoreLocal(Object.entries(restored.local ?? {})), at: restored.at }));
  if (window.indexedDB) {
    orSkip(() => restoreDatabases(restored.indexed ?? {}));
  }
}
