// What lasts of databases: `["database"]` names its schema, `["database", "store", key]` a record.

const changing = Object.fromEntries(
  ["storeRecord", "deleteRecord", "clear"].map((name) => [name, ObjectStore.prototype[name]]),
);
const states = new WeakMap();
const encodings = new WeakMap();

// By the text of their keys: the sizes of all records of a store, and those to be saved.
function stateOf(store) {
  if (!states.has(store)) {
    states.set(store, { units: 0, sizes: new Map(), dirty: new Map(), savedAs: null });
  }
  return states.get(store);
}

function encodingOf(record) {
  if (!encodings.has(record)) {
    encodings.set(record, encode(record.value));
  }
  return encodings.get(record);
}

// `given` is a list of ids and texts.
function openDatabases(box, given, quota) {
  const kept = new Map(given);
  const factory = new FDBFactory();
  const databases = factory._databases;
  // Names of everything that is kept, or on its way to be.
  const ids = new Set(kept.keys());
  const save = (id, text) => {
    if (text !== null) {
      ids.add(id);
    } else if (!ids.delete(id)) {
      return;
    }
    box.add(id, text);
  };

  function used() {
    let units = 0;
    for (const { rawObjectStores } of databases.values()) {
      rawObjectStores.forEach((store) => {
        units += stateOf(store).units;
      });
    }
    return units;
  }

  watchStores(() => used() > quota, quota);
  graftClasses((transaction, tell) => {
    if (transaction.mode === "readonly") {
      return tell();
    }
    const database = transaction.db._rawDatabase;
    const blobs = [];
    for (const name of transaction._scope) {
      const store = database.rawObjectStores.get(name);
      if (store) {
        saveStore(database, store, { ids, save, blobs });
      }
    }
    saveSchema(database, save, ids);
    if (blobs.length === 0) {
      return tell();
    }
    Promise.allSettled(blobs).then(tell);
    return true;
  });

  const remove = databases.delete.bind(databases);
  databases.delete = (name) => {
    ofDatabase(ids, name).forEach((id) => save(id, null));
    return remove(name);
  };
  restore(databases, kept);

  return {
    perform(name, parameters, pending, calls) {
      if (name === "databases") {
        pending(factory.databases());
      } else {
        adopt(pending, calls, () => factory[name](...parameters));
      }
    },
    accept: (changes) => acceptChanges(changes, databases, ids, remove),
  };
}

// Every change of a store passes here, those that take an aborted transaction back included.
function watchStores(isFull, quota) {
  const note = (store, record, isThere) => {
    const state = stateOf(store);
    const key = keyText(record.key);
    const units = isThere ? encodingOf(record).units + key.length + store.name.length : 0;
    state.units += units - (state.sizes.get(key) ?? 0);
    if (isThere) {
      state.sizes.set(key, units);
    } else {
      state.sizes.delete(key);
    }
    state.dirty.set(key, record.key);
  };
  ObjectStore.prototype.storeRecord = function storeRecord(record, noOverwrite, log) {
    // A value that is not kept must leave nothing behind.
    encodingOf(record);
    const before = log?.length;
    const key = changing.storeRecord.call(this, record, noOverwrite, log);
    if (this.keyGenerator !== null && this.keyPath !== null) {
      // The key is in the value by now.
      encodings.delete(record);
    }
    note(this, record, true);
    if (log && isFull()) {
      log.splice(before).forEach((undo) => undo());
      throw quotaExceeded(quota);
    }
    return key;
  };
  ObjectStore.prototype.deleteRecord = function deleteRecord(key, log) {
    const range = key instanceof FDBKeyRange ? key : FDBKeyRange.only(key);
    const gone = [...this.records.values(range)];
    changing.deleteRecord.call(this, key, log);
    gone.forEach((record) => note(this, record, false));
  };
  ObjectStore.prototype.clear = function clear(log) {
    const gone = [...this.records.values()];
    changing.clear.call(this, log);
    gone.forEach((record) => note(this, record, false));
  };
}

function quotaExceeded(quota) {
  const message = "The quota of this tool has been exceeded.";
  return typeof QuotaExceededError === "function"
    ? new QuotaExceededError(message, { quota })
    : new DOMException(message, "QuotaExceededError");
}

function keyText(key) {
  return JSON.stringify(encodeTree(key, new Map(), []));
}

function idOf(...names) {
  return JSON.stringify(names);
}

// Of a store's records: what stands ahead of the key's text, and after it a bracket.
function prefixOf(database, store) {
  return `${idOf(database, store).slice(0, -1)},`;
}

function ofDatabase(ids, name) {
  const prefix = `${idOf(name).slice(0, -1)},`;
  return [...ids].filter((id) => id === idOf(name) || id.startsWith(prefix));
}

// Saves what a transaction has changed, as it is now.
function saveStore(database, store, { ids, save, blobs }) {
  const state = stateOf(store);
  const prefix = prefixOf(database.name, store.name);
  if (state.savedAs !== store.name) {
    state.savedAs = store.name;
    const mark = (key, text) => state.dirty.set(text, key);
    for (const { key } of store.records.values()) {
      mark(key, keyText(key));
    }
    // One that had its name may have left some.
    for (const id of ids) {
      if (id.startsWith(prefix)) {
        mark(decodeTree(JSON.parse(id)[2], []), id.slice(prefix.length, -1));
      }
    }
  }
  state.dirty.forEach((key, text) => {
    const id = `${prefix}${text}]`;
    const record = store.records.get(key);
    if (record === undefined) {
      save(id, null);
      return;
    }
    const encoding = encodingOf(record);
    encodings.delete(record);
    if (encoding.text !== undefined) {
      save(id, encoding.text);
      return;
    }
    const saveRead = async () => {
      const whole = await withBlobs(encoding);
      if (store.records.get(key) === record && !store.deleted) {
        save(id, whole);
      }
    };
    blobs.push(saveRead());
  });
  state.dirty.clear();
}

const schemas = new Map();

function schemaOf({ version, rawObjectStores }) {
  const stores = [...rawObjectStores.values()].map(
    ({ name, keyPath, autoIncrement, keyGenerator, rawIndexes }) => ({
      name,
      keyPath,
      autoIncrement,
      next: keyGenerator ? keyGenerator.num : 0,
      indexes: [...rawIndexes.values()].map((index) => ({
        name: index.name,
        keyPath: index.keyPath,
        multiEntry: index.multiEntry,
        unique: index.unique,
      })),
    }),
  );
  return { version, stores };
}

function saveSchema(database, save, ids) {
  const { name, rawObjectStores } = database;
  const schema = JSON.stringify(schemaOf(database));
  if (schemas.get(name) === schema) {
    return;
  }
  schemas.set(name, schema);
  save(idOf(name), schema);
  const prefixes = [...rawObjectStores.keys()].map((store) => prefixOf(name, store));
  for (const id of ofDatabase(ids, name)) {
    if (id !== idOf(name) && !prefixes.some((prefix) => id.startsWith(prefix))) {
      save(id, null);
    }
  }
}

function restore(databases, kept) {
  const records = [];
  kept.forEach((text, id) => {
    orSkip(id, () => {
      const [name, store, key] = JSON.parse(id);
      if (store === undefined) {
        restoreSchema(databases, name, text);
      } else {
        records.push({ id, name, store, key, text });
      }
    });
  });
  for (const { id, name, store, key, text } of records) {
    const found = databases.get(name)?.rawObjectStores.get(store);
    if (found) {
      orSkip(id, () => restoreRecord(found, key, text));
    }
  }
}

// What cannot be read must not keep the rest away.
function orSkip(id, work) {
  try {
    work();
  } catch (error) {
    console.warn(`A stored record cannot be read: ${id}`, error);
  }
}

function restoreSchema(databases, name, text) {
  const { version, stores } = JSON.parse(text);
  const database = databases.get(name) ?? new Database(name, version);
  databases.set(name, database);
  database.version = version;
  schemas.set(name, text);
  const { rawObjectStores } = database;
  const wanted = new Set(stores.map((store) => store.name));
  [...rawObjectStores.keys()].filter((one) => !wanted.has(one)).forEach((one) => rawObjectStores.delete(one));
  for (const { name: own, keyPath, autoIncrement, next, indexes } of stores) {
    const store = rawObjectStores.get(own) ?? new ObjectStore(database, own, keyPath, autoIncrement);
    rawObjectStores.set(own, store);
    stateOf(store).savedAs = own;
    if (store.keyGenerator && store.keyGenerator.num < next) {
      store.keyGenerator.num = next;
    }
    restoreIndexes(store, indexes);
  }
}

function restoreIndexes(store, indexes) {
  const wanted = new Set(indexes.map((index) => index.name));
  [...store.rawIndexes.keys()].filter((one) => !wanted.has(one)).forEach((one) => store.rawIndexes.delete(one));
  for (const { name, keyPath, multiEntry, unique } of indexes) {
    if (!store.rawIndexes.has(name)) {
      const index = new Index(store, name, keyPath, multiEntry, unique);
      for (const record of store.records.values()) {
        index.storeRecord(record);
      }
      index.initialized = true;
      store.rawIndexes.set(name, index);
    }
  }
}

// `key` as it stands in an id; what is not to be saved again.
function restoreRecord(store, key, text) {
  const state = stateOf(store);
  const record = { key: decodeTree(key, []), value: decode(text) };
  const known = JSON.stringify(key);
  const units = text.length + known.length + store.name.length;
  changing.storeRecord.call(store, record, false);
  state.units += units - (state.sizes.get(known) ?? 0);
  state.sizes.set(known, units);
}

function forgetRecord(store, key) {
  const state = stateOf(store);
  const known = JSON.stringify(key);
  changing.deleteRecord.call(store, decodeTree(key, []));
  state.units -= state.sizes.get(known) ?? 0;
  state.sizes.delete(known);
}

// What another window of the same tool has saved. A change of its schema ends our connections, as
// a browser does when it has to; a tool that listens has heard before.
function acceptChanges(changes, databases, ids, remove) {
  const parsed = changes.map(([id, text]) => ({ id, text, names: JSON.parse(id) }));
  for (const { id, text, names } of parsed.filter((change) => change.names.length === 1)) {
    acceptSchema(names[0], text, databases, remove);
    note(id, text);
  }
  for (const { id, text, names } of parsed.filter((change) => change.names.length > 1)) {
    const store = databases.get(names[0])?.rawObjectStores.get(names[1]);
    if (store && text === null) {
      forgetRecord(store, names[2]);
    } else if (store) {
      restoreRecord(store, names[2], text);
    }
    note(id, text);
  }

  function note(id, text) {
    if (text === null) {
      ids.delete(id);
    } else {
      ids.add(id);
    }
  }
}

function acceptSchema(name, text, databases, remove) {
  const database = databases.get(name);
  const version = text === null ? null : JSON.parse(text).version;
  if (database && database.version !== version) {
    for (const connection of database.connections) {
      const told = { newVersion: version, oldVersion: database.version };
      connection.dispatchEvent(new FDBVersionChangeEvent("versionchange", told));
      forceCloseDatabase(connection);
    }
  }
  if (text === null) {
    schemas.delete(name);
    remove(name);
  } else {
    restoreSchema(databases, name, text);
  }
}
