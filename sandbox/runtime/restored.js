// What the tool had stored when it was taken home, put where it stores: once in a browser, and never
// over what it has stored there by itself. A database comes whole or, where there is one, not at all.

const restored = JSON.parse(document.currentScript.previousElementSibling.textContent);
document.currentScript.previousElementSibling.remove();
// Beside the tool's own keys, so that it sees none of it.
const RESTORED = `${STORAGE_PREFIX.slice(0, -1)} restored`;

function orSkip(work) {
  try {
    return work();
  } catch (error) {
    console.warn("Something that the file carries could not be put into its storage.", error);
    return null;
  }
}

// All of it or, where there is no room, none: the next time it is tried again.
function restoreLocal(kept) {
  if (localStore.keys().length > 0) {
    return;
  }
  try {
    Object.entries(kept).forEach(([key, value]) => localStore.set(key, value));
  } catch (error) {
    Object.keys(kept).forEach((key) => localStore.remove(key));
    throw error;
  }
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

// The tool's own request for it waits behind this one.
function restoreDatabase(name, version, stores, records) {
  const request = indexedDB.open(name, version);
  request.onupgradeneeded = ({ oldVersion }) => {
    if (oldVersion !== 0) {
      request.transaction.abort();
      return;
    }
    for (const schema of stores) {
      const own = records.filter(({ store }) => store === schema.name);
      orSkip(() => restoreStore(request.result, schema, own));
    }
  };
  request.onsuccess = () => request.result.close();
  request.onerror = (event) => event.preventDefault();
}

function restoreStore(database, { name, keyPath, autoIncrement, next, indexes }, records) {
  const store = database.createObjectStore(name, { keyPath, autoIncrement });
  for (const { name: own, keyPath: path, multiEntry, unique } of indexes) {
    store.createIndex(own, path, { multiEntry, unique });
  }
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

if (realLocal === null || realLocal.getItem(RESTORED) === null) {
  orSkip(() => {
    restoreLocal(restored.local ?? {});
    realLocal?.setItem(RESTORED, `${restored.at}`);
  });
  if (window.indexedDB) {
    orSkip(() => restoreDatabases(restored.indexed ?? {}));
  }
}
