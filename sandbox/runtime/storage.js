// Storage objects with the semantics of the HTML standard, over any store.
// https://html.spec.whatwg.org/multipage/webstorage.html#the-storage-interface
//
// In an opaque origin the browser's own localStorage and sessionStorage throw. Methods are put on
// the real Storage.prototype, so that `instanceof`, `for…in` and patched methods all behave.
// A store is {keys(): string[], get(key): string | null, set(key, value), remove(key), clear()}.

const QUOTA = 5 * 1024 * 1024;
// Each costs more than its letters. sandbox/stored.py has it, too.
const MOST_KEYS = 20_000;

// A store in memory over a Map. `changed(key, value)` hears every change, null for a value that is
// gone; `accept` takes one that came from elsewhere.
function memoryStore(values, changed) {
  let order = null;
  let used = 0;
  values.forEach((value, key) => {
    used += key.length + value.length;
  });
  return {
    keys: () => (order ??= [...values.keys()]),
    get: (key) => (values.has(key) ? values.get(key) : null),
    set(key, value) {
      const old = values.get(key);
      const grown = used + value.length - (old === undefined ? -key.length : old.length);
      if (grown > QUOTA || (old === undefined && values.size >= MOST_KEYS)) {
        throw quotaExceeded(key);
      }
      used = grown;
      order = old === undefined ? null : order;
      values.set(key, value);
      changed(key, value);
    },
    remove(key) {
      if (values.has(key)) {
        used -= key.length + values.get(key).length;
        order = null;
        values.delete(key);
        changed(key, null);
      }
    },
    clear() {
      const gone = [...values.keys()];
      used = 0;
      order = null;
      values.clear();
      gone.forEach((key) => changed(key, null));
    },
    accept(key, value) {
      const old = values.get(key);
      used -= old === undefined ? 0 : key.length + old.length;
      order = null;
      if (value === null) {
        values.delete(key);
      } else {
        used += key.length + value.length;
        values.set(key, value);
      }
    },
  };
}

// Newer engines have a class of its own, older ones a DOMException of that name.
function quotaExceeded(key) {
  const message = `Failed to execute 'setItem' on 'Storage': Setting the value of '${key}' exceeded the quota.`;
  if (typeof QuotaExceededError === "function") {
    return new QuotaExceededError(message, { quota: QUOTA });
  }
  return new DOMException(message, "QuotaExceededError");
}

// Replace `localStorage` and `sessionStorage` of this window.
function installStorage(stores) {
  const states = new WeakMap();
  installStorageMethods(states);
  for (const [name, store] of Object.entries(stores)) {
    const storage = storageOver(store, states);
    const get = { [name]: () => storage }[name];
    Object.defineProperty(window, name, { get, enumerable: true, configurable: true });
  }
}

function installStorageMethods(states) {
  const stateOf = (storage) => {
    const state = states.get(storage);
    if (state === undefined) {
      throw new TypeError("Illegal invocation");
    }
    return state;
  };
  const expect = (method, count, given) => {
    if (given.length < count) {
      const noun = count === 1 ? "argument" : "arguments";
      const text = `${count} ${noun} required, but only ${given.length} present.`;
      throw new TypeError(`Failed to execute '${method}' on 'Storage': ${text}`);
    }
  };
  const methods = {
    key(index) {
      const state = stateOf(this);
      expect("key", 1, arguments);
      const keys = state.keys();
      const position = index >>> 0;
      return position < keys.length ? keys[position] : null;
    },
    getItem(key) {
      const state = stateOf(this);
      expect("getItem", 1, arguments);
      return state.get(`${key}`);
    },
    setItem(key, value) {
      const state = stateOf(this);
      expect("setItem", 2, arguments);
      state.set(`${key}`, `${value}`);
    },
    removeItem(key) {
      const state = stateOf(this);
      expect("removeItem", 1, arguments);
      state.remove(`${key}`);
    },
    clear() {
      stateOf(this).clear();
    },
    get length() {
      return stateOf(this).keys().length;
    },
  };
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(methods))) {
    Object.defineProperty(Storage.prototype, name, descriptor);
  }
}

// The legacy platform object: keys are properties, unless the prototype has that name already.
// https://webidl.spec.whatwg.org/#es-legacy-platform-objects
function storageOver(store, states) {
  const target = Object.create(Storage.prototype);
  const named = (key) =>
    typeof key === "string" && !(key in target) && store.get(key) !== null;
  const handler = {
    get: (_, key, receiver) => (named(key) ? store.get(key) : Reflect.get(target, key, receiver)),
    set(_, key, value) {
      if (typeof key !== "string") {
        return Reflect.set(target, key, value);
      }
      store.set(key, `${value}`);
      return true;
    },
    has: (_, key) => named(key) || key in target,
    deleteProperty(_, key) {
      if (named(key)) {
        store.remove(key);
        return true;
      }
      return Reflect.deleteProperty(target, key);
    },
    ownKeys: () => [...store.keys().filter(named), ...Reflect.ownKeys(target)],
    getOwnPropertyDescriptor(_, key) {
      if (named(key)) {
        return { value: store.get(key), writable: true, enumerable: true, configurable: true };
      }
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
    defineProperty(_, key, descriptor) {
      if (typeof key !== "string") {
        return Reflect.defineProperty(target, key, { ...descriptor, configurable: true });
      }
      if (!("value" in descriptor)) {
        return false;
      }
      store.set(key, `${descriptor.value}`);
      return true;
    },
    preventExtensions: () => false,
  };
  const storage = new Proxy(target, handler);
  states.set(storage, store);
  return storage;
}
